"""Time scales: how slow a collective variable is, by the lag at which it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.figures.canvas import GREY, canvas, key, looks, plain_numbers
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.page import Figure
from sciae.report.words import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["implied_time_scales"]

MOST = 4  # processes drawn


def implied_time_scales(
    time_scales: Mapping[int, Sequence[float]], *, row_time: float | None = None
) -> Figure | None:
    """Implied time scales against the lag; None without any.

    Parameters
    ----------
    time_scales : mapping of int to sequence of float
        By lag, slowest first; all in rows.
    row_time : float, optional
        Picoseconds per row.
    """
    if not time_scales:
        return None
    scale, unit = (1.0, "rows") if row_time is None else (row_time, "ps")
    lags = scale * np.array(list(time_scales), np.float64)
    found = scale * _table(list(time_scales.values()))  # (lag, process)
    with canvas(size=(4.8, 3.0)) as (drawing, axes):
        found = found[:, np.isfinite(found).any(0)]
        names = [f"process {i + 1}" for i in range(found.shape[1])]
        for column, (name, look) in zip(found.T, looks(names).items(), strict=True):
            axes.plot(
                lags, column, color=look.colour, linestyle=look.line, marker=look.marker,
                markersize=4, label=name,
            )  # fmt: skip
        _unresolved(axes, lags, found)
        axes.set(xlabel=f"lag ({unit})", ylabel=f"implied time scale ({unit})")
        key(drawing, axes, columns=3)
        slowest = number(float(found[-1, 0]) if found.size else float("nan"))
        return Figure(
            to_svg(drawing),
            f"Implied time scales by lag; the slowest is {slowest} {unit} at the longest lag.",
            f"Implied time scales of the variable; at the longest lag the slowest is {slowest} "
            f"{unit}. Good: level lines, far above the grey, where a process is faster than the "
            "lag. Bad: still rising at the longest lag: the variable misses part of the motion.",
        )


def _table(rows: Sequence[Sequence[float]]) -> Floats:
    """One row per lag, padded with NaN; only the slowest processes."""
    columns = min(MOST, max(map(len, rows)))
    table = np.full((len(rows), columns), np.nan)
    for place, row in enumerate(rows):
        kept = list(row)[:columns]
        table[place, : len(kept)] = kept
    return np.where(np.isfinite(table) & (table > 0), table, np.nan)


def _unresolved(axes: Axes, lags: Floats, found: Floats) -> None:
    """Grey below time scale = lag, on logarithmic axes."""
    low = 0.5 * float(min(np.nanmin(found, initial=np.inf), lags.min()))
    high = 2 * float(max(np.nanmax(found, initial=0.0), lags.max()))
    edge = np.array([0.8 * lags[0], 1.25 * lags[-1]])
    axes.fill_between(edge, low, edge, color=GREY, alpha=0.18, lw=0, label="below the lag")
    axes.set(xscale="log", yscale="log", xlim=edge, ylim=(low, high))
    axes.set_xticks(lags)
    axes.minorticks_off()
    plain_numbers(axes.xaxis, axes.yaxis)
