from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import openmm
import pytest
from openmm import app, unit

from sciae.errors import DataError, MissingExtraError, SourceError, SpecError
from sciae.simulation import MolecularSystem, from_amber, from_gromacs, from_pdb, from_xml
from sciae.simulation.platform import calibrate, platform_of, properties_of
from sciae.simulation.quantities import kelvin, picoseconds, steps_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sciae.collective import CollectiveVariable


def forces_of(system: MolecularSystem):
    return {type(force).__name__: force for force in system.system.getForces()}


def test_a_molecule_in_vacuum_has_all_pairs_and_rigid_hydrogens(alanine: MolecularSystem):
    assert alanine.atoms == 22
    assert alanine.names[4:9] == ("ACE1.C", "ACE1.O", "ALA2.N", "ALA2.H", "ALA2.CA")
    assert not alanine.periodic
    method = forces_of(alanine)["NonbondedForce"].getNonbondedMethod()
    assert method == openmm.NonbondedForce.NoCutoff
    assert alanine.system.getNumConstraints() == 12


@pytest.mark.parametrize("force_field", ["amber99sb", "amber14", "amber14-all.xml"])
def test_implicit_solvent_adds_its_force(force_field: str, alanine_pdb: Path):
    made = from_pdb(alanine_pdb, force_field=force_field, implicit="obc2")
    assert {"CustomGBForce", "GBSAOBCForce"} & set(forces_of(made))


def boxed(path: Path, edge: float):
    text = path.read_text()
    line = f"CRYST1{edge:9.3f}{edge:9.3f}{edge:9.3f}  90.00  90.00  90.00 P 1           1\n"
    out = path.with_name(f"box{edge}.pdb")
    out.write_text(line + text)
    return out


def test_a_box_is_summed_by_ewald_and_a_dummy_box_is_none(alanine_pdb: Path):
    made = from_pdb(boxed(alanine_pdb, 30.0), force_field="amber99sb")
    assert made.periodic
    assert forces_of(made)["NonbondedForce"].getNonbondedMethod() == openmm.NonbondedForce.PME
    assert not from_pdb(boxed(alanine_pdb, 1.0), force_field="amber99sb").periodic
    free = from_pdb(boxed(alanine_pdb, 30.0), force_field="amber99sb", nonbonded="none")
    assert not free.periodic
    with pytest.raises(SpecError, match=r"a box of 1.5 nm.*twice the cutoff"):
        from_pdb(boxed(alanine_pdb, 15.0), force_field="amber99sb")


def test_a_residue_that_the_force_field_does_not_know_is_named(alanine_pdb: Path, tmp_path: Path):
    path = tmp_path / "x.pdb"
    text = alanine_pdb.read_text()
    path.write_text("\n".join(line for line in text.splitlines() if " HB1 " not in line))
    with pytest.raises(SpecError, match=r"residue 1 \(ALA\).*missing 1 H atom.*Name caps ACE"):
        from_pdb(path, force_field="amber99sb")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"force_field": "amber1999"}, "Could not locate file"),
        ({"implicit": "water"}, "'water' is not known"),
        ({"constraints": "rigid"}, "'rigid' is not known"),
        ({"nonbonded": "pme"}, "no box"),
    ],
)
def test_unknown_names_are_named(changes: dict[str, Any], said: str, alanine_pdb: Path):
    with pytest.raises(SpecError, match=said):
        from_pdb(alanine_pdb, **{"force_field": "amber99sb"} | changes)


def test_without_openmm_the_extra_is_named(alanine_pdb: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "openmm", None)
    with pytest.raises(MissingExtraError, match=r"sciae\[md\]"):
        from_pdb(alanine_pdb)


def test_a_system_in_xml_is_the_same_to_the_last_bit(
    alanine: MolecularSystem, alanine_pdb: Path, tmp_path: Path
):
    (tmp_path / "system.xml").write_text(alanine.xml)
    again = from_xml(tmp_path / "system.xml", alanine_pdb)
    assert again.sha256 == alanine.sha256


def test_a_file_that_would_run_code_is_refused(
    alanine: MolecularSystem,
    alanine_pdb: Path,
    torsions: Callable[..., CollectiveVariable],
    tmp_path: Path,
):
    from sciae.simulation.bias import Grid, Static
    from sciae.simulation.force import BiasForce

    cv = torsions()
    bias = Static(Grid(cv.low, cv.high, (8, 8), (True, True)), np.zeros((8, 8)))
    system = alanine.copy_of_system()
    system.addForce(BiasForce(cv.compiled(), bias, periodic=False).openmm())
    (tmp_path / "system.xml").write_text(openmm.XmlSerializer.serialize(system))
    with pytest.raises(SourceError, match="reading it runs code"):
        from_xml(tmp_path / "system.xml", alanine_pdb)
    own = MolecularSystem(system=system, topology=alanine.topology, positions=alanine.positions)
    assert not own.is_safe
    assert alanine.is_safe


