from __future__ import annotations

from sciae.sampling.result import Round
from sciae.sampling.rounds import _most_crossed


def made(number: int, kind: str, rate: float) -> Round:
    return Round(
        number=number, kind=kind, time=1.0, transitions_per_ns=rate, n_eff=1.0, coverage=1.0,
        outside=0.0,
    )  # fmt: skip


def test_the_last_round_takes_what_crossed_most_of_what_was_learnt() -> None:
    assert _most_crossed([made(0, "explore", 90.0)]) is None
    assert _most_crossed([made(0, "explore", 90.0), made(1, "refine", 0.0)]) is None
    several = [made(0, "given", 90.0), *(made(k, "refine", r) for k, r in enumerate((5, 8, 7), 1))]
    assert _most_crossed(several) == 2
