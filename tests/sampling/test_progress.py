from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from sciae.sampling import Segment
from sciae.sampling.familiar import Familiar
from sciae.sampling.progress import Progress
from sciae.sampling.result import Round
from sciae.sampling.settling import Basin, Settling

OTHER = Basin(paths=(Path("other.dcd"),), apart=0.5, tries=3, found=2)
FRAMES = Familiar([], window=1)


def made(number: int, kind: str, rate: float = math.nan) -> Round:
    return Round(
        number=number, kind=kind, time=0.5, transitions_per_ns=rate, n_eff=1.0, coverage=1.0,
        outside=0.0,
    )  # fmt: skip


def begun(number: int, *, given: bool = False) -> Progress:
    nothing = cast("Any", None)
    settling = Settling(
        system=nothing, domain=nothing, first=segment("first"), tries=1, time="1 ps", settings={}
    )
    return Progress(number=number, given=given, segments=[segment("first")], settling=settling)


def segment(name: str) -> Segment:
    return Segment(paths=(Path(name),))


def carried_out(progress: Progress, *rates: float, found: Basin | None = None) -> list[str]:
    """So many rounds, the first of which may find a basin; their kinds."""
    kinds = []
    for rate in rates:
        turn = progress.turn()
        if not turn.basin:
            progress.found(found or replace(OTHER, paths=()))
        kinds.append(turn.kind)
        progress.add(segment(str(turn.number)), made(turn.number, turn.kind, rate))
    return kinds


def test_every_second_look_is_heat_but_not_the_last() -> None:
    assert carried_out(begun(4), *[math.nan] * 4) == ["explore", "heat", "explore", "explore"]
    given = begun(4, given=True)
    assert carried_out(given, *[math.nan] * 4) == ["given", "explore", "heat", "explore"]
    assert begun(2).turn().looks == 0


def test_the_last_round_takes_what_crossed_most_of_what_was_learnt() -> None:
    progress = begun(5)
    assert carried_out(progress, 90, 5, 8, 7, found=OTHER) == ["explore", *["refine"] * 3]
    turn = progress.turn()
    assert (turn.last, turn.best) == (True, 2)
    progress = begun(4)
    carried_out(progress, 90, 0, 0, found=OTHER)
    assert progress.turn().best is None
    progress = begun(9)
    carried_out(progress, 90, 5, found=OTHER)
    assert progress.turn().best is None  # it is not the last


@pytest.mark.parametrize(
    ("rates", "hopeless"),
    [((0, 0), True), ((2, 0), True), ((4, 0), False), ((4, 0, 2), True), ((0,), False)],
)  # of rounds of half a nanosecond: 4 per ns are there and back
def test_a_basin_that_is_not_reached_and_left_in_two_rounds_is_hopeless(
    rates: tuple[float, ...], *, hopeless: bool
) -> None:
    progress = begun(20)
    carried_out(progress, 90, *rates, found=OTHER)
    assert progress.hopeless() == hopeless


def test_one_that_is_hopeless_is_set_aside_with_all_that_was_learnt_of_it() -> None:
    progress = begun(7)
    carried_out(progress, math.nan)
    carried_out(progress, 0, 0, 0, found=OTHER)
    assert [one.paths[0].name for one in progress.segments] == ["first", "0", "1", "2", "3"]
    assert progress.hopeless()
    progress.set_aside(FRAMES)
    assert not progress.hopeless()
    assert [one.paths[0].name for one in progress.segments] == ["first", "0"]
    assert progress.settling.aside == (FRAMES,)
    turn = progress.turn()
    assert (turn.number, turn.kind, turn.looks, turn.refined) == (4, "explore", 2, ())
    assert carried_out(progress, 90, 6, found=OTHER) == ["explore", "refine"]
    turn = progress.turn()
    assert (turn.last, turn.best, len(turn.refined)) == (True, 5, 1)


def test_the_last_round_gives_nothing_up() -> None:
    progress = begun(4)
    carried_out(progress, 90, 0, 0, found=OTHER)
    assert not progress.hopeless()
    assert progress.turn().kind == "refine"


def test_frames_near_a_basin_set_aside_are_no_strangers() -> None:
    from sciae.schema import Field, Schema
    from sciae.table import Table

    def table(x: np.ndarray) -> Table:
        return Table(Schema((Field(name="x", kind="continuous", shape=(2,)),)), {"x": x})

    rng = np.random.default_rng(1)
    first = Familiar([table(rng.normal(size=(200, 2))) for _ in range(3)], window=20)
    away = rng.normal(size=(200, 2)) + 30
    other = Familiar([table(away)], window=20, scale=first.normaliser)
    settling = begun(3).settling
    object.__setattr__(settling, "familiar", first)
    points = first.points(table(np.concatenate([away[:5] + 0.01, away[:5] + 100])))
    known = settling.without(other)
    object.__setattr__(known, "familiar", first)
    assert (settling._distances(points) > first.limit).all()
    assert (known._distances(points) > first.limit).tolist() == [False] * 5 + [True] * 5
