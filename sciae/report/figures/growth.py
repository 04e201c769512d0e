"""Growth: the bias of a run as it builds up, and how many frames it leaves to count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.figures.canvas import GREY, canvas, key, named, plain_numbers
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.figures.clock import SHARP, clock, thinned
from sciae.report.page import Figure
from sciae.report.words import number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["bias_growth", "frames_that_count"]

LATE = 0.5  # the second half of a run: a bias that still grows there is not done
FALLEN = 0.5  # of the most frames that ever counted
STEADY = 0.05  # share of its range that an offset may still move in the second half


def bias_growth(
    time: Floats,
    bias: Floats,
    *,
    offset: Floats | None = None,
    offset_name: str = "c(t)",
    n_eff: Floats | None = None,
) -> Figure:
    """The bias at each visited point with its offset, and below the frames that count.

    Parameters
    ----------
    time : array, shape (frame,)
        ps.
    bias : array, shape (frame,)
        kJ/mol, where the run stood.
    offset : array, shape (frame,), optional
        c(t) of metadynamics or rct of OPES, kJ/mol.
    offset_name : str
    n_eff : array, shape (frame,), optional
        Effective number of frames up to each time.
    """
    unit, rows = clock(time), 1 if n_eff is None else 2
    with canvas(rows, 1, size=(4.8, 3.35 if n_eff is None else 4.6)) as (drawing, both):
        drawing.set_dpi(SHARP)
        axes = both if n_eff is None else both[0]
        _bias(axes, unit.shown(time), bias, offset, offset_name)
        if n_eff is not None:
            _counted(both[1], unit.shown(time), n_eff)
            both[0].tick_params(labelbottom=False)
        last = axes if n_eff is None else both[1]
        last.set_xlabel(f"time ({unit.unit})")
        drawing.align_ylabels()
        key(drawing, axes)
        return Figure(to_svg(drawing), _alt(bias, n_eff), _caption(offset, offset_name, n_eff))


def frames_that_count(log_weight: Floats) -> Floats:
    r"""Kish's effective number of frames up to each frame.

    .. math:: n_t = \frac{(\sum_{u \le t} w_u)^2}{\sum_{u \le t} w_u^2}

    Parameters
    ----------
    log_weight : array, shape (frame,)
        In the order of time.

    Examples
    --------
    >>> frames_that_count(np.array([700.0, 700.0, -700.0])).round(6).tolist()
    [1.0, 2.0, 2.0]
    """
    total = np.logaddexp.accumulate(log_weight)
    squares = np.logaddexp.accumulate(2 * log_weight)
    return np.asarray(np.exp(2 * total - squares))


def _bias(axes: Axes, at: Floats, bias: Floats, offset: Floats | None, name: str) -> None:
    every = thinned(len(at))
    axes.plot(
        at[::every], bias[::every], ".", markersize=2.4, markeredgewidth=0,
        color="#0072B2", alpha=0.6, rasterized=True,
    )  # fmt: skip
    axes.plot([], [], "o", markersize=5, color="#0072B2", label="bias where the run stood")
    if offset is not None:
        axes.plot(at[::every], offset[::every], color="#D55E00", label=named(name))
    axes.set(ylabel="kJ/mol", xlim=(at.min(), at.max()) if np.ptp(at) else None)


def _counted(axes: Axes, at: Floats, n_eff: Floats) -> None:
    every, frames = thinned(len(at), 400), np.arange(1, len(at) + 1)
    axes.plot(at[::every], frames[::every], color=GREY, linestyle=":", label="_")
    axes.plot(at[::every], n_eff[::every], color="black")
    axes.set_yscale("log")
    axes.set_ylim(max(0.7, float(np.nanmin(n_eff[n_eff > 0], initial=1))), 2 * len(at))
    axes.set(ylabel="frames that count", xlim=(at.min(), at.max()) if np.ptp(at) else None)
    plain_numbers(axes.yaxis)


def _alt(bias: Floats, n_eff: Floats | None) -> str:
    counted = (
        "" if n_eff is None else f"; {number(float(n_eff[-1]))} of {len(n_eff):,} frames count"
    )
    return (
        f"Bias where the run stood, from {number(float(np.nanmin(bias)))} to "
        f"{number(float(np.nanmax(bias)))} kJ/mol{counted}."
    )


def _caption(offset: Floats | None, name: str, n_eff: Floats | None) -> str:
    settled = f" {_settled(offset, name)}" if offset is not None and len(offset) > 1 else ""
    counted = (
        "" if n_eff is None
        else f" Below: frames that count after reweighting (Kish), "
        f"{percent(n_eff[-1] / len(n_eff))} of all (dotted); they should rise in step with them."
        + _taken_over(n_eff)
    )  # fmt: skip
    return (
        f"The bias at each visited point.{settled}{counted} Bad: a bias that still climbs at the "
        "end, or a count that stands still."
    )


def _taken_over(n_eff: Floats) -> str:
    """Whether a few heavy frames came to decide everything."""
    most = float(np.nanmax(n_eff))
    if n_eff[-1] > FALLEN * most:
        return ""
    return f" They fell from {number(most)}: a few frames, early ones say, outweigh all others."


def _settled(offset: Floats, name: str) -> str:
    """How far the offset moved in the second half, against all of it."""
    late, whole = offset[int(LATE * len(offset)) :], float(np.ptp(offset))
    share = float(np.ptp(late)) / whole if whole else 0.0
    word = "has settled" if share < STEADY else "is still moving"
    return f"{name} {word}: {percent(share)} of its change came in the second half."
