from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.linalg import eigh

from sciae.tasks.cv.lag import Pairs, lagged
from sciae.tasks.cv.spectrum import gmrq, pca, tica, time_scales, vamp, vamp2

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORIES = {1: [0.95], 2: [0.95, 0.6], 5: [0.97, 0.9, 0.7, 0.4, 0.1]}


def all_pairs(rows: int, lag: int):
    return lagged(np.zeros(rows, np.int64), np.ones(rows), lag)


@pytest.mark.parametrize("dims", [1, 2, 5])
@pytest.mark.parametrize("lag", [1, 4])
def test_tica_finds_the_eigenvalues_of_an_ornstein_uhlenbeck_process(
    process: Callable[..., np.ndarray], dims: int, lag: int
):
    rows, memory = 40_000, np.array(MEMORIES[dims])
    mixed = process(memory, rows) @ np.random.default_rng(1).normal(size=(dims, dims))
    found = tica(mixed, all_pairs(rows, lag)).values
    truth = memory**lag  # exp(-lag / tau)
    # Bartlett: the variance of an autocorrelation of AR(1), by its memory and lag
    square = memory**2
    variance = (1 + square) * (1 - square**lag) / (1 - square) - 2 * lag * square**lag
    np.testing.assert_array_less(np.abs(found - truth), 5 * np.sqrt(variance / rows) + 1e-3)


@pytest.mark.parametrize("dims", [1, 2, 5])
def test_tica_is_the_generalised_eigenproblem(process: Callable[..., np.ndarray], dims: int):
    x, rng = process(MEMORIES[dims], 500), np.random.default_rng(2)
    x = x @ rng.normal(size=(dims, dims)) + 3
    weight = rng.uniform(0.5, 2, 500)
    pairs = lagged(np.repeat([0, 1], 250), weight, 3)
    w = np.tile(pairs.weight, 2)
    first = np.concatenate([x[pairs.now], x[pairs.later]])  # both directions
    second = np.concatenate([x[pairs.later], x[pairs.now]])
    mean = np.average(first, axis=0, weights=w)
    c0 = np.einsum("t,ti,tj->ij", w, first - mean, first - mean)
    ct = np.einsum("t,ti,tj->ij", w, first - mean, second - mean)
    values, vectors = eigh(ct, c0)
    found = tica(x, pairs)
    np.testing.assert_allclose(found.values, values[::-1], atol=1e-10)
    ratio = found.vectors / vectors[:, ::-1]
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[0], ratio.shape), rtol=1e-6)


@pytest.mark.parametrize("dims", [1, 3])
def test_principal_components_are_those_of_numpy(dims: int):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(300, dims)) @ rng.normal(size=(dims, dims))
    found = pca(x, np.ones(300))
    _, size, axes = np.linalg.svd(x - x.mean(0), full_matrices=False)
    np.testing.assert_allclose(found.values, size**2 / 300)
    np.testing.assert_allclose(np.abs(found.vectors), np.abs(axes.T), atol=1e-10)


def test_a_whole_weight_is_as_many_copies():
    rng = np.random.default_rng(4)
    x, copies = rng.normal(size=(60, 3)), rng.integers(0, 4, 40)
    now, later = rng.integers(0, 60, 40), rng.integers(0, 60, 40)
    weighted = Pairs(now, later, copies.astype(float))
    repeated = Pairs(np.repeat(now, copies), np.repeat(later, copies), np.ones(copies.sum()))
    for of in (tica, vamp):
        np.testing.assert_allclose(of(x, weighted).values, of(x, repeated).values, atol=1e-12)
    many = rng.integers(0, 4, 60)
    one, other = pca(x, many.astype(float)), pca(np.repeat(x, many, 0), np.ones(many.sum()))
    np.testing.assert_allclose(one.values, other.values)
    np.testing.assert_allclose(one.mean, other.mean)


TRANSITIONS = np.array([[0.9, 0.08, 0.02], [0.3, 0.6, 0.1], [0.02, 0.28, 0.7]])


def chain(rows: int):
    rng = np.random.default_rng(5)
    draws, state = rng.random(rows), np.zeros(rows, int)
    below = TRANSITIONS.cumsum(1)
    for t in range(1, rows):
        state[t] = min(2, np.searchsorted(below[state[t - 1]], draws[t]))
    return state


def test_vamp2_of_a_markov_chain_is_the_sum_of_its_squared_singular_values():
    rows = 50_000
    state = chain(rows)
    x, pairs = np.eye(3)[state], all_pairs(rows, 1)
    score = vamp2(vamp(x, pairs), x, pairs, components=2)
    counts = x[:-1].T @ x[1:] / (rows - 1)
    scaled = counts / np.sqrt(np.outer(counts.sum(1), counts.sum(0)))
    exact = np.square(np.linalg.svd(scaled, compute_uv=False)).sum()
    assert score == pytest.approx(exact, abs=1e-10)
    values, vectors = np.linalg.eig(TRANSITIONS.T)
    stationary = np.real(vectors[:, np.argmax(values.real)])
    stationary /= stationary.sum()
    truth = TRANSITIONS * np.sqrt(stationary[:, None] / stationary)
    known = np.square(np.linalg.svd(truth, compute_uv=False)).sum()
    assert score == pytest.approx(known, abs=0.02)


def test_gmrq_on_its_own_data_is_the_sum_of_the_eigenvalues(process: Callable[..., np.ndarray]):
    x, pairs = process([0.9, 0.5], 2000), all_pairs(2000, 2)
    found = tica(x, pairs)
    own = gmrq(found, x, pairs, components=2)
    assert own == pytest.approx(1 + found.values.sum(), abs=1e-6)


def test_gmrq_on_other_data_is_less_where_directions_were_overfitted():
    rng = np.random.default_rng(6)
    x, other = rng.normal(size=(2, 100, 30))  # nothing is slow
    pairs = all_pairs(100, 1)
    found = tica(x, pairs)
    assert gmrq(found, other, pairs, components=3) < gmrq(found, x, pairs, components=3) - 0.5
    assert vamp2(vamp(x, pairs), other, pairs, components=3) < 1.5


def test_directions_without_variance_are_left_out():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(200, 2))
    twice = np.column_stack([x, x[:, 0] + x[:, 1]])
    assert tica(twice, all_pairs(200, 1)).values.shape == (2,)


def test_time_scales_invert_the_decay():
    tau = np.array([3.0, 40.0])
    np.testing.assert_allclose(time_scales(np.exp(-7 / tau), 7), tau)
