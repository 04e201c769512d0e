"""Recipe: what is learnt in each round, and from which frames."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sciae.errors import SpecError

__all__ = ["Recipe"]

COMPONENTS = 2  # one bias acts on so many slow components at a time


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the rounds learn.

    A round *explores* as long as nothing but the first basin is known. It biases two slow
    linear components, each time another pair: a variable learnt inside one basin cannot know
    the way out, and a linear one at least goes on where there are no frames. The components
    are those of all frames as they came, bias and all: what is slow although it was biased
    is what the next bias should act on.

    Once the frames hold more than the first basin, rounds *refine*: they learn `kind` from
    all frames with the weights that undo the bias, and bias along it.

    Attributes
    ----------
    kind, dim, hidden :
        Of the variable that refining rounds learn; see `sciae.tasks.cv.learn`.
    starts : int
        Trainings of a refining round; the one whose slowest process is the slowest is kept.
    lag : str
        Of both.
    pairs : tuple of pairs of int
        Slow components, from 0, that exploring rounds bias in turn.
    smooth : float
        A combination of distances that varies by less, in nm, is too stiff to explore along.
    reach : float
        How far beyond the known range an exploring run may go, as a share of it; see
        `margin` of `sciae.simulation.simulate`.
    heaviest : float
        Weights above so many times their mean are cut: few frames must not decide alone.
        Known regions keep their weight, rare ones too much of it: it is a bias of what is
        *learnt*, never of a free energy.
    new : float
        Reweighted share of the frames that must lie outside of what the first ones know
        before rounds begin to refine: a population within about 9 kT.

    Raises
    ------
    SpecError
        If a number is out of its range.
    """

    kind: str = "deep-tica"
    dim: int = 2
    starts: int = 4
    lag: str = "2 ps"
    hidden: tuple[int, ...] = (32, 16)
    pairs: tuple[tuple[int, int], ...] = ((0, 1), (1, 2), (0, 2))
    smooth: float = 0.01
    reach: float = 0.75
    heaviest: float = 20.0
    new: float = 1e-4

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        object.__setattr__(self, "pairs", tuple((int(a), int(b)) for a, b in self.pairs))
        ok = self.heaviest >= 1 and 0 < self.new < 1 and min(self.dim, self.starts) >= 1
        if not (ok and self.smooth >= 0 and self.reach > 0 and self.pairs):
            raise SpecError(
                f"{self}", where="Recipe",
                expected="heaviest, dim and starts of 1 or more, new between 0 and 1, smooth of "
                "0 or more, reach above 0, and a pair",
            )  # fmt: skip
        for pair in self.pairs:
            if min(pair) < 0 or len(set(pair)) != COMPONENTS:
                raise SpecError(f"pair {pair}", where="Recipe", expected="two different components")

    @property
    def components(self) -> int:
        """How many slow components the pairs ask for."""
        return 1 + max(max(pair) for pair in self.pairs)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**asdict(self), "hidden": list(self.hidden), "pairs": [list(p) for p in self.pairs]}
