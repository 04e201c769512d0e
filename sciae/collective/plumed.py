"""PLUMED: a collective variable as files for its PyTorch module, checked when written."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from sciae.autoencoders.raw.inputs import AFFINE
from sciae.collective.actions import Actions, actions_of, framed
from sciae.collective.network import FiniteNumbersModule, NumbersModule
from sciae.errors import SpecError
from sciae.export import torchscript
from sciae.export.sidecar import plumed_input
from sciae.run.atomic import write_bytes, write_text

if TYPE_CHECKING:
    from torch import Tensor

    from sciae.collective.variable import CollectiveVariable

__all__ = ["plumed_files"]

TRIED, CLOSE = 16, 1e-9  # rows, and how far the file may be from the variable on them


def plumed_files(cv: CollectiveVariable, directory: str | Path) -> tuple[Path, ...]:
    """Write ``plumed.dat``, the network ``cv.pt`` that it reads, and references if need be.

    PLUMED computes the descriptors by its own actions, in nm and rad; the network, with its
    normalisation, is TorchScript: raw numbers (row, number) -> (row, dim), in the dtype of
    the numbers. The file is read back and compared with the variable before it is written.

    Parameters
    ----------
    cv : CollectiveVariable
        With descriptors.
    directory : str or Path
        Made if need be.

    Returns
    -------
    tuple of Path
        ``plumed.dat`` first.

    Raises
    ------
    SpecError
        If a descriptor has no action of exactly the same value, by its name.

    Notes
    -----
    PLUMED needs its ``pytorch`` module; for a small network, `plumed_plain` does without.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sciae.collective import CollectiveVariable
    >>> from sciae.descriptors import Descriptors, Torsions
    >>> from sciae.export import NumpyEncoder
    >>> phi = Descriptors((Torsions([(4, 6, 8, 14)], name="phi"),), atoms=22)
    >>> encoder = NumpyEncoder(
    ...     columns=np.array(["phi.0"]), function=np.array([2, 3]), column=np.array([0, 0]),
    ...     a=np.ones(2), b=np.ones(2), least=np.full(2, -np.inf), sizes=np.array([2, 2]),
    ...     weights=np.array([1.0, 0, 0, 1, 0, 0]), activation="none", end="angles",
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = plumed_files(CollectiveVariable(encoder=encoder, descriptors=phi), folder)
    ...     files[0].read_text().splitlines()[2:3]
    ['phi_1: TORSION ATOMS=5,7,9,15 NOPBC  # torsion(4-6-8-14)']
    """  # fmt: skip
    if cv.descriptors is None:
        raise SpecError(
            "no descriptors", where="plumed_files", expected="a variable of coordinates"
        )
    actions, content = actions_of(cv.descriptors), _content(cv)
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / "cv.pt", content)
    for file, text in actions.files.items():
        write_text(folder / file, text)
    write_text(folder / "plumed.dat", _input(cv, actions))
    return tuple(folder / name for name in ("plumed.dat", "cv.pt", *actions.files))


def _input(cv: CollectiveVariable, actions: Actions) -> str:
    """The text of ``plumed.dat``."""
    inputs = [{"name": argument} for argument in actions.arguments]
    pairs = list(zip(cv.names, cv.periods, strict=True))
    outputs = [{"name": name, "period": period} for name, period in pairs]
    model = plumed_input({"file": "cv.pt", "inputs": inputs, "outputs": outputs})
    values = [f"cv_{name}" if period else f"cv.node-{k}" for k, (name, period) in enumerate(pairs)]
    return framed(cv, [*actions.lines, model], values)


def _content(cv: CollectiveVariable) -> bytes:
    """TorchScript that gives on other rows what the variable gives."""
    module, rows = FiniteNumbersModule(NumbersModule(cv.encoder)).eval(), _rows(cv)
    # in float32, as PLUMED's numbers: tracing leaves out a conversion that changes nothing
    content = torchscript.write(module, rows[:2].float())
    function = torchscript.read(content)
    want = torch.from_numpy(cv.of_numbers(rows.numpy()))
    for some in (slice(1), slice(None)):
        far = (function(rows[some]) - want[some]).abs() > CLOSE * (1 + want[some].abs())
        if far.any() and int(far.sum()) > sum(period is not None for period in cv.periods):
            raise SpecError("the traced network gives other values", where="plumed_files")
    return content


def _rows(cv: CollectiveVariable) -> Tensor:
    """Plausible raw numbers: around each input's centre, by its scale; angles anywhere."""
    rng = torch.Generator().manual_seed(0)
    rows = torch.rand((TRIED, cv.width), generator=rng, dtype=torch.float64) * math.tau
    for i in np.flatnonzero(cv.encoder.function == AFFINE):
        column = int(cv.encoder.column[i])
        spread = rows[:, column] / math.pi - 1
        rows[:, column] = float(cv.encoder.a[i]) + float(cv.encoder.b[i]) * spread
    return rows
