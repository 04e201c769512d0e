from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciae.errors import RunError, SpecError
from sciae.report import Cell, Figure, Finding, Numbers, Page, Section, render, write_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def page_of(text: str):
    svg = '<svg viewBox="0 0 1 1"><g id="a"><text>drawn</text></g></svg>'
    return Page(
        text,
        (Finding("warning", text, text),),
        {text: text},
        (
            Section(
                text,
                (text,),
                (Figure(svg, text, text),),
                (
                    Numbers(
                        header=(text,), rows=((Cell(text, text),),), caption=text, notes=(text,)
                    ),
                ),
            ),
            Section("second"),
        ),
    )


def test_no_string_becomes_markup(evil: str, assert_safe: Callable[[str], Any]):
    written = render(page_of(evil))
    harmless = render(page_of("harmless"))
    assert assert_safe(written).tags == assert_safe(harmless).tags
    written.encode()  # no lone surrogate


@given(text=st.text(min_size=1))
def test_no_text_whatever_becomes_markup(text: str, assert_safe: Callable[[str], Any]):
    assert assert_safe(render(page_of(text))).tags == assert_safe(render(page_of("harmless"))).tags


@given(
    text=st.text(
        alphabet=st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn", "Cf", "Zl", "Zp"))
    )
)
def test_plain_text_is_shown_as_it_is(text: str, read: Callable[[str], Any]):
    assert f"a{text}b" in read(render(Page(f"a{text}b"))).words


def test_a_name_cannot_turn_its_reading_direction():
    assert "\u202e" not in render(page_of("safe\u202eexe.gpj"))


@pytest.mark.parametrize(
    "svg",
    [
        "<svg><script>alert(1)</script></svg>",
        '<svg onload="alert(1)"><path d="M 0 0"/></svg>',
        '<svg><a href="https://evil.example"><text>x</text></a></svg>',
        '<svg><use href="https://evil.example/a.svg#b"/></svg>',
        '<svg><image href="https://evil.example/a.png"/></svg>',
        '<svg><image href="data:image/svg+xml;base64,AAAA"/></svg>',
        '<svg><path style="fill: url(https://evil.example/a)"/></svg>',
        '<svg><path style="fill: URL( #a )"/></svg>',
        "<svg><style>@import 'https://evil.example'</style></svg>",
        "<svg><foreignObject><div>x</div></foreignObject></svg>",
        '<svg><animate attributeName="href" values="javascript:alert(1)"/></svg>',
    ],
)
def test_a_drawing_keeps_shapes_and_text_only(svg: str, assert_safe: Callable[[str], Any]):
    page = Page("x", sections=(Section("y", figures=(Figure(svg, "alt", "caption"),)),))
    text = render(page)
    assert_safe(text)
    assert "evil" not in text
    assert "alert" not in text


def test_two_drawings_do_not_share_an_id(assert_safe: Callable[[str], Any]):
    svg = '<svg><defs><path id="a" d="M 0 0"/></defs><use href="#a"/></svg>'
    figure = Figure(svg, "alt", "caption")
    text = render(Page("x", sections=(Section("y", figures=(figure, figure)),)))
    reader = assert_safe(text)
    assert [value for name, value in reader.attributes if name == "href"] == ["#f1-1-a", "#f1-2-a"]


@pytest.mark.parametrize("svg", ["", "words", "<html></html>", "<svg>"])
def test_what_is_not_a_drawing_is_refused(svg: str):
    page = Page("x", sections=(Section("y", figures=(Figure(svg, "alt", "caption"),)),))
    with pytest.raises(SpecError, match="SVG"):
        render(page)


def test_an_empty_page_is_a_page(assert_safe: Callable[[str], Any]):
    assert_safe(render(Page("")))


def test_contents_lead_to_every_section(read: Callable[[str], Any]):
    reader = read(render(Page("x", sections=tuple(Section(name) for name in "abc"))))
    links = [value[1:] for name, value in reader.attributes if name == "href"]
    assert links == [value for name, value in reader.attributes if name == "id"]


def test_a_page_is_written_whole(tmp_path: Path):
    page = page_of("ünï")
    write_page(tmp_path / "report.html", page)
    assert (tmp_path / "report.html").read_text("utf-8") == render(page)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(RunError):
        write_page(tmp_path / "absent" / "report.html", page)


def test_a_table_has_as_many_cells_as_its_header():
    with pytest.raises(SpecError, match="a row of 2 cells"):
        Numbers(header=("a",), rows=((Cell("1"), Cell("2")),))
