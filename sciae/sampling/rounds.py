"""rounds: simulate, reweight, learn, and again."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciae.collective import CollectiveVariable
from sciae.collective.steepness import with_steepness
from sciae.errors import SimulationError, SpecError
from sciae.rng import generator
from sciae.run import write_json
from sciae.run.plain import loads
from sciae.sampling.learner import Learner
from sciae.sampling.pool import Segment
from sciae.sampling.recipe import Recipe
from sciae.sampling.result import Round, Rounds, summary
from sciae.sampling.settling import Settling
from sciae.sampling.spacing import halved, spaced
from sciae.simulation import simulate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sciae.domains.trajectories import Trajectories
    from sciae.rng import Seed
    from sciae.sampling.settling import Basin
    from sciae.simulation import BiasedRun, MolecularSystem

__all__ = ["rounds"]

LOG = logging.getLogger(__name__)
STATE, SETTLED, SLOWER, BROKEN = "round.json", "settled", "slower.json", "run-broken"
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
    rounds explore and when they refine.

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
        If a run is no longer finite, at half the time step neither.
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
        times=(time, last or time),
        seeds=generator(rng).integers(2**31, size=(number, 2)),
        resume=resume,
    )  # fmt: skip
    return loop.run([Segment(paths=tuple(map(Path, sources)))], first)


@dataclass(frozen=True, kw_only=True)
class _Loop:
    """What stays the same from round to round."""

    system: MolecularSystem
    learner: Learner
    out: Path
    settings: dict[str, Any]
    number: int
    times: tuple[str, str]
    seeds: NDArray[np.int64]
    resume: bool

    def run(self, segments: list[Segment], first: CollectiveVariable | None) -> Rounds:
        """All rounds, one after the other."""
        done: list[Round] = []
        settling, basin = self._settling(segments[0]), None
        for k in range(self.number):
            kind = "given" if k == 0 and first is not None else "refine" if basin else "explore"
            variable = self._variable(k, kind, segments, basin, first)
            run = self._simulated(k, kind, variable)
            if not basin:
                basin = settling.after(run, self._at(k) / SETTLED, int(self.seeds[k, 1]))
                LOG.info("%s", basin)
            segments.append(Segment.of(run))
            done.append(self._judged(k, kind, run, basin))
            LOG.info("%s", done[-1])
        return Rounds(directory=self.out, rounds=tuple(done), variable=variable, run=run)

    def _settling(self, first: Segment) -> Settling:
        recipe, settings = self.learner.recipe, self.settings
        return Settling(
            system=self.system, domain=self.learner.domain, first=first, tries=recipe.tries,
            time=recipe.rest, settings={n: settings[n] for n in UNBIASED if n in settings},
        )  # fmt: skip

    def _at(self, k: int) -> Path:
        return self.out / f"round-{k}"

    def _variable(
        self,
        k: int,
        kind: str,
        segments: Sequence[Segment],
        basin: Basin | None,
        first: CollectiveVariable | None,
    ) -> CollectiveVariable:
        """That of a former attempt, or a new one; written before it is used."""
        folder = self._at(k) / "cv"
        if self.resume and (folder / "cv.json").exists():
            return CollectiveVariable.load(folder)
        seed = int(self.seeds[k, 0])
        if kind == "given":
            assert first is not None
            variable = first
        elif kind == "explore":
            variable = self.learner.exploring(segments, k, seed)
        else:
            assert basin is not None
            variable = self.learner.refined(segments, basin, seed)
        variable = with_steepness(variable, self.learner.frames(segments))
        variable.save(folder)
        return variable

    def _simulated(self, k: int, kind: str, variable: CollectiveVariable) -> BiasedRun:
        """A run along the variable; at half the time step if it breaks."""
        marker = self._at(k) / SLOWER
        if not marker.exists():
            try:
                return self._attempt(k, kind, variable, self.settings, resume=self.resume)
            except SimulationError as error:
                LOG.warning("round %d: %s; again at half the time step", k, error)
                shutil.rmtree(self._at(k) / BROKEN, ignore_errors=True)
                (self._at(k) / "run").rename(self._at(k) / BROKEN)  # its frames are not lost
                write_json(marker, {"why": str(error)})
        return self._attempt(k, kind, variable, halved(self.settings), resume=True)

    def _attempt(
        self, k: int, kind: str, variable: CollectiveVariable, settings: Mapping[str, Any],
        *, resume: bool,
    ) -> BiasedRun:  # fmt: skip
        recipe = self.learner.recipe
        own = dict(recipe.refine if kind == "refine" else recipe.explore)
        if {**own, **settings}["method"] == "metadynamics":
            own["sigma"] = [recipe.hill] * variable.dim
        return simulate(
            variable, system=self.system, time=self.times[k == self.number - 1],
            out=self._at(k) / "run", rng=int(self.seeds[k, 1]), resume=resume,
            **{**own, **settings},
        )  # fmt: skip

    def _judged(self, k: int, kind: str, run: BiasedRun, basin: Basin) -> Round:
        """The round in numbers, and what the next one does."""
        path = self._at(k) / STATE
        if self.resume and path.exists():
            return Round.from_json(loads(path.read_text(encoding="utf-8")))
        then = "refine" if basin else "explore"
        said = f"Next: {then}." if kind == "refine" else f"{basin}: {then}."
        one = summary(k, kind, run, then=said)
        write_json(path, one.to_json())
        return one
