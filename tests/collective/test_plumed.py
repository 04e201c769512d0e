from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.collective import CollectiveVariable, plumed_files
from sciae.descriptors import RMSD, Descriptors, Distances, Part, Positions, Torsions
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Make = Callable[..., CollectiveVariable]


# A process that has torch and nothing of ours, and does as PLUMED does.
STRANGER = """
import json, sys, torch
assert "sciae" not in sys.modules
model = torch.jit.load(sys.argv[1]).eval()
if sys.argv[2] == "frozen":
    model = torch.jit.optimize_for_inference(torch.jit.freeze(model))
rows = torch.tensor(json.load(sys.stdin), dtype=getattr(torch, sys.argv[3]))
out = []
for row in rows:
    x = row[None].clone().requires_grad_()
    s = model(x)
    assert s.dtype == rows.dtype
    each = [torch.autograd.grad(s[0, k], x, retain_graph=True)[0][0] for k in range(s.shape[1])]
    out.append([s[0].tolist(), torch.stack(each).tolist()])
print(json.dumps(out))
"""


def stranger(path: Path, numbers: NDArray[np.float64], how: str, dtype: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", STRANGER, str(path), how, dtype],
        input=json.dumps(numbers.tolist()), capture_output=True, text=True, check=True,
    )  # fmt: skip
    values, gradients = zip(*json.loads(done.stdout), strict=True)
    return np.array(values), np.array(gradients)


@pytest.mark.parametrize(
    ("end", "how", "dtype", "limit"),
    [("linear", "plain", "float64", 1e-9), ("angles", "frozen", "float32", 1e-5)],
)
def test_a_process_without_sciae_gets_the_values_and_gradients(
    variable: Make, xyz: NDArray[np.float64], tmp_path: Path, end: str, how: str, dtype: str,
    limit: float,
) -> None:  # fmt: skip
    cv = variable(2, end=end, activation="silu")
    files = plumed_files(cv, tmp_path)
    assert (tmp_path / "plumed.dat") == files[0]
    numbers = cv.descriptors.values(xyz[:3]).astype(dtype).astype(float)
    value, gradient = stranger(tmp_path / "cv.pt", numbers, how, dtype)
    np.testing.assert_allclose(value, cv.of_numbers(numbers), atol=limit)
    want = cv.encoder.value_and_gradient(numbers).gradient
    np.testing.assert_allclose(gradient, want, atol=limit * max(1, np.abs(want).max()))


def test_a_traced_file_takes_any_number_of_rows(variable: Make, xyz: Any, tmp_path: Path) -> None:
    cv = variable(3)
    plumed_files(cv, tmp_path)
    from sciae.export import torchscript

    model = torchscript.read((tmp_path / "cv.pt").read_bytes())
    numbers = torch.from_numpy(cv.descriptors.values(xyz))
    for some in (numbers[:1], numbers):
        np.testing.assert_allclose(model(some), cv.of_numbers(some.numpy()), atol=1e-12)
    numbers[1, 0] = math.nan
    assert model(numbers)[1].isnan().all()


def lines_of(cv: CollectiveVariable, folder: Path) -> list[str]:
    return plumed_files(cv, folder)[0].read_text().splitlines()


def test_the_input_counts_atoms_from_one_and_names_them(variable: Make, tmp_path: Path) -> None:
    described = Descriptors(
        (Distances([(0, 3)]), Torsions([(0, 1, 2, 3)], name="phi")), atoms=9,
        names=[f"A{k}" for k in range(9)],
    )  # fmt: skip
    lines = lines_of(variable(1, descriptors=described), tmp_path)
    assert lines[1] == "UNITS LENGTH=nm ENERGY=kj/mol TIME=ps"
    assert "distance_1: DISTANCE ATOMS=1,4 NOPBC  # d(A0-A3)" in lines
    assert "phi_1: TORSION ATOMS=1,2,3,4 NOPBC  # torsion(A0-A1-A2-A3)" in lines
    assert "cv: PYTORCH_MODEL FILE=cv.pt ARG=distance_1,phi_1" in lines
    assert "PRINT ARG=cv.node-0 FILE=COLVAR STRIDE=500" in lines


