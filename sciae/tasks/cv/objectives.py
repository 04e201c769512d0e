"""Objectives of nets whose loss is a statistic of a whole batch: deep TICA, VAMP-2, deep TDA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    Ends = tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]

__all__ = ["committor", "deep_tda", "deep_tica", "vamp2_loss"]

RIDGE = 1e-6  # added to a covariance, against its mean variance


def deep_tica(now: Tensor, later: Tensor, weight: Tensor) -> Tensor:
    r"""Minus the sum of the squared eigenvalues of TICA on a net's outputs.

    .. math:: -\sum_i \lambda_i^2 = -\| L^{-1} C_\tau L^{-T} \|_F^2, \qquad C_0 = L L^T

    with the covariances of `sciae.tasks.cv.spectrum.tica`, reversible and weighted. The
    Frobenius norm needs no eigenvectors, whose gradients diverge where eigenvalues meet.
    Bonati, Piccini and Parrinello, PNAS 118 (2021) e2113533118.

    A covariance of few rows is biased towards large eigenvalues: batches must be large.

    Parameters
    ----------
    now, later : Tensor, shape (pair, output)
    weight : Tensor, shape (pair,)

    Examples
    --------
    >>> x = torch.tensor([[1.0], [-1.0]])
    >>> round(deep_tica(x, -x, torch.ones(2)).item(), 4)  # eigenvalue -1
    -1.0
    """
    w, now, later = _double(now, later, weight)
    mean = w @ (now + later) / 2
    now, later = now - mean, later - mean
    c0 = (_product(w, now, now) + _product(w, later, later)) / 2
    ct = _product(w, now, later)
    return -_whitened(_root(c0), (ct + ct.T) / 2, _root(c0)).square().sum()


def vamp2_loss(now: Tensor, later: Tensor, weight: Tensor) -> Tensor:
    r"""Minus the VAMP-2 score of a net's outputs, the constant's one left out.

    .. math:: -\| C_{00}^{-1/2} C_{01} C_{11}^{-1/2} \|_F^2

    The norm is the same with Cholesky factors as with symmetric roots. Mardt et al., Nat.
    Commun. 9 (2018) 5. A statistic of the batch, as `deep_tica`.
    """
    w, now, later = _double(now, later, weight)
    now, later = now - w @ now, later - w @ later
    left, right = _root(_product(w, now, now)), _root(_product(w, later, later))
    return -_whitened(left, _product(w, now, later), right).square().sum()


def deep_tda(
    outputs: Tensor, weight: Tensor, label: Tensor, centres: Tensor, widths: Tensor
) -> Tensor:
    r"""How far the mean and width of each state are from where they shall be.

    .. math:: \sum_{kd} (\mu_{kd} - \mu^*_{kd})^2 + 100\, (\sigma_{kd} - \sigma^*_{kd})^2

    over states k and coordinates d, with the weighted mean and standard deviation of each
    state's rows. Trizio and Parrinello, J. Phys. Chem. Lett. 12 (2021) 8621.

    Parameters
    ----------
    outputs : Tensor, shape (row, dim)
    weight : Tensor, shape (row,)
    label : Tensor of int, shape (row,)
        A state that the batch does not hold adds nothing.
    centres, widths : Tensor, shape (state, dim)
    """
    total = outputs.new_zeros((), dtype=torch.float64)
    z, w = outputs.double(), weight.double()
    for state, (centre, width) in enumerate(zip(centres.double(), widths.double(), strict=True)):
        own = w * (label == state)
        if own.sum() > 0:
            share = own / own.sum()
            mean = share @ z
            sigma = (share @ (z - mean).square() + 1e-12).sqrt()
            total = total + (mean - centre).square().sum() + TDA * (sigma - width).square().sum()
    return total


TDA = 100.0  # weight of the widths, which are small against the distance of the centres


def committor(
    now: Tensor,
    later: Tensor,
    weight: Tensor,
    ends: Ends,
    *,
    flux: float = 1.0,
    ridge: float = 0.01,
) -> Tensor:
    r"""Log odds z of arriving in B before A, as far as flux, labels and a ridge tell them.

    .. math::

        c \langle (q(t + \tau) - q(t))^2 \rangle + \langle q^2 \rangle_A
        + \langle (1 - q)^2 \rangle_B + r \langle z^2 \rangle, \qquad q = \frac{1}{1 + e^{-z}}

    Of all functions that are 0 in A and 1 in B the committor changes least (Roux, J. Chem.
    Phys. 156 (2022) 134111; Chen, Roux and Chipot, J. Chem. Theory Comput. 19 (2023) 4414).
    It is flat in both; its log odds are not, so that a bias along them has a force there
    (Kang, Trizio and Parrinello, Nat. Comput. Sci. 4 (2024) 451). The ridge keeps them from
    becoming a step where few frames connect A and B.

    Parameters
    ----------
    now, later : Tensor, shape (pair,)
        z of both frames.
    weight : Tensor, shape (pair,)
    ends : pair of pairs of Tensor
        z of frames in A and in B, each with its share of the state.
    flux, ridge : float
        c and r.

    Examples
    --------
    >>> z, one = torch.zeros(1), torch.ones(1)
    >>> large = torch.full((1,), 50.0)
    >>> committor(z, z + large, one, ((-large, one), (large, one)), ridge=0).item()  # 1 / 4
    0.25
    """
    w = weight.double() / weight.double().sum()
    z, after = now.double(), later.double()
    change = w @ (after.sigmoid() - z.sigmoid()).square()
    (first, a), (second, b) = [(at.double(), share.double()) for at, share in ends]
    held = a @ first.sigmoid().square() + b @ (-second).sigmoid().square()
    return flux * change + held + ridge * (w @ (z.square() + after.square())) / 2


def _double(now: Tensor, later: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Shares, and outputs in float64: covariances of float32 lose what whitening needs."""
    w = weight.double()
    return w / w.sum(), now.double(), later.double()


def _product(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
    product: Tensor = (w[:, None] * x).T @ y
    return product


def _root(covariance: Tensor) -> Tensor:
    """The Cholesky factor of a covariance, made definite; NaN if there is none."""
    size = covariance.diagonal().mean() * RIDGE + 1e-30
    definite = covariance + size * torch.eye(len(covariance)).to(covariance)
    root, failed = torch.linalg.cholesky_ex(definite)
    found: Tensor = torch.where(failed == 0, root, torch.nan)  # the loop says what to do
    return found


def _whitened(left: Tensor, middle: Tensor, right: Tensor) -> Tensor:
    once = torch.linalg.solve_triangular(left, middle, upper=False)
    twice: Tensor = torch.linalg.solve_triangular(right, once.T, upper=False)
    return twice.T
