"""Latent: where frames lie in the collective variables, and what they are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import SpecError
from sciae.report.figures.canvas import canvas, key, looks, named
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.figures.clock import SHARP, thinned
from sciae.report.page import Figure
from sciae.report.words import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from numpy.typing import NDArray

    from sciae.report.figures.coordinate import Coordinate

    Floats = NDArray[np.float64]

__all__ = ["latent_map", "latent_states"]

MOST = 8000  # points
STATES = 6  # told apart by colour; more are drawn as one


def latent_map(
    x: Floats,
    y: Floats,
    observable: Floats,
    *,
    coordinates: tuple[Coordinate, Coordinate],
    colour: Coordinate,
) -> Figure:
    """Frames over two coordinates, coloured by an observable.

    Parameters
    ----------
    x, y, observable : array, shape (frame,)
    coordinates : tuple of two Coordinate
        Along x and along y. With one collective variable, y is another observable.
    colour : Coordinate
        Of the observable; an angle gets a scale whose ends are alike.

    Raises
    ------
    SpecError
        If the three are not of one length.
    """
    _one_length(x, y, observable)
    with canvas(size=(4.8, 3.7)) as (drawing, axes):
        drawing.set_dpi(SHARP)
        shown = slice(None, None, thinned(len(x), MOST))
        low, high = _limits(observable, colour)
        dots = axes.scatter(
            coordinates[0].wrapped(x)[shown], coordinates[1].wrapped(y)[shown], s=5, linewidths=0,
            c=colour.wrapped(observable)[shown], cmap=_scale(colour), vmin=low, vmax=high,
            rasterized=True,
        )  # fmt: skip
        _frame(axes, x, y, coordinates)
        bar = drawing.colorbar(dots, ax=axes, pad=0.02)
        bar.outline.set_visible(False)
        colour.dress(bar.ax.yaxis)
        return Figure(
            to_svg(drawing), _alt(coordinates, colour.name), _caption(coordinates, colour.name)
        )


def latent_states(
    x: Floats,
    y: Floats,
    states: Sequence[str],
    *,
    coordinates: tuple[Coordinate, Coordinate],
) -> Figure:
    """Frames over two coordinates, coloured by the state they are in.

    Parameters
    ----------
    x, y : array, shape (frame,)
    states : sequence of str, of as many
        The most frequent get a colour and a marker of their own.
    coordinates : tuple of two Coordinate

    Raises
    ------
    SpecError
        If the three are not of one length.
    """
    names, member = np.unique(np.asarray(states, dtype=object).astype(str), return_inverse=True)
    _one_length(x, y, member)
    with canvas(size=(4.8, 3.7)) as (drawing, axes):
        drawing.set_dpi(SHARP)
        every = thinned(len(x), MOST)
        a, b = coordinates[0].wrapped(x)[::every], coordinates[1].wrapped(y)[::every]
        shares = np.bincount(member, minlength=len(names)) / max(len(member), 1)
        kept = np.sort(np.argsort(-shares, kind="stable")[:STATES])
        for look, state in zip(looks([str(s) for s in kept]).values(), kept, strict=True):
            there = member[::every] == state
            axes.plot(
                a[there], b[there], look.marker, markersize=2, markeredgewidth=0, alpha=0.75,
                color=look.colour, rasterized=True,
            )  # fmt: skip
            label = f"{named(names[state])} ({percent(float(shares[state]))})"
            axes.plot([], [], look.marker, markersize=5, color=look.colour, label=label)
        _frame(axes, x, y, coordinates)
        key(drawing, axes, columns=3)
        rest = len(names) - len(kept)
        left = f" {rest} rarer states are left out." if rest else ""
        return Figure(
            to_svg(drawing), _alt(coordinates, "state"), _caption(coordinates, "state") + left
        )


def _one_length(*columns: NDArray[Any]) -> None:
    if len({len(one) for one in columns}) != 1:
        raise SpecError(
            f"columns of {', '.join(str(len(one)) for one in columns)} frames",
            where="latent", expected="one length",
        )  # fmt: skip


def _limits(values: Floats, colour: Coordinate) -> tuple[float, float]:
    """The whole ring, or all but the outermost half per cent at either end."""
    if colour.span is not None:
        return colour.limits()
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = (float(q) for q in np.quantile(colour.scaled(finite), [0.005, 0.995]))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _scale(colour: Coordinate) -> Colormap:
    """Viridis, or for a ring a scale that closes, darkened so that its ends are seen on white."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    if colour.span is None:
        return colormaps["viridis"]
    ring = colormaps["twilight"](np.linspace(0, 1, 256))
    return ListedColormap(ring * (0.8, 0.8, 0.8, 1))


def _frame(axes: Axes, x: Floats, y: Floats, coordinates: tuple[Coordinate, Coordinate]) -> None:
    axes.set(xlim=coordinates[0].limits(x), ylim=coordinates[1].limits(y))
    coordinates[0].dress(axes.xaxis)
    coordinates[1].dress(axes.yaxis)


def _alt(coordinates: tuple[Coordinate, Coordinate], colour: str) -> str:
    x, y = (one.name for one in coordinates)
    return f"Frames over {x} and {y}, coloured by {colour}."


def _caption(coordinates: tuple[Coordinate, Coordinate], colour: str) -> str:
    x, y = (one.name for one in coordinates)
    return (
        f"Each point is a frame, at its {x} and {y}, coloured by {colour}. Good: colours lie "
        "apart or change smoothly. Bad: different colours on top of each other, which a bias "
        "along these coordinates cannot tell apart."
    )
