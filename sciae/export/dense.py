"""Dense: the numbers of a dense encoder, taken out of its module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from sciae.autoencoders.latents import Gaussian, Latent, Point, Ring
from sciae.autoencoders.nets import Dense, DenseEncoder
from sciae.autoencoders.raw.inputs import names
from sciae.autoencoders.raw.module import CV
from sciae.errors import SpecError
from sciae.export.arrays import NumpyEncoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["encoder_of", "read", "write"]

ENDS: dict[type[Latent], str] = {Point: "linear", Gaussian: "linear", Ring: "angles"}


def write(module: nn.Module, rows: Tensor) -> bytes:  # noqa: ARG001 - as other formats
    """An ``.npz`` of plain arrays."""
    return encoder_of(module).to_bytes()


def read(content: bytes) -> Callable[[Tensor], Tensor]:
    """The encoder, evaluated with numpy."""
    encoder = NumpyEncoder.from_bytes(content)
    return lambda x: torch.from_numpy(encoder.value(x.numpy())).type_as(x)


def encoder_of(module: nn.Module) -> NumpyEncoder:
    """The arrays of a collective variable.

    Raises
    ------
    SpecError
        If it is not a `CV` with a dense encoder and a latent of a known form.
    """
    if not isinstance(module, CV):
        raise _refused("the reconstruction", "the collective variables")
    encoder, latent = module.encoder, module.latent
    if type(encoder) is not DenseEncoder:
        raise _refused(f"an encoder {type(encoder).__name__}", "a dense one")
    if type(latent) not in ENDS:
        known = ", ".join(one.__name__ for one in ENDS)
        raise _refused(f"a latent {type(latent).__name__}", f"one of {known}")
    table = module.raw.table
    used = slice(encoder.inputs + encoder.columns)
    sizes, weights = _layers(encoder.net, latent.width if isinstance(latent, Ring) else latent.dim)
    return NumpyEncoder(
        columns=np.array([name for field in module.schema for name in names(field)]),
        function=table.function[used],
        column=table.column[used],
        a=table.a[used],
        b=table.b[used],
        least=table.least[used],
        sizes=sizes,
        weights=weights,
        activation=encoder.activation,
        end=ENDS[type(latent)],
    )


def _layers(net: Dense, outputs: int) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    """Sizes of the layers, and their weights; of the last only these many outputs."""
    parts: list[Tensor] = []
    sizes: list[int] = []
    last = len(net.narrows) - 1
    for layer, narrows in enumerate(net.narrows):
        weight = net.get_parameter(f"weight_{layer}").detach().cpu()
        bias = net.get_parameter(f"bias_{layer}").detach().cpu()
        matrix = weight if narrows else weight.t()  # (out, in)
        kept = slice(outputs if layer == last else None)
        parts += [matrix[kept].flatten(), bias[kept]]
        sizes.append(matrix.shape[1])
    return np.array([*sizes, outputs]), torch.cat(parts).numpy()


def _refused(what: str, expected: str) -> SpecError:
    return SpecError(what, where="export to numpy", expected=expected, fix="Choose another format.")
