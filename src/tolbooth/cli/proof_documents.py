"""The proof of rules for programs: versioned JSON, and JUnit XML in which a surviving mutant is a failure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as ET

from tolbooth.cli.proof_text import ranges
from tolbooth.judge.proving.interface import Mutant, MutationRun, Proof, SuiteRun, TestEnd, TestRun
from tolbooth.model.errors import Place
from tolbooth.report.words import visible

VERSION = 1
_MUTANTS = "mutants"


def proof_document(proof: Proof) -> dict[str, Any]:
    """The JSON document; ``holds`` is what the exit code says."""
    return {
        "version": VERSION,
        "holds": proof.holds,
        "suites": [_suite(suite) for suite in proof.suites],
        "untested": list(proof.untested),
    }


def proof_junit(proof: Proof) -> str:
    """A suite for each folder, a case for each test and for each surviving mutant; Jenkins' xUnit plug-in reads it."""
    root = ET.Element("testsuites", {"name": "tolbooth policy test"})
    for suite in proof.suites:
        element = ET.SubElement(root, "testsuite", {"name": visible(suite.name)})
        for test in suite.tests:
            _case(element, suite.name, test)
        for mutant in suite.mutation.survivors if suite.mutation is not None else ():
            _survivor(element, suite.name, mutant)
        _count(element)
        told = [
            f"{each.path}: {each.lines - len(each.missed)} of {each.lines} lines reached"
            + (f"; not reached: {ranges(each.missed)}" if each.missed else "")
            for each in suite.coverage
        ]
        ET.SubElement(element, "system-out").text = _block(told)
    if proof.untested:
        element = ET.SubElement(root, "testsuite", {"name": "untested"})
        for path in proof.untested:
            case = ET.SubElement(element, "testcase", {"classname": "untested", "name": visible(path)})
            ET.SubElement(case, "failure", {"type": "untested", "message": "no test stands beside this rule"})
        _count(element)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(suite: SuiteRun) -> dict[str, Any]:
    return {
        "name": suite.name,
        "tests": [_test(test) for test in suite.tests],
        "coverage": [
            {"path": each.path, "lines": each.lines, "missed": list(each.missed), "ppm": each.ppm}
            for each in suite.coverage
        ],
        "mutation": None if suite.mutation is None else _mutation(suite.mutation),
    }


def _test(test: TestRun) -> dict[str, Any]:
    return {
        "name": test.name,
        "place": _place(test.place),
        "end": test.end.value,
        "message": test.message,
        "details": list(test.details),
        "prints": list(test.prints),
        "seconds": round(test.seconds, 6),
    }


def _mutation(run: MutationRun) -> dict[str, Any]:
    return {
        "mutants": run.mutants,
        "killed": run.killed,
        "invalid": run.invalid,
        "untried": run.untried,
        "survivors": [_mutant(mutant) for mutant in run.survivors],
        "equivalents": [{**_mutant(each.mutant), "reason": each.reason} for each in run.equivalents],
    }


def _mutant(mutant: Mutant) -> dict[str, Any]:
    return {
        "place": _place(mutant.place),
        "change": mutant.change,
        "line": mutant.before,
        "mutant": mutant.after,
        "diff": mutant.diff,
    }


def _place(place: Place) -> dict[str, Any]:
    return {"path": place.path, "line": place.line, "column": place.column}


def _case(suite: ET.Element, name: str, test: TestRun) -> None:
    told = {"classname": visible(name), "name": test.name, "time": f"{test.seconds:.6f}"}
    case = ET.SubElement(suite, "testcase", told)
    if test.end is TestEnd.SKIPPED:
        ET.SubElement(case, "skipped", {"message": test.message})
    elif test.end is not TestEnd.PASSED:
        kind = "error" if test.end is TestEnd.ERROR else "failure"
        element = ET.SubElement(case, kind, {"type": test.end.value, "message": visible(test.message)})
        element.text = _block([f"{test.place}: {test.message}", *test.details, *test.prints])


def _survivor(suite: ET.Element, name: str, mutant: Mutant) -> None:
    told = {"classname": visible(f"{name}.{_MUTANTS}"), "name": visible(f"{mutant.place} {mutant.change}")}
    case = ET.SubElement(suite, "testcase", told)
    failure = ET.SubElement(case, "failure", {"type": "survivor", "message": "no test notices this change"})
    failure.text = _block(mutant.diff.expandtabs(4).splitlines())


def _block(lines: Iterable[str]) -> str:
    return "\n".join(visible(line) for line in lines)


def _count(suite: ET.Element) -> None:
    cases = list(suite.iter("testcase"))
    suite.set("tests", str(len(cases)))
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(kind) is not None for case in cases)))
