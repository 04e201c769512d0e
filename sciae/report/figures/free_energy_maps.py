"""Free energy maps: two coordinates, as in a Ramachandran plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import SpecError
from sciae.report.figures.canvas import canvas, named
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.figures.free_energy import GAS_CONSTANT
from sciae.report.page import Figure
from sciae.report.words import number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing
    from numpy.typing import NDArray

    from sciae.free_energy import Profile
    from sciae.report.figures.coordinate import Coordinate

    Floats = NDArray[np.float64]

__all__ = ["Surface", "free_energy_map"]

STEPS = (0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100)  # kJ/mol between contours
MOST = 10  # levels


@dataclass(frozen=True, kw_only=True)
class Surface:
    """A free energy over two coordinates.

    Attributes
    ----------
    x_edges : array, shape (column + 1,)
    y_edges : array, shape (row + 1,)
        Evenly spaced, in the units of the coordinates.
    energy : array, shape (column, row)
        kJ/mol; NaN where no frame has been.

    Raises
    ------
    SpecError
        If the shapes do not belong together, or the cells are not of one size.
    """

    x_edges: Floats
    y_edges: Floats
    energy: Floats

    @classmethod
    def of(cls, profile: Profile) -> Surface:
        """Of a profile of two coordinates."""
        return cls(x_edges=profile.edges[0], y_edges=profile.edges[1], energy=profile.F)

    def __post_init__(self) -> None:
        wanted = (len(self.x_edges) - 1, len(self.y_edges) - 1)
        if self.energy.shape != wanted:
            raise SpecError(
                f"energy of shape {self.energy.shape}", where="surface", expected=f"{wanted}"
            )
        for name, edges in (("x_edges", self.x_edges), ("y_edges", self.y_edges)):
            if not np.allclose(np.diff(edges), np.diff(edges).mean(), rtol=1e-6):
                raise SpecError(f"{name} unevenly spaced", where="surface", expected="equal bins")


def free_energy_map(
    surface: Surface,
    *,
    coordinates: tuple[Coordinate, Coordinate],
    title: str = "",
    temperature: float | None = None,
    top: float | None = None,
    points: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """A map with contours; cells that were never visited stay blank.

    Parameters
    ----------
    surface : Surface
    coordinates : tuple of two Coordinate
        Along x and along y.
    title : str
    temperature : float, optional
        In K: the caption gives kT.
    top : float, optional
        The highest level in kJ/mol: for maps to be compared, the same for all.
    points : mapping of str to tuple of two floats, optional
        Short labels, and where they stand.
    """
    x, y = coordinates
    levels = _levels(surface.energy, top)
    with canvas(size=(4.8, 3.9)) as (drawing, axes):
        drawn = _around(surface, coordinates)
        shown = _cells(axes, *drawn, levels)
        _contours(axes, *drawn, levels)
        for label, (a, b) in (points or {}).items():
            _point(axes, float(x.wrapped(a)), float(y.wrapped(b)), label)
        axes.set(xlim=_ends(x, surface.x_edges), ylim=_ends(y, surface.y_edges))
        x.dress(axes.xaxis)
        y.dress(axes.yaxis)
        _frame(axes, square=x.is_angle and y.is_angle)
        _bar(drawing, axes, shown, levels)
        if title:
            axes.set_title(named(title, 60), loc="left")
        return Figure(to_svg(drawing), _alt(surface, x, y), _caption(surface, levels, temperature))


def _ends(coordinate: Coordinate, edges: Floats) -> tuple[float, float]:
    """The whole ring, or the outermost edges."""
    if coordinate.closes(edges):
        return coordinate.limits()
    low, high = coordinate.scaled(edges[[0, -1]])
    return float(low), float(high)


def _levels(energy: Floats, top: float | None) -> Floats:
    """Round levels from 0 to above the highest value.

    Examples
    --------
    >>> _levels(np.array([[0.0, 41.0]]), None).tolist()
    [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0]
    """
    finite = energy[np.isfinite(energy)]
    highest = top if top is not None else float(finite.max(initial=0))
    step = next((s for s in STEPS if highest <= s * MOST), STEPS[-1])
    return step * np.arange(max(2, int(np.ceil(highest / step)) + 1), dtype=np.float64)


def _around(
    surface: Surface, coordinates: tuple[Coordinate, Coordinate]
) -> tuple[Floats, Floats, Floats]:
    """Edges in the units of the axes, and the cells between them.

    A ring is turned until its first cell lies at the left end of the axis, and goes on for a
    cell beyond both ends, where contours then meet.
    """
    energy, edges = surface.energy, []
    for axis, own in enumerate((surface.x_edges, surface.y_edges)):
        coordinate, scaled = coordinates[axis], coordinates[axis].scaled(own)
        if coordinate.closes(own) and coordinate.span is not None:
            width, start = np.diff(scaled).mean(), -0.5 * coordinate.span
            turned = -round((scaled[0] - start) / width)
            energy = np.roll(energy, -turned, axis)
            scaled = scaled + turned * width
            energy = np.pad(energy, [(int(i == axis),) * 2 for i in range(2)], mode="wrap")
            scaled = np.r_[scaled[0] - width, scaled, scaled[-1] + width]
        edges.append(scaled)
    return edges[0], edges[1], energy


def _cells(axes: Axes, x: Floats, y: Floats, energy: Floats, levels: Floats) -> Any:
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm, ListedColormap

    bands = len(levels) - 1
    hues = colormaps["viridis"](np.linspace(0.05, 1, bands))
    colours = ListedColormap(hues).with_extremes(bad=(0, 0, 0, 0), over="#f6f3c8")
    return axes.imshow(
        np.ma.masked_invalid(energy.T),
        extent=(x[0], x[-1], y[0], y[-1]),
        origin="lower",
        aspect="auto",
        interpolation="none",
        cmap=colours,
        norm=BoundaryNorm(levels, bands),
    )


def _contours(axes: Axes, x: Floats, y: Floats, energy: Floats, levels: Floats) -> None:
    finite = energy[np.isfinite(energy)]
    within = [level for level in levels[1:] if finite.min(initial=np.inf) < level]
    if min(energy.shape) > 1 and within:
        axes.contour(
            0.5 * (x[1:] + x[:-1]),
            0.5 * (y[1:] + y[:-1]),
            np.ma.masked_invalid(energy.T),
            levels=within,
            colors="black",
            linewidths=0.5,
            alpha=0.55,
        )


def _point(axes: Axes, x: float, y: float, label: str) -> None:
    axes.text(
        x, y, named(label, 12), ha="center", va="center", fontsize=8,
        bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "black", "lw": 0.6},
    )  # fmt: skip


def _frame(axes: Axes, *, square: bool) -> None:
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(True)
    if square:
        axes.set_box_aspect(1)


def _bar(drawing: Drawing, axes: Axes, shown: Any, levels: Floats) -> None:
    bar = drawing.colorbar(shown, ax=axes, pad=0.02, ticks=levels, spacing="proportional")
    bar.set_label("free energy (kJ/mol)")
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)


def _alt(surface: Surface, x: Coordinate, y: Coordinate) -> str:
    there = np.isfinite(surface.energy)
    if not there.any():
        return f"Free energy over {x.name} and {y.name}: no cell was visited."
    i, j = np.unravel_index(int(np.nanargmin(surface.energy)), surface.energy.shape)
    lowest = (
        number(float(x.scaled(surface.x_edges[i : i + 2].mean()))),
        number(float(y.scaled(surface.y_edges[j : j + 2].mean()))),
    )
    return (
        f"Free energy over {x.label} and {y.label}: "
        f"{percent(float(there.mean()))} of the cells were visited, lowest near "
        f"({lowest[0]}, {lowest[1]}), up to {number(float(np.nanmax(surface.energy)))} kJ/mol."
    )


def _caption(surface: Surface, levels: Floats, temperature: float | None) -> str:
    share = float(np.isfinite(surface.energy).mean())
    unit = (
        ""
        if temperature is None
        else (f" (kT is {number(GAS_CONSTANT * temperature)} kJ/mol at {temperature:g} K)")
    )
    return (
        f"Free energy, a contour every {levels[1] - levels[0]:g} kJ/mol{unit}. "
        f"White cells were never visited; {percent(share)} of the map was. Bad: basins that no "
        "visited cells join, or speckle in place of smooth contours (too few frames)."
    )
