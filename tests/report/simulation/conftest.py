from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest

if TYPE_CHECKING:
    from sciae.report import Figure

NUMBERS = re.compile(r"[ML] (-?[\d.]+) (-?[\d.]+)")
HREF = "{http://www.w3.org/1999/xlink}href"


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


class Drawn:
    """A drawing read back: its words, its ticks, and its lines and bands in data units."""

    def __init__(self, svg: str) -> None:
        self.root = ET.fromstring(svg)
        self.words = ["".join(e.itertext()) for e in self.root.iter() if _tag(e) == "text"]
        self.groups = {e.get("id", ""): e for e in self.root.iter() if _tag(e) == "g"}
        self.defined = {f"#{e.get('id')}": e for e in self.root.iter() if _tag(e) == "path"}

    def ticks(self, axis: str, axes: int = 1) -> dict[str, float]:
        """Labels of the ticks of "x" or "y", and where they stand."""
        found = {}
        for name, group in self._within(f"axes_{axes}"):
            if re.fullmatch(rf"{axis}tick_\d+", name):
                place = next(e for e in group.iter() if _tag(e) == "use").get(axis, "")
                words = [e.text for e in group.iter() if _tag(e) == "text"]
                found |= dict.fromkeys(words, float(place))
        return found

    def _within(self, name: str) -> list[tuple[str, ET.Element]]:
        """The groups of some axes, without those of other axes inside them."""
        found, left = [], list(self.groups[name])
        while left:
            element = left.pop(0)
            if _tag(element) == "g" and not element.get("id", "").startswith("axes_"):
                found.append((element.get("id", ""), element))
                left = [*element, *left]
        return found

    def _data(self, axis: str, pixels: np.ndarray, axes: int = 1) -> np.ndarray:
        labels = self.ticks(axis, axes)
        values = [float(re.sub("[,\\s]", "", one).replace("\N{MINUS SIGN}", "-")) for one in labels]
        return np.polyval(np.polyfit(list(labels.values()), values, 1), pixels)

    def curves(self, kind: str = "line2d", axes: int = 1) -> list[np.ndarray]:
        """Each path of a kind of group, shape (point, 2), in data units."""
        found = []
        for name, group in self._within(f"axes_{axes}"):
            if name.startswith(kind) and "tick" not in name:
                found += [self._path(e, axes) for e in self._paths(group)]
        return [one for one in found if len(one)]

    def _paths(self, group: ET.Element) -> list[tuple[str, float, float]]:
        shapes = []
        for e in group.iter():
            if _tag(e) == "path" and e.get("clip-path"):
                shapes.append((e.get("d", ""), 0.0, 0.0))
            elif _tag(e) == "use" and e.get("style", "").startswith("fill"):
                target = self.defined[e.get(HREF, "")]
                x, y = float(e.get("x", 0)), float(e.get("y", 0))
                shapes.append((target.get("d", ""), x, y))
        return shapes

    def _path(self, shape: tuple[str, float, float], axes: int) -> np.ndarray:
        d, x, y = shape
        points = np.array(NUMBERS.findall(d), float).reshape(-1, 2) + np.array([x, y])
        both = [self._data(axis, points[:, i], axes) for i, axis in enumerate("xy")]
        return np.column_stack(both)


@pytest.fixture(scope="session")
def drawn():
    return Drawn


@pytest.fixture(scope="session")
def assert_readable():
    """What every figure has: words for the blind, a caption that says what would be bad."""

    def check(figure: Figure) -> None:
        assert len(figure.alt) > 20
        assert len(figure.caption) > 40
        assert "Bad:" in figure.caption
        assert "<script" not in figure.svg
        assert "nan" not in (figure.alt + figure.caption).lower().replace("nanometre", "")
        assert "url(#" not in re.sub(r'clip-path="url\(#[\w-]+\)"', "", figure.svg)  # no hatching

    return check
