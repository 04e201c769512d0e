"""Geometry: the shape that a decoder gives to the latent space."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.func import jacrev, vmap

from sciae.autoencoders.model import evaluating
from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from sciae.autoencoders.model import Autoencoder

__all__ = [
    "Path", "decode", "energy", "geodesic", "interpolate", "length", "mean_map", "metric",
    "volume_element",
]  # fmt: skip


def mean_map(model: Autoencoder, *, raw: bool = False) -> Callable[[Tensor], Tensor]:
    """The smooth part of the decoder: codes, shape (row, latent) -> means, shape (row, output).

    Its outputs are the means of the continuous columns, in standard deviations or in `raw`
    units, and the cosine and sine of each angle. Other kinds have no distance.

    Raises
    ------
    SpecError
        If no field is continuous or periodic.
    """
    layout, heads = model.normaliser.layout, model.heads
    places = [p for p in layout.places if p.field.kind in ("continuous", "periodic")]
    if not places:
        raise SpecError("no continuous or periodic field", where="geometry")

    def outputs(z: Tensor) -> Tensor:
        means, parts = heads.mean(model.decoder(z).flat), []
        for place in places:
            x = means[..., place.targets]
            if place.field.kind == "periodic":
                parts += [x.cos(), x.sin()]
            else:
                scale = model.normaliser.scale[place.targets].to(x)
                parts.append(x * scale if raw else x)
        return torch.cat(parts, -1)

    return outputs


def metric(f: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    r"""The pull-back metric: what a step in the latent space is worth in the data's.

    .. math:: G(z) = J(z)^T J(z), \qquad |f(z + dz) - f(z)|^2 = dz^T G\, dz

    Arvanitidis, Hansen and Hauberg, arXiv:1710.11379; of the mean, not of its noise.

    Parameters
    ----------
    f : callable
        Codes, shape (row, latent) -> outputs, shape (row, output); see `mean_map`.
    z : Tensor, shape (row, latent)

    Returns
    -------
    Tensor, shape (row, latent, latent)

    Examples
    --------
    >>> polar = lambda z: torch.stack((z[:, 0] * z[:, 1].cos(), z[:, 0] * z[:, 1].sin()), -1)
    >>> metric(polar, torch.tensor([[2.0, 0.0]]))  # dr^2 + r^2 dphi^2
    tensor([[[1., 0.],
             [0., 4.]]])
    """
    j: Tensor = vmap(jacrev(lambda one: f(one[None])[0]))(z)  # (row, output, latent)
    return j.mT @ j


def volume_element(f: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    r""":math:`\sqrt{\det G}`: volume in the data's space per volume of codes, shape (row,).

    A density of codes divided by it does not depend on how the latent space is stretched.
    """
    square: Tensor = torch.linalg.det(metric(f, z))
    return square.clamp_min(0).sqrt()


def length(f: Callable[[Tensor], Tensor], curve: Tensor) -> Tensor:
    """Of the image of a curve, shape (point, latent), as the sum of its chords."""
    return f(curve).diff(dim=0).square().sum(1).sqrt().sum()


def energy(f: Callable[[Tensor], Tensor], curve: Tensor) -> Tensor:
    r""":math:`\tfrac12 \int_0^1 |\dot x|^2 dt` of a curve's image, points at equal times.

    At least half the squared length, with equality at constant speed.
    """
    steps = f(curve).diff(dim=0)
    return 0.5 * len(steps) * steps.square().sum()


def geodesic(
    f: Callable[[Tensor], Tensor],
    a: Tensor,
    b: Tensor,
    *,
    points: int = 64,
    iterations: int = 200,
) -> Tensor:
    r"""The curve of least energy between two codes, found from the straight line by L-BFGS.

    Energy, not length, is minimised: length does not change when points slide along the
    curve, so it has no isolated minimum (Shao, Kumar and Fletcher, arXiv:1711.08014). The
    curve is a straight line plus sines, scaled so that in flat space all are equally stiff:

    .. math:: z(t) = a + (b - a)\,t + \sum_m \frac{c_m}{m} \sin \pi m t

    It is a local minimum: on a closed surface there may be a shorter way around.

    Parameters
    ----------
    f : callable
        As in `metric`.
    a, b : Tensor, shape (latent,)
    points, iterations : int
        Of the curve, and of L-BFGS at most.

    Returns
    -------
    Tensor, shape (point, latent)

    Raises
    ------
    SpecError
        If there are fewer than three points.
    """
    if points < 3:  # noqa: PLR2004 - two ends and something to move
        raise SpecError(f"points {points}", where="geodesic", expected="3 or more")
    t = torch.linspace(0, 1, points, dtype=a.dtype, device=a.device)[:, None]
    straight = a + (b - a) * t
    m = torch.arange(1, points - 1, device=a.device)
    sines = torch.sin(math.pi * m * t) / m  # (point, sine)
    weight = torch.zeros(points - 2, len(a), dtype=a.dtype, device=a.device, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight], max_iter=iterations, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        value = energy(f, straight + sines @ weight)
        (weight.grad,) = torch.autograd.grad(value, weight)
        return value

    with torch.enable_grad():
        optimiser.step(closure)  # type: ignore[no-untyped-call]
    return (straight + sines @ weight).detach()


@dataclass(frozen=True)
class Path:
    """A way from one code to another.

    Attributes
    ----------
    z : Tensor, shape (point, latent)
    fields : mapping of str to Tensor, shape ``(point, *field.shape)``
        What is decoded along it, in raw units.
    length : float
        In standard deviations of the columns; see `mean_map`.
    """

    z: Tensor
    fields: Mapping[str, Tensor]
    length: float


def interpolate(
    model: Autoencoder, a: Tensor, b: Tensor, *, along: str = "geodesic", points: int = 64
) -> Path:
    """What lies between two codes, shape (latent,), along a geodesic or a straight line.

    Raises
    ------
    SpecError
        If `along` is neither "geodesic" nor "straight".

    Examples
    --------
    >>> from sciae.autoencoders import kinds
    >>> from sciae.schema import Field, Schema
    >>> model = kinds.plain(Schema((Field(name="x", kind="continuous"),)), latent=2)
    >>> interpolate(model, torch.zeros(2), torch.ones(2), points=5).fields["x"].shape
    torch.Size([5])
    """
    f = mean_map(model)
    with evaluating(model):
        if along == "geodesic":
            z = geodesic(f, a, b, points=points)
        elif along == "straight":
            z = torch.lerp(a, b, torch.linspace(0, 1, points).to(a)[:, None])
        else:
            raise SpecError(f"along {along!r}", expected="'geodesic' or 'straight'")
        with torch.no_grad():
            return Path(z, decode(model, z), length(f, z).item())


@torch.no_grad()
def decode(model: Autoencoder, z: Tensor) -> dict[str, Tensor]:
    """The means of the flat fields at codes of shape (row, latent), in raw units."""
    with evaluating(model):
        means = model.heads.mean(model.decoder(z).flat)
    return {
        place.field.name: model.normaliser.restore(means[..., place.targets], place)
        for place in model.normaliser.layout.places
    }
