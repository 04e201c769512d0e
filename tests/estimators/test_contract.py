"""What scikit-learn asks of every estimator."""

from __future__ import annotations

from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from sciae.estimators import AnomalyDetector, Autoencoder

BRIEF: dict[str, Any] = {"hidden": (8,), "latent": 2, "epochs": 2, "random_state": 0}
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "A weight of two equals a row twice in the objective, but steps see rows in random order "
        "and some rows are held out: fits of other rows take other steps."
    ),
}


@parametrize_with_checks(
    [
        Autoencoder(**BRIEF),
        Autoencoder("linear", latent=2, epochs=2, random_state=0),
        AnomalyDetector(Autoencoder(**BRIEF)),
    ],
    expected_failed_checks=lambda _: EXPECTED_FAILURES,
)
def test_an_estimator_keeps_the_contract(estimator: Any, check: Any) -> None:
    check(estimator)
