from __future__ import annotations

import pytest
import torch

from sciae.autoencoders.features import Features
from sciae.autoencoders.nets import ImageDecoder, ImageEncoder
from sciae.errors import SpecError


def test_an_image_goes_to_a_code_and_back() -> None:
    x = torch.randn(5, 64)
    assert ImageEncoder(8, 3, channels=(4, 6))(Features(x, x)).shape == (5, 3)
    assert ImageDecoder(3, 8, channels=(6, 4))(torch.randn(5, 3)).flat.shape == (5, 64)


@pytest.mark.parametrize(("pixels", "channels"), [(6, (4, 4)), (8, ()), (7, (4,))])
def test_a_size_that_cannot_be_halved_is_refused(pixels: int, channels: tuple[int, ...]) -> None:
    for make in (ImageEncoder, ImageDecoder):
        with pytest.raises(SpecError, match=r"image net: .* expected a multiple of"):
            make(*((pixels, 2) if make is ImageEncoder else (2, pixels)), channels=channels)
