"""Examination: what there is to say of a fitted model, with its warnings in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import torch

from sciae.autoencoders.model import evaluating
from sciae.autoencoders.rows import examples, features_of
from sciae.diagnostics.columns import Columns
from sciae.diagnostics.evidence import Evidence, evidence
from sciae.diagnostics.floor import Floor, pca_floor
from sciae.diagnostics.rate import LIVE, Rate, rate
from sciae.errors import DataError, SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.training import Fitted
    from sciae.rng import Seed
    from sciae.table import Table

__all__ = ["Examination", "examine"]

T = TypeVar("T")

DEAD = 0.05  # share of codes that may be dead
GAP = 1.5  # of squared errors, validation over training


@dataclass(frozen=True)
class Examination:
    """Numbers of a fitted model on some rows, and what is wrong with it.

    Attributes
    ----------
    rows : int
    losses : mapping of str to float
        The validation terms of the model's epoch, in nats per row.
    gap : float
        Squared error on the validation rows over that on the training rows; see `examine`.
    dead : float
        Share of a discrete latent's codes, or of any latent's numbers, that no row uses.
    at_floor : mapping of str to float
        The fields whose widths are at their floor, and in what share of rows and columns.
    floor, rate, evidence : Floor, Rate, Evidence, or None
        None where they do not apply.
    warnings : tuple of str
    """

    rows: int
    losses: Mapping[str, float]
    gap: float
    dead: float
    at_floor: Mapping[str, float]
    floor: Floor | None
    rate: Rate | None
    evidence: Evidence | None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong, in words; empty if nothing is."""
        return tuple(filter(None, (self._collapse(), self._dead(), self._widths(), self._gap())))

    def _collapse(self) -> str:
        if self.rate is None or self.rate.live == len(self.rate.nats):
            return ""
        if self.rate.live == 0:
            return "posterior collapse: no latent tells anything of the row; lower beta"
        missing = len(self.rate.nats) - self.rate.live
        return f"{missing} latents carry less than {LIVE} nats: {self.rate.verdict}"

    def _dead(self) -> str:
        return f"dead codes: {100 * self.dead:.0f} % are never used" if self.dead > DEAD else ""

    def _widths(self) -> str:
        if not self.at_floor:
            return ""
        return (
            f"sigma at its floor in {', '.join(self.at_floor)}: the score hangs on what can be "
            "told almost exactly; raise the floor to the resolution that counts"
        )

    def _gap(self) -> str:
        if self.gap <= GAP:
            return ""
        return f"overtrained: validation errors are {self.gap:.2f} times the training errors"

    @property
    def verdict(self) -> str:
        """The warnings, or that there are none."""
        return "; ".join(self.warnings) or "nothing found wrong"

    def __str__(self) -> str:
        lines = [f"{name:<20}{nats:>12.4f} nats per row" for name, nats in self.losses.items()]
        lines.append(f"{'validation/training':<20}{self.gap:>12.3f}")
        lines.append(f"{'dead codes':<20}{100 * self.dead:>12.1f} %")
        parts = (self.rate, self.evidence, self.floor)
        lines += [part.verdict for part in parts if part is not None]
        return "\n".join([*lines, *(f"WARNING: {one}" for one in self.warnings)])


def examine(fitted: Fitted, table: Table, *, draws: int = 64, rng: Seed = None) -> Examination:
    r"""Everything that is known to go wrong, looked for.

    Losses in nats have no ratio: they may be negative. The gap between validation and
    training is therefore that of the squared errors, in units of the learnt widths, which a
    difference of the mean reconstruction terms amounts to in d observed numbers per row:

    .. math:: \frac{\langle r^2 \rangle_\mathrm{val}}{\langle r^2 \rangle_\mathrm{train}}
        = 1 + \frac{2\,(L_\mathrm{val} - L_\mathrm{train})}{d}

    which is exact for normal heads with widths at their optimum, where
    :math:`\langle r^2 \rangle_\mathrm{train} = \sigma^2`, and elsewhere the same nats.

    Parameters
    ----------
    fitted : Fitted
    table : Table
        Rows to judge the model on, better not those it was trained on.
    draws : int
        Of the evidence.
    rng : int, SeedSequence, Generator or None

    Raises
    ------
    SchemaError
        If the table's schema is not the model's.
    """
    model = fitted.model
    model.schema.require(table.schema)
    features = features_of(model, table, *examples(model, table))
    epoch = fitted.history[fitted.best]
    more = epoch.validation["reconstruction"] - epoch.train["reconstruction"]
    return Examination(
        rows=len(features),
        losses=epoch.validation,
        gap=1 + 2 * more / _observed(features),
        dead=_dead_share(model, features),
        at_floor=_known(_at_floor, model, features) or {},
        floor=None if model.lag else _known(pca_floor, model, features),
        rate=_known(rate, model, features),
        evidence=_known(lambda *x: evidence(*x, draws=draws, rng=rng), model, features),
    )


def _known(
    measure: Callable[[Autoencoder, Features], T], model: Autoencoder, features: Features
) -> T | None:
    """A measure, or None if it does not apply to this model or these rows."""
    try:
        return measure(model, features)
    except (SpecError, DataError):
        return None


def _observed(features: Features) -> float:
    """The mean number of observed targets in a row, those of elements included."""
    shape = (*features.inputs.shape[:-1], features.targets.shape[-1])
    seen = torch.ones(shape, dtype=torch.bool) if features.observed is None else features.observed
    if features.mask is not None:
        seen = seen & features.mask[..., None].to(seen.device)
    inner = sum(_observed(one) for one in features.sets.values())
    return float(seen.sum()) / len(features) + inner


@torch.no_grad()
def _dead_share(model: Autoencoder, features: Features) -> float:
    """Of codes that no row has, or of numbers that are the same in all rows."""
    with evaluating(model):
        code = model.encode(features)
    if code.symbols is None:
        return (code.mean == code.mean[0]).all(0).double().mean().item()
    choices = _choices(model, code.symbols)
    used = sum(int((one.bincount() > 0).sum()) for one in code.symbols.unbind(1))
    return 1 - used / sum(choices)


def _choices(model: Autoencoder, symbols: Tensor) -> list[int]:
    """How many values each symbol can have."""
    levels = getattr(model.latent, "levels", None)
    if levels is not None:
        return list(levels)
    codes = getattr(model.latent, "codes", int(symbols.max()) + 1)
    return [codes] * symbols.shape[1]


def _at_floor(model: Autoencoder, features: Features) -> dict[str, float]:
    """Fields with widths below twice their floor: what was learnt is less than what was added."""
    columns = Columns.of(model, features)
    low = columns.share @ (columns.sigma < 2 * columns.least).double()
    return {name: share for name, share in columns.by_field(low).items() if share > 0}
