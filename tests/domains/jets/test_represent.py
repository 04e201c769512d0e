from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sciae.domains.jets import Jets
from sciae.errors import SpecError

if TYPE_CHECKING:
    from pathlib import Path


def test_log_is_the_logarithm_of_no_less_than_the_least(samples: Path) -> None:
    names = ("mass", "soft_drop_mass", "multiplicity", "tau1", "zg")
    domain = Jets(observables=(*names, *(f"log_{name}" for name in names)))
    table = domain.read(samples / "qcd_test.root")
    for name, least in zip(names, (0.1, 0.1, 1, 1e-4, 1e-4), strict=True):
        want = np.log(np.maximum(table[name], least))
        np.testing.assert_allclose(table[f"log_{name}"], want, rtol=1e-12)
    assert domain.schema["mass"].unit == "GeV"
    assert domain.schema["log_mass"].unit == "1"


@pytest.mark.parametrize("name", ["log_spin", "log_log_mass", "log_", ""])
def test_unknown_observables_are_refused(name: str) -> None:
    with pytest.raises(SpecError, match=r"some of .*mass"):
        Jets(observables=(name,))


def test_what_is_left_out_is_carried(samples: Path) -> None:
    few = Jets(representation="constituents", most=10).read(samples / "top.root")
    np.testing.assert_array_equal(few["dropped"], np.maximum(few["jet_multiplicity"] - 10, 0))
    assert (few["dropped_pt_share"][few["dropped"] > 0] > 0).all()
    small = Jets(representation="images", width=0.4).read(samples / "top.root")
    large = Jets(representation="images", width=6.0).read(samples / "top.root")
    assert (small["image_pt_share"] < 1).any()
    np.testing.assert_allclose(large["image_pt_share"], 1, rtol=1e-6)


def test_images_sum_to_the_share_they_show(samples: Path) -> None:
    table = Jets(representation="images", intensity="pt").read(samples / "top.root")
    np.testing.assert_allclose(table["image"].sum((1, 2)), table["image_pt_share"], rtol=1e-5)
