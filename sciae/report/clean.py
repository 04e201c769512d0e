"""Clean: strings from outside made fit to be shown, before they are escaped."""

from __future__ import annotations

import unicodedata

__all__ = ["clean", "shortened"]

UNSHOWABLE = ("Cc", "Cs", "Co", "Cn")  # control, lone surrogate, private, not assigned
REVERSING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"


def clean(text: str) -> str:
    r"""The text on one line, without characters that a page cannot or should not hold.

    Control characters and the lone surrogates of a file name that is not UTF-8 become
    U+FFFD; marks that turn the direction of the text are dropped: they can make a file
    name read as another.

    Examples
    --------
    >>> clean("a\nb\x00c")
    'a b\ufffdc'
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(letter: str) -> str:
    if letter in "\n\r\t\v\f\u2028\u2029":
        return " "
    if letter in REVERSING:
        return ""
    return "\ufffd" if unicodedata.category(letter) in UNSHOWABLE else letter


def shortened(text: str, most: int = 26) -> str:
    """The text cleaned, its middle left out if it is long: the ends of names tell them apart.

    Examples
    --------
    >>> shortened("a_rather_long_name_of_a_file.root", 16)
    'a_rathe…ile.root'
    """
    text = clean(text)
    if len(text) <= most:
        return text
    tail = most // 2
    return f"{text[: most - tail - 1]}…{text[-tail:]}"
