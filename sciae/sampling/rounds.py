"""rounds: simulate, reweight, learn, and again."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.collective import CollectiveVariable
from sciae.collective.steepness import with_steepness
from sciae.errors import SimulationError, SpecError
from sciae.rng import generator
from sciae.run import write_json
from sciae.run.plain import loads
from sciae.sampling.crossings import Crossings
from sciae.sampling.learner import Learner
from sciae.sampling.pool import Segment
from sciae.sampling.progress import Progress, Turn
from sciae.sampling.recipe import Recipe
from sciae.sampling.result import Round, Rounds, summary, watched
from sciae.sampling.settling import Settling
from sciae.sampling.spacing import halved, spaced
from sciae.simulation import BiasedRun, load_bias, simulate
from sciae.simulation.quantities import kelvin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sciae.domains.trajectories import Trajectories
    from sciae.rng import Seed
    from sciae.simulation import MolecularSystem

__all__ = ["rounds"]

LOG = logging.getLogger(__name__)
STATE, SETTLED, BROKEN = "round.json", "settled", "broken"
KELVIN, HOTTER = 300.0, 0.5
OTHERS = 3  # variables that are tried if a run breaks
UNBIASED = ("temperature", "timestep", "friction", "stride", "frames", "platform", "threads")
LEAST = 2  # rounds: one to look round, one to go back and forth


def rounds(
    system: MolecularSystem,
    sources: Sequence[str | Path],
    *,
    domain: Trajectories,
    out: str | Path,
    number: int = 5,
    time: str = "2 ns",
    last: str = "",
    first: CollectiveVariable | None = None,
    recipe: Recipe | None = None,
    settings: Mapping[str, Any] | None = None,
    rng: Seed = None,
    resume: bool = False,
) -> Rounds:
    """From frames of one basin to a run that crosses the barrier back and forth.

    Each round simulates under a bias along a variable, gives the frames the weights that
    undo the bias, and learns the next variable from all frames so far. See `Recipe` for when
    rounds explore and when they refine. The last one takes the variable of the refining round
    that went most often between the basins, by frames like those of either, not by any angle,
    and holds the bias of its end fixed: a bias that no longer grows pushes nothing over higher
    and higher barriers, and its weights are exact.

    Everything is in ``out/round-0``, ``out/round-1``, ...: variables, runs, and the round in
    numbers. What was killed at any moment goes on with ``resume=True`` to the same files.

    Parameters
    ----------
    system : MolecularSystem
    sources : sequence of path
        Unbiased trajectories to begin with.
    domain : Trajectories
        What is computed of a frame.
    out : path
    number : int
        How many rounds.
    time, last : str
        Of each run of a round, and of the last one; by default as long.
    first : CollectiveVariable, optional
        What the first round biases; by default it explores.
    recipe : Recipe, optional
    settings : mapping, optional
        Of the simulations: whatever `sciae.simulation.simulate` takes. What is given here
        goes before what the recipe says for either kind of round.
    rng : int, or other Seed
    resume : bool

    Raises
    ------
    SpecError
        If there are fewer than two rounds, or no source.
    DataError, SourceError
        If a trajectory cannot be used.
    SimulationError
        If a run is no longer finite, along another variable and at half the time step neither.
    """
    if number < LEAST or not sources:
        raise SpecError(
            f"{number} rounds, {len(sources)} sources", where="rounds",
            expected="two rounds or more, and a trajectory to begin with",
        )  # fmt: skip
    recipe = recipe or Recipe()
    loop = _Loop(
        system=system, learner=Learner(domain=domain, recipe=recipe), out=Path(out),
        settings=spaced(settings or {}, domain, Path(sources[0])), number=number,
        times=(time, last or time), first=first,
        seeds=generator(rng).integers(2**31, size=(number, 2)),
        resume=resume,
    )  # fmt: skip
    return loop.run(Segment(paths=tuple(map(Path, sources))))


@dataclass(frozen=True, kw_only=True)
class _Loop:
    """What stays the same from round to round."""

    system: MolecularSystem
    learner: Learner
    out: Path
    settings: dict[str, Any]
    number: int
    times: tuple[str, str]
    first: CollectiveVariable | None
    seeds: NDArray[np.int64]
    resume: bool

    def run(self, first: Segment) -> Rounds:
        """All rounds, one after the other."""
        progress = Progress(
            number=self.number, given=self.first is not None, segments=[first],
            settling=self._settling(first),
        )  # fmt: skip
        for _ in range(self.number):
            if progress.hopeless():
                progress.set_aside(self._crossings(progress).other)
            turn = progress.turn()
            variable, run = self._carried_out(turn)
            if not turn.basin:
                looked = self._at(turn.number) / SETTLED
                found = progress.settling.after(run, looked, int(self.seeds[turn.number, 1]))
                progress.found(found)
                LOG.info("%s", found)
            one = self._judged(turn, run, progress)
            progress.add(Segment.of(run, warm=turn.kind == "heat"), one)
            LOG.info("%s", one)
        known = self._crossings(progress) if progress.basin else None
        return Rounds(
            directory=self.out, rounds=tuple(progress.done), variable=variable, run=run,
            conclusion=known.verdict(run) if known else watched(run).verdict,
        )  # fmt: skip

    def _crossings(self, progress: Progress) -> Crossings:
        assert progress.basin is not None
        return Crossings(
            domain=self.learner.domain, first=progress.settling.familiar, basin=progress.basin
        )

    def _settling(self, first: Segment) -> Settling:
        recipe, settings = self.learner.recipe, self.settings
        return Settling(
            system=self.system, domain=self.learner.domain, first=first, tries=recipe.tries,
            time=recipe.rest, settings={n: settings[n] for n in UNBIASED if n in settings},
        )  # fmt: skip

    def _at(self, k: int) -> Path:
        return self.out / f"round-{k}"

    def _carried_out(self, turn: Turn) -> tuple[CollectiveVariable, BiasedRun]:
        """A variable, and a run along it; if that breaks a smoother one, at last smaller steps.

        A net may be steep as a cliff where it has seen no frames. Noise on its inputs makes
        the next one smooth, but also less sharp between basins that few frames connect. Heat
        that breaks is halved.
        """
        folder = self._at(turn.number)
        while True:
            broken = len(list(folder.glob(f"{BROKEN}-*")))
            variable = self._variable(turn, broken)
            slow = broken >= (OTHERS if turn.kind in ("refine", "heat") else 1)
            settings = halved(self.settings) if slow else self.settings
            try:
                return variable, self._attempt(turn, variable, settings, broken)
            except SimulationError as error:
                if slow:
                    raise
                LOG.warning("round %d: %s; again", turn.number, error)
                kept = folder / f"{BROKEN}-{broken}"  # its frames are not lost
                kept.mkdir()
                (folder / "run").rename(kept / "run")
                (folder / "cv").rename(kept / "cv")

    def _variable(self, turn: Turn, broken: int) -> CollectiveVariable:
        """That of a former attempt, or a new one; written before it is used."""
        folder = self._at(turn.number) / "cv"
        if (self.resume or broken) and (folder / "cv.json").exists():
            return CollectiveVariable.load(folder)
        seed = int(self.seeds[turn.number, 0])
        if turn.kind == "given":
            assert self.first is not None
            variable = self.first
        elif turn.kind in ("explore", "heat"):
            variable = self.learner.exploring(turn.segments, turn.looks // 2, seed)
        elif turn.best is not None and not broken:
            variable = CollectiveVariable.load(self._at(turn.best) / "cv")
        else:
            assert turn.basin is not None
            own = np.random.SeedSequence((seed, broken))
            smoother = min(broken, OTHERS - 1)
            variable = self.learner.refined(turn.segments, turn.basin, own, smoother=smoother)
        variable = with_steepness(variable, self.learner.frames(turn.segments))
        variable.save(folder)
        return variable

    def _attempt(
        self, turn: Turn, variable: CollectiveVariable, settings: Mapping[str, Any], broken: int
    ) -> BiasedRun:
        recipe = self.learner.recipe
        own = dict(recipe.refine if turn.kind == "refine" else recipe.explore)
        if turn.kind == "heat":
            times = 1 + (recipe.heat - 1 + HOTTER * (turn.looks // 2)) / 2**broken
            hot = times * kelvin(settings.get("temperature", KELVIN))
            settings = {**settings, "method": "none", "temperature": hot}
        elif {**own, **settings}["method"] == "metadynamics":
            own["sigma"] = [recipe.hill] * variable.dim
        if turn.best is not None and not broken and (bias := self._last_bias(turn.best)):
            settings = {**settings, "method": "static", "static": load_bias(bias)}
        return simulate(
            variable, system=self.system, time=self.times[turn.last],
            out=self._at(turn.number) / "run", rng=int(self.seeds[turn.number, 1]),
            resume=self.resume or broken > 0, **{**own, **settings},
        )  # fmt: skip

    def _last_bias(self, k: int) -> Path | None:
        """The last picture of the bias of a round, if there is one."""
        picture: Path | None = BiasedRun.load(self._at(k) / "run").last_bias
        return picture

    def _judged(self, turn: Turn, run: BiasedRun, progress: Progress) -> Round:
        """The round in numbers, and what the next one does."""
        path = self._at(turn.number) / STATE
        if self.resume and path.exists():
            return Round.from_json(loads(path.read_text(encoding="utf-8")))
        one = summary(turn.number, turn.kind, run, then=f"{progress.basin}: look on.")
        if progress.basin:
            crossed = self._crossings(progress).of(run)
            said = "Refine." if turn.basin else f"{progress.basin}: refine."
            if turn.best is not None:
                fixed = " Its bias was held fixed." if run.plan.method == "static" else ""
                said = f"Along the variable in round-{turn.best}, that crossed most.{fixed}"
            one = replace(one, transitions_per_ns=crossed.per_ns, next=said)
            if turn.basin and progress.hopeless(one):
                one = replace(one, next="Not there and back twice: set aside. Look on.")
        write_json(path, one.to_json())
        return one
