"""Autocorrelation: a penalty for codes that forget, of the variational dynamics encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sciae.autoencoders.penalties import Penalty
from sciae.errors import SpecError

if TYPE_CHECKING:
    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Pass

__all__ = ["Autocorrelation"]

LEAST = 1e-8  # variance


class Autocorrelation(Penalty):
    r"""Minus the correlation of each coordinate with itself a lag later, summed.

    .. math:: -\sum_d \frac{\langle (z_d(t) - \bar z_d)(z_d(t + \tau) - \bar z'_d) \rangle}
              {\sigma_d\, \sigma'_d}

    of mean codes, weighted. Mean and widths are statistics of the batch; what each row is
    given is its own product, so that the weighted mean over the batch is the correlation.
    Hernández et al., Phys. Rev. E 97 (2018) 062412.

    For a time-lagged model of numbers and angles: what its decoder shall tell is the later
    frame, from which the encoder's inputs are made again.
    """

    name = "autocorrelation"

    def forward(self, one: Pass) -> Tensor:
        """Shape (row,)."""
        w = one.features.weight
        share = torch.ones(len(one.features)) if w is None else w
        share = share.to(one.code.mean) / share.sum()
        later = one.model.encode(_seen_later(one)).mean
        a, b = (_standardised(z, share) for z in (one.code.mean, later))
        return -(a * b).sum(1)


def _standardised(z: Tensor, share: Tensor) -> Tensor:
    centred = z - share @ z
    return centred / (share @ centred.square() + LEAST).sqrt()


def _seen_later(one: Pass) -> Features:
    """The later frame as the encoder would see it: its targets, angles as cosine and sine."""
    parts = []
    for place in one.model.normaliser.layout.places:
        x = one.features.targets[:, place.targets]
        if place.field.kind == "periodic":
            x = torch.stack((x.cos(), x.sin()), -1).flatten(1)
        elif place.field.kind != "continuous":
            raise SpecError(
                f"field {place.field.name!r} is {place.field.kind}",
                where="vde",
                expected="continuous and periodic fields",
            )
        parts.append(x)
    return one.features.with_inputs(torch.cat(parts, 1))
