"""Maps: where in an image the score lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sciae.report.figures.canvas import canvas, named, tick
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.page import Figure
from sciae.report.words import number as said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing
    from numpy.typing import NDArray

__all__ = ["ErrorMap", "error_maps"]


@dataclass(frozen=True)
class ErrorMap:
    """An image and its part of the score, pixel by pixel.

    Attributes
    ----------
    title : str
        Which row it is.
    image, nats : array, shape (pixel, pixel)
    unit : str
        Of the image's intensity.
    x, y : str
        What runs along its columns and its rows, with the unit.
    extent : tuple of float, optional
        Left, right, bottom and top edge, in that unit.
    """

    title: str
    image: NDArray[Any]
    nats: NDArray[Any]
    unit: str = "1"
    x: str = "pixel"
    y: str = "pixel"
    extent: tuple[float, float, float, float] | None = None


def error_maps(maps: Sequence[ErrorMap]) -> tuple[Figure, ...]:
    """A figure per map, all with the same two colour scales."""
    if not maps:
        return ()
    brightest = max(float(np.nan_to_num(one.image).max(initial=0)) for one in maps) or 1.0
    nats = np.concatenate([one.nats.ravel() for one in maps])
    low, high = (float(np.quantile(nats, q)) for q in (0.002, 0.998))
    limits = (low, high if high > low else low + 1)
    return tuple(_map(one, brightest, limits) for one in maps)


def _map(one: ErrorMap, brightest: float, limits: tuple[float, float]) -> Figure:
    unit = "" if one.unit == "1" else f" ({one.unit})"
    with canvas(1, 2, size=(4.8, 3.0)) as (drawing, (left, right)):
        _panel(drawing, left, one, _Scale(one.image, "Blues", (0, brightest), f"intensity{unit}"))
        _panel(drawing, right, one, _Scale(one.nats, "Oranges", limits, "part of the score (nats)"))
        left.set_ylabel(named(one.y, 40))
        drawing.suptitle(named(one.title, 60), fontsize=9, x=0.02, ha="left")
        total = said(float(one.nats.sum()), 4)
        where = np.unravel_index(int(np.argmax(one.nats)), one.nats.shape)
        return Figure(
            to_svg(drawing),
            f"{one.title}: image and its score by pixel, {total} nats in sum; largest at "
            f"pixel {tuple(map(int, where))}.",
            f"{one.title}. Left the image, right its part of the score by pixel, {total} nats "
            "in sum. All maps share their two colour scales, which go as the square root.",
        )


class _Scale(NamedTuple):
    """Values and how they become colours."""

    values: NDArray[Any]
    colours: str
    limits: tuple[float, float]
    label: str


def _panel(drawing: Drawing, axes: Axes, one: ErrorMap, scale: _Scale) -> None:
    from matplotlib.colors import PowerNorm

    shown = axes.imshow(
        np.asarray(scale.values, np.float64),
        cmap=scale.colours,
        norm=PowerNorm(0.5, *scale.limits, clip=True),
        interpolation="none",
        origin="lower",
        extent=one.extent,
    )
    _frame(axes, one)
    ticks = _ticks(*scale.limits)
    bar = drawing.colorbar(shown, ax=axes, location="bottom", pad=0.03, aspect=18, ticks=ticks)
    bar.ax.set_xticklabels([tick(value) for value in ticks])
    bar.set_label(named(scale.label, 40))
    bar.outline.set_visible(False)


def _frame(axes: Axes, one: ErrorMap) -> None:
    axes.grid(visible=False)
    axes.set_xlabel(named(one.x, 40))
    if one.extent is None:
        axes.set_xticks([])
        axes.set_yticks([])
    else:
        axes.locator_params(nbins=4)
    for spine in axes.spines.values():
        spine.set_visible(True)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers that stand about evenly on a square-root scale.

    Examples
    --------
    >>> _ticks(0.0, 0.83)
    [0.0, 0.09, 0.4, 0.8]
    """
    even = (low + (high - low) * (step / 3) ** 2 for step in range(4))
    return sorted({value for x in even if low <= (value := float(f"{x:.0e}")) <= high})
