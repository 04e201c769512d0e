from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sciae.simulation.engines.particle import Particle


@pytest.fixture
def frames() -> Any:
    """Run a particle under a bias: variable, log weight in kT of each frame after the first few."""

    def run(
        potential: Any,
        bias: Any,
        *,
        start: Any,
        deposits: int,
        pace: int = 200,
        kt: float = 1.0,
        rng: int = 1,
        skip: float = 0.2,
        watch: int = 1,
    ) -> Any:
        engine = Particle(potential, kt=kt, start=start, bias=bias, rng=rng)
        s, log_weight = [], []
        for _ in range(deposits):
            for _ in range(watch - 1):
                engine.step(pace // watch)
                bias.observe(engine.variable)
            engine.step(pace // watch)
            here = engine.variable
            s.append(here)
            log_weight.append((bias.energy(here).energy - bias.offset) / kt)
            bias.deposit(here, time=engine.time)
        first = int(skip * deposits)
        return np.array(s)[first:], np.array(log_weight)[first:]

    return run


@pytest.fixture
def reweighted() -> Any:
    """Free energy in kT of the bins of the first coordinate, minimum 0; NaN if not visited."""

    def free_energy(s: Any, log_weight: Any, edges: Any) -> Any:
        weight = np.exp(log_weight - log_weight.max())
        mass = np.histogram(s[:, 0], edges, weights=weight)[0]
        f = -np.log(np.where(mass > 0, mass, np.nan))
        return f - np.nanmin(f)

    return free_energy


@pytest.fixture
def apart() -> Any:
    """Root mean square difference of two free energies where the first is low, shifts aside."""

    def rms(exact: Any, other: Any, below: float = 6.0) -> Any:
        low = (exact < below) & np.isfinite(other)
        assert low.sum() >= 0.9 * (exact < below).sum()
        gap = (other - exact)[low]
        return float(np.std(gap))

    return rms
