"""Jets as pictures: the share of pt that falls on each pixel about the centroid."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, sqrt
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from sciae.domains.jets.compiled import compiled
from sciae.domains.jets.orient import oriented
from sciae.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.domains.jets.ragged import Constituents

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

__all__ = ["Image", "Images", "Intensity", "images", "pixel_of"]

Intensity = Literal["pt", "sqrt_pt"]
POWERS: dict[Intensity, float] = {"pt": 1.0, "sqrt_pt": 0.5}
ROOT = POWERS["sqrt_pt"]


@dataclass(frozen=True, kw_only=True)
class Image:
    """How a jet is drawn.

    Parameters
    ----------
    pixels : int
        Pixels along each side.
    width : float
        Length of each side, in pseudorapidity and in rad; twice the jet radius shows it all.
    rotate : bool
        Lay the principal axis along the first direction.
    flip : bool
        Mirror so that more of the pt lies at larger indices, in both directions.
    intensity : {"pt", "sqrt_pt"}
        The pt on a pixel, or its square root, which lifts the soft part.
    normalise : bool
        As a share of the summed pt of the jet (what falls off the picture included), so
        that the pixels of `pt` sum to the part kept; otherwise in GeV, or its root.
    """

    pixels: int = 40
    width: float = 1.6
    rotate: bool = True
    flip: bool = True
    intensity: Intensity = "sqrt_pt"
    normalise: bool = True

    def __post_init__(self) -> None:
        if self.pixels < 1:
            raise SpecError(f"pixels {self.pixels}", where="Image", expected="at least 1")
        if not 0 < self.width < np.inf:
            raise SpecError(f"width {self.width}", where="Image", expected="a positive number")
        if self.intensity not in POWERS:
            expected = " or ".join(POWERS)
            raise SpecError(f"intensity {self.intensity!r}", where="Image", expected=expected)


DEFAULT = Image()


class Images(NamedTuple):
    """Pictures of jets, and how much of each jet they show."""

    image: NDArray[np.float32]  # (jet, pixel, pixel)
    kept: Floats  # (jet,) share of the pt on the picture; NaN for a jet without usable pt


@compiled
def _place(x: float, pixels: int, width: float) -> int:
    """The pixel at x along one side, its lower edge included; -1 off the picture."""
    index = floor((x + width / 2) * pixels / width) if abs(x) <= width else -1
    return index if 0 <= index < pixels else -1


@compiled
def _pixel_of(u: Floats, v: Floats, pixels: int, width: float) -> Integers:
    pixel = np.empty(u.size, np.int64)
    for i in range(u.size):
        row, column = _place(u[i], pixels, width), _place(v[i], pixels, width)
        pixel[i] = row * pixels + column if row >= 0 and column >= 0 else -1
    return pixel


@compiled
def _add(pt: Floats, pixel: Integers, canvas: Floats) -> float:
    """Add the pt of one jet to the canvas; return what fell on it."""
    kept = 0.0
    for i in range(pt.size):
        if pixel[i] >= 0:
            canvas[pixel[i]] += pt[i]
            kept += pt[i]
    return kept


@compiled
def _move(
    pixel: Integers, canvas: Floats, scale: float, power: float, out: NDArray[np.float32]
) -> None:
    """Write the touched pixels of the canvas to the picture, and clear them."""
    for i in range(pixel.size):
        if pixel[i] >= 0 and canvas[pixel[i]] > 0:
            value = canvas[pixel[i]] / scale
            out[pixel[i]] = sqrt(value) if power == ROOT else value
            canvas[pixel[i]] = 0.0


@compiled
def _draw(
    offsets: Integers, pt: Floats, pixel: Integers, size: int, how: tuple[float, bool]
) -> tuple[NDArray[np.float32], Floats]:
    """Pictures from the pixel of each constituent; `how` is (power, normalise)."""
    jets = offsets.size - 1
    image, kept, canvas = np.zeros((jets, size), np.float32), np.full(jets, np.nan), np.zeros(size)
    for jet in range(jets):
        one = slice(offsets[jet], offsets[jet + 1])
        total = pt[one].sum()
        kept[jet] = _add(pt[one], pixel[one], canvas) / total
        _move(pixel[one], canvas, total if how[1] else 1.0, how[0], image[jet])
    return image, kept


def pixel_of(constituents: Constituents, settings: Image = DEFAULT) -> Integers:
    """The pixel on which each constituent falls, counted row by row; -1 off the picture.

    Returns
    -------
    array of int64, shape (constituent,)
        ``row * pixels + column`` in the image of its jet: row along the principal axis (or
        pseudorapidity), column across it (or azimuth).

    Examples
    --------
    The error of each pixel, seen by the constituents:

    >>> from sciae.domains.jets.ragged import Constituents
    >>> jet = Constituents.from_ptetaphi([0, 2], pt=[3, 1], eta=[0, 0.4], phi=[0, 0])
    >>> pixel_of(jet, Image(pixels=4, width=1.6, flip=False))
    array([ 6, 10])
    """
    u, v = oriented(constituents, rotate=settings.rotate, flip=settings.flip)
    return np.where(constituents.pt > 0, _pixel_of(u, v, settings.pixels, settings.width), -1)


def images(constituents: Constituents, settings: Image = DEFAULT) -> Images:
    """Draw each jet.

    A turn in azimuth and the order of constituents leave the picture as it is; with `flip`
    a flip of the beam does too. Sums are taken in double precision and places to 1e-9, so
    what remains is one unit in the last place of float32, seldom.

    Parameters
    ----------
    constituents : Constituents
        The jets, narrower than pi in azimuth about their hardest constituent.
    settings : Image
        How to draw.

    Returns
    -------
    Images
        Pictures, shape (jet, pixels, pixels), and the share of pt on each.

    Examples
    --------
    >>> from sciae.domains.jets.ragged import Constituents
    >>> jet = Constituents.from_ptetaphi([0, 2], pt=[3, 1], eta=[0, 0], phi=[3.1, -3.1])
    >>> images(jet, Image(pixels=2, intensity="pt")).image.sum((0, 2))
    array([0.25, 0.75], dtype=float32)
    """
    c, size = constituents, settings.pixels**2
    u, v = oriented(c, rotate=settings.rotate, flip=settings.flip)
    pixel = _pixel_of(u, v, settings.pixels, settings.width)
    how = (POWERS[settings.intensity], settings.normalise)
    flat, kept = _draw(c.offsets, c.pt, pixel, size, how)
    first = c.offsets[:-1][c.counts > 0]
    kept[c.counts > 0] += 0 * u[first]  # NaN where the jet has no place
    return Images(flat.reshape(-1, settings.pixels, settings.pixels), kept)
