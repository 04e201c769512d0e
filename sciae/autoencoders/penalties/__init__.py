"""Penalties: what a loss adds to the likelihood, per row, in nats."""

from __future__ import annotations

from sciae.autoencoders.penalties.contraction import Contraction
from sciae.autoencoders.penalties.feature_loss import FeatureLoss, LinearFeatures
from sciae.autoencoders.penalties.penalty import Penalty
from sciae.autoencoders.penalties.poisson_rate import PoissonRate, kl_to_poisson_prior
from sciae.autoencoders.penalties.rate import KL, kl_to_standard_normal
from sciae.autoencoders.penalties.rate_target import RateTarget
from sciae.autoencoders.penalties.sparsity import L1, KLSparsity
from sciae.autoencoders.penalties.total_correlation import (
    Decomposition,
    TotalCorrelation,
    decompose,
)

__all__ = [
    "KL", "L1", "Contraction", "Decomposition", "FeatureLoss", "KLSparsity", "LinearFeatures",
    "Penalty", "PoissonRate", "RateTarget", "TotalCorrelation", "decompose", "kl_to_poisson_prior",
    "kl_to_standard_normal",
]  # fmt: skip
