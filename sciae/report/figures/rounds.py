"""Rounds: whether learning again from a biased run made the next run better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError
from sciae.report.figures.canvas import canvas
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.page import Figure
from sciae.report.words import number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["rounds_figure"]


def rounds_figure(transitions: Floats, n_eff: Floats, coverage: Floats) -> Figure:
    """Transitions per ns, effective frames and coverage, round by round.

    Parameters
    ----------
    transitions, n_eff, coverage : array, shape (round,)
        Per ns; frames that count after reweighting; share of the map visited. NaN: not known.

    Raises
    ------
    SpecError
        If there is no round, or not one number of each for every round.
    """
    lengths = {len(transitions), len(n_eff), len(coverage)}
    if len(lengths) != 1 or lengths == {0}:
        raise SpecError(
            f"rounds of {sorted(lengths)} values", where="rounds_figure", expected="one of each"
        )
    columns = (
        (transitions, "transitions\nper ns", "#D55E00", "o"),
        (n_eff, "frames\nthat count", "#0072B2", "s"),
        (100 * coverage, "coverage\n(%)", "#009E73", "^"),
    )
    with canvas(3, 1, size=(4.8, 4.4)) as (drawing, panels):
        for axes, (values, label, colour, marker) in zip(panels, columns, strict=True):
            _panel(axes, values, label, colour, marker)
        for axes in panels[:-1]:
            axes.tick_params(labelbottom=False)
        panels[-1].set_xlabel("round")
        drawing.align_ylabels(list(panels))
        return Figure(to_svg(drawing), _alt(transitions, n_eff, coverage), _CAPTION)


_CAPTION = (
    "Each round learns a collective variable from all frames so far, reweighted, and biases "
    "along it. Good: more transitions and frames that count, round by round, until they stay. "
    "Bad: a round below the one before it, or coverage that still grows at the end."
)


def _panel(axes: Axes, values: Floats, label: str, colour: str, marker: str) -> None:
    rounds = np.arange(1, len(values) + 1)
    axes.plot(rounds, values, color=colour, marker=marker, markersize=5)
    top = float(np.nan_to_num(values, nan=0).max(initial=0)) or 1.0
    axes.set(ylim=(-0.05 * top, 1.3 * top), xlim=(0.7, len(values) + 0.3), ylabel=label)
    axes.set_xticks(rounds[:: max(1, len(rounds) // 12)])
    axes.locator_params(axis="y", nbins=4)
    few = len(values) <= 10  # noqa: PLR2004 - more numbers would touch each other
    for at, value in zip(rounds, values, strict=True):
        if few and np.isfinite(value):
            axes.annotate(
                number(float(value), 2), (at, value), xytext=(0, 5), textcoords="offset points",
                ha="center", fontsize=8,
            )  # fmt: skip


def _alt(transitions: Floats, n_eff: Floats, coverage: Floats) -> str:
    first, last = (
        f"{number(float(transitions[i]))} transitions per ns, {number(float(n_eff[i]))} frames "
        f"that count, {percent(float(coverage[i]))} covered"
        for i in (0, -1)
    )
    return f"Round 1: {first}. Round {len(transitions)}: {last}."