def test_damaged_files_are_refused(alanine_pdb: Path, tmp_path: Path):
    (tmp_path / "system.xml").write_text("<System")
    with pytest.raises(SourceError, match="not a system of OpenMM"):
        from_xml(tmp_path / "system.xml", alanine_pdb)
    for made in (
        lambda: from_pdb(tmp_path / "absent.pdb"),
        lambda: from_amber(tmp_path / "a.prmtop", tmp_path / "a.inpcrd"),
        lambda: from_gromacs(tmp_path / "a.top", tmp_path / "a.gro"),
    ):
        with pytest.raises(SourceError, match="cannot read it"):
            made()


def test_ones_own_system_is_checked(alanine: MolecularSystem):
    with pytest.raises(DataError, match=r"expected \(22, 3\)"):
        MolecularSystem(
            system=alanine.system, topology=alanine.topology, positions=np.zeros((3, 3))
        )
    x = alanine.positions.copy()
    x[4, 1] = np.nan
    with pytest.raises(DataError, match="atom 4 has no finite position"):
        MolecularSystem(system=alanine.system, topology=alanine.topology, positions=x)
    small = openmm.System()
    small.addParticle(1.0)
    with pytest.raises(SpecError, match="a system of 1 particles"):
        MolecularSystem(system=small, topology=alanine.topology, positions=np.zeros((1, 3)))


@pytest.mark.filterwarnings(
    "ignore:unclosed file:ResourceWarning",  # OpenMM leaves its own open
    "ignore::pytest.PytestUnraisableExceptionWarning",
)
def test_gromacs_files_give_the_system_they_describe(tmp_path: Path):
    (tmp_path / "a.top").write_text(
        "[ defaults ]\n1 2 yes 0.5 0.8333\n"
        "[ atomtypes ]\nAr 18 39.948 0.0 A 0.34 0.996\n"
        "[ moleculetype ]\nAR 1\n[ atoms ]\n1 Ar 1 AR AR 1 0.0 39.948\n"
        "[ system ]\ntwo\n[ molecules ]\nAR 2\n"
    )
    (tmp_path / "a.gro").write_text(
        "two\n    2\n    1AR     AR    1   0.000   0.000   0.000\n"
        "    2AR     AR    2   0.400   0.000   0.000\n   0.00000   0.00000   0.00000\n"
    )
    made = from_gromacs(tmp_path / "a.top", tmp_path / "a.gro")
    assert made.atoms == 2
    assert not made.periodic
    np.testing.assert_allclose(made.positions[1], [0.4, 0, 0])
    context = openmm.Context(made.system, openmm.VerletIntegrator(0.001), platform_of("Reference"))
    context.setPositions(made.positions)
    energy = context.getState(getEnergy=True).getPotentialEnergy()
    r = (0.34 / 0.4) ** 6
    assert energy.value_in_unit(unit.kilojoule_per_mole) == pytest.approx(4 * 0.996 * (r * r - r))


def test_the_fastest_platform_is_found_by_trying(alanine: MolecularSystem):
    speeds = calibrate(alanine, budget=0.2)
    assert speeds[0].platform == "Reference"  # of 22 atoms, by far
    assert speeds[0].steps_per_second > 2 * speeds[-1].steps_per_second
    assert properties_of("CPU")["Threads"] == "1"
    with pytest.raises(SpecError, match=r"no platform 'Abacus'.*Reference"):
        platform_of("Abacus")


def test_times_and_temperatures_are_read_in_one_place():
    assert picoseconds("10 ns") == 1e4
    assert picoseconds("0.5us") == 5e5
    assert picoseconds("2 fs") == 0.002
    assert kelvin("300 K") == 300
    assert steps_of("10 ns", 0.002) == 5_000_000
    for wrong in ("10 m", "-1 ps", "nan ps", "ns", "1 ps 2"):
        with pytest.raises(SpecError, match="not a time"):
            picoseconds(wrong)
    with pytest.raises(SpecError, match="not a temperature"):
        kelvin("0 K")


def test_a_topology_with_a_box_is_written_and_read(alanine_pdb: Path, tmp_path: Path):
    made = from_pdb(boxed(alanine_pdb, 30.0), force_field="amber99sb")
    app.PDBFile.writeFile(made.topology, made.positions * 10, str(tmp_path / "x.pdb"))
    assert from_pdb(tmp_path / "x.pdb", force_field="amber99sb").periodic
