"""Settling: frames that a bias found are let go; where they stay is another basin, or the first."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from sciae.errors import SimulationError
from sciae.run import write_json
from sciae.run.plain import loads
from sciae.sampling.familiar import Familiar, apart
from sciae.sampling.spacing import between_frames
from sciae.simulation import simulate
from sciae.simulation.quantities import picoseconds
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sciae.domains.trajectories import Trajectories
    from sciae.sampling.pool import Segment
    from sciae.simulation import BiasedRun, MolecularSystem

    Array = NDArray[np.float64]

__all__ = ["Basin", "Settling", "basins_of", "spread_out"]

LOG = logging.getLogger(__name__)
FOUND, LONG, TRAJECTORY = "basin.json", "longer", "trajectory.dcd"
HALF = 2  # the second half of a run is where it has settled
MANY, LONGER = 5, 6  # trajectories in a new basin, and how many times longer they are


@dataclass(frozen=True, kw_only=True)
class Basin:
    """A place where unbiased trajectories stay.

    Attributes
    ----------
    paths : tuple of Path
        Of the trajectories that stayed there. Empty: none did.
    apart : float
        ps between their frames.
    tries : int
        How many were let go.
    found : int
        How many of them fell there.
    others : int
        Trajectories that stayed in still other places.
    """

    paths: tuple[Path, ...]
    apart: float
    tries: int
    found: int = 0
    others: int = 0

    def __bool__(self) -> bool:
        return bool(self.paths)

    def __str__(self) -> str:
        if not self:
            return f"None of {self.tries} frames let go stayed away from the first basin"
        more = f", {self.others} elsewhere" if self.others else ""
        return f"{self.found} of {self.tries} frames let go stay in another basin{more}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Settling:
    """Lets frames go.

    Attributes
    ----------
    system : MolecularSystem
    domain : Trajectories
    first : Segment
        Unbiased trajectories in the known basin.
    tries : int
        Frames of a run that are let go, far from each other.
    time : str
        For how long.
    settings : mapping
        Of the simulations; only what has no bias in it.
    aside : tuple of Familiar
        Other basins that are known, and not looked for.
    """

    system: MolecularSystem
    domain: Trajectories
    first: Segment
    tries: int
    time: str
    settings: dict[str, Any]
    aside: tuple[Familiar, ...] = ()

    def without(self, other: Familiar) -> Settling:
        """The same, but frames like those of this basin are no strangers either."""
        return replace(self, aside=(*self.aside, other))

    @cached_property
    def familiar(self) -> Familiar:
        """The first trajectories, and how far from them is far."""
        of = replace(self.domain, timestep=self.first.timestep or self.domain.timestep)
        return Familiar([of.read(path) for path in self.first.paths], self.window)

    @cached_property
    def window(self) -> int:
        """Frames in the second half of a run."""
        return max(1, int(self.rest / self.apart / HALF))

    @property
    def rest(self) -> float:
        """How long frames are let go for, ps."""
        return picoseconds(self.time, where="time")

    @property
    def apart(self) -> float:
        """Time between frames, ps."""
        return between_frames(self.settings)

    def after(self, run: BiasedRun, out: Path, seed: int) -> Basin:
        """The basin that most of the weight of the run's unfamiliar frames falls into.

        What was done before in this directory is not done again.
        """
        if (out / FOUND).exists():
            return self._read(out, loads((out / FOUND).read_text(encoding="utf-8")))
        points, weights, rows = self._strangers(run)
        chosen = spread_out(points, self.tries)
        starts = self._frames(run, rows[chosen])
        ends = self._let_go(starts, out, seed)
        groups = basins_of(ends, self.familiar.width)
        nearest = cdist(points, points[chosen]).argmin(1) if chosen else np.zeros(0, np.int64)
        mass = np.bincount(nearest, weights=weights, minlength=len(chosen))
        groups.sort(key=lambda group: -float(mass[group].sum()))
        nowhere: tuple[list[int], list[int]] = [], []
        each = ((group, self._settled(group, starts, out, seed)) for group in groups)
        group, stayed = next((found for found in each if found[1]), nowhere)
        content = {
            "basin": min(group, default=None), "stayed": stayed, "tries": len(chosen),
            "found": len(group), "others": len(ends) - len(group),
        }  # fmt: skip
        write_json(out / FOUND, content)
        return self._read(out, content)

    def _read(self, out: Path, content: Mapping[str, Any]) -> Basin:
        folder = out / LONG / str(content["basin"])
        return Basin(
            paths=tuple(folder / str(k) / TRAJECTORY for k in content["stayed"]),
            apart=self.apart, tries=content["tries"], found=content["found"],
            others=content["others"] if content["stayed"] else 0,
        )  # fmt: skip

    def _settled(
        self, group: list[int], starts: Sequence[Array], out: Path, seed: int
    ) -> list[int]:
        """Longer trajectories, of which those that stay among strangers are kept.

        Several of each start if there are few: a basin of few frames would be learnt by
        heart. Of many short looks one is strange by chance; of many in a row none is.
        """
        stayed = []
        for k in range(MANY):
            start, folder = starts[group[k % len(group)]], out / LONG / str(min(group)) / str(k)
            try:
                run = self._run(start, folder, (seed, self.tries + k), LONGER * self.rest)
            except SimulationError as error:  # the others may stay
                LOG.warning("%s: %s", folder, error)
                continue
            points = self._points(run)
            looks = np.array_split(points[len(points) // HALF :], LONGER)
            far = [np.median(self._distances(look)) for look in looks]
            if min(far) > self.familiar.limit:
                stayed.append(k)
        return stayed

    def _distances(self, points: Array) -> Array:
        """To the nearest frame of the first basin, or of one set aside."""
        each = [known.distances(points) for known in (self.familiar, *self.aside)]
        nearest: Array = np.min(each, axis=0)
        return nearest

    def _points(self, run: BiasedRun) -> Array:
        of = replace(self.domain, timestep=self.apart)
        return self.familiar.points(Table.concat(of.read(path) for path in run.trajectories))

    def _strangers(self, run: BiasedRun) -> tuple[Array, Array, NDArray[np.int64]]:
        """Points, weights and rows of the frames that no known one is near."""
        points = self._points(run)
        far = self._distances(points) > self.familiar.limit
        log_weight = run.log_weight[run.in_trajectory]
        return points[far], np.exp(log_weight - log_weight.max())[far], np.flatnonzero(far)

    def _frames(self, run: BiasedRun, rows: NDArray[np.int64]) -> list[Array]:
        """Coordinates of some frames of a run, in this order."""
        walker = run.walker[run.in_trajectory]
        found: dict[int, Array] = {}
        for k, path in enumerate(run.trajectories):
            first = int(np.searchsorted(walker, k))
            own = sorted(int(row) for row in rows if walker[row] == k)
            if not own:
                continue
            xyz = self.domain.coordinates(path, rows=[row - first for row in own])
            found.update(zip(own, xyz, strict=True))
        return [found[int(row)] for row in rows]

    def _let_go(self, xyz: Sequence[Array], out: Path, seed: int) -> dict[int, Array]:
        """Points of the second halves of those that stay among strangers, by number."""
        stayed = {}
        out.mkdir(parents=True, exist_ok=True)
        for k, start in enumerate(xyz):
            try:
                run = self._run(start, out / str(k), (seed, k), self.rest)
            except SimulationError as error:  # a frame torn by its bias says nothing
                LOG.warning("%s: %s", out / str(k), error)
                continue
            end = self._points(run)[-self.window :]
            if np.median(self._distances(end)) > self.familiar.limit:
                stayed[k] = end
        return stayed

    def _run(self, start: Array, out: Path, seed: tuple[int, int], time: float) -> BiasedRun:
        return simulate(
            None, system=self.system, method="none", time=f"{time} ps", out=out, start=start,
            rng=np.random.SeedSequence(seed), resume=True, **self.settings,
        )  # fmt: skip


def spread_out(points: Array, count: int) -> list[int]:
    """Rows far from each other: each next one is the farthest from all before.

    Examples
    --------
    >>> spread_out(np.array([[0.0], [0.1], [5.0], [9.0]]), 3)
    [0, 3, 2]
    """
    if not len(points):
        return []
    chosen, distance = [0], np.linalg.norm(points - points[0], axis=1)
    while len(chosen) < min(count, len(points)):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen


def basins_of(ends: dict[int, Array], limit: float) -> list[list[int]]:
    """Trajectories that come as near to each other as `limit`, in groups.

    Examples
    --------
    >>> line = np.linspace(0, 1, 11)[:, None]
    >>> basins_of({0: line, 2: line + 0.5, 3: line + 7}, limit=0.2)
    [[0, 2], [3]]
    """
    keys = list(ends)
    near = [
        [min(np.median(apart(ends[a], ends[b])), np.median(apart(ends[b], ends[a]))) <= limit
         for b in keys] for a in keys
    ]  # fmt: skip
    if not keys:
        return []
    count, label = connected_components(np.array(near), directed=False)
    return [[key for key, own in zip(keys, label, strict=True) if own == k] for k in range(count)]
