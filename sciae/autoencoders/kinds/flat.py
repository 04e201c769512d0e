"""Flat: the layout of schemas without sets, for kinds that read nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.autoencoders.layout import Layout
from sciae.errors import SpecError

if TYPE_CHECKING:
    from sciae.schema import Schema

__all__ = ["flat_layout"]


def flat_layout(schema: Schema, kind: str) -> Layout:
    """The layout of a schema that has flat fields only.

    Raises
    ------
    SpecError
        If there are others; names them.
    """
    layout = Layout.of(schema)
    if layout.sets:
        names = ", ".join(field.name for field in layout.sets)
        raise SpecError(f"{names}: not flat", where=f"kind {kind!r}", expected="flat fields only")
    return layout
