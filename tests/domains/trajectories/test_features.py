from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mdtraj
import numpy as np
import pytest

from sciae.domains.trajectories import Trajectories
from sciae.domains.trajectories.grammar import SELECTED, parse
from sciae.errors import SourceError, SpecError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def of(files: Callable[[str], Path]) -> Callable[..., Trajectories]:
    """A domain of the dipeptide, with these features."""
    return lambda *features, **settings: Trajectories(
        topology=files("top.pdb"), features=features, **settings
    )


@pytest.fixture
def molecule(
    tmp_path: Path, peptide: Any, walking: Any, saved: Any
) -> Callable[..., Callable[..., Trajectories]]:
    """Domains of another peptide."""

    def made(*residues: str) -> Callable[..., Trajectories]:
        path = saved(walking(peptide(*residues), frames=1), tmp_path / "other.pdb")
        return lambda *features, **settings: Trajectories(
            topology=path, features=features, **settings
        )

    return made


def test_the_dipeptide_has_its_backbone_with_omegas_at_both_caps(of: Any) -> None:
    domain = of("torsions")
    assert domain.labels == ("phi ALA2", "psi ALA2", "omega ACE1-ALA2", "omega ALA2-NME3")
    assert domain.descriptors.parts[0].quadruples == (
        (4, 6, 8, 14), (6, 8, 14, 16), (1, 4, 6, 8), (8, 14, 16, 18),
    )  # fmt: skip


def test_a_longer_peptide_has_mdtrajs_backbone_and_the_caps(molecule: Any) -> None:
    domain = molecule("ACE", "ALA", "VAL", "GLY", "NME")("torsions")
    top = domain.molecule.topology
    found = set(domain.descriptors.parts[0].quadruples)
    for indices in ("phi", "psi", "omega"):
        theirs = getattr(mdtraj.geometry.dihedral, f"indices_{indices}")(top)
        assert {tuple(atoms) for atoms in theirs.tolist()} <= found
    assert len(found) == 3 + 3 + 4
    assert sum(label.startswith("omega") for label in domain.labels) == 4


def test_no_torsion_is_taken_across_a_gap_in_the_chain(molecule: Any) -> None:
    whole, domain = (molecule("ALA", "VAL", "GLY")("torsions") for _ in range(2))
    top = domain.molecule.topology
    between = {"ALA1-C", "VAL2-N"}
    top._bonds = [bond for bond in top.bonds if {str(atom) for atom in bond} != between]
    assert len(whole.labels) == 2 + 2 + 2
    assert domain.labels == ("phi GLY3", "psi VAL2", "omega VAL2-GLY3")


def test_side_chains_are_named_by_their_chi(molecule: Any) -> None:
    assert molecule("ACE", "VAL", "ALA", "NME")("sidechains").labels == ("chi1 VAL2",)


def test_every_proper_torsion_of_heavy_atoms_comes_once(of: Any) -> None:
    quadruples = of("torsions:all").descriptors.parts[0].quadruples
    assert len(quadruples) == 10
    assert len({min(q, q[::-1]) for q in quadruples}) == 10
    top = of("torsions").molecule.topology
    bonds = {frozenset((a.index, b.index)) for a, b in top.bonds}
    for a, b, c, d in quadruples:
        assert {frozenset((a, b)), frozenset((b, c)), frozenset((c, d))} <= bonds
    assert not {atom.index for atom in top.atoms if atom.element.symbol == "H"} & set(
        np.ravel(quadruples).tolist()
    )


@pytest.mark.parametrize(
    ("feature", "width"),
    [
        ("distances", 45),
        ("inverse-distances", 45),
        ("distances:all", 231),
        ("distances:heavy", 45),
        ("distances:resname ALA and name N CA C", 3),
        ("distances:name CA|name N C", 5),
        ("distances:name N C|name CA || name CB", 10),
        ("contacts@0.5", 45),
        ("contacts:name CA|heavy@0.5", 9),
        ("coordination:resname ACE|resname NME", 1),
        ("angles:all", 11),
        ("angles:resname ALA", 4),
        ("positions:heavy", 30),
        ("rmsd", 1),
        ("rg", 1),
        ("rg:resname ALA", 1),
        ("torsion:4-6-8-14", 1),
        ("angle:4-6-8", 1),
        ("distance:4-6", 1),
    ],
)
def test_each_feature_gives_its_numbers(feature: str, width: int, of: Any) -> None:
    domain = of(feature)
    assert domain.descriptors.width == len(domain.labels) == width


