from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sciae.domains.jets.layout import opened
from sciae.domains.jets.mapping import MAPPINGS, Mapping
from sciae.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    JetsOf = Callable[..., dict[str, Any]]
    Write = Callable[..., Path]

OWN = Mapping(tree="mine", constituents={"pt": "c_pt", "eta": "c_eta", "phi": "c_phi"})


def test_our_samples_are_recognised(samples: Path) -> None:
    file, mapping = opened(samples / "top.root", None)
    assert mapping is MAPPINGS["sciae"]
    assert file.entries == 600


def test_experiments_are_recognised(shared_jets: Path) -> None:
    names = {"nanoAOD_2015_CMS_Open_Data_ttbar": "nanoaod", "pfnano_skim": "pfnano"}
    for stem, name in names.items():
        assert opened(shared_jets / f"{stem}.root", None)[1] is MAPPINGS[name]


def test_a_mapping_that_is_given_is_taken(tmp_path: Path, jets_of: JetsOf, write: Write) -> None:
    path = write(tmp_path / "a.root", jets_of(jets=5), tree="mine")
    assert opened(path, OWN)[1] is OWN


def test_what_each_layout_misses_is_said(tmp_path: Path, jets_of: JetsOf, write: Write) -> None:
    columns = jets_of(jets=5)
    del columns["c_eta"], columns["jrank"]
    says = (
        r"sciae without branch c_eta, jrank; pfnano without tree 'Events'; .*"
        r"--tree jets --constituents pt=c_pt"
    )
    with pytest.raises(SourceError, match=says):
        opened(write(tmp_path / "a.root", columns), None)
    with pytest.raises(SourceError, match=r"pfnano without branch PFCands_pt, .*, \.\.\."):
        opened(write(tmp_path / "a.parquet", columns), None)


def test_a_tree_that_is_not_there_is_named_beside_those_that_are(
    tmp_path: Path, jets_of: JetsOf, write: Write
) -> None:
    path = write(tmp_path / "a.root", jets_of(jets=5), tree="other")
    with pytest.raises(SourceError, match=r"a.root: no tree 'mine'; it holds 'other'.*mapping"):
        opened(path, OWN)
