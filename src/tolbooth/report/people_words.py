"""What people said, in sentences: the same words on a terminal, a page and paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tolbooth.report import words
from tolbooth.report.people import AwaitedRow, ConditionRow, PeopleShown, VoiceRow, WaiverRow, Who, WordRow

_MOST_NAMES = 4


def either(names: Sequence[str]) -> str:
    """``Ben``, ``Ben or Chen``, ``Ana, Ben or Chen``; empty for nobody."""
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def named(person: Who, on_behalf_of: Who | None = None) -> str:
    """A person, and on whose behalf they spoke."""
    lent = f" on behalf of {words.visible(on_behalf_of.shown)}" if on_behalf_of is not None else ""
    return f"{words.visible(person.shown)}{lent}"


def awaited_words(row: AwaitedRow) -> str:
    """``model risk (Ben or Chen), until 2026-12-09 16:40:11Z``."""
    role = f"{words.visible(row.role)} ({row.count} people)" if row.count > 1 else words.visible(row.role)
    could = [words.visible(each.shown) for each in row.could]
    if could:
        role += f" ({either(could)})" if len(could) <= _MOST_NAMES else f" (one of {len(could)} people)"
    elif row.away:
        role += f" ({either([words.visible(each.shown) for each in row.away])}, away)"
    else:
        role += " (nobody may give it)"
    due = "" if row.due is None else f", {'was due' if row.overdue else 'until'} {words.when(row.due)}"
    after = f", after that {words.visible(row.escalate_to)} too" if row.escalate_to and not row.overdue else ""
    return f"{role}{due}{after}{'' if row.is_open else ', once the stage before is filled'}"


def word_head(word: WordRow) -> str:
    """``Ben, as approver, approved on 2026-11-23 09:04:07Z``."""
    return f"{named(word.person, word.on_behalf_of)}, as {words.visible(word.role)}, {word.said} on " + words.when(
        word.signed_at
    )


def word_details(word: WordRow) -> Iterator[str]:
    """What more there is to a word, a sentence each."""
    comment = f": {words.visible(word.comment)}" if word.comment else ""
    yield f"“{words.visible(word.meaning)}”, reason {words.visible(word.reason)}{comment}."
    yield f"Signed with {word.assurance}; duties {word.duties}."
    if word.why_not is not None:
        yield f"Does not count: {words.visible(word.why_not)}."
    if word.withdrawn_at is not None:
        yield f"Taken back on {words.when(word.withdrawn_at)}."
    if word.until is not None:
        yield f"Holds until {words.when(word.until)}."
    for condition in word.conditions:
        yield f"Condition, {condition_words(condition)}."


def condition_words(condition: ConditionRow) -> str:
    """``open: retrain on 2026 data; owner Ana; due 2026-12-15 00:00:00Z; closed by the rule data.fresh``."""
    state = condition.state
    if condition.closed_at is not None:
        state = f"{state} on {words.when(condition.closed_at)}"
    rule = f"; closed when {words.visible(condition.rule)} passes" if condition.rule else ""
    owner = words.visible(condition.owner.shown)
    return f"{state}: {words.visible(condition.text)}; owner {owner}; due {words.when(condition.due)}{rule}"


def waived_line(waiver: WaiverRow) -> str:
    """``waived until 2026-12-31 23:59:59Z by Ben and Chen: retraining under way (W-3)``."""
    by = words.listed([named(voice.person, voice.on_behalf_of) for voice in waiver.voices])
    why = words.visible(waiver.comment or waiver.reason)
    until = words.when(waiver.effective_until)
    return f"waived until {until} by {by or 'nobody'}: {why} ({words.visible(waiver.id)})"


def waiver_holds(waiver: WaiverRow) -> str:
    """Up to what the waiver covers, and which controls hold meanwhile; empty where neither is asked."""
    limit = [f"covers up to {words.visible(waiver.limit)}"] if waiver.limit else []
    controls = [f"control {each.rule} {'passes' if each.passes else 'does not pass'}" for each in waiver.controls]
    return "; ".join([*limit, *controls])


def waiver_details(waiver: WaiverRow) -> Iterator[tuple[str, str]]:
    """A waiver as terms and what is said of each, for a page and for paper."""
    asked = f"{named(waiver.asked_by)} on {words.when(waiver.asked_at)}"
    yield "Asked by", f"{asked}: {words.visible(waiver.comment)} ({words.visible(waiver.reason)})"
    for voice in waiver.voices:
        yield "Approved by", voice_words(voice)
    yield "In force", f"from {words.when(waiver.effective_on)} until {words.when(waiver.effective_until)}"
    yield "Covers", f"{words.visible(waiver.scope)}{f', up to {words.visible(waiver.limit)}' if waiver.limit else ''}"
    yield "Who may be harmed", words.visible(waiver.harmed)
    remains = f"; what remains, {waiver.residual}" if waiver.residual else ""
    yield "Risk", f"{waiver.inherent}{remains}"
    yield "Treatment", words.visible(waiver.treatment)
    for control in waiver.controls:
        state = "passes, so the waiver holds" if control.passes else "does not pass"
        yield "Compensating control", f"{control.rule} {state}"
    if waiver.renewals:
        yield "Renewed", words.plural(waiver.renewals, "time")
    if waiver.ticket:
        yield "Tracked as", words.visible(waiver.ticket)


def voice_words(voice: VoiceRow) -> str:
    """``Ben, as approver, on 2026-11-20 11:00:00Z; remaining risk unlikely × moderate, 2 × 3 = 6: medium``."""
    comment = f": {words.visible(voice.comment)}" if voice.comment else ""
    residual = f"; remaining risk {voice.residual}" if voice.residual else ""
    who = named(voice.person, voice.on_behalf_of)
    return f"{who}, as {words.visible(voice.role)}, on {words.when(voice.signed_at)}{residual}{comment}"


def record_words(shown: PeopleShown) -> str | None:
    """Which people record says who may speak; None where there is none."""
    if shown.record_version is None or shown.record_sha256 is None:
        return None
    steward = f", signed by {words.visible(shown.steward.shown)}" if shown.steward is not None else ""
    return f"Roles are those of people record {shown.record_version} ({shown.record_sha256[:12]}){steward}."


def duty_words(shown: PeopleShown) -> str | None:
    """Which duty rules held, and whom they keep from approving; None where nobody was asked."""
    if not shown.duties:
        return None
    parts: dict[str, list[str]] = {}
    if shown.requester is not None:
        parts.setdefault(shown.requester.shown, []).append("asked for it")
    for each in shown.authors:
        parts.setdefault(each.shown, []).append("made it")
    kept = [f"{words.visible(name)}, who {words.listed(did)}" for name, did in parts.items()]
    who = f" They keep from approving: {'; '.join(kept)}." if kept else ""
    return f"Duty rules in force: {', '.join(shown.duties)}.{who}"
