"""What a profile looks like: its basins, and the lowest way from one to another."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from sciae.errors import DataError, SpecError
from sciae.free_energy.frames import frames_of
from sciae.free_energy.interval import LEVEL, Interval, unbounded
from sciae.free_energy.regions import Basin, inside
from sciae.free_energy.weights import thermal_energy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.free_energy.bins import Bins
    from sciae.free_energy.profile import Profile

__all__ = ["Barrier", "Minimum", "barrier", "minima"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Minimum:
    """A basin of a profile; a function of coordinates that says whether they are in it.

    Hand it to `delta` or `transitions` as a basin.

    Attributes
    ----------
    at : tuple of float
        Centre of its lowest bin.
    F : float
        kJ/mol, there.
    depth : float
        kJ/mol from there up to the lowest pass to a deeper minimum, or as far as was seen;
        infinite of the deepest.
    core : array of bool, the shape of the bins
        The bins below `minima`'s height that connect to the lowest one.
    bins : Bins
    """

    at: tuple[float, ...]
    F: float
    depth: float
    core: NDArray[np.bool_]
    bins: Bins

    def __call__(self, x: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of x, shape (frame,) or (frame, coordinate), are in the core."""
        columns = np.asarray(x, np.float64).reshape(len(x), -1)
        where = self.bins.index(columns)
        return (where >= 0) & self.core.ravel()[where]


@dataclass(frozen=True, kw_only=True)
class Barrier:
    """The lowest way from one basin to another.

    Attributes
    ----------
    forward, backward : Interval
        kJ/mol from the lowest bin of a, and of b, up to the highest bin on the way.
    at : tuple of float
        Centre of that bin.
    """

    forward: Interval
    backward: Interval
    at: tuple[float, ...]


def minima(profile: Profile, *, depth: float = 1.0, height: float = 1.0) -> tuple[Minimum, ...]:
    """Basins, the lowest first.

    Parameters
    ----------
    profile : Profile
    depth : float
        kT that a minimum must lie below the pass to a deeper one, or it is noise; its own
        standard error, if that is more.
    height : float
        kT above a minimum up to which bins are its core; less if the pass is lower.

    Raises
    ------
    SpecError
        If `depth` or `height` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from sciae.free_energy.profile import profile
    >>> x = np.tile(np.repeat([-1.0, 0.0, 1.0, 0.0], [300, 5, 100, 5]), 20)
    >>> found = profile(x, edges=np.linspace(-1.5, 1.5, 4), temperature=300.0)
    >>> [m.at for m in minima(found)]
    [(-1.0,), (1.0,)]
    """
    if not (depth > 0 and height > 0):
        raise SpecError(f"depth {depth}, height {height}", expected="positive numbers of kT")
    kT = thermal_energy(profile.temperature)  # noqa: N806 - its name in physics
    energy = profile.F.ravel()
    error = np.where(np.isfinite(profile.error), profile.error, 0.0).ravel()
    found = [
        (low, up)
        for low, up in _persistence(energy, profile.bins)
        if up >= max(depth * kT, error[low])
    ]
    cores = [_flood(energy, profile.bins, low, min(height * kT, up)) for low, up in found]
    return tuple(
        Minimum(
            at=_centre(profile, low),
            F=float(energy[low]),
            depth=up,
            core=core.reshape(profile.F.shape),
            bins=profile.bins,
        )
        for (low, up), core in zip(found, cores, strict=True)
    )


def _persistence(energy: NDArray[np.float64], bins: Bins) -> list[tuple[int, float]]:
    """Each local minimum, lowest first, and the rise to where it meets a deeper one.

    Bins that nobody visited are as high as the highest that somebody did: at least that.
    """
    energy = np.where(np.isfinite(energy), energy, np.nanmax(energy))
    parent: dict[int, int] = {}
    rise: dict[int, float] = {}

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for at in np.argsort(energy, kind="stable").tolist():
        parent[at] = at
        met = sorted({root(n) for n in bins.neighbours(at) if n in parent}, key=energy.__getitem__)
        for shallower in met[1:]:
            rise[shallower] = float(energy[at] - energy[shallower])
            parent[shallower] = met[0]
        if met:
            parent[at] = met[0]
        else:
            rise[at] = math.inf
    return sorted(((a, up) for a, up in rise.items() if up > 0), key=lambda one: energy[one[0]])


