"""Traversal: what each latent does to a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.model import evaluating
from sciae.diagnostics.columns import shares
from sciae.diagnostics.geometry import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder

__all__ = ["Traversal", "traverse"]


@dataclass(frozen=True)
class Traversal:
    """Rows decoded along each latent.

    Attributes
    ----------
    values : Tensor, shape (latent, point)
        Of the latent that varies.
    fields : mapping of str to Tensor, shape ``(latent, point, *field.shape)``
        In raw units.
    """

    values: Tensor
    fields: Mapping[str, Tensor]


@torch.no_grad()
def traverse(
    model: Autoencoder, features: Features, *, points: int = 9, width: float = 2.0
) -> Traversal:
    """Decode along each latent, from `width` deviations below its mean to as many above.

    The others stay at the mean of the codes of these rows.

    Examples
    --------
    >>> from sciae.autoencoders import kinds
    >>> from sciae.autoencoders.features import Features
    >>> from sciae.schema import Field, Schema
    >>> model = kinds.plain(Schema((Field(name="x", kind="continuous", shape=(3,)),)), latent=2)
    >>> x = torch.randn(20, 3)
    >>> traverse(model, Features(x, x), points=5).fields["x"].shape
    torch.Size([2, 5, 3])
    """
    with evaluating(model):
        code = model.encode(features).mean
    share = shares(features).to(code)
    mean = share @ code
    deviation = (share @ (code - mean).square()).clamp_min(0).sqrt()
    steps = torch.linspace(-width, width, points).to(code)
    values = mean[:, None] + deviation[:, None] * steps  # (latent, point)
    z = mean.repeat(len(mean), points, 1)
    latent = torch.arange(len(mean), device=z.device)
    z[latent, :, latent] = values
    decoded = decode(model, z.flatten(0, 1))
    return Traversal(
        values, {name: x.reshape(*values.shape, *x.shape[1:]) for name, x in decoded.items()}
    )
