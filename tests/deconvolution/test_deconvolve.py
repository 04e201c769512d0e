from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from sciae.deconvolution import Known, deconvolve
from sciae.errors import DataError, SpecError

EDGES = np.linspace(-1.7, 1.7, 41)
CENTRES = (EDGES[1:] + EDGES[:-1]) / 2
TRUTH = 6 * (CENTRES**2 - 1) ** 2


def sampled(count: int, seed: int, tilt: float = 0.0) -> np.ndarray:
    """s of a double well, biased by -tilt s."""
    x = np.linspace(-2, 2, 4001)
    below = np.cumsum(np.exp(-6 * (x**2 - 1) ** 2 + tilt * x))
    return np.interp(np.random.default_rng(seed).uniform(size=count), below / below[-1], x)


def pairs(seed: int, blur: float = 0.3, count: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    s = rng.uniform(-1.7, 1.7, count)
    return s, s + rng.normal(0, blur, count)


Z_EDGES = np.linspace(-3.2, 3.2, 81)


def known(blur: float = 0.3) -> Known:
    """The law of the blur itself, in bins; at five places in each bin of s."""
    places = (EDGES[:-1, None] + np.diff(EDGES)[:, None] * (np.arange(5) + 0.5) / 5).ravel()
    below = ndtr((Z_EDGES[:, None] - places) / blur)
    return Known(np.diff(below, axis=0).reshape(80, -1, 5).mean(2))


def blurred(s: np.ndarray, seed: int, blur: float = 0.3) -> np.ndarray:
    return s + np.random.default_rng(seed).normal(0, blur, len(s))


def test_the_band_holds_the_truth_where_the_naive_curve_does_not() -> None:
    z = blurred(sampled(20_000, 1), 2)
    found = deconvolve(z, edges=EDGES, pairs=pairs(3), correlated=False, rng=4)
    low, high = found.band
    seen = TRUTH < 8
    shift = np.median((found.F - TRUTH)[TRUTH < 1])
    inside = (low - shift <= TRUTH) & (high - shift >= TRUTH)
    assert inside[seen].mean() > 0.75
    naive = found.naive - np.nanmin(found.naive)
    assert naive[19:21].max() < 3.5 < TRUTH[20]
    height = found.barrier((-1.3, -0.7), (0.7, 1.3))
    assert height.low < 6 < height.high
    assert height.high - height.low < 12
    assert found.delta((-1.7, 0), (0, 1.7)).covers(0.0)


def test_a_frozen_result_is_normalised() -> None:
    z, own = blurred(sampled(3000, 1), 2), {"pairs": known(), "z_edges": Z_EDGES}
    found = deconvolve(z, edges=EDGES, correlated=False, rng=4, **own)
    mass = np.exp(-found.draws) * np.diff(EDGES)
    assert np.allclose(mass.sum(1), 1)
    assert found.F.min() == 0
    share = found.of(lambda p: p[:, 20:].sum(1))
    assert share.low < 0.5 < share.high
    again = deconvolve(z, edges=EDGES, correlated=False, rng=4, **own)
    assert np.array_equal(found.draws, again.draws)


def test_weights_and_a_forward_bias_say_the_same() -> None:
    """Frames biased along z by 3 kT: weighted first, or with the bias in the model."""
    rng = np.random.default_rng(5)
    z = blurred(sampled(60_000, 6), 7)
    kept = z[rng.uniform(size=len(z)) < np.exp(-1.5 * (z + 1.2).clip(0, 2.4))]
    bias = 1.5 * (kept + 1.2).clip(0, 2.4)
    common = {"edges": EDGES, "pairs": known(), "z_edges": Z_EDGES, "correlated": False}
    weighted = deconvolve(kept, log_weight=bias, rng=1, **common)
    forward = deconvolve([kept], windows=[lambda z: 1.5 * (z + 1.2).clip(0, 2.4)], rng=1, **common)
    seen = TRUTH < 4
    assert np.abs(weighted.F - forward.F)[seen].max() < 0.15
    assert weighted.delta((-1.7, 0), (0, 1.7)).covers(0.0)
    unweighted = deconvolve(kept, rng=1, **common)
    assert unweighted.delta((-1.7, 0), (0, 1.7)).value > 2


def test_correlated_frames_widen_the_band() -> None:
    s = np.repeat(sampled(1000, 9), 20)
    z = blurred(s, 10, 0.05)
    own = {"edges": EDGES, "pairs": known(0.05), "z_edges": Z_EDGES, "rng": 1}
    wide, narrow = (
        deconvolve(z, correlated=correlated, **own).delta((-1.7, 0), (0, 1.7))
        for correlated in (True, False)
    )
    assert wide.high - wide.low > 1.15 * (narrow.high - narrow.low)


def test_frames_that_no_bin_holds_are_counted() -> None:
    z = np.append(blurred(sampled(900, 1), 2), [8.0, -9.0])
    own = {"edges": EDGES, "z_edges": Z_EDGES, "pairs": known(), "correlated": False, "rng": 1}
    assert deconvolve(z, **own).warnings == ("2 of 902 frames lie in no bin of z",)
    assert deconvolve(z[:-2], **own).warnings == ()


def test_an_angle_has_no_ends() -> None:
    edges = np.linspace(-np.pi, np.pi, 37)
    rng = np.random.default_rng(12)
    s = rng.vonmises(np.pi, 3, 20_000)
    z = (s + rng.normal(0, 0.3, 20_000) + np.pi) % (2 * np.pi) - np.pi
    turn = 2 * np.pi
    some = rng.uniform(-np.pi, np.pi, 2000)
    seen = (some + rng.normal(0, 0.3, 2000) + np.pi) % turn - np.pi
    found = deconvolve(
        z, edges=edges, pairs=(some, seen), period=turn, z_period=turn, correlated=False, rng=1
    )
    truth = 3 * np.cos((edges[1:] + edges[:-1]) / 2)
    assert np.abs(found.F - truth - 3)[truth < 1].max() < 0.3
    assert found.delta((-3.3, -2.0), (2.0, -2.0)).value < 0  # the second goes over the seam


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"z": [1.0, np.nan]}, DataError, "finite numbers"),
        ({"log_weight": np.zeros(3)}, DataError, "one for each frame"),
        ({"edges": [0.0, 0.0, 1.0]}, SpecError, "rising"),
        ({"edges": [0.0, 0.1, 1.0]}, SpecError, "several widths"),
        ({"pairs": Known(np.eye(3))}, SpecError, "bins of z, bins of s"),
        ({"pairs": (np.zeros(5), np.zeros(4))}, DataError, "one of each"),
        ({"log_weight": np.zeros(900), "windows": [np.zeros_like]}, DataError, "windows"),
        ({"z_edges": np.linspace(50, 60, 9)}, DataError, "no frame lies"),
    ],
)
def test_bad_input_says_what_is_wrong(
    change: dict[str, object], error: type[Exception], match: str
) -> None:
    given = {
        "z": blurred(sampled(900, 1), 2), "edges": EDGES, "pairs": pairs(3), "correlated": False,
        "rng": 1, **change,
    }  # fmt: skip
    with pytest.raises(error, match=match):
        deconvolve(given.pop("z"), **given)  # type: ignore[arg-type]
