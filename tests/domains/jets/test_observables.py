from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.domains.jets.observables import OBSERVABLES, observables
from sciae.domains.jets.ragged import Constituents, jet_axis
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Jets = Callable[..., Constituents]
    Same = Callable[[Constituents], Constituents]
    Numbers = Sequence[float]

RADIUS = 0.8
RATIOS = ("tau21", "tau32", "tau43", "c2", "d2", "m2", "n2")


def one(pt: Numbers, eta: Numbers, phi: Numbers, **more: Numbers) -> dict[str, float]:
    jet = Constituents.from_ptetaphi([0, len(pt)], pt, eta, phi, **more)
    return {name: float(x[0]) for name, x in observables(jet, radius=RADIUS).items()}


def close(found: dict[str, float], **want: float) -> None:
    np.testing.assert_allclose(
        [found[name] for name in want],
        list(want.values()),
        rtol=1e-9,
        atol=1e-12,
        err_msg=str(want),
    )


@pytest.mark.parametrize("phi", [0.0, np.pi - 0.1, -3.0])
@pytest.mark.parametrize("eta", [0.0, 1.7])
def test_two_constituents_by_hand(eta: float, phi: float) -> None:
    d, z = 0.3, 0.25
    axis = np.arctan2(z * np.sin(d), 1 - z + z * np.cos(d))
    girth = (1 - z) * axis + z * (d - axis)
    width = (1 - z) * axis**2 + z * (d - axis) ** 2
    mass = np.sqrt(4 * 30 * 10) * np.sin(d / 2)
    found = one([10, 30], [eta, eta], [phi + d, phi])
    close(found, mass=mass, girth=girth, width=width, ptd=np.sqrt(0.625), multiplicity=2)
    close(found, lha=(1 - z) * (axis / RADIUS) ** 0.5 + z * ((d - axis) / RADIUS) ** 0.5)
    close(found, tau1=z * d / RADIUS, tau2=0, tau3=0, tau4=0, tau21=0, tau32=0, tau43=0)
    close(found, c1=z * (1 - z) * d, c2=0, d2=0, m2=0, n2=0, leading_fraction=0.75, n95=2)
    close(found, soft_drop_mass=mass, zg=z, theta_g=d / RADIUS, nsd=1)
    close(found, lund_primary_1gev=1, lund_primary_5gev=0, lund_multiplicity=2)  # kt = 3 GeV


def test_three_on_a_line_by_hand() -> None:
    found = one([60, 30, 20], [0, 0, 0], [0, 0.3, 0.4])
    close(found, tau1=17 / 110 / RADIUS, tau2=2 / 110 / RADIUS, tau3=0, tau21=2 / 17, tau32=0)
    pairs = (60 * 30 * 0.3 + 60 * 20 * 0.4 + 30 * 20 * 0.1) / 110**2
    weight = 60 * 30 * 20 / 110**3
    close(found, c1=pairs, c2=weight * 0.012 / pairs**2, d2=weight * 0.012 / pairs**3)
    close(found, m2=weight * 0.1 / pairs, n2=weight * 0.03 / pairs**2)


def test_equal_triangle_by_hand() -> None:
    d = 0.2
    found = one([5, 5, 5], [0, 0, d * np.sqrt(3) / 2], [-d / 2, d / 2, 0])
    close(found, c1=d / 3, c2=d / 3, d2=1, m2=1 / 9, n2=1 / 3)


def test_distances_go_the_short_way_round_in_a_jet_wider_than_half_a_turn() -> None:
    found = one([5, 1, 1], [0, 0, 0], [0, 3, -3])
    gap = 2 * np.pi - 6
    close(found, c1=(2 * 5 * 3 + gap) / 49, tau2=gap / 7 / RADIUS)
    soft = 2 * np.cos(gap / 2)
    close(found, zg=soft / (5 + soft), theta_g=np.pi / RADIUS)


