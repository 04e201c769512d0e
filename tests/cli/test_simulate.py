from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.collective import CollectiveVariable
from sciae.run import Manifest, verify
from sciae.simulation import BiasedRun

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Sciae = Callable[..., Any]

PHI, PSI = "torsion:4-6-8-14", "torsion:6-8-14-16"


def running(folder: Path, out: Path, *more: Any) -> list[Any]:
    """A short simulation of alanine dipeptide in vacuum."""
    given = ["--forcefield", "amber99sb", "--platform", "Reference", "--time", "4ps"]
    return ["simulate", "--system", folder / "ala2.pdb", *given, "--out", out, *more]


def control(out: Path, *more: Any) -> list[Any]:
    """A short simulation of the built-in control."""
    return ["simulate", "--system", "mueller-brown", "--time", "2 ns", "--out", out, *more]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, alanine: Path) -> Path:
    """What `sciae cv` would write: the first principal component of torsions."""
    from sciae.domains.trajectories import Trajectories
    from sciae.tasks.cv import learn

    domain = Trajectories(topology=alanine / "ala2.pdb")
    out = tmp_path_factory.mktemp("cv")
    table = domain.read(alanine / "md.dcd")
    learn(table, kind="pca", descriptors=domain.descriptors, rng=1).variable.save(out)
    return out


