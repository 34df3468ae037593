"""TAP 14, read back by a parser that knows the specification's grammar and nothing of ours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests import report_scenes as scenes
from tolbooth.report.model import Report
from tolbooth.report.tap import render_tap

_POINT = re.compile(r"(not )?ok (\d+) - (.*)")


@dataclass
class _Point:
    ok: bool
    number: int
    description: str
    directive: str | None
    told: dict[str, Any]


def _read(text: str) -> list[_Point]:
    """Read a document strictly: version, plan, comments, points, and YAML blocks indented by two spaces."""
    version, plan, *lines = text.splitlines()
    assert version == "TAP version 14"
    points: list[_Point] = []
    block: list[str] | None = None
    for line in lines:
        if block is not None and line == "  ...":
            points[-1].told = YAML(typ="safe").load("\n".join(block))
            block = None
        elif block is not None:
            assert line.startswith("  ")
            block.append(line[2:])
        elif line == "  ---":
            block = []
        elif not line.startswith("#"):
            points.append(_point(line))
    assert block is None
    assert plan == f"1..{len(points)}"
    return points


def _point(line: str) -> _Point:
    found = _POINT.fullmatch(line)
    assert found, line
    description, *directive = re.split(r"(?<!\\) # ", found[3])
    assert len(directive) <= 1
    plain = re.sub(r"\\([#\\])", r"\1", description)
    return _Point(not found[1], int(found[2]), plain, directive[0] if directive else None, {})


def _points(report: Report) -> dict[str, _Point]:
    return {point.description: point for point in _read(render_tap(report))}


@pytest.mark.parametrize("name", scenes.SCENES)
def test_document_is_read_back_with_every_result_numbered(name: str) -> None:
    report = scenes.SCENES[name]()
    points = _read(render_tap(report))
    assert [point.number for point in points] == list(range(1, len(report.decision.results) + 2))


def test_failing_and_undecided_results_are_not_ok_without_a_directive() -> None:
    points = _points(scenes.denied())
    for about in ("race: African-American / Other", "race: Asian"):
        point = points[f"fairness.difference: {about}"]
        assert (point.ok, point.directive) == (False, None)
    assert points["fairness.difference: race: Asian"].told["kind"] == "undecided"


def test_rule_that_is_off_is_skipped_and_one_that_passes_is_ok() -> None:
    points = _points(scenes.denied())
    assert points["fairness.ratio"].ok
    assert (points["fairness.ratio"].directive or "").startswith("SKIP ")
    assert (points["performance.minimum"].ok, points["performance.minimum"].directive) == (True, None)


def test_what_does_not_stop_the_release_is_known_work() -> None:
    for scene, about in ((scenes.waived, "a.rule: sex"), (scenes.warned, "a.warned"), (scenes.warned, "a.unknown")):
        point = _points(scene())[about]
        assert not point.ok
        assert (point.directive or "").startswith("todo ")


@pytest.mark.parametrize("scene", [scenes.pending, scenes.rejected, scenes.empty, scenes.broken])
def test_document_of_a_gate_that_does_not_allow_holds_a_failure(scene: Any) -> None:
    assert any(not point.ok and point.directive is None for point in _read(render_tap(scene())))


def test_diagnostics_hold_number_bound_and_facts() -> None:
    told = _points(scenes.denied())["fairness.difference: race: African-American / Other"].told
    assert (told["measured"], told["bound"], told["unit"]) == (300_924, 100_000, "ppm")
    assert told["message"] == "30.1 points apart"


def test_name_from_data_can_not_skip_its_own_test() -> None:
    (point,) = [p for p in _read(render_tap(scenes.hostile())) if p.description.startswith("fairness.difference")]
    assert (point.ok, point.directive) == (False, None)
    assert "{0} # SKIP" in point.description
