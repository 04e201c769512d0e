"""Page: a report as data, written as one HTML file that needs no network and no script.

Every string that reaches the file passes `_text`, the one place where it is cleaned and
escaped; every drawing passes `sciae.report.svg.inline`, which drops all but a few elements.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sciae.errors import SpecError
from sciae.report.clean import clean
from sciae.report.style import STYLE
from sciae.report.svg import inline
from sciae.run import write_text

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

__all__ = ["Cell", "Figure", "Finding", "Numbers", "Page", "Section", "render", "write_page"]

# Nothing is loaded and nothing runs, whatever a file name tries.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
LEVELS = {"good": ("✓", "Good"), "note": ("i", "Note"), "warning": ("!", "Warning")}


@dataclass(frozen=True)
class Finding:
    """One sentence or two of a verdict.

    Attributes
    ----------
    level : {"good", "note", "warning"}
    text : str
    about : str
        What it is about, in bold before the text.
    """

    level: Literal["good", "note", "warning"]
    text: str
    about: str = ""


@dataclass(frozen=True)
class Figure:
    """A drawing, what it shows for those who cannot see it, and its caption."""

    svg: str
    alt: str
    caption: str


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    text : str
    detail : str
        Below it, smaller: an interval.
    mark : {"", "best", "tied"}
        Best of its column, or not told apart from the best.
    """

    text: str
    detail: str = ""
    mark: Literal["", "best", "tied"] = ""


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A table; the first cell of each row names the row.

    Attributes
    ----------
    header : tuple of str
    rows : tuple of tuple of Cell
    caption : str
    notes : tuple of str
        Footnotes, each with its sign.
    words : bool
        Cells hold words, which stand left, not numbers, which stand right.

    Raises
    ------
    SpecError
        If a row has not as many cells as the header.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()
    words: bool = False

    def __post_init__(self) -> None:
        wrong = {len(row) for row in self.rows} - {len(self.header)}
        if wrong:
            raise SpecError(
                f"a row of {min(wrong)} cells",
                where=f"table {self.caption!r}",
                expected=f"{len(self.header)}, as in its header",
            )


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it: paragraphs, figures, tables."""

    title: str
    text: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Numbers, ...] = ()


@dataclass(frozen=True)
class Page:
    """A report.

    Attributes
    ----------
    title : str
    verdict : tuple of Finding
        What it comes to, in words.
    facts : mapping of str to str
        What was run, on what.
    sections : tuple of Section
    """

    title: str
    verdict: tuple[Finding, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()


def write_page(path: str | os.PathLike[str], page: Page) -> None:
    """Write a page as HTML, whole or not at all; equal pages give equal bytes.

    Raises
    ------
    RunError
        If the folder does not exist or the disk is full.
    SpecError
        If a figure is not a drawing in SVG.
    """
    write_text(path, render(page))


def render(page: Page) -> str:
    """The page as HTML.

    Examples
    --------
    >>> page = Page("jets <1>", (Finding("note", "All is well."),), {"rows": "3"})
    >>> "<h1>jets &lt;1&gt;</h1>" in render(page)
    True
    """
    numbered = list(enumerate(page.sections, 1))
    parts = [
        _head(page.title),
        f"<header><h1>{_text(page.title)}</h1></header><main>",
        _verdict(page.verdict),
        _facts(page.facts),
        _contents(page.sections),
        *(_section(section, number) for number, section in numbered),
        "</main>",
        "<footer><p>Written by sciae. This file needs no network and runs no script.</p></footer>",
        "</body></html>\n",
    ]
    return "\n".join(part for part in parts if part)


def _text(value: str) -> str:
    """The one door for strings into the page."""
    return html.escape(clean(value))


def _head(title: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_text(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{_text(title)}</title><style>{STYLE}</style></head><body>"
    )


def _verdict(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return ""
    return (
        '<section class="verdict"><h2>Verdict</h2><ul>'
        + _joined(_finding(finding) for finding in findings)
        + "</ul></section>"
    )


def _finding(finding: Finding) -> str:
    sign, word = LEVELS[finding.level]
    about = f"<b>{_text(finding.about)}</b> " if finding.about else ""
    badge = f'<span class="badge" role="img" aria-label="{word}" title="{word}">{sign}</span>'
    return f'<li class="{word.lower()}">{badge}<span>{about}{_text(finding.text)}</span></li>'


def _facts(facts: Mapping[str, str]) -> str:
    if not facts:
        return ""
    rows = (f"<div><dt>{_text(k)}</dt><dd>{_text(v)}</dd></div>" for k, v in facts.items())
    return f'<section class="facts"><h2>What was run</h2><dl>{_joined(rows)}</dl></section>'


def _contents(sections: tuple[Section, ...]) -> str:
    if len(sections) < 2:  # noqa: PLR2004 - a list of one
        return ""
    items = (f'<li><a href="#s{n}">{_text(s.title)}</a></li>' for n, s in enumerate(sections, 1))
    return f'<nav aria-label="Contents"><h2>Contents</h2><ol>{_joined(items)}</ol></nav>'


def _section(section: Section, number: int) -> str:
    pair = ' class="pair"' if len(section.figures) == len(section.tables) == 1 else ""
    figures = _joined(
        _figure(figure, f"f{number}-{place}-") for place, figure in enumerate(section.figures, 1)
    )
    tables = _joined(map(_numbers, section.tables))
    return (
        f'<section id="s{number}"><h2>{_text(section.title)}</h2>'
        + _joined(f"<p>{_text(paragraph)}</p>" for paragraph in section.text)
        + f"<div{pair}>"
        + (f'<div class="figures">{figures}</div>' if figures else "")
        + (f'<div class="tables">{tables}</div>' if tables else "")
        + "</div></section>"
    )


def _figure(figure: Figure, prefix: str) -> str:
    drawing = inline(figure.svg, prefix=prefix, label=clean(figure.alt))
    return f"<figure>{drawing}<figcaption>{_text(figure.caption)}</figcaption></figure>"


def _numbers(table: Numbers) -> str:
    kind = ' class="words"' if table.words else ""
    caption = f"<caption>{_text(table.caption)}</caption>" if table.caption else ""
    head = _joined(f'<th scope="col">{_text(name)}</th>' for name in table.header)
    rows = _joined(f"<tr>{_row(row)}</tr>" for row in table.rows)
    notes = _joined(f"<li>{_text(note)}</li>" for note in table.notes)
    return (
        f'<div class="table"><table{kind}>{caption}<thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        + (f'<ul class="notes">{notes}</ul>' if notes else "")
    )


def _row(row: tuple[Cell, ...]) -> str:
    first = "".join(f'<th scope="row">{_inner(cell)}</th>' for cell in row[:1])
    return first + "".join(f"<td>{_inner(cell)}</td>" for cell in row[1:])


def _inner(cell: Cell) -> str:
    text = _text(cell.text)
    if cell.mark == "best":
        text = f"<strong>{text}</strong>"
    elif cell.mark == "tied":
        text = f"≈ {text}"
    return text + (f"<small>{_text(cell.detail)}</small>" if cell.detail else "")


def _joined(parts: Iterable[str]) -> str:
    return "".join(parts)
