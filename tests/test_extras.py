"""One real call of every package that sciae leans on: an import alone hides broken pairs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.domains.jets.cluster import cluster
from sciae.domains.jets.ragged import Constituents
from sciae.errors import MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path

# Said by third parties when they are imported or called; none of it is ours to mend.
pytestmark = [
    # arviz, which pymc imports, announces its next major version once a day
    pytest.mark.filterwarnings(r"ignore:\s*ArviZ is undergoing:FutureWarning"),
    # spglib announces that its errors will be exceptions
    pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning"),
]

# ---- core -------------------------------------------------------------------------------------


def test_torch_differentiates() -> None:
    import torch

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x**3).sum().backward()
    assert x.grad.tolist() == [3, 12]


def test_mdtraj_measures(tmp_path: Path) -> None:
    import mdtraj

    top = mdtraj.Topology()
    residue = top.add_residue("AR2", top.add_chain())
    for _ in range(2):
        top.add_atom("Ar", mdtraj.element.argon, residue)
    one = mdtraj.Trajectory(np.array([[[0, 0, 0], [0.3, 0.4, 0]]], np.float32), top)
    one.save(str(tmp_path / "a.xtc"))
    again = mdtraj.load(str(tmp_path / "a.xtc"), top=top)
    np.testing.assert_allclose(mdtraj.compute_distances(again, [[0, 1]]), [[0.5]], atol=2e-3)


def test_awkward_and_uproot_keep_lists(tmp_path: Path) -> None:
    import awkward as ak
    import uproot

    lists = ak.Array([[1.0, 2.0], [], [3.0]])
    with uproot.recreate(tmp_path / "a.root") as file:
        file.mktree("t", {"x": ak.type(lists).content}).extend({"x": lists})
    with uproot.open(tmp_path / "a.root") as file:
        assert file["t"]["x"].array().to_list() == lists.to_list()


def test_numba_compiles() -> None:
    import numba

    @numba.njit
    def total(n: int) -> int:
        s = 0
        for i in range(n):
            s += i
        return s

    assert total(5) == 10


def test_pymc_knows_a_density() -> None:
    import pymc

    with pymc.Model() as model:
        pymc.Normal("x", 0, 1)
    log_density = model.compile_logp()({"x": np.array(1.0)})
    assert float(log_density) == pytest.approx(-0.5 - 0.5 * np.log(2 * np.pi))


# ---- jets -------------------------------------------------------------------------------------


def test_fastjet_clusters() -> None:
    pytest.importorskip("fastjet", reason="needs sciae[jets]")
    event = Constituents.from_ptetaphi([0, 3], [50, 30, 20], [0, 0.1, 1.5], [0, 0.1, 2])
    found = cluster(event, radius=0.8)
    assert found.jets.counts.tolist() == [2, 1]


def test_vector_adds_four_momenta() -> None:
    vector = pytest.importorskip("vector", reason="needs sciae[jets]")
    pair = vector.obj(pt=3, eta=0, phi=0, mass=0) + vector.obj(pt=3, eta=0, phi=np.pi, mass=0)
    assert pair.mass == pytest.approx(6)


def test_hist_and_mplhep_draw(tmp_path: Path) -> None:
    hist = pytest.importorskip("hist", reason="needs sciae[jets]")
    mplhep = pytest.importorskip("mplhep", reason="needs sciae[jets]")
    figure = pytest.importorskip("matplotlib.figure", reason="needs sciae[report]")
    h = hist.Hist.new.Reg(4, 0, 1).Double().fill([0.1, 0.1, 0.9])
    assert h.values().tolist() == [2, 0, 0, 1]
    drawn = figure.Figure()
    mplhep.histplot(h, ax=drawn.add_subplot())
    drawn.savefig(tmp_path / "h.svg")
    assert (tmp_path / "h.svg").stat().st_size > 1000


# ---- md ---------------------------------------------------------------------------------------


def test_openmm_takes_a_step() -> None:
    openmm = pytest.importorskip("openmm", reason="needs sciae[md]")
    system = openmm.System()
    system.addParticle(1.0)
    force = openmm.CustomExternalForce("0.5*k*x^2")
    force.addGlobalParameter("k", 100.0)
    force.addParticle(0)
    system.addForce(force)
    platform = openmm.Platform.getPlatformByName("Reference")
    context = openmm.Context(system, openmm.VerletIntegrator(0.01), platform)
    context.setPositions([openmm.Vec3(0.5, 0, 0)])
    energy = context.getState(getEnergy=True).getPotentialEnergy()
    assert energy.value_in_unit(openmm.unit.kilojoule_per_mole) == pytest.approx(12.5)
    context.getIntegrator().step(1)
    x = context.getState(getPositions=True).getPositions()[0].x
    assert x == pytest.approx(0.5 - 50 * 0.01**2)


def test_pymbar_finds_a_free_energy(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")  # pymbar cautions about jax when it is imported
    other = pytest.importorskip("pymbar.other_estimators", reason="needs sciae[md]")
    work = np.random.default_rng(1).normal(2.0, 1.0, 20_000)
    found = other.exp(work)["Delta_f"]
    assert found == pytest.approx(1.5, abs=0.1)  # mean - variance / 2


# ---- molecules and crystals -------------------------------------------------------------------


def test_rdkit_and_selfies_agree() -> None:
    chem = pytest.importorskip("rdkit.Chem", reason="needs sciae[molecules]")
    selfies = pytest.importorskip("selfies", reason="needs sciae[molecules]")
    assert chem.CanonSmiles("OCC") == chem.CanonSmiles("C(O)C") == "CCO"
    benzene = selfies.decoder(selfies.encoder("c1ccccc1"))
    assert chem.CanonSmiles(benzene) == "c1ccccc1"


def test_crystals_agree_on_rock_salt() -> None:
    core = pytest.importorskip("pymatgen.core", reason="needs sciae[crystals]")
    spglib = pytest.importorskip("spglib", reason="needs sciae[crystals]")
    build = pytest.importorskip("ase.build", reason="needs sciae[crystals]")
    salt = core.Structure.from_spacegroup(
        "Fm-3m", core.Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    assert salt.composition.reduced_formula == "NaCl"
    cell = (salt.lattice.matrix, salt.frac_coords, [site.specie.Z for site in salt])
    assert spglib.get_symmetry_dataset(cell).number == 225
    bulk = build.bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    assert bulk.cell.volume == pytest.approx(salt.volume)


def test_smact_balances_charges() -> None:
    screening = pytest.importorskip("smact.screening", reason="needs sciae[crystals]")
    assert screening.smact_validity("NaCl")
    assert not screening.smact_validity("NaCl3")


# ---- report, export, scale --------------------------------------------------------------------


def test_matplotlib_draws_svg(tmp_path: Path) -> None:
    figure = pytest.importorskip("matplotlib.figure", reason="needs sciae[report]")
    drawn = figure.Figure()
    drawn.add_subplot().plot([0, 1], [1, 0])
    drawn.savefig(tmp_path / "a.svg")
    assert "<svg" in (tmp_path / "a.svg").read_text()


def test_plotly_writes_html() -> None:
    graph = pytest.importorskip("plotly.graph_objects", reason="needs sciae[report]")
    page = graph.Figure(graph.Scatter(x=[0, 1], y=[1, 0])).to_html(include_plotlyjs=False)
    assert "plotly" in page.lower()


def test_onnxruntime_runs_an_onnx_model() -> None:
    onnx = pytest.importorskip("onnx", reason="needs sciae[export]")
    runtime = pytest.importorskip("onnxruntime", reason="needs sciae[export]")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "x"], ["y"])],
        "twice",
        [helper.make_tensor_value_info("x", kind, [2])],
        [helper.make_tensor_value_info("y", kind, [2])],
    )
    opset = [helper.make_opsetid("", 13)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model)
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(None, {"x": np.array([1, 2], np.float32)})
    assert y.tolist() == [2, 4]


def test_distributed_runs_a_task() -> None:
    distributed = pytest.importorskip("distributed", reason="needs sciae[scale]")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster_,
        distributed.Client(cluster_) as client,
    ):
        assert client.submit(pow, 2, 10).result(timeout=60) == 1024


# ---- and when one is not there ----------------------------------------------------------------


def test_a_missing_extra_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastjet", None)
    event = Constituents.from_ptetaphi([0, 1], [50], [0], [0])
    with pytest.raises(MissingExtraError, match=r"fastjet.*pip install 'sciae\[jets\]'") as caught:
        cluster(event)
    assert isinstance(caught.value, ImportError)
    assert (caught.value.package, caught.value.extra) == ("fastjet", "jets")


def test_a_figure_without_matplotlib_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from sciae.report.figures.canvas import canvas

    for name in ("matplotlib", *(n for n in sys.modules if n.startswith("matplotlib."))):
        monkeypatch.setitem(sys.modules, name, None)
    says = r"matplotlib.*pip install 'sciae\[report\]'"
    with pytest.raises(MissingExtraError, match=says), canvas():
        pass
