from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.errors import DataError
from sciae.table import Origin, Table
from sciae.tasks.anomaly import Detector, Scores, Tally, score

if TYPE_CHECKING:
    from collections.abc import Callable

    Toy = Callable[..., Table]


def made(p_value: list[float]) -> Scores:
    p = np.array(p_value)
    return Scores(-np.log(p), p, {}, {})


def test_the_verdict_counts_the_strange() -> None:
    assert made([0.01, 0.5, 0.005, 1.0]).verdict == (
        "4 rows scored; 2 (50.00%) have p <= 0.01, where 1 % are expected if all are background."
    )
    assert made([]).verdict == "No rows were scored."


def test_a_tally_of_pieces_is_that_of_the_whole(detector: Detector, toy: Toy) -> None:
    whole, tally = score(detector, toy(300)), Tally()
    for piece in toy(300).chunks(70):
        tally.add(score(detector, piece))
    assert tally.verdict == whole.verdict
    tally = Tally()
    for _ in range(3):
        tally.add(whole)
    assert tally.rejected == {"outside the window": 900}


def test_scores_below_each_other(detector: Detector, toy: Toy) -> None:
    one, other = score(detector, toy(30)), score(detector, toy(20, seed=2, path="b.root"))
    both = Scores.concat([one, other])
    assert len(both) == 50
    assert [origin.path for origin in both.origins] == ["toy.root", "b.root"]
    assert both.origin.tolist() == [0] * 30 + [1] * 20
    assert both.rejected == {"outside the window": 50}
    for name, values in both.columns.items():
        np.testing.assert_array_equal(values, np.r_[one.columns[name], other.columns[name]])
    np.testing.assert_array_equal(
        both.carried["evt"], np.r_[one.carried["evt"], other.carried["evt"]]
    )


def test_annotations_lead_back_range_by_range(detector: Detector, toy: Toy) -> None:
    table = toy(30)
    ranges = (
        Origin(path="a", stop=20),
        Origin(path="a", start=20, stop=25),
        Origin(path="b", stop=90),
    )
    origin = np.repeat([0, 2], [10, 20])
    placed = Table(
        table.schema, table.columns, origins=ranges, origin=origin, entry=np.arange(30) % 20
    )
    scores = score(detector, placed)
    found = list(scores.annotations())
    assert [one.origin for one in found] == list(ranges)
    assert [len(one.entry) for one in found] == [10, 0, 20]
    for one, rows in zip(found, (slice(0, 10), slice(0, 0), slice(10, 30)), strict=True):
        np.testing.assert_array_equal(one.columns["score"], scores.score[rows])
        assert list(one.columns) == list(scores.columns)


def test_rows_without_a_place_cannot_be_led_back(detector: Detector, toy: Toy) -> None:
    table = toy(30)
    scores = score(detector, Table(table.schema, table.columns))
    with pytest.raises(DataError, match="no origin; expected a table that a domain read"):
        list(scores.annotations())
    assert Scores.concat([scores, scores]).origin is None


def test_html_escapes_and_says_the_verdict() -> None:
    assert made([0.5])._repr_html_() == (
        "<p>1 rows scored; 0 (0.00%) have p &lt;= 0.01, where 1 % are expected if all are "
        "background.</p>"
    )
