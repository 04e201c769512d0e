"""Drawings: the figures of a run, from what `sciae.free_energy` and `sciae.simulation` give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sciae.report.figures.coordinate import Coordinate, Observable
from sciae.report.figures.differences import delta_in_time
from sciae.report.figures.free_energy import Curve, Mark, free_energy_profile
from sciae.report.figures.free_energy_maps import Surface, free_energy_map
from sciae.report.figures.growth import bias_growth, frames_that_count
from sciae.report.figures.timeline import against_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sciae.free_energy import Barrier, Course, Interval, Minimum, Profile
    from sciae.report.page import Figure
    from sciae.simulation import BiasedRun

    Floats = NDArray[np.float64]
    Cores = Mapping[str, Mapping[str, tuple[float, float]]]

__all__ = ["axes_of", "courses", "growth", "maps", "profiles", "timelines"]

MOST = 6  # minima shown: more are noise, and would hide the drawing
OFFSETS = {"opes": "rct", "metadynamics": "c(t)"}


def axes_of(profile: Profile) -> tuple[Coordinate, ...]:
    """The coordinates of a profile; angles in degrees, rings without a unit in parts of pi."""
    return tuple(
        Coordinate(
            name=name, unit="" if unit == "1" else unit, period=period, degrees=unit == "rad"
        )
        for name, unit, period in zip(
            profile.names, profile.units, profile.bins.period, strict=True
        )
    )


def profiles(
    found: Mapping[str, Profile],
    *,
    minima: Mapping[str, Sequence[Minimum]],
    barriers: Mapping[str, Barrier],
    beside: Mapping[str, Mapping[str, Curve]],
) -> list[Figure]:
    """A figure per coordinate, with all profiles along it; the first one's are the marks."""
    figures = []
    for name in dict.fromkeys(one.names[0] for one in found.values()):
        own = {label: one for label, one in found.items() if one.names[0] == name}
        first = next(iter(own))
        curves = {label: Curve.of(one) for label, one in own.items()} | dict(beside.get(name, {}))
        figures.append(
            free_energy_profile(
                curves,
                coordinate=axes_of(own[first])[0],
                temperature=own[first].temperature,
                marks=_marks(own[first], minima.get(first, ()), barriers.get(first)),
            )
        )
    return figures


def _marks(profile: Profile, minima: Sequence[Minimum], barrier: Barrier | None) -> list[Mark]:
    marks = [Mark("minimum", one.at[0], one.F) for one in minima[:MOST]]
    if barrier is not None:
        at = barrier.at[0]
        top = float(profile.F[np.abs(profile.centres[0] - at).argmin()])
        marks.append(Mark("barrier", at, top))
    return marks


def maps(found: Mapping[str, Profile], *, minima: Mapping[str, Sequence[Minimum]]) -> list[Figure]:
    """A figure per map, its minima numbered from the lowest; one scale for all."""
    tops = [float(np.nanmax(one.F)) for one in found.values() if np.isfinite(one.F).any()]
    figures = []
    for title, one in found.items():
        x, y = axes_of(one)
        points = {
            f"{place}": (low.at[0], low.at[1])
            for place, low in enumerate(minima.get(title, ())[:MOST], 1)
        }
        figures.append(
            free_energy_map(
                Surface.of(one), coordinates=(x, y), title=title, points=points,
                temperature=one.temperature, top=max(tops, default=None),
            )
        )  # fmt: skip
    return figures


def timelines(
    run: BiasedRun,
    *,
    observables: Sequence[Observable],
    cores: Cores,
    crossings: Floats | None,
) -> list[Figure]:
    """Each coordinate of the bias against time, then each observable."""
    plan, walker = run.plan, run.walker if run.plan.walkers > 1 else None
    own = [
        Observable(Coordinate(name=name, period=period, degrees=False), run.variable[:, k])
        for k, (name, period) in enumerate(zip(plan.names, plan.periods, strict=True))
    ]
    return [
        against_time(
            run.time, one.values, coordinate=one.coordinate, walker=walker,
            sets=cores.get(one.coordinate.name), transitions=crossings,
        )
        for one in (*own, *observables)
    ]  # fmt: skip


def growth(run: BiasedRun) -> list[Figure]:
    """The bias and its offset, and the frames that count; none without a bias."""
    if run.plan.method == "none" or not len(run.time):
        return []
    order = np.argsort(run.time, kind="stable")  # all walkers, as one sequence
    offset = run.extras.get("rct", run.offset if np.ptp(run.offset) else None)
    figure = bias_growth(
        run.time[order],
        run.bias[order],
        offset=None if offset is None else offset[order],
        offset_name=OFFSETS.get(run.plan.method, "offset"),
        n_eff=frames_that_count(run.log_weight[order]),
    )
    return [figure]


def courses(
    run: BiasedRun,
    found: Mapping[str, Course],
    *,
    differences: Mapping[str, Interval],
    references: Mapping[str, float],
) -> list[Figure]:
    """A figure per free energy difference as the run goes on."""
    longest = float(run.time.max(initial=0))
    return [
        delta_in_time(
            longest * one.fraction, one.value, name=name, final=differences.get(name),
            temperature=run.temperature, reference=references.get(name),
        )
        for name, one in found.items()
    ]  # fmt: skip
