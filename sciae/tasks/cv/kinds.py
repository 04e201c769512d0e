"""Kinds: each way to learn a collective variable, by name."""

from __future__ import annotations

from sciae.autoencoders.training import Training
from sciae.tasks.cv.committor import rising
from sciae.tasks.cv.linear import principal, slowest
from sciae.tasks.cv.predictive import state_predictive
from sciae.tasks.cv.problem import Kind
from sciae.tasks.cv.reconstruction import (
    autoencoder,
    dynamics,
    on_ring,
    time_lagged,
    variational,
)
from sciae.tasks.cv.slow import deep_slowest, vampnet
from sciae.tasks.cv.states import targeted

__all__ = ["KINDS"]

TOLD = Training(epochs=200, batch=1000, learning_rate=3e-3, patience=25, validation=0.2)
SLOW = Training(epochs=300, batch=2000, learning_rate=3e-3, patience=60, validation=0.2)
APART = Training(epochs=300, batch=1000, learning_rate=5e-3, patience=60, validation=0.2)
STEPS = Training(
    epochs=300, batch=4000, learning_rate=3e-3, schedule="cosine", patience=100, validation=0.2
)
ROUND = Training(epochs=15, batch=1000, learning_rate=3e-3, patience=5, validation=0.2)

KINDS: dict[str, Kind] = {
    "autoencoder": Kind(find=autoencoder, training=TOLD),
    "time-lagged": Kind(find=time_lagged, training=TOLD, lagged=True),
    "variational": Kind(find=variational, training=TOLD),
    "vde": Kind(find=dynamics, training=TOLD, lagged=True),
    "ring": Kind(find=on_ring, training=TOLD),
    "spib": Kind(find=state_predictive, training=ROUND, lagged=True),
    "deep-tica": Kind(find=deep_slowest, training=SLOW, lagged=True),
    "vampnet": Kind(find=vampnet, training=SLOW, lagged=True),
    "deep-tda": Kind(find=targeted, training=APART),
    "committor": Kind(find=rising, training=STEPS, lagged=True),
    "tica": Kind(find=slowest, training=SLOW, lagged=True),
    "pca": Kind(find=principal, training=SLOW),
}
