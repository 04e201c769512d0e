"""Cost of a biased step of alanine dipeptide in vacuum: CPU time, one thread, interleaved.

    python tests/benchmarks/simulation_speed.py [--repeats 15]

Platform "Reference", LangevinMiddle, 2 fs. Each number is the median over repeats of the mean of
2000 steps; the repeats of all are interleaved, and ratios are taken within a repeat.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

STEPS, MICRO, ASKED = 2000, 1e6, 3.0
sys.path.insert(0, str(Path(__file__).parents[1] / "simulation"))


class Empty:
    """What a Python function costs that does nothing, on ten atoms."""

    def __init__(self) -> None:
        self.force = np.zeros((10, 3))

    def __call__(self, state: Any) -> tuple[float, Any]:
        return 0.0, self.force


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    import openmm

    from sciae.simulation.platform import calibrate

    system, held, steppers = made()
    for step in steppers.values():
        step(STEPS)
    seen: dict[str, list[float]] = {name: [] for name in steppers}
    for _ in range(repeats):
        for name, step in steppers.items():
            begin = time.process_time()
            step(STEPS)
            seen[name].append(MICRO * (time.process_time() - begin) / STEPS)
    print(f"us of CPU per step, median of {repeats} [least, most]; OpenMM {openmm.__version__}")
    for name, each in seen.items():
        ratio = median(a / b for a, b in zip(each, seen["unbiased"], strict=True))
        asked = f"   asked: <= {ASKED:g} x" if name == "learned, 45 distances" else ""
        print(
            f"{name:28} {median(each):6.1f}  [{min(each):.1f}, {max(each):.1f}]"
            f"   {ratio:4.2f} x{asked}"
        )
    begin = time.perf_counter()
    speeds = calibrate(system)
    del held  # until now: an integrator does not keep its context
    print(f"calibration of platforms, {time.perf_counter() - begin:.2f} s:")
    for speed in speeds:
        print(f"{speed.platform:28} {speed.steps_per_second:8.0f} steps/s")


def made() -> tuple[Any, Any, dict[str, Any]]:
    """The system, and a function that steps for each way of biasing it."""
    import conftest
    import openmm

    from sciae.simulation import from_pdb
    from sciae.simulation.bias import Opes
    from sciae.simulation.engines.openmm import OpenMMEngine
    from sciae.simulation.methods import grid_of, walls_of

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ala2.pdb")
        path.write_text(conftest.pdb_text())
        system = from_pdb(path, force_field="amber99sb")
    settings = {
        "temperature": 300.0, "timestep": 0.002, "friction": 1.0, "platform": "Reference",
    }  # fmt: skip

    def engine(cv: Any) -> Any:
        bias = None
        if cv is not None:
            bias = Opes(
                grid_of(cv, margin=0.25), barrier=40.0, kt=2.494, sigma=[0.1] * cv.dim,
                walls=walls_of(cv, margin=0.25),
            )  # fmt: skip
            for s in np.random.default_rng(1).uniform(cv.low, cv.high, (50, cv.dim)):
                bias.deposit(s)
        return OpenMMEngine(system, cv, bias, rng=np.random.default_rng(1), **settings)

    own = system.copy_of_system()
    own.addForce(openmm.PythonForce(Empty(), {}, conftest.HEAVY))
    integrator = openmm.LangevinMiddleIntegrator(300, 1, 0.002)
    context = openmm.Context(own, integrator, openmm.Platform.getPlatformByName("Reference"))
    context.setPositions(system.positions)
    context.setVelocitiesToTemperature(300, 1)
    learned = conftest.learned_variable(system.names)
    torsions = conftest.torsion_variable(system.names, (conftest.PHI, conftest.PSI))
    return (
        system,
        context,
        {
            "unbiased": engine(None).step,
            "empty PythonForce": integrator.step,
            "torsions phi, psi": engine(torsions).step,
            "learned, 45 distances": engine(learned).step,
        },
    )


if __name__ == "__main__":
    main()
