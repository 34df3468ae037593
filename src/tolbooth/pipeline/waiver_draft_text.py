"""A draft as a file to fill in: what is known is written out, what people must answer stands empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tolbooth.model.decision import Decision
from tolbooth.model.digest import short
from tolbooth.model.waiver import Treatment
from tolbooth.review.risk import TREATMENTS
from tolbooth.review.waiver_policy import WaiverPolicy


def draft_text(
    values: Mapping[str, Any], decision: Decision, policy: WaiverPolicy, *, approvers: tuple[str, ...]
) -> str:
    """The draft as YAML.

    Args:
        values: what is known, by key; the answers too, where they were given already.
        decision: the one that it answers.
        policy: for the choices that stand in comments.
        approvers: who must approve a high risk, a line each.
    """
    case = decision.case
    return "\n".join(
        [
            f"# A request for a waiver: {case.subject.label} at gate {case.gate} in {case.environment}.",
            "# Fill in the five answers below; everything else is the narrowest that unblocks.",
            *(f"# Must approve a high risk: {line}." for line in approvers),
            "version: 1",
            f"decision: '{values['decision']}'",
            f"rule: {values['rule']}",
            f"term: {_quoted(values.get('term'))}",
            f"# Covers this model alone, digest {short(case.subject.digest_value)}. For later versions too, name a",
            "# pattern and how many subjects it may match:",
            f"pattern: {_quoted(values.get('pattern'))}",
            f"matches_at_most: {_plain(values.get('matches_at_most'))}",
            "# The last day, at most; earlier is better.",
            f"until: {_plain(values.get('until'))}",
            "",
            "# 1. Why, in a word:",
            *(f"#    {name}: {meaning}" for name, meaning in policy.reasons.items()),
            f"reason: {_quoted(values.get('reason'))}",
            "# 2. Why, in a sentence:",
            f"because: {_quoted(values.get('because'))}",
            "# 3. Who may be harmed, if the rule is right:",
            f"harmed: {_quoted(values.get('harmed'))}",
            "# 4. The risk without treatment, likelihood x impact, such as 3x4:",
            *_scale("likelihood", policy.scale.likelihood),
            *_scale("impact", policy.scale.impact),
            f"risk: {_quoted(values.get('risk'))}",
            "# 5. What is done about it: a word, a colon, a sentence.",
            *(f"#    {each.value}: {TREATMENTS[each]}" for each in Treatment),
            f"treatment: {_quoted(values.get('treatment'))}",
            "",
            "# Rules of this gate that make up for it; the waiver holds only while they pass:",
            f"controls: [{', '.join(values.get('controls') or ())}]",
            "# The worst value that it covers, in the rule's own unit; empty covers any:",
            f"limit: {_plain(values.get('limit'))}",
            f"ticket: {_quoted(values.get('ticket'))}",
            f"renews: {_plain(values.get('renews'))}",
            "",
        ]
    )


def _scale(name: str, words: tuple[str, ...]) -> list[str]:
    return [f"#    {name}: {', '.join(f'{position} {word}' for position, word in enumerate(words, 1))}"]


def _quoted(value: object) -> str:
    return "" if value in {None, ""} else "'" + str(value).replace("'", "''") + "'"


def _plain(value: object) -> str:
    return "" if value is None else str(value)
