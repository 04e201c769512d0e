from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import torch
from numba.core.runtime import _nrt_python, rtsys
from numpy.testing import assert_allclose, assert_array_equal

from sciae.descriptors import Descriptors, Distances
from sciae.descriptors.compiled import pull_back_into, values_into

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.descriptors import CompiledDescriptors, Part

    Make = Callable[..., np.ndarray]
    Parts = tuple[Part, ...]

ATOMS = 12


@numba.njit
def restrained(tables: Any, x: Any, box: Any, centre: Any, space: Any) -> float:
    """A bias in compiled code: harmonic in every number; returns the energy."""
    v, g, out = space
    values_into(*tables, x, box, v)
    energy = 0.0
    for i in range(len(v)):
        g[i] = v[i] - centre[i]
        energy += 0.5 * g[i] * g[i]
    pull_back_into(*tables, x, box, g, out)
    return energy


@numba.njit
def many(tables: Any, x: Any, box: Any, centre: Any, space: Any) -> None:
    for _ in range(100):
        restrained(tables, x, box, centre, space)


def arguments(compiled: CompiledDescriptors, x: np.ndarray) -> tuple[Any, ...]:
    width, used = compiled.width, len(compiled.used)
    space = np.empty(width), np.empty(width), np.empty((used, 3))
    return (tuple(compiled.tables), x[0, compiled.used], np.zeros((3, 3)), np.ones(width), space)


def test_other_compiled_code_can_call_both(every_part: Parts, coordinates: Make):
    descriptors, x = Descriptors(every_part, atoms=ATOMS), coordinates(0, 1)
    given = arguments(descriptors.compiled(), x)
    energy = restrained(*given)
    points = torch.tensor(x, requires_grad=True)
    expected = 0.5 * (descriptors.torch(points) - 1).square().sum()
    expected.backward()
    assert_allclose(energy, expected.item(), rtol=1e-12)
    assert_allclose(given[-1][-1], points.grad[0, descriptors.used], rtol=1e-9, atol=1e-9)


def test_nothing_is_allocated(every_part: Parts, coordinates: Make):
    given = arguments(Descriptors(every_part, atoms=ATOMS).compiled(), coordinates(0, 1))
    many(*given)
    _nrt_python.memsys_enable_stats()
    before = rtsys.get_allocation_stats().alloc
    many(*given)
    after = rtsys.get_allocation_stats().alloc
    _nrt_python.memsys_disable_stats()
    assert after - before < 100  # not one a call


def test_copies_work_and_own_their_space(every_part: Parts, coordinates: Make):
    compiled = Descriptors(every_part, atoms=ATOMS).compiled()
    x = coordinates(1, 1)[0, compiled.used]
    for other in (copy.deepcopy(compiled), pickle.loads(pickle.dumps(compiled))):
        assert_array_equal(other.value(x), compiled.value(x))
        assert not np.shares_memory(other.tables.work, compiled.tables.work)


def test_values_in_threads_are_those_of_one(every_part: Parts, coordinates: Make):
    descriptors, x = Descriptors(every_part, atoms=ATOMS), coordinates(2, 400)
    alone = descriptors.values(x)
    with ThreadPoolExecutor(4) as pool:
        for together in pool.map(lambda _: descriptors.values(x), range(16)):
            assert_array_equal(together, alone)


def test_read_only_and_strided_coordinates_are_read():
    compiled = Descriptors((Distances([(0, 1)]),), atoms=2).compiled()
    x = np.zeros((4, 3))
    x[2] = [3.0, 4.0, 0.0]
    x.flags.writeable = False
    assert compiled.value(x[::2]).tolist() == [5.0]


def test_the_room_is_imported_without_numba_and_torch():
    code = (
        "import sys; from sciae.descriptors import Descriptors, Distances, Positions;"
        "d = Descriptors((Distances([(0, 1)]),), atoms=2); d.schema, d.labels, d.to_json();"
        "assert not {'numba', 'torch', 'mdtraj', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
