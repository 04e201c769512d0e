"""Reading: every shape of file gives the same jets, in every unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pytest
import uproot

from sciae.domains.jets import Jets, Mapping
from sciae.errors import SourceError, SpecError
from sciae.testing import check_domain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Columns = dict[str, Any]
    JetsOf = Callable[..., Columns]
    Write = Callable[..., Path]

POLAR = {"pt": "c_pt", "eta": "c_eta", "phi": "c_phi"}
CARTESIAN = {"px": "c_px", "py": "c_py", "pz": "c_pz", "e": "c_e"}
REPRESENTATIONS = ("observables", "images", "constituents")
MOMENTA = ("c_pt", "c_e", "c_m", "c_px", "c_py", "c_pz")


def mapping(tree: str = "jets", **parts: Any) -> Mapping:
    return Mapping(tree=tree, **{"group": "evt", "constituents": {**POLAR, "e": "c_e"}} | parts)


def jets(**settings: Any) -> Jets:
    return Jets(**{"mapping": mapping()} | settings)


# ---- shapes of files --------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".root", ".parquet"])
@pytest.mark.parametrize("constituents", [{**POLAR, "m": "c_m"}, CARTESIAN], ids=["mass", "p4"])
def test_coordinates_agree(
    tmp_path: Path,
    jets_of: JetsOf,
    write: Write,
    assert_same: Callable[..., None],
    constituents: dict[str, str],
    ending: str,
) -> None:
    path = write(tmp_path / f"jets{ending}", jets_of())
    want = jets().read(path)
    found = jets(mapping=mapping(constituents=constituents)).read(path)
    assert_same(found, want, rtol=2e-5)


def test_without_energy_constituents_are_massless(
    tmp_path: Path, jets_of: JetsOf, write: Write, assert_same: Callable[..., None]
) -> None:
    columns = jets_of()
    path = write(tmp_path / "jets.root", columns)
    light = {**columns, "c_e": columns["c_pt"] * np.cosh(columns["c_eta"])}
    want = jets().read(write(tmp_path / "light.root", light))
    assert_same(jets(mapping=mapping(constituents=POLAR)).read(path), want, rtol=1e-9)


@pytest.mark.parametrize(("unit", "scale"), [("MeV", 1e3), ("TeV", 1e-3)])
@pytest.mark.parametrize(
    "constituents", [{**POLAR, "e": "c_e"}, {**POLAR, "m": "c_m"}, CARTESIAN], ids=["e", "m", "p4"]
)
def test_units_agree(
    tmp_path: Path,
    jets_of: JetsOf,
    write: Write,
    assert_same: Callable[..., None],
    unit: str,
    scale: float,
    constituents: dict[str, str],
) -> None:
    columns = jets_of()
    scaled = {n: x * scale if n in MOMENTA else x for n, x in columns.items()}
    want = jets(mapping=mapping(constituents=constituents)).read(
        write(tmp_path / "a.root", columns)
    )
    path = write(tmp_path / "b.root", scaled)
    found = jets(mapping=mapping(constituents=constituents, unit=unit)).read(path)
    assert_same(found, want, rtol=1e-7)
    np.testing.assert_allclose(found["jet_pt"], want["jet_pt"], rtol=1e-9)


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_parquet_equals_root(
    tmp_path: Path,
    jets_of: JetsOf,
    write: Write,
    assert_same: Callable[..., None],
    representation: str,
) -> None:
    columns = jets_of()
    one, other = (write(tmp_path / f"jets.{ending}", columns) for ending in ("root", "parquet"))
    domain = Jets(representation=representation)  # both are recognised
    assert_same(domain.read(one), domain.read(other))
    check_domain(domain, other)


def as_events(columns: Columns) -> Columns:
    """Pairs of jets, far apart in azimuth, as the particles of one event."""
    turned = {**columns, "c_phi": columns["c_phi"] * 1.0}
    two = {}
    for name in ("c_pt", "c_eta", "c_phi", "c_e"):
        first, second = turned[name][0::2], turned[name][1::2]
        two[name] = ak.concatenate([first, second], axis=1)
    return {**two, "evt": np.arange(len(two["c_pt"]), dtype=np.int64) + 1000}


def apart(columns: Columns) -> Columns:
    """Each jet turned about its own axis, so that two of them never overlap."""
    axis = np.asarray(ak.firsts(columns["c_phi"]))
    phi = columns["c_phi"] - axis + np.where(np.arange(len(axis)) % 2, 2.5, -0.4)
    return {**columns, "c_phi": (phi + np.pi) % (2 * np.pi) - np.pi}


@pytest.mark.parametrize("which", ["leading", "all"])
def test_clustered_events_give_their_jets_back(
    tmp_path: Path, jets_of: JetsOf, write: Write, which: str
) -> None:
    columns = apart(jets_of("qcd_test", 80))
    single = jets(observables=("pt", "mass", "tau21")).read(write(tmp_path / "j.root", columns))
    path = write(tmp_path / "e.root", as_events(columns))
    particles = Mapping(tree="jets", particles={**POLAR, "e": "c_e"}, group="evt", keep=("evt",))
    domain = Jets(mapping=particles, pt_min=400, jets=which, observables=("pt", "mass", "tau21"))
    table = domain.read(path)
    pairs = single["pt"].reshape(-1, 2)
    if which == "leading":
        rows = 2 * np.arange(40) + pairs.argmax(1)
        assert table.entry.tolist() == list(range(40))
    else:
        rows = (2 * np.arange(40)[:, None] + np.argsort(-pairs, axis=1)).ravel()
        assert table.entry.tolist() == np.repeat(np.arange(40), 2).tolist()
    for name in table.columns:
        np.testing.assert_allclose(table[name], single[name][rows], rtol=1e-5, atol=1e-8)
    np.testing.assert_array_equal(table["evt"], table.entry + 1000)
    np.testing.assert_array_equal(table.group, table.entry + 1000)
    check_domain(domain, path)


def test_bad_events_count_too(tmp_path: Path, jets_of: JetsOf, write: Write) -> None:
    columns = as_events(apart(jets_of("qcd_test", 80)))
    lists = ak.to_list(columns["c_pt"])
    lists[3][0], lists[5] = float("nan"), [1e-3 * x for x in lists[5]]
    path = write(tmp_path / "e.root", {**columns, "c_pt": ak.Array(lists)})
    particles = Mapping(tree="jets", particles=POLAR)
    table = Jets(mapping=particles, pt_min=300, max_bad=0.1).read(path)
    assert dict(table.rejected) == {"not finite": 1, "no jet": 1}
    assert set(range(40)) - set(table.entry) == {3, 5}
    with pytest.raises(SourceError, match="1 of 40 entries"):
        Jets(mapping=particles, pt_min=300, max_bad=0.01).read(path)


def test_particles_are_scaled_by_their_weight(
    tmp_path: Path, jets_of: JetsOf, write: Write
) -> None:
    columns = jets_of(jets=20)
    weight = ak.ones_like(columns["c_pt"]) * 0.5
    path = write(tmp_path / "e.root", {**columns, "w": weight})
    parts = {"particles": {**POLAR, "e": "c_e"}, "constituents": {}}
    whole = Jets(mapping=mapping(**parts), observables=("pt",)).read(path)
    half = Jets(mapping=mapping(**parts, scale="w"), observables=("pt",)).read(path)
    np.testing.assert_allclose(half["pt"], whole["pt"] / 2, rtol=1e-9)


def test_weights_of_other_lengths_are_refused(
    tmp_path: Path, jets_of: JetsOf, write: Write
) -> None:
    columns = jets_of(jets=20)
    shifted = ak.concatenate([columns["c_pt"][1:], columns["c_pt"][:1]])  # as many in all
    path = write(tmp_path / "e.root", {**columns, "w": shifted})
    parts = {"particles": {**POLAR, "e": "c_e"}, "constituents": {}, "scale": "w"}
    with pytest.raises(SourceError, match="'w' has lists of other lengths"):
        Jets(mapping=mapping(**parts)).read(path)


def stored_events(rng: np.random.Generator, events: int = 50) -> Columns:
    counts = rng.integers(0, 4, events)
    n = int(counts.sum())
    pt = np.concatenate([np.sort(rng.uniform(200, 900, k))[::-1] for k in counts])
    flat = {"J_pt": pt, "J_eta": rng.uniform(-2, 2, n), "J_mass": rng.uniform(20, 200, n),
            "J_tau1": rng.uniform(0.1, 1, n), "J_tau2": rng.uniform(0, 1, n)}  # fmt: skip
    jagged = {name: ak.unflatten(x, counts) for name, x in flat.items()}
    return {**jagged, "evt": np.arange(events, dtype=np.int64)}


STORED = {name: f"J_{name}" for name in ("pt", "eta", "mass", "tau1", "tau2")}


def test_stored_observables_are_taken_as_they_are(tmp_path: Path, write: Write) -> None:
    columns = stored_events(np.random.default_rng(1))
    path = write(tmp_path / "stored.root", columns)
    names = ("mass", "tau21")
    domain = Jets(
        mapping=Mapping(tree="jets", stored=STORED, group="evt"), observables=names, jets="all"
    )
    table = check_domain(domain, path)
    np.testing.assert_array_equal(table["mass"], ak.flatten(columns["J_mass"]))
    ratio = ak.flatten(columns["J_tau2"]) / ak.flatten(columns["J_tau1"])
    np.testing.assert_allclose(table["tau21"], ratio, rtol=1e-12)
    np.testing.assert_array_equal(table.group, table.entry)


def test_the_leading_stored_jet_is_the_first_inside(tmp_path: Path, write: Write) -> None:
    columns = stored_events(np.random.default_rng(2))
    path = write(tmp_path / "stored.root", columns)
    domain = Jets(
        mapping=Mapping(tree="jets", stored=STORED, unit="MeV"),
        observables=("mass",), pt_min=0.0, pt_max=0.6,
    )  # fmt: skip
    table = check_domain(domain, path)
    inside = columns["J_pt"] <= 600
    first = ak.firsts(columns["J_mass"][inside]) / 1000
    has = ~ak.is_none(first).to_numpy()
    np.testing.assert_allclose(table["mass"], ak.drop_none(first).to_numpy())
    assert table.entry.tolist() == np.flatnonzero(has).tolist()
    assert table.rejected["no jet"] == int((ak.num(columns["J_pt"]) == 0).to_numpy().sum())
    assert table.rejected["outside the window"] == int(ak.sum(~inside))
    assert table.rejected["not the leading jet"] == int(ak.sum(inside)) - int(has.sum())


def test_without_constituents_only_what_is_stored(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "stored.root", stored_events(np.random.default_rng(3)))
    m = Mapping(tree="jets", stored=STORED)
    with pytest.raises(SpecError, match=r"girth.* not stored.*some of .*tau21"):
        Jets(mapping=m, observables=("mass", "girth")).read(path)
    with pytest.raises(SpecError, match="no constituents"):
        Jets(mapping=m, representation="images").read(path)


# ---- files of experiments ---------------------------------------------------------------------


def test_nanoaod(shared_jets: Path) -> None:
    path = shared_jets / "nanoAOD_2015_CMS_Open_Data_ttbar.root"
    domain = Jets(observables=("mass", "tau21", "tau32", "multiplicity"), jets="all")
    with uproot.open(path) as file:
        raw = file["Events"].arrays(["FatJet_mass", "FatJet_tau1", "FatJet_tau2", "event"])
    table = check_domain(domain, path)
    np.testing.assert_array_equal(table["mass"], ak.flatten(raw["FatJet_mass"]))
    ratio = ak.flatten(raw["FatJet_tau2"]) / ak.flatten(raw["FatJet_tau1"])
    np.testing.assert_allclose(table["tau21"], ratio, rtol=1e-6)
    counts = ak.num(raw["FatJet_mass"]).to_numpy()
    np.testing.assert_array_equal(table["event"], np.repeat(raw["event"].to_numpy(), counts))
    assert set(table.carried) >= {"run", "luminosityBlock", "event", "jet_pt"}
    assert dict(table.rejected) == {"no jet": int((counts == 0).sum())}


def test_pfnano_is_clustered_like_its_own_jets(shared_jets: Path) -> None:
    path = shared_jets / "pfnano_skim.root"
    domain = Jets(observables=("pt", "mass", "multiplicity"), jets="all", pt_min=180)
    table = domain.read(path)
    with uproot.open(path) as file:
        raw = file["Events"].arrays(["FatJet_pt", "FatJet_eta", "FatJet_rawFactor", "event"])
    assert set(table["event"]) <= set(raw["event"].to_numpy())
    for entry, pt, eta in zip(table.entry, table["pt"], table["jet_eta"], strict=True):
        theirs = raw[int(entry)]
        uncorrected = theirs["FatJet_pt"] * (1 - theirs["FatJet_rawFactor"])
        near = np.abs(np.asarray(uncorrected) / pt - 1) + np.abs(
            np.asarray(theirs["FatJet_eta"]) - eta
        )
        assert near.min() < 0.02
    assert len(table) > 0
