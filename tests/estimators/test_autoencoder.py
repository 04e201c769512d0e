"""The transformer and density over arrays."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sciae
from sciae.autoencoders.kinds import KINDS
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.errors import DataError, SchemaError, SpecError
from sciae.estimators import Autoencoder
from sciae.schema import Field
from sciae.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BRIEF: dict[str, Any] = {"latent": 2, "epochs": 3, "random_state": 1}
LONG: dict[str, Any] = {**BRIEF, "epochs": 150, "batch": 512, "learning_rate": 0.03}


def normal(rows: int = 200, columns: int = 4, seed: int = 1) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return 5 + rng.normal(size=(rows, columns)) @ rng.normal(size=(columns, columns))


def directions(estimator: Autoencoder, columns: int) -> NDArray[np.float64]:
    """The subspace that a linear kind decodes to, shape (column, latent)."""
    steps = estimator.inverse_transform(np.eye(2)) - estimator.inverse_transform(np.zeros((2, 2)))
    assert steps.shape == (2, columns)
    return steps.T


@pytest.mark.parametrize("columns", [3, 6])
def test_a_linear_kind_finds_the_principal_subspace(columns: int) -> None:
    rng = np.random.default_rng(columns)
    turned = np.linalg.qr(rng.normal(size=(columns, columns)))[0]
    x = rng.normal(size=(500, columns)) * np.r_[3, 2, np.full(columns - 2, 0.5)] @ turned
    estimator = Autoencoder("linear", fields=unscaled(columns), **LONG).fit(x)
    pca = PCA(2).fit(x)
    angles = subspace_angles(directions(estimator, columns), pca.components_.T)
    assert np.degrees(angles).max() < 5
    again = estimator.inverse_transform(estimator.transform(x))
    error, least = (
        np.square(x - y).mean() for y in (again, pca.inverse_transform(pca.transform(x)))
    )
    assert least <= error < 1.05 * least


def test_weights_turn_the_principal_axis_as_copies_do() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 3)) * [3, 1, 1]
    x[:300] = x[:300, [1, 0, 2]]  # half of the rows are long in one direction, half in another
    count = np.repeat([1, 8], 300)
    settings = {**LONG, "latent": 1, "fields": unscaled(3)}
    found = {
        "weights": Autoencoder("linear", **settings).fit(x, sample_weight=count),
        "copies": Autoencoder("linear", **settings).fit(np.repeat(x, count, axis=0)),
        "neither": Autoencoder("linear", **settings).fit(x[::-1], sample_weight=count),
    }
    axis = {
        name: (e.inverse_transform([[1.0]]) - e.inverse_transform([[0.0]])).T
        for name, e in found.items()
    }
    assert np.degrees(subspace_angles(axis["weights"], axis["copies"])).item() < 10
    assert np.degrees(subspace_angles(axis["weights"], axis["neither"])).item() > 60


def unscaled(columns: int) -> dict[str, Field]:
    names = [f"x{i}" for i in range(columns)]
    return {name: Field(name=name, kind="continuous", scale="none") for name in names}


def test_weights_that_are_all_alike_change_nothing() -> None:
    x = normal()
    plain, weighted = (
        Autoencoder(**BRIEF).fit(x, sample_weight=weight) for weight in (None, np.full(200, 2.0))
    )
    np.testing.assert_allclose(plain.transform(x), weighted.transform(x), rtol=1e-5, atol=1e-6)


def test_the_score_is_the_weighted_mean_of_the_log_likelihoods() -> None:
    x, weight = normal(50), np.arange(50.0)
    estimator = Autoencoder(**BRIEF).fit(x)
    each = estimator.score_samples(x)
    assert estimator.score(x) == pytest.approx(each.mean())
    assert estimator.score(x, sample_weight=weight) == pytest.approx((weight @ each) / weight.sum())


@pytest.mark.parametrize("kind", ["plain", "variational"])
def test_log_likelihoods_are_the_scores_of_the_model(kind: str) -> None:
    x = normal(5000)  # more rows than are judged at once
    estimator = Autoencoder(kind, **{**BRIEF, "epochs": 1}).fit(x)
    model = estimator.model_
    table = Table(model.schema, {f"x{i}": x[:, i] for i in range(4)})
    total = score(model, model.features(to_batch(table))).total
    np.testing.assert_allclose(estimator.score_samples(x), -total.numpy(), rtol=1e-9)


def test_a_likely_row_scores_higher_than_a_strange_one() -> None:
    x = normal()
    estimator = Autoencoder(**{**BRIEF, "epochs": 20}).fit(x)
    assert estimator.score(x) > estimator.score(x + 50 * x.std(0)) + 100


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_fits_codes_and_comes_back(kind: str) -> None:
    x = normal(60)
    estimator = Autoencoder(kind, **{**BRIEF, "latent": None}).fit(x)
    codes = estimator.transform(x)
    assert codes.shape == (60, len(estimator.get_feature_names_out()))
    assert estimator.inverse_transform(codes).shape == x.shape
    assert np.isfinite(estimator.score_samples(x)).all()


def test_samples_have_the_location_and_scale_of_what_was_fitted() -> None:
    x = np.random.default_rng(1).normal([-3, 100], [0.5, 20], size=(2000, 2))
    drawn = Autoencoder(**{**BRIEF, "epochs": 10}).fit(x).sample(4000)
    assert drawn.shape == (4000, 2)
    np.testing.assert_allclose(drawn.mean(0), x.mean(0), atol=0.25 * x.std(0).max(), rtol=0.1)
    np.testing.assert_allclose(drawn.std(0), x.std(0), rtol=0.15)


def test_everything_follows_from_the_random_state() -> None:
    x = normal()
    first, second, other = (
        Autoencoder(**{**BRIEF, "random_state": seed}).fit(x) for seed in (1, 1, 2)
    )
    for method in ("transform", "score_samples"):
        np.testing.assert_array_equal(getattr(first, method)(x), getattr(second, method)(x))
        assert not np.allclose(getattr(first, method)(x), getattr(other, method)(x))
    np.testing.assert_array_equal(first.sample(5), second.sample(5))
    assert not np.allclose(first.sample(5), first.sample(5, random_state=7))


def test_what_is_not_observed_is_neither_coded_nor_scored() -> None:
    x = normal()
    x[:, 2] = x[:, 2] > 5
    x[::3, 1:3] = np.nan
    fields = {"x2": Field(name="x2", kind="categorical", classes=("off", "on"))}
    estimator = Autoencoder("plain", fields=fields, **BRIEF).fit(x)
    assert np.isfinite(estimator.transform(x)).all()
    blank = np.full((1, 4), np.nan)
    assert estimator.score_samples(blank).item() == 0
    assert np.isfinite(estimator.inverse_transform(estimator.transform(blank))).all()


def test_a_class_number_comes_back_as_a_class_number() -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([rng.normal(size=300), rng.integers(3, size=300)])
    x[0, 1] = np.nan
    fields = {"x1": Field(name="element", kind="categorical", classes=("C", "N", "O"))}
    estimator = Autoencoder(fields=fields, **BRIEF).fit(x)
    assert set(estimator.sample(200)[:, 1]) == {0, 1, 2}


def test_a_model_on_disk_codes_as_the_estimator_does(tmp_path: Path) -> None:
    x = normal()
    estimator = Autoencoder(**BRIEF).fit(x)
    model = sciae.load_model(sciae.save_model(estimator.model_, tmp_path))
    table = Table(model.schema, dict(zip(model.schema.names, x.T, strict=True)))
    codes = model.encode(model.features(to_batch(table))).mean
    np.testing.assert_array_equal(codes.detach().numpy(), estimator.transform(x))


def test_a_pipeline_searches_a_grid_and_goes_back_to_raw_units() -> None:
    x = normal()
    pipeline = make_pipeline(StandardScaler(), Autoencoder("plain", **BRIEF))
    search = GridSearchCV(pipeline, {"autoencoder__latent": [1, 4]}, cv=2).fit(x)
    assert set(search.cv_results_["param_autoencoder__latent"]) == {1, 4}
    best = search.best_estimator_
    assert np.abs(best.inverse_transform(best.transform(x)).mean(0) - x.mean(0)).max() < x.std()


def test_settings_reach_the_kind() -> None:
    x = normal(40)
    noisy = Autoencoder("denoising", settings={"noise": 0.7}, sigma=0.5, hidden=(5,), **BRIEF).fit(
        x
    )
    assert noisy.model_.corruption.sigma == 0.7
    assert noisy.model_.heads.sigma == 0.5
    rate = Autoencoder(beta=3.0, **BRIEF).fit(x).model_.penalties[0]
    assert rate.weight == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "nonesuch"}, "kind 'nonesuch'; expected one of plain, linear"),
        ({"kind": "plain", "beta": 2.0}, r"kind 'plain': settings \['beta'\]; expected some of"),
        ({"kind": "linear", "hidden": (3,)}, r"kind 'linear': settings \['hidden'\]"),
        ({"settings": {"schema": 1}}, r"settings \['schema'\]"),
        ({"epochs": 0}, "Training: epochs 0; expected 1 or more"),
        ({"fields": {"y": Field(name="y", kind="count")}}, r"fields: no columns \['y'\]"),
        (
            {"fields": {"x0": Field(name="x0", kind="continuous", shape=(2,))}},
            "the field of column 'x0': kind 'continuous' of shape .2,.; expected a single number",
        ),
    ],
)
def test_parameters_that_make_no_model_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Autoencoder(**settings).fit(normal(20))


def test_wrong_rows_are_refused() -> None:
    x = normal(20)
    with pytest.raises(SchemaError, match="named twice: x1"):
        Autoencoder(fields={"x0": Field(name="x1", kind="continuous")}).fit(x)
    with pytest.raises(DataError, match="field 'x0': 20 rows with wrong values"):
        Autoencoder(fields={"x0": Field(name="x0", kind="count")}).fit(x)
    estimator = Autoencoder(**BRIEF).fit(x)
    with pytest.raises(SpecError, match="3 columns of codes; expected 2"):
        estimator.inverse_transform(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="X has 3 features, but Autoencoder is expecting 4"):
        estimator.transform(x[:, :3])


def test_a_kind_without_a_prior_says_so() -> None:
    with pytest.raises(SpecError, match="has no prior to draw from"):
        Autoencoder("plain", **BRIEF).fit(normal(20)).sample(1)


def test_fitting_leaves_the_parameters_alone() -> None:
    settings = {"warm_up": 2}
    estimator = Autoencoder(settings=settings, **BRIEF)
    before = copy.deepcopy(estimator.get_params())
    estimator.fit(normal(20))
    assert estimator.get_params() == before
    assert estimator.settings is settings
