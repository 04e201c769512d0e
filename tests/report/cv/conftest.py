from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from sciae.autoencoders.training import Epoch
from sciae.collective import CollectiveVariable
from sciae.export import NumpyEncoder
from sciae.tasks.cv import Gradients, Learned

if TYPE_CHECKING:
    from sciae.report import Figure


@pytest.fixture(scope="session")
def words():
    """What is written in a drawing."""

    def read(svg: str) -> list[str]:
        found = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
        return ["".join(one.itertext()) for one in found]

    return read


@pytest.fixture(scope="session")
def assert_readable():
    """What every figure has: words for the blind, a caption that says what would be bad."""

    def check(figure: Figure) -> None:
        assert len(figure.alt) > 20
        assert len(figure.caption) > 40
        assert "Bad:" in figure.caption
        assert "<script" not in figure.svg
        assert not re.search(r"\bnan\b", figure.alt + figure.caption)
        assert "url(#" not in re.sub(r'clip-path="url\(#[\w-]+\)"', "", figure.svg)  # no hatching

    return check


ABOUT = {"kind": "time-lagged", "lag_rows": 20, "hidden": [32, 16]}


def variable(dim: int, about: dict[str, Any]):
    columns, n = ("phi", "psi"), 2
    encoder = NumpyEncoder(
        columns=np.array(columns), function=np.zeros(n, int), column=np.arange(n),
        a=np.zeros(n), b=np.ones(n), least=np.full(n, -np.inf), sizes=np.array([n, dim]),
        weights=np.linspace(0.5, 1, (n + 1) * dim), activation="none", end="linear",
    )  # fmt: skip
    return CollectiveVariable(
        encoder=encoder, low=[-1.0] * dim, high=[1.0] * dim, about=about
    )  # fmt: skip


@pytest.fixture(scope="session")
def make_learned():
    """What `learn` would return, with chosen numbers."""

    def make(
        dim: int = 1, *, still: float = 0.0, about: dict[str, Any] = ABOUT, **changes: Any
    ) -> Learned:
        norm = np.random.default_rng(1).lognormal(1, 0.4, (500, dim))
        settings = {
            "variable": variable(dim, about),
            "kind": "time-lagged",
            "lag": 20,
            "scores": {"vamp2": 1.912, "gmrq": 1.87, "reconstruction": 0.43},
            "time_scales": {20: (900.0, 30.0), 40: (1300.0, 31.0), 80: (1350.0,)},
            "gradients": Gradients(norm, np.full(dim, 0.1), np.full(dim, still), 0.04),
            "history": tuple(Epoch({"loss": 1 / e}, {"loss": 1.1 / e}) for e in range(1, 30)),
            "effective_rows": 800.0,
            "row_time": 0.5,
        }
        return Learned(**settings | changes)

    return make
