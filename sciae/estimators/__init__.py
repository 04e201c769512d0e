"""Estimators: autoencoders with scikit-learn's manners, over arrays and data frames."""

from __future__ import annotations

from sciae.estimators.autoencoder import Autoencoder
from sciae.estimators.detector import AnomalyDetector

__all__ = ["AnomalyDetector", "Autoencoder"]
