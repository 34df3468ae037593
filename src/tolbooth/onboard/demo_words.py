"""What the demo says between the steps, put together from what the gate found: nothing is told beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from tolbooth.report import words
from tolbooth.report.cards import Card, Finding, Status
from tolbooth.report.model import Report

SYNTHETIC = (
    "contact_email_synthetic is planted, so that there is something to find:",
    "its addresses are made up, under example.org, which is nobody's (RFC 2606)",
)
_CALM = {Status.PASSED, Status.OFF, Status.WAIVED}
_REMEDIES = {
    "privacy.undeclared": (
        "Take the column out, or say in tolbooth.yaml why it may be there:",
        "  data:",
        "    predictions:",
        "      personal_data:",
        "        contact_email_synthetic: {purpose: ..., legal_basis: ...}",
        "Nobody needs addresses to measure a model: the demo takes it out.",
    ),
    "fairness.difference": (
        "More labelled rows settle it. There are no more people, but one half was",
        "not tested: a cross-validation predicts everybody, each by a model that",
        "had not seen that person.",
    ),
}


def remedies(report: Report) -> Iterator[str]:
    """For each rule that stands in the way, what it found and what settles it; then the rules that only warn."""
    troubled = [card for card in report.cards if card.status not in _CALM]
    for card in troubled:
        if card.blocks:
            yield f"{card.rule} {card.standing(card.status)}: {_found(card)}"
            yield from (
                f"  {line}" for line in _REMEDIES.get(card.rule, (f"tolbooth explain {card.rule} says what to do.",))
            )
    warning = [card.rule for card in troubled if not card.blocks]
    if warning:
        yield f"These only warn: {words.listed(warning)}."


def ending(report: Report, *, folder: Path, pack: Path, public_key: Path, page: Path) -> Iterator[str]:
    """The last verdict with what it leaves open, the paths of what was made, and what to try next."""
    yield report.head.sentence
    for card in report.cards:
        if card.status not in _CALM:
            yield f"  {card.rule} {card.standing(card.status)}: {_found(card)}"
    yield ""
    yield f"  pack        {pack}"
    yield f"  public key  {public_key}"
    yield f"  report      {page}"
    yield ""
    yield "What to try next"
    yield f"  cd {quote(str(folder))}"
    yield "  tolbooth explain --last          why, and what to do, rule by rule"
    yield "  tolbooth log                     everything that was recorded"
    yield "  tolbooth gate                    again, with another bound"
    yield "  tolbooth init                    in your own project"


def _found(card: Card) -> str:
    """What the worst findings of a rule say; of several the first, and how many more."""
    found = [finding for finding in card.findings if finding.status not in _CALM]
    if not found:
        return card.title
    more = f", and {words.number(len(found) - 1)} more" if len(found) > 1 else ""
    return words.visible(f"{_said(found[0])}{more}")


def _said(finding: Finding) -> str:
    return finding.message if finding.term is None else f"{finding.term}: {finding.message}"
