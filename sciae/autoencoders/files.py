"""A model on disk: weights.safetensors and model.json; nothing in them can run code."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from sciae.autoencoders.heads import Joint
from sciae.autoencoders.model import Autoencoder
from sciae.autoencoders.parts import build, describe, register, settings_of
from sciae.errors import ModelFileError, SciaeError
from sciae.run import write_bytes, write_json
from sciae.schema import Schema

__all__ = ["load", "register", "save"]

FORMAT, VERSION = "sciae-model", 1
WEIGHTS, DESCRIPTION = "weights.safetensors", "model.json"
MOST_WEIGHTS, MOST_DESCRIPTION = 4 * 2**30, 64 * 2**20  # bytes
COPY = "The file was damaged, truncated or changed; copy it again."
# What a description that no model has can make constructors of registered parts raise.
MISFITS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


def save(
    model: Autoencoder, directory: str | Path, *, training: dict[str, Any] | None = None
) -> Path:
    """Write a model; description last, so that a half-written model never loads.

    Parameters
    ----------
    model : Autoencoder
    directory : str or Path
        Made if it is not there; gets ``weights.safetensors`` and ``model.json``.
    training : dict, optional
        Plain JSON to keep with it, such as ``fitted.summary()``.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    SpecError
        If a part is not registered.

    Examples
    --------
    >>> import tempfile
    >>> from sciae.autoencoders import kinds
    >>> from sciae.schema import Field
    >>> model = kinds.plain(Schema((Field(name="x", kind="continuous"),)), latent=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load(save(model, folder)).latent.dim
    1
    """
    directory = Path(directory)
    parts = _parts_of(model)
    tensors = {name: x.detach().cpu().contiguous() for name, x in model.state_dict().items()}
    weights = save_tensors(tensors)
    description: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "schema": model.schema.to_json(),
        "parts": parts,
        "training": training or {},
        "versions": {"torch": str(torch.__version__)},
        "weights": {"file": WEIGHTS, "bytes": len(weights), "sha256": _sha256(weights)},
    }
    description["sha256"] = _checksum(description)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / DESCRIPTION).unlink(missing_ok=True)
    write_bytes(directory / WEIGHTS, weights)
    write_json(directory / DESCRIPTION, description)
    return directory


def load(directory: str | Path) -> Autoencoder:
    """Read a model that `save` wrote; builds registered parts only.

    Checksums catch damage, not malice: who can write the files can make any model of
    registered parts. Nothing in them can run code, allocate more than the weights' own size,
    or be read from elsewhere.

    Raises
    ------
    ModelFileError
        If a file is missing, truncated or changed, of a newer format, or names an unknown
        part.
    """
    directory = Path(directory)
    description = _description(directory / DESCRIPTION)
    weights = _weights(directory, description)
    try:
        schema = Schema.from_json(description["schema"])
        with torch.device("meta"):  # shapes only: a hostile size allocates nothing
            model = _built(schema, description["parts"])
            model.check_parts()
        model.load_state_dict(weights, assign=True)
        model.requires_grad_(requires_grad=True)
    except MISFITS as error:
        raise ModelFileError(
            f"the description does not make a model ({_short(error)})",
            where=directory / DESCRIPTION,
            expected="parts and weights that fit each other",
        ) from error
    return model.eval()


def _parts_of(model: Autoencoder) -> dict[str, Any]:
    heads = settings_of(model.heads)
    del heads["schema"]
    return {
        "encoder": describe(model.encoder),
        "latent": describe(model.latent),
        "decoder": describe(model.decoder),
        "heads": heads,
        "penalties": [describe(penalty) for penalty in model.penalties],
        "corruption": None if model.corruption is None else describe(model.corruption),
        "lag": model.lag,
    }


def _built(schema: Schema, parts: dict[str, Any]) -> Autoencoder:
    corruption = parts["corruption"]
    return Autoencoder(
        schema,
        encoder=build(parts["encoder"]),
        latent=build(parts["latent"]),
        decoder=build(parts["decoder"]),
        heads=Joint(schema, **parts["heads"]),
        penalties=[build(part) for part in parts["penalties"]],
        corruption=None if corruption is None else build(corruption),
        lag=int(parts["lag"]),
    )


def _description(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_read(path, MOST_DESCRIPTION))
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"not readable as JSON ({_short(error)})", where=path) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ModelFileError("not a description of a sciae model", where=path)
    version = content.get("version")
    if not isinstance(version, int) or not 1 <= version <= VERSION:
        raise ModelFileError(
            f"format version {version!r}",
            where=path,
            expected=f"at most {VERSION}",
            fix="Update sciae to read it.",
        )
    if content.pop("sha256", None) != _checksum(content):
        raise ModelFileError("its sha256 differs from the one it states", where=path, fix=COPY)
    return content


def _weights(directory: Path, description: dict[str, Any]) -> dict[str, torch.Tensor]:
    path = directory / WEIGHTS  # never a name from the description
    known = description.get("weights")
    if not isinstance(known, dict) or {"bytes", "sha256"} - set(known):
        raise ModelFileError("no checksum of the weights", where=directory / DESCRIPTION)
    content = _read(path, MOST_WEIGHTS)
    if len(content) != known["bytes"]:
        raise ModelFileError(
            f"{len(content)} bytes", where=path, expected=f"{known['bytes']} bytes", fix=COPY
        )
    if _sha256(content) != known["sha256"]:
        raise ModelFileError(
            f"its sha256 differs from the one in {DESCRIPTION}", where=path, fix=COPY
        )
    try:
        tensors: dict[str, torch.Tensor] = load_tensors(content)
    except SafetensorError as error:
        raise ModelFileError(f"not in safetensors format ({_short(error)})", where=path) from error
    return tensors


def _read(path: Path, most: int) -> bytes:
    """The bytes of a file that is there and not larger than it can sensibly be."""
    try:
        size = path.stat().st_size
        if size > most:
            raise ModelFileError(f"{size} bytes", where=path, expected=f"at most {most}")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelFileError(
            "no model here",
            where=path.parent,
            expected=f"a directory with {DESCRIPTION} and {WEIGHTS}",
        ) from error


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _checksum(description: dict[str, Any]) -> str:
    """Of what the JSON says, however it is laid out."""
    return _sha256(json.dumps(description, sort_keys=True).encode())


def _short(error: BaseException) -> str:
    text = error.what if isinstance(error, SciaeError) else str(error)
    return (text.splitlines() or [type(error).__name__])[0][:200]
