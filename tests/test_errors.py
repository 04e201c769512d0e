from __future__ import annotations

import pickle

import pytest

from sciae import errors

MADE = [
    errors.DataError("3 rows are NaN", where="a.root", expected="numbers", fix="Drop them."),
    errors.SchemaError("shape (3,)", field="mass", expected="(row,)", fix="Reshape it."),
    errors.SourceError("not a ROOT file", where="a.root"),
    errors.SpecError("sigma -1", where="Normal", expected="a positive number"),
    errors.MissingExtraError("fastjet", "jets"),
    errors.MissingExtraError("fastjet"),
    errors.FitError("not finite", where="epoch 3", fix="Lower the learning rate."),
    errors.SimulationError("energy is NaN", where="step 7", fix="Lower the time step."),
    errors.ModelFileError("truncated", where="model.json"),
    errors.RunError("in use", where="run/"),
]
BUILTINS = {
    errors.DataError: ValueError,
    errors.SchemaError: ValueError,
    errors.SourceError: OSError,
    errors.SpecError: ValueError,
    errors.MissingExtraError: ImportError,
    errors.FitError: ArithmeticError,
    errors.SimulationError: ArithmeticError,
    errors.ModelFileError: OSError,
    errors.RunError: OSError,
}


def test_every_error_is_made_here() -> None:
    assert {type(error).__name__ for error in MADE} == {*errors.__all__} - {"SciaeError"}


@pytest.mark.parametrize("error", MADE, ids=str)
def test_one_base_and_the_fitting_builtin_catch_it(error: errors.SciaeError) -> None:
    assert isinstance(error, errors.SciaeError)
    assert isinstance(error, BUILTINS[type(error)])


@pytest.mark.parametrize("error", MADE, ids=str)
def test_the_message_holds_all_parts(error: errors.SciaeError) -> None:
    for part in (error.what, str(error.where), error.expected, error.fix):
        assert part in str(error)


def test_the_message_reads_as_a_sentence() -> None:
    assert str(MADE[0]) == "a.root: 3 rows are NaN; expected numbers. Drop them."
    assert str(MADE[1]) == "field 'mass': shape (3,); expected (row,). Reshape it."
    assert str(MADE[4]) == "package 'fastjet' is not installed. Run: pip install 'sciae[jets]'"


@pytest.mark.parametrize("error", MADE, ids=str)
def test_it_reaches_other_processes_whole(error: errors.SciaeError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
