"""Networks as people write them in PyTorch, each with the shape of its input (channels first, two samples)."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor, nn

Made = tuple[nn.Module, tuple[int, ...]]


class Given(nn.Module):
    """A function of modules and an input."""

    def __init__(self, function: Callable[..., Tensor], **parts: nn.Module | nn.Parameter) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


class Residual(nn.Module):
    """A residual block that enlarges, as in SNGAN's generator."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first, self.second = nn.BatchNorm2d(before), nn.BatchNorm2d(after)
        self.one, self.two = nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)
        self.shortcut, self.larger = nn.Conv2d(before, after, 1), nn.Upsample(scale_factor=2)

    def forward(self, x: Tensor) -> Tensor:
        h = self.one(self.larger(F.relu(self.first(x))))
        return self.two(F.relu(self.second(h))) + self.shortcut(self.larger(x))


class SelfAttention(nn.Module):
    """Attention between pixels, as in SAGAN."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = nn.Conv2d(8, 2, 1), nn.Conv2d(8, 2, 1), nn.Conv2d(8, 8, 1)
        self.gamma = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (layer(x).flatten(2) for layer in (self.query, self.key, self.value))
        attention = F.softmax(torch.bmm(query.permute(0, 2, 1), key), -1)
        return self.gamma * torch.bmm(value, attention.permute(0, 2, 1)).view_as(x) + x


def dcgan_generator() -> Made:
    layers = [
        *(nn.ConvTranspose2d(16, 8, 4, 1, 0, bias=False), nn.BatchNorm2d(8), nn.ReLU()),
        *(nn.ConvTranspose2d(8, 4, 4, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU()),
        *(nn.ConvTranspose2d(4, 3, 4, 2, 1, bias=False), nn.Tanh()),
    ]
    return nn.Sequential(*layers), (2, 16, 1, 1)


def dcgan_discriminator() -> Made:
    layers = [
        *(nn.Conv2d(3, 4, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(4, 8, 4, 2, 1, bias=False), nn.BatchNorm2d(8), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(8, 1, 4, 1, 0, bias=False), nn.Sigmoid()),
    ]
    return nn.Sequential(*layers), (2, 3, 16, 16)


def mlp_generator() -> Made:
    layers = [nn.Linear(8, 16), nn.BatchNorm1d(16), nn.LeakyReLU(0.2), nn.Linear(16, 192), nn.Tanh()]
    return nn.Sequential(*layers, nn.Unflatten(1, (3, 8, 8))), (2, 8)


def mlp_discriminator() -> Made:
    layers = [nn.Flatten(), nn.Linear(192, 16), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(16, 1)]
    return nn.Sequential(*layers), (2, 3, 8, 8)


def upsampling_generator() -> Made:
    layers = [
        *(nn.Linear(8, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Unflatten(1, (8, 4, 4)), nn.BatchNorm2d(8)),
        *(nn.Upsample(scale_factor=2), nn.Conv2d(8, 4, 3, 1, 1), nn.ELU()),
        *(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(4, 1, 3, padding=1), nn.Tanh()),
    ]
    return nn.Sequential(*layers), (2, 8)


def residual_generator() -> Made:
    blocks = nn.Sequential(Residual(8, 8), Residual(8, 4), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 3, 3, 1, 1))
    return nn.Sequential(nn.Linear(16, 128), nn.Unflatten(1, (8, 4, 4)), blocks, nn.Tanh()), (2, 16)


def u_net() -> Made:
    def forward(self: Given, x: Tensor) -> Tensor:
        down = F.leaky_relu(self.d1(x), 0.2)
        up = F.relu(self.u1(self.norm(F.leaky_relu(self.d2(down), 0.2))))
        return torch.tanh(self.u2(torch.cat([up, down], 1)))

    d1, d2 = nn.Conv2d(3, 4, 4, 2, 1), nn.Conv2d(4, 8, 4, 2, 1)
    u1, u2 = nn.ConvTranspose2d(8, 4, 4, 2, 1), nn.ConvTranspose2d(8, 3, 4, 2, 1)
    return Given(forward, d1=d1, d2=d2, u1=u1, u2=u2, norm=nn.InstanceNorm2d(8)), (2, 3, 16, 16)


def self_attention() -> Made:
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), SelfAttention(), nn.Conv2d(8, 3, 1)), (2, 3, 6, 6)


def attention_block() -> Made:
    """A block of a transformer: attention of several heads over steps, then two linear layers, both around a sum."""

    def forward(self: Given, x: Tensor) -> Tensor:
        h = self.before(x)
        h = self.first(h + self.attention(h, h, h)[0])
        return self.second(h + self.narrow(F.gelu(self.wide(h))))

    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    parts = {"before": nn.Linear(3, 8), "wide": nn.Linear(8, 16), "narrow": nn.Linear(16, 8)}
    return Given(forward, attention=attention, first=nn.LayerNorm(8), second=nn.LayerNorm(8), **parts), (2, 5, 3)


def heads_by_hand() -> Made:
    """Attention that looks back only, of heads which together are wider than the queries, from its parts."""

    def forward(self: Given, x: Tensor) -> Tensor:
        query, key, value = (
            part(x).view(len(x), 6, 3, 2).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(-1, -2) / 2**0.5 + self.mask
        blended = (F.softmax(scores, -1) @ value).transpose(1, 2).reshape(len(x), 6, 6)
        return self.output(blended)

    parts = {name: nn.Linear(4, 6) for name in ("query", "key")}
    found = Given(forward, value=nn.Linear(4, 6, bias=False), output=nn.Linear(6, 4), **parts)
    found.register_buffer("mask", torch.full((6, 6), float("-inf")).triu(1))
    return found, (2, 6, 4)


def heads_by_sums() -> Made:
    """Cross-attention as sums of products, with the heads as an axis of the weights."""

    def forward(self: Given, x: Tensor) -> Tensor:
        query = torch.einsum("nte,ehd->nhtd", x[:, :3], self.query)
        key, value = torch.einsum("nse,ehd->nshd", x, self.key), torch.einsum("ehd,nse->nshd", self.value, x)
        shares = F.softmax(torch.einsum("nhtd,nshd->nhts", query, key) * 0.3, -1)
        return torch.einsum("nthd,hde->nte", torch.einsum("nhts,nshd->nthd", shares, value), self.output)

    weights = {name: nn.Parameter(torch.ones(4, 2, 3)) for name in ("query", "key", "value")}
    return Given(forward, output=nn.Parameter(torch.ones(2, 3, 4)), **weights), (2, 6, 4)


def squeeze_and_excitation() -> Made:
    def forward(self: Given, x: Tensor) -> Tensor:
        h = self.conv(x)
        gates = torch.sigmoid(self.two(F.relu(self.one(F.adaptive_avg_pool2d(h, 1).flatten(1)))))
        return h * gates[:, :, None, None]

    return Given(forward, conv=nn.Conv2d(3, 8, 3), one=nn.Linear(8, 4), two=nn.Linear(4, 8)), (2, 3, 8, 8)


def normalizations() -> Made:
    layers = [
        *(nn.Conv2d(3, 8, 3, 2, 1), nn.GroupNorm(2, 8), nn.InstanceNorm2d(8, affine=True), nn.LayerNorm([8, 4, 4])),
        *(nn.GELU(), nn.SiLU(), nn.PReLU(8), nn.PReLU(), nn.GELU(approximate="tanh"), nn.Softplus(), nn.Softmax(1)),
    ]
    return nn.Sequential(*layers), (2, 3, 8, 8)


def pixel_shuffles() -> Made:
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.PixelShuffle(2), nn.Conv2d(2, 4, 3), nn.PixelUnshuffle(2)), (2, 3, 8, 8)


def channel_shuffle() -> Made:
    def forward(self: Given, x: Tensor) -> Tensor:
        return self.after(self.before(x).view(2, 2, 4, 8, 8).transpose(1, 2).reshape(2, 8, 8, 8))

    return Given(forward, before=nn.Conv2d(3, 8, 3, padding=1), after=nn.Conv2d(8, 1, 1)), (2, 3, 8, 8)


def pixel_normalization() -> Made:
    def forward(self: Given, x: Tensor) -> Tensor:
        h = self.conv(x)
        return h * torch.rsqrt((h * h).mean(1, keepdim=True) + 1e-4)

    return Given(forward, conv=nn.Conv2d(3, 8, 3)), (2, 3, 8, 8)


def parts_of_layers() -> Made:
    """GELU and LayerNormalization as arithmetic."""

    def forward(self: Given, x: Tensor) -> Tensor:
        h = self.before(x)
        h = 0.5 * h * (1 + torch.erf(h / 2**0.5))
        centered = h - h.mean(-1, keepdim=True)
        h = centered / torch.sqrt((centered**2).mean(-1, keepdim=True) + 1e-3) * self.gamma + self.beta
        return self.after(h)

    gamma, beta = nn.Parameter(torch.ones(6)), nn.Parameter(torch.ones(6))
    return Given(forward, before=nn.Linear(4, 6), after=nn.Linear(6, 1), gamma=gamma, beta=beta), (2, 4)


def recurrent() -> Made:
    def forward(self: Given, x: Tensor) -> Tensor:
        h, _ = self.lstm(x)
        h, _ = self.gru(h)
        return self.score(h[:, -1])

    lstm = nn.LSTM(3, 4, batch_first=True, bidirectional=True)
    return Given(forward, lstm=lstm, gru=nn.GRU(8, 5, batch_first=True), score=nn.Linear(5, 1)), (2, 6, 3)


def sequences() -> Made:
    layers = [nn.Conv1d(3, 4, 4, 2, 1), nn.LeakyReLU(0.2), nn.BatchNorm1d(4), nn.ConvTranspose1d(4, 3, 4, 2, 1)]
    return nn.Sequential(*layers, nn.MaxPool1d(2), nn.AvgPool1d(2)), (2, 3, 16)


def volumes() -> Made:
    layers = [nn.Unflatten(1, (1, 3)), nn.Conv3d(1, 4, 3, 1, 1), nn.ReLU(), nn.ConvTranspose3d(4, 2, 2, 2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(3072, 1)), (2, 3, 8, 8)


def groups_and_pooling() -> Made:
    layers = [nn.Conv2d(4, 8, 3, 1, 1, groups=2), nn.Conv2d(8, 16, 3, groups=8), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 1)), (2, 4, 8, 8)


def odd_sizes() -> Made:
    layers = [
        *(nn.ZeroPad2d((1, 2, 0, 1)), nn.Conv2d(3, 4, 5, 2, 2), nn.ReLU6()),
        *(nn.ConvTranspose2d(4, 4, 5, 2, 2, output_padding=1), nn.ConvTranspose2d(4, 4, 3, 2, 1, output_padding=1)),
        *(nn.ConvTranspose2d(4, 3, 2, 3), nn.Conv2d(3, 3, 3, dilation=2, padding=2)),
    ]
    return nn.Sequential(*layers), (2, 3, 9, 9)


def gated_linear_unit() -> Made:
    return Given(lambda self, x: F.glu(self.conv(x * 2 - 1), 1) * 0.5, conv=nn.Conv2d(3, 8, 3)), (2, 3, 8, 8)


def sums_and_expansions() -> Made:
    def forward(self: Given, x: Tensor) -> Tensor:
        style = self.style(x.sum((2, 3)))[:, :, None, None].expand(-1, -1, 8, 8)
        one, two = self.conv(torch.cat([x, style], 1)), self.other(x)
        return torch.maximum(one, two) - torch.minimum(one, two) * two

    return Given(forward, conv=nn.Conv2d(5, 3, 1), other=nn.Conv2d(3, 3, 1), style=nn.Linear(3, 2)), (2, 3, 8, 8)


NETWORKS: dict[str, Callable[[], Made]] = {
    made.__name__: made
    for made in (
        dcgan_generator, dcgan_discriminator, mlp_generator, mlp_discriminator, upsampling_generator,
        residual_generator, u_net, self_attention, attention_block, heads_by_hand,
        heads_by_sums, squeeze_and_excitation, normalizations, pixel_shuffles,
        channel_shuffle, pixel_normalization, parts_of_layers, recurrent, sequences, volumes, groups_and_pooling,
        odd_sizes, gated_linear_unit, sums_and_expansions,
    )
}  # fmt: skip


def with_weights(network: nn.Module) -> nn.Module:
    """The network in use, with weights that leave no part of it without effect."""
    torch.manual_seed(0)
    for name, value in network.named_buffers():
        if "running_mean" in name:
            value.normal_()
        if "running_var" in name:
            value.uniform_(0.5, 2)
    for parameter in network.parameters():
        parameter.data = 0.3 * torch.randn_like(parameter)
    return network.eval()
