"""Differences: a free energy difference from all frames so far, as a run goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.figures.canvas import GREY, canvas, key, named
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.figures.clock import clock, span
from sciae.report.figures.free_energy import in_kt
from sciae.report.page import Figure
from sciae.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sciae.free_energy import Interval

    Floats = NDArray[np.float64]

__all__ = ["delta_in_time"]

BLUE = "#0072B2"


def delta_in_time(
    time: Floats,
    delta: Floats,
    low: Floats | None = None,
    high: Floats | None = None,
    *,
    name: str = "ΔF",
    final: Interval | None = None,
    temperature: float | None = None,
    reference: float | None = None,
    margin: float = 0.0,
) -> Figure:
    """A free energy difference from all frames so far, against time.

    Parameters
    ----------
    time : array, shape (point,)
        ps.
    delta : array, shape (point,)
        kJ/mol; NaN while a state was not visited.
    low, high : array, shape (point,), optional
        Its 95 % interval; infinite where it is not bounded.
    name : str
        Of the difference.
    final : Interval, optional
        That of the whole run, drawn as a bar at the end.
    temperature : float, optional
        In K: adds an axis in kT.
    reference : float, optional
        A known value, kJ/mol.
    margin : float
        Half the width of the reference's own interval.
    """
    unit = clock(time)
    at, bottom = unit.shown(time), _ends(delta, low, high, final)
    limits = _seen(delta, *bottom, reference, margin)
    with canvas() as (drawing, axes):
        if low is not None and high is not None:
            wide = [np.clip(one, limits[0] - 1, limits[1] + 1) for one in (low, high)]
            axes.fill_between(at, *wide, color=BLUE, alpha=0.22, lw=0, label="95 % interval")
        axes.plot(at, delta, color=BLUE, marker="o", markersize=3, label=named(name))
        _final(axes, float(at[-1]), final, limits)
        if reference is not None:
            if margin:
                axes.axhspan(reference - margin, reference + margin, color=GREY, alpha=0.2, lw=0)
            axes.axhline(reference, color="black", linestyle="--", lw=1.2, label="reference")
        axes.set(xlabel=f"time ({unit.unit})", ylabel=f"{named(name)} (kJ/mol)", ylim=limits)
        first, last = span(at)
        axes.set_xlim(first, last + 0.02 * (last - first))
        in_kt(axes, temperature)
        key(drawing, axes)
        said = _last(delta, *bottom)
        return Figure(
            to_svg(drawing), f"{name} against time: {said}.", _caption(name, said, reference)
        )


def _ends(
    delta: Floats, low: Floats | None, high: Floats | None, final: Interval | None
) -> tuple[Floats, Floats]:
    """The interval at each time; NaN where none is known, that of the whole run at the end."""
    bottom, top = (np.full(len(delta), np.nan) if one is None else one for one in (low, high))
    if final is not None and len(delta):
        bottom, top = np.r_[bottom[:-1], final.low], np.r_[top[:-1], final.high]
    return bottom, top


def _final(axes: Axes, at: float, final: Interval | None, limits: tuple[float, float]) -> None:
    if final is None:
        return
    low, high = np.clip([final.low, final.high], limits[0] - 1, limits[1] + 1)
    axes.plot(
        [at, at], [low, high], color="#D55E00", linewidth=3, alpha=0.8, solid_capstyle="butt",
        label="95 % interval at the end", zorder=3,
    )  # fmt: skip


def _last(delta: Floats, low: Floats, high: Floats) -> str:
    """The value at the end with its interval, in words."""
    known = np.flatnonzero(np.isfinite(delta))
    if not len(known):
        return "never known, as one of the states was not visited"
    value, bottom, top = (float(one[known[-1]]) for one in (delta, low, high))
    if np.isinf([bottom, top]).any():
        return f"at the end {number(value)} kJ/mol, with an interval that is not bounded"
    if np.isnan([bottom, top]).any():
        return f"at the end {number(value)} kJ/mol"
    return f"at the end {number(value)} [{number(bottom)}, {number(top)}] kJ/mol"


def _caption(name: str, last: str, reference: float | None) -> str:
    dashed = "" if reference is None else f" Dashed: the reference, {number(reference)} kJ/mol."
    return (
        f"{name} from all frames up to each time; {last}.{dashed} Good: level early on; that "
        "alone is no proof, as later points share the frames of earlier ones. Bad: still "
        "drifting at the end, or a step at each transition."
    )


def _seen(
    delta: Floats, low: Floats, high: Floats, reference: float | None, margin: float
) -> tuple[float, float]:
    """The settled part with its band: a wild beginning may leave the axis."""
    late = slice(len(delta) // 4, None)
    marks = [] if reference is None else [reference - margin, reference + margin]
    every = np.r_[delta, low[late], high[late], marks]
    every = every[np.isfinite(every)]
    if not len(every):
        return 0.0, 1.0
    a, b = float(every.min()), float(every.max())
    pad = 0.08 * (b - a) or 1.0
    return a - pad, b + pad
