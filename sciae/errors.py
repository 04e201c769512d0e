"""Every error that sciae raises on purpose.

::

    SciaeError
      DataError               the input is wrong                     (ValueError)
        SchemaError           a field is missing, or has the wrong shape, type or unit
        SourceError           a file cannot be read as what it claims to be   (OSError)
      SpecError               what was asked for cannot be built     (ValueError)
        MissingExtraError     an optional package is not installed   (ImportError)
      FitError                training failed: not finite, or not converged   (ArithmeticError)
      SimulationError         a simulation cannot go on                       (ArithmeticError)
      ModelFileError          a saved model is damaged, or not ours to read   (OSError)
      RunError                a run directory is in use, or not ours          (OSError)

Each message says what is wrong, where, what was expected and what to do; the same
parts are attributes, for programs.

Examples
--------
>>> raise_ = DataError("3 of 10 weights are NaN", where="qcd.root", fix="Drop these rows.")
>>> str(raise_)
'qcd.root: 3 of 10 weights are NaN. Drop these rows.'
>>> isinstance(raise_, ValueError)
True
"""

from __future__ import annotations

__all__ = [
    "DataError",
    "FitError",
    "MissingExtraError",
    "ModelFileError",
    "RunError",
    "SchemaError",
    "SciaeError",
    "SimulationError",
    "SourceError",
    "SpecError",
]


class SciaeError(Exception):
    """The base of every error that sciae raises on purpose.

    Parameters
    ----------
    what : str
        What is wrong, in a clause without a full stop.
    where : object
        The file, field, row or argument it concerns.
    expected : str
        What would have been right.
    fix : str
        What the reader can do, as a sentence.
    """

    def __init__(self, what: str, *, where: object = "", expected: str = "", fix: str = "") -> None:
        place = f"{where}: " if str(where) else ""
        wanted = f"; expected {expected}" if expected else ""
        super().__init__(f"{place}{what}{wanted}" + (f". {fix}" if fix else ""))
        self.what, self.where, self.expected, self.fix = what, where, expected, fix


class DataError(SciaeError, ValueError):
    """The input is wrong."""


class SchemaError(DataError):
    """A field is missing, or has the wrong shape, type or unit."""

    def __init__(self, what: str, *, field: str = "", expected: str = "", fix: str = "") -> None:
        where = f"field {field!r}" if field else ""
        super().__init__(what, where=where, expected=expected, fix=fix)
        self.field = field


class SourceError(DataError, OSError):
    """A file cannot be read as what it claims to be."""


class SpecError(SciaeError, ValueError):
    """What was asked for cannot be built."""


class MissingExtraError(SpecError, ImportError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str = "") -> None:
        named = f"pip install 'sciae[{extra}]'" if extra else "install it with pip"
        super().__init__(f"package {package!r} is not installed", fix=f"Run: {named}")
        self.package, self.extra = package, extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        """Other processes get the same message; by default it would be nested in itself."""
        return type(self), (self.package, self.extra)


class FitError(SciaeError, ArithmeticError):
    """Training failed: not finite, or not converged."""


class SimulationError(SciaeError, ArithmeticError):
    """A simulation cannot go on: it is no longer finite, or a walker ended."""


class ModelFileError(SciaeError, OSError):
    """A saved model is damaged, or not ours to read."""


class RunError(SciaeError, OSError):
    """A run directory is in use, or not ours."""
