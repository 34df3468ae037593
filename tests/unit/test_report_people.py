"""Who decided, in every format: words with their conditions, what is awaited, waivers with what makes up for them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from tests import report_scenes as scenes
from tolbooth.report.html import render_html
from tolbooth.report.json_format import json_document
from tolbooth.report.markdown import render_markdown
from tolbooth.report.paper import paper
from tolbooth.report.people import PeopleShown, Who
from tolbooth.report.people_words import awaited_words, duty_words, either, record_words
from tolbooth.report.terminal import render_terminal


def on_terminal() -> str:
    return " ".join(render_terminal(scenes.people(), width=80, color=False, ascii_only=False).split())


def on_page() -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", render_html(scenes.people())).split())


def on_paper() -> str:
    document = json.dumps(paper(scenes.people(), attached_sha256="0" * 64, renderer="pdf/0"), ensure_ascii=False)
    return " ".join(document.split())


TOLD: Mapping[str, Callable[[], str]] = {
    "page": on_page,
    "paper": on_paper,
    "markdown": lambda: render_markdown(scenes.people()),
}


@pytest.mark.parametrize("form", TOLD)
def test_page_paper_and_markdown_tell_the_word_its_conditions_and_why_another_is_void(form: str) -> None:
    text = TOLD[form]()
    assert "Ben on behalf of Ben, as Ben, approved with conditions on 2026-11-23 09:14:07Z" in text
    for part in (
        "reason Ben",
        "a key of their own",
        "duties kept",
        "open: Ben; owner Ben; due 2026-11-30 09:14:07Z; closed when Ben passes",
        "met on 2026-11-23 09:14:07Z: done; owner p-0000000000000003",
        "Does not count: Ben.",
        "Taken back on 2026-11-30 09:14:07Z.",
    ):
        assert part.replace(":", "&#58;") in text or part in text


def test_page_and_paper_tell_all_of_a_waiver() -> None:
    for text in (on_page(), on_paper()):
        for part in (
            "Who may be harmed",
            "Compensating control",
            "b.rule passes, so the waiver holds",
            "c.rule does not pass",
            "what remains, Ben",
            "Duty rules in force: requester, once. They keep from approving: Ben, who asked for it and made it;",
            "Roles are those of people record 2 (333333333333), signed by p-0000000000000003.",
        ):
            assert part in text


def test_the_terminal_tells_who_is_awaited_who_said_what_and_by_whom_it_was_waived() -> None:
    text = on_terminal()
    assert "Waits for 1 approval: Ben (2 people) (Ben), until 2026-11-30 09:14:07Z, after that Ben too" in text
    assert "(p-0000000000000003, away), was due" in text
    assert "waived until 2027-01-01 00:00:00Z by Ben on behalf of Ben: Ben (W-3)" in text
    assert "still fails: sex: too wide; covers up to Ben; control b.rule passes; control c.rule does not pass" in text
    assert "✓ Ben on behalf of Ben, as Ben, approved with conditions on 2026-11-23 09:14:07Z" in text
    assert "Does not count: Ben." in text


def test_a_name_is_shown_where_it_is_known_and_the_id_otherwise() -> None:
    assert (Who(id="p-1", called="ben").shown, Who(id="p-1").shown) == ("ben", "p-1")
    people = json_document(scenes.people())["people"]
    assert people["words"][0]["person"] == {"id": "p-0000000000000002", "called": "Ben"}
    assert people["words"][1]["person"] == {"id": "p-0000000000000003"}


def test_where_nobody_was_asked_nothing_is_said_of_duties_and_records() -> None:
    assert (duty_words(PeopleShown()), record_words(PeopleShown())) == (None, None)
    assert json_document(scenes.denied())["people"]["words"] == []


@pytest.mark.parametrize(
    ("names", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_names_are_joined_by_or(names: list[str], said: str) -> None:
    assert either(names) == said


def test_many_who_could_are_counted_and_a_later_stage_waits_for_the_one_before() -> None:
    first, second = scenes.told("Ben").awaited
    crowd = tuple(Who(id=f"p-{number}") for number in range(5))
    assert "(one of 5 people)" in awaited_words(replace(first, could=crowd))
    assert awaited_words(second).endswith(", once the stage before is filled")
    assert "nobody may give it" in awaited_words(replace(first, could=(), away=()))
