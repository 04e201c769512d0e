from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.autoencoders.training import Epoch
from sciae.errors import SpecError
from sciae.report.figures.coordinate import Coordinate
from sciae.report.figures.latent import latent_map, latent_states
from sciae.report.figures.learning import learning_curve
from sciae.report.figures.sensitivity import gradient_norm, sensitivity_bars
from sciae.report.figures.time_scales import implied_time_scales

if TYPE_CHECKING:
    from collections.abc import Callable

S0, S1 = Coordinate(name="s0"), Coordinate(name="s1")
PHI = Coordinate(name="phi", unit="rad", period=2 * np.pi)
MINUS = "\N{MINUS SIGN}"


def test_bars_are_shares_with_the_strongest_on_top(words: Callable[[str], list[str]]):
    figure = sensitivity_bars({"weak": 1.0, "strong": 6.0, "middle": 3.0})
    shown = [one for one in words(figure.svg) if one in ("weak", "middle", "strong")]
    assert shown == ["strong", "middle", "weak"]
    assert {"60.0 %", "30.0 %", "10.0 %"} <= set(words(figure.svg))
    assert "strong 60.0 %, middle 30.0 %, weak 10.0 %" in figure.alt


def test_weak_features_are_left_out_and_counted(words: Callable[[str], list[str]]):
    figure = sensitivity_bars({f"f{i}": float(i + 1) for i in range(30)})
    assert "14 weaker features are left out" in figure.caption
    assert "f0" not in words(figure.svg)
    assert "f29" in words(figure.svg)


def test_shares_are_of_all_features_not_of_those_shown():
    figure = sensitivity_bars(dict.fromkeys(map(str, range(100)), 1.0), most=2)
    assert "1.0 %" in figure.alt


@pytest.mark.parametrize("values", [{"a": 0.0, "b": 0.0}, {"a": 2.0}])
def test_bars_of_nothing_and_of_one(values: dict[str, float], assert_readable: Callable[..., None]):
    assert_readable(sensitivity_bars(values))
    assert sensitivity_bars({}) is None


def test_flat_and_steep_frames_are_counted(assert_readable: Callable[..., None]):
    norms = np.r_[np.full(90, 1.0), np.full(6, 1e-3), np.full(4, 500.0)]
    figure = gradient_norm(norms)
    assert "6.0 % of the frames lie below 0.01 of the median" in figure.caption
    assert "4.0 % above 100 times" in figure.caption
    assert_readable(figure)


@pytest.mark.parametrize("norms", [np.zeros(5), np.ones(5), np.r_[0.0, np.ones(9)], np.zeros(0)])
def test_gradients_of_zero_and_of_one_length_are_figures(
    norms: np.ndarray, assert_readable: Callable[..., None]
):
    assert_readable(gradient_norm(norms))


def test_no_frame_is_lost_from_the_histogram():
    from matplotlib.figure import Figure

    from sciae.report.figures import sensitivity

    axes = Figure().subplots()
    norms = np.r_[0.0, np.random.default_rng(1).lognormal(0, 2, 999)]
    sensitivity._histogram(axes, norms, float(np.median(norms)))
    assert sum(bar.get_height() for bar in axes.patches) == 1000


def test_an_angle_has_a_colour_scale_that_closes(words: Callable[[str], list[str]]):
    x = np.random.default_rng(1).normal(size=(3, 50))
    figure = latent_map(*x[:2], x[2], coordinates=(S0, S1), colour=PHI)
    assert {f"{MINUS}180", "180", "phi (°)", "s0", "s1"} <= set(words(figure.svg))
    from sciae.report.figures import latent

    first, last = latent._scale(PHI)([0.0, 1.0])
    np.testing.assert_allclose(first, last, atol=0.02)
    open_ends = latent._scale(S0)([0.0, 1.0])
    assert np.abs(open_ends[0] - open_ends[1]).max() > 0.5


def test_states_are_named_with_their_share(words: Callable[[str], list[str]]):
    x = np.random.default_rng(1).normal(size=(2, 100))
    figure = latent_states(*x, ["C7eq"] * 75 + ["C7ax"] * 25, coordinates=(S0, S1))
    assert {"C7eq (75.0 %)", "C7ax (25.0 %)"} <= set(words(figure.svg))


def test_rare_states_are_left_out_and_counted(words: Callable[[str], list[str]]):
    x = np.zeros((2, 100))
    names = ["rare"] + [f"m{i % 6}" for i in range(99)]
    figure = latent_states(*x, names, coordinates=(S0, S1))
    assert "1 rarer states are left out" in figure.caption
    assert not any(one.startswith("rare") for one in words(figure.svg))


def test_columns_of_two_lengths_are_refused():
    with pytest.raises(SpecError, match="one length"):
        latent_map(np.zeros(3), np.zeros(3), np.zeros(4), coordinates=(S0, S1), colour=PHI)


def test_the_best_epoch_is_that_of_the_held_out_loss():
    losses = [3.0, 1.0, 2.0, 2.5]
    history = [Epoch({"loss": 4.0 - e}, {"loss": x}) for e, x in enumerate(losses)]
    figure = learning_curve(history)
    assert "held out from 3.00 to 1.00 at epoch 2 of 4" in figure.alt
    assert "near the end" not in figure.caption
    assert "near the end" in learning_curve(history[:2]).caption
    assert learning_curve(()) is None
    assert learning_curve(history[:1]) is not None


def test_time_scales_are_in_picoseconds_if_the_rows_have_a_time(
    words: Callable[[str], list[str]], assert_readable: Callable[..., None]
):
    scales = {10: (100.0, 5.0), 20: (110.0,), 50: (120.0, float("nan"))}
    figure = implied_time_scales(scales, row_time=0.5)
    assert "the slowest is 60.0 ps" in figure.alt
    assert {"5", "10", "25", "lag (ps)"} <= set(words(figure.svg))
    assert "the slowest is 120 rows" in implied_time_scales(scales).alt
    assert implied_time_scales({}) is None
    assert_readable(figure)
