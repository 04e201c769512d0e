"""Timeline: a collective variable against time, with its core sets and transitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError
from sciae.report.figures.canvas import canvas, key, looks, named
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.figures.clock import SHARP, clock, span, thinned
from sciae.report.page import Figure
from sciae.report.words import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from sciae.report.figures.clock import Clock
    from sciae.report.figures.coordinate import Coordinate

    Floats = NDArray[np.float64]

__all__ = ["against_time"]

SHADES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
NAMED = 6  # walkers that a legend can tell apart


def against_time(
    time: Floats,
    values: Floats,
    *,
    coordinate: Coordinate,
    walker: NDArray[np.int64] | None = None,
    sets: Mapping[str, tuple[float, float]] | None = None,
    transitions: Floats | None = None,
) -> Figure:
    """A coordinate against time, as points.

    Parameters
    ----------
    time : array, shape (frame,)
        ps.
    values : array, shape (frame,)
        In the unit of the coordinate.
    coordinate : Coordinate
    walker : array of int, shape (frame,), optional
        Which walker each frame is of.
    sets : mapping of str to tuple of two floats, optional
        Core sets, from low to high; on a ring, low > high goes through the end.
    transitions : array, shape (transition,), optional
        When the run went from one core set to another, ps.

    Raises
    ------
    SpecError
        If times and values are not of one shape.
    """
    if time.shape != values.shape or time.ndim != 1:
        raise SpecError(
            f"time of shape {time.shape}, values of shape {values.shape}",
            where="against_time", expected="one number each per frame",
        )  # fmt: skip
    every, unit = thinned(len(time)), clock(time)
    with canvas(size=(4.8, 3.5)) as (drawing, axes):
        drawing.set_dpi(SHARP)
        _sets(axes, sets or {}, coordinate)
        _points(axes, unit.shown(time), coordinate.wrapped(values), walker, every)
        _rug(axes, transitions, unit)
        axes.set(
            xlabel=f"time ({unit.unit})",
            xlim=span(unit.shown(time)),
            ylim=coordinate.limits(values),
        )
        coordinate.dress(axes.yaxis)
        key(drawing, axes, columns=3)
        caption = _caption(coordinate, every, walker, transitions, len(sets or {}))
        return Figure(to_svg(drawing), _alt(time, values, coordinate, unit, transitions), caption)


def _sets(axes: Axes, sets: Mapping[str, tuple[float, float]], coordinate: Coordinate) -> None:
    for (name, (low, high)), colour in zip(sets.items(), SHADES, strict=False):
        label: str | None = named(name)
        for a, b in pieces(coordinate.scaled(low), coordinate.scaled(high), coordinate.span):
            axes.axhspan(a, b, color=colour, alpha=0.22, lw=0, label=label, zorder=0.5)
            label = None


def pieces(low: ArrayLike, high: ArrayLike, span: float | None) -> list[tuple[float, float]]:
    """A set as it lies on the axis: two pieces if it goes through the end of a ring.

    Examples
    --------
    >>> pieces(170.0, -170.0, 360.0)
    [(170.0, 180.0), (-180.0, -170.0)]
    """
    a, b = float(low), float(high)  # type: ignore[arg-type]
    if span is None or a <= b <= span / 2:
        return [(a, b)]
    b -= span * round(b / span)
    return [(a, b)] if a <= b else [(a, span / 2), (-span / 2, b)]


def _points(
    axes: Axes,
    time: Floats,
    values: Floats,
    walker: NDArray[np.int64] | None,
    every: int,
) -> None:
    """Thousands of points as a picture inside the drawing: as paths they would be megabytes."""
    shown, colours = slice(None, None, every), list(looks([str(i) for i in range(NAMED)]).values())
    owner = np.zeros(len(time), np.int64) if walker is None else walker
    names = np.unique(owner)
    for place, one in enumerate(names):
        there = owner[shown] == one
        few = 1 < len(names) <= NAMED
        axes.plot(
            time[shown][there],
            values[shown][there],
            linestyle="none",
            marker=".",
            markersize=2.6,
            markeredgewidth=0,
            color="#1c2024" if len(names) == 1 else colours[place % NAMED].colour,
            alpha=0.75,
            rasterized=True,
        )
        if few:  # the key's sample is larger than the points
            axes.plot([], [], "o", markersize=5, color=colours[place].colour, label=f"walker {one}")


def _rug(axes: Axes, transitions: Floats | None, unit: Clock) -> None:
    """A tick above the axes for each transition, where it hides no point."""
    if transitions is None or not len(transitions):
        return
    at = np.repeat(unit.shown(transitions), 3)
    heights = np.tile([1.015, 1.05, np.nan], len(transitions))
    axes.plot(
        at, heights, color="#D55E00", linewidth=0.8, clip_on=False, label="transition",
        transform=axes.get_xaxis_transform(), scalex=False, scaley=False,
    )  # fmt: skip


def _alt(
    time: Floats, values: Floats, coordinate: Coordinate, unit: Clock, transitions: Floats | None
) -> str:
    count = "" if transitions is None else f", with {len(transitions)} transitions"
    if not len(time):
        return f"{coordinate.name} against time: no frames."
    low, high = (number(float(x)) for x in np.nanquantile(coordinate.wrapped(values), [0, 1]))
    return (
        f"{coordinate.label} against time over {number(float(unit.shown(np.ptp(time))))} "
        f"{unit.unit}, from {low} to {high}{count}."
    )


def _caption(
    coordinate: Coordinate,
    every: int,
    walker: NDArray[np.int64] | None,
    transitions: Floats | None,
    sets: int,
) -> str:
    walkers = 1 if walker is None else len(np.unique(walker))
    shown = "Every frame is a point" if every == 1 else f"One frame in {every} is a point"
    coloured = f", coloured by walker ({walkers})" if walkers > 1 else ""
    coloured += "; colours repeat" if walkers > NAMED else ""
    shaded = " Shaded: core sets." if sets else ""
    marked = (
        "" if transitions is None
        else f" The {len(transitions)} transitions, counted on all frames, are marked on top."
    )  # fmt: skip
    return (
        f"{coordinate.name} against time. {shown}{coloured}.{shaded}{marked} Good: the whole "
        "range crossed again and again. Bad: long stays after which it never returns."
    )
