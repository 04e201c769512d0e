from __future__ import annotations

import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.features import Features
from sciae.autoencoders.latents import Code, Point
from sciae.autoencoders.penalties import TotalCorrelation, decompose
from sciae.errors import SpecError
from sciae.schema import Field, Schema

SCHEMA = Schema((Field(name="x", kind="continuous", shape=(5,)),))


def test_the_kind_weighs_it_by_beta_less_one() -> None:
    model = kinds.beta_tc(SCHEMA, latent=3, beta=6.0, rows=100)
    x = torch.randn(20, 5)
    loss = model.loss(Features(x, x), torch.Generator().manual_seed(1))
    terms = loss.terms
    whole = terms["reconstruction"] + terms["kl"] + 5 * terms["total-correlation"]
    torch.testing.assert_close(loss.total, whole)


def test_more_rows_than_the_batch_lower_the_weight_of_its_own() -> None:
    """Rows far apart: a draw is explained by its own row alone, one of N."""
    mean = 100 * torch.eye(4, 2).cumsum(0).cumsum(0)
    code = Code(mean, mean, torch.zeros(4, 2))
    for rows, count in ((0, 4), (4, 4), (1000, 1000)):
        information = decompose(code, rows=rows).mutual_information[:2]
        torch.testing.assert_close(information.exp(), torch.full((2,), float(count)))


def test_it_needs_a_posterior_and_a_number_of_rows() -> None:
    with pytest.raises(SpecError, match="expected a Gaussian latent"):
        decompose(Point(2)(torch.zeros(3, 2), None))
    with pytest.raises(SpecError, match=r"rows -1; expected 0 or more"):
        TotalCorrelation(rows=-1)
