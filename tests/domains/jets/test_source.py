"""Damaged files: an error that names the file, or the very numbers that were written."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import uproot

from sciae.domains.jets import Jets, Mapping
from sciae.errors import SourceError
from sciae.run import verify_listed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    JetsOf = Callable[..., dict[str, Any]]
    Write = Callable[..., Path]

DOMAIN = Jets(representation="constituents")
CUTS = 20
FLIPS = 40

# ---- what is no such file ---------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["root", "parquet"])
@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: None, "no such file"),
        (lambda path: path.mkdir(), "is not a file"),
        (lambda path: path.write_bytes(b""), "not a readable"),
        (lambda path: path.write_text("pt,eta,phi\n1,2,3\n" * 100), "not a readable"),
        (lambda path: path.write_bytes(b"root" + bytes(500)), "(not a readable|none of the known)"),
        (lambda path: path.write_bytes(b"PAR1" + bytes(500) + b"PAR1"), "not a readable"),
    ],
    ids=["missing", "folder", "empty", "text", "root-like", "parquet-like"],
)
def test_what_is_not_such_a_file(
    tmp_path: Path, ending: str, make: Callable[[Path], Any], says: str
) -> None:
    path = tmp_path / f"a.{ending}"
    make(path)
    with pytest.raises(SourceError, match=f"a.{ending}: .*{says}"):
        DOMAIN.read(path)


def test_a_file_without_trees(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "a.root") as file:
        file["h"] = np.histogram(np.arange(10.0))
    with pytest.raises(SourceError, match="no tree 'jets'; it holds 'h'"):
        Jets(mapping="sciae").read(tmp_path / "a.root")
    with pytest.raises(SourceError, match="none of the known layouts fits"):
        DOMAIN.read(tmp_path / "a.root")


def test_a_missing_branch_is_named_with_those_near_it(samples: Path) -> None:
    parts = {"pt": "c_Pt", "eta": "c_eta", "phi": "c_phi"}
    mapping = Mapping(tree="jets", constituents=parts)
    says = r"top.root: no branch 'c_Pt' in tree 'jets' \(near names: .*c_pt.*\).*mapping"
    with pytest.raises(SourceError, match=says):
        Jets(mapping=mapping).read(samples / "top.root")
    with pytest.raises(SourceError, match=r"no branch 'qqqq' .*it has 13: nc, c_pt"):
        Jets(keep=("qqqq",)).read(samples / "top.root")


def test_more_than_one_name_may_be_a_trees(tmp_path: Path, jets_of: JetsOf, write: Write) -> None:
    path = write(tmp_path / "a.root", jets_of(jets=5), tree="folder/jets")
    parts = {"pt": "c_pt", "eta": "c_eta", "phi": "c_phi"}
    mapping = Mapping(tree="folder/jets", constituents=parts)
    assert len(Jets(mapping=mapping).read(path)) == 5


# ---- cut --------------------------------------------------------------------------------------


def cuts(size: int) -> list[int]:
    """Lengths from nothing to one byte less, more of them near the end."""
    return sorted(
        {0, 1, size - 1, size - 2, *np.linspace(5, size - 3, CUTS - 4).astype(int).tolist()}
    )


@pytest.mark.parametrize("cut", range(CUTS))
def test_a_root_file_cut_short_is_an_error(samples: Path, tmp_path: Path, cut: int) -> None:
    whole = (samples / "dark_semivisible.root").read_bytes()
    path = tmp_path / "cut.root"
    path.write_bytes(whole[: cuts(len(whole))[cut]])
    with pytest.raises(SourceError, match=r"cut.root"):
        DOMAIN.read(path)


@pytest.mark.parametrize("cut", range(CUTS))
def test_a_parquet_file_cut_short_is_an_error(
    tmp_path: Path, cut: int, jets_of: JetsOf, write: Write
) -> None:
    path = write(tmp_path / "cut.parquet", jets_of())
    whole = path.read_bytes()
    path.write_bytes(whole[: cuts(len(whole))[cut]])
    with pytest.raises(SourceError, match=r"cut.parquet"):
        DOMAIN.read(path)


def test_a_file_cut_after_it_was_opened(samples: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.root"
    shutil.copy(samples / "qcd_test.root", path)
    stream = DOMAIN.stream(path, rows=500)
    next(stream)
    path.write_bytes((samples / "qcd_test.root").read_bytes()[:200_000])
    with pytest.raises(SourceError, match="entries"):
        list(stream)


# ---- flipped bits -----------------------------------------------------------------------------


def flipped(content: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(content)
    changed[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


@pytest.mark.parametrize("seed", range(FLIPS))
def test_a_flipped_bit_under_zlib_is_an_error_or_harmless(
    tmp_path: Path, jets_of: JetsOf, write: Write, assert_same: Callable[..., None], seed: int
) -> None:
    path = write(tmp_path / "jets.root", jets_of(), compression=uproot.ZLIB(1))
    want = DOMAIN.read(path)
    path.write_bytes(flipped(path.read_bytes(), np.random.default_rng(seed)))
    with suppress(SourceError):
        assert_same(DOMAIN.read(path), want)


def test_every_flipped_bit_is_found_with_a_list_of_checksums(samples: Path, tmp_path: Path) -> None:
    content = (samples / "dark_semivisible.root").read_bytes()  # zstd: has no checksum of its own
    path, listing = tmp_path / "jets.root", tmp_path / "SHA256SUMS"
    listing.write_text(f"{hashlib.sha256(content).hexdigest()}  jets.root\n")
    path.write_bytes(content)
    assert verify_listed(path, listing).size == len(content)
    rng = np.random.default_rng(1)
    for _ in range(FLIPS):
        path.write_bytes(flipped(content, rng))
        with pytest.raises(SourceError, match="sha256 is not the one in the list"):
            verify_listed(path, listing)


# ---- memory -----------------------------------------------------------------------------------

STREAM = """
import json, resource, sys
from sciae.domains.jets import Jets
rows = sum(len(table) for table in Jets(representation="images").stream(sys.argv[1], rows=500))
print(json.dumps([rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


@pytest.mark.parametrize("ending", ["root", "parquet"])
def test_memory_does_not_grow_with_the_file(
    tmp_path: Path, jets_of: JetsOf, write: Write, ending: str
) -> None:
    columns, peaks = jets_of("qcd_test", 1000), {}
    columns = {n: columns[n] for n in ("c_pt", "c_eta", "c_phi", "c_e", "evt", "jrank")}
    for copies in (3, 30):  # below, memory grows until buffers have been used once
        path = write(tmp_path / f"jets{copies}.{ending}", columns, copies=copies)
        run = subprocess.run(
            [sys.executable, "-c", STREAM, path], capture_output=True, check=True, text=True
        )
        rows, peaks[copies] = json.loads(run.stdout)
        assert rows == 1000 * copies
    assert peaks[30] < 1.1 * peaks[3]
