from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
from torch.autograd.functional import jacobian

from sciae.autoencoders import kinds
from sciae.autoencoders.latents import Point
from sciae.autoencoders.nets import SetEncoder
from sciae.autoencoders.penalties import Contraction
from sciae.batch import to_batch
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from sciae.autoencoders.features import Features
    from sciae.table import Table


@pytest.mark.parametrize("attention", [0, 2])
def test_it_counts_every_input_of_every_element(
    mixed: Callable[..., Table], attention: int
) -> None:
    table = mixed(6)
    plain = kinds.plain(table.schema, latent=3, hidden=(8, 4))
    encoder = SetEncoder(
        "jet",
        plain.encoder.inputs,
        3,
        flat=plain.normaliser.layout.inputs,
        size=4,
        hidden=(8, 4),
        attention=attention,
    )
    model = kinds.composed(
        table.schema, Point(3), encoder=encoder, hidden=(8, 4), penalties=[Contraction()]
    ).double()
    model.fit_normaliser([table])
    features = model.features(to_batch(table))

    def hidden(flat: Tensor, elements: Tensor) -> Tensor:
        seen = replace(features.sets["jet"], inputs=elements)
        whole: Features = replace(features, inputs=flat, sets={"jet": seen})
        rows: Tensor = encoder(whole)
        return rows.sum(0)

    inputs = features.inputs, features.sets["jet"].inputs
    slopes = jacobian(hidden, inputs)  # each (latent, row, ...): rows do not mix
    want = sum(x.square().transpose(0, 1).flatten(1).sum(1) for x in slopes)
    loss = model.loss(features, torch.Generator())
    torch.testing.assert_close(loss.terms["contraction"], want, rtol=1e-10, atol=1e-12)
    loss.total.sum().backward()  # type: ignore[no-untyped-call]
    assert all(x.grad is not None and x.grad.isfinite().all() for x in encoder.parameters())


def test_it_is_taken_at_the_clean_row(mixed: Callable[..., Table]) -> None:
    table = mixed(6, sets=False)
    noisy = kinds.denoising(table.schema, latent=3, noise=2.0)
    noisy.penalties.append(Contraction())
    noisy.fit_normaliser([table])
    features = noisy.features(to_batch(table))
    values = [
        noisy.loss(features, torch.Generator().manual_seed(seed)).terms["contraction"]
        for seed in (1, 2)
    ]
    torch.testing.assert_close(values[0], values[1])


def test_a_negative_number_of_probes_is_refused() -> None:
    with pytest.raises(SpecError, match=r"Contraction: of 'code', probes -1; expected"):
        Contraction(probes=-1)
    with pytest.raises(SpecError, match=r"of 'row', .*; expected 'code' or 'output'"):
        Contraction(of="row")
