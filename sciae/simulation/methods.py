"""Methods: the bias that a plan asks for, on a grid that covers the variable's known range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.errors import SpecError
from sciae.simulation.bias import Grid, Opes, Static, Umbrella, Walls, WellTempered
from sciae.simulation.quantities import GAS_CONSTANT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sciae.simulation.bias import Bias
    from sciae.simulation.plan import Plan
    from sciae.simulation.space import Space

__all__ = ["bias_of", "grid_of", "umbrella_settings", "walls_of"]

BINS = {1: 400, 2: 120, 3: 40}  # per dimension
WALL = 100.0  # kJ/mol where the grid ends
FORCE = 60_000.0  # kJ/mol/nm that a bias of the height of the barrier may pull with
STIFF = 1e6  # kJ/mol/nm^2 of a wall: carbon then turns in ten steps of 2 fs
BEYOND = 3.0  # times steeper than along its data a learnt variable may be outside of them
SHARE = 20  # of the range, for the width of a hill


def grid_of(cv: Space, *, margin: float, bins: int | None = None) -> Grid:
    """A grid to where the walls hold 100 kJ/mol; periodic dimensions as they are."""
    if not 0 < margin < math.inf:
        raise SpecError(f"{margin}", where="margin", expected="a fraction of the range, above 0")
    periodic = [period is not None for period in cv.periods]
    if cv.dim not in BINS:
        raise SpecError(
            f"a variable of {cv.dim} coordinates", where="cv", expected=f"at most {max(BINS)}"
        )
    extra = np.where(periodic, 0.0, margin * (cv.high - cv.low) + _depth(cv, margin))
    number = bins or BINS[cv.dim]
    low, high = (cv.low - extra).tolist(), (cv.high + extra).tolist()
    return Grid(low, high, (number,) * cv.dim, periodic)


def walls_of(cv: Space, *, margin: float) -> Walls | None:
    """Walls that begin `margin` of the range beyond it, and hold 100 kJ/mol where the grid ends.

    None if every dimension is periodic.
    """
    free = np.array([period is None for period in cv.periods])
    if not free.any():
        return None
    extra = margin * (cv.high - cv.low)
    return Walls(
        low=np.where(free, cv.low - extra, -np.inf).tolist(),
        high=np.where(free, cv.high + extra, np.inf).tolist(),
        kappa=(2 * WALL / _depth(cv, margin) ** 2).tolist(),
    )


def _depth(cv: Space, margin: float) -> NDArray[np.float64]:
    r"""How far a wall reaches: `margin` of the range, or further where the variable is steep.

    A wall of stiffness k along s is one of :math:`k |\partial s/\partial x|^2` along x.
    """
    steep = BEYOND * _steepness(cv) * math.sqrt(2 * WALL / STIFF)
    depth: NDArray[np.float64] = np.maximum(margin * (cv.high - cv.low), steep)
    return depth


def _steepness(cv: Space) -> NDArray[np.float64]:
    """What is known of |ds/dx|, 1/nm; zero if nothing is."""
    return np.asarray(getattr(cv, "about", {}).get("steepness", np.zeros(cv.dim)), np.float64)


def bias_of(
    plan: Plan, cv: Space | None, *, walker: int, static: Static | None = None
) -> Bias | None:
    """The bias of a walker, before anything is deposited; None if the method is none."""
    if plan.method == "none":
        return None
    assert cv is not None
    settings: dict[str, Any] = plan.settings
    margin, kt = settings["margin"], GAS_CONSTANT * plan.temperature
    walls = walls_of(cv, margin=margin) if settings["walls"] else None
    grid = grid_of(cv, margin=margin, bins=settings["bins"])
    if plan.method == "static":
        assert static is not None
        return Static(static.grid, static.values, walls=walls)
    if plan.method == "umbrella":
        return Umbrella(
            grid, center=settings["centers"][walker], kappa=settings["kappa"], walls=walls
        )
    sigma, gamma = settings["sigma"], settings["gamma"]
    if plan.method == "metadynamics":
        return WellTempered(
            grid, height=settings["height"], sigma=sigma or _width(cv), gamma=gamma or 10.0,
            kt=kt, start=static, walls=walls, names=plan.names,
        )  # fmt: skip
    return Opes(
        grid, barrier=settings["barrier"], kt=kt, sigma=sigma, gamma=gamma,
        sigma_min=_least_width(cv, grid, settings["barrier"]),
        explore=settings["explore"], walls=walls, names=plan.names,
    )  # fmt: skip


def umbrella_settings(
    cv: Space,
    *,
    walkers: int,
    centers: Sequence[Sequence[float]] | None,
    kappa: Sequence[float] | None,
    temperature: float,
) -> dict[str, Any]:
    """Centers and stiffness of the windows, one per walker, as plain lists.

    By default they lie at equal distances over the range of the first coordinate, so stiff
    that, where the free energy is flat, the deviation in each is one distance.
    """
    kt = GAS_CONSTANT * temperature
    if centers is None:
        closed = cv.periods[0] is None
        first = np.linspace(cv.low[0], cv.high[0], walkers, endpoint=closed)
        middle = (cv.low + cv.high) / 2
        centers = [[float(x), *middle[1:].tolist()] for x in first]
        if kappa is None:
            apart = (cv.high[0] - cv.low[0]) / max(1, walkers - closed)
            kappa = [kt / apart**2, *[0.0] * (cv.dim - 1)]
    if kappa is None:
        raise SpecError("no kappa", where="umbrella", expected="a stiffness per coordinate")
    rows = [[float(x) for x in center] for center in centers]
    if len(rows) != walkers or any(len(row) != cv.dim for row in rows) or len(kappa) != cv.dim:
        raise SpecError(
            f"{len(rows)} centers, kappa {list(kappa)}",
            where="umbrella",
            expected=f"{walkers} centers (one per walker) of {cv.dim} numbers, {cv.dim} kappa",
        )
    return {"centers": rows, "kappa": [float(k) for k in kappa]}


def _width(cv: Space) -> list[float]:
    width: list[float] = ((cv.high - cv.low) / SHARE).tolist()
    return width


def _least_width(cv: Space, grid: Grid, barrier: float) -> list[float]:
    r"""The grid's spacing, or what keeps the force of a bias of the barrier's height bearable.

    A bias of height E and width w pulls with :math:`E |\partial s/\partial x| / w`.
    """
    width = np.maximum(grid.spacing, barrier * _steepness(cv) / FORCE)
    least: list[float] = width.tolist()
    return least
