from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from sciae.errors import DataError
from sciae.simulation.bias import Grid, Opes, Static, Umbrella, WellTempered
from sciae.simulation.engines.particle import Particle
from sciae.simulation.engines.potential import four_wells

PLANE = Grid((-2, -2), (2, 2), (40, 40))
BIASES = {
    "opes": lambda: Opes(PLANE, barrier=12, kt=1.0, sigma=[0.2, 0.2]),
    "opes, measured": lambda: Opes(PLANE, barrier=12, kt=1.0, measure=30),
    "explore": lambda: Opes(PLANE, barrier=12, kt=1.0, sigma=[0.2, 0.2], explore=True),
    "well-tempered": lambda: WellTempered(PLANE, height=1, sigma=[0.2, 0.2], gamma=8, kt=1.0),
    "static": lambda: Static(PLANE, np.sin(PLANE.nodes.sum(1))),
    "umbrella": lambda: Umbrella(PLANE, center=[1, 1], kappa=[3, 3]),
}
EVERY = pytest.mark.parametrize("make", BIASES.values(), ids=BIASES)
GROWING = pytest.mark.parametrize("make", list(BIASES.values())[:4], ids=list(BIASES)[:4])


def _go(engine: Any, bias: Any, deposits: int) -> None:
    for _ in range(deposits):
        engine.step(50)
        bias.deposit(engine.variable, time=engine.time)


def _file(state: Any) -> Any:
    """Written and read again, as a file without pickle."""
    content = io.BytesIO()
    np.savez(content, **state)
    content.seek(0)
    return dict(np.load(content, allow_pickle=False))


def _same(one: Any, other: Any) -> None:
    a, b = one.state(), other.state()
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].tobytes() == b[name].tobytes(), name
    for mine, its in zip(one.tables, other.tables, strict=True):
        assert mine.tobytes() == its.tobytes()
    assert one.columns() == other.columns()
    assert one.offset == other.offset


def _engine(bias: Any, rng: int = 1) -> Any:
    return Particle(four_wells(barrier=5.0), kt=1.0, start=[-1, -1], bias=bias, rng=rng)


@EVERY
@pytest.mark.parametrize("before", [7, 150])
def test_a_continuation_is_the_uninterrupted_run_bit_for_bit(make: Any, before: int):
    whole = make()
    engine = _engine(whole)
    _go(engine, whole, before)
    state, checkpoint = _file(whole.state()), engine.checkpoint()
    _go(engine, whole, 100)

    resumed = make()
    other = _engine(resumed, rng=99)
    _go(other, resumed, 3)  # whatever it was before
    tables = resumed.tables
    resumed.restore(state)
    other.restore(checkpoint)
    _go(other, resumed, 100)
    assert resumed.tables is tables
    assert other.checkpoint() == engine.checkpoint()
    assert other.position.tobytes() == engine.position.tobytes()
    _same(resumed, whole)
    assert resumed.records() == whole.records()


@GROWING
def test_walkers_in_several_processes_have_the_bits_of_one_shared_bias(make: Any):
    shared, apart = make(), [make(), make(), make()]
    rng = np.random.default_rng(1)
    for k in range(120):
        s = rng.uniform(-1.5, 1.5, (3, 2))
        shared.deposit(s, time=k)
        proposals = np.vstack([bias.propose(x) for bias, x in zip(apart, s, strict=True)])
        for bias in apart:
            bias.merge(proposals, time=k)
    for bias in apart:
        assert bias.tables[0].tobytes() == shared.tables[0].tobytes()
        assert bias.columns() == shared.columns()
    assert apart[0].records() == shared.records()


@GROWING
def test_a_state_of_other_settings_is_refused(make: Any):
    other = Grid((-2, -2), (2, 2), (40, 42))
    state = make().state()
    with pytest.raises(DataError, match="settings"):
        Opes(other, barrier=12, kt=1.0, sigma=[0.2, 0.2]).restore(
            Opes(PLANE, barrier=12, kt=1.0, sigma=[0.2, 0.2]).state()
        )
    state["identity"] = state["identity"] * 1.001
    with pytest.raises(DataError, match="settings"):
        make().restore(state)


@EVERY
def test_a_damaged_state_is_refused(make: Any):
    bias = make()
    for name in bias.state():
        state = bias.state()
        del state[name]
        with pytest.raises(DataError, match=name):
            bias.restore(state)
    if "values" in bias.state():
        state = bias.state()
        state["values"][0] = np.nan
        with pytest.raises(DataError, match="finite"):
            bias.restore(state)
