"""A release as text, Markdown and HTML: every text from data is shown as it is, and nothing of it is markup."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from tolbooth.enforce.release import GateDenied, GatePending, GateUndecided, Reason, Release, refusal_of

HOSTILE = "<script>alert(1)</script> | `x` [a](http://b) @all \x1b[2J\u202e *b*\n# head"
REASON = Reason(rule="fairness.difference", term=HOSTILE, outcome="fail", enforcement="deny", message=HOSTILE)
RELEASE = Release(
    gate="release",
    environment="ci",
    subject=f"{HOSTILE}@7",
    subject_sha256="a" * 64,
    verdict="deny",
    decision="d" * 64,
    basis="b" * 64,
    as_of="2026-11-23T09:14:07Z",
    position=3,
    reasons=(REASON,),
    missing=(f"risk ({HOSTILE})",),
    warnings=(replace(REASON, enforcement="warn"),),
    sentence="May not be released: 1 rule fails.",
)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def page(html: str) -> _Page:
    parsed = _Page()
    parsed.feed(html)
    parsed.close()
    return parsed


def test_a_notebook_shows_a_table_and_no_markup_from_data() -> None:
    shown = page(RELEASE._repr_html_())
    assert shown.tags == {"div", "p", "strong", "table", "tr", "th", "td", "ul", "li", "small"}
    assert shown.attributes == []
    assert "<script>alert(1)</script>" in shown.text
    assert "\x1b" not in shown.text
    assert "\u202e" not in shown.text
    assert "May not be released: 1 rule fails." in shown.text
    assert "blocks the release" in shown.text
    assert "warns only" in shown.text


def test_markdown_shows_text_from_data_as_it_is() -> None:
    html = MarkdownIt("commonmark").render(RELEASE.markdown())
    shown = page(html)
    assert shown.tags <= {"p", "strong", "ul", "li", "code"}
    assert "<script>alert(1)</script>" in shown.text
    assert "[a](http://b)" in shown.text


def test_each_reason_and_each_awaited_role_is_one_line() -> None:
    lines = str(GateDenied(RELEASE)).split("\n")
    assert len(lines) == 4
    assert lines[1].startswith("- fairness.difference (")
    assert lines[2].startswith("- waits for risk (")
    assert lines[3] == ("decision dddddddddddd, basis bbbbbbbbbbbb, log entry 4, 2026-11-23T09:14:07Z")


def test_an_empty_release_has_no_table_and_says_what_it_knows() -> None:
    calm = replace(RELEASE, verdict="allow", reasons=(), missing=(), warnings=(), position=None, repeated=True)
    assert page(calm._repr_html_()).tags == {"div", "p", "strong", "small"}
    assert "not recorded, recorded before under the same key" in calm.markdown()


@pytest.mark.parametrize(
    ("verdict", "kind"), [("deny", GateDenied), ("undecided", GateUndecided), ("pending", GatePending)]
)
def test_each_no_has_its_error(verdict: str, kind: type[GateDenied]) -> None:
    refusal = refusal_of(replace(RELEASE, verdict=verdict))
    assert type(refusal) is kind
    assert refusal.release.verdict == verdict


@pytest.mark.parametrize("verdict", ["deny", "undecided", "pending", "", "ALLOW", "allowed"])
def test_nothing_but_allow_is_allowed(verdict: str) -> None:
    release = replace(RELEASE, verdict=verdict)
    assert (release.allowed, bool(release)) == (False, False)
