"""Free energy: profiles along a coordinate, with their bands, minima and barriers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from sciae.errors import SpecError
from sciae.report.figures.canvas import Look, canvas, key, looks, named
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.page import Figure
from sciae.report.words import number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sciae.free_energy import Profile
    from sciae.report.figures.coordinate import Coordinate

    Floats = NDArray[np.float64]

__all__ = ["GAS_CONSTANT", "Curve", "Mark", "free_energy_profile"]

GAS_CONSTANT = 0.00831446261815324  # kJ/mol/K
EMPTY = "#eceff1"  # where no frame has been
MARKERS = {"minimum": "v", "barrier": "^"}


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A free energy along a coordinate.

    Attributes
    ----------
    edges : array, shape (bin + 1,)
        In the unit of the coordinate.
    energy : array, shape (bin,)
        kJ/mol; NaN where no frame has been.
    low, high : array, shape (bin,), optional
        The band of 95 %, infinite where it is not bounded; None for a curve without one, such
        as a reference.

    Raises
    ------
    SpecError
        If the shapes do not belong together.
    """

    edges: Floats
    energy: Floats
    low: Floats | None = None
    high: Floats | None = None

    def __post_init__(self) -> None:
        wanted = (len(self.edges) - 1,)
        for name in ("energy", "low", "high"):
            there = getattr(self, name)
            if there is not None and there.shape != wanted:
                raise SpecError(
                    f"{name} of shape {there.shape}", where="curve", expected=f"{wanted}"
                )

    @classmethod
    def of(cls, profile: Profile) -> Curve:
        """Of a profile of one coordinate."""
        return cls(edges=profile.edges[0], energy=profile.F, low=profile.low, high=profile.high)

    @property
    def at(self) -> Floats:
        """The middles of the bins."""
        middle: Floats = 0.5 * (self.edges[1:] + self.edges[:-1])
        return middle


@dataclass(frozen=True)
class Mark:
    """A point of a profile worth a number: a minimum or a barrier."""

    kind: Literal["minimum", "barrier"]
    at: float
    energy: float


def free_energy_profile(
    curves: Mapping[str, Curve],
    *,
    coordinate: Coordinate,
    temperature: float | None = None,
    marks: Sequence[Mark] = (),
) -> Figure:
    """Free energies along one coordinate, each with its band.

    Parameters
    ----------
    curves : mapping of str to Curve
        The one that matters first, drawn in black; its unvisited parts are shaded.
    coordinate : Coordinate
    temperature : float, optional
        In K: adds an axis in kT on the right.
    marks : sequence of Mark
        Minima and barriers of the first curve.

    Raises
    ------
    SpecError
        If there is no curve.
    """
    if not curves:
        raise SpecError("no curve", where="free_energy_profile", expected="at least one")
    first, *others = curves
    drawn = {first: Look("black", "-", "o"), **looks(others)}
    with canvas(size=(4.8, 3.5)) as (drawing, axes):
        axes.set(
            xlim=coordinate.limits(*(one.edges for one in curves.values())),
            ylim=_limits(list(curves.values())),
            ylabel="free energy (kJ/mol)",
        )
        _unvisited(axes, curves[first], coordinate)
        for place, (name, look) in enumerate(drawn.items()):
            _curve(axes, curves[name], coordinate, look, name, above=place == 0)
        _marks(axes, marks, coordinate)
        coordinate.dress(axes.xaxis)
        in_kt(axes, temperature)
        key(drawing, axes)
        return Figure(to_svg(drawing), _alt(curves, marks), _caption(curves, coordinate, marks))


def in_kt(axes: Axes, temperature: float | None) -> None:
    """A second axis on the right in units of kT."""
    if temperature is None:
        return
    unit = GAS_CONSTANT * temperature
    right = axes.secondary_yaxis(
        "right", functions=(partial(np.multiply, 1 / unit), partial(np.multiply, unit))
    )
    right.set_ylabel(f"in kT at {temperature:g} K")


def runs(there: NDArray[np.bool_]) -> list[slice]:
    """The stretches of neighbours that are true.

    Examples
    --------
    >>> runs(np.array([True, False, True, True]))
    [slice(0, 1, None), slice(2, 4, None)]
    """
    steps = np.flatnonzero(np.diff(np.r_[False, there, False]))
    return [slice(int(a), int(b)) for a, b in zip(steps[::2], steps[1::2], strict=True)]


def _curve(
    axes: Axes, curve: Curve, coordinate: Coordinate, look: Look, name: str, *, above: bool
) -> None:
    """A line and a band for each visited stretch: nothing bridges a gap."""
    at, energy, low, high = _around(curve, coordinate)
    label, height = named(name), 4 if above else 3
    for piece in runs(np.isfinite(energy)):
        if piece.stop - piece.start == 1:  # a line of one point is not seen
            axes.plot(at[piece], energy[piece], look.marker, color=look.colour, markersize=3)
        axes.plot(
            at[piece],
            energy[piece],
            color=look.colour,
            linestyle=look.line,
            label=label,
            zorder=height,
        )
        label = "_"  # one line of the key for all stretches
    bottom, top = axes.get_ylim()  # a band that is not bounded fills the height
    low, high = (np.clip(one, bottom - 1, top + 1) for one in (low, high))
    for piece in runs(np.isfinite(low) & np.isfinite(high)):
        axes.fill_between(
            at[piece], low[piece], high[piece], color=look.colour, alpha=0.2, linewidth=0
        )


