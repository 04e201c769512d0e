"""Precision: in which type the networks compute while they are trained."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.heads import Decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from sciae.autoencoders.model import Autoencoder

__all__ = ["computing_in"]


@contextmanager
def computing_in(precision: str, model: Autoencoder) -> Iterator[None]:
    """Inside, encoder and decoder compute in `precision`, whoever calls them.

    What they put out is rounded up to the model's own type at once: latent, heads and
    penalties never compute in less. Weights, gradients and the optimiser stay in it, too.

    Parameters
    ----------
    precision : str
        "float32", which changes nothing, or "bfloat16".
    model : Autoencoder
    """
    nets = (model.encoder, model.decoder) if precision == "bfloat16" else ()
    handles = [handle for net in nets for handle in _hook(net, model.device.type, model.dtype)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _hook(
    net: nn.Module, device: str, dtype: torch.dtype
) -> tuple[torch.utils.hooks.RemovableHandle, torch.utils.hooks.RemovableHandle]:
    """Autocast from the net's first operation to its last; off again if it raises."""
    cast = torch.autocast(device, torch.bfloat16)

    def before(*_: object) -> None:
        cast.__enter__()  # type: ignore[no-untyped-call]

    def after(_net: object, _inputs: object, output: Tensor | Decoded | None) -> object:
        cast.__exit__(None, None, None)
        return None if output is None else _rounded_up(output, dtype)

    return (
        net.register_forward_pre_hook(before),
        net.register_forward_hook(after, always_call=True),
    )


def _rounded_up(output: Tensor | Decoded, dtype: torch.dtype) -> Tensor | Decoded:
    if isinstance(output, Decoded):
        sets = {name: one.to(dtype) for name, one in output.sets.items()}
        return Decoded(output.flat.to(dtype), sets)
    return output.to(dtype)
