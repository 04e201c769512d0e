"""Recipe: what is learnt in each round, and from which frames."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Recipe"]

EXPLORE = {"method": "opes", "barrier": 50.0, "margin": 0.75}
REFINE = {"method": "metadynamics", "height": 1.0, "gamma": 15.0}
COMPONENTS = 2  # one bias acts on so many slow components at a time


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the rounds learn.

    A round *explores* as long as nothing but the first basin is known. It biases two slow
    linear components, each time another pair: a variable learnt inside one basin cannot know
    the way out, and a linear one at least goes on where there are no frames. The components
    are those of all frames as they came, bias and all: what is slow although it was biased
    is what the next bias should act on. Every second time there is *heat* instead of a bias,
    which needs no variable. After each, frames unlike the first ones are let go, without bias
    or heat; where they stay is another basin.

    From then on rounds *refine*: they learn `kind` from all frames, and bias along it.

    Attributes
    ----------
    kind, dim, hidden :
        Of the variable that refining rounds learn; see `sciae.tasks.cv.learn`. Labels are 0
        in the first basin and 1 in the other.
    lag : str
        Of both.
    temper : float
        Frames count with their equilibrium weight to this power. At 1 the loss is that of
        the equilibrium; at 0 frames count as they came. A variable of equilibrium is a step
        on top of the barrier, where hardly a frame has weight: flat elsewhere, it gives a
        bias no force, and is the worse the better it is learnt.
    pairs : tuple of pairs of int
        Slow components, from 0, that exploring rounds bias in turn.
    smooth : float
        A combination of distances that varies by less, in nm, is too stiff to explore along.
        Of angles: ten times as much, in radians. If a run breaks, the next variable is
        learnt with so much noise on the inputs.
    heat : float
        How many times the temperature; half a time more in each further round of heat. The
        lowest barrier is crossed first if heat begins low: too hot, peptide bonds turn.
    hill : float
        Width of a hill of metadynamics along what is learnt, whose known range is 2.
    tries, rest :
        Frames that are let go after an exploring round, and for how long.
    explore, refine : mapping
        Settings of the simulations of either kind of round, where nothing else is said; see
        `sciae.simulation.simulate`. OPES fills quickly to a given height, which finds ways
        out. Where the height is more than the barrier, it holds the system on the barrier
        for long; well-tempered metadynamics does not, and goes back and forth sooner.

    Raises
    ------
    SpecError
        If a number is out of its range.
    """

    kind: str = "committor"
    dim: int = 1
    lag: str = "2 ps"
    hidden: tuple[int, ...] = (32, 16)
    temper: float = 0.0
    pairs: tuple[tuple[int, int], ...] = ((0, 1), (1, 2), (0, 2))
    smooth: float = 0.01
    heat: float = 2.5
    hill: float = 0.05
    tries: int = 20
    rest: str = "20 ps"
    explore: Mapping[str, Any] = field(default_factory=lambda: dict(EXPLORE))
    refine: Mapping[str, Any] = field(default_factory=lambda: dict(REFINE))

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        object.__setattr__(self, "pairs", tuple((int(a), int(b)) for a, b in self.pairs))
        ok = 0 <= self.temper <= 1 and min(self.dim, self.tries, self.heat) >= 1
        if not (ok and self.smooth >= 0 and self.hill > 0 and self.pairs):
            raise SpecError(
                f"{self}", where="Recipe",
                expected="temper between 0 and 1, dim, tries and heat of 1 or more, smooth of 0 or "
                "more, hill above 0, and a pair",
            )  # fmt: skip
        if self.kind == "committor" and self.dim != 1:
            raise SpecError(
                f"dim {self.dim}", where="Recipe", expected="1: a committor is one coordinate"
            )
        for pair in self.pairs:
            if min(pair) < 0 or len(set(pair)) != COMPONENTS:
                raise SpecError(f"pair {pair}", where="Recipe", expected="two different components")

    @property
    def components(self) -> int:
        """How many slow components the pairs ask for."""
        return 1 + max(max(pair) for pair in self.pairs)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            **values, "hidden": list(self.hidden), "pairs": [list(pair) for pair in self.pairs],
            "explore": dict(self.explore), "refine": dict(self.refine),
        }  # fmt: skip
