from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sciae.domains.trajectories import (
    Colvar,
    Trajectories,
    effective_frames,
    jointly_weighted,
)
from sciae.errors import DataError, SourceError
from sciae.free_energy.weights import effective_size
from sciae.table import Table
from sciae.testing import check_domain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KT = 0.00831446261815324 * 300.0


@pytest.fixture
def energies() -> Any:
    """A bias and its offset at 150 frames, in kJ/mol."""
    rng = np.random.default_rng(3)
    return rng.uniform(0, 8, 150), np.linspace(0, 5, 150)


def colvar(path: Path, time: Any, bias: Any, offset: Any, name: str = "opes") -> Path:
    rows = np.column_stack([time, bias, offset])
    header = f"! FIELDS time {name}.bias {name}.rct"
    np.savetxt(path, rows, fmt="%.17g", header=header, comments="#")
    return path


@pytest.fixture
def of(files: Callable[[str], Path]) -> Callable[..., Trajectories]:
    """A domain of the dipeptide with weights."""
    return lambda bias, **settings: Trajectories(
        topology=files("top.pdb"), bias=str(bias), **({"temperature": 300.0} | settings)
    )


def test_weights_are_those_of_the_bias(of: Any, files: Any, tmp_path: Path, energies: Any) -> None:
    path = colvar(tmp_path / "COLVAR", 0.2 * np.arange(150), *energies)
    for settings, expected in (
        ({}, np.exp(energies[0] / KT)),
        ({"offset": "rct"}, np.exp((energies[0] - energies[1]) / KT)),
        ({"offset": "opes.rct", "stride": 4}, np.exp((energies[0] - energies[1]) / KT)[::4]),
    ):
        table = check_domain(of(path, **settings), files("a.xtc"))
        np.testing.assert_allclose(table.weight, expected / expected.mean(), rtol=1e-9)
        assert table.weight.mean() == pytest.approx(1)
        n_eff = expected.sum() ** 2 / (expected**2).sum()
        assert effective_frames(table) == pytest.approx(n_eff)
        assert effective_size(table["log_weight"]) == pytest.approx(n_eff)


def test_a_weighted_mean_is_that_of_the_unbiased_ensemble(tmp_path: Path) -> None:
    x = np.random.default_rng(5).normal(size=50_000)  # of variance 1 under V = kT x^2 / 4 ...
    rows = np.column_stack([x, KT * x**2 / 4])
    np.savetxt(tmp_path / "COLVAR", rows, header="! FIELDS x bias", comments="#")
    table = Colvar(fields=("x",), bias="bias", temperature=300.0).read(tmp_path / "COLVAR")
    variance = np.average(np.square(table["x"]), weights=table.weight)
    assert variance == pytest.approx(2.0, rel=0.05)  # ... and so of 2 without it


def test_rows_are_found_by_time_where_they_are_more(of: Any, files: Any, tmp_path: Path) -> None:
    time = np.round(0.05 * np.arange(700), 6)  # four rows for each frame, and more at the end
    path = colvar(tmp_path / "COLVAR", time, time, 0 * time)
    table = of(path).read(files("a.xtc"))
    np.testing.assert_allclose(table["log_weight"] * KT, 0.2 * np.arange(150), atol=1e-5)


def test_counts_decide_where_the_trajectory_has_no_times(
    of: Any, files: Any, tmp_path: Path, energies: Any
) -> None:
    path = colvar(tmp_path / "COLVAR", 5.0 * np.arange(150), *energies)
    table = of(path).read(files("a.dcd"))
    np.testing.assert_allclose(table["log_weight"], energies[0] / KT)


def test_other_counts_without_times_are_refused(
    of: Any, files: Any, tmp_path: Path, energies: Any
) -> None:
    bias, offset = energies
    path = colvar(tmp_path / "COLVAR", np.arange(149), bias[1:], offset[1:])
    with pytest.raises(DataError, match=r"COLVAR: 149 rows; expected 150, one for each frame"):
        of(path).read(files("a.dcd"))


