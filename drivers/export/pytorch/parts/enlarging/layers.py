"""A layer of programs that enlarge images and convolve them in one go."""

import torch
import torch.nn.functional as F
from torch import nn


class Conv2d(nn.Conv2d):
    """A convolution that adds its bias apart; if ``double``, of x enlarged twofold."""

    def forward(self, x, double=False):
        if double:  # weights that meet copies of a pixel are added up
            rows = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]]).to(x)
            w = self.weight.permute(1, 2, 3, 0).flatten(1, 2)  # (in, 9, out)
            w = (torch.kron(rows, rows) @ w).unflatten(1, (4, 4)).permute(0, 3, 1, 2)
            y = F.conv_transpose2d(x, w, None, stride=2, padding=1)
        else:
            y = self._conv_forward(x, self.weight, None)
        return y if self.bias is None else y + self.bias.to(y)[:, None, None]