def test_soft_drop_removes_soft_wide_branches() -> None:
    found = one([100, 40, 5], [0, 0, 0.6], [0, 0.2, 0])
    core = one([100, 40], [0, 0], [0, 0.2])
    close(found, soft_drop_mass=core["mass"], zg=40 / 140, theta_g=0.25, nsd=1)
    assert found["mass"] > 1.2 * core["mass"]
    close(found, lund_primary_1gev=2, lund_primary_5gev=1, lund_multiplicity=3)


def test_splittings_off_the_primary_branch_count_in_the_tree_only() -> None:
    found = one([100, 40, 40], [0, 0.5, 0.5], [0, 0, 0.05])
    close(found, nsd=1, lund_primary_1gev=1, lund_multiplicity=3)


def test_where_nothing_passes_soft_drop_one_constituent_is_left() -> None:
    close(one([100, 5], [0, 0], [0, 0.4]), soft_drop_mass=0, zg=0, theta_g=0, nsd=0)
    found = one([100, 5], [0, 0], [0, 0.4], mass=[3, 0])
    close(found, soft_drop_mass=3)


@pytest.mark.parametrize("phi", [0.1, 1.0, 2.5, 3.1, -2.0])
def test_one_constituent_spreads_nothing(phi: float) -> None:
    found = one([50], [1.3], [phi])
    zero = set(found) - {"pt", "eta", "multiplicity", "ptd", "leading_fraction", "n95"}
    assert [name for name in zero - {"lund_multiplicity"} if found[name] != 0] == []
    close(found, mass=0, tau1=0, tau21=0, multiplicity=1, ptd=1, leading_fraction=1, n95=1)
    close(found, lund_multiplicity=1)


@pytest.mark.parametrize(
    ("pt", "eta"), [([], []), ([0.0, 0.0], [1, 2]), ([1, np.nan], [0, 0]), ([1, 2], [0, np.inf])]
)
def test_no_usable_constituent_is_nan_throughout(pt: Numbers, eta: Numbers) -> None:
    found = one(pt, eta, np.zeros(len(pt)), energy=np.ones(len(pt)))
    assert np.isnan(list(found.values())).all()


def test_copies_at_one_place_are_one_constituent_but_for_counts() -> None:
    found = one([20, 20, 20, 40], [0.1] * 4, [1] * 4)
    assert np.isfinite(list(found.values())).all()
    close(found, tau1=0, c1=0, d2=0, soft_drop_mass=0, theta_g=0, n95=4)


def test_fewer_constituents_than_axes() -> None:
    for n in (1, 2, 3):
        found = one([30, 20, 10][:n], [0, 0.1, 0.3][:n], [0, 0.2, 0][:n])
        assert found[f"tau{n}"] == found["tau4"] == 0
        assert found[f"tau{n - 1}"] > 0 if n > 1 else True