def test_frames_without_a_row_are_refused(
    of: Any, files: Any, tmp_path: Path, energies: Any
) -> None:
    shifted = colvar(tmp_path / "COLVAR", 0.1 + 0.2 * np.arange(150), *energies)
    with pytest.raises(DataError, match="no row for 150 of 150 frames; the first is frame 0"):
        of(shifted).read(files("a.xtc"))
    short = colvar(tmp_path / "COLVAR", 0.2 * np.arange(100), *(e[:100] for e in energies))
    with pytest.raises(DataError, match="no row for 50 of 150 frames; the first is frame 100"):
        of(short).read(files("a.xtc"))


def test_a_truncated_trajectory_keeps_its_rows(
    of: Any, copied: Any, tmp_path: Path, energies: Any
) -> None:
    path = colvar(tmp_path / "COLVAR", np.arange(150), *energies)
    table = of(path, allow_truncated=True).read(copied("a.dcd", cut=10))
    np.testing.assert_allclose(table["log_weight"], energies[0][:149] / KT)


def test_the_columns_must_be_clear(of: Any, files: Any, tmp_path: Path) -> None:
    path = tmp_path / "COLVAR"
    rows = np.column_stack([0.2 * np.arange(150), *np.zeros((2, 150))])
    np.savetxt(path, rows, header="! FIELDS time opes.bias wall.bias", comments="#")
    with pytest.raises(SourceError, match=r"2 columns called 'bias' \(opes.bias, wall.bias\)"):
        of(path).read(files("a.xtc"))
    assert len(of(path, bias_column="wall.bias").read(files("a.xtc"))) == 150
    with pytest.raises(SourceError, match="no columns called 'rct'"):
        of(path, bias_column="wall.bias", offset="rct").read(files("a.xtc"))


def test_each_trajectory_can_have_its_own_colvar(
    of: Any, files: Any, tmp_path: Path, energies: Any
) -> None:
    walker = tmp_path / "walker.1"
    walker.mkdir()
    (walker / "run.xtc").write_bytes(files("a.xtc").read_bytes())
    colvar(walker / "run.colvar", 0.2 * np.arange(150), *energies)
    table = of("{folder}/{stem}.colvar").read(walker / "run.xtc")
    np.testing.assert_allclose(table["log_weight"], energies[0] / KT)


def test_weights_of_several_trajectories_are_put_on_one_scale(
    of: Any, files: Any, tmp_path: Path, energies: Any
) -> None:
    bias, offset = energies
    one = of(colvar(tmp_path / "A", 0.2 * np.arange(150), bias, offset))
    two = of(colvar(tmp_path / "B", 0.2 * np.arange(150), bias + 3.0, offset))
    table = Table.concat([one.read(files("a.xtc")), two.read(files("a.trr"))])
    assert table.weight[150:].mean() == pytest.approx(1)  # of its own
    joint = jointly_weighted(table)
    assert joint.weight.mean() == pytest.approx(1)
    np.testing.assert_allclose(joint.weight[150:] / joint.weight[:150], np.exp(3.0 / KT))
    with pytest.raises(DataError, match="no log_weight"):
        jointly_weighted(Trajectories(topology=files("top.pdb")).read(files("a.xtc")))


def test_few_effective_frames_are_warned_of(
    of: Any, files: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bias = np.zeros(150)
    path = colvar(tmp_path / "flat", 0.2 * np.arange(150), bias, bias)
    with caplog.at_level(logging.INFO, logger="sciae"):
        assert effective_frames(of(path).read(files("a.xtc"))) == pytest.approx(150)
    assert [record.levelname for record in caplog.records] == ["INFO"]
    caplog.clear()
    bias[17] = 200.0
    path = colvar(tmp_path / "peaked", 0.2 * np.arange(150), bias, 0 * bias)
    with caplog.at_level(logging.INFO, logger="sciae"):
        of(path).read(files("a.xtc"))
    assert "only 1.0 effective frames of 150" in caplog.text
