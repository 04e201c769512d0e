from __future__ import annotations

import numpy as np
import pytest
import torch

from sciae.descriptors import (
    RMSD,
    Angles,
    Contacts,
    Coordination,
    Descriptors,
    Distances,
    InverseDistances,
    Positions,
    RadiusOfGyration,
    Torsions,
)
from sciae.errors import DataError, SpecError

NAN = float("nan")
LINE = [[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]
GOOD = Descriptors((Distances([(0, 1)]),), atoms=3)
PERIODIC = Descriptors((Distances([(0, 1)]),), atoms=3, periodic=True)
X = np.arange(18.0).reshape(2, 3, 3)

PARTS = {
    "empty": (lambda: Distances([]), "empty"),
    "empty group": (lambda: RMSD([], []), "atoms: empty"),
    "not pairs": (lambda: Distances([(0, 1, 2)]), r"shape \(1, 3\); expected \(n, 2\)"),
    "ragged": (lambda: Distances([(0, 1), (2,)]), "different lengths"),
    "fractions": (lambda: Angles([(0, 1.5, 2)]), "type float64; expected whole numbers"),
    "truths": (lambda: Distances([(False, True)]), "type bool"),
    "negative": (lambda: Distances([(0, -1)]), "atom -1; expected indices from 0"),
    "huge": (lambda: Distances([(0, 2**40)]), "atom 1099511627776"),
    "itself": (lambda: Distances([(0, 1), (2, 2)]), r"pairs\[1\]: atom repeated in \(2, 2\)"),
    "torsion": (
        lambda: Torsions([(0, 1, 2, 3), (4, 5, 6, 4)]),
        r"'torsion', quadruples\[1\]: atom repeated in \(4, 5, 6, 4\); expected 4 different atoms",
    ),
    "group twice": (lambda: RadiusOfGyration([0, 1, 0]), "atom 0 is repeated"),
    "one atom": (lambda: RadiusOfGyration([3]), "n at least 2"),
    "masses": (lambda: RadiusOfGyration([0, 1], [1.0]), r"shape \(1,\); expected \(2,\)"),
    "no mass": (lambda: RadiusOfGyration([0, 1], [1.0, 0.0]), "mass 0.0; expected > 0"),
    "reference": (lambda: RMSD([0, 1], [[0, 0, 0]]), r"shape \(1, 3\); expected \(2, 3\)"),
    "NaN": (lambda: RMSD([0, 1], [[0, 0, 0], [0, 0, NAN]]), "reference: not finite"),
    "words": (lambda: RMSD([0, 1], "here"), "not numbers"),
    "line": (lambda: Positions([0, 1, 2], LINE), "on a line"),
    "r0": (lambda: Contacts([(0, 1)], r0=0.0), "r0 = 0.0 nm; expected a positive length"),
    "exponents": (lambda: Contacts([(0, 1)], r0=1.0, n=6, m=6), "n = 6, m = 6"),
    "half": (lambda: Contacts([(0, 1)], r0=1.0, n=1.5, m=6), "n = 1.5"),
    "same": (lambda: Coordination([1], [1], r0=1.0), "both groups are one atom"),
    "no part": (lambda: Descriptors((), atoms=3), "no part; expected one or more"),
    "range": (
        lambda: Descriptors((Distances([(0, 1)]), Angles([(0, 1, 9)])), atoms=3),
        r"parts\[1\]: atom 9 of Angles 'angle'; expected indices 0 to 2",
    ),
    "names of parts": (
        lambda: Descriptors((Distances([(0, 1)]), Distances([(0, 2)])), atoms=3),
        "two parts are named distance",
    ),
    "dots": (lambda: Descriptors((Distances([(0, 1)], name="a.b"),), atoms=3), "'a.b'"),
    "names": (
        lambda: Descriptors((Distances([(0, 1)]),), atoms=3, names=("A",)),
        "1 names for 3 atoms",
    ),
    "atoms": (lambda: Descriptors((Distances([(0, 1)]),), atoms=3.5), "3.5"),
}


@pytest.mark.parametrize("case", PARTS)
def test_what_cannot_be_built_is_refused_in_words(case: str):
    build, message = PARTS[case]
    with pytest.raises(SpecError, match=message):
        build()


def broken(frame: int, atom: int, bad: float = NAN) -> np.ndarray:
    x = X.copy()
    x[frame, atom, 1] = bad
    return x


DATA = {
    "axes": (lambda: GOOD.values(X[0]), r"shape \(3, 3\); expected \(frame, 3, 3\)"),
    "atoms": (lambda: GOOD.values(X[:, :2]), r"shape \(2, 2, 3\)"),
    "words": (lambda: GOOD.values(np.full((1, 3, 3), "a")), "expected real numbers"),
    "NaN": (lambda: GOOD.values(broken(1, 0)), "frame 1: coordinates of atom 0 are not finite"),
    "inf": (lambda: GOOD.values(broken(0, 1, np.inf)), "frame 0: coordinates of atom 1"),
    "late": (
        lambda: GOOD.values(np.concatenate([np.tile(X, (3000, 1, 1)), broken(1, 0)])),
        "frame 6001",
    ),
    "tensor": (lambda: GOOD.torch(torch.zeros(2, 4, 3)), r"shape \(2, 4, 3\)"),
    "compiled": (lambda: GOOD.compiled().value(X[0]), r"shape \(3, 3\); expected \(2, 3\)"),
    "gradient": (lambda: GOOD.compiled().pull_back(X[0, :2], None, [1, 2]), r"shape \(2,\)"),
    "coincidence": (
        lambda: Descriptors((InverseDistances([(0, 1)]),), atoms=2).values(np.zeros((1, 2, 3))),
        "frame 0: a value is not finite",
    ),
    "no box": (lambda: PERIODIC.values(X), "no box, but the descriptors are periodic"),
    "no box, torch": (lambda: PERIODIC.torch(torch.zeros(2, 3, 3)), "no box"),
    "no box, compiled": (lambda: PERIODIC.compiled().value(X[0, :2]), "no box"),
    "boxes": (lambda: PERIODIC.values(X, np.ones((3, 3, 3))), r"\(2, 3, 3\) or \(3, 3\)"),
    "NaN box": (lambda: PERIODIC.values(X, np.diag([1, NAN, 1])), "box, frame 0: not finite"),
    "zero box": (lambda: PERIODIC.values(X, np.zeros((3, 3))), "no volume"),
    "negative box": (lambda: PERIODIC.values(X, np.diag([1, 1, -1])), "no volume"),
    "flat box": (
        lambda: PERIODIC.values(X, [np.eye(3), np.diag([1, 1, 0])]),
        "frame 1: no volume",
    ),
    "turned box": (
        lambda: PERIODIC.values(X, np.eye(3) + np.eye(3, k=1) / 9),
        "not lower triangular",
    ),
    "bad box, torch": (lambda: PERIODIC.torch(torch.zeros(2, 3, 3), torch.zeros(3, 3)), "volume"),
}


@pytest.mark.parametrize("case", DATA)
def test_what_cannot_be_evaluated_is_refused_in_words(case: str):
    run, message = DATA[case]
    with pytest.raises(DataError, match=message):
        run()


def test_atoms_that_are_not_needed_may_be_anything():
    assert np.isfinite(GOOD.values(broken(0, 2))).all()


def test_without_periodicity_a_box_is_not_looked_at():
    assert np.array_equal(GOOD.values(X, np.full((7, 7), NAN)), GOOD.values(X))


def test_another_molecule_is_refused_by_number_and_by_name():
    names = ("ACE1.C", "ALA2.N", "ALA2.CA")
    ours = Descriptors((Distances([(0, 1)]),), atoms=3, names=names)
    ours.require(3, names)
    ours.require(3)
    ours.require(3, ("ACE1.C", "ALA2.N", "GLY2.CA"))  # not an atom that is used
    with pytest.raises(DataError, match="of another molecule: 4 atoms instead of 3"):
        ours.require(4)
    with pytest.raises(DataError, match=r"atom 1 is GLY2.N, not ALA2.N. Use the topology"):
        ours.require(3, ("ACE1.C", "GLY2.N", "ALA2.CA"))
    many = Descriptors((RadiusOfGyration(range(9)),), atoms=9, names=["A"] * 9)
    with pytest.raises(DataError, match="and 4 more"):
        many.require(9, ["B"] * 9)


def edited(**entries: object) -> dict:
    return {**GOOD.to_json(), **entries}


PART = {"kind": "distances", "name": "distance", "pairs": [[0, 1]]}
JSON = {
    "not an object": ([], "expected an object"),
    "unknown": (edited(more=1), r"unknown entries \['more'\]"),
    "missing": ({"version": 1}, "are missing"),
    "version": (edited(version=2), "version 2; expected 1"),
    "atoms": (edited(atoms="3"), "descriptors, atoms: '3'; expected int"),
    "periodic": (edited(periodic=1), "expected bool"),
    "names": (edited(names=[1, 2, 3]), "expected names of atoms"),
    "kind": (edited(parts=[PART, {"kind": "volume"}]), r"parts\[1\]: unknown kind 'volume'"),
    "kind is a list": (edited(parts=[{"kind": []}]), r"unknown kind \[\]"),
    "part": (edited(parts=[3]), "unknown kind None"),
    "entry": (edited(parts=[{**PART, "r0": 1}]), r"parts\[0\]: unknown entries \['r0'\]"),
    "no pairs": (edited(parts=[{"kind": "distances", "name": "d"}]), r"\['pairs'\] are missing"),
    "name": (edited(parts=[{**PART, "name": 3}]), r"parts\[0\], name: 3; expected a word"),
    "repeated": (
        edited(parts=[{**PART, "pairs": [[1, 1]]}]),
        r"parts\[0\], Distances 'distance', pairs\[0\]: atom repeated",
    ),
    "pairs": (edited(parts=[{**PART, "pairs": {"a": 1}}]), "type object"),
    "range": (edited(parts=[{**PART, "pairs": [[0, 3]]}]), "atom 3 of Distances"),
    "no masses": (
        edited(
            parts=[{"kind": "radius-of-gyration", "name": "rg", "atoms": [0, 1], "masses": None}]
        ),
        "masses",
    ),
}


@pytest.mark.parametrize("case", JSON)
def test_json_that_is_not_descriptors_is_refused_in_words(case: str):
    row, message = JSON[case]
    with pytest.raises(SpecError, match=message):
        Descriptors.from_json(row)
