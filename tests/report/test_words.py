from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciae.report.clean import clean, shortened
from sciae.report.words import DASH, MINUS, interval, listed, number, percent
from sciae.tasks.anomaly import Estimate


@given(st.floats(-1e300, 1e300))
def test_a_number_is_right_to_three_digits(value: float):
    text = number(value).replace(MINUS, "-").replace(",", "")
    assert float(text) == pytest.approx(value, rel=0.0051, abs=0)


@given(st.floats(0, 1))
def test_a_share_is_never_said_to_be_none_or_all_unless_it_is(share: float):
    text = percent(share)
    assert text.endswith(" %")
    assert (float(text[:-2]) == 0) == (share == 0)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0951, "0.0951"), (0.99951, "1.00"), (999.6, "1000")]
)
def test_numbers_at_the_edges(value: float, text: str):
    assert number(value) == text


def test_what_is_missing_is_a_dash():
    assert number(math.nan) == DASH
    assert percent(math.nan) == DASH
    assert interval(Estimate(1.0, math.nan, math.nan)) == f"[{DASH}]"


def test_names_are_listed_as_in_a_sentence():
    assert [listed(list(x)) for x in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]


@given(st.text(), st.integers(2, 40))
def test_a_shortened_name_is_short(text: str, most: int):
    assert len(shortened(text, most)) <= most
    assert shortened(text, 10**6) == clean(text)
