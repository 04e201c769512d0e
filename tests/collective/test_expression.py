"""The plain input is evaluated by a small interpreter of the lines that it uses."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.collective import CollectiveVariable, plumed_plain
from sciae.descriptors import (
    Angles,
    Contacts,
    Coordination,
    Descriptors,
    Distances,
    InverseDistances,
    RadiusOfGyration,
    Torsions,
)
from sciae.errors import SpecError
from sciae.export.arrays import ACTIVATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Make = Callable[..., CollectiveVariable]

TOOLS = {
    "tanh": math.tanh, "exp": math.exp, "log": math.log, "abs": abs, "max": max, "sqrt": math.sqrt,
    "erf": math.erf, "step": lambda x: float(x >= 0), "atan2": math.atan2, "cos": math.cos,
    "sin": math.sin, "pi": math.pi,
}  # fmt: skip


def evaluated(text: str, x: NDArray[np.float64]) -> dict[str, float]:
    """The value of each label, of coordinates (atom, 3) without a box."""
    values: dict[str, Any] = {}
    for line in text.splitlines():
        match = re.fullmatch(r"(\w+): (\w+) (.*?)\s*(#.*)?", line)
        if match is None:
            assert line.startswith(("#", "UNITS", "PRINT")), line
            continue
        label, action, rest, _ = match.groups()
        given = dict(re.findall(r"(\w+)=(\{.*?\}|\S+)", rest))
        values[label] = ACTIONS[action](given, values, x)
    return values


def points(names: str, values: dict[str, Any], x: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Atoms from 1, or virtual atoms by label."""
    return [x[int(n) - 1] if n.isdigit() else values[n] for n in names.split(",")]


def distance(given: Any, values: Any, x: Any) -> float:
    first, second = points(given["ATOMS"], values, x)
    return float(np.linalg.norm(second - first))


def angle(given: Any, values: Any, x: Any) -> float:
    i, j, k = points(given["ATOMS"], values, x)
    u, v = i - j, k - j
    return math.acos(u @ v / np.linalg.norm(u) / np.linalg.norm(v))


def torsion(given: Any, values: Any, x: Any) -> float:
    i, j, k, l = points(given["ATOMS"], values, x)  # noqa: E741
    u, v, w = j - i, k - j, l - k
    n, m = np.cross(u, v), np.cross(v, w)
    return math.atan2(np.linalg.norm(v) * (u @ m), n @ m)


def coordination(given: Any, values: Any, x: Any) -> float:
    switch = dict(re.findall(r"(\w+)=([^\s}]+)", given["SWITCH"]))
    r0, n, m = float(switch["R_0"]), int(switch["NN"]), int(switch["MM"])
    total = 0.0
    for i in given["GROUPA"].split(","):
        for j in given["GROUPB"].split(","):
            if i != j:
                r = np.linalg.norm(x[int(i) - 1] - x[int(j) - 1]) / r0
                total += (1 - r**n) / (1 - r**m)
    return total


def gyration(given: Any, values: Any, x: Any) -> float:
    atoms = np.array(points(given["ATOMS"], values, x))
    return math.sqrt(((atoms - atoms.mean(0)) ** 2).sum(1).mean())


def centre(given: Any, values: Any, x: Any) -> NDArray[np.float64]:
    weights = np.array(list(map(float, given["WEIGHTS"].split(","))))
    middle: NDArray[np.float64] = weights @ np.array(points(given["ATOMS"], values, x))
    return middle / weights.sum()


def combine(given: Any, values: Any, x: Any) -> float:
    arguments = given["ARG"].split(",")
    powers = given.get("POWERS", ",".join("1" * len(arguments))).split(",")
    weights = map(float, given["COEFFICIENTS"].split(","))
    terms = zip(arguments, weights, powers, strict=True)
    return sum(weight * values[name] ** int(power) for name, weight, power in terms)


def custom(given: Any, values: Any, x: Any) -> float:
    named = dict(zip("xyz", (values[name] for name in given["ARG"].split(",")), strict=False))
    return float(eval(given["FUNC"], {"__builtins__": {}}, {**TOOLS, **named}))


ACTIONS = {
    "DISTANCE": distance, "ANGLE": angle, "TORSION": torsion, "COORDINATION": coordination,
    "GYRATION": gyration, "CENTER": centre, "COMBINE": combine, "CUSTOM": custom,
}  # fmt: skip


@pytest.fixture
def described() -> Descriptors:
    """Every kind of part that needs no file."""
    parts = (
        Distances([(0, 3), (1, 6)]),
        Torsions([(0, 1, 2, 3), (2, 3, 5, 7)]),
        InverseDistances([(0, 5)]),
        Angles([(1, 2, 4)]),
        Contacts([(0, 4)], r0=0.3),
        Coordination([0, 1], [1, 5, 6], r0=0.25, n=6, m=10),
        RadiusOfGyration([0, 2, 4, 6], [14.0, 12.0, 1.0, 16.0]),
        RadiusOfGyration([1, 3, 5], name="rg_equal"),
    )
    return Descriptors(parts, atoms=9)


@pytest.mark.parametrize("end", ["linear", "angles"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_plain_input_has_the_values_of_the_variable(
    variable: Make, described: Descriptors, xyz: NDArray[np.float64], end: str, activation: str
) -> None:
    cv = variable(
        2, end=end, activation=activation, descriptors=described, hidden=(4, 3), names=("a", "b")
    )
    text = plumed_plain(cv)
    for x, want in zip(xyz, cv.value(xyz), strict=True):
        values = evaluated(text, x)
        np.testing.assert_allclose([values["cv_a"], values["cv_b"]], want, atol=1e-9)


def test_descriptors_themselves_keep_their_period(xyz: NDArray[np.float64]) -> None:
    cv = CollectiveVariable.of_descriptors(
        Descriptors((Torsions([(0, 1, 2, 3)]),), atoms=9), names=("phi",)
    )
    text = plumed_plain(cv)
    assert evaluated(text, xyz[0])["cv_phi"] == pytest.approx(cv.value(xyz)[0, 0], abs=1e-9)
    assert f"PERIODIC=-{math.pi!r},{math.pi!r}" in text


def test_every_label_is_defined_once(variable: Make, described: Descriptors) -> None:
    text = plumed_plain(variable(2, descriptors=described, hidden=(4, 3)))
    labels = re.findall(r"^(\w+):", text, re.MULTILINE)
    assert len(labels) == len(set(labels))


def test_a_large_network_is_refused_unless_asked_for(
    variable: Make, described: Descriptors
) -> None:
    cv = variable(1, descriptors=described, hidden=(40,))
    with pytest.raises(SpecError, match="561 weights"):
        plumed_plain(cv)
    assert "cv_s0:" in plumed_plain(cv, most_weights=1000)


def test_descriptors_that_need_a_file_are_refused(variable: Make) -> None:
    with pytest.raises(SpecError, match=r"rmsd\.pdb, position\.pdb"):
        plumed_plain(variable(1, hidden=()))
