"""Carried: the score against a column that was never learnt, such as the jet mass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.figures.canvas import canvas, key, named
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.page import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["score_against"]

BINS = (12, 48)  # along each axis, at least and at most
PROFILE = 10


def score_against(score: Floats, column: Floats, *, label: str, sample: str, said: str) -> Figure:
    """A two-dimensional histogram with the median score along it.

    Parameters
    ----------
    score, column : array, shape (row,)
        Finite.
    label : str
        Of the column, with its unit.
    sample : str
        Which rows they are.
    said : str
        The correlation with its interval, for the caption.
    """
    with canvas() as (drawing, axes):
        from matplotlib.colors import LogNorm

        x, y = _range(column), _range(score)
        bins = int(np.clip(0.5 * len(score) ** 0.5, *BINS))
        counts, _, _ = np.histogram2d(column, score, bins=bins, range=[x, y])
        shown = axes.imshow(
            _hidden(counts.T),
            extent=(*x, *y),
            origin="lower",
            aspect="auto",
            interpolation="none",
            cmap=_blues(),
            norm=LogNorm(1, max(2, counts.max())),
        )
        axes.grid(visible=False)
        _profile(axes, column, score)
        bar = drawing.colorbar(shown, ax=axes, pad=0.02)
        bar.set_label("rows")
        bar.outline.set_visible(False)
        _plain(bar)
        axes.set(xlabel=named(label, 40), ylabel="score (nats)", xlim=x, ylim=y)
        key(drawing, axes)
        return Figure(
            to_svg(drawing),
            f"Score of {sample} against {label}: {said}.",
            f"{sample}: score against {label}. {said}; the line joins medians of ten equal "
            "shares of the rows.",
        )


def _range(values: Floats) -> tuple[float, float]:
    low, high = (float(np.quantile(values, q)) for q in (0.002, 0.998))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _hidden(counts: Floats) -> np.ma.MaskedArray[tuple[int, ...], np.dtype[np.float64]]:
    """The counts with empty bins left white."""
    return np.ma.masked_less(counts, 0.5)


def _blues() -> Colormap:
    """From a blue that is seen on white to nearly black."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["Blues"](np.linspace(0.2, 1, 256)))


def _profile(axes: Axes, column: Floats, score: Floats) -> None:
    order = np.argsort(column, kind="stable")
    pieces = [piece for piece in np.array_split(order, PROFILE) if len(piece)]
    middle = [float(np.median(column[piece])) for piece in pieces]
    median = [float(np.median(score[piece])) for piece in pieces]
    axes.plot(middle, median, color="white", linewidth=4, zorder=2)
    axes.plot(middle, median, color="#D55E00", marker="o", markersize=4, label="median score")


def _plain(bar: object) -> None:
    from matplotlib.colorbar import Colorbar

    from sciae.report.figures.canvas import plain_numbers

    assert isinstance(bar, Colorbar)
    plain_numbers(bar.ax.yaxis)
