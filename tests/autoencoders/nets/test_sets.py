from __future__ import annotations

import pytest
import torch

from sciae.autoencoders.features import Features
from sciae.autoencoders.nets import SetDecoder, SetEncoder
from sciae.errors import SpecError

RNG = torch.Generator().manual_seed(1)


def features(mask: torch.Tensor, flat: int = 2) -> Features:
    elements = torch.randn(*mask.shape, 3, generator=RNG, dtype=torch.float64)
    beside = torch.randn(len(mask), flat, generator=RNG, dtype=torch.float64)
    return Features(beside, beside, sets={"jet": Features(elements, elements, mask=mask)})


def encoder(attention: int) -> SetEncoder:
    return SetEncoder("jet", 3, 4, flat=2, size=6, hidden=(8, 8), attention=attention).double()


@pytest.mark.parametrize("attention", [0, 2])
def test_the_order_of_elements_does_not_matter(attention: int) -> None:
    net, mask = encoder(attention), torch.rand(10, 6, generator=RNG) < 0.6
    given = features(mask)
    order = torch.randperm(6, generator=RNG)
    x = given.sets["jet"].inputs[:, order]
    turned = Features(
        given.inputs, given.targets, sets={"jet": Features(x, x, mask=mask[:, order])}
    )
    torch.testing.assert_close(net(turned), net(given), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("attention", [0, 2])
def test_padding_does_not_matter(attention: int) -> None:
    net, mask = encoder(attention), torch.rand(10, 6, generator=RNG) < 0.6
    mask[0], mask[1] = False, True  # none, and all
    given = features(mask)
    x = torch.where(mask[..., None], given.sets["jet"].inputs, 7.0)
    other = Features(given.inputs, given.targets, sets={"jet": Features(x, x, mask=mask)})
    torch.testing.assert_close(net(other), net(given), rtol=1e-12, atol=1e-12)
    assert net(given).isfinite().all()


@pytest.mark.parametrize("attention", [0, 2])
def test_elements_and_their_number_matter(attention: int) -> None:
    net, mask = encoder(attention), torch.ones(1, 6, dtype=torch.bool)
    given = features(mask)
    fewer = mask.clone()
    fewer[0, 5] = False
    x = given.sets["jet"].inputs
    less = Features(given.inputs, given.targets, sets={"jet": Features(x, x, mask=fewer)})
    assert (net(less) - net(given)).abs().max() > 1e-3


def test_every_slot_gets_its_parameters() -> None:
    net = SetDecoder("jet", 2, size=6, element_parameters=5, flat_parameters=3, hidden=(8,))
    decoded = net(torch.randn(10, 2))
    assert decoded.flat.shape == (10, 3)
    assert decoded.sets["jet"].shape == (10, 6, 5)
    bare = SetDecoder("jet", 2, size=6, element_parameters=5, hidden=(8,))(torch.randn(10, 2))
    assert bare.flat.shape == (10, 0)


def test_heads_must_share_the_width() -> None:
    with pytest.raises(SpecError, match="3 attention heads, 8 numbers per element"):
        SetEncoder("jet", 3, 4, hidden=(8,), attention=3)
