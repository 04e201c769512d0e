"""Encoder: networks and projections as plain arrays, in a fixed sign and scale."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sciae.autoencoders.raw.inputs import Inputs, names
from sciae.errors import FitError
from sciae.export.arrays import NumpyEncoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sciae.autoencoders.nets import Dense
    from sciae.autoencoders.normalise import Normaliser
    from sciae.tasks.cv.frames import Frames

    Array = NDArray[np.float64]

__all__ = ["coordinates", "folded", "of_net", "of_projection", "oriented", "periods"]

STILL = 1e-7  # range of a coordinate, against its size: less is rounding


def of_net(net: Dense, normaliser: Normaliser, *, activation: str) -> NumpyEncoder:
    """A dense net behind a normaliser, in float64."""
    parts, sizes = [], []
    for layer, narrows in enumerate(net.narrows):
        weight, bias = (
            net.get_parameter(f"{name}_{layer}").detach().cpu().double().numpy()
            for name in ("weight", "bias")
        )
        matrix = weight if narrows else weight.T  # (out, in)
        parts += [matrix.ravel(), bias]
        sizes.append(matrix.shape[1])
    return _made(normaliser, [*sizes, len(parts[-1])], np.concatenate(parts), activation)


def of_projection(vectors: Array, mean: Array, normaliser: Normaliser) -> NumpyEncoder:
    """One linear layer: (inputs - mean) @ vectors."""
    weights = np.concatenate([vectors.T.ravel(), -mean @ vectors])
    return _made(normaliser, [len(vectors), vectors.shape[1]], weights, "none")


def _made(
    normaliser: Normaliser, sizes: list[int], weights: Array, activation: str
) -> NumpyEncoder:
    table = Inputs.of(normaliser)
    return NumpyEncoder(
        columns=np.array([name for field in normaliser.schema for name in names(field)]),
        function=table.function,
        column=table.column,
        a=table.a,
        b=table.b,
        least=table.least,
        sizes=np.array(sizes, np.int64),
        weights=weights,
        activation=activation,
        end="linear",
    )


def folded(encoder: NumpyEncoder, matrix: Array, offset: Array) -> NumpyEncoder:
    """The encoder followed by ``matrix @ outputs + offset``, as part of its last layer."""
    into, out = (int(size) for size in encoder.sizes[-2:])
    before, last = np.split(encoder.weights.astype(np.float64), [-(into + 1) * out])
    weight, bias = last[: into * out].reshape(out, into), last[into * out :]
    parts = [before, (matrix @ weight).ravel(), matrix @ bias + offset]
    sizes = np.append(encoder.sizes[:-1], len(matrix))
    return replace(encoder, sizes=sizes, weights=np.concatenate(parts))


def periods(encoder: NumpyEncoder) -> tuple[float | None, ...]:
    """Of each coordinate: 2 pi of an angle, else None."""
    return (2 * math.pi if encoder.end == "angles" else None,) * encoder.dim


def coordinates(s: Array, of: tuple[float | None, ...]) -> Array:
    """Coordinates as points in a flat space: cosine and sine of each periodic one."""
    parts = [
        s[:, [d]] if one is None else _circle(s[:, d] * (2 * math.pi / one))
        for d, one in enumerate(of)
    ]
    return np.concatenate(parts, 1)


def _circle(angle: Array) -> Array:
    return np.column_stack([np.cos(angle), np.sin(angle)])


def oriented(encoder: NumpyEncoder, raw: Array, frames: Frames) -> NumpyEncoder:
    """The same variable in the one sign and scale that it is always given.

    A coordinate spans [-1, 1] on these rows, and rises with the encoder's input that it is
    most correlated with. An angle is 0 at its circular mean, and its sine rises likewise.

    Parameters
    ----------
    encoder : NumpyEncoder
    raw : array, shape (row, number)
    frames : Frames
        The same rows.

    Raises
    ------
    FitError
        If a coordinate does not vary.
    """
    if encoder.end == "angles":
        return _oriented_angles(encoder, raw, frames)
    s = encoder.value(raw).astype(np.float64)
    low, high = s.min(0), s.max(0)
    half, middle = (high - low) / 2, (high + low) / 2
    still = half <= STILL * (np.abs(middle) + STILL)
    if still.any() or not np.isfinite(half).all():
        raise FitError(
            f"coordinate {int(np.argmax(still))} does not vary over the rows",
            where="learn",
            fix="Ask for fewer coordinates, or a smaller beta.",
        )
    scale = _signs(s, frames) / half
    return folded(encoder, np.diag(scale), -scale * middle)


def _oriented_angles(encoder: NumpyEncoder, raw: Array, frames: Frames) -> NumpyEncoder:
    """Rotate, and if need be reflect, each pair of outputs."""
    angle = encoder.value(raw).astype(np.float64)
    mean = np.angle(frames.weight @ np.exp(1j * angle))
    sign = _signs(np.sin(angle - mean), frames)
    matrix = np.zeros((2 * encoder.dim, 2 * encoder.dim))
    for d, (turn, way) in enumerate(zip(mean, sign, strict=True)):
        c, s, at = math.cos(turn), math.sin(turn), slice(2 * d, 2 * d + 2)
        matrix[at, at] = [[c, s], [-way * s, way * c]]
    return folded(encoder, matrix, np.zeros(2 * encoder.dim))


def _signs(s: Array, frames: Frames) -> Array:
    """+1 or -1 for each coordinate."""
    w = frames.weight / frames.weight.sum()
    x, s = frames.inputs - w @ frames.inputs, s - w @ s
    spread = np.sqrt(w @ np.square(x))
    shared = ((w * x.T) @ s) / np.where(spread > 0, spread, 1.0)[:, None]  # (input, coordinate)
    most = np.take_along_axis(shared, np.abs(shared).argmax(0)[None], 0)[0]
    return np.where(most < 0, -1.0, 1.0)