def _flood(energy: NDArray[np.float64], bins: Bins, low: int, rise: float) -> NDArray[np.bool_]:
    """The bins less than `rise` above bin `low` that connect to it."""
    core = np.zeros(len(energy), np.bool_)
    core[low], waiting = True, [low]
    while waiting:
        for near in bins.neighbours(waiting.pop()):
            if not core[near] and energy[near] - energy[low] < rise:
                core[near] = True
                waiting.append(near)
    return core


def barrier(profile: Profile, a: Basin, b: Basin) -> Barrier:
    """The highest bin on the lowest way from a to b, over neighbouring bins that were visited.

    Parameters
    ----------
    profile : Profile
    a, b : interval or function
        Of the profile's coordinates; a basin's bins are those whose centres lie in it.

    Returns
    -------
    Barrier
        Intervals are pointwise ones of the two bins' difference, from the profile's blocks.
        The highest of noisy bins is too high on average: bins should hold many frames.

    Raises
    ------
    DataError
        If no bin of a basin was visited, or the visited bins do not connect them.

    Examples
    --------
    >>> import numpy as np
    >>> from sciae.free_energy.profile import profile
    >>> x = np.tile(np.repeat([-1.0, 0.0, 1.0, 0.0], [300, 5, 100, 5]), 20)
    >>> found = profile(x, edges=np.linspace(-1.5, 1.5, 4), temperature=300.0)
    >>> way = barrier(found, (-2, -0.5), (0.5, 2))
    >>> way.at, round(way.forward.value, 1), round(way.backward.value, 1)
    ((0.0,), 8.5, 5.7)
    """
    starts, ends = (_lowest(profile, basin, name) for basin, name in ((a, "a"), (b, "b")))
    top = _pass(profile, starts, ends)
    return Barrier(
        forward=_climb(profile, starts, top),
        backward=_climb(profile, ends, top),
        at=_centre(profile, top),
    )


def _lowest(profile: Profile, basin: Basin, where: str) -> int:
    grid = np.meshgrid(*profile.centres, indexing="ij")
    points = np.stack([axis.ravel() for axis in grid], 1)
    flat = points[:, 0] if points.shape[1] == 1 else points
    chosen = inside(frames_of(flat, period=profile.bins.period), basin, where=where)
    energy = np.where(chosen, profile.F.ravel(), np.nan)
    if np.isnan(energy).all():
        raise DataError("no visited bin has its centre in it", where=where)
    return int(np.nanargmin(energy))


def _pass(profile: Profile, start: int, end: int) -> int:
    """The highest bin of the path whose highest bin is lowest (Dijkstra, maxima for sums)."""
    energy = profile.F.ravel()
    done: set[int] = set()
    waiting = [(float(energy[start]), start, start)]
    while waiting:
        _, top, at = heapq.heappop(waiting)
        if at == end:
            return top
        if at in done:
            continue
        done.add(at)
        for near in profile.bins.neighbours(at):
            if near not in done and np.isfinite(energy[near]):
                over = near if energy[near] > energy[top] else top
                heapq.heappush(waiting, (float(energy[over]), over, near))
    raise DataError(
        "no way of visited bins leads from a to b",
        where="profile",
        fix="Sample longer, or take wider bins.",
    )


def _climb(profile: Profile, low: int, top: int) -> Interval:
    """F of bin `top` less F of bin `low`, with the error of their difference."""
    kT = thermal_energy(profile.temperature)  # noqa: N806 - its name in physics
    value = float(profile.F.ravel()[top] - profile.F.ravel()[low])
    blocks = profile.blocks.reshape(len(profile.blocks), -1)[:, [low, top]]
    count, total = len(blocks), blocks.sum(0)
    if count == 1:
        return unbounded(value)
    shares = blocks / total
    variance = count / (count - 1) * np.square(shares[:, 1] - shares[:, 0]).sum()
    freedom = np.clip((1 / np.square(shares).sum(0)).min(), 1.0, count - 1.0)
    half = kT * math.sqrt(variance) * stats.t.ppf((1 + LEVEL) / 2, freedom)
    return Interval(value=value, low=value - half, high=value + half)


def _centre(profile: Profile, flat: int) -> tuple[float, ...]:
    place = np.unravel_index(flat, profile.F.shape)
    return tuple(float(c[i]) for c, i in zip(profile.centres, place, strict=True))
