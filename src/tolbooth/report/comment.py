"""A comment for a pull or merge request: the verdict, what changed since the base, what stops it, and little else.

Source of the markup: the GitHub Flavored Markdown specification; GitLab shows the same. The first line is a mark that
nobody sees, by which whoever posts the comment finds it again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from tolbooth.model.decision import Verdict
from tolbooth.model.digest import sha256_hex, short
from tolbooth.report import words
from tolbooth.report.changes import Change, Changes, Way
from tolbooth.report.checks import GATE, Check, checks_of
from tolbooth.report.markdown import code, escaped
from tolbooth.report.model import Report, record_line

_MOST = 20
_SIGNS = {Verdict.ALLOW: "✅", Verdict.DENY: "❌", Verdict.UNDECIDED: "❔", Verdict.PENDING: "⏳"}
_WAYS = {Way.WORSE: "worse", Way.BETTER: "better", Way.OTHER: "changed"}


def render_comment(report: Report) -> str:
    """Render the report as a comment; where a base was given, what changed since stands first."""
    head = report.head
    stops = [check for check in checks_of(report) if check.blocks and check.rule != GATE]
    beside = [check for check in checks_of(report) if check.still_fails and check.rule != GATE]
    title = f"{head.label} at {head.gate} ({head.environment})"
    blocks = [
        f"<!-- tolbooth {mark_of(report)} -->",
        f"### {_SIGNS[report.decision.verdict]} {escaped(title)}: {escaped(head.sentence)}",
        *(_changed(report.changes) if report.changes is not None else ()),
        *_list("What stops it", stops),
        *_list("What does not pass, and stops nothing", beside),
        *_next(report),
        f"<sub>{escaped(record_line(head))}, basis {escaped(short(report.decision.basis))}</sub>",
    ]
    return "\n\n".join(blocks) + "\n"


def mark_of(report: Report) -> str:
    """What stays the same from comment to comment on one subject at one gate: 12 hex digits."""
    case = report.decision.case
    named = json.dumps([case.subject.project, case.subject.name, case.gate, case.environment])
    return sha256_hex(named.encode())[:12]


def _changed(changes: Changes) -> list[str]:
    heading = f"#### {escaped(f'Since decision {short(changes.decision)} ({changes.verdict}, {changes.as_of})')}"
    if changes.other is not None:
        return [heading, escaped(f"It was about {changes.other}, so there is nothing to compare.")]
    others = (("subject", changes.subject), ("policy", changes.policy))
    parts = [f"{name} is another" for name, is_other in others if is_other]
    if changes.basis and not parts and not changes.rows:
        parts.append("facts that pass on both sides are others")
    approvals = "approvals of the base say nothing about this one" if changes.basis else "approvals of the base hold"
    line = escaped(f"{words.capital(words.listed([*(f'the {each}' for each in parts), approvals]))}.")
    if not changes.rows:
        return [heading, f"No finding is new, and none is gone. {line}"]
    rows = [_row(each) for each in changes.rows[:_MOST]]
    table = "\n".join(["| | Rule | About | Now | Before |", "| --- | --- | --- | --- | --- |", *rows])
    more = len(changes.rows) - _MOST
    return [heading, table, *([f"and {words.plural(more, 'further change')}."] if more > 0 else []), line]


def _row(change: Change) -> str:
    cells = (_WAYS[change.way], change.rule, change.term or "all of the rule", change.after, change.before)
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"


def _list(title: str, checks: Sequence[Check]) -> list[str]:
    if not checks:
        return []
    lines = [f"- {code(each.rule)} {escaped(f'{each.about}: {each.message}')}" for each in checks[:_MOST]]
    more = len(checks) - _MOST
    return [f"#### {title}", "\n".join([*lines, *([f"- and {more} further"] if more > 0 else [])])]


def _next(report: Report) -> list[str]:
    steps = [f"- {escaped(step.purpose)}: {code(step.command)}" for step in report.next_steps]
    return [f"<details><summary>What now</summary>\n\n{chr(10).join(steps)}\n\n</details>"] if steps else []