def test_a_learned_variable_is_biased_and_reweighted(
    sciae: Sciae, alanine: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    said = sciae(*running(alanine, out, "--model", model))
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("20 frames, 0.2 ps apart; after reweighting they count as ")
    assert "Not converged" in said.out
    manifest = verify(out)
    assert manifest.status == "complete"
    assert {"COLVAR", "trajectory.dcd", "report.html", "fes-s0.csv"} <= {
        record.path for record in manifest.outputs
    }
    read = {record.path for record in manifest.inputs}
    assert read == {str(model / "cv.json"), str(alanine / "ala2.pdb")}
    run = BiasedRun.load(out)
    assert run.plan.names == ("s0",)
    assert run.bias.any()
    lines = (out / "fes-s0.csv").read_text().splitlines()
    assert (lines[0], len(lines)) == (
        "s0 [1],F [kJ/mol],error [kJ/mol],low [kJ/mol],high [kJ/mol],frames", 61,
    )  # fmt: skip


def test_features_are_biased_themselves_on_a_map(
    sciae: Sciae, alanine: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    said = sciae(*running(alanine, out, "--along", PHI, "--along", PSI, "--method", "metadynamics"))
    assert said.code == 0, said.err
    assert BiasedRun.load(out).plan.names == ("phi_ALA2", "psi_ALA2")
    assert CollectiveVariable.load(out / "cv").about["kind"] == "descriptors"
    made = {path.name for path in out.glob("fes-*.csv")}
    assert made == {"fes-phi-ALA2-and-psi-ALA2.csv", "fes-phi-ALA2.csv", "fes-psi-ALA2.csv"}
    header = (out / "fes-phi-ALA2.csv").read_text().splitlines()[0]
    assert header.startswith("phi_ALA2 [rad]")


def test_a_distance_needs_its_range(sciae: Sciae, alanine: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    along = running(alanine, out, "--along", "distance:1-18")
    for ranges, says in ((), "0 ranges"), (("--range", "wide"), "--range wide"):
        said = sciae(*along, *ranges)
        assert (said.code, says in said.err) == (2, True)
    said = sciae(*along, "--range", "0.2:0.9")
    assert said.code == 0, said.err
    np.testing.assert_array_equal(CollectiveVariable.load(out / "cv").high, [0.9])


def test_the_control_stands_beside_its_known_answer(sciae: Sciae, tmp_path: Path) -> None:
    said = sciae(*control(tmp_path / "run"))
    assert (said.code, said.err) == (0, "")
    for along in ("x and y", "x", "y"):
        found = re.search(rf"^along {along}: ΔF \S+ \[(\S+), (\S+)\]", said.out, re.MULTILINE)
        known = re.search(rf"along {along}: (\S+) kJ/mol by quadrature", said.out)
        assert found
        assert known
        assert float(found[1]) < float(known[1]) < float(found[2])
    assert "reference" in (tmp_path / "run" / "report.html").read_text()


def test_a_run_goes_on_and_its_report_with_it(sciae: Sciae, alanine: Path, tmp_path: Path) -> None:
    whole, half = (running(alanine, tmp_path / name, "--along", PHI) for name in ("whole", "half"))
    assert sciae(*whole).code == 0
    at = half.index("4ps")
    assert sciae(*half[:at], "2ps", *half[at + 1 :]).code == 0
    said = sciae(*half, "--resume")
    assert said.code == 0, said.err
    for name in ("COLVAR", "KERNELS", "fes-phi-ALA2.csv"):
        files = [(tmp_path / run / name).read_bytes() for run in ("whole", "half")]
        assert files[0] == files[1], name
    assert verify(tmp_path / "half").status == "complete"


def test_a_run_is_not_replaced_unasked(sciae: Sciae, alanine: Path, tmp_path: Path) -> None:
    command = running(alanine, tmp_path / "run", "--along", PHI, "--seed", 1)
    assert sciae(*command).code == 0
    said = sciae(*command)
    assert (said.code, "--overwrite" in said.err) == (2, True)
    assert sciae(*command, "--overwrite", "--seed", 2).code == 0
    assert Manifest.read(tmp_path / "run" / "manifest.json").seeds == {"seed": 2}


def test_unbiased_molecules_without_a_variable(sciae: Sciae, alanine: Path, tmp_path: Path) -> None:
    said = sciae(*running(alanine, tmp_path / "run", "--method", "none"))
    assert (said.code, said.err) == (0, "")
    assert (tmp_path / "run" / "trajectory.dcd").exists()
    assert (tmp_path / "run" / "report.html").exists()


def test_rounds_learn_simulate_and_learn_again(sciae: Sciae, alanine: Path, tmp_path: Path) -> None:
    out = tmp_path / "rounds"
    more = ["--rounds", 2, "--data", alanine / "md.dcd", "--kind", "tica", "--lag", "1 ps"]
    said = sciae(*running(alanine, out, *more))
    assert said.code == 0, said.err
    assert said.out.startswith("round 0 (explore, 0.004 ns)")
    assert "round 1 (" in said.out
    assert {"report.html", "cv/cv.json"} <= {record.path for record in verify(out).outputs}
    before = (out / "round-1" / "run" / "COLVAR").read_bytes()
    assert sciae(*running(alanine, out, *more, "--resume")).code == 0
    assert (out / "round-1" / "run" / "COLVAR").read_bytes() == before
    assert sciae(*running(alanine, out, *more, "--overwrite")).code == 0
    assert (out / "round-1" / "run" / "COLVAR").read_bytes() == before
    said = sciae("fes", out, "--out", tmp_path / "fes")
    assert said.code == 0, said.err


# ---- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--along", PHI, "--time", "10 parsec"], "'10 parsec' is not a time"),
        (["--along", PHI, "--time", "0"], "--time 0; expected a time above zero"),
        (["--along", PHI, "--timestep", "fast"], "'fast' is not a time"),
        (["--along", PHI, "--temperature", "warm"], "'warm' is not a temperature"),
        (["--along", "torsons"], "no such kind of feature in 'torsons'"),
        (["--along", PHI, "--platform", "Abacus"], "Abacus"),
        (["--along", PHI, "--forcefield", "magic"], "magic"),
        (["--along", PHI, "--frames", "150"], "a multiple of stride"),
        ([], "nothing to bias; expected --model or --along"),
        (["--along", PHI, "--range", "0:1"], "1 ranges"),
        (["--range", "0:1"], "--range; expected --along with it"),
        (["--along", PHI, "--kind", "tica"], "--kind; expected --rounds with it"),
        (["--rounds", "2"], "trajectories as --data to begin with"),
        (["--along", PHI, "--model", "cv"], "expected one of them"),
        (["--model", "nothing"], "cannot be read"),
        (["--system", "nothing.pdb"], "no such file or directory"),
        (["--system", "notes.txt"], "--system notes.txt"),
    ],
)
def test_a_wrong_setting_is_one_line_and_leaves_no_directory(
    sciae: Sciae, alanine: Path, tmp_path: Path, more: list[str], says: str
) -> None:
    said = sciae(*running(alanine, tmp_path / "run", *more))
    assert (said.code, says in said.err) == (2, True), said.err
    assert len(said.err.splitlines()) == 1, said.err
    assert not (tmp_path / "run").exists()


def test_a_residue_that_the_force_field_does_not_know(
    sciae: Sciae, alanine: Path, tmp_path: Path
) -> None:
    path = tmp_path / "ala2.pdb"
    path.write_text((alanine / "ala2.pdb").read_text().replace("ACE", "XYZ"))
    said = sciae(*running(tmp_path, tmp_path / "run", "--along", PHI))
    assert said.code == 2
    assert "XYZ" in said.err
    assert len(said.err.splitlines()) == 1


def test_a_variable_of_another_molecule(
    sciae: Sciae, alanine: Path, model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "ala2.pdb"
    lines = (alanine / "ala2.pdb").read_text().splitlines(keepends=True)
    path.write_text("".join(line.replace("NME A   3", "NME A   4") for line in lines))
    said = sciae(*running(tmp_path, tmp_path / "run", "--model", model))
    assert said.code == 2
    assert "CV model of another molecule" in said.err
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_without_openmm_what_to_install_is_said(
    sciae: Sciae, alanine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openmm", None)
    said = sciae(*running(alanine, tmp_path / "run", "--along", PHI))
    assert said == (
        2, "", "sciae: package 'openmm' is not installed. Run: pip install 'sciae[md]'\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("a.prmtop", [], ".prmtop without --coordinates; expected an inpcrd"),
        ("a.top", [], ".top without --coordinates; expected a GRO"),
        ("a.xml", [], ".xml without --topology"),
        ("a.xml", ["--topology", "b.pdb"], "b.pdb: no such file"),
    ],
)
def test_a_system_lacks_its_partner(
    sciae: Sciae, tmp_path: Path, name: str, more: list[str], says: str
) -> None:
    (tmp_path / name).write_text("")
    said = sciae("simulate", "--system", tmp_path / name, "--along", PHI, "--time", "1ps",
                 "--out", tmp_path / "run", *more)  # fmt: skip
    assert (said.code, says in said.err) == (2, True), said.err


def test_a_system_as_openmm_wrote_it(sciae: Sciae, alanine: Path, tmp_path: Path) -> None:
    common = ["--along", PHI, "--platform", "Reference", "--time", "2ps"]
    xml = ["--system", alanine / "md" / "system.xml", "--topology", alanine / "ala2.pdb"]
    said = sciae("simulate", *xml, *common, "--out", tmp_path / "xml")
    assert said.code == 0, said.err
    said = sciae("simulate", *xml, *common, "--out", tmp_path / "no", "--forcefield", "amber99sb")
    assert (said.code, "the file says it" in said.err) == (2, True)


def test_the_bias_of_a_run_acts_unchanged_in_another(sciae: Sciae, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert sciae(*control(first)).code == 0
    picture = max((first / "history").glob("bias-*.npz"))
    said = sciae(*control(second, "--method", "static", "--bias", picture))
    assert (said.code, said.err) == (0, "")
    run = BiasedRun.load(second)
    assert np.ptp(run.bias) > 1
    assert not run.records


def test_a_static_bias_needs_its_file(sciae: Sciae, tmp_path: Path) -> None:
    said = sciae(*control(tmp_path / "run", "--method", "static"))
    assert said.code == 2
    assert "--bias go together" in said.err
