"""Convolutions, for one square image per row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from sciae.autoencoders.heads.joint import Decoded
from sciae.autoencoders.nets.dense import activation as activation_of
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sciae.autoencoders.features import Features

__all__ = ["ImageDecoder", "ImageEncoder"]


def _check(pixels: int, channels: Sequence[int]) -> int:
    """The side of the smallest feature map: each layer halves the image."""
    factor: int = 2 ** len(channels)
    if not channels or pixels % factor:
        raise SpecError(
            f"{pixels} pixels and {len(channels)} layers that halve",
            where="image net",
            expected=f"a multiple of {factor} pixels",
        )
    return pixels // factor


class ImageEncoder(nn.Module):
    """One (pixels, pixels) image -> hidden vector; strided convolutions."""

    def __init__(
        self,
        pixels: int,
        width: int,
        *,
        channels: Sequence[int] = (16, 32),
        activation: str = "silu",
    ) -> None:
        super().__init__()
        self.width, self.channels, self.activation = width, list(channels), activation
        side = _check(pixels, channels)
        self.pixels = pixels
        layers: list[nn.Module] = []
        for into, out in zip((1, *channels[:-1]), channels, strict=True):
            layers += [nn.Conv2d(into, out, 4, stride=2, padding=1), activation_of(activation)]
        self.net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels[-1] * side**2, width))

    def forward(self, features: Features) -> Tensor:
        """The hidden vector, shape (row, width)."""
        image = features.inputs.reshape(-1, 1, self.pixels, self.pixels)
        out: Tensor = self.net(image)
        return out


class ImageDecoder(nn.Module):
    """Code -> one parameter per pixel; transposed convolutions."""

    def __init__(
        self,
        dim: int,
        pixels: int,
        *,
        channels: Sequence[int] = (32, 16),
        activation: str = "silu",
    ) -> None:
        super().__init__()
        self.dim, self.pixels = dim, pixels
        self.channels, self.activation = list(channels), activation
        side = _check(pixels, channels)
        layers: list[nn.Module] = [
            nn.Linear(dim, channels[0] * side**2),
            nn.Unflatten(1, (channels[0], side, side)),
        ]
        for into, out in zip(channels, (*channels[1:], 1), strict=True):
            layers += [
                activation_of(activation),
                nn.ConvTranspose2d(into, out, 4, stride=2, padding=1),
            ]
        self.net = nn.Sequential(*layers, nn.Flatten())

    def forward(self, z: Tensor) -> Decoded:
        """Parameters, shape (row, pixel)."""
        return Decoded(self.net(z))