def test_groups_that_overlap_give_each_pair_once(of: Any) -> None:
    pairs = of("distances:name N CA|name CA CB").descriptors.parts[0].pairs
    assert len(pairs) == len({frozenset(pair) for pair in pairs})
    assert all(i != j for i, j in pairs)


def test_labels_name_the_atoms(of: Any) -> None:
    assert "d(ALA2.N-ALA2.C)" in of("distances").labels
    assert "torsion(ACE1.O-ACE1.C-ALA2.N-ALA2.CA)" in of("torsions:all").labels
    assert "phi ALA2" in of("torsions:all").labels


def test_two_features_of_a_kind_are_two_fields(of: Any) -> None:
    domain = of("torsions", "torsion:5-4-6-8", "distances", "distances:name CA|name N C")
    assert domain.schema.names == ("torsion", "torsion2", "distance", "distance2")
    assert domain.schema["torsion"].kind == "periodic"
    assert domain.schema["distance"].unit == "nm"


def test_a_selection_bounds_the_features_without_one(of: Any) -> None:
    assert len(of("distances", selection="resname ALA").labels) == 10
    assert of("torsions", selection="not resname NME").labels == ("phi ALA2", "omega ACE1-ALA2")


def test_masses_are_those_of_the_elements(of: Any) -> None:
    part = of("rg").descriptors.parts[0]
    assert sorted(set(np.round(part.masses).tolist())) == [12.0, 14.0, 16.0]


def test_a_reference_of_its_own_is_aligned_to(of: Any, tmp_path: Path, dipeptide: Any) -> None:
    dipeptide[7].save(str(tmp_path / "other.pdb"))
    part = of("rmsd", reference=tmp_path / "other.pdb").descriptors.parts[0]
    np.testing.assert_allclose(part.reference, dipeptide.xyz[7][list(part.atoms)], atol=1e-3)


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "torsion", "dihedrals", "distances:", "distances:a|", "distances:a|b|c", "rg:a|b",
        "coordination:name CA", "torsion:1-2-3", "torsion:1-2-3-3", "torsion:1-2-3-x",
        "contacts@0", "contacts@-1", "contacts@much", "contacts@inf", "sidechains:all", "",
        "positions", "angles",
    ],
)  # fmt: skip
def test_what_is_not_of_the_grammar_lists_it(text: str) -> None:
    with pytest.raises(SpecError, match=r"(?s)in .*expected one of\ntorsions .*SELECTION"):
        Trajectories(features=(text,))


def test_the_grammar_in_words_names_every_kind() -> None:
    from sciae.domains.trajectories import GRAMMAR

    assert all(kind in GRAMMAR for kind in SELECTED)
    for line in GRAMMAR.splitlines():
        assert len(line) < 90


def test_spaces_around_parts_mean_nothing() -> None:
    assert parse("contacts : name CA | name N @ 0.4").selections == ("name CA", "name N")


def test_an_empty_selection_is_named(of: Any) -> None:
    with pytest.raises(SpecError, match=r"selection 'resname LIG' holds no atom.*ACE, ALA, NME"):
        _ = of("distances:resname LIG").descriptors


def test_a_selection_that_is_not_understood_is_named(of: Any) -> None:
    with pytest.raises(SpecError, match="selection 'name CA and' is not understood"):
        _ = of("distances:name CA and").descriptors


