"""Weights of an earlier training; the name at the top is the program's."""

import numpy as np
import torch
from torch import nn

read_weights = None


@torch.no_grad()
def load_weights(network, path, role, names):
    """Fills a network from a file whose kernels are (…, in, out), as Keras has them.

    The names are those of the network's tensors, by those of the file.
    """
    kinds = nn.Linear | nn.modules.conv._ConvNd | nn.RNNBase
    arrays = read_weights(path)
    for name, place in names.items():
        values = torch.from_numpy(arrays[f"{role}/{name}"].copy())
        owner, _, tensor = place.rpartition(".")
        module = network.get_submodule(owner)
        target = getattr(module, tensor)
        if target.dim() > 1 and isinstance(module, kinds):
            axes = (*range(2, target.dim()), 1, 0)
            values = values.reshape([target.shape[axis] for axis in axes])
            values = values.permute(np.argsort(axes).tolist())
        target.copy_(values.reshape(target.shape))
