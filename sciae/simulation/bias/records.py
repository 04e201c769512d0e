"""Lines of HILLS and KERNELS files as PLUMED writes and reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from sciae.simulation.bias.grid import Grid

__all__ = ["fields", "lines", "names_of", "settings"]


def names_of(names: Sequence[str], dim: int) -> tuple[str, ...]:
    """The names given, or s0, s1, ..."""
    return tuple(names) or tuple(f"s{d}" for d in range(dim))


def fields(names: Sequence[str], last: Iterable[str]) -> str:
    """The line that names the columns."""
    sigmas = (f"sigma_{name}" for name in names)
    return " ".join(["#! FIELDS", "time", *names, *sigmas, *last])


def settings(pairs: Iterable[tuple[str, object]], names: Sequence[str], grid: Grid) -> list[str]:
    """Lines of constants, the domains of periodic variables last.

    Examples
    --------
    >>> from sciae.simulation.bias.grid import Grid
    >>> settings([("action", "OPES_METAD_kernels")], ["x"], Grid((0,), (1,), (9,), (True,)))
    ['#! SET action OPES_METAD_kernels', '#! SET min_x 0.0', '#! SET max_x 1.0']
    """
    found = [f"#! SET {name} {value}" for name, value in pairs]
    for name, low, high, periodic in zip(names, grid.low, grid.high, grid.periodic, strict=True):
        if periodic:
            found += [f"#! SET min_{name} {_bound(low)}", f"#! SET max_{name} {_bound(high)}"]
    return found


def _bound(x: float) -> str:
    """A bound as PLUMED spells it: -pi and pi by name."""
    return {np.pi: "pi", -np.pi: "-pi"}.get(x, f"{x!r}")


def lines(rows: NDArray[np.float64]) -> list[str]:
    """Rows of numbers, each with all its digits."""
    return [" ".join(f"{x:.17g}" for x in row) for row in rows]
