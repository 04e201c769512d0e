"""Svg: a drawing made fit to stand inside a page, with nothing but shapes and text left."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from sciae.errors import SpecError

__all__ = ["inline"]

SHAPES = frozenset(
    ("svg", "g", "defs", "path", "use", "text", "tspan", "rect", "clipPath", "image")
)  # fmt: skip
ATTRIBUTES = frozenset((
    "id", "d", "style", "transform", "x", "y", "width",
    "height", "viewBox", "clip-path", "href",
))  # fmt: skip
REFERENCE = re.compile(r"url\(#([\w.-]+)\)")
ANY_REFERENCE = re.compile(r"url\(", re.IGNORECASE)


def inline(svg: str, *, prefix: str, label: str) -> str:
    """The drawing for use inside HTML.

    Parameters
    ----------
    svg : str
    prefix : str
        Put before every id, so that two drawings of one page do not share one.
    label : str
        What it shows, for a screen reader.

    Raises
    ------
    SpecError
        If it is not SVG.

    Examples
    --------
    >>> inline('<svg viewBox="0 0 1 1"><script/><path id="a"/></svg>', prefix="f1-", label="x")
    '<svg viewBox="0 0 1 1" role="img" aria-label="x"><path id="f1-a" /></svg>'
    """
    try:
        root = ET.fromstring(svg)  # noqa: S314 - what is read here, figures.canvas has drawn
    except ET.ParseError as error:
        raise SpecError(f"not a drawing ({error})", where="figure", expected="SVG") from error
    if _name(root.tag) != "svg":
        raise SpecError(f"a {_name(root.tag)!r} element", where="figure", expected="SVG")
    _keep_shapes(root, prefix)
    for size in ("width", "height"):
        root.attrib.pop(size, None)  # the page decides; the viewBox keeps the proportions
    root.attrib |= {"role": "img", "aria-label": label}
    return ET.tostring(root, encoding="unicode")


def _name(tag: object) -> str:
    """A tag or attribute without its namespace; "" for comments."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _keep_shapes(element: ET.Element, prefix: str) -> None:
    element.tag = _name(element.tag)
    kept = {_name(name): value for name, value in element.attrib.items()}
    element.attrib = {
        name: _attribute(name, value, prefix)
        for name, value in kept.items()
        if name in ATTRIBUTES and _is_local(name, value)
    }
    if element.tag not in ("text", "tspan"):
        element.text = None
    element[:] = [child for child in element if _name(child.tag) in SHAPES]
    for child in element:
        child.tail = None
        _keep_shapes(child, prefix)


def _is_local(name: str, value: str) -> bool:
    """Whether a value refers to this drawing only: to its parts, or to a picture inside it."""
    if name == "href":
        return value.startswith(("#", "data:image/png;base64,"))
    return not ANY_REFERENCE.search(REFERENCE.sub("", value))


def _attribute(name: str, value: str, prefix: str) -> str:
    if name == "id":
        return prefix + value
    if name == "href" and value.startswith("#"):
        return f"#{prefix}{value[1:]}"
    return " ".join(REFERENCE.sub(rf"url(#{prefix}\1)", value).split())
