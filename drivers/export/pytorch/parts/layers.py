"""Layers that PyTorch lacks. The names at the top stand for those of the program."""

import torch
import torch.nn.functional as F
from torch import nn


class Conv2d(nn.Conv2d):
    """A convolution that adds its bias apart, which is quicker on processors."""

    def forward(self, x):
        y = self._conv_forward(x, self.weight, None)
        return y if self.bias is None else y + self.bias.to(y)[:, None, None]


class ConvTranspose2d(nn.ConvTranspose2d):
    """A transposed convolution that adds its bias apart, quicker on processors."""

    def forward(self, x):
        sizes = (self.stride, self.padding, self.output_padding, self.groups)
        y = F.conv_transpose2d(x, self.weight, None, *sizes, self.dilation)
        return y if self.bias is None else y + self.bias.to(y)[:, None, None]


class ConditionalBatchNorm(nn.Module):
    """Batch normalization, scaled and shifted by the label. De Vries et al. 2017."""

    def __init__(self, channels, classes, eps, momentum):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels, eps, momentum, affine=False)
        self.gamma = nn.Parameter(torch.ones(classes, channels))
        self.beta = nn.Parameter(torch.zeros(classes, channels))

    def forward(self, x, label):
        each = (*x.shape[:2], *(1 for _ in x.shape[2:]))
        rows = label.long().reshape(-1)
        even = self.norm(x.flatten(2) if x.dim() > 2 else x).view(x.shape)
        return even * self.gamma[rows].view(each) + self.beta[rows].view(each)


class AdaIN(nn.Module):
    """(1 + s)·instance_norm(x) + b; s, b from the style. Huang & Belongie 2017."""

    def __init__(self, style, eps):
        super().__init__()
        self.style, self.eps = style, eps

    def forward(self, x, style):
        scale, shift = (
            self.style(style)
            .view(*x.shape[:1], -1, *(1 for _ in x.shape[2:]))
            .chunk(2, 1)
        )
        return (1.0 + scale) * F.group_norm(x, x.shape[1], eps=self.eps) + shift


class SelfAttention(nn.Module):
    """γ·attention(x) + x over the pixels of (N, C, H, W). Zhang et al. 2018."""

    def __init__(self, query, key, value, output):
        super().__init__()
        self.query, self.key, self.value, self.output = query, key, value, output
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        pixels = x.flatten(2).transpose(1, 2)  # (N, H·W, C)
        scores = self.query(pixels) @ self.key(pixels).transpose(1, 2)
        blended = self.output(scores.softmax(-1) @ self.value(pixels))
        return self.gamma * blended.transpose(1, 2).view(x.shape) + x


def minibatch_stddev(x, group_size):
    """One more channel: the spread of each group of samples. Karras et al. 2017."""
    count = len(x)
    groups = -(-count // (group_size or count))
    group = torch.arange(count, device=x.device) % groups
    numbers = x.movedim(1, -1).flatten(1)
    spreads = [
        numbers[group == g].var(0, correction=0).add(1e-8).sqrt().mean()
        for g in range(groups)
    ]
    channel = torch.stack(spreads)[group].view(-1, *(1 for _ in x.shape[1:]))
    return torch.cat([x, channel.expand(-1, 1, *x.shape[2:])], 1)


class MinibatchDiscrimination(nn.Module):
    """Each sample's nearness to those of its batch. Salimans et al. 2016, 3.2."""

    def __init__(self, kernel):
        super().__init__()
        self.kernel = kernel  # (numbers, views, numbers a view)

    def forward(self, x):
        views = torch.einsum("na,abc->nbc", x, self.kernel)
        distances = (views.unsqueeze(0) - views.unsqueeze(1)).abs().sum(-1)
        return torch.cat([x, distances.neg().exp().sum(0)], 1)


class Lookup(nn.Module):
    """Rows of a table, by number."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight  # (rows, numbers)

    def forward(self, x):
        return self.weight[x.long()]


class SpectralNorm(nn.Module):
    """A kernel divided by its largest singular value at each use. Miyato et al. 2018.

    As in Keras, the kernel is replaced; its gradient is that of the normalized one.
    """

    def __init__(self, layer, start, iterations, depth=None):
        super().__init__()
        self.layer, self.iterations, self.depth = layer, iterations, depth
        self.register_buffer("u", start)

    def forward(self, x):
        if self.training and self.update:
            self.normalize()
        kernel = (
            self.layer.weight.clone()
        )  # the next use changes it before this one's gradient
        return torch.func.functional_call(self.layer, {"weight": kernel}, (x,))

    update = True

    @torch.no_grad()
    def normalize(self):
        matrix, u = self.matrix(), self.u
        for _ in range(self.iterations):
            v = F.normalize(u @ matrix.mT, eps=1e-7)
            u = F.normalize(v @ matrix, eps=1e-7)
        sigma = (v @ matrix @ u.mT).squeeze()
        if sigma > 0:
            self.u.copy_(u)
            self.layer.weight.div_(sigma)

    def matrix(self):
        """The kernel in Keras's order, all axes but the last in one."""
        if self.depth:  # (in · depth, 1, …), each channel by itself
            kernel = self.layer.weight.flatten(0, 1).unflatten(0, (-1, self.depth))
            return kernel.movedim((0, 1), (-2, -1)).reshape(-1, self.depth)
        axes = (*range(2, self.layer.weight.dim()), 1, 0)
        kernel = self.layer.weight.permute(axes)
        return kernel.reshape(-1, kernel.shape[-1])


def dot(first, second, axes, normalize):
    """The sum of products over one axis of each."""
    first, second = first.movedim(axes[0], -1), second.movedim(axes[1], -1)
    if normalize:
        first, second = (
            x / x.norm(dim=-1, keepdim=True).clamp(min=1e-7) for x in (first, second)
        )
    shape = (*first.shape[:-1], *second.shape[1:-1])
    size = first.shape[-1]
    flat = (
        first.reshape(len(first), -1, size) @ second.reshape(len(second), -1, size).mT
    )
    return flat.reshape(shape if len(shape) > 1 else (*shape, 1))


def average_pool(pool, x, padding, size, stride):
    """The mean of each window; what is padded is no part of it."""
    share = pool(F.pad(torch.ones_like(x), padding), size, stride)
    return pool(F.pad(x, padding), size, stride) / share
