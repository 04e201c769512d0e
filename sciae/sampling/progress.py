"""Progress: what rounds know so far, and what the next one does about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sciae.sampling.familiar import Familiar
    from sciae.sampling.pool import Segment
    from sciae.sampling.result import Round
    from sciae.sampling.settling import Basin, Settling

__all__ = ["Progress", "Turn"]

LOOKING = ("explore", "heat")
PATIENCE = 2  # refining rounds that do not go there and back, and a basin is left alone
BACK = 2  # transitions: there, and back


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One round before it is carried out.

    Attributes
    ----------
    number : int
    kind : str
        "given", "explore", "heat" or "refine".
    last : bool
    looks : int
        Rounds before it that looked for a basin.
    segments : tuple of Segment
        What it learns from.
    basin : Basin or None
        The other one; None, or empty, if none is known.
    refined : tuple of Round
        Rounds before it that learnt the way there.
    """

    number: int
    kind: str
    last: bool
    looks: int
    segments: tuple[Segment, ...]
    basin: Basin | None
    refined: tuple[Round, ...]

    @property
    def best(self) -> int | None:
        """Of the last round: the one that went back and forth most often, if any did.

        One whose bias was too stiff for the time step only if all were.
        """
        crossed = [one for one in self.refined if one.transitions_per_ns > 0 and self.last]
        if not crossed:
            return None
        return max(crossed, key=lambda one: (one.is_followed, one.transitions_per_ns)).number


@dataclass(kw_only=True)
class Progress:
    """Grows by a round at a time.

    Attributes
    ----------
    number : int
        How many rounds there will be.
    given : bool
        Whether the first one has a variable already.
    segments : list of Segment
        First trajectories, and those of each round that are learnt from.
    settling : Settling
    basin : Basin or None
        The other one; it may be empty.
    done : list of Round
    """

    number: int
    given: bool
    segments: list[Segment]
    settling: Settling
    basin: Basin | None = None
    done: list[Round] = field(default_factory=list)
    _since: tuple[int, int] = (0, 0)  # rounds and segments when the basin was found

    def turn(self) -> Turn:
        """The next round."""
        k, looks = len(self.done), sum(one.kind in LOOKING for one in self.done)
        last = k == self.number - 1
        return Turn(
            number=k, kind="refine" if self.basin else self._looking(looks, last=last), last=last,
            looks=looks, segments=tuple(self.segments), basin=self.basin, refined=self.refined,
        )  # fmt: skip

    @property
    def refined(self) -> tuple[Round, ...]:
        """Rounds that learnt the way to the basin."""
        return tuple(self.done[self._since[0] :]) if self.basin else ()

    def _looking(self, looks: int, *, last: bool) -> str:
        """How to look for another basin; in the last round not by heat, which is no ensemble."""
        if self.given and not self.done:
            return "given"
        return "heat" if looks % 2 and not last else "explore"

    def found(self, basin: Basin) -> None:
        """The round that is being carried out has found one, or none."""
        self.basin = basin
        self._since = len(self.done) + 1, len(self.segments)

    def add(self, segment: Segment, one: Round) -> None:
        """A round is done."""
        self.segments.append(segment)
        self.done.append(one)

    def hopeless(self, *more: Round) -> bool:
        """Whether, after these too, none of the last rounds went to the basin and back.

        The last round gives nothing up.
        """
        times = [one.transitions_per_ns * one.time for one in (*self.refined, *more)][-PATIENCE:]
        to_come = self.number - len(self.done) - len(more)
        return len(times) == PATIENCE and max(times) < BACK and to_come > 1

    def set_aside(self, other: Familiar) -> None:
        """Look for another basin than this one, as if the rounds since had not been.

        Frames like those of it are familiar from now on. What its rounds saw is not learnt
        from: its barrier is the highest, and would be the slowest component of all.
        """
        del self.segments[self._since[1] :]
        self.settling, self.basin = self.settling.without(other), None
