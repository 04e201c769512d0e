"""Numbers: how long a run was, what it was asked for, and how much of it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.report.figures.clock import clock
from sciae.report.page import Cell, Numbers
from sciae.report.settings import setting
from sciae.report.words import number, percent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sciae.simulation import BiasedRun

    Floats = NDArray[np.float64]

__all__ = ["run_table", "settings_table"]


def run_table(run: BiasedRun) -> Numbers:
    """How long the run was, how far the bias went, and how many frames it left to count."""
    plan, frames = run.plan, len(run.time)
    longest = clock(run.time)
    rows = [
        ("walkers", f"{plan.walkers}"),
        (f"time of each ({longest.unit})", number(float(longest.shown(run.time.max(initial=0))))),
        ("steps of all", f"{run.steps:,}"),
        ("frames", f"{frames:,}"),
    ]
    if frames:
        rows += [
            ("frames that count after reweighting (Kish)", number(run.n_eff)),
            ("their share", percent(run.n_eff / frames)),
            ("bias, lowest to highest (kJ/mol)", _range(run.bias)),
            *(
                (f"{name}, lowest to highest", _range(run.variable[:, k]))
                for k, name in enumerate(plan.names)
            ),
        ]
    return Numbers(
        header=("", "value"),
        rows=tuple((Cell(name), Cell(value)) for name, value in rows),
        caption="The run in numbers",
    )


def _range(values: Floats) -> str:
    return f"{number(float(values.min()))} to {number(float(values.max()))}"


def settings_table(run: BiasedRun) -> Numbers:
    """What was asked for."""
    plan = run.plan.to_json()
    method = plan.pop("settings")
    every = {**plan, **{f"{run.plan.method}: {name}": value for name, value in method.items()}}
    return Numbers(
        header=("setting", "value"),
        rows=tuple((Cell(name), Cell(setting(value))) for name, value in every.items()),
        caption="Times in ps or steps, temperature in K, energies in kJ/mol",
        words=True,
    )
