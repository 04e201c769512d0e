"""Faults of training, put into words: which field, which rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sciae.autoencoders.model import evaluating
from sciae.errors import FitError

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder, Loss

__all__ = ["not_finite"]

SHOWN = 5
EXTREME = 1e9  # normalised: a billion widths from the mean
FIX = "Look at these rows, lower the learning rate, or set `clip`."


@torch.no_grad()
def not_finite(
    model: Autoencoder, loss: Loss, features: Features, rows: Tensor, *, where: str
) -> FitError:
    """The error that says which rows and fields made a loss not finite, for the caller to raise.

    Parameters
    ----------
    model : Autoencoder
        With the weights that gave `loss`.
    loss : Loss
        Not finite in one row or more, or none if only its gradient was not.
    features : Features
    rows : Tensor, shape (row,)
        The number of each row in the user's table.
    where : str
        When and on which table.
    """
    bad = ~loss.total.isfinite()
    if not bool(bad.any()):
        what = f"the gradient is not finite in a batch of {len(rows)} rows ({_named(rows)})"
        return FitError(what, where=where, fix=FIX)
    terms = [name for name, nats in loss.terms.items() if not bool(nats.isfinite().all())]
    with evaluating(model):  # in training, a part may wait for the other processes
        fields = _bad_fields(model, features.take(bad.nonzero().squeeze(1)))
    blamed = f"fields: {', '.join(fields)}" if fields else f"terms: {', '.join(terms)}"
    what = f"the loss is not finite in {int(bad.sum())} of {len(rows)} rows"
    return FitError(f"{what} ({_named(rows[bad])}; {blamed})", where=where, fix=FIX)


def _named(rows: Tensor) -> str:
    """The first few of them."""
    more = ", ..." if len(rows) > SHOWN else ""
    return f"rows {', '.join(map(str, rows[:SHOWN].tolist()))}{more}"


def _bad_fields(model: Autoencoder, features: Features) -> list[str]:
    """Fields with extreme values or, if there are none, those with nats that are not finite.

    One extreme value spoils the whole code, and so the nats of every field.
    """
    places = model.normaliser.layout.places
    seen = {p.field.name: features.inputs[:, p.inputs] for p in places}
    seen |= {name: elements.inputs for name, elements in features.sets.items()}
    extreme = [name for name, x in seen.items() if not bool((x.abs() < EXTREME).all())]
    if extreme:
        return extreme
    nll = model.heads.nll(model.decoder(model.encode(features).mean), features)
    nats = {p.field.name: nll.flat[:, p.targets] for p in places} | dict(nll.sets)
    return [name for name, x in nats.items() if not bool(x.isfinite().all())]
