"""Pool: the frames of all rounds as one table, each with the weight that undoes its bias."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import DataError
from sciae.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sciae.domains.trajectories import Trajectories
    from sciae.simulation import BiasedRun

__all__ = ["Segment", "pool"]


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Trajectories whose weights have one scale: unbiased ones, or those of one biased run.

    Attributes
    ----------
    paths : tuple of Path
    log_weight : array, shape (frame,), or None
        Of all frames, one trajectory after the other; None: unbiased.
    timestep : float, optional
        ps between frames, where the files do not say.
    warm : bool
        Whether it was made at a higher temperature, and has no weight at this one.
    """

    paths: tuple[Path, ...]
    log_weight: NDArray[np.float64] | None = None
    timestep: float | None = None
    warm: bool = False

    @classmethod
    def of(cls, run: BiasedRun, *, warm: bool = False) -> Segment:
        """The trajectories of a biased run."""
        plan = run.plan
        return cls(
            paths=run.trajectories,
            log_weight=run.log_weight[run.in_trajectory],
            timestep=plan.timestep * plan.frames,
            warm=warm,
        )

    def weights(self, frames: int, temper: float) -> NDArray[np.float64]:
        """Weights to this power, with mean one.

        Raises
        ------
        DataError
            If there are not as many as frames.
        """
        if self.log_weight is None:
            return np.ones(frames)
        if len(self.log_weight) != frames:
            raise DataError(
                f"{len(self.log_weight)} weights", where=self.paths[0], expected=f"{frames}"
            )
        weight: NDArray[np.float64] = np.exp(temper * (self.log_weight - self.log_weight.max()))
        weight /= weight.mean()
        return weight


def pool(segments: Sequence[Segment], domain: Trajectories, *, temper: float = 1.0) -> Table:
    r"""All frames below each other; each segment's weights have mean one.

    .. math:: w_i \propto e^{a (V_i - c_i)/kT}

    At a = 1 every round minimises the same loss, that of the unbiased ensemble (Belkacemi,
    Gkeka, Lelièvre, Stoltz, J. Chem. Theory Comput. 18 (2022) 59), on more frames; below, one
    of flatter ensembles, that sees the ways over the barrier. At 0 frames count as they came.

    Parameters
    ----------
    segments : sequence of Segment
    domain : Trajectories
        Whose descriptors are computed. Groups are the trajectories, numbered anew.
    temper : float
        The power a.
    """
    tables, groups = [], 0
    for segment in segments:
        of = replace(domain, timestep=segment.timestep or domain.timestep)
        table = Table.concat(_numbered([of.read(path) for path in segment.paths], groups))
        groups += len(segment.paths)
        tables.append(replace(table, weight=segment.weights(len(table), temper)))
    return Table.concat(tables)


def _numbered(tables: Sequence[Table], first: int) -> list[Table]:
    return [
        replace(table, group=np.full(len(table), first + k), carried={**table.carried})
        for k, table in enumerate(tables)
    ]
