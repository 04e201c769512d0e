"""Sampled: coordinates of the frames of a run, with their weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.collective import CollectiveVariable
from sciae.domains.trajectories import Colvar, Trajectories
from sciae.errors import SourceError, SpecError
from sciae.free_energy import outside
from sciae.sampling.stiffness import stiffness
from sciae.table import Table
from sciae.tasks.cv.lag import row_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sciae.simulation import BiasedRun

    Floats = NDArray[np.float64]

__all__ = ["Sampled", "of_colvar", "of_run"]

NETWORK = "node-"  # how PLUMED calls what a learned network gives


@dataclass(frozen=True, eq=False, kw_only=True)
class Sampled:
    """Coordinates of frames, in time order within each group.

    Attributes
    ----------
    x : array, shape (frame, coordinate)
    names, units : tuple of str
    periods : tuple of float or None
    log_weight : array, shape (frame,)
    group : array, shape (frame,)
    step : float
        ps between frames.
    temperature : float
        K.
    outside : float or None
        Share of the weight beyond what a learned variable was learned on; None: not known.
    stiffness : float or None
        See `sciae.sampling.stiffness.stiffness`.
    """

    x: Floats
    names: tuple[str, ...]
    units: tuple[str, ...]
    periods: tuple[float | None, ...]
    log_weight: Floats
    group: NDArray[Any]
    step: float
    temperature: float
    outside: float | None
    stiffness: float | None = None

    @property
    def dim(self) -> int:
        """How many coordinates."""
        return len(self.names)

    def only(self, *which: int) -> Sampled:
        """Some of the coordinates."""
        return replace(
            self, x=self.x[:, list(which)],
            names=tuple(self.names[k] for k in which), units=tuple(self.units[k] for k in which),
            periods=tuple(self.periods[k] for k in which),
        )  # fmt: skip


def of_run(run: BiasedRun, along: Sequence[str] = ()) -> Sampled:
    """Frames of a biased run: along its variable, columns of it, or features of its atoms.

    Parameters
    ----------
    run : BiasedRun
    along : sequence of str
        Names of the variable's coordinates, or features; by default the variable.

    Raises
    ------
    SpecError
        If the run has windows on different scales, nothing to look along, or no trajectory
        for a feature.
    """
    plan = run.plan
    if plan.method == "umbrella" and plan.walkers > 1:
        raise SpecError(
            f"{plan.walkers} umbrella windows, whose weights have no common scale",
            where=run.directory, fix="Combine them with MBAR (pymbar).",
        )  # fmt: skip
    along = tuple(along) or plan.names
    if not along:
        raise SpecError("no variable was watched", where=run.directory, fix="Pass --along.")
    every = all(name in plan.names for name in along)
    rows = np.ones(len(run.time), np.bool_) if every else run.in_trajectory
    own = {name: k for k, name in enumerate(plan.names)}
    parts = [
        _column(run, own[name], rows) if name in own else _feature(run, name) for name in along
    ]
    names, units, periods = (tuple(v for p in parts for v in p[k]) for k in (1, 2, 3))
    return Sampled(
        x=np.concatenate([part[0] for part in parts], 1), names=names, units=units,
        periods=periods, log_weight=run.log_weight[rows], group=run.walker[rows],
        step=plan.timestep * (plan.stride if every else plan.frames),
        temperature=run.temperature, outside=outside_of(run), stiffness=stiffness(run),
    )  # fmt: skip


def _column(run: BiasedRun, k: int, rows: NDArray[np.bool_]) -> Any:
    """Values, names, units and periods of a coordinate of the variable."""
    plan = run.plan
    unit = "rad" if plan.periods[k] is not None and not _is_learned(run) else "1"
    return run.variable[rows][:, [k]], (plan.names[k],), (unit,), (plan.periods[k],)


def _feature(run: BiasedRun, text: str) -> Any:
    """The same of what is computed of the atoms."""
    if not run.trajectories:
        known = ", ".join(run.plan.names)
        raise SpecError(
            f"no coordinate {text!r}, and no trajectory to compute it from", where=run.directory,
            expected=f"one of {known}",
        )  # fmt: skip
    apart = run.plan.timestep * run.plan.frames
    domain = Trajectories(topology=run.topology, features=(text,), timestep=apart)
    table = Table.concat(domain.read(path) for path in run.trajectories)
    fields = [field for field in domain.schema for _ in range(field.width)]
    values = np.concatenate([table[f.name].reshape(len(table), -1) for f in domain.schema], 1)
    if (wanted := int(run.in_trajectory.sum())) != len(values):
        raise SourceError(f"{len(values)} frames", where=run.directory, expected=f"{wanted}")
    return values, domain.labels, tuple(f.unit for f in fields), tuple(f.period for f in fields)


def outside_of(run: BiasedRun) -> float:
    """Share of the weight beyond what the variable was learned on; 0 if nothing was learned."""
    if not _is_learned(run):
        return 0.0
    variable = CollectiveVariable.load(run.directory / "cv")
    return outside(
        run.variable, low=variable.low, high=variable.high, log_weight=run.log_weight,
        period=run.plan.periods,
    )  # fmt: skip


def _is_learned(run: BiasedRun) -> bool:
    folder = run.directory / "cv"
    if not (folder / "cv.json").exists():
        return False
    return bool(CollectiveVariable.load(folder).about.get("kind") != "descriptors")


def of_colvar(
    sources: Sequence[Path],
    along: Sequence[str] = (),
    *,
    bias: str = "bias",
    offset: str = "",
    temperature: float,
) -> Sampled:
    """Frames in COLVAR files, one group each.

    Parameters
    ----------
    sources : sequence of Path
    along : sequence of str
        Columns; by default all that are coordinates, if there are two at most.
    bias, offset : str
        Columns in kJ/mol; no bias: "".
    temperature : float

    Raises
    ------
    SpecError
        If there are more coordinates, or no times.
    """
    domain = Colvar(
        fields=tuple(along), like=sources[0], bias=bias, offset=offset if bias else "",
        temperature=temperature if bias else None,
    )  # fmt: skip
    fields = list(domain.schema)
    if not along and len(fields) > 2:  # noqa: PLR2004 - a map at most
        raise SpecError(
            f"{len(fields)} columns: {', '.join(f.name for f in fields)}", where=sources[0],
            fix="Name one or two with --along.",
        )  # fmt: skip
    table = Table.concat(domain.read(source) for source in sources)
    step = row_time(table)
    if step is None:
        raise SpecError("no column 'time'", where=sources[0], expected="times in ps")
    learned = any(NETWORK in name for name in domain.fields)
    weight = table["log_weight"] if bias else np.zeros(len(table))
    return Sampled(
        x=np.stack([table[field.name] for field in fields], 1),
        names=tuple(field.name for field in fields), units=tuple(field.unit for field in fields),
        periods=tuple(field.period for field in fields), log_weight=weight,
        group=np.zeros(len(table)) if table.group is None else table.group, step=step,
        temperature=temperature, outside=None if learned else 0.0,
    )  # fmt: skip
