from __future__ import annotations

from typing import TYPE_CHECKING

from sciae.autoencoders.layout import Layout
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


def test_a_sequence_stands_among_the_sets_as_tokens_in_order() -> None:
    smiles = Field(name="smiles", kind="sequence", classes=("C", "O"), size=5)
    layout = Layout.of(Schema((smiles, Field(name="x", kind="continuous"))))
    assert [place.field.name for place in layout.places] == ["x"]
    (field,) = layout.sets
    assert (field.name, field.size, field.width) == ("smiles", 5, 1)
    assert (field.inner[0].kind, field.inner[0].classes) == ("categorical", ("C", "O"))
