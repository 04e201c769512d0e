"""Distributions of scores and of p-values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.figures.canvas import (
    BACKGROUND,
    GREY,
    MINUS,
    canvas,
    key,
    looks,
    named,
    plain_numbers,
)
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.page import Figure
from sciae.report.words import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["p_values", "score_distributions"]

BINS = (16, 48)  # at least, at most
P_BINS = 20
LONG_TAIL = 0.002  # a share of rows left out at either end of the axis, at most


def score_distributions(
    background: Floats,
    samples: Mapping[str, Floats],
    *,
    name: str = "background",
    threshold: float | None = None,
    threshold_name: str = "threshold",
) -> Figure:
    """Densities of the score on a logarithmic axis, background filled.

    Parameters
    ----------
    background : array, shape (row,)
        In nats.
    samples : mapping of str to array, shape (row,)
    name : str
        Of the background.
    threshold : float, optional
        A cut to mark.
    """
    everything = {name: background, **samples}
    edges = _edges(list(everything.values()))
    with canvas() as (drawing, axes):
        _filled(axes, background, edges, name)
        for label, look in looks(list(samples)).items():
            axes.stairs(
                _drawn(samples[label], edges),
                edges,
                baseline=None,
                color=look.colour,
                linestyle=look.line,
                linewidth=1.7,
                label=named(label),
            )
        if threshold is not None and edges[0] < threshold < edges[-1]:
            axes.axvline(
                threshold, color="black", linewidth=1, linestyle=(0, (2, 2)), label=threshold_name
            )
        _log_density(axes, [_density(values, edges) for values in everything.values()])
        axes.set(
            xlabel="score (nats; larger is stranger)",
            ylabel="density (1/nat)",
            xlim=(edges[0], edges[-1]),
        )
        key(drawing, axes)
        return Figure(to_svg(drawing), _alt_scores(everything), _caption_scores(everything, edges))


def _filled(axes: Axes, values: Floats, edges: Floats, name: str) -> None:
    density = _density(values, edges)
    axes.stairs(density, edges, baseline=0, fill=True, color="#d3d8dd")
    axes.stairs(
        _drawn(values, edges),
        edges,
        baseline=None,
        color=BACKGROUND,
        linewidth=1.2,
        label=named(name),
    )


def _edges(parts: Sequence[Floats]) -> Floats:
    """Bin edges that hold all but the far ends of each part."""
    there = [part for part in parts if len(part)]
    if not there:
        return np.linspace(0.0, 1.0, BINS[0] + 1)
    bins = int(np.clip(3 * min(map(len, there)) ** (1 / 3), *BINS))  # more are noise
    low = min(float(np.quantile(part, LONG_TAIL)) for part in there)
    high = max(float(np.quantile(part, 1 - LONG_TAIL)) for part in there)
    margin = 0.02 * (high - low) if high - low > 1e-9 * max(abs(low), abs(high), 1e-9) else 0.5
    return np.linspace(low - margin, high + margin, bins + 1)


def _density(values: Floats, edges: Floats) -> Floats:
    """Rows per bin over all rows and the bin's width: what lies outside is not made up for."""
    counts, _ = np.histogram(values, edges)
    density: Floats = counts / (max(len(values), 1) * np.diff(edges))
    return density


def _drawn(values: Floats, edges: Floats) -> Floats:
    """The density with gaps for empty bins, which a logarithmic axis cannot show."""
    density = _density(values, edges)
    return np.where(density > 0, density, np.nan)


def _log_density(axes: Axes, densities: Sequence[Floats]) -> None:
    filled = np.concatenate([density[density > 0] for density in densities])
    if not len(filled):
        return
    axes.set_yscale("log")
    axes.set_ylim(0.5 * filled.min(), 2 * filled.max())
    plain_numbers(axes.yaxis)


def _alt_scores(everything: Mapping[str, Floats]) -> str:
    medians = [f"{name} {np.median(v):.4g}" for name, v in everything.items() if len(v)]
    return f"Score distributions; medians in nats: {', '.join(medians) or 'no rows'}."


def _caption_scores(everything: Mapping[str, Floats], edges: Floats) -> str:
    outside = [
        f"{name} {percent(share)}"
        for name, values in everything.items()
        if len(values) and (share := float(np.mean((values < edges[0]) | (values > edges[-1])))) > 0
    ]
    beyond = f" Rows beyond the axis: {', '.join(outside)}." if outside else ""
    return f"Distribution of the score, {MINUS}ln p(x).{beyond}"


def p_values(p: Floats, calibration_rows: float, *, name: str = "background") -> Figure:
    """How p-values are spread, against uniform with the band that chance allows.

    With n calibration rows shared by all p-values, the number of m fresh rows in a bin of K
    of the n + 1 ranks is beta-binomial(m, K, n + 1 − K), whatever the score.

    Parameters
    ----------
    p : array, shape (row,)
    calibration_rows : float
        n, or its effective number if rows are weighted.
    name : str
        Of the rows.
    """
    ranks = np.unique(np.rint(np.linspace(0, calibration_rows + 1, P_BINS + 1)))
    bins = np.searchsorted(ranks, p * (calibration_rows + 1) - 1e-6, side="right") - 1
    counts = np.bincount(bins.clip(0, len(ranks) - 2), minlength=len(ranks) - 1)
    shares = np.diff(ranks) / ranks[-1]
    low, high = _band(len(p), np.diff(ranks), ranks[-1])
    scale, edges = max(len(p), 1) * shares, ranks / ranks[-1]
    with canvas() as (drawing, axes):
        axes.stairs(
            high / scale,
            edges,
            baseline=low / scale,
            fill=True,
            color="#d3d8dd",
            label="95 % of background, bin by bin",
        )
        axes.axhline(1, color=GREY, linewidth=1, linestyle="--", label="uniform")
        axes.stairs(
            counts / scale, edges, baseline=None, color="#0072B2", linewidth=1.6, label=named(name)
        )
        axes.set(
            xlabel="p-value",
            ylabel="density",
            xlim=(0, 1),
            ylim=(0, 1.12 * max([*(counts / scale), *(high / scale), 1])),
        )
        key(drawing, axes)
        outside = int(((counts < low) | (counts > high)).sum()) if len(p) else 0
        return Figure(
            to_svg(drawing),
            f"p-values of {name}: {outside} of {len(counts)} bins outside the band of uniform.",
            f"p-values of {len(p):,} rows. Flat is right for background: {outside} of "
            f"{len(counts)} bins lie outside the band, where about "
            f"{max(1, round(0.05 * len(counts)))} would by chance.",
        )


def _band(rows: int, ranks: Floats, total: float) -> tuple[Floats, Floats]:
    from scipy.stats import betabinom

    if rows == 0:
        return np.zeros(len(ranks)), np.zeros(len(ranks))
    low, high = (
        betabinom.ppf(q, rows, ranks, np.maximum(total - ranks, 1)) for q in (0.025, 0.975)
    )
    return low, high
