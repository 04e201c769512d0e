"""The free energies of a run that biased phi and psi, as tables and as numbers."""

from __future__ import annotations

import math
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import DataError
from sciae.free_energy import delta, examine, profile, transitions

if TYPE_CHECKING:
    from pathlib import Path

    from sciae.simulation import BiasedRun

TURN = 2 * math.pi
CORES = {"C7eq and C5": (-2.8, -0.5), "C7ax": (0.4, 1.8)}  # phi in rad
EARLY = 0.1  # of each walker, in which the bias is found


def examined(run: BiasedRun, folder: Path, *, axial: tuple[float, float]) -> dict[str, Any]:
    """Write F(phi) and F(phi, psi), and return the difference of the basins with its interval.

    Parameters
    ----------
    run : BiasedRun
        Along phi and psi.
    folder : Path
        For ``F-phi.csv`` and ``F-phi-psi.csv``.
    axial : tuple of float
        The range of phi that is C7ax; the rest is C7eq and C5.
    """
    common: dict[str, Any] = {
        "temperature": run.temperature, "log_weight": run.log_weight, "group": run.walker,
        "period": TURN, "skip": EARLY,
    }  # fmt: skip
    phi = run.variable[:, 0]
    for x, bins, names, file in (
        (phi, 120, ("phi",), "F-phi.csv"),
        (run.variable, 60, ("phi", "psi"), "F-phi-psi.csv"),
    ):
        edges = np.linspace(-math.pi, math.pi, bins + 1)
        given = edges if len(names) == 1 else [edges] * len(names)
        units = ("rad",) * len(names)
        profile(x, edges=given, names=names, units=units, **common).to_csv(folder / file)
    step = run.plan.timestep * run.plan.stride
    one, other = CORES.values()
    clock = {name: common[name] for name in ("group", "period", "skip")}
    crossed = transitions(phi, one, other, step=step, **clock)
    verdict = examine(phi, one, other, step=step, outside=0.0, **common)
    try:
        found = delta(phi, axial[::-1], axial, **common)
    except DataError:  # of a run that is too short to have seen both
        difference: dict[str, Any] = {"value": None, "low": None, "high": None}
    else:
        difference = {n: _finite(getattr(found, n)) for n in ("value", "low", "high")}
    return {
        "difference": {**difference, "unit": "kJ/mol", "of": "C7ax less C7eq and C5",
                       "C7ax": {"phi_rad": list(axial)}, "confidence": 0.95},
        "transitions": {"forward": crossed.forward, "backward": crossed.backward,
                        "per_ns": crossed.per_ns, "cores_phi_rad": CORES},
        "verdict": verdict.words,
        "n_eff": run.n_eff,
        "ns": run.steps * run.plan.timestep / 1000,
        "skipped": EARLY,
        "plan": run.plan.to_json(),
        "versions": {name: version(name) for name in ("openmm", "numpy")},
    }  # fmt: skip


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
