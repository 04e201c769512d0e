from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.domains.jets import Jets
from sciae.domains.jets.window import Window
from sciae.errors import SpecError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "settings",
    [
        {"pt": (float("nan"), 1.0)},
        {"pt": (-1.0, 1.0)},
        {"pt": (2.0, 2.0)},
        {"radius": -1.0},
        {"radius": float("nan")},
        {"abs_eta": 0.0},
        {"algorithm": "siscone"},
        {"jets": ""},
    ],
)
def test_wrong_windows_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SpecError):
        Window(**settings)


def test_jets_outside_are_left_out_and_counted(samples: Path) -> None:
    whole = Jets().read(samples / "top.root")
    part = Jets(pt_min=575, pt_max=625, abs_eta_max=0.5).read(samples / "top.root")
    pt, eta = whole["jet_pt"], np.abs(whole["jet_eta"])
    inside = (pt >= 575) & (pt <= 625) & (eta <= 0.5)
    assert 0 < inside.sum() < 600
    np.testing.assert_array_equal(part.entry, np.flatnonzero(inside))
    np.testing.assert_array_equal(part["jet_mass"], whole["jet_mass"][inside])
    assert dict(part.rejected) == {"outside the window": int((~inside).sum())}