def test_a_molecule_without_backbone_says_what_to_use(molecule: Any) -> None:
    domain = molecule("ACE")
    with pytest.raises(SpecError, match=r"no backbone.*Use 'torsions:all'"):
        _ = domain("torsions").descriptors
    with pytest.raises(SpecError, match=r"no side chain.*Use 'torsions:all'"):
        _ = domain("sidechains").descriptors
    with pytest.raises(SpecError, match="no such pair, angle or torsion"):
        _ = domain("torsions:all").descriptors


def test_a_topology_without_bonds_is_told_apart(of: Any) -> None:
    domain = of("torsions:all")
    domain.molecule.topology._bonds = []
    with pytest.raises(SpecError, match="knows no bonds"):
        _ = domain.descriptors


def test_too_many_numbers_are_refused_before_they_are_made(of: Any, monkeypatch: Any) -> None:
    from sciae.domains.trajectories import features

    monkeypatch.setattr(features, "MOST", 44)
    with pytest.raises(SpecError, match="45 numbers per frame"):
        _ = of("distances").descriptors
    with pytest.raises(SpecError, match="100 numbers per frame"):
        _ = of("distances:heavy|heavy").descriptors


def test_an_index_beyond_the_topology_is_refused(of: Any) -> None:
    with pytest.raises(SpecError, match="atom 22"):
        _ = of("distance:0-22").descriptors


def test_the_same_feature_twice_is_refused() -> None:
    with pytest.raises(SpecError, match="named twice: rg"):
        Trajectories(features=("rg", "torsions", "rg"))


def test_coordinates_are_needed_where_the_topology_has_none(of: Any, monkeypatch: Any) -> None:
    domain = of("rmsd")
    object.__setattr__(domain.molecule, "xyz", None)
    with pytest.raises(SpecError, match="holds no coordinates"):
        _ = domain.descriptors


# ---- topologies ----------------------------------------------------------------------------------


def test_without_a_topology_nothing_is_read() -> None:
    with pytest.raises(SpecError, match="no topology"):
        _ = Trajectories().schema


def test_a_missing_topology_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.pdb: no such file"):
        _ = Trajectories(topology=tmp_path / "gone.pdb").schema


@pytest.mark.parametrize("name", ["a.pdb", "a.prmtop", "a.psf", "a.top"])
@pytest.mark.filterwarnings(
    "ignore:.*unclosed file", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_damaged_topology_is_one_error(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("nothing of the kind\n")
    with pytest.raises(SourceError, match=name):
        _ = Trajectories(topology=tmp_path / name).schema


PSF = """PSF

       1 !NTITLE
 REMARKS four carbons

       4 !NATOM
       1 U    1    BUT  C1   CT    0.000000       12.0110           0
       2 U    1    BUT  C2   CT    0.000000       12.0110           0
       3 U    1    BUT  C3   CT    0.000000       12.0110           0
       4 U    1    BUT  C4   CT    0.000000       12.0110           0

       3 !NBOND: bonds
       1       2       2       3       3       4

"""


def test_a_psf_topology_has_bonds_and_no_coordinates(tmp_path: Path) -> None:
    (tmp_path / "a.psf").write_text(PSF)
    domain = Trajectories(topology=tmp_path / "a.psf", features=("torsions:all", "distances"))
    assert domain.descriptors.parts[0].quadruples == ((0, 1, 2, 3),)
    assert len(domain.labels) == 1 + 6
    with pytest.raises(SpecError, match="holds no coordinates"):
        _ = Trajectories(topology=tmp_path / "a.psf", features=("rmsd",)).schema


def test_a_gro_topology_gets_standard_bonds(tmp_path: Path, dipeptide: Any) -> None:
    dipeptide[0].save(str(tmp_path / "a.gro"))
    assert len(Trajectories(topology=tmp_path / "a.gro").labels) == 4


def test_two_chains_of_one_sequence_are_told_apart(tmp_path: Path, dipeptide: Any) -> None:
    both = dipeptide[0].stack(dipeptide[1])
    both.save(str(tmp_path / "two.pdb"))
    domain = Trajectories(topology=tmp_path / "two.pdb")
    assert len(set(domain.descriptors.names)) == 44
    assert len(set(domain.labels)) == 8
