"""Exact free energies of model potentials, by quadrature."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from sciae.simulation.engines.potential import Potential

    Array = NDArray[np.float64]

__all__ = ["exact_free_energy"]

POINTS = 8  # Gauss-Legendre points per bin


def exact_free_energy(
    potential: Potential,
    *,
    kt: float,
    edges: Sequence[ArrayLike],
    along: Sequence[int] = (0,),
    cells: int = 120,
) -> Array:
    r"""Free energy of bins along some of a particle's own coordinates, the others integrated out.

    .. math:: F_b = -kT \ln \frac{1}{|b|} \int_b e^{-U/kT} dx, \quad \min_b F_b = 0

    Parameters
    ----------
    potential : Potential
    kt : float
        kJ/mol.
    edges : sequence of arrays
        One array of edges per coordinate in `along`.
    along : sequence of int
        Which coordinates.
    cells : int
        Cells of 8 Gauss-Legendre points each across the others' range.

    Returns
    -------
    array, one dimension per entry of `along`

    Examples
    --------
    >>> from sciae.simulation.engines.potential import double_well
    >>> edges = np.linspace(-1.01, 1.01, 102)
    >>> free = exact_free_energy(double_well(barrier=5.0), kt=1.0, edges=[edges])
    >>> free[[0, 50, 100]].round(2)
    array([0., 5., 0.])
    """
    if len(edges) != len(along) or not set(along) <= set(range(potential.dim)):
        raise SpecError(
            f"{len(edges)} edges along {tuple(along)}", where="exact_free_energy",
            expected=f"one array per coordinate, of 0 to {potential.dim - 1}",
        )  # fmt: skip
    axes, weights = [], []
    for d in range(potential.dim):
        ends = (
            np.asarray(edges[list(along).index(d)], np.float64)
            if d in along
            else np.linspace(potential.low[d], potential.high[d], cells + 1)
        )
        x, w = _rule(ends)
        axes.append(x)
        weights.append(w)
    energy = _over_nodes(potential, axes)
    boltzmann = np.exp(-(energy - energy.min()) / kt) * reduce(np.multiply.outer, weights)
    return _bins(boltzmann, along, kt)


def _rule(ends: Array) -> tuple[Array, Array]:
    """Nodes, and weights divided by the width of their cell."""
    at, weight = np.polynomial.legendre.leggauss(POINTS)
    middle, half = (ends[1:] + ends[:-1]) / 2, np.diff(ends) / 2
    return (middle[:, None] + half[:, None] * at).ravel(), np.tile(weight / 2, len(middle))


def _over_nodes(potential: Potential, axes: list[Array]) -> Array:
    nodes = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], 1)
    return potential.energy(nodes).reshape([len(a) for a in axes])


def _bins(mass: Array, along: Sequence[int], kt: float) -> Array:
    """Sum nodes to bins along the chosen coordinates, over everything along the others."""
    others = tuple(d for d in range(mass.ndim) if d not in along)
    kept = mass.sum(others)
    for axis in range(kept.ndim):
        kept = np.moveaxis(kept, axis, -1)
        kept = np.moveaxis(kept.reshape(*kept.shape[:-1], -1, POINTS).sum(-1), -1, axis)
    order = np.argsort(np.argsort(along))
    kept = np.transpose(kept, order)
    free = -kt * np.log(kept)
    return np.asarray(free - free.min(), np.float64)
