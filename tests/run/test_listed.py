from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from sciae.errors import SourceError
from sciae.run import verify_listed

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = hashlib.sha256(b"data").hexdigest()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data.root").write_bytes(b"data")
    return tmp_path / "data.root"


def listed(data: Path, text: str) -> Path:
    path = data.parent / "SHA256SUMS"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "line",
    [
        f"{DIGEST}  data.root",
        f"{DIGEST} *data.root",
        f"{DIGEST.upper()}  ./data.root",
        f"{DIGEST}  /elsewhere/data.root",
    ],
)
def test_a_listed_file_is_verified(data: Path, line: str) -> None:
    others = f"{'0' * 64}  other.root\n# a comment\n\n"
    record = verify_listed(data, listed(data, f"{others}{line}\n"))
    assert (record.size, record.sha256) == (4, DIGEST)


def test_what_sha256sum_writes_is_read(data: Path, tmp_path: Path) -> None:
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("sha256sum is not installed")
    shutil.copy(data, tmp_path / "with space.root")
    names = ["data.root", "with space.root"]
    done = subprocess.run([tool, *names], cwd=tmp_path, capture_output=True, text=True, check=True)
    for name in names:
        verify_listed(tmp_path / name, listed(data, done.stdout))


def test_the_file_beside_the_list_is_meant_if_there_are_two(data: Path) -> None:
    lines = [f"{'0' * 64}  old/data.root", f"{DIGEST}  data.root"]
    for order in (lines, lines[::-1]):
        verify_listed(data, listed(data, "\n".join(order)))
    elsewhere = data.parent / "new"
    elsewhere.mkdir()
    shutil.copy(data, elsewhere)
    with pytest.raises(SourceError, match=r"'data.root' is in the list twice"):
        verify_listed(elsewhere / "data.root", data.parent / "SHA256SUMS")


@pytest.mark.parametrize("text", ["", f"{DIGEST}  other.root\n", f"{DIGEST[:-1]}  data.root\n"])
def test_what_is_not_listed(data: Path, text: str) -> None:
    with pytest.raises(SourceError, match=r"SHA256SUMS: 'data.root' is not in the list"):
        verify_listed(data, listed(data, text))


def test_other_bytes(data: Path) -> None:
    listing = listed(data, f"{DIGEST}  data.root\n")
    data.write_bytes(b"dato")
    with pytest.raises(SourceError, match=f"data.root: the sha256 is not .*{DIGEST}.*copy it"):
        verify_listed(data, listing)


def test_what_cannot_be_read(data: Path) -> None:
    with pytest.raises(SourceError, match="none: cannot be read"):
        verify_listed(data, data.parent / "none")
    listing = listed(data, f"{DIGEST}  data.root\n")
    data.unlink()
    with pytest.raises(SourceError, match=r"data.root: cannot be read \(No such file"):
        verify_listed(data, listing)
    listing.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SourceError, match="SHA256SUMS: cannot be read"):
        verify_listed(data, listing)
