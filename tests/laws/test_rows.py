"""A loss is made of terms of single rows: no row knows in what company it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sciae.autoencoders.penalties import TotalCorrelation
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.table import Table

if TYPE_CHECKING:
    import pytest

    from sciae.autoencoders.model import Loss


def loss_of(case: Any, rows: Any) -> Loss:
    features = case.model.features(to_batch(case.table.take(rows)))
    return case.model.loss(features, torch.Generator().manual_seed(1))


def test_every_term_has_one_number_per_row(case: Any) -> None:
    for model in (case.model.train(), case.model.eval()):
        loss = loss_of(case, np.arange(30))
        assert (*loss.terms,) == model.terms
        assert all(x.shape == (30,) for x in (loss.total, *loss.terms.values()))
        weights = (1.0, *(1.0 for _ in model.latent.terms), *(p.weight for p in model.penalties))
        parts = zip(weights, loss.terms.values(), strict=True)
        total = torch.stack([weight * x for weight, x in parts]).sum(0)
        torch.testing.assert_close(loss.total, total, rtol=1e-5, atol=1e-5)


def test_the_loss_of_rows_is_that_of_their_halves(
    case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without noise, which is drawn for a whole batch."""
    model, encode = case.model.double(), case.model.encode
    monkeypatch.setattr(model, "encode", lambda features, _rng=None: encode(features))
    model.corruption = None
    rows = np.arange(len(case.table))
    whole, *halves = (loss_of(case, at) for at in (rows, rows[:17], rows[17:]))
    shared = [p.name for p in model.penalties if isinstance(p, TotalCorrelation)]  # of the batch
    for name in set(whole.terms) - set(shared):
        joined = torch.cat([half.terms[name] for half in halves])
        torch.testing.assert_close(whole.terms[name], joined, rtol=1e-9, atol=1e-9)


def gaps_in(table: Table, rows: list[int]) -> Table:
    """Nothing of some rows is observed, not even one element of a set."""
    columns = {name: values.copy() for name, values in table.columns.items()}
    for values in columns.values():
        values[rows] = {"f": np.nan, "i": -1, "b": False}[values.dtype.kind]
    return Table(table.schema, columns)


def test_what_is_not_observed_in_a_row_changes_no_other(case: Any) -> None:
    """The row itself costs no more than the code, and that no element is there."""
    gone, rest = [0, 5], np.setdiff1d(np.arange(len(case.table)), [0, 5])
    tables = case.table, gaps_in(case.table, gone)
    one, other = (
        score(case.model, case.model.features(to_batch(table)), draws=8) for table in tables
    )
    assert (other.flat[gone] == 0).all()
    assert all(bool(x.isfinite().all()) for x in (other.total, other.code, *other.sets.values()))
    for name in ("total", "flat", "code"):
        ours, theirs = getattr(one, name)[rest], getattr(other, name)[rest]
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    for name, nats in one.sets.items():
        torch.testing.assert_close(nats[rest], other.sets[name][rest], rtol=1e-5, atol=1e-5)


def test_a_model_in_double_precision_is_the_same_model(case: Any) -> None:
    rows = np.arange(20)
    batch = to_batch(case.table.take(rows))
    case.model.corruption = None
    judged = []
    for model in (case.model.eval(), case.model.double()):
        features = model.features(batch)
        assert features.inputs.dtype == model.dtype
        parts = score(model, features, draws=8)
        loss = model.loss(features, torch.Generator().manual_seed(1))
        assert {x.dtype for x in (parts.total, loss.total, *loss.terms.values())} == {model.dtype}
        judged.append((parts.total, parts.code, model.encode(features).mean))
    for single, double in zip(*judged, strict=True):
        assert (single - double).norm() <= 1e-4 * double.norm()
    assert case.model.normaliser.location.dtype == torch.float64