def test_angles_are_told_that_they_are_periodic(variable: Make, tmp_path: Path) -> None:
    lines = lines_of(variable(2, end="angles", names=("a", "b")), tmp_path)
    assert "cv_a: CUSTOM ARG=cv.node-0 FUNC=x PERIODIC=-pi,pi" in lines
    assert "cv_b: CUSTOM ARG=cv.node-1 FUNC=x PERIODIC=-pi,pi" in lines
    assert "PRINT ARG=cv_a,cv_b FILE=COLVAR STRIDE=500" in lines


def test_a_periodic_system_keeps_its_images(variable: Make, mixed: Any, tmp_path: Path) -> None:
    lines = lines_of(variable(1, descriptors=mixed(periodic=True)), tmp_path)
    assert lines[2].startswith("WHOLEMOLECULES ENTITY0=2,3,4,6 ENTITY1=1,3,5,7 ")
    distance = next(line for line in lines if line.startswith("distance_1:"))
    assert "NOPBC" not in distance
    rmsd = next(line for line in lines if line.startswith("rmsd_1:"))
    assert "NOPBC" in rmsd  # whole by then


def test_arguments_are_in_the_descriptors_order_though_fits_come_last(
    variable: Make, tmp_path: Path
) -> None:
    lines = lines_of(variable(1), tmp_path)
    fit = next(k for k, line in enumerate(lines) if line.startswith("FIT_TO_TEMPLATE"))
    model = next(k for k, line in enumerate(lines) if "PYTORCH_MODEL" in line)
    between = [line.split()[1] for line in lines[fit + 1 : model]]
    assert between == ["POSITION"] * 4
    arguments = lines[model].split("ARG=")[1].split(",")
    assert arguments[:4] == ["position_1.x", "position_1.y", "position_1.z", "position_2.x"]
    assert arguments[12] == "distance_1"
    assert len(arguments) == variable(1).width
    defined = {line.split(":")[0] for line in lines if re.match(r"\w+: ", line)}
    assert {argument.split(".")[0] for argument in arguments} <= defined


def test_a_name_cannot_begin_a_line(variable: Make, tmp_path: Path) -> None:
    described = Descriptors((Distances([(0, 3)], name="x y"),), atoms=9, names=["A\nRESTART"] * 9)
    lines = lines_of(variable(1, descriptors=described), tmp_path)
    assert "part0_1: DISTANCE ATOMS=1,4 NOPBC  # d(A RESTART-A RESTART)" in lines
    assert not any(line.startswith("RESTART") for line in lines)


@pytest.mark.parametrize("kind", [RMSD, Positions])
def test_a_reference_file_holds_the_reference(
    variable: Make, tmp_path: Path, xyz: NDArray[np.float64], kind: Any
) -> None:
    points = xyz[0][[1, 2, 3, 5]] * np.array([1, 40, 1]) + 7
    described = Descriptors((kind([1, 2, 3, 5], points, name="ref"),), atoms=9)
    plumed_files(variable(1, descriptors=described), tmp_path)
    *atoms, end = (tmp_path / "ref.pdb").read_text().splitlines()
    assert end == "END"
    assert [int(line[6:11]) for line in atoms] == [2, 3, 4, 6]
    got = [[float(line[at : at + 8]) for at in (30, 38, 46)] for line in atoms]
    np.testing.assert_allclose(np.array(got) / 10, points - points.mean(0), atol=1e-5)
    assert all(line[54:66] == "  1.00  1.00" for line in atoms)


def test_a_part_without_a_counterpart_is_named(variable: Make, tmp_path: Path) -> None:
    class Stranger(Distances):
        pass

    described = Descriptors((Stranger([(0, 1)], name="odd"),), atoms=9)
    assert isinstance(described.parts[0], Part)
    with pytest.raises(SpecError, match="part 'odd', Stranger, has no PLUMED action"):
        plumed_files(variable(1, descriptors=described), tmp_path)
    assert not list(tmp_path.iterdir())


def test_raw_numbers_have_no_input(variable: Make, tmp_path: Path) -> None:
    cv = CollectiveVariable(encoder=variable(1).encoder, low=[0], high=[1])
    with pytest.raises(SpecError, match="no descriptors"):
        plumed_files(cv, tmp_path)