def _around(curve: Curve, coordinate: Coordinate) -> tuple[Floats, Floats, Floats, Floats]:
    """Middles and values for drawing; on a ring as far as its ends, whatever bins begin it."""
    at, nothing = coordinate.scaled(curve.at), np.full_like(curve.energy, np.nan)
    columns = [curve.energy, *(nothing if x is None else x for x in (curve.low, curve.high))]
    span = coordinate.span
    if span is None:
        return at, columns[0], columns[1], columns[2]
    if not coordinate.closes(curve.edges):  # an end that has no neighbour
        at = np.r_[at, at[-1] + 1e-9]
        columns = [np.r_[one, np.nan] for one in columns]
    at = np.concatenate([at - span, at, at + span])
    width = float(coordinate.scaled(np.diff(curve.edges).max()))
    seen = np.abs(at) < 0.5 * span + width
    energy, low, high = (np.tile(one, 3)[seen] for one in columns)
    return at[seen], energy, low, high


def _unvisited(axes: Axes, curve: Curve, coordinate: Coordinate) -> None:
    edges, label = coordinate.scaled(curve.edges), "not visited"
    copies = (0.0,) if coordinate.span is None else (-coordinate.span, 0.0, coordinate.span)
    left, right = axes.get_xlim()
    for piece in runs(~np.isfinite(curve.energy)):
        for low, high in ((edges[piece.start] + c, edges[piece.stop] + c) for c in copies):
            if low < right and high > left:
                axes.axvspan(max(low, left), min(high, right), color=EMPTY, lw=0, label=label)
                label = "_"


def _marks(axes: Axes, marks: Sequence[Mark], coordinate: Coordinate) -> None:
    """A triangle and a number: under a minimum, over a barrier, where no curve is."""
    for mark in marks:
        at, side = float(coordinate.wrapped(mark.at)), -1 if mark.kind == "minimum" else 1
        axes.plot(at, mark.energy, MARKERS[mark.kind], color="#D55E00", markersize=5, zorder=5)
        axes.annotate(
            number(mark.energy, decimals=1),
            (at, mark.energy),
            xytext=(0, 5 * side),
            textcoords="offset points",
            ha="center",
            va="bottom" if side > 0 else "top",
            fontsize=8,
            zorder=5,
            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "alpha": 0.7, "lw": 0},
        )


def _limits(curves: Sequence[Curve]) -> tuple[float, float]:
    """Around every curve, and its band unless that is far wider than the curves."""
    highest = _largest([one.energy for one in curves])
    band = _largest([one.high for one in curves if one.high is not None])
    lowest = -_largest([-one.energy if one.low is None else -one.low for one in curves])
    top = max(highest, min(band, 1.5 * highest)) or 1.0
    return max(lowest, -top) - 0.1 * top, 1.1 * top


def _largest(values: Sequence[Floats]) -> float:
    """The largest finite number, at least 0."""
    every = np.concatenate([one[np.isfinite(one)] for one in values]) if values else np.zeros(0)
    return float(every.max(initial=0))


def _alt(curves: Mapping[str, Curve], marks: Sequence[Mark]) -> str:
    said = [
        f"{name} reaches {number(float(np.nanmax(one.energy)))} kJ/mol"
        for name, one in curves.items()
        if np.isfinite(one.energy).any()
    ]
    marked = [f"{m.kind} of {number(m.energy, decimals=1)} kJ/mol" for m in marks]
    return f"Free energy profile: {'; '.join([*said, *marked]) or 'no bin was visited'}."


def _caption(curves: Mapping[str, Curve], coordinate: Coordinate, marks: Sequence[Mark]) -> str:
    first, *others = curves.values()
    share = float(np.mean(~np.isfinite(first.energy)))
    parts = [
        f"Free energy along {coordinate.name}, lowest point at 0.",
        "Triangles: minima and barriers in kJ/mol." if marks else "",
        _bands(list(curves.values())),
        "Curves whose bands do not meet disagree." if others else "",
        "Bad: bands as wide as the barriers, or a barrier beside a gap.",
        f"{percent(share)} of the bins were never visited (grey): nothing is known there."
        if share > 0
        else "",
    ]
    return " ".join(part for part in parts if part)


def _bands(curves: Sequence[Curve]) -> str:
    bands = [one.high for one in curves if one.high is not None]
    if not bands:
        return ""
    open_ended = any(np.isinf(one).any() for one in bands)
    full = ", of full height where one stretch of the run alone was there" if open_ended else ""
    return f"Bands: 95 % intervals{full}."
