"""Parts: which fields a score is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.figures.canvas import (
    BACKGROUND,
    Look,
    canvas,
    key,
    looks,
    named,
    tick,
)
from sciae.report.figures.canvas import svg as to_svg
from sciae.report.page import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Parts = Mapping[str, NDArray[np.float64]]

__all__ = ["mean_parts", "strangest_parts"]

MOST = 16  # fields shown
LINEAR = 10.0  # nats: beyond, the axis is logarithmic if values go far
FAR = 60.0


def mean_parts(samples: Mapping[str, Parts]) -> Figure | None:
    """The mean share of each field in the score, a dot per sample.

    Parameters
    ----------
    samples : mapping of str to mapping of str to array, shape (row,)
        Background first; samples without rows are left out.
    """
    means = {
        name: {f: float(np.mean(x)) for f, x in parts.items()}
        for name, parts in samples.items()
        if len(next(iter(parts.values()), []))
    }
    if not means:
        return None
    fields, dropped = _chosen(means)
    first, *others = means
    drawn = {first: Look(BACKGROUND, "-", "X"), **looks(others)}
    with canvas(size=_size(len(fields))) as (drawing, axes):
        _guides(axes, fields)
        for name, look in drawn.items():
            _dots(axes, [means[name][f] for f in fields], look, name)
        _scale(axes, [value for one in means.values() for value in one.values()])
        axes.set_xlabel("mean part of the score (nats)")
        key(drawing, axes)
        widest = max(fields, key=lambda f: _spread(means, f))
        return Figure(
            to_svg(drawing),
            f"Mean part of each field for {', '.join(means)}; they differ most in {widest}.",
            "What the score is made of: the mean part of each field. The parts of a row add up to "
            f"its score; “code” is the cost of the code itself.{_left_out(dropped)}",
        )


def strangest_parts(
    rows: Mapping[str, Mapping[str, float]], typical: Parts, *, name: str = "background"
) -> Figure | None:
    """The parts of a few rows over what is typical of background, field by field.

    Parameters
    ----------
    rows : mapping of str to mapping of str to float
        A label, and each field's part, in nats.
    typical : mapping of str to array, shape (row,)
        The parts of many rows: their middle 90 % are a band.
    name : str
        Of these.
    """
    if not rows or not len(next(iter(typical.values()), [])):
        return None
    fields, dropped = _chosen(rows)
    with canvas(size=_size(len(fields))) as (drawing, axes):
        _guides(axes, fields)
        band = np.array([np.quantile(typical[f], [0.05, 0.5, 0.95]) for f in fields])
        at = np.arange(len(fields))
        axes.barh(
            at,
            band[:, 2] - band[:, 0],
            left=band[:, 0],
            height=0.62,
            color="#d3d8dd",
            label=f"middle 90 % of {named(name, 20)}",
        )
        axes.plot(band[:, 1], at, "|", color=BACKGROUND, markersize=9, zorder=2)
        for row_name, look in looks(list(rows)).items():
            _dots(axes, [rows[row_name][f] for f in fields], look, row_name)
        _scale(axes, [value for row in rows.values() for value in row.values()])
        axes.set_xlabel("part of the score (nats)")
        key(drawing, axes, bars_first=True)
        return Figure(
            to_svg(drawing),
            f"Parts of the strangest rows, field by field, over the middle 90 % of {name}.",
            f"Why rows are strange: the parts of the strangest beside the median and the middle "
            f"90 % of {name}.{_left_out(dropped)}",
        )


def _chosen(samples: Mapping[str, Mapping[str, float]]) -> tuple[list[str], int]:
    """The fields in their order; the most telling if there are many."""
    fields = list(next(iter(samples.values())))
    if len(fields) <= MOST:
        return fields, 0
    telling = sorted(fields, key=lambda f: -_spread(samples, f))[:MOST]
    return [f for f in fields if f in telling], len(fields) - MOST


def _spread(samples: Mapping[str, Mapping[str, float]], field: str) -> float:
    values = [sample[field] for sample in samples.values()]
    return max(values) - min(values) if len(values) > 1 else abs(values[0])


def _left_out(dropped: int) -> str:
    return f" {dropped} fields that differ less are left out." if dropped else ""


def _size(fields: int) -> tuple[float, float]:
    return 4.8, max(2.6, 1.25 + 0.235 * fields)


def _guides(axes: Axes, fields: Sequence[str]) -> None:
    axes.set_yticks(range(len(fields)), [named(f, 22) for f in fields])
    axes.set_ylim(len(fields) - 0.4, -0.6)
    axes.axvline(0, color=BACKGROUND, linewidth=0.8, zorder=1)
    axes.tick_params(axis="y", length=0)


def _dots(axes: Axes, values: Sequence[float], look: Look, name: str) -> None:
    axes.plot(
        values,
        range(len(values)),
        linestyle="none",
        marker=look.marker,
        markersize=5.5,
        color=look.colour,
        markeredgecolor="white",
        markeredgewidth=0.6,
        label=named(name),
        zorder=3,
    )


def _scale(axes: Axes, values: Sequence[float]) -> None:
    """Linear, unless some parts are so large that the others would not be seen."""
    from matplotlib.ticker import FuncFormatter

    if max(map(abs, values), default=0) > FAR:
        axes.set_xscale("symlog", linthresh=LINEAR)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
