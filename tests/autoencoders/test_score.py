from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sciae.autoencoders.features import Features
    from sciae.autoencoders.model import Autoencoder
    from sciae.table import Table

KINDS = ("plain", "variational", "denoising")


@pytest.fixture(params=KINDS)
def judged(
    mixed: Callable[..., Table], request: pytest.FixtureRequest
) -> tuple[Autoencoder, Table]:
    table = mixed(24)
    model = kinds.KINDS[request.param](table.schema, latent=3)
    model.fit_normaliser([table])
    return model, table


def features(model: Autoencoder, table: Table) -> Features:
    return model.features(to_batch(table))


def test_parts_add_up_to_the_score(judged: tuple[Autoencoder, Table]) -> None:
    model, table = judged
    model.double()
    parts = score(model, features(model, table))
    by_field, by_element = parts.by_field(model), parts.by_element(model)
    assert tuple(by_field) == (*table.schema.names, "code")
    total = torch.stack(list(by_field.values())).sum(0)
    torch.testing.assert_close(total, parts.total, rtol=1e-12, atol=1e-9)
    for name, nats in by_element.items():
        assert nats.shape == (len(table), *((4,) if name == "jet" else table.schema[name].shape))
        torch.testing.assert_close(nats.reshape(len(table), -1).sum(1), by_field[name])


def test_parts_add_up_in_float32_too(judged: tuple[Autoencoder, Table]) -> None:
    model, table = judged
    parts = score(model, features(model, table))
    total = torch.stack(list(parts.by_field(model).values())).sum(0)
    torch.testing.assert_close(total, parts.total, rtol=1e-6, atol=1e-5)


def test_the_score_of_a_point_is_the_loss_without_its_mean(mixed: Callable[..., Table]) -> None:
    table = mixed()
    model = kinds.plain(table.schema, latent=3)
    model.fit_normaliser([table])
    x = features(model, table)
    loss = model.loss(x, torch.Generator()).total.detach()
    torch.testing.assert_close(score(model, x).total, loss)


def test_the_evidence_is_tighter_than_the_training_loss(mixed: Callable[..., Table]) -> None:
    table = mixed(16, sets=False)
    model = kinds.variational(table.schema, latent=2)
    model.fit_normaliser([table])
    x, rng = features(model, table), torch.Generator().manual_seed(1)
    bound = torch.stack([model.loss(x, rng).total.detach() for _ in range(200)]).mean(0)
    few, many = (score(model, x, draws=draws).total for draws in (64, 512))
    torch.testing.assert_close(few, many, rtol=0.01, atol=0.01)
    assert (many < bound + 0.05).all()
    assert (many < bound - 0.05).any()


def test_a_score_depends_on_nothing_but_its_row(judged: tuple[Autoencoder, Table]) -> None:
    model, table = judged
    whole = score(model, features(model, table), draws=8).total
    for rows in (1, 7):
        parts = [score(model, features(model, part), draws=8).total for part in table.chunks(rows)]
        torch.testing.assert_close(torch.cat(parts), whole, rtol=1e-5, atol=1e-5)
    torch.manual_seed(5)
    assert torch.equal(score(model, features(model, table), draws=8).total, whole)


def test_it_leaves_the_model_and_torch_as_they_were(judged: tuple[Autoencoder, Table]) -> None:
    model, table = judged
    model.train()
    before, noise = model.state_dict(), torch.get_rng_state()
    score(model, features(model, table))
    assert model.training
    assert torch.equal(torch.get_rng_state(), noise)
    assert all(torch.equal(before[name], x) for name, x in model.state_dict().items())


def test_no_rows_have_no_scores(judged: tuple[Autoencoder, Table]) -> None:
    model, table = judged
    assert score(model, features(model, table.take([]))).total.shape == (0,)


def test_there_is_at_least_one_draw(mixed: Callable[..., Table]) -> None:
    table = mixed()
    model = kinds.variational(table.schema)
    with pytest.raises(SpecError, match="score: draws 0; expected 1 or more"):
        score(model, features(model, table), draws=0)
