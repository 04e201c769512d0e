"""Sensitivity: which features a collective variable follows, and how steep it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.figures.canvas import canvas, key, named, plain_numbers
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.page import Figure
from sciae.report.words import number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["gradient_norm", "sensitivity_bars"]

MOST = 16  # features shown
BINS = 40
FLAT = 0.01  # of the median: below, the variable hardly moves with the atoms
STEEP = 100.0
BLUE = "#0072B2"


def sensitivity_bars(
    sensitivity: Mapping[str, float], *, name: str = "s", most: int = MOST
) -> Figure | None:
    """A bar for each feature, the strongest on top; None without features.

    Parameters
    ----------
    sensitivity : mapping of str to float
        How strongly the variable follows each feature; not negative.
    name : str
        Of the variable.
    most : int
        Features shown.
    """
    if not sensitivity:
        return None
    total = sum(sensitivity.values())
    order = sorted(sensitivity, key=lambda f: -sensitivity[f])
    shown = order[:most]
    values = [sensitivity[f] / total if total else 0.0 for f in shown]
    with canvas(size=(4.8, max(1.9, 1.0 + 0.235 * len(shown)))) as (drawing, axes):
        axes.barh(range(len(shown)), values, height=0.68, color=BLUE)
        for place, value in enumerate(values):
            axes.annotate(
                percent(value), (value, place), xytext=(3, 0), textcoords="offset points",
                va="center", fontsize=8,
            )  # fmt: skip
        axes.set_yticks(range(len(shown)), [named(f, 24) for f in shown])
        axes.set(
            ylim=(len(shown) - 0.4, -0.6),
            xlim=(0, 1.16 * max(*values, 1e-9)) if len(values) > 1 else (0, 1.16),
            xlabel=f"share of the sensitivity of {named(name)}",
        )
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        _percents(axes)
        return Figure(to_svg(drawing), _alt(sensitivity, order, name), _told(order, shown, name))


def _percents(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))


def _alt(sensitivity: Mapping[str, float], order: list[str], name: str) -> str:
    total = sum(sensitivity.values()) or 1.0
    first = ", ".join(f"{f} {percent(sensitivity[f] / total)}" for f in order[:3])
    return f"Sensitivity of {name} by feature; the strongest: {first}."


def _told(order: list[str], shown: list[str], name: str) -> str:
    rest = len(order) - len(shown)
    left = f" {rest} weaker features are left out." if rest else ""
    return (
        f"How strongly {name} follows each feature over the data, the sum being 100 %.{left} Bad: "
        "bars all alike, or a feature on top that has no part in the transition."
    )


def gradient_norm(
    norms: Floats, *, name: str = "s", unit: str = "1/nm", by: str = "the positions of the atoms"
) -> Figure:
    """A histogram of the length of the gradient.

    Parameters
    ----------
    norms : array, shape (frame,)
        Zeros are counted at the left end.
    name, unit : str
        Of the variable, and of the norms.
    by : str
        What the derivatives are taken by.
    """
    with canvas(size=(4.8, 3.0)) as (drawing, axes):
        middle = float(np.median(norms)) if len(norms) else 0.0
        if middle > 0:
            _histogram(axes, norms, middle)
        axes.set(xlabel=f"|∇{named(name)}| ({unit})", ylabel="frames")
        key(drawing, axes, columns=3)
        return Figure(
            to_svg(drawing),
            f"Gradient norm of {name}: median {number(middle)} {unit}.",
            _steepness(norms, middle, name, unit, by),
        )


def _histogram(axes: Axes, norms: Floats, middle: float) -> None:
    low = max(float(norms.min()), 1e-4 * middle)
    high = max(float(norms.max()), 1.1 * low)
    edges = np.geomspace(low * 0.98, high * 1.02, BINS + 1)
    axes.hist(np.clip(norms, edges[0], edges[-1]), edges.tolist(), color=BLUE, alpha=0.8)
    axes.axvline(middle, color="black", linestyle="--", linewidth=1.2, label="median")
    for edge, word in ((FLAT * middle, "flat below"), (STEEP * middle, "steep above")):
        if edges[0] < edge < edges[-1]:
            axes.axvline(edge, color="#D55E00", linestyle=":", linewidth=1.4, label=word)
    axes.set_xscale("log")
    axes.set_xlim(edges[0], edges[-1])
    plain_numbers(axes.xaxis)
    if edges[-1] / edges[0] < 50:  # noqa: PLR2004 - little more than a decade has few powers of ten
        _few_ticks(axes, edges)


def _few_ticks(axes: Axes, edges: Floats) -> None:
    from matplotlib.ticker import LogLocator

    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.set_xlim(edges[0], edges[-1])


def _steepness(norms: Floats, middle: float, name: str, unit: str, by: str) -> str:
    flat = percent(float(np.mean(norms < FLAT * middle))) if len(norms) else percent(np.nan)
    steep = percent(float(np.mean(norms > STEEP * middle))) if len(norms) else percent(np.nan)
    return (
        f"Length of the gradient of {name} by {by}; median "
        f"{number(middle)} {unit}. {flat} of the frames lie below {FLAT:g} of the median, where "
        f"a bias pushes nothing, and {steep} above {STEEP:g} times it, where it kicks. Bad: a "
        "tail on either side."
    )
