from __future__ import annotations

import sys

import numpy as np
import pytest

from sciae.domains.jets.cluster import cluster
from sciae.domains.jets.ragged import Constituents, jet_axis
from sciae.errors import DataError, MissingExtraError, SpecError

ak = pytest.importorskip("awkward")


@pytest.fixture
def events() -> Constituents:
    rng = np.random.default_rng(5)
    counts = np.array([80, 0, 120, 1, 60, 0])
    total = counts.sum()
    columns = rng.pareto(1.5, total) + 0.2, rng.normal(0, 1.5, total), rng.uniform(-4, 4, total)
    return Constituents.from_ptetaphi(np.r_[0, np.cumsum(counts)], *columns)


def as_awkward(events: Constituents):
    columns = {
        "px": events.pt * np.cos(events.phi),
        "py": events.pt * np.sin(events.phi),
        "pz": events.pt * np.sinh(events.eta),
        "E": events.energy,
    }
    return ak.unflatten(ak.zip(columns), events.counts)


def needs_fastjet() -> None:
    pytest.importorskip("fastjet")


def test_two_particles_join_within_the_radius_only() -> None:
    needs_fastjet()
    for distance, jets in ((0.79, 1), (0.81, 2)):
        event = Constituents.from_ptetaphi([0, 2], [50, 20], [0, 0], [3.0, 3.0 + distance])
        assert len(cluster(event, radius=0.8).jets) == jets


def test_every_particle_ends_in_one_jet_of_its_event(events: Constituents) -> None:
    needs_fastjet()
    found = cluster(events)
    for event in range(len(events)):
        mine = found.jets.take(found.event == event)
        own = events.take([event])
        np.testing.assert_allclose(np.sort(mine.pt), np.sort(own.pt), rtol=1e-9)


def test_hardest_first_with_ranks(events: Constituents) -> None:
    needs_fastjet()
    found = cluster(events, pt_min=2)
    pt = jet_axis(found.jets).pt
    assert (np.diff(found.event) >= 0).all()
    for event in np.unique(found.event):
        mine = found.event == event
        assert found.rank[mine].tolist() == list(range(mine.sum()))
        assert (np.diff(pt[mine]) <= 0).all()


def test_bounds_are_on_the_jets(events: Constituents) -> None:
    needs_fastjet()
    every, some = cluster(events), cluster(events, pt_min=2, pt_max=30, abs_eta_max=1)
    axis = jet_axis(every.jets)
    within = (axis.pt >= 2) & (axis.pt <= 30) & (np.abs(axis.eta) <= 1)
    assert some.event.tolist() == every.event[within].tolist()
    np.testing.assert_allclose(jet_axis(some.jets).pt, axis.pt[within], rtol=1e-9)
    assert some.rank.tolist() == every.rank[within].tolist()


@pytest.mark.parametrize("algorithm", ["antikt", "cambridge", "kt"])
def test_awkward_and_flat_events_give_the_same_jets(events: Constituents, algorithm: str) -> None:
    needs_fastjet()
    flat, awkward = (cluster(e, algorithm=algorithm) for e in (events, as_awkward(events)))
    assert flat.event.tolist() == awkward.event.tolist()
    assert flat.jets.offsets.tolist() == awkward.jets.offsets.tolist()
    np.testing.assert_allclose(flat.jets.pt, awkward.jets.pt, rtol=1e-9)


def test_masked_events_and_particles_are_left_out(events: Constituents) -> None:
    needs_fastjet()
    array = as_awkward(events)
    found = cluster(array.mask[[False, True, True, True, True, True]])
    want = cluster(events)
    assert found.event.tolist() == want.event[want.event > 0].tolist()
    up = cluster(ak.mask(array, array.px > 0))
    assert len(up.jets.pt) == (events.pt * np.cos(events.phi) > 0).sum()


def test_events_without_particles(events: Constituents) -> None:
    needs_fastjet()
    for none in (events.take([]), events.take([1]), as_awkward(events)[1:2]):
        found = cluster(none)
        assert (len(found.jets), found.event.size, found.rank.size) == (0, 0, 0)


def test_padding_is_not_clustered() -> None:
    needs_fastjet()
    event = Constituents.from_ptetaphi([0, 3], [0, 50, 0], [0, 1, 0], [0, 1, 0])
    assert cluster(event).jets.counts.tolist() == [1]


def test_no_banner(events: Constituents, capfd: pytest.CaptureFixture[str]) -> None:
    needs_fastjet()
    cluster(events)
    assert capfd.readouterr().out == ""


def test_what_is_wrong_is_said(events: Constituents) -> None:
    with pytest.raises(SpecError, match="siscone"):
        cluster(events, algorithm="siscone")
    with pytest.raises(SpecError, match="radius"):
        cluster(events, radius=-1)
    with pytest.raises(DataError, match="'E'"):
        cluster(as_awkward(events)[["px", "py", "pz"]])
    with pytest.raises(DataError, match="finite"):
        cluster(Constituents.from_ptetaphi([0, 1], [np.nan], [0], [0]))


def test_without_fastjet_the_extra_is_named(
    events: Constituents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fastjet", None)
    with pytest.raises(MissingExtraError, match=r"sciae\[jets\]"):
        cluster(events)
