from __future__ import annotations

import hashlib
import json
import pickle
import random
import re
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from sciae.autoencoders import kinds
from sciae.autoencoders.files import load, register, save
from sciae.autoencoders.model import Autoencoder
from sciae.autoencoders.parts import PARTS, settings_of
from sciae.autoencoders.score import score
from sciae.batch import to_batch
from sciae.errors import ModelFileError, SpecError
from sciae.schema import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sciae.table import Table


@pytest.fixture(scope="module")
def table(mixed: Callable[..., Table]) -> Table:
    return mixed(20)


def made(kind: str, schema: Schema) -> Autoencoder:
    return kinds.KINDS[kind](schema, latent=2, hidden=(16, 8))


@pytest.fixture
def saved(table: Table, tmp_path: Path) -> Path:
    model = made("variational", table.schema)
    model.fit_normaliser([table])
    return save(model, tmp_path / "model", training={"epochs": 3})


def rewrite(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the description as one who means it: the checksum fits again."""
    path = folder / "model.json"
    content = json.loads(path.read_text())
    del content["sha256"]
    change(content)
    text = json.dumps(content, sort_keys=True)
    content["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(content))


def reweigh(folder: Path, weights: bytes) -> None:
    """Other weights whose checksum fits."""
    (folder / "weights.safetensors").write_bytes(weights)
    digest = hashlib.sha256(weights).hexdigest()
    rewrite(folder, lambda d: d["weights"].update(bytes=len(weights), sha256=digest))


@pytest.mark.parametrize("kind", kinds.KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_scores_are_bit_equal(
    table: Table, tmp_path: Path, small: Callable[..., Any], kind: str, dtype: torch.dtype
) -> None:
    model, table = small(kind, table)
    model.to(dtype)
    again = load(save(model, tmp_path))
    assert again.schema == model.schema
    assert not again.training
    one, other = (score(m, m.features(to_batch(table)), draws=4) for m in (model, again))
    assert torch.equal(one.total, other.total)
    assert torch.equal(one.flat, other.flat)
    assert all(x.requires_grad for x in again.parameters())


def test_an_image_model_is_read_back(tmp_path: Path) -> None:
    schema = Schema((Field(name="image", kind="continuous", shape=(8, 8), scale="field"),))
    model = kinds.variational(
        schema, latent=2, hidden=(4, 6), net="convolutional", sigma="shared", warm_up=7
    )
    again = load(save(model, tmp_path))
    z = torch.randn(3, 2)
    assert torch.equal(again.decoder(z).flat, model.decoder(z).flat)
    assert settings_of(again.penalties[0])["warm_up"] == 7


def test_saving_over_a_model_replaces_it(table: Table, saved: Path) -> None:
    other = made("plain", table.schema)
    save(other, saved)
    assert settings_of(load(saved).latent) == {"dim": 2}
    assert not load(saved).penalties


def test_it_is_small_and_names_what_it_holds(saved: Path) -> None:
    content = json.loads((saved / "model.json").read_text())
    assert content["format"] == "sciae-model"
    assert content["training"] == {"epochs": 3}
    assert content["parts"]["latent"] == {"part": "Gaussian", "dim": 2}
    assert sorted(path.name for path in saved.iterdir()) == ["model.json", "weights.safetensors"]


# ---- damage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors"])
def test_a_flipped_bit_is_noticed(saved: Path, table: Table, name: str) -> None:
    path, rng = saved / name, random.Random(name)
    whole, model = path.read_bytes(), load(saved)
    for _ in range(20):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            equal = json.loads(damaged) == json.loads(whole)  # one kind of blank for another
        except ValueError:
            equal = False
        if equal:
            assert load(saved).schema == model.schema
        else:
            with pytest.raises(ModelFileError, match=re.escape(str(saved))):
                load(saved)


@pytest.mark.parametrize(
    ("old", "new"),
    [('"GeV"', '"TeV"'), ('"beta": 1.0', '"beta": 9.0'), ('"epochs": 3', '"epochs": 4')],
)
def test_a_change_that_makes_another_valid_model_is_noticed(
    saved: Path, old: str, new: str
) -> None:
    path = saved / "model.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ModelFileError, match=r"model.json: its sha256 differs .* copy it again"):
        load(saved)


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.999])
def test_a_truncated_file_is_noticed(saved: Path, name: str, share: float) -> None:
    path = saved / name
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ModelFileError, match=name):
        load(saved)


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors"])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(
        ModelFileError, match=r"no model here; expected a directory with model.json"
    ):
        load(saved)


def test_a_directory_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no model here"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not readable as JSON"),
        ("\xff", "not readable as JSON"),
        ("[" * 100_000, "not readable as JSON"),
        ("[]", "not a description of a sciae model"),
        ('{"format": "other"}', "not a description of a sciae model"),
        ('{"format": "sciae-model"}', "format version None"),
        ('{"format": "sciae-model", "version": 1}', "its sha256 differs"),
        ("9" * 5000, "not readable as JSON"),
    ],
)
def test_a_description_that_is_none_is_refused(saved: Path, text: str, said: str) -> None:
    (saved / "model.json").write_text(text)
    with pytest.raises(ModelFileError, match=said):
        load(saved)


def test_bytes_that_are_no_text_are_refused(saved: Path) -> None:
    (saved / "model.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(ModelFileError, match="not readable as JSON"):
        load(saved)


# ---- malice --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [2, 99, 0, -1, "1", None, 1.5])
def test_another_version_is_refused(saved: Path, version: object) -> None:
    rewrite(saved, lambda d: d.update(version=version))
    with pytest.raises(ModelFileError, match=r"format version .* expected at most 1. Update sciae"):
        load(saved)


@pytest.mark.parametrize(
    "name", ["Sequential", "os.system", "", None, ["Dense"], "torch.nn.Linear"]
)
def test_only_registered_parts_are_built(saved: Path, name: object) -> None:
    rewrite(saved, lambda d: d["parts"]["encoder"].update(part=name))
    with pytest.raises(ModelFileError, match=r"the description does not make a model"):
        load(saved)


def test_an_unknown_part_is_named(saved: Path) -> None:
    rewrite(saved, lambda d: d["parts"]["encoder"].update(part="Transformer"))
    with pytest.raises(ModelFileError, match="unknown part 'Transformer': register it"):
        load(saved)


@pytest.mark.parametrize("size", [10**12, 1e12, -5, 0, "8", None, 10**30, [3]])
@pytest.mark.parametrize(
    "place",
    [
        ("encoder", "inputs"),
        ("latent", "dim"),
        ("decoder", "size"),
        ("decoder", "element_parameters"),
    ],
)
def test_hostile_sizes_are_refused_at_once(
    saved: Path, size: object, place: tuple[str, str]
) -> None:
    rewrite(saved, lambda d: d["parts"][place[0]].update({place[1]: size}))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(ModelFileError):
        load(saved)
    assert time.process_time() - start < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("schema"),
        lambda d: d.pop("parts"),
        lambda d: d.update(schema=[]),
        lambda d: d.update(schema={"name": "x"}),
        lambda d: d["schema"][0].update(kind="sequence"),
        lambda d: d["schema"][0].update(shape=[10**12]),
        lambda d: d["schema"][0].update(shape=[10**6] * 50),
        lambda d: d["schema"][0].update(shape="ab"),
        lambda d: d["schema"][-1].update(size=1e400),
        lambda d: d["parts"].pop("heads"),
        lambda d: d["parts"]["heads"].update(sigma=-1),
        lambda d: d["parts"]["heads"].update(surprise=1),
        lambda d: d["parts"]["latent"].update(dim=3),
        lambda d: d["parts"]["encoder"].update(hidden=[]),
        lambda d: d["parts"]["encoder"].update(hidden=[2] * 1000),
        lambda d: d["parts"]["encoder"].update(activation="__import__"),
        lambda d: d["parts"].update(penalties=[{"part": "KL", "beta": -1}]),
        lambda d: d["parts"].update(penalties=5),
        lambda d: d["parts"].update(latent={"part": "KL"}),
        lambda d: d["parts"].update(encoder=d["parts"]["decoder"]),
        lambda d: d.update(weights=None),
        lambda d: d["weights"].pop("sha256"),
        lambda d: d["weights"].update(bytes="many"),
        lambda d: d["weights"].update(sha256=3),
    ],
)
def test_descriptions_that_make_no_model_are_refused(
    saved: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    rewrite(saved, change)
    with pytest.raises(ModelFileError):
        load(saved)


class Trap:
    """What runs when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("sprung"),)


