from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
import torch

from sciae.autoencoders import kinds
from sciae.autoencoders.files import load, save
from sciae.autoencoders.nets import DenseEncoder, ImageEncoder, TiedDecoder
from sciae.errors import SpecError
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from pathlib import Path

X = Schema((Field(name="x", kind="continuous", shape=(5,)),))


@pytest.mark.parametrize("hidden", [(), (3,), (8, 3)])
def test_the_decoder_is_the_transpose(hidden: tuple[int, ...]) -> None:
    """The Jacobian of the linear decoder is that of the linear encoder, transposed."""
    model = kinds.tied(X, latent=2, hidden=hidden, activation="none").double()
    zero = torch.zeros(1, 5).double()

    def encode(x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = model.encoder.net(x)
        return out[0]

    into = torch.autograd.functional.jacobian(encode, zero)[:, 0]
    back = torch.autograd.functional.jacobian(
        lambda z: model.decoder(z).flat[0], torch.zeros(1, 2).double()
    )[:, 0]
    torch.testing.assert_close(back, into.T)


def test_a_copy_is_tied_to_its_own_encoder() -> None:
    model = kinds.tied(X, latent=2)
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.encoder.net.get_parameter("weight_0").zero_()
    z = torch.ones(1, 2)
    assert not torch.equal(model.decoder(z).flat, other.decoder(z).flat)


def test_weights_are_stored_once_and_read_back_tied(tmp_path: Path) -> None:
    model = kinds.tied(X, latent=2, hidden=(4,))
    assert [name for name in model.state_dict() if "decoder" in name and "weight" in name] == []
    again = load(save(model, tmp_path))
    z = torch.randn(3, 2)
    assert torch.equal(again.decoder(z).flat, model.decoder(z).flat)


def test_encoders_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SpecError, match=r"an encoder of sizes \[5, 3, 2\]; expected a dense"):
        TiedDecoder((2, 4, 5)).tie(DenseEncoder(5, 2, hidden=(3,)))
    with pytest.raises(SpecError, match="expected a dense encoder"):
        TiedDecoder((2, 4, 5)).tie(ImageEncoder(8, 2))
    with pytest.raises(SpecError, match="decoder: gives shape"):
        kinds.tied(X, latent=2, sigma="predicted").check_parts()
