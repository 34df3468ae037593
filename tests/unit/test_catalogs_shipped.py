"""The shipped catalogues, and the mistakes that a catalogue can hold."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

import pytest

from tolbooth.judge.library.catalogs import TextStatus, in_force, load_catalogs, parse_catalogs
from tolbooth.judge.library.load import built_in_library
from tolbooth.model.errors import JudgeError

ENTRY = """catalogue: law
title: A law
version: "1"
controls:
  - id: law:1
    source: {article: 1}
    title: Do it
    text_status: paraphrase
    licence: EU-reuse
    in_force:
      - {from: 2026-08-02, scope: all, basis: first, verified: null}
    superseded_by: []
    applies_when: {}
    duty: {who: provider}
    evidence_kinds: [decision]
    machine_checkable: partly
    maps: []
    reviewed_by: null
"""


def problems(text: str) -> list[tuple[str, int | None]]:
    with pytest.raises(JudgeError) as raised:
        parse_catalogs({"law.yaml": text.encode()})
    return [(problem.code, problem.place.line if problem.place else None) for problem in raised.value.problems]


def test_only_cited_clauses_are_shipped_and_every_cited_clause_is() -> None:
    cited = {control for rule in built_in_library().rules.values() for control in rule.controls}
    assert set(load_catalogs().ids()) == cited


def test_maps_lead_to_clauses_that_exist() -> None:
    catalogs = load_catalogs()
    for control_id in catalogs.ids():
        control = catalogs.control(control_id)
        assert control is not None
        assert all(catalogs.control(other) is not None for other in control.maps), control_id


def test_nothing_is_quoted_and_no_date_claims_to_be_verified() -> None:
    catalogs = load_catalogs()
    for control_id in catalogs.ids():
        control = catalogs.control(control_id)
        assert control is not None
        assert control.text_status is TextStatus.PARAPHRASE
        assert {each.verified for each in control.applications} == {None}


def test_every_catalogue_names_its_source() -> None:
    text = files("tolbooth.catalogs").joinpath("SOURCE.md").read_text(encoding="utf-8")
    for name in load_catalogs().catalogues:
        assert f"## {name}.yaml" in text


def test_first_published_and_amended_dates_answer_apart() -> None:
    control = load_catalogs().control("eu-ai-act:9.8")
    assert control is not None
    answers = in_force(control, datetime(2026, 11, 23, 9, tzinfo=UTC), "annex-iii")
    assert [(each.basis, each.holds) for each in answers] == [
        ("first-published-2024", True),
        ("digital-omnibus-2026", False),
    ]


def test_control_is_in_force_from_the_first_moment_of_its_day() -> None:
    control = load_catalogs().control("eu-ai-act:15.1")
    assert control is not None
    for moment, holds in (
        (datetime(2027, 12, 1, 23, 59, 59, tzinfo=UTC), False),
        (datetime(2027, 12, 2, tzinfo=UTC), True),
    ):
        assert in_force(control, moment, "annex-iii")[1].holds is holds


def test_scope_without_a_date_has_no_answer() -> None:
    control = load_catalogs().control("nist-ai-rmf:MEASURE-2.11")
    assert control is not None
    assert in_force(control, datetime(2026, 1, 1, tzinfo=UTC), "annex-iii") == ()


def test_unknown_control_is_none() -> None:
    assert load_catalogs().control("eu-ai-act:99") is None
    assert load_catalogs().control("nowhere:1") is None


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("id: law:1", "id: other:1", ("catalog.id", 5)),
        ("catalogue: law", "catalogue: lore", ("catalog.name", 1)),
        ("title: Do it", "title: 1", ("catalog.type", 7)),
        ("paraphrase", "prose", ("catalog.value", 8)),
        ("verified: null", "note: x", ("catalog.missing-key", 11)),
        ("from: 2026-08-02", "from: soon", ("catalog.type", 11)),
        ("    licence: EU-reuse\n", "", ("catalog.missing-key", 5)),
        ("    maps: []\n", "    mapps: []\n", ("catalog.unknown-key", 17)),
        ("source: {article: 1}", "source: article 1", ("catalog.type", 6)),
    ],
)
def test_mistake_in_a_catalogue_is_told_at_its_line(old: str, new: str, found: tuple[str, int]) -> None:
    assert found in problems(ENTRY.replace(old, new))


def test_same_control_twice_is_refused() -> None:
    entry = ENTRY[ENTRY.index("  - id") :]
    assert ("catalog.duplicate", 19) in problems(ENTRY + entry)


def test_catalogue_without_mistakes_is_read() -> None:
    control = parse_catalogs({"law.yaml": ENTRY.encode()}).control("law:1")
    assert control is not None
    assert control.title == "Do it"
