"""Rows: error maps of a few rows of a table of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.errors import SpecError
from sciae.report.figures.maps import ErrorMap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sciae.schema import Field, Schema
    from sciae.table import Table
    from sciae.tasks.anomaly import Detector

__all__ = ["maps_of"]

PLANE = 2


def maps_of(
    detector: Detector, table: Table, rows: Mapping[str, int], *, field: str = ""
) -> tuple[ErrorMap, ...]:
    """The image and the score by pixel of chosen rows.

    Parameters
    ----------
    detector : Detector
    table : Table
    rows : mapping of str to int
        What each is called, and its place in the table.
    field : str
        The image's; the first field with two dimensions by default.

    Raises
    ------
    SpecError
        If there is no such field, or it is not an image.
    """
    from sciae.autoencoders.score import score
    from sciae.batch import to_batch

    image = _image(table.schema, field)
    chosen = table.take(list(rows.values()))
    features = detector.model.features(to_batch(chosen, device=detector.model.device))
    parts = score(detector.model, features, draws=detector.draws)
    nats = parts.by_element(detector.model)[image.name].double().cpu().numpy()
    return tuple(
        ErrorMap(name, chosen[image.name][i], nats[i], image.unit) for i, name in enumerate(rows)
    )


def _image(schema: Schema, name: str) -> Field:
    images = [f for f in schema if len(f.shape) == PLANE and name in ("", f.name)]
    if not images:
        raise SpecError(
            f"no image field {name!r}" if name else "no image field",
            expected="a field with two dimensions, such as an image",
        )
    return images[0]
