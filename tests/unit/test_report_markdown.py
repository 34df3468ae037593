"""Markdown for a CI summary: read by a Markdown parser, as the reader sees it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests import report_sample as sample
from tests import report_scenes as scenes
from tolbooth.model.rule import Outcome
from tolbooth.report.markdown import code, escaped, render_markdown
from tolbooth.report.model import Report


def _page(report: Report) -> str:
    rendered: str = (
        MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(render_markdown(report))
    )
    return rendered


def _text(html: str) -> str:
    plain = MarkdownIt("commonmark").render(re.sub(r"<[^>]+>", " ", html))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", plain))


@pytest.mark.parametrize("name", scenes.SCENES)
def test_first_line_says_about_what_and_the_verdict(name: str) -> None:
    report = scenes.SCENES[name]()
    first = render_markdown(report).split("\n", 1)[0]
    assert first == f"## {escaped(report.head.label)}: {escaped(report.head.sentence)}"


def test_head_answers_in_the_order_of_a_lawyer() -> None:
    asked = re.findall(r"^- \*\*(.*?):\*\*", render_markdown(scenes.denied()), flags=re.MULTILINE)
    assert asked == ["Asked", "Decided", "Why", "Not checked", "By whom", "Applies"]


def test_tables_are_tables_with_as_many_cells_in_every_row() -> None:
    for name in scenes.SCENES:
        page = _page(scenes.SCENES[name]())
        for table in re.findall(r"<table>.*?</table>", page, flags=re.DOTALL):
            rows = re.findall(r"<tr>(.*?)</tr>", table, flags=re.DOTALL)
            assert len({len(re.findall(r"<t[hd]", row)) for row in rows}) == 1


def test_numbers_of_every_group_stand_in_a_fold() -> None:
    text = _text(_page(scenes.denied()))
    assert "African-American 44.8 % 805/1795 [42.6, 47.2] beyond the bound" in text
    assert "Asian 8.7 % 2/23 [2.4, 26.8] too few, needs 30" in text


def test_names_from_data_stay_text() -> None:
    page = _page(scenes.hostile())
    assert "<script>" not in page
    assert "<a " not in page
    assert "a|b`c` &lt;script&gt;x&lt;/script&gt; [t](http://evil.example)" in page


def test_folds_are_closed() -> None:
    page = render_markdown(scenes.hostile())
    assert page.count("<details>") == page.count("</details>") > 3


def test_long_list_of_results_is_cut_and_counted() -> None:
    many = tuple(sample.result("a.rule", Outcome.FAIL, "x", term=f"column {place:03}") for place in range(40))
    page = render_markdown(sample.sample_report(results=many))
    assert page.count("| column ") == 30
    assert "and 10 further results." in page


def test_waived_result_says_until_when() -> None:
    assert "~ waived until 2027-01-01 00:00:00Z (W-3)" in _text(_page(scenes.waived()))


@pytest.mark.parametrize(
    "text",
    [
        "*a* _b_ ~~c~~",
        "# a",
        "- a",
        "1. a",
        "a | b",
        "<b>",
        "&amp;",
        "`a`",
        "\\|",
        "![a](b)",
        "www.example.org",
        "ends\\",
    ],
)
def test_escaped_text_is_shown_as_it_is(text: str) -> None:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    (block, inline, _) = parser.parse(escaped(text))
    assert block.type == "paragraph_open"
    children = inline.children or []
    assert "".join(child.content for child in children) == text
    assert {child.type for child in children} <= {"text", "text_special"}


def test_escaped_address_and_mention_are_no_longer_what_a_service_would_link() -> None:
    assert not re.search(r"https?://|www\.|@\w|:smile:|#7", escaped("https://a.b www.a.b @ana :smile: #7"))


@pytest.mark.parametrize("text", ["a`b", "``", "a", "`a"])
def test_code_holds_backticks(text: str) -> None:
    (_, inline, _) = MarkdownIt("commonmark").parse(code(text))
    assert [(child.type, child.content) for child in inline.children or []] == [("code_inline", text)]


def test_same_report_gives_the_same_text() -> None:
    made: Any = {render_markdown(scenes.denied()) for _ in range(2)}
    assert len(made) == 1
