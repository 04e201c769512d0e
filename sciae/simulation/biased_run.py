"""BiasedRun: what a biased simulation has left, ready to be reweighted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import DataError, RunError
from sciae.free_energy.weights import effective_size, log_weight_of
from sciae.run.plain import loads
from sciae.simulation.colvar import read_columns
from sciae.simulation.plan import NAME, Plan
from sciae.simulation.recorder import COLVAR, HISTORY, RECORDS, STATIC, TRAJECTORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["BiasedRun"]


@dataclass(frozen=True, eq=False, kw_only=True)
class BiasedRun:
    """A finished run: its frames, the bias that acted on each, and where the files are.

    Frames are the rows of COLVAR of all walkers, one walker after the other.

    Attributes
    ----------
    directory : Path
    plan : Plan
    time : array, shape (frame,)
        In ps, of each walker from zero.
    variable : array, shape (frame, dim)
    bias : array, shape (frame,)
        In kJ/mol, walls and restraint included, before any deposit at that frame.
    offset : array, shape (frame,)
        c(t) in kJ/mol; 0 for a bias that has none.
    walker : array of int, shape (frame,)
    extras : mapping of str to array
        Further columns, such as rct, zed, neff and nker of OPES.
    """

    directory: Path
    plan: Plan
    time: Array
    variable: Array
    bias: Array
    offset: Array
    walker: NDArray[np.int64]
    extras: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def load(cls, directory: str | Path, *, unfinished: bool = False) -> BiasedRun:
        """Read the directory of a run.

        Parameters
        ----------
        directory : path
        unfinished : bool
            Take what there is of a run that has not come to its end.

        Raises
        ------
        RunError
            If it is no such directory.
        DataError
            If a walker's COLVAR has another number of rows than was planned.
        SourceError
            If a file is damaged.
        """
        root = Path(directory)
        plan = _plan(root)
        tables = [_columns(root, plan, k, unfinished=unfinished) for k in range(plan.walkers)]
        joined = {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}
        walker = np.repeat(np.arange(plan.walkers), [len(t["time"]) for t in tables])
        time, bias, offset = (joined.pop(name) for name in ("time", "bias", "offset"))
        columns = [joined.pop(name) for name in plan.names]
        variable = np.stack(columns, 1) if columns else np.zeros((len(time), 0))
        return cls(
            directory=root, plan=plan, time=time, variable=variable, bias=bias, offset=offset,
            walker=walker, extras=joined,
        )  # fmt: skip

    @property
    def temperature(self) -> float:
        """In K."""
        return self.plan.temperature

    @property
    def steps(self) -> int:
        """Time steps of all walkers together, without equilibration."""
        return self.plan.steps * self.plan.walkers

    @property
    def log_weight(self) -> Array:
        """(bias - offset) / kT of each frame, (frame,).

        Frames of several umbrella windows have weights relative to their own window only.
        """
        return log_weight_of(self.bias, temperature=self.temperature, offset=self.offset)

    @property
    def n_eff(self) -> float:
        """How many equally weighted frames know as much (Kish), correlation aside."""
        return effective_size(self.log_weight)

    @property
    def every(self) -> int:
        """Rows of COLVAR per frame of the trajectory; 0 if there is no trajectory."""
        return self.plan.frames // self.plan.stride

    @property
    def in_trajectory(self) -> NDArray[np.bool_]:
        """Which frames here are frames of the trajectories, (frame,), in their order."""
        if not self.every:
            return np.zeros(len(self.time), bool)
        counts = [int((self.walker == k).sum()) for k in range(self.plan.walkers)]
        number = np.concatenate([np.arange(1, n + 1) for n in counts])
        return np.asarray(number % self.every == 0)

    @property
    def trajectories(self) -> tuple[Path, ...]:
        """One file per walker, none of a particle."""
        each = (self.directory / self.plan.named(TRAJECTORY, k) for k in range(self.plan.walkers))
        return tuple(path for path in each if path.exists())

    @property
    def topology(self) -> Path:
        """A PDB file with the names of the atoms."""
        return self.directory / "topology.pdb"

    @property
    def records(self) -> Path | None:
        """HILLS or KERNELS, if the method writes one."""
        name = RECORDS.get(self.plan.method)
        return self.directory / name if name else None

    @property
    def history(self) -> tuple[Path, ...]:
        """Pictures of the bias in the order of time; `load_bias` reads them."""
        return tuple(sorted((self.directory / HISTORY).glob("bias-*.npz")))

    @property
    def last_bias(self) -> Path | None:
        """The last picture of the bias, or the one that was given; None if there is neither."""
        given = self.directory / STATIC
        pictures = (*((given,) if given.exists() else ()), *self.history)
        return pictures[-1] if pictures else None


def _plan(root: Path) -> Plan:
    try:
        content: Any = loads((root / NAME).read_text(encoding="utf-8"))
        return Plan.from_json(content["plan"], where=root / NAME)
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(
            f"not the directory of a biased run ({type(error).__name__})", where=root,
            expected=NAME,
        ) from error  # fmt: skip


def _columns(root: Path, plan: Plan, walker: int, *, unfinished: bool) -> dict[str, Array]:
    path = root / plan.named(COLVAR, walker)
    columns = dict(read_columns(path))
    if missing := [n for n in ("time", *plan.names, "bias", "offset") if n not in columns]:
        raise DataError(f"no column {missing[0]!r}", where=path)
    rows = len(columns["time"])
    if rows != plan.rows and not (unfinished and rows < plan.rows):
        raise DataError(
            f"{rows} rows", where=path, expected=f"{plan.rows}, as planned",
            fix="Resume the run, or load what there is with unfinished=True.",
        )  # fmt: skip
    if bad := [n for n, values in columns.items() if not np.isfinite(values).all()]:
        raise DataError(f"column {bad[0]!r} is not finite", where=path)
    return columns
