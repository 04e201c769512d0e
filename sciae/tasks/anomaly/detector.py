"""Detector: a model and what background looks like to it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from sciae.autoencoders import files
from sciae.autoencoders.score import DRAWS
from sciae.autoencoders.score import score as score_features
from sciae.batch import to_batch
from sciae.errors import DataError, ModelFileError, SchemaError
from sciae.run import write_bytes
from sciae.tasks.anomaly.conformal import Calibration
from sciae.tasks.anomaly.scores import Scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from sciae.autoencoders.model import Autoencoder
    from sciae.table import Table

__all__ = ["Detector", "calibrate", "load", "save", "score", "score_stream"]

CALIBRATION = "calibration.bin"  # its sha256 in hexadecimal, then safetensors
CODE = "code"  # the part that is no field's
CHECKSUM = 64
BLOCK = 1024  # rows judged at once: always the same, so that a row's score is too


@dataclass(frozen=True)
class Detector:
    """A fitted model with the scores of held-out background.

    Attributes
    ----------
    model : Autoencoder
    calibration : Calibration
    draws : int
        Of the importance-sampled evidence, for a Gaussian latent.
    """

    model: Autoencoder
    calibration: Calibration
    draws: int = DRAWS


def calibrate(model: Autoencoder, background: Table, *, draws: int = DRAWS) -> Detector:
    """A detector from a fitted model and background that it was *not* trained on.

    Parameters
    ----------
    model : Autoencoder
    background : Table
        Held out: neither trained on nor used for early stopping. Split it off first, by
        `sciae.split`.
    draws : int
        Of the importance-sampled evidence, for a Gaussian latent; kept, for later scores
        must be made like those they are compared with.

    Raises
    ------
    SchemaError
        If the table's schema is not the model's.
    DataError
        If there are too few rows, or a score is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from sciae.autoencoders import kinds
    >>> from sciae.schema import Field, Schema
    >>> from sciae.table import Table
    >>> schema = Schema((Field(name="x", kind="continuous"),))
    >>> model = kinds.plain(schema, latent=1)
    >>> background = Table(schema, {"x": np.linspace(-1, 1, 50)})
    >>> model.fit_normaliser([background])
    >>> len(calibrate(model, background).calibration)
    50
    """
    model.schema.require(background.schema)
    total, _ = _judge(model, background, draws)
    return Detector(model, Calibration.of(total, background.weight), draws)


def score(detector: Detector, table: Table) -> Scores:
    """The score, p-value and parts of each row, in the table's order.

    Raises
    ------
    SchemaError
        If the table's schema is not the model's; names the differences.
    DataError
        If a score is not finite.
    """
    detector.model.schema.require(table.schema)
    total, parts = _judge(detector.model, table, detector.draws)
    return Scores(
        total,
        detector.calibration.p_value(total),
        parts,
        table.carried,
        table.origins,
        table.origin,
        table.entry,
        table.rejected,
    )


def score_stream(detector: Detector, tables: Iterable[Table]) -> Iterator[Scores]:
    """Scores piece by piece; memory does not grow with the source."""
    for table in tables:
        yield score(detector, table)


def _judge(
    model: Autoencoder, table: Table, draws: int
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Parts of each row in float64, and the score as their sum."""
    if CODE in model.schema.names:
        raise SchemaError("is the name of the code's own part", field=CODE, fix="Rename it.")
    names = [*model.schema.names, CODE]
    blocks: dict[str, list[torch.Tensor]] = {name: [] for name in names}
    for block in table.chunks(BLOCK):
        features = model.features(to_batch(block, device=model.device))
        parts = score_features(model, features, draws=draws).by_field(model)
        for name in names:
            blocks[name].append(parts[name].double().cpu())
    empty = torch.zeros(0, dtype=torch.float64)
    columns = {name: torch.cat([empty, *blocks[name]]).numpy() for name in names}
    total: NDArray[np.float64] = sum(columns.values(), start=empty.new_zeros(len(table)).numpy())
    if bad := int((~torch.from_numpy(total).isfinite()).sum()):
        raise DataError(
            f"{bad} of {len(total)} scores are not finite",
            where="score",
            fix="Values may be too far from the training data for float32.",
        )
    return total, columns


def save(
    detector: Detector, directory: str | Path, *, training: dict[str, object] | None = None
) -> Path:
    """Write model and calibration into a directory.

    The calibration comes last and names the model's description, which names its weights:
    parts of two detectors, or half of one, never load.
    """
    directory = Path(directory)
    (directory / CALIBRATION).unlink(missing_ok=True)
    files.save(detector.model, directory, training=training)
    arrays = {
        "scores": detector.calibration.scores,
        "draws": np.array([detector.draws]),
        "model": _fingerprint(directory),
    }
    if detector.calibration.weight is not None:
        arrays["weight"] = detector.calibration.weight
    content = save_arrays(arrays)
    checksum = hashlib.sha256(content).hexdigest()
    write_bytes(directory / CALIBRATION, checksum.encode() + content)
    return directory


def load(directory: str | Path) -> Detector:
    """Read what `save` wrote.

    Raises
    ------
    ModelFileError
        If a file is missing, damaged, or of another detector.
    """
    model = files.load(directory)
    path = Path(directory) / CALIBRATION
    try:
        arrays = _checked(path.read_bytes())
        if arrays["model"].tolist() != _fingerprint(Path(directory)).tolist():
            raise ValueError("of another model")  # noqa: TRY301 - one message for all damage
        calibration = Calibration.of(arrays["scores"], arrays.get("weight"))
        draws = int(arrays["draws"][0])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise ModelFileError(
            f"no usable calibration ({type(error).__name__}: {error})",
            where=path,
            expected=f"the calibration of the model in {files.DESCRIPTION}, both unchanged",
            fix="Copy the directory again, or fit again with `sciae fit`.",
        ) from error
    return Detector(model, calibration, draws)


def _checked(content: bytes) -> dict[str, NDArray[Any]]:
    checksum, arrays = content[:CHECKSUM], content[CHECKSUM:]
    if hashlib.sha256(arrays).hexdigest().encode() != checksum:
        raise ValueError("sha256 differs")
    return load_arrays(arrays)


def _fingerprint(directory: Path) -> NDArray[np.uint8]:
    description = (directory / files.DESCRIPTION).read_bytes()
    return np.frombuffer(hashlib.sha256(description).digest(), np.uint8)
