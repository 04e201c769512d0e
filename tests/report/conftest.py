from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.fit import Training, fit
from sciae.report import ErrorMap
from sciae.schema import Field, Schema
from sciae.table import Table
from sciae.tasks.anomaly import Detector, Scores, calibrate, evaluate, score

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sciae.autoencoders.fit import Fitted
    from sciae.tasks.anomaly import Evaluation

VOID = {"meta", "br", "img", "hr", "link", "input"}
EVIL = (
    "<script>alert(1)</script>",
    "</title></style></svg><img src=x onerror=alert(1)>",
    '"><a href="https://evil.example">',
    "' onmouseover='alert(1)",
    "$x$ $\\frac{$ %s {0} {{",
    "&lt;b&gt; &amp;",
    "_hidden 😀 ünï",
    "\u202egpj.exe \x00\x1b[31m \udcff",
    "very_long_" * 60,
    "javascript:alert(1)",
    "]]> <!-- --> <![CDATA[",
)


class Reader(HTMLParser):
    """Every tag and attribute of a page, and whether tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], [], [], []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str):
        assert self.open.pop() == tag

    def handle_data(self, data: str):
        self.words.append(data)


def _read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def _safe(text: str) -> Reader:
    """Only the tags that a page is made of, nothing that runs, nothing from elsewhere."""
    reader = _read(text)
    allowed = (
        "html head meta title style body header h1 h2 main section ul ol li span b p div dl dt dd "
        "nav a figure figcaption svg g path defs use text tspan rect clippath image table caption "
        "thead tbody tr th td strong small footer"
    )
    assert set(reader.tags) <= set(allowed.split())
    for name, value in reader.attributes:
        assert not name.startswith("on")
        if name in ("src", "href", "xlink:href", "action"):
            assert value.startswith(("#", "data:image/png;base64,"))
    assert "url(" not in text.replace("url(#", "")
    assert "@import" not in text
    assert "http-equiv" in dict(reader.attributes)
    content = [value for name, value in reader.attributes if name == "content"]
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in content
    ids = [value for name, value in reader.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    return reader


FIELDS = ("mass", "tau21", "multiplicity")


def table(rows: int, *, shift: float = 0.0, seed: int = 1):
    x = np.random.default_rng(seed).normal(shift, 1, (rows, len(FIELDS)))
    x[:, 1] += x[:, 0]
    schema = Schema(tuple(Field(name=n, kind="continuous") for n in FIELDS))
    carried = {"jet_mass": 80 + 10 * x[:, 0], "jet_multiplicity": np.rint(40 + 5 * x[:, 2])}
    return Table(schema, dict(zip(FIELDS, x.T, strict=True)), carried=carried)


def _judged(
    background: Scores, signal: Scores, names: tuple[str, ...] = ("model", "mass")
) -> dict[str, Evaluation]:
    """A toy evaluation for each name: the first by the score, the others by less and less."""
    label = np.r_[np.zeros(len(background)), np.ones(len(signal))]
    values = np.r_[background.score, signal.score]
    noise = np.random.default_rng(3).normal(0, values.std() + 1, len(values))
    return {n: evaluate(values + i * noise, label, repeats=40, rng=1) for i, n in enumerate(names)}


@pytest.fixture(scope="session")
def fitted():
    torch.manual_seed(0)
    model = kinds.variational(table(2).schema, latent=1, hidden=(8,))
    return fit(model, table(400), training=Training(epochs=6), rng=1)


@pytest.fixture(scope="session")
def detector(fitted: Fitted):
    return calibrate(fitted.model, table(300, seed=2), draws=4)


@pytest.fixture(scope="session")
def background(detector: Detector):
    return score(detector, table(400, seed=3))


@pytest.fixture(scope="session")
def signal(detector: Detector):
    return score(detector, table(120, shift=1.5, seed=4))


@pytest.fixture
def make_scores(detector: Detector):
    """Scores of chosen values, with the parts and carried columns of the fixtures."""

    def make(
        values: ArrayLike, detector: Detector = detector, fields: tuple[str, ...] = FIELDS
    ) -> Scores:
        values = np.asarray(values, float)
        parts = {name: values / (len(fields) + 1) for name in (*fields, "code")}
        carried = {"jet_mass": np.arange(len(values), dtype=float)}
        return Scores(values, detector.calibration.p_value(values), parts, carried)

    return make


@pytest.fixture
def a_map():
    image = np.eye(6)
    return ErrorMap("a jet", image, image - 0.5)


@pytest.fixture(params=EVIL)
def evil(request: pytest.FixtureRequest):
    """A string that must not become markup."""
    return request.param


@pytest.fixture(scope="session")
def read():
    return _read


@pytest.fixture(scope="session")
def assert_safe():
    return _safe


@pytest.fixture(scope="session")
def make_table():
    return table


@pytest.fixture(scope="session")
def judged():
    return _judged


@pytest.fixture(scope="session")
def evils():
    return EVIL
