"""Findings in rules for machines: versioned JSON, SARIF 2.1.0, and annotations of GitHub Actions.

A finding is a problem with its level, ``error`` or ``warning``. The same findings give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tolbooth import __version__
from tolbooth.evidence.uri import quote
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import Place, Problem
from tolbooth.report.github import annotation
from tolbooth.report.sarif import SCHEMA
from tolbooth.report.words import visible

VERSION = 1
FINGERPRINT = "codeAndLine/v1"
"""Over code, file and the line's text: a finding keeps it when lines above it move."""

Finding = tuple[Problem, str]


def render_lint_json(findings: Sequence[Finding]) -> str:
    """Render findings as one JSON object: ``version``, ``clean`` and ``findings`` in order."""
    document = {"version": VERSION, "clean": not findings, "findings": [_entry(*each) for each in findings]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def render_lint_sarif(findings: Sequence[Finding]) -> str:
    """Render findings as a SARIF log with one run."""
    codes = list(dict.fromkeys(problem.code for problem, _ in findings))
    run = {
        "tool": {
            "driver": {
                "name": "Tolbooth policy lint",
                "version": __version__,
                "language": "en",
                "rules": [{"id": code} for code in codes],
            }
        },
        "results": [_result(problem, level, codes) for problem, level in findings],
        "columnKind": "unicodeCodePoints",
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def render_lint_github(findings: Sequence[Finding]) -> str:
    """Render findings as workflow commands, one each; no finding gives no line."""
    return "".join(f"{_command(problem, level)}\n" for problem, level in findings)


def _entry(problem: Problem, level: str) -> dict[str, Any]:
    place = problem.place or Place(path="")
    return {
        "code": problem.code,
        "level": level,
        "file": place.path,
        "line": place.line,
        "column": place.column,
        "width": place.width,
        "excerpt": place.excerpt[-1] if place.excerpt else None,
        "message": problem.message,
        "instead": problem.hint,
    }


def _result(problem: Problem, level: str, codes: Sequence[str]) -> dict[str, Any]:
    place = problem.place or Place(path="")
    line = place.excerpt[-1].strip() if place.excerpt else ""
    told = f"{problem.message}. {problem.hint}" if problem.hint else problem.message
    found: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": level,
        "message": {"text": visible(told)},
        "partialFingerprints": {FINGERPRINT: sha256_hex(f"{problem.code}\n{place.path}\n{line}".encode())},
    }
    if place.path:
        location: dict[str, Any] = {"artifactLocation": {"uri": quote(place.path)}}
        if place.line is not None and place.column is not None:
            location["region"] = {
                "startLine": place.line,
                "startColumn": place.column,
                "endColumn": place.column + place.width,
            }
        found["locations"] = [{"physicalLocation": location}]
    return found


def _command(problem: Problem, level: str) -> str:
    place = problem.place
    properties = {"title": problem.code}
    if place is not None:
        named = {"file": visible(place.path)}
        if place.line is not None and place.column is not None:
            named |= {"line": str(place.line), "col": str(place.column), "endColumn": str(place.column + place.width)}
        properties = named | properties
    told = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    return annotation(level, properties, told)
