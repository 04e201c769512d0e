"""Priors on frozen codes: what a trained model's codes look like, to draw new rows from."""

from __future__ import annotations

from sciae.autoencoders.prior.codes import PRIORS, codes_of, fit_prior
from sciae.autoencoders.prior.files import load_prior, save_prior
from sciae.autoencoders.prior.flow import FlowPrior
from sciae.autoencoders.prior.mixture import MixturePrior
from sciae.autoencoders.prior.prior import Prior

__all__ = [
    "PRIORS", "FlowPrior", "MixturePrior", "Prior", "codes_of", "fit_prior", "load_prior",
    "save_prior",
]  # fmt: skip
