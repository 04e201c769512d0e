"""Free energies of a coordinate that was only seen through another one, with bands that cover.

``deconvolve`` -> ``Deconvolved``
    From frames of z, weighted or in windows, and pairs of s and z.
``Kernel``; ``Known``, ``LocationScale``
    The law of z where s is known.
``Counts``
    What was seen, as tilted multinomials.
"""

from __future__ import annotations

from sciae.deconvolution.counts import Counts
from sciae.deconvolution.deconvolve import deconvolve
from sciae.deconvolution.deconvolved import Deconvolved
from sciae.deconvolution.kernel import Kernel, Known
from sciae.deconvolution.location_scale import LocationScale, location_scale

__all__ = [
    "Counts", "Deconvolved", "Kernel", "Known", "LocationScale", "deconvolve", "location_scale",
]  # fmt: skip
