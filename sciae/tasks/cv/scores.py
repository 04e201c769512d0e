"""Scores: how slow, and how telling, a variable is on frames that it was not learnt from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError
from sciae.tasks.cv.basis import Basis
from sciae.tasks.cv.encoder import coordinates, periods
from sciae.tasks.cv.frames import numbers
from sciae.tasks.cv.lag import lagged
from sciae.tasks.cv.spectrum import gmrq, tica, time_scales, vamp, vamp2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.export.arrays import NumpyEncoder
    from sciae.tasks.cv.frames import Frames

    Array = NDArray[np.float64]

__all__ = ["SCORES", "implied_time_scales", "scores"]

SCORES = ("vamp2", "gmrq", "reconstruction")
LONGER = (1, 2, 5, 10)  # lags of the time scales, in lags


@dataclass(frozen=True, eq=False)
class _Series:
    frames: Frames
    s: Array


def scores(
    encoder: NumpyEncoder, train: Frames, held: Frames, *, lag: int, components: int = 0
) -> dict[str, float]:
    """Held-out scores of any variable, whatever it was trained for.

    All are of functions of s, piecewise linear (`Basis`), so that a variable is not marked
    down for a scale or a bend, and one of two dimensions competes with one of one. No
    observable that the user would not know is used.

    Parameters
    ----------
    encoder : NumpyEncoder
    train, held : Frames
    lag : int
        In rows: the same for all variables that are compared.
    components : int
        Slow processes that are looked for, likewise; by default as many as coordinates.

    Returns
    -------
    dict
        "vamp2" and "gmrq" of the slowest functions of s that the training pairs show,
        judged on the held-out pairs, at most ``components + 1`` each; "reconstruction", the
        share of the held-out variance of the inputs that a regression on s explains. NaN if
        a side has no pairs at this lag.
    """
    own, other = (_Series(f, encoder.value(numbers(f.table)).astype(float)) for f in (train, held))
    basis = Basis.of(own.s, periods(encoder))
    found = {"vamp2": math.nan, "gmrq": math.nan}
    try:
        pairs = [lagged(f.group, f.weight, lag) for f in (train, held)]
    except DataError:
        pass  # none at this lag: NaN says so
    else:
        x, y = basis(own.s), basis(other.s)
        many = components or encoder.dim
        found["vamp2"] = vamp2(vamp(x, pairs[0]), y, pairs[1], components=many)
        found["gmrq"] = gmrq(tica(x, pairs[0]), y, pairs[1], components=many)
    return {**found, "reconstruction": _explained(basis, own, other)}


def _explained(basis: Basis, train: _Series, held: _Series) -> float:
    """Share of the variance of the inputs that functions of s explain, held out."""
    w, x = np.sqrt(train.frames.weight)[:, None], basis(train.s)
    told = np.linalg.lstsq(w * x, w * train.frames.inputs, rcond=1e-8)[0]
    own, y = held.frames.weight, held.frames.inputs
    share = own / own.sum()
    rest = share @ np.square(y - basis(held.s) @ told)
    spread = share @ np.square(y - share @ y)
    return float(1 - rest.sum() / spread.sum())


def implied_time_scales(
    encoder: NumpyEncoder, frames: Frames, *, lag: int
) -> dict[int, tuple[float, ...]]:
    """Time scales of TICA on s, in rows, by lag in rows, slowest first.

    They grow with the lag until they are true; a variable for which they never level off
    does not hold the slow motion. At as many lags of 1, 2, 5 and 10 times `lag` as the
    trajectories are long enough for.
    """
    s = coordinates(encoder.value(numbers(frames.table)).astype(float), periods(encoder))
    found: dict[int, tuple[float, ...]] = {}
    for one in (lag * k for k in LONGER):
        try:
            values = tica(s, lagged(frames.group, frames.weight, one)).values
        except DataError:
            break
        found[one] = tuple(time_scales(values, one).tolist())
    return found
