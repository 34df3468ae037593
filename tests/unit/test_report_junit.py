"""JUnit XML against the schema of Jenkins' xUnit plug-in, and what a test report makes of each outcome."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from tests import report_scenes as scenes
from tolbooth.report.junit import render_junit
from tolbooth.report.model import Report

VENDORED = Path(__file__).parents[2] / "vendor" / "jenkins-junit-xsd" / "junit-10.xsd"


@cache
def _schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(VENDORED)


def _suite(report: Report) -> ET.Element:
    (suite,) = ET.fromstring(render_junit(report))
    return suite


def _case(report: Report, rule: str, place: int = 0) -> ET.Element:
    return [case for case in _suite(report).iter("testcase") if case.get("classname") == rule][place]


def _end(case: ET.Element) -> tuple[str, str | None] | None:
    found = [(child.tag, child.get("type")) for child in case]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize("name", scenes.SCENES)
def test_report_fits_the_schema_of_jenkins(name: str) -> None:
    _schema().validate(render_junit(scenes.SCENES[name]()))


@pytest.mark.parametrize(("old", "new"), [("<testcase name=", "<testcase nom="), ("<failure ", "<fehler ")])
def test_broken_report_does_not_fit_the_schema(old: str, new: str) -> None:
    broken = render_junit(scenes.denied()).replace(old, new).replace("</failure>", f"</{new.strip('< ')}>")
    with pytest.raises((xmlschema.XMLSchemaValidationError, ET.ParseError)):
        _schema().validate(broken)


@pytest.mark.parametrize(
    ("scene", "rule", "end"),
    [
        (scenes.denied, "performance.minimum", None),
        (scenes.denied, "fairness.difference", ("failure", "failed")),
        (scenes.denied, "fairness.ratio", ("skipped", "off")),
        (scenes.warned, "a.warned", ("skipped", "warned")),
        (scenes.warned, "a.unknown", ("skipped", "undecided")),
        (scenes.waived, "a.rule", ("skipped", "waived")),
        (scenes.broken, "a.rule", ("error", "judge.timeout")),
        (scenes.denied, "gate", ("failure", "deny")),
        (scenes.pending, "gate", ("failure", "pending")),
        (scenes.rejected, "gate", ("failure", "deny")),
        (scenes.empty, "gate", ("failure", "undecided")),
        (scenes.allowed, "gate", None),
    ],
)
def test_each_outcome_ends_its_case(scene: Any, rule: str, end: tuple[str, str] | None) -> None:
    assert _end(_case(scene(), rule)) == end


def test_undecided_is_a_failure_of_its_own_type() -> None:
    assert _end(_case(scenes.denied(), "fairness.difference", 1)) == ("failure", "undecided")


@pytest.mark.parametrize("name", scenes.SCENES)
def test_totals_are_those_of_the_cases(name: str) -> None:
    suite = _suite(scenes.SCENES[name]())
    cases = list(suite.iter("testcase"))
    ends = [end[0] for end in map(_end, cases) if end]
    counted = {"tests": len(cases), **{f"{kind}s": ends.count(kind) for kind in ("failure", "error")}}
    counted["skipped"] = ends.count("skipped")
    assert {key: int(suite.get(key, "-1")) for key in counted} == counted


def test_waived_case_says_until_when() -> None:
    skipped = _case(scenes.waived(), "a.rule").find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "waived until 2027-01-01 00:00:00Z (W-3): too wide"


def test_suite_carries_digests_and_basis() -> None:
    report = scenes.denied()
    told = {item.get("name"): item.get("value") for item in _suite(report).iter("property")}
    assert told["decision.sha256"] == report.head.decision_sha256
    assert told["subject.sha256"] == "77ab" * 16
    assert (told["basis"], told["verdict"]) == ("d" * 64, "deny")


def test_characters_that_xml_refuses_are_written_as_escapes() -> None:
    text = render_junit(scenes.hostile())
    assert "\\x1b[31m\\ufffe" in text
    assert "<script>" not in text
