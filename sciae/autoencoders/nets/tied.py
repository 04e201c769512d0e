"""Tied: a decoder whose matrices are the transposes of the encoder's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sciae.autoencoders.heads.joint import Decoded
from sciae.autoencoders.nets.dense import DenseEncoder, activation
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TiedDecoder"]


class TiedDecoder(nn.Module):
    r"""Code -> parameters, through the encoder's own weights; only the biases are new.

    .. math:: \hat x = b + W^T z

    Tied weights keep an encoder from shrinking its code while the decoder grows, which
    would cheat every penalty on the code (Rifai et al., ICML 2011).

    Parameters
    ----------
    sizes : sequence of int
        From the code to the outputs: the encoder's sizes, reversed.
    between : str
        The activation.

    Raises
    ------
    SpecError
        If the encoder is not dense, or its sizes are others.

    Examples
    --------
    >>> encoder, decoder = DenseEncoder(3, 1, hidden=()), TiedDecoder((1, 3), between="none")
    >>> decoder.tie(encoder)
    >>> decoder(torch.ones(2, 1)).flat.shape
    torch.Size([2, 3])
    """

    def __init__(self, sizes: Sequence[int], *, between: str = "silu") -> None:
        super().__init__()
        self.sizes, self.between, self.act = list(sizes), between, activation(between)
        self.biases = nn.ParameterList(torch.zeros(size) for size in sizes[1:])
        self._encoder: tuple[DenseEncoder, ...] = ()  # a tuple, so that it is not registered twice

    def tie(self, encoder: nn.Module) -> None:
        """Use this encoder's weights."""
        sizes: list[int] = []
        if isinstance(encoder, DenseEncoder):
            sizes = [encoder.width, *encoder.hidden[::-1], encoder.inputs]
        if not isinstance(encoder, DenseEncoder) or sizes != self.sizes:
            raise SpecError(
                f"an encoder of sizes {sizes[::-1]}",
                where="TiedDecoder",
                expected=f"a dense encoder of sizes {self.sizes[::-1]}",
            )
        self._encoder = (encoder,)

    def forward(self, z: Tensor) -> Decoded:
        """Parameters, shape (row, parameter)."""
        net, x = self._encoder[0].net, z
        for layer, bias in zip(reversed(range(len(net.narrows))), self.biases, strict=True):
            weight = net.get_parameter(f"weight_{layer}")  # (out, in) where it narrows
            x = x @ (weight if net.narrows[layer] else weight.t()) + bias
            x = self.act(x) if layer else x
        return Decoded(x)
