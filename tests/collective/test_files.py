from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.collective import CollectiveVariable
from sciae.errors import ModelFileError
from sciae.run.plain import dumps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Make = Callable[..., CollectiveVariable]

ABOUT = {"kind": "time-lagged", "lag": 20.5, "features": ["torsions"], "versions": {"a": None}}


@pytest.fixture
def saved(variable: Make, tmp_path: Path) -> tuple[CollectiveVariable, Path]:
    cv = variable(2, names=("slow", "fast"), about=ABOUT)
    cv.save(tmp_path / "cv")
    return cv, tmp_path / "cv"


def same(one: CollectiveVariable, other: CollectiveVariable, xyz: NDArray[np.float64]) -> None:
    np.testing.assert_array_equal(one.value(xyz), other.value(xyz))
    assert (one.names, one.periods, one.about) == (other.names, other.periods, other.about)
    assert one.descriptors == other.descriptors
    np.testing.assert_array_equal([one.low, one.high], [other.low, other.high])


def rewritten(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """As one would who knows the format: with a checksum that is right."""
    path = folder / "cv.json"
    content = json.loads(path.read_text())
    content = change(content) or content
    rest = {key: value for key, value in content.items() if key != "sha256"}
    content["sha256"] = hashlib.sha256(dumps(rest, where="").encode()).hexdigest()
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(("dim", "end"), [(1, "linear"), (3, "linear"), (2, "angles")])
def test_what_is_loaded_is_what_was_saved(
    variable: Make, tmp_path: Path, xyz: NDArray[np.float64], dim: int, end: str
) -> None:
    cv = variable(dim, end=end, about=ABOUT)
    cv.save(tmp_path)
    same(cv, CollectiveVariable.load(tmp_path), xyz)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cv.json", "encoder.npz"]


def test_a_variable_of_raw_numbers_is_saved(variable: Make, tmp_path: Path) -> None:
    cv = CollectiveVariable(encoder=variable(1).encoder, low=[0], high=[1])
    cv.save(tmp_path)
    made = CollectiveVariable.load(tmp_path)
    assert made.descriptors is None
    numbers = np.random.default_rng(0).normal(size=(3, cv.width))
    np.testing.assert_array_equal(made.of_numbers(numbers), cv.of_numbers(numbers))


def test_saving_twice_writes_the_same_bytes(saved: Any, tmp_path: Path) -> None:
    _, folder = saved
    CollectiveVariable.load(folder).save(tmp_path / "again")
    for name in ("cv.json", "encoder.npz"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


# ---- damage ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cv.json", "encoder.npz"])
def test_a_truncated_file_is_refused(saved: Any, name: str) -> None:
    path = saved[1] / name
    whole = path.read_bytes()
    for size in [*range(0, len(whole) - 1, 97), len(whole) - 2]:
        path.write_bytes(whole[:size])
        with pytest.raises(ModelFileError):
            CollectiveVariable.load(saved[1])


@pytest.mark.parametrize("name", ["cv.json", "encoder.npz"])
def test_a_flipped_bit_is_refused_or_changes_nothing(
    saved: Any, xyz: NDArray[np.float64], name: str
) -> None:
    cv, folder = saved
    path, rng = folder / name, np.random.default_rng(1)
    whole = path.read_bytes()
    kept = 0
    for at in rng.choice(len(whole), 400, replace=False):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            made = CollectiveVariable.load(folder)
        except ModelFileError:
            continue
        same(cv, made, xyz)
        kept += 1
    assert kept < 200  # white space in JSON; nothing else


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"cv\.json.*No such file"):
        CollectiveVariable.load(tmp_path)


def test_a_stopped_save_over_another_is_refused(saved: Any, variable: Make) -> None:
    _, folder = saved
    (folder / "encoder.npz").write_bytes(variable(1).encoder.to_bytes())
    with pytest.raises(ModelFileError, match="not the bytes that were saved"):
        CollectiveVariable.load(folder)


# ---- malice ------------------------------------------------------------------------------------


def put(*keys: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(content: dict[str, Any]) -> None:
        at: Any = content
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value

    change.__name__ = f"{'.'.join(map(str, keys))}={value!r:.20}"
    return change


HOSTILE = [
    put("note", value=1),
    put("format", value="sciae-model"),
    put("version", value=2),
    put("version", value=True),
    put("version", value=1.0),
    put("names", value=["a"]),
    put("names", value=["a", 3]),
    put("names", value=["a", "b\nRESTART"]),
    put("names", value={"a": 1}),
    put("periods", value=[None, "x"]),
    put("periods", value=[None, 3.0]),
    put("low", value=[1, 2]),
    put("low", value=[0.0, 4.0]),
    put("high", value=[]),
    put("high", value=[[1.0], [2.0]]),
    put("about", value=[]),
    put("encoder", value={}),
    put("encoder", "file", value="../encoder.npz"),
    put("encoder", "bytes", value=3),
    put("descriptors", value=[]),
    put("descriptors", value="x"),
    put("descriptors", "atoms", value=3),
    put("descriptors", "atoms", value=10**30),
    put("descriptors", "parts", value=[]),
    put("descriptors", "parts", 0, "kind", value="os.system"),
    put("descriptors", "parts", 1, "pairs", value=[[0, 1]]),
    put("descriptors", "parts", 1, "pairs", value=[[0, -1], [1, 2]]),
    put("descriptors", "parts", 1, "name", value="other"),
    put("descriptors", "extra", value=1),
    lambda content: content.pop("about") and None,
    lambda content: [content],
    lambda _: {"format": "sciae-cv", "version": 1},
]


@pytest.mark.parametrize("change", HOSTILE, ids=lambda f: f.__name__)
def test_a_well_made_lie_is_refused(saved: Any, change: Any) -> None:
    _, folder = saved
    path = folder / "cv.json"
    if change(json.loads(path.read_text())).__class__ is list:
        path.write_text(json.dumps(change(json.loads(path.read_text()))))
    else:
        rewritten(folder, change)
    with pytest.raises(ModelFileError):
        CollectiveVariable.load(folder)


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, '{"format": NaN}', "1e999", "null", "\x00", "{}" * 2]
)
def test_text_that_is_no_json_is_refused(saved: Any, text: str) -> None:
    (saved[1] / "cv.json").write_text(text)
    with pytest.raises(ModelFileError):
        CollectiveVariable.load(saved[1])