def test_a_pickle_is_never_opened(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for content in (pickle.dumps(Trap()), b"PK\x03\x04" + pickle.dumps(Trap())):
        reweigh(saved, content)
        with pytest.raises(ModelFileError, match="not in safetensors format"):
            load(saved)
    assert not Path("sprung").exists()


def test_weights_are_read_from_nowhere_else(saved: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.safetensors"
    elsewhere.write_bytes(b"not weights")
    for name in ("../elsewhere.safetensors", str(elsewhere), "/dev/zero"):
        rewrite(saved, lambda d, name=name: d["weights"].update(file=name))
        assert isinstance(load(saved), Autoencoder)


def test_a_description_of_gigabytes_is_not_read(saved: Path) -> None:
    with (saved / "model.json").open("wb") as file:
        file.truncate(2**33)  # sparse
    with pytest.raises(ModelFileError, match="8589934592 bytes; expected at most"):
        load(saved)


@pytest.mark.parametrize("change", ["missing", "extra", "shape", "dtype"])
def test_weights_that_do_not_fit_are_refused(saved: Path, tmp_path: Path, change: str) -> None:
    tensors = load_file(saved / "weights.safetensors")
    name = next(n for n in tensors if n.startswith("encoder"))
    if change == "missing":
        del tensors[name]
    elif change == "extra":
        tensors["extra"] = torch.zeros(1)
    elif change == "shape":
        tensors[name] = torch.zeros(3, 3)
    else:
        tensors[name] = tensors[name].to(torch.int32)
    save_file(tensors, tmp_path / "other")
    reweigh(saved, (tmp_path / "other").read_bytes())
    with pytest.raises(ModelFileError, match="expected parts and weights that fit each other"):
        load(saved)


# ---- parts of one's own --------------------------------------------------------------------------


class Doubling(nn.Module):
    def __init__(self, *, factor: float = 2.0) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, features: Any, _: torch.Generator) -> Any:
        return features.with_inputs(features.inputs * self.factor)


@pytest.fixture
def registered() -> Iterator[type[Doubling]]:
    yield register(Doubling)
    del PARTS["Doubling"]


def test_a_part_of_ones_own_must_be_registered(table: Table, tmp_path: Path) -> None:
    model = made("plain", table.schema)
    model.corruption = Doubling()
    with pytest.raises(SpecError, match=r"part 'Doubling' is not registered. Call"):
        save(model, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_registered_part_is_read_back(
    table: Table, tmp_path: Path, registered: type[Doubling]
) -> None:
    model = made("plain", table.schema)
    model.corruption = registered(factor=3.0)
    again = load(save(model, tmp_path))
    assert isinstance(again.corruption, Doubling)
    assert again.corruption.factor == 3
    assert register(Doubling) is Doubling


def test_a_name_is_registered_once(registered: type[Doubling]) -> None:
    with pytest.raises(SpecError, match="a part named 'Doubling' is already registered"):
        register(type("Doubling", (nn.Module,), {}))
