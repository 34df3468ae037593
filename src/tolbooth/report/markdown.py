"""GitHub-flavoured Markdown for the summary of a CI run: the answer first, tables, and the rest in folds.

Source: the GitHub Flavored Markdown specification. Every text from data is escaped: it can't become markup, a link,
a mention or a cell's end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from tolbooth.model.digest import short
from tolbooth.report import words
from tolbooth.report.cards import ENFORCEMENT_WORDS, Card, Status
from tolbooth.report.checks import GATE, Check, checks_of
from tolbooth.report.comparison import Comparison
from tolbooth.report.evidence_rows import received_words
from tolbooth.report.glance import Answer, glance_of
from tolbooth.report.model import Report, about_line, proven_line, record_line
from tolbooth.report.people_words import waived_line, word_details, word_head
from tolbooth.report.screen import SYMBOLS
from tolbooth.report.sentences import further_sentences, headline, standing

_MOST_ROWS = 30
_SPECIAL = {char: f"&#{ord(char)};" for char in "\\`*[]<>#|~@&$"}
# An underscore at a word's edge stresses; a colon begins an address or a picture's name; "www." an address; a dash or
# "1." at the beginning, a list.
_IN_PLACE = (
    (re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"), "&#95;"),
    (re.compile(r":(?=[^\s\d])"), "&#58;"),
    (re.compile(r"www\."), "www&#46;"),
)
_AT_FIRST = re.compile(r"^([-+=]|\d+\.)(?=\s|$)")


def render_markdown(report: Report) -> str:
    """Render the report as Markdown; at most 30 results stand in the table, and the rest are counted."""
    blocks = [
        f"## {escaped(report.head.label)}: {escaped(report.head.sentence)}",
        escaped(about_line(report.head)),
        *_answers(glance_of(report)),
        *_results(report),
        *_people(report),
        *_comparisons(report),
        *_all_rules(report),
        *_evidence(report),
        *_not_checked(report),
        *_next(report),
        *(f"<sub>{escaped(line)}</sub>" for line in (proven_line(report.head), record_line(report.head)) if line),
    ]
    return "\n\n".join(blocks) + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    plain = "".join(_SPECIAL.get(char, char) for char in words.visible(text))
    for pattern, entity in _IN_PLACE:
        plain = pattern.sub(entity, plain)
    return _AT_FIRST.sub(lambda found: f"{found[1][:-1]}&#{ord(found[1][-1])};", plain)


def code(text: str) -> str:
    """Text as code: entities are not read there, so a fence longer than any inside is put around it."""
    shown = words.visible(text)
    longest = max((len(run) for run in _backticks(shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _backticks(text: str) -> Iterator[str]:
    run = ""
    for char in text:
        run = run + char if char == "`" else ""
        if run:
            yield run


def _answers(answers: Sequence[Answer]) -> list[str]:
    told = (f"- **{answer.question}:** {escaped(' '.join(answer.sentences))}" for answer in answers)
    return ["\n".join(told)]


def _results(report: Report) -> list[str]:
    checks = [check for check in checks_of(report) if check.rule != GATE]
    shown = [check for check in checks if check.status not in {Status.PASSED, Status.OFF}]
    if not shown:
        return []
    rows = [_row(check) for check in shown[:_MOST_ROWS]]
    blocks = ["### What does not pass", _table(("", "Rule", "About", "Found"), rows)]
    if len(shown) > _MOST_ROWS:
        blocks.append(f"and {words.plural(len(shown) - _MOST_ROWS, 'further result')}.")
    return blocks


def _row(check: Check) -> tuple[str, ...]:
    status = f"{escaped(SYMBOLS[check.status])} {escaped(check.standing)}"
    return status, escaped(check.rule), escaped(check.about), escaped(check.message)


def _comparisons(report: Report) -> list[str]:
    cards = [card for card in report.cards if card.status is not Status.OFF]
    folds = [_fold(headline(item), _compared(item)) for card in cards for item in card.comparisons]
    return list(dict.fromkeys(folds))


def _compared(comparison: Comparison) -> str:
    return "\n\n".join([_groups(comparison), *(escaped(sentence) for sentence in further_sentences(comparison))])


def _groups(comparison: Comparison) -> str:
    rows = [
        (
            escaped(group.name),
            escaped(words.percent(group.rate.ppm)),
            words.fraction(group.rate.numerator, group.rate.denominator),
            escaped(words.interval(group.rate.low_ppm, group.rate.high_ppm)),
            escaped(standing(group, comparison) or "within the bound"),
        )
        for group in comparison.groups
    ]
    headings = ("Group", "Rate", words.capital(words.metric_counts(comparison.metric)), "Interval, %", "Standing")
    return _table(headings, rows, right=(1, 2, 3))


def _all_rules(report: Report) -> list[str]:
    rows = [_rule_row(card) for card in report.cards]
    if not rows:
        return []
    table = _table(("", "Rule", "Asks", "If it fails", "Clauses"), rows)
    counts = report.counts()
    parts = (f"{counts[name]} {name}" for name in ("passed", "off", "waived"))
    return [_fold(f"All rules: {', '.join(parts)}", table)]


def _rule_row(card: Card) -> tuple[str, ...]:
    status = f"{escaped(SYMBOLS[card.status])} {card.standing(card.status)}"
    clauses = ", ".join(escaped(control.id) for control in card.controls) or "none"
    return status, escaped(card.rule), escaped(card.title), ENFORCEMENT_WORDS[card.enforcement], clauses


def _evidence(report: Report) -> list[str]:
    rows = [
        (
            escaped(row.name),
            escaped(row.role),
            escaped(row.uri),
            escaped(received_words(row)),
            escaped(f"{row.digest_algorithm} {short(row.digest)}"),
            "fresh" if row.freshness.value == "fresh" else "out of date",
        )
        for row in report.evidence
    ]
    if not rows:
        return []
    headings = ("Input", "Role", "File", "Received", "Digest", "State")
    return [_fold(f"Evidence: {words.plural(len(rows), 'input')}", _table(headings, rows))]


def _people(report: Report) -> list[str]:
    """Who decided: waivers with their voices, and each word on the decision with whether it counts."""
    people = report.people
    lines = [f"- **{escaped(waiver.id)}**: {escaped(waived_line(waiver))}" for waiver in people.waivers]
    lines += [f"- {escaped(word_head(word))}. {escaped(' '.join(word_details(word)))}" for word in people.words]
    lines += [f"- {escaped(message)}" for message in people.unmeetable]
    return ["### Who decided, and on what", "\n".join(lines)] if lines else []


def _not_checked(report: Report) -> list[str]:
    items = "\n".join(f"- {escaped(item.text)}" for item in report.not_checked)
    return [_fold("What was not checked", items)] if items else []


def _next(report: Report) -> list[str]:
    steps = [f"- {escaped(step.purpose)}: {code(step.command)}" for step in report.next_steps]
    return ["### What now", "\n".join(steps)] if steps else []


def _fold(title: str, body: str) -> str:
    return f"<details><summary>{escaped(title)}</summary>\n\n{body}\n\n</details>"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    rule = ["---:" if place in right else "---" for place in range(len(headings))]
    lines = [headings, rule, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
