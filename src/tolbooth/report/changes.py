"""What changed from one decision to another, read from their JSON outputs: what the base branch had, what a change has.

Only what people act on: the verdict, what does not pass, what was asked. The numbers of what passes on both sides are
left to the reports themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tolbooth.model.wire import JsonObject
from tolbooth.report.cards import Status

_CALM = frozenset({Status.PASSED.value, Status.OFF.value})
_ORDER = [status.value for status in Status]
_Key = tuple[str, str]


class Way(StrEnum):
    """In which direction a result moved."""

    WORSE = "worse"
    BETTER = "better"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One result that is another than before. ``before`` and ``after`` say how it stood, in words."""

    way: Way
    rule: str
    term: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """From one decision to another. ``subject``, ``policy`` and ``basis`` tell whether each is another now.

    ``other`` names what the first decision was about, where that is another subject or gate; nothing is compared then.
    """

    verdict: str
    decision: str
    as_of: str
    subject: bool = False
    policy: bool = False
    basis: bool = False
    rows: tuple[Change, ...] = ()
    other: str | None = None

    def of(self, way: Way) -> tuple[Change, ...]:
        """The rows that moved this way."""
        return tuple(row for row in self.rows if row.way is way)


def changes_between(before: JsonObject, after: JsonObject) -> Changes:
    """Compare two outputs; rows are worse first, then better, then other, each by rule and term."""
    first, second = before["decision"], after["decision"]
    names = [f"{each['subject']['name']} at {each['gate']}" for each in (first, second)]
    if names[0] != names[1]:
        return Changes(verdict=first["verdict"], decision=first["sha256"], as_of=first["as_of"], other=names[0])
    rows = sorted(_rows(_rules(before), _rules(after)), key=lambda row: (list(Way).index(row.way), row.rule, row.term))
    return Changes(
        verdict=first["verdict"],
        decision=first["sha256"],
        as_of=first["as_of"],
        subject=first["subject"]["digest"] != second["subject"]["digest"],
        policy=first["policy"]["sha256"] != second["policy"]["sha256"],
        basis=first["basis"] != second["basis"],
        rows=tuple(rows),
    )


def _rules(output: JsonObject) -> dict[str, Mapping[str, Any]]:
    return {rule["rule"]: rule for rule in output["rules"]}


def _rows(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for code in sorted(before.keys() | after.keys()):
        old, new = before.get(code), after.get(code)
        if old is None and new is not None:
            if new["status"] in _CALM:
                yield Change(way=Way.OTHER, rule=code, term="", before="not asked", after=str(new["status"]))
            yield from _terms(code, {}, _troubles(new), absent="not asked")
        elif new is None and old is not None:
            yield Change(way=Way.WORSE, rule=code, term="", before=str(old["status"]), after="not asked any more")
        elif old is not None and new is not None:
            if old["enforcement"] != new["enforcement"]:
                yield Change(
                    way=Way.OTHER, rule=code, term="", before=f"{old['enforcement']}s", after=f"{new['enforcement']}s"
                )
            yield from _terms(code, _troubles(old), _troubles(new))


def _troubles(rule: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What does not pass, by term; of several results on one term, the worst."""
    found: dict[str, Mapping[str, Any]] = {}
    for result in rule["results"]:
        if result["status"] not in _CALM:
            term = result.get("term") or ""
            found[term] = min(found.get(term, result), result, key=lambda each: _ORDER.index(each["status"]))
    return found


def _terms(
    code: str, old: Mapping[str, Any], new: Mapping[str, Any], *, absent: str = "no finding"
) -> Iterator[Change]:
    for term in sorted(old.keys() | new.keys()):
        before, after = old.get(term), new.get(term)
        if before is None and after is not None:
            yield Change(way=Way.WORSE, rule=code, term=term, before=absent, after=_told(after))
        elif after is None and before is not None:
            yield Change(way=Way.BETTER, rule=code, term=term, before=_told(before), after="no finding")
        elif before is not None and after is not None and _told(before) != _told(after):
            yield Change(way=_way(before, after), rule=code, term=term, before=_told(before), after=_told(after))


def _way(before: Mapping[str, Any], after: Mapping[str, Any]) -> Way:
    ranks = [_ORDER.index(each["status"]) for each in (before, after)]
    if ranks[0] != ranks[1]:
        return Way.WORSE if ranks[1] < ranks[0] else Way.BETTER
    numbers = [each.get("measured") for each in (before, after)]
    if numbers[0] and numbers[1] and numbers[0]["value"] != numbers[1]["value"]:
        grew = numbers[1]["value"] > numbers[0]["value"]
        # A bound that is loosened by going up is an upper one: more is worse.
        return Way.WORSE if grew is (numbers[1]["loosens"] == "up") else Way.BETTER
    return Way.OTHER


def _told(result: Mapping[str, Any]) -> str:
    return f"{result['status']}: {result['message']}"