def replaced(folder: Path, content: bytes) -> None:
    """Another encoder, with a checksum that is right."""
    (folder / "encoder.npz").write_bytes(content)
    sha = hashlib.sha256(content).hexdigest()
    record = {"file": "encoder.npz", "bytes": len(content), "sha256": sha}
    rewritten(folder, put("encoder", value=record))


class Bomb:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("code ran",))


def npz(cv: CollectiveVariable, **changes: Any) -> bytes:
    with np.load(io.BytesIO(cv.encoder.to_bytes())) as file:
        arrays = dict(file)
    content = io.BytesIO()
    np.savez(content, **{**arrays, **changes})
    return content.getvalue()


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": np.array([Bomb()], object)},
        {"activation": np.array(Bomb(), object)},
        {"extra": np.zeros(3)},
        {"weights": np.zeros(3)},
        {"sizes": np.array([10**9, 10**9])},
        {"sizes": np.array([-1, 2])},
        {"column": np.full(24, 99)},
        {"a": np.full(24, math.nan)},
        {"b": np.zeros(24)},
        {"activation": np.array("__import__")},
        {"version": np.array(9)},
    ],
    ids=lambda one: next(iter(one)),
)
def test_hostile_arrays_are_refused(saved: Any, changes: dict[str, Any]) -> None:
    cv, folder = saved
    replaced(folder, npz(cv, **changes))
    with pytest.raises(ModelFileError):
        CollectiveVariable.load(folder)


def test_weights_that_are_not_finite_are_refused(saved: Any) -> None:
    cv, folder = saved
    weights = cv.encoder.weights.copy()
    weights[3] = math.inf
    replaced(folder, npz(cv, weights=weights))
    with pytest.raises(ModelFileError, match="not finite"):
        CollectiveVariable.load(folder)


def test_an_archive_that_unpacks_to_too_much_is_refused(saved: Any, monkeypatch: Any) -> None:
    cv, folder = saved
    monkeypatch.setattr("sciae.collective.files.MOST", 200_000)
    content = io.BytesIO()
    with (
        np.load(io.BytesIO(cv.encoder.to_bytes())) as file,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name, array in {**file, "weights": np.zeros(1_000_000)}.items():
            raw = io.BytesIO()
            np.save(raw, array)
            bomb.writestr(f"{name}.npy", raw.getvalue())
    assert len(content.getvalue()) < 200_000
    replaced(folder, content.getvalue())
    with pytest.raises(ModelFileError, match="when unpacked"):
        CollectiveVariable.load(folder)


def test_damaged_arrays_with_the_right_checksum_are_refused_or_work(
    saved: Any, xyz: NDArray[np.float64]
) -> None:
    cv, folder = saved
    whole, rng = cv.encoder.to_bytes(), np.random.default_rng(2)
    for at in rng.choice(len(whole), 200, replace=False):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << rng.integers(8)
        replaced(folder, bytes(damaged))
        try:
            made = CollectiveVariable.load(folder)
        except ModelFileError:
            continue
        assert np.isfinite(made.value(xyz)).all()
