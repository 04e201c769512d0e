"""Data frames: names, dtypes and labels, there and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sciae.errors import DataError, SchemaError
from sciae.estimators import Autoencoder
from sciae.schema import Field

ROWS = 240
FIELDS = {
    "constituents": Field(name="constituents", kind="count"),
    "phi": Field(name="phi", kind="periodic", period=360.0, unit="deg"),
    "flavour": Field(name="flavour", kind="categorical", classes=("b", "c", "light")),
    "charge": Field(name="charge", kind="categorical", classes=("-1", "1")),
}
BRIEF: dict[str, Any] = {"latent": 2, "epochs": 3, "random_state": 1}


def columns() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {
        "jet.pt": rng.normal(100, 10, ROWS).astype(np.float32),
        "constituents": rng.poisson(30, ROWS).astype(np.uint8),
        "phi": rng.uniform(-180, 180, ROWS),
        "leading": rng.random(ROWS) < 0.3,
        "flavour": rng.choice(["b", "c", "light"], ROWS, p=[0.1, 0.2, 0.7]),
        "charge": rng.choice([-1, 1], ROWS),
        "vertices": rng.integers(1, 5, ROWS),
    }


def pandas_frame() -> pd.DataFrame:
    frame = pd.DataFrame(columns(), index=np.arange(ROWS)[::-1])
    return frame.astype({"charge": "category", "vertices": "Int64"})


def polars_frame() -> Any:
    polars = pytest.importorskip("polars")
    return polars.DataFrame(columns()).with_columns(polars.col("flavour").cast(polars.Categorical))


FRAMES = {"pandas": pandas_frame, "polars": polars_frame}


def fitted(frame: Any) -> Autoencoder:
    return Autoencoder(fields=FIELDS, **BRIEF).fit(frame)


@pytest.mark.parametrize("library", FRAMES)
def test_rows_come_back_with_their_names_and_dtypes(library: str) -> None:
    frame = FRAMES[library]()
    estimator = fitted(frame)
    for rows in (estimator.inverse_transform(estimator.transform(frame)), estimator.sample(ROWS)):
        assert type(rows) is type(frame)
        assert list(rows.columns) == list(frame.columns)
        assert list(rows.dtypes) == list(frame.dtypes)
        assert len(rows) == ROWS
        assert set(rows["flavour"].to_list()) <= {"b", "c", "light"}
        assert set(rows["charge"].to_list()) <= {-1, 1}
        assert abs(float(rows["jet.pt"].mean()) - 100) < 5


@pytest.mark.parametrize("library", FRAMES)
def test_labels_come_back_as_often_as_they_were(library: str) -> None:
    frame = FRAMES[library]()[["jet.pt", "flavour", "leading"]]
    fields = {"flavour": FIELDS["flavour"]}
    drawn = (
        Autoencoder(fields=fields, **{**BRIEF, "epochs": 60, "learning_rate": 0.01})
        .fit(frame)
        .sample(2000)
    )
    for name in ("flavour", "leading"):
        for value in set(frame[name].to_list()):
            shares = [np.mean([one == value for one in x[name].to_list()]) for x in (frame, drawn)]
            assert shares[1] == pytest.approx(shares[0], abs=0.1), (name, value)


@pytest.mark.parametrize("library", FRAMES)
def test_codes_come_in_the_frame_that_was_asked_for(library: str) -> None:
    frame = FRAMES[library]()
    codes = fitted(frame).set_output(transform=library).transform(frame)
    assert type(codes) is type(frame)
    assert list(codes.columns) == ["autoencoder0", "autoencoder1"]
    if library == "pandas":
        assert codes.index.equals(frame.index)


def test_a_frame_of_numbers_codes_as_its_array_does() -> None:
    frame = pandas_frame()[["jet.pt", "phi", "vertices"]]
    array = frame.to_numpy(np.float64)
    left, right = (Autoencoder(**BRIEF).fit(x).transform(x) for x in (frame, array))
    np.testing.assert_array_equal(left, right)


def test_both_kinds_of_frames_code_alike() -> None:
    frames = [make() for make in FRAMES.values()]
    codes = [fitted(frame).transform(frame) for frame in frames]
    np.testing.assert_array_equal(*codes)


def test_columns_are_what_their_fields_and_dtypes_say() -> None:
    schema = fitted(pandas_frame()).columns_.schema
    kinds = {field.name: field.kind for field in schema}
    assert kinds == {
        "jet_pt": "continuous", "constituents": "count", "phi": "periodic", "leading": "binary",
        "flavour": "categorical", "charge": "categorical", "vertices": "continuous",
    }  # fmt: skip


def test_missing_labels_and_numbers_are_not_observed() -> None:
    frame = pandas_frame()
    gaps = frame.copy()
    for name in ("flavour", "charge", "vertices"):
        gaps.loc[5, name] = None
    numbers = fitted(frame).columns_.numbers(gaps)
    assert np.isnan(numbers).sum() == 3
    assert np.isnan(numbers[ROWS - 6, 4:]).all()  # the index runs backwards
    scores = fitted(frame).score_samples(gaps)
    assert np.isfinite(scores).all()


def test_other_columns_are_refused() -> None:
    frame = pandas_frame()
    estimator = fitted(frame)
    with pytest.raises(ValueError, match=r"(?s)unseen at fit time:\n- psi\n.*now missing:\n- phi"):
        estimator.transform(frame.rename(columns={"phi": "psi"}))
    with pytest.raises(ValueError, match=r"now missing:\n- phi"):
        estimator.score_samples(frame.drop(columns="phi"))
    with pytest.raises(ValueError, match="must be in the same order"):
        estimator.transform(frame[frame.columns[::-1]])


def test_labels_that_are_no_class_are_refused() -> None:
    frame = pandas_frame()
    with pytest.raises(
        DataError, match="field 'flavour': labels 'top'; expected one of b, c, light"
    ):
        fitted(frame).transform(frame.assign(flavour="top"))


def test_labels_without_classes_are_refused() -> None:
    with pytest.raises(
        SchemaError, match=r"field .flavour.: .*expected numbers\. Name its classes"
    ):
        Autoencoder(**BRIEF).fit(pandas_frame())


def test_a_frame_whose_columns_are_numbered_is_an_array() -> None:
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(50, 3)))
    estimator = Autoencoder(**BRIEF).fit(frame)
    assert not hasattr(estimator, "feature_names_in_")
    assert isinstance(estimator.sample(2), np.ndarray)


def test_whole_numbers_stay_in_the_range_of_their_dtype() -> None:
    frame = pd.DataFrame({"n": np.array([0, 255] * 50, np.uint8), "x": np.linspace(0, 1, 100)})
    drawn = Autoencoder(**BRIEF).fit(frame).sample(500)
    assert {0, 255} <= set(drawn["n"])
    assert drawn["n"].mean() == pytest.approx(127.5, abs=20)
