"""Stiffness: whether the time step of a run was short enough for the bias that acted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.collective import CollectiveVariable
from sciae.domains.trajectories import Trajectories
from sciae.simulation import load_bias
from sciae.simulation.system import load_openmm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.simulation import BiasedRun, Static

    Array = NDArray[np.float64]

__all__ = ["stiffness"]

FRAMES = 200
MOST = 0.99  # of the frames
STEP = 1e-2  # of the range, to differentiate the bias by


def stiffness(run: BiasedRun) -> float | None:
    r"""Radians that the stiffest motion under the bias turns in a time step, in 99 % of frames.

    .. math:: \omega\, \Delta t, \qquad \omega^2 = \max \bigl|\mathrm{eig}(G H)\bigr|, \quad
        G_{ij} = \sum_a \frac{\nabla_a s_i \cdot \nabla_a s_j}{m_a}, \quad
        H_{ij} = \frac{\partial^2 V}{\partial s_i \partial s_j}

    with the last picture of the bias. Bonds without constraints have 0.6 at 2 fs; above 2 no
    integrator is stable. In between a run goes on, but what it samples is another ensemble:
    where a variable is steep as a cliff a step goes over it without having felt it. Weights
    know nothing of that.

    Returns
    -------
    float or None
        None if nothing learnt was biased, or there is no picture or no trajectory.
    """
    picture, step = run.last_bias, float(run.plan.timestep)
    if picture is None or not run.trajectories or not (run.directory / "cv" / "cv.json").exists():
        return None
    variable, bias = CollectiveVariable.load(run.directory / "cv"), load_bias(picture)
    if variable.descriptors is None or variable.descriptors.periodic:
        return None
    domain = Trajectories(topology=run.topology)
    share = -(-FRAMES // len(run.trajectories))
    frames = np.concatenate([domain.coordinates(path, most=share) for path in run.trajectories])
    mass = _masses(run)
    found = [_of_frame(x, variable, bias, mass) for x in frames]
    return float(np.quantile(found, MOST)) * step


def _of_frame(x: Array, variable: CollectiveVariable, bias: Static, mass: Array) -> float:
    """The frequency, 1/ps."""
    s, gradient = variable.value_and_gradient(x)
    metric = np.einsum("iac,jac,a->ij", gradient, gradient, 1 / mass)
    curvature = np.zeros((len(s), len(s)))
    for i, step in enumerate(np.diag(STEP * (variable.high - variable.low))):
        ahead, behind = bias.energy(s + step).gradient, bias.energy(s - step).gradient
        curvature[i] = (ahead - behind) / (2 * step[i])
    largest = np.abs(np.linalg.eigvals(metric @ curvature)).max()
    return float(np.sqrt(largest))


def _masses(run: BiasedRun) -> Array:
    """Of all atoms, by their elements, in dalton."""
    mm = load_openmm()
    atoms = mm.app.PDBFile(str(run.topology)).topology.atoms()
    dalton = mm.unit.dalton
    return np.array([atom.element.mass.value_in_unit(dalton) for atom in atoms])
