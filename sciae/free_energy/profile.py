r"""Free-energy profiles of one or two coordinates, with a band that knows of correlation."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from sciae.errors import DataError, SpecError
from sciae.free_energy.bins import Bins, bins_of
from sciae.free_energy.correlation import block_length, blocks_of
from sciae.free_energy.frames import Frames, Period, frames_of
from sciae.free_energy.interval import LEVEL, QUANTILE
from sciae.free_energy.weights import kish, poverty, thermal_energy
from sciae.run.atomic import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Profile", "profile"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Profile:
    r"""Free energy in each bin.

    A free energy has no zero. `F` is 0 in its lowest bin; `error`, `low` and `high` are
    those of F measured from the free energy of all the bins together, which is what the
    normalised density gives: the constant between the two has no error. To first order the
    same as measured from F's own mean over the density.

    Attributes
    ----------
    bins : Bins
        Edges, centres and periods.
    F : array, shape (bin,) or (bin, bin)
        kJ/mol; NaN where no frame has weight.
    error, low, high : array, the shape of F
        Standard error and 95 % interval, pointwise, in kJ/mol; NaN where F is. Infinite
        where one block alone saw the bin.
    counts : array of int, the shape of F
        Frames in each bin, before weights.
    temperature : float
        K.
    n_eff : float
        Kish's effective number of frames of the weights; correlation makes it fewer.
    inefficiency : float
        Frames that count as one, from the slowest thing that the coordinates show.
    outside : int
        Frames that fell into no bin.
    outside_weight : float
        Their share of the weight.
    blocks : array, shape (block, \*bins)
        Sum of the weights in each bin and block: what the band was made of.
    names, units : tuple of str
        One per coordinate.
    """

    bins: Bins
    F: NDArray[np.float64]
    error: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    counts: NDArray[np.int64]
    temperature: float
    n_eff: float
    inefficiency: float
    outside: int
    outside_weight: float
    blocks: NDArray[np.float64]
    names: tuple[str, ...]
    units: tuple[str, ...]

    @property
    def edges(self) -> tuple[NDArray[np.float64], ...]:
        """Of the bins, per coordinate."""
        return self.bins.edges

    @property
    def centres(self) -> tuple[NDArray[np.float64], ...]:
        """Of the bins, per coordinate."""
        return self.bins.centres

    @property
    def share(self) -> NDArray[np.float64]:
        """The probability of each bin; they sum to 1."""
        mass = self.blocks.sum(0)
        return np.asarray(mass / mass.sum())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the band doubtful, in words."""
        few = f"{len(self.blocks)} independent blocks only: the band is a guess"
        out = f"{100 * self.outside_weight:.1f} % of the weight lies in no bin"
        return tuple(
            filter(
                None,
                (
                    poverty(self.n_eff, frames=int(self.counts.sum())),
                    few if len(self.blocks) < FEW_BLOCKS else "",
                    out if self.outside_weight > LOST else "",
                ),
            )
        )

    def to_csv(self, path: Path | None = None) -> str:
        """One row per bin: centres, F, error, low, high, frames; also written to `path`."""
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        heads = [f"{n} [{u}]" for n, u in zip(self.names, self.units, strict=True)]
        rows.writerow([*heads, *(f"{n} [kJ/mol]" for n in ("F", "error", "low", "high")), "frames"])
        grid = np.meshgrid(*self.centres, indexing="ij")
        columns = [*grid, self.F, self.error, self.low, self.high]
        numbers = np.stack([column.ravel() for column in columns], 1)
        for row, count in zip(numbers, self.counts.ravel(), strict=True):
            rows.writerow([*(f"{number:.8g}" for number in row), int(count)])
        if path is not None:
            write_text(path, text.getvalue())
        return text.getvalue()


# Student's t of 3 degrees of freedom is 1.6 times the normal quantile: fewer blocks say
# nothing, more would not outlast what is slow in a short run.
LEAST_BLOCKS = 4
MOST_BLOCKS = 200  # more do not sharpen the error, they take memory only
FEW_BLOCKS = 8
LOST = 0.01


