"""JUnit XML as Jenkins' xUnit plug-in reads it: a suite for the gate, a case for its verdict and for every result.

The schema's source stands in ``vendor/jenkins-junit-xsd/SOURCE.md``. What is undecided fails; what does not pass
without stopping the release is skipped, which no reader takes for a pass.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tolbooth.model.instant import format_instant
from tolbooth.model.wire import as_json
from tolbooth.report.cards import Status
from tolbooth.report.checks import GATE, Check, checks_of
from tolbooth.report.model import Report, about_line
from tolbooth.report.unchecked import coverage_line
from tolbooth.report.words import visible

_FAILURE, _ERROR, _SKIPPED = "failure", "error", "skipped"


def render_junit(report: Report) -> str:
    """Render the report as JUnit XML; the same report gives the same bytes, without times or hosts."""
    checks = checks_of(report)
    ends = [_ended(check) for check in checks]
    totals = {
        "tests": str(len(checks)),
        "failures": str(ends.count(_FAILURE)),
        "errors": str(ends.count(_ERROR)),
    }
    root = ET.Element("testsuites", {"name": "tolbooth", **totals})
    suite = ET.SubElement(
        root,
        "testsuite",
        {
            "name": visible(f"{report.head.label} gate {report.head.gate}"),
            **totals,
            "skipped": str(ends.count(_SKIPPED)),
            "timestamp": format_instant(report.head.as_of).removesuffix("Z"),
        },
    )
    _write_properties(suite, report)
    for check, end in zip(checks, ends, strict=True):
        _write_case(suite, check, end)
    ET.SubElement(suite, "system-out").text = f"{visible(about_line(report.head))}\n{visible(_coverage(report))}"
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _coverage(report: Report) -> str:
    return coverage_line(report.not_checked)


def _ended(check: Check) -> str | None:
    """The element that says how a case ended; None for a pass."""
    if check.status is Status.PASSED:
        return None
    if not check.blocks:
        return _SKIPPED
    return _ERROR if check.status is Status.ERROR else _FAILURE


def _write_properties(suite: ET.Element, report: Report) -> None:
    head = report.head
    told = {
        "subject": f"{head.project}/{head.label}",
        f"subject.{head.digest_algorithm}": head.digest,
        "gate": head.gate,
        "environment": head.environment,
        "as_of": as_json(head.as_of),
        "verdict": report.decision.verdict.value,
        "hypothetical": str(head.hypothetical).lower(),
        "decision.sha256": head.decision_sha256,
        "basis": report.decision.basis,
        "policy.sha256": head.policy_sha256,
        "input.sha256": head.input_sha256,
        "engine": head.engine,
    }
    properties = ET.SubElement(suite, "properties")
    for name, value in told.items():
        ET.SubElement(properties, "property", {"name": visible(name), "value": visible(value)})


def _write_case(suite: ET.Element, check: Check, end: str | None) -> None:
    name = check.about if check.term or check.rule == GATE else check.title
    case = ET.SubElement(suite, "testcase", {"name": visible(name), "classname": visible(check.rule)})
    if end is not None:
        message = check.message if end != _SKIPPED else f"{check.standing}: {check.message}"
        ended = ET.SubElement(case, end, {"type": check.kind, "message": visible(message)})
        ended.text = _lines(check)


def _lines(check: Check) -> str:
    lines = [check.title, check.message]
    if check.measured is not None:
        lines.append(f"measured {check.measured.value} {check.measured.unit}, bound {check.measured.bound}")
    if check.controls:
        lines.append(f"clauses: {', '.join(check.controls)}")
    if check.solution:
        lines.append(f"to do: {check.solution}")
    lines += [f"fact: sha256 {fact}" for fact in check.facts]
    return "\n".join(visible(line) for line in lines)
