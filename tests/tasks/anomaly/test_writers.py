from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from sciae.errors import RunError, SpecError
from sciae.tasks.anomaly import Detector, score
from sciae.tasks.anomaly.writers import write_flat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sciae.table import Table
    from sciae.tasks.anomaly import Scores

    Toy = Callable[..., Table]

READ = {".parquet": pq.read_table, ".csv": pyarrow.csv.read_csv}


@pytest.mark.parametrize("ending", READ)
def test_what_is_written_is_read(detector: Detector, toy: Toy, tmp_path: Path, ending: str) -> None:
    pieces = [score(detector, toy(40)), score(detector, toy(25, seed=2, path='a "b",c.root'))]
    path = tmp_path / f"scores{ending}"
    assert write_flat(path, iter(pieces), text=ending == ".csv") == 2 * 65
    found = READ[ending](path)
    assert found.num_rows == 65
    assert found["file"].to_pylist() == ["toy.root"] * 40 + ['a "b",c.root'] * 25
    assert found["entry"].to_pylist() == [*range(0, 80, 2), *range(0, 50, 2)]
    for name in ("score", "p_value", "score_mass", "score_code"):
        want = np.concatenate([one.columns[name] for one in pieces])
        np.testing.assert_array_equal(found[name].to_numpy(), want)
    want = np.concatenate([one.carried["evt"] for one in pieces])
    np.testing.assert_array_equal(found["evt"].to_numpy(), want)


def test_scores_write_themselves(detector: Detector, toy: Toy, tmp_path: Path) -> None:
    scores = score(detector, toy(40))
    scores.to_parquet(tmp_path / "a.parquet")
    scores.to_csv(tmp_path / "a.csv")
    for ending, read in READ.items():
        assert read(tmp_path / f"a{ending}")["score"].to_pylist() == scores.score.tolist()


@pytest.mark.parametrize("ending", READ)
def test_no_rows_are_a_header(detector: Detector, toy: Toy, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    assert write_flat(path, [score(detector, toy(0))], text=ending == ".csv") == 0
    found = READ[ending](path)
    assert found.num_rows == 0
    assert {"file", "entry", "score", "evt"} <= set(found.column_names)


@pytest.mark.parametrize("name", ["score", "entry", "file", "score_code"])
def test_a_carried_column_never_takes_the_place_of_a_score(
    detector: Detector, toy: Toy, tmp_path: Path, name: str
) -> None:
    scores = score(detector, toy(10, carried={name: np.zeros(10)}))
    with pytest.raises(SpecError, match=f"'{name}' has the name of a column of scores"):
        scores.to_parquet(tmp_path / "a.parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", READ)
def test_an_error_on_the_way_leaves_the_former_file(
    detector: Detector, toy: Toy, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"a{ending}"
    path.write_text("former")

    def broken() -> Iterator[Scores]:
        yield score(detector, toy(10))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_flat(path, broken(), text=ending == ".csv")
    assert path.read_text() == "former"
    assert list(tmp_path.iterdir()) == [path]


def test_no_pieces_are_no_file(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nothing was written"):
        write_flat(tmp_path / "a.csv", [], text=True)
