"""Walk: one walker from its checkpoint, or from the start, to the end of the plan."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sciae.rng import generator
from sciae.simulation.bias import Opes
from sciae.simulation.checkpoint import Checkpoint
from sciae.simulation.exchange import Exchange
from sciae.simulation.methods import bias_of
from sciae.simulation.plan import SHARED
from sciae.simulation.recorder import Recorder
from sciae.simulation.simulated import engine_of, space_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sciae.collective import CollectiveVariable
    from sciae.simulation.bias import Bias, Static
    from sciae.simulation.engines.protocol import Engine
    from sciae.simulation.plan import Plan
    from sciae.simulation.simulated import Simulated

    Array = NDArray[np.float64]

__all__ = ["Parts", "walk"]

CHECKPOINT, EXCHANGE = "checkpoint.npz", "exchange"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a plan is carried out on.

    Parameters
    ----------
    system : Simulated
    cv : CollectiveVariable or None
    starts : tuple of array, or empty
        First positions of each walker; where the system is if there are none.
    static : Static or None
        The bias of the method "static", or the one that metadynamics starts from.
    """

    system: Simulated
    cv: CollectiveVariable | None
    starts: tuple[Array, ...] = ()
    static: Static | None = None


def walk(
    plan: Plan,
    parts: Parts,
    directory: Path,
    *,
    walker: int = 0,
    checkpoint: float = 30.0,
    patience: float = 600.0,
) -> None:
    """Run a walker to the end; what was begun in the directory goes on where it was.

    Parameters
    ----------
    plan : Plan
    parts : Parts
    directory : Path
    walker : int
    checkpoint : float
        Seconds between checkpoints.
    patience : float
        Seconds to wait for other walkers.

    Raises
    ------
    SimulationError
        If the simulation is no longer finite; what was written stays.
    """
    path = directory / plan.named(CHECKPOINT, walker)
    since = Checkpoint.read(path) if path.exists() else None
    bias = bias_of(plan, space_of(parts.system, parts.cv), walker=walker, static=parts.static)
    engine = engine_of(
        parts.system,
        plan,
        parts.cv,
        bias,
        rng=generator(np.random.SeedSequence(plan.seed, spawn_key=(walker,))),
        start=parts.starts[walker] if parts.starts else None,
        minimise=plan.minimise and since is None,
    )
    recorder = Recorder(plan, directory, walker=walker, engine=engine, bias=bias, since=since)
    exchange = None
    if plan.is_shared:
        (directory / EXCHANGE).mkdir(exist_ok=True)
        exchange = Exchange(directory / EXCHANGE, walker, plan.walkers, patience=patience)
    one = _Walker(plan, engine, bias, recorder, exchange)
    if since is not None:
        one.restore(since)
    try:
        one.go(path, every=checkpoint)
    finally:
        recorder.close()


class _Walker:
    """The loop, and what is deposited but not yet told."""

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        bias: Bias | None,
        recorder: Recorder,
        exchange: Exchange | None,
    ) -> None:
        self.plan, self.engine, self.bias, self.recorder = plan, engine, bias, recorder
        self.step, self.rounds = -plan.equilibration, 0
        self.waiting: list[Array] = []
        self._grows = plan.method in SHARED
        self._exchange = exchange

    def restore(self, since: Checkpoint) -> None:
        """Go on from a checkpoint."""
        self.engine.restore(since.engine)
        if self.bias is not None:
            self.bias.restore(since.bias)
        self.step, self.rounds, self.waiting = since.step, since.rounds, list(since.waiting)

    def go(self, path: Path, *, every: float) -> None:
        """To the last step, with a checkpoint every so many seconds and one at the end."""
        last = time.monotonic()
        if self.step >= self.plan.steps:
            return
        while self.step < self.plan.steps:
            self.advance()
            if time.monotonic() - last >= every and self.step < self.plan.steps:
                self.checkpoint(path)
                last = time.monotonic()
        self.checkpoint(path)

    def advance(self) -> None:
        """To the next step at which something is to be done, and do it."""
        plan, step = self.plan, self.plan.next_event(self.step)
        self.engine.step(step - self.step)
        self.step = step
        if step <= 0:
            return
        time_now = step * plan.timestep
        if step % plan.stride == 0:
            self.recorder.row(time_now)
            if isinstance(self.bias, Opes):
                self.observe(step)
        if plan.frames and step % plan.frames == 0:
            self.recorder.frame()
        if self._grows and step % plan.pace == 0:
            self.deposit(time_now)
        if plan.history and step % plan.history == 0:
            self.recorder.picture(step, time_now)

    def observe(self, step: int) -> None:
        """Measure the width of kernels between deposits, which measure it themselves."""
        assert isinstance(self.bias, Opes)
        if step % self.plan.pace:
            self.bias.observe(self.engine.variable)

    def deposit(self, time_now: float) -> None:
        """Let the bias grow: at once if alone, else when all walkers' rounds are there."""
        assert self.bias is not None
        s = self.engine.variable
        if self._exchange is None:
            self.bias.deposit(s, time=time_now)
            self.recorder.deposited()
            return
        self.waiting.append(self.bias.propose(s)[0])
        if len(self.waiting) == self.plan.exchange:
            block = np.array(self.waiting)
            self._exchange.tell(self.rounds, block)
            apart = self.plan.pace * self.plan.timestep
            heard = self._exchange.hear(self.rounds, like=block)
            for k, proposals in enumerate(heard):
                before = (self.plan.exchange - 1 - k) * apart
                self.bias.merge(proposals, time=time_now - before)
            self.recorder.deposited()
            self.rounds, self.waiting = self.rounds + 1, []

    def checkpoint(self, path: Path) -> None:
        """Have everything on disk, then say so."""
        self.recorder.flush(to_disk=True)
        if self._exchange is not None:
            self._exchange.flush()
        Checkpoint(
            step=self.step, rounds=self.rounds, waiting=np.array(self.waiting),
            engine=self.engine.checkpoint(), bias=self.bias.state() if self.bias else {},
            **self.recorder.sizes,
        ).write(path)  # fmt: skip
