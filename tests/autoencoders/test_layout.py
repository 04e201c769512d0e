from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sciae.autoencoders.layout import Layout
from sciae.errors import SpecError
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.table import Table


def test_equal_kinds_stand_together_without_gaps(mixed: Callable[..., Table]) -> None:
    schema = mixed().schema
    layout = Layout.of(Schema(schema.fields[::-1]))
    kinds = [place.field.kind for place in layout.places]
    assert kinds == [
        "continuous", "continuous", "periodic", "binary", "categorical", "count", "composition",
    ]  # fmt: skip
    for before, after in zip(layout.places[:-1], layout.places[1:], strict=True):
        assert before.inputs.stop == after.inputs.start
        assert before.targets.stop == after.targets.start
    assert (layout.inputs, layout.targets) == (1 + 4 + 2 + 1 + 3 + 1 + 3, 1 + 4 + 1 + 1 + 1 + 1 + 3)
    assert [field.name for field in layout.sets] == ["jet"]


def test_a_kind_of_no_fixed_size_is_refused() -> None:
    smiles = Field(name="smiles", kind="sequence", classes=("C", "O"), size=5)
    with pytest.raises(SpecError, match="field 'smiles': kind 'sequence'; expected one of cont"):
        Layout.of(Schema((smiles,)))