def profile(
    x: ArrayLike,
    *,
    edges: ArrayLike | Sequence[ArrayLike],
    temperature: float,
    log_weight: ArrayLike | None = None,
    group: ArrayLike | None = None,
    period: Period = None,
    skip: float = 0.0,
    names: Sequence[str] = (),
    units: Sequence[str] = (),
) -> Profile:
    r"""Free energy in bins of one or two coordinates.

    .. math:: F_b = -kT \ln \frac{p_b}{v_b}, \qquad p_b = \frac{\sum_t w_t 1_b(x_t)}{\sum_t w_t}

    with the bin's width or area v, up to the constant that makes the least F zero.

    Parameters
    ----------
    x : array, shape (frame,) or (frame, 1 or 2)
    edges : array, shape (bin + 1,), or one such array per coordinate
        Rising; of a periodic coordinate they span one period at most.
    temperature : float
        K.
    log_weight, group, period, skip
        As in `sciae.free_energy.frames.frames_of`.
    names, units : sequence of str
        Of the coordinates, for tables and figures; s0, s1 and "1" by default.

    Raises
    ------
    DataError
        If no frame falls into any bin, or all their weights vanish.
    SpecError
        If the edges are none.

    Notes
    -----
    Each trajectory is cut into blocks five times as long as the largest statistical
    inefficiency that coordinates, quartiles and weights show, at least 4 and about 200 at
    most in all. With :math:`S_{kb}` the weight in block k and bin b,

    .. math:: \mathrm{Var} \ln p_b = \frac{n}{n - 1} \sum_k
        \left(\frac{S_{kb}}{S_b} - \frac{S_k}{S}\right)^2

    and the band is that of Student's t, whose degrees of freedom are Kish's number of the
    blocks that saw the bin (n - 1 at most): a bin met twice has a wide band. On synthetic
    runs it covers 94 to 97 % also with 10 slow crossings, where a bootstrap of the same
    blocks covers 90 to 94 % and leaves bins empty.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=10_000)
    >>> found = profile(x, edges=[-1.5, -0.5, 0.5, 1.5], temperature=300.0)
    >>> found.F.round(1).tolist(), found.counts.tolist(), found.outside
    ([1.1, 0.0, 1.0], [2442, 3747, 2506], 1305)
    """
    frames = frames_of(x, log_weight=log_weight, group=group, period=period, skip=skip)
    bins = bins_of(edges, period=frames.period)
    where = bins.index(frames.x)  # (frame,), -1 outside
    seen = where >= 0
    if not np.any(frames.weight[seen] > 0):
        raise DataError(
            f"none of {len(frames)} frames with any weight falls into a bin",
            where="edges",
            fix=f"The coordinates run {_ranges(frames)}: choose edges to fit.",
        )
    factor, blocks = _blocks(frames, where, bins.count)
    kT = thermal_energy(temperature)  # noqa: N806 - its name in physics
    total = blocks.sum(0)
    with np.errstate(divide="ignore"):
        raw = -kT * np.log(total / total.sum() / bins.volume.ravel())
    energy = np.where(total > 0, raw - raw.min(), np.nan)
    sd, half = (kT * values for values in _spread(blocks))
    weight = frames.weight
    return Profile(
        bins=bins,
        F=energy.reshape(bins.shape),
        error=sd.reshape(bins.shape),
        low=(energy - half).reshape(bins.shape),
        high=(energy + half).reshape(bins.shape),
        counts=np.bincount(where[seen], minlength=bins.count).reshape(bins.shape),
        temperature=temperature,
        n_eff=kish(weight),
        inefficiency=factor,
        outside=int(np.sum(~seen)),
        outside_weight=float(weight[~seen].sum() / weight.sum()),
        blocks=blocks.reshape(-1, *bins.shape),
        names=_named(names, bins, "s{}", "names"),
        units=_named(units, bins, "1", "units"),
    )


def _blocks(
    frames: Frames, where: NDArray[np.intp], bins: int
) -> tuple[float, NDArray[np.float64]]:
    """The inefficiency, and the weight in each block and bin, shape (block, bin)."""
    factor, wanted = block_length(frames)
    length = min(max(wanted, len(frames) // MOST_BLOCKS), max(1, len(frames) // LEAST_BLOCKS))
    edges = blocks_of(frames.starts, length=length)
    block = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    seen = where >= 0
    flat = block[seen] * bins + where[seen]
    sums = np.bincount(flat, frames.weight[seen], minlength=(len(edges) - 1) * bins)
    return factor, np.asarray(sums, np.float64).reshape(-1, bins)


def _spread(blocks: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standard error, and half the 95 % interval, of ln p in each bin; NaN where p is 0."""
    count, total = len(blocks), blocks.sum(0)
    every = blocks.sum(1, keepdims=True) / total.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = blocks / total - every
        kish = total**2 / np.square(blocks).sum(0)
    if count == 1:
        return (np.where(total > 0, math.inf, np.nan),) * 2
    sd = np.sqrt(count / (count - 1) * np.square(scores).sum(0))
    freedom = np.clip(kish, 1.0, count - 1.0)
    half = sd * stats.t.ppf((1 + LEVEL) / 2, freedom)
    return half / QUANTILE, half


def _named(given: Sequence[str], bins: Bins, default: str, where: str) -> tuple[str, ...]:
    if not given:
        return tuple(default.format(i) for i in range(len(bins.shape)))
    if len(given) != len(bins.shape):
        raise SpecError(f"{len(given)} of them", where=where, expected=f"{len(bins.shape)}")
    return tuple(given)


def _ranges(frames: Frames) -> str:
    return ", ".join(f"from {c.min():.4g} to {c.max():.4g}" for c in frames.x.T)
