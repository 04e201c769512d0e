"""Plain JSON: finite numbers, text, lists, and mappings with text keys; nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from sciae.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 60  # characters of a value that a message quotes
_ABSENT = object()


def plain(value: object, *, where: str) -> Any:
    """Copy a value as plain JSON: tuples become lists, NumPy floats become floats.

    Raises
    ------
    SpecError
        If it holds something that JSON cannot give back as it was, such as NaN, a path
        or a key that is not text; the message says at which key.
    """
    match value:
        case None | bool():
            return value
        case str():
            return str.__str__(value)
        case int():
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case list() | tuple():
            return [plain(item, where=f"{where}[{i}]") for i, item in enumerate(value)]
        case Mapping() if all(isinstance(key, str) for key in value):
            return {key: plain(item, where=f"{where}.{key}") for key, item in value.items()}
    raise _not_plain(value, where)


def _not_plain(value: object, where: str) -> SpecError:
    if isinstance(value, Mapping):
        key = next(key for key in value if not isinstance(key, str))
        return SpecError(f"the key {key!r} is not text", where=where, fix="Use str(key).")
    kind = "not finite" if isinstance(value, float) else f"a {type(value).__name__}"
    return SpecError(
        f"{value!r:.{_SHOWN}} is {kind}",
        where=where,
        expected="plain JSON: finite numbers, text, true, false, null, lists and mappings",
        fix="Write null where a number is missing." if isinstance(value, float) else "",
    )


def dumps(value: object, *, where: str) -> str:
    """JSON text of a plain value, in the order given, ending in a newline."""
    return json.dumps(plain(value, where=where), indent=2, allow_nan=False) + "\n"


def loads(text: str) -> Any:
    """Read JSON text strictly, which refuses NaN and infinities: ValueError."""
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Each value that differs, by its dotted key, in words.

    Examples
    --------
    >>> differences({"fit": {"epochs": 3, "rate": 0.1}}, {"fit": {"epochs": 5, "rate": 0.1}})
    ['fit.epochs: 3 then, 5 now']
    """
    old, new = dict(_leaves(then)), dict(_leaves(now))
    return [
        f"{key}: {_shown(old.get(key, _ABSENT))} then, {_shown(new.get(key, _ABSENT))} now"
        for key in old | new
        if old.get(key, _ABSENT) != new.get(key, _ABSENT)
    ]


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _shown(value: object) -> str:
    text = "absent" if value is _ABSENT else json.dumps(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
