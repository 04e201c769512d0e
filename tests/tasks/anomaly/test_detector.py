"""Detectors: parts add up, chunks change nothing, and only what was saved is loaded."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from sciae.autoencoders import kinds
from sciae.errors import DataError, ModelFileError, SchemaError
from sciae.rng import seeded
from sciae.schema import Field, Schema
from sciae.table import Table
from sciae.tasks.anomaly import Detector, Scores, calibrate, load, save, score, score_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Toy = Callable[..., Table]

FILES = ("model.json", "weights.safetensors", "calibration.bin")
FLIPS = 30


def assert_close(one: Scores, other: Scores, tolerance: float = 1e-6) -> None:
    """Scores and parts equal to `tolerance` of the score."""
    size = np.maximum(1, np.abs(other.score))
    for name in ("score", *other.columns):
        assert (np.abs(one.columns[name] - other.columns[name]) / size).max() < tolerance


# ---- scoring ----------------------------------------------------------------------------------


def test_parts_add_up_to_the_score(detector: Detector, toy: Toy) -> None:
    scores = score(detector, toy(500, seed=3))
    assert list(scores.parts) == ["mass", "shape", "hits", "angle", "code"]
    total = sum(scores.parts.values())
    np.testing.assert_allclose(total, scores.score, rtol=1e-6)
    np.testing.assert_array_equal(scores.p_value, detector.calibration.p_value(scores.score))


@pytest.mark.parametrize("representation", ["observables", "images", "constituents"])
def test_parts_of_jets_add_up(
    samples: Path, detector_of: Callable[[str], Detector], representation: str
) -> None:
    from sciae.domains.jets import Jets

    scores = score(
        detector_of(representation), Jets(representation=representation).read(samples / "top.root")
    )
    np.testing.assert_allclose(sum(scores.parts.values()), scores.score, rtol=1e-6)
    assert np.isfinite(scores.score).all()


@pytest.mark.parametrize("rows", [1, 7, 100, 1023])
def test_chunks_change_nothing(detector: Detector, toy: Toy, rows: int) -> None:
    table = toy(1500, seed=3)
    if rows == 1:
        table = table.take(np.arange(40))
    pieces = list(score_stream(detector, table.chunks(rows)))
    assert_close(Scores.concat(pieces), score(detector, table))


def test_a_rows_score_depends_on_nothing_but_the_row(detector: Detector, toy: Toy) -> None:
    table = toy(600, seed=3)
    order = np.random.default_rng(1).permutation(600)
    whole, shuffled = score(detector, table), score(detector, table.take(order))
    back = np.argsort(order)
    np.testing.assert_allclose(shuffled.score[back], whole.score, rtol=1e-6)


def test_scoring_leaves_the_model_and_the_seed_alone(detector: Detector, toy: Toy) -> None:
    detector.model.train()
    state = torch.random.get_rng_state()
    before = {name: x.clone() for name, x in detector.model.state_dict().items()}
    one, other = (score(detector, toy(50)) for _ in range(2))
    np.testing.assert_array_equal(one.score, other.score)
    assert detector.model.training
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(before[n], x) for n, x in detector.model.state_dict().items())


def test_the_calibration_is_the_score_of_the_background(detector: Detector, toy: Toy) -> None:
    known = score(detector, toy(200, seed=2))
    np.testing.assert_allclose(np.sort(known.score), detector.calibration.scores, rtol=1e-6)


def test_weights_reach_the_calibration(detector: Detector, toy: Toy) -> None:
    weight = np.arange(200.0)
    weighted = calibrate(detector.model, toy(200, seed=2, weight=weight), draws=8)
    order = np.argsort(score(detector, toy(200, seed=2)).score, kind="stable")
    np.testing.assert_array_equal(weighted.calibration.weight, weight[order])


def test_another_schema_is_named(detector: Detector, toy: Toy) -> None:
    schema = Schema((*toy(2).schema.fields[:3], Field(name="spin", kind="continuous")))
    table = toy(50)
    columns = {n: table.columns.get(n, np.zeros(50)) for n in schema.names}
    other = Table(schema, columns)
    for verb in (lambda: score(detector, other), lambda: calibrate(detector.model, other)):
        with pytest.raises(SchemaError, match="'angle' is missing; 'spin' is not known"):
            verb()
    inch = replace(table.schema.fields[0], unit="MeV")
    other = Table(Schema((inch, *table.schema.fields[1:])), table.columns)
    with pytest.raises(SchemaError, match="'mass' has unit 'MeV' instead of 'GeV'"):
        score(detector, other)


def test_a_field_may_not_be_named_like_the_codes_part() -> None:
    schema = Schema((Field(name="code", kind="continuous"),))
    table = Table(schema, {"code": np.linspace(-1, 1, 50)})
    model = kinds.plain(schema, latent=1)
    model.fit_normaliser([table])
    with pytest.raises(SchemaError, match="'code': is the name of the code's own part"):
        calibrate(model, table)


def test_a_score_that_is_not_finite_is_an_error(detector: Detector, toy: Toy) -> None:
    table = toy(50)
    far = Table(table.schema, {**table.columns, "mass": np.r_[np.zeros(49), 1e300]})
    with pytest.raises(DataError, match=r"1 of 50 scores are not finite.*float32"):
        score(detector, far)


def test_no_rows_are_no_scores(detector: Detector, toy: Toy) -> None:
    scores = score(detector, toy(0))
    assert len(scores) == 0
    assert list(scores.columns) == ["score", "p_value", *(f"score_{n}" for n in scores.parts)]
    with pytest.raises(DataError, match="0 rows to calibrate with"):
        calibrate(detector.model, toy(0))


# ---- on disk ----------------------------------------------------------------------------------


def test_what_was_saved_is_loaded(detector: Detector, toy: Toy, tmp_path: Path) -> None:
    directory = save(detector, tmp_path / "model")
    assert sorted(path.name for path in directory.iterdir()) == sorted(FILES)
    again = load(directory)
    assert again.draws == detector.draws
    np.testing.assert_array_equal(again.calibration.scores, detector.calibration.scores)
    assert again.calibration.weight is None
    one, other = score(detector, toy(300, seed=4)), score(again, toy(300, seed=4))
    for name, values in one.columns.items():
        np.testing.assert_array_equal(values, other.columns[name])


def test_weights_of_the_calibration_are_kept(detector: Detector, toy: Toy, tmp_path: Path) -> None:
    weighted = calibrate(detector.model, toy(200, weight=np.arange(200.0)), draws=2)
    again = load(save(weighted, tmp_path / "model"))
    np.testing.assert_array_equal(again.calibration.weight, weighted.calibration.weight)


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_anywhere_is_found(detector: Detector, tmp_path: Path, name: str) -> None:
    path = save(detector, tmp_path / "model") / name
    content = path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(FLIPS):
        changed = bytearray(content)
        changed[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(changed)
        with pytest.raises(ModelFileError):
            load(path.parent)
    path.write_bytes(content)
    load(path.parent)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short_or_missing_is_found(
    detector: Detector, tmp_path: Path, name: str
) -> None:
    path = save(detector, tmp_path / "model") / name
    content = path.read_bytes()
    for stop in np.linspace(0, len(content) - 1, 8).astype(int):
        path.write_bytes(content[:stop])
        with pytest.raises(ModelFileError):
            load(path.parent)
    path.unlink()
    with pytest.raises(ModelFileError):
        load(path.parent)


@pytest.mark.parametrize("name", FILES)
def test_parts_of_two_detectors_never_load(
    detector: Detector, toy: Toy, tmp_path: Path, name: str
) -> None:
    with seeded(5):
        model = kinds.plain(toy(2).schema, latent=1, hidden=(4,))
    model.fit_normaliser([toy(100)])
    save(calibrate(model, toy(100)), tmp_path / "other")
    save(detector, tmp_path / "model")
    shutil.copy(tmp_path / "other" / name, tmp_path / "model" / name)
    with pytest.raises(ModelFileError):
        load(tmp_path / "model")


def test_saving_over_a_detector_that_fails_leaves_none(
    detector: Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sciae.tasks.anomaly import detector as module

    def fail(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    save(detector, tmp_path / "model")
    monkeypatch.setattr(module, "write_bytes", fail)
    with pytest.raises(KeyboardInterrupt):
        save(detector, tmp_path / "model")
    with pytest.raises(ModelFileError, match="no usable calibration"):
        load(tmp_path / "model")


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(ModelFileError, match="no model here"):
            load(path)