def test_the_same_jets_have_the_same_observables(toy_jets: Jets, same: Same) -> None:
    jets = toy_jets()
    want, found = (observables(j, radius=RADIUS) for j in (jets, same(jets)))
    for name in set(OBSERVABLES) - {"eta"}:
        np.testing.assert_allclose(found[name], want[name], rtol=1e-9, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(np.abs(found["eta"]), np.abs(want["eta"]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("tower", [0, np.pi / 32])
def test_nor_do_equal_distances_or_equal_pt_matter(
    toy_jets: Jets, same: Same, tower: float
) -> None:
    """On a grid of towers many distances are equal; off it, many pt of a coarse scale."""
    jets, step = toy_jets(200), tower or 1e-3
    pt = jets.pt if tower else np.ceil(2 * jets.pt)
    columns = pt, np.round(jets.eta / step) * step, np.round(jets.phi / step) * step
    jets = Constituents.from_ptetaphi(jets.offsets, *columns)
    want, found = (observables(j, radius=RADIUS) for j in (jets, same(jets)))
    for name in set(OBSERVABLES) - {"eta"}:
        np.testing.assert_allclose(found[name], want[name], rtol=1e-9, atol=1e-9, err_msg=name)


def test_equal_pt_everywhere_does_not_depend_on_the_order(toy_jets: Jets) -> None:
    jets = toy_jets(20)
    columns = (np.full_like(jets.pt, 2.0), jets.eta, jets.phi)
    jets = Constituents.from_ptetaphi(jets.offsets, *columns)
    order = np.concatenate([np.arange(*ab)[::-1] for ab in pairwise(jets.offsets)])
    other = Constituents.from_ptetaphi(jets.offsets, *(c[order] for c in columns))
    want, found = (observables(j, radius=RADIUS) for j in (jets, other))
    for name in OBSERVABLES:
        np.testing.assert_allclose(found[name], want[name], rtol=1e-9, atol=1e-12, err_msg=name)


def test_units_scale_as_they_say(toy_jets: Jets) -> None:
    jets = toy_jets()
    more = Constituents(jets.offsets, 2 * jets.pt, jets.eta, jets.phi, 2 * jets.energy)
    want, found = (observables(j, radius=RADIUS) for j in (jets, more))
    for name in [n for n in OBSERVABLES if not n.startswith("lund")]:
        scale = 2 if OBSERVABLES[name].unit == "GeV" else 1
        np.testing.assert_allclose(found[name], scale * want[name], rtol=1e-9, atol=1e-12)
    for name in ("lund_primary_1gev", "lund_primary_5gev", "lund_multiplicity"):
        assert (found[name] >= want[name]).all()


def test_ranges_and_orders(toy_jets: Jets) -> None:
    found = observables(toy_jets(300), radius=RADIUS)
    assert all(np.isfinite(x).all() for x in found.values())
    assert all((found[name] >= 0).all() for name in set(OBSERVABLES) - {"eta"})
    for n in (1, 2, 3):
        assert (found[f"tau{n + 1}"] <= found[f"tau{n}"]).all()
        assert (found[f"tau{n + 1}{n}"] <= 1).all()
    assert (found["soft_drop_mass"] <= found["mass"] * (1 + 1e-9)).all()
    assert ((found["zg"] == 0) | ((found["zg"] > 0.1) & (found["zg"] <= 0.5))).all()
    assert (found["lund_primary_5gev"] <= found["lund_primary_1gev"]).all()
    assert (found["lund_primary_1gev"] < found["lund_multiplicity"]).all()
    assert (found["lund_multiplicity"] <= found["multiplicity"]).all()


def sum_of(vectors: np.ndarray) -> tuple[float, float, float]:
    px, py, pz, e = vectors
    return np.hypot(px, py), 0.5 * np.log((e + pz) / (e - pz)), np.arctan2(py, px)


def mass_of(vector: np.ndarray) -> float:
    return np.sqrt(max(vector[3] ** 2 - (vector[:3] ** 2).sum(), 0))


def apart(a: np.ndarray, b: np.ndarray) -> float:
    (_, ya, pa), (_, yb, pb) = sum_of(a), sum_of(b)
    return np.hypot(ya - yb, (pa - pb + np.pi) % (2 * np.pi) - np.pi)


def slow_tree(vectors: list[np.ndarray]):
    """Cambridge-Aachen as the paper says it: (vector, harder, softer, distance)."""
    nodes = [(v, None, None, 0.0) for v in vectors]
    while len(nodes) > 1:
        pairs = [(apart(a[0], b[0]), i, j) for i, a in enumerate(nodes)
                 for j, b in enumerate(nodes[:i])]  # fmt: skip
        distance, i, j = min(pairs)
        a, b = sorted((nodes[i], nodes[j]), key=lambda node: -sum_of(node[0])[0])
        nodes = [n for k, n in enumerate(nodes) if k not in (i, j)] + [
            (a[0] + b[0], a, b, distance)
        ]
    return nodes[0]


def test_groomed_and_lund_as_a_slow_tree_says(toy_jets: Jets) -> None:
    jets = toy_jets(12, mean=18)
    found = observables(jets, radius=RADIUS)
    columns = (
        jets.pt * np.cos(jets.phi),
        jets.pt * np.sin(jets.phi),
        jets.pt * np.sinh(jets.eta),
        jets.energy,
    )
    for jet, (a, b) in enumerate(pairwise(jets.offsets)):
        node = slow_tree(list(np.stack(columns, 1)[a:b]))
        passed, primary, every, queue = [], [], [], [node]
        while queue:
            n = queue.pop()
            if n[1]:
                every.append(sum_of(n[2][0])[0] * n[3])
                queue += n[1:3]
        while node[1]:
            hard, soft = sum_of(node[1][0])[0], sum_of(node[2][0])[0]
            primary.append(soft * node[3])
            if soft / (hard + soft) > 0.1:
                passed.append((mass_of(node[0]), soft / (hard + soft), node[3] / RADIUS))
            node = node[1]
        got = [found[n][jet] for n in ("soft_drop_mass", "zg", "theta_g")]
        want = passed[0] if passed else (mass_of(node[0]), 0, 0)
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-4)
        assert found["nsd"][jet] == len(passed)
        assert found["lund_primary_1gev"][jet] == sum(k > 1 for k in primary)
        assert found["lund_primary_5gev"][jet] == sum(k > 5 for k in primary)
        assert found["lund_multiplicity"][jet] == 1 + sum(k > 1 for k in every)


def test_correlators_as_three_loops_say(toy_jets: Jets) -> None:
    jets = toy_jets(5, mean=15)
    jets = Constituents.from_ptetaphi(jets.offsets, jets.pt, jets.eta, jets.phi)
    found = observables(jets, radius=RADIUS)
    for jet, (a, b) in enumerate(pairwise(jets.offsets)):
        z = jets.pt[a:b] / jets.pt[a:b].sum()
        turn = (jets.phi[a:b, None] - jets.phi[a:b] + np.pi) % (2 * np.pi) - np.pi
        d = np.hypot(jets.eta[a:b, None] - jets.eta[a:b], turn)
        e2, e3, one_angle, two = 0.0, 0.0, 0.0, 0.0
        for i in range(b - a):
            for j in range(i):
                e2 += z[i] * z[j] * d[i, j]
                for k in range(j):
                    least, middle, most = sorted((d[i, j], d[i, k], d[j, k]))
                    weight = z[i] * z[j] * z[k]
                    e3 += weight * least * middle * most
                    one_angle += weight * least
                    two += weight * least * middle
        got = [found[n][jet] for n in ("c1", "c2", "d2", "m2", "n2")]
        want = [e2, e3 / e2**2, e3 / e2**3, one_angle / e2, two / e2**2]
        np.testing.assert_allclose(got, want, rtol=1e-9)


def test_a_hundred_thousand_constituents_take_seconds(toy_jets: Jets) -> None:
    rng = np.random.default_rng(3)
    n = 100_000
    jet = Constituents.from_ptetaphi([0, n], rng.pareto(1.5, n) + 0.1, *rng.normal(0, 0.3, (2, n)))
    observables(toy_jets(3), radius=RADIUS)  # compiled before the clock starts
    begin = time.process_time()
    found = observables(jet, radius=RADIUS)
    assert time.process_time() - begin < 5
    assert all(np.isfinite(x).all() for x in found.values())


def test_names_choose_and_order() -> None:
    jet = Constituents.from_ptetaphi([0, 2], [1, 2], [0, 0.1], [0, 0])
    assert list(observables(jet, radius=1, names=["zg", "pt", "tau21"])) == ["zg", "pt", "tau21"]
    assert list(observables(jet, radius=1)) == list(OBSERVABLES)
    with pytest.raises(SpecError, match="tau9"):
        observables(jet, radius=1, names=["tau9"])
    with pytest.raises(SpecError, match="radius"):
        observables(jet, radius=0)


def test_no_jets_at_all() -> None:
    none = Constituents.from_ptetaphi([0], [], [], [])
    assert {x.shape for x in observables(none, radius=1).values()} == {(0,)}


@pytest.fixture(scope="module")
def fastjet_sequence() -> Callable[..., Any]:
    """A function from jets to fastjet's sequence with one jet for each."""
    fastjet = pytest.importorskip("fastjet")
    ak = pytest.importorskip("awkward")
    fastjet._swig.ClusterSequence.set_fastjet_banner_stream(None)

    def sequence(jets: Constituents, algorithm: str = "cambridge_algorithm") -> Any:
        columns = {
            "px": jets.pt * np.cos(jets.phi),
            "py": jets.pt * np.sin(jets.phi),
            "pz": jets.pt * np.sinh(jets.eta),
            "E": jets.energy,
        }
        events = ak.unflatten(ak.zip(columns), jets.counts)
        definition = fastjet.JetDefinition(getattr(fastjet, algorithm), 10.0)
        return fastjet.ClusterSequence(events, definition)

    return sequence


def test_njettiness_as_fastjet_contrib_finds_it(
    toy_jets: Jets, fastjet_sequence: Callable[..., Any]
) -> None:
    jets = toy_jets(200)
    want = fastjet_sequence(jets).njettiness(
        measure_definition="NormalizedMeasure", axes_definition="WTA_KT_Axes", R0=RADIUS
    )
    found = observables(jets, radius=RADIUS)
    want = np.asarray(want.to_list()).reshape(len(jets), 4)
    got = np.stack([found[f"tau{n}"] for n in (1, 2, 3, 4)], axis=1)
    np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-9)


def test_soft_drop_as_fastjet_contrib_finds_it(
    toy_jets: Jets, fastjet_sequence: Callable[..., Any]
) -> None:
    jets = toy_jets(200)
    want = fastjet_sequence(jets).exclusive_jets_softdrop_grooming(
        njets=1, beta=0.0, symmetry_cut=0.1, R0=RADIUS
    )
    found = observables(jets, radius=RADIUS)
    mass = want.msoftdrop.to_numpy().ravel()  # fastjet's is a difference of large numbers
    np.testing.assert_allclose(found["soft_drop_mass"], mass, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(
        found["zg"], np.maximum(want.symmetrysoftdrop.to_numpy().ravel(), 0), rtol=1e-6
    )
    separation = np.maximum(want.deltaRsoftdrop.to_numpy().ravel(), 0)  # -1 where none passes
    np.testing.assert_allclose(found["theta_g"] * RADIUS, separation, rtol=1e-6)


def test_correlators_as_fastjet_contrib_finds_them(
    toy_jets: Jets, fastjet_sequence: Callable[..., Any]
) -> None:
    jets = toy_jets(100)
    sequence, found = fastjet_sequence(jets), observables(jets, radius=RADIUS)
    for name in ("c2", "d2", "m2", "n2"):
        want = sequence.exclusive_jets_energy_correlator(
            njets=1, beta=1, npoint=2, func=name
        )  # fastjet calls by npoint the N of the ratio
        np.testing.assert_allclose(found[name], np.ravel(want.to_list()), rtol=1e-6, err_msg=name)


def test_lund_counts_as_fastjet_finds_them(
    toy_jets: Jets, fastjet_sequence: Callable[..., Any]
) -> None:
    jets = toy_jets(100)
    primary = fastjet_sequence(jets).exclusive_jets_lund_declusterings(1)
    found = observables(jets, radius=RADIUS)
    for cut, name in ((1, "lund_primary_1gev"), (5, "lund_primary_5gev")):
        want = [sum(k > cut for k in np.ravel(kt.to_list())) for kt in primary["kt"]]
        assert found[name].tolist() == want


def test_mass_agrees_with_the_axis(toy_jets: Jets) -> None:
    jets = toy_jets()
    np.testing.assert_array_equal(observables(jets, radius=1)["mass"], jet_axis(jets).mass)
