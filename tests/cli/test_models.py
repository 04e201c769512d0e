from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from sciae.cli.models import load_domain
from sciae.errors import ModelFileError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    return shutil.copytree(model, tmp_path / "copy")


def test_settings_of_training_are_changed_by_name(model: Path) -> None:
    domain = load_domain(model)
    other = load_domain(model, ("radius=1.0",), {"keep": "evt"}, label="label")
    assert (other.radius, other.keep) == (1.0, ("evt", "label"))
    assert load_domain(model) == domain


def test_another_mapping_takes_the_place_of_that_of_training(model: Path) -> None:
    given = {"tree": "t", "constituents": "pt=a,eta=b,phi=c", "weight": "w"}
    mapping = load_domain(model, (), given).mapping
    assert (mapping.tree, mapping.weight) == ("t", "")  # what is scored needs no weight


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"name": "jets"}', '{"name": "jets", "settings": 3}']
)
def test_a_domain_that_cannot_be_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "domain.json").write_text(content)
    with pytest.raises(ModelFileError, match=r"no readable domain.*`sciae fit` wrote"):
        load_domain(tmp_path)


def test_no_domain(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no readable domain"):
        load_domain(tmp_path)


def test_every_changed_byte_is_found(copy: Path) -> None:
    path = copy / "domain.json"
    content = path.read_bytes()
    for at in range(0, len(content), 7):
        changed = bytearray(content)
        changed[at] ^= 1
        path.write_bytes(changed)
        with pytest.raises(ModelFileError, match=r"domain.json: has sha256 .*--set"):
            load_domain(copy)
    path.unlink()
    with pytest.raises(ModelFileError, match="is missing"):
        load_domain(copy)


def test_without_a_manifest_the_domain_stands_alone(copy: Path, model: Path) -> None:
    (copy / "manifest.json").unlink()
    assert load_domain(copy) == load_domain(model)
    text = (copy / "domain.json").read_text()
    (copy / "domain.json").write_text(json.dumps(json.loads(text)))
    assert load_domain(copy) == load_domain(model)
