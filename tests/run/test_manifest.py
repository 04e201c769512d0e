from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sciae.errors import RunError, SpecError
from sciae.run import FileRecord, Manifest, Timing
from sciae.run.plain import differences

if TYPE_CHECKING:
    from pathlib import Path

RECORD = FileRecord(path="scores.root", size=3, sha256="0f" * 32)


def full():
    begun = Manifest.begin(command="sciae fit", settings={"layers": (64, 32), "x": 0.1}, seed=2**70)
    return begun.resuming(
        Manifest(
            command="sciae fit",
            settings={"layers": [64, 32], "x": 0.1},
            seeds={"seed": 2**70},
            inputs=(RECORD,),
            outputs=(RECORD,),
            timings={"read": Timing(wall_s=0.1, cpu_s=1 / 3)},
        ),
        where="run",
    )


def damaged(tmp_path: Path, **fields: object):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(full().to_json() | fields))
    return path


def test_what_is_written_is_read(tmp_path: Path):
    written = full()
    written.write(tmp_path / "manifest.json")
    assert Manifest.read(tmp_path / "manifest.json") == written


def test_versions_are_found_without_an_import():
    code = (
        "import sys; from sciae.run.manifest import installed_versions; "
        "found = installed_versions(); assert 'numpy' in found and 'torch' in found, found; "
        "sys.exit('numpy' in sys.modules or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON"),
        ('{"format": 1', "not JSON"),
        ('{"format": NaN}', "NaN is not JSON"),
        ("[" * 100_000, "not JSON"),
        ("\xff", "not JSON"),
        ("[]", "a list; expected a JSON object"),
        ("{}", "format is None"),
        ('{"format": true}', "format is True"),
        ('{"format": 2}', "newer sciae .* Update"),
        ('{"format": 1}', "'command' is absent; expected text"),
    ],
)
def test_malformed_text_is_told_with_its_file(tmp_path: Path, text: str, told: str):
    path = tmp_path / "manifest.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(RunError, match=told) as caught:
        Manifest.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"status": "done"}, "status 'done'; expected running or complete or failed"),
        ({"settings": []}, r"'settings' is \[\]; expected an object"),
        ({"finished": 3}, "'finished' is 3; expected text or null"),
        ({"outputs": ["x"]}, "outputs: 'x' does not describe a file"),
        ({"outputs": [{"path": "x", "size": -1, "sha256": "0f" * 32}]}, "does not describe"),
        ({"outputs": [{"path": "x", "size": 1, "sha256": "0f"}]}, "64 hexadecimal digits"),
        ({"timings": {"read": 3}}, "timings are damaged"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, fields: dict[str, object], told: str):
    with pytest.raises(RunError, match=told):
        Manifest.read(damaged(tmp_path, **fields))


def test_settings_that_are_not_plain_are_refused_by_key():
    with pytest.raises(SpecError, match=r"settings.fit.rate: inf is not finite"):
        Manifest.begin(command="x", settings={"fit": {"rate": float("inf")}}, seed=None)


def test_differences_name_what_came_went_and_changed():
    then = {"a": {"b": 1, "c": {}}, "same": [1, 2], "gone": None}
    now = {"a": {"b": 2, "c": {"d": 1}}, "same": [1, 2]}
    assert differences(then, now) == [
        "a.b: 1 then, 2 now",
        "a.c: {} then, absent now",
        "gone: null then, absent now",
        "a.c.d: absent then, 1 now",
    ]
    assert differences(then, then) == []
