"""Penalties: what a loss adds to the likelihood, per row, in nats."""

from __future__ import annotations

from sciae.autoencoders.penalties.penalty import Penalty
from sciae.autoencoders.penalties.rate import KL, kl_to_standard_normal

__all__ = ["KL", "Penalty", "kl_to_standard_normal"]
