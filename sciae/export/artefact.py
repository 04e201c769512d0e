"""Artefact: a model written for another program, checked, with its sidecar."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from sciae.autoencoders.raw.module import CV, Reconstruction
from sciae.errors import SpecError
from sciae.export import dense, onnx, program, torchscript
from sciae.export.sidecar import described
from sciae.run import write_bytes, write_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from sciae.autoencoders.model import Autoencoder
    from sciae.autoencoders.normalise import Normaliser
    from sciae.schema import Field

__all__ = ["FORMATS", "WHAT", "export"]

TRIED, CLOSE = 16, 1e-4  # rows, and how far the file may be from the module on them
MOST_LOG = 20.0  # of a count that is tried


class Format(NamedTuple):
    """How a module becomes bytes, given rows to try it on, and a function again."""

    write: Callable[[nn.Module, Tensor], bytes]
    read: Callable[[bytes], Callable[[Tensor], Tensor]]
    dtype: torch.dtype | None = None
    """The only one that its rows have, if there is only one."""


FORMATS: dict[str, Format] = {
    "torchscript": Format(torchscript.write, torchscript.read),
    "pt2": Format(program.write, program.read),
    "onnx": Format(onnx.write, onnx.read),
    "numpy": Format(dense.write, dense.read, torch.float64),
}
WHAT: dict[str, Callable[[Autoencoder], CV | Reconstruction]] = {
    "cv": CV,
    "reconstruction": Reconstruction,
}


def export(
    model: Autoencoder,
    path: str | Path,
    *,
    to: str,
    what: str = "cv",
    dtype: torch.dtype | None = None,
) -> dict[str, Any]:
    """Write a model for another program, and beside it what the numbers are.

    The file takes one matrix of raw numbers, shape (row, number), with any number of rows:
    the fields in the order of the schema, each flattened; NaN is not observed. It is read
    back and compared with the model before it is written.

    Parameters
    ----------
    model : Autoencoder
        Of flat fields.
    path : str or Path
        The file; ``<path>.json`` says what its numbers are.
    to : str
        "torchscript" (PLUMED, OpenMM), "pt2" (``torch.export``), "onnx" (``sciae[export]``)
        or "numpy" (an ``.npz`` for `NumpyEncoder`; dense encoders).
    what : str
        "cv" (see `CV`) or "reconstruction" (see `Reconstruction`).
    dtype : torch.dtype, optional
        Of the raw numbers and of what is given back; by default the networks'. float64
        keeps the small differences of large numbers. A TorchScript file takes both; "numpy"
        always takes float64.

    Returns
    -------
    dict
        The content of the sidecar.

    Raises
    ------
    SpecError
        If the format or `what` is unknown, the model cannot be exported so, or the file
        would not do what the model does.
    MissingExtraError
        If the format needs a package that is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from sciae.autoencoders import kinds
    >>> from sciae.schema import Field, Schema
    >>> model = kinds.plain(Schema((Field(name="d", kind="continuous", unit="nm"),)), latent=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = export(model, f"{folder}/cv.npz", to="numpy")
    >>> made["inputs"]
    [{'name': 'd', 'kind': 'continuous', 'unit': 'nm', 'period': None}]
    """
    for name, known in ((to, FORMATS), (what, WHAT)):
        if name not in known:
            raise SpecError(f"{name!r}", where="export", expected=f"one of {', '.join(known)}")
    path, form = Path(path), FORMATS[to]
    module = WHAT[what](model).eval().cpu()
    rows = _rows(model.normaliser, form.dtype or dtype or model.dtype)
    content = _content(form, module, rows, to)
    sidecar = described(module, rows, content, file=path.name, to=to)
    beside = path.with_name(path.name + ".json")
    beside.unlink(missing_ok=True)  # never of another file
    write_bytes(path, content)
    write_json(beside, sidecar)
    return sidecar


def _content(form: Format, module: nn.Module, rows: Tensor, to: str) -> bytes:
    """The bytes of the file, if it does on other rows what the module does."""
    try:
        content = form.write(module, rows[:2])
        far = _far(form.read(content), module, rows)
    except SpecError:
        raise
    except Exception as error:  # each runtime fails in its own way
        short = (str(error).splitlines() or [type(error).__name__])[0]
        raise _refused(short.rstrip(".!"), to) from error
    if far > 1:  # one angle at its seam, or one tie of two classes, may fall either way
        raise _refused(f"{far} of {len(rows)} rows differ from the model's own", to)
    return content


@torch.no_grad()
def _far(written: Callable[[Tensor], Tensor], module: nn.Module, rows: Tensor) -> int:
    """Tracing makes what depends on the rows a constant: try one, complete ones, others."""
    far = 0
    for some in (rows[:1], rows[::2], rows[1::2]):
        want = module(some)
        near = (written(some) - want).abs() <= CLOSE * (1 + want.abs())  # NaN is not
        far += int(near.all(1).logical_not().sum())
    return far


def _refused(what: str, to: str) -> SpecError:
    return SpecError(
        what, where=f"export to {to}", expected="parts that compute the same for all rows"
    )


def _rows(normaliser: Normaliser, dtype: torch.dtype) -> Tensor:
    """Rows like those that the normaliser was fitted to; every other one with a gap."""
    rng = torch.Generator().manual_seed(0)
    at = {place.field.name: place.targets for place in normaliser.layout.places}
    location, scale = normaliser.location.cpu(), normaliser.scale.cpu()
    columns = [_values(f, location[at[f.name]], scale[at[f.name]], rng) for f in normaliser.schema]
    rows = torch.cat(columns, 1).to(dtype)
    rows[1::2, 0] = math.nan
    return rows


def _values(field: Field, location: Tensor, scale: Tensor, rng: torch.Generator) -> Tensor:
    """Plausible raw numbers of one field, shape (row, number)."""
    shape = (TRIED, field.width)
    u = torch.rand(shape, generator=rng, dtype=torch.float64)
    if field.kind in ("continuous", "count"):
        x = location + scale * torch.randn(shape, generator=rng, dtype=torch.float64)
        return x if field.kind == "continuous" else x.clamp(0, MOST_LOG).expm1().round()
    if field.kind == "composition":
        return u / u.sum(1, keepdim=True)
    return u * field.period if field.period else (u * max(2, len(field.classes))).floor()
