"""Plan: everything that decides what a biased run does, as plain numbers and names."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from sciae.errors import RunError, SpecError

__all__ = ["METHODS", "SHARED", "Plan"]

METHODS = ("opes", "metadynamics", "static", "umbrella", "none")
SHARED = ("opes", "metadynamics")  # all walkers build one bias
NAME = "run.json"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run is asked for. Times are in steps, except `timestep` in ps.

    Parameters
    ----------
    method : {"opes", "metadynamics", "static", "umbrella", "none"}
    temperature : float
        In K.
    timestep, friction : float
        In ps and 1/ps.
    steps, equilibration : int
        Of each walker; the latter before time zero, without records or deposits.
    stride, frames, pace, history : int
        Steps between rows of COLVAR, frames of the trajectory (a multiple of `stride`; 0:
        none), deposits, and saved pictures of the bias (0: none).
    walkers, exchange : int
        How many; and how many deposits of each before all are told.
    seed : int
    platform, threads : str, int
        Of OpenMM; "" of a particle.
    minimise : bool
        Whether a walker first goes to the next minimum of the energy.
    names, periods : tuple
        Of the variable's coordinates.
    settings : mapping
        Of the method: plain JSON.
    """

    method: str
    temperature: float
    timestep: float
    friction: float
    steps: int
    equilibration: int
    stride: int
    frames: int
    pace: int
    history: int
    walkers: int
    exchange: int
    seed: int
    platform: str
    threads: int
    minimise: bool
    names: tuple[str, ...]
    periods: tuple[float | None, ...]
    settings: dict[str, Any]

    def __post_init__(self) -> None:
        for name in ("names", "periods"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.method not in METHODS:
            raise SpecError(
                f"no method {self.method!r}", where="method", expected=", ".join(METHODS)
            )
        positive = ("temperature", "timestep", "friction")
        whole = ("steps", "stride", "pace", "walkers", "exchange", "threads")
        for name in (*positive, *whole):
            value = getattr(self, name)
            if not (0 < value < math.inf) or (name in whole and value != int(value)):
                kind = "a whole number" if name in whole else "a number"
                raise SpecError(f"{value!r}", where=name, expected=f"{kind} above zero")
        for name in ("equilibration", "frames", "history"):
            if getattr(self, name) < 0:
                raise SpecError(f"{getattr(self, name)}", where=name, expected="zero or more")
        if self.frames % self.stride:
            raise SpecError(
                f"a frame every {self.frames} steps, a row every {self.stride}",
                where="frames",
                expected="a multiple of stride, so that each frame has its bias",
            )

    @property
    def is_shared(self) -> bool:
        """Whether several walkers build one bias."""
        return self.method in SHARED and self.walkers > 1

    @property
    def dim(self) -> int:
        """How many coordinates the variable has."""
        return len(self.names)

    @property
    def rows(self) -> int:
        """How many rows of COLVAR each walker writes."""
        return self.steps // self.stride

    def next_event(self, step: int) -> int:
        """The next step after `step` at which something is to be done."""
        if step < 0:
            return 0
        each = [n for n in (self.stride, self.frames, self.history) if n]
        if self.method in SHARED:
            each.append(self.pace)
        return min(self.steps, *((step // n + 1) * n for n in each))

    def named(self, name: str, walker: int) -> str:
        """The name of a walker's file: the walker's number is in it if there are several.

        Examples
        --------
        >>> plan = Plan.example(walkers=2)
        >>> plan.named("trajectory.dcd", 1), plan.named("COLVAR", 0)
        ('trajectory.1.dcd', 'COLVAR.0')
        """
        if self.walkers == 1:
            return name
        stem, dot, ending = name.partition(".")
        return f"{stem}.{walker}{dot}{ending}"

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Any, *, where: object = NAME) -> Plan:
        """What `to_json` gave.

        Raises
        ------
        RunError
            If it is something else.
        """
        try:
            return cls(**{field.name: content[field.name] for field in fields(cls)})
        except (KeyError, TypeError, SpecError) as error:
            raise RunError(f"a damaged plan ({error})", where=where) from error

    @classmethod
    def example(cls, **changes: Any) -> Plan:
        """A short plan, for examples and tests."""
        plain: dict[str, Any] = {
            "method": "opes", "temperature": 300.0, "timestep": 0.002, "friction": 1.0,
            "steps": 1000, "equilibration": 0, "stride": 100, "frames": 100, "pace": 100,
            "history": 0, "walkers": 1, "exchange": 1, "seed": 1, "platform": "Reference",
            "threads": 1, "minimise": True, "names": ("s0",), "periods": (None,), "settings": {},
        }  # fmt: skip
        return cls(**plain | changes)
