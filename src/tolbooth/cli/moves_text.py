"""Promotions, reconciliations and tenures as text and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tolbooth.evidence.moves import Result
from tolbooth.model.digest import DigestSet, short
from tolbooth.model.instant import format_instant
from tolbooth.pipeline.promoting import Promoted
from tolbooth.pipeline.reconciling import FoundNow, Reconciled
from tolbooth.pipeline.serving import Served, Serving
from tolbooth.pipeline.settling import Settled
from tolbooth.report.words import plural, visible

Called = Callable[[str], str | None]
"""What a person is called; None where no names are at hand."""

_HOW = {
    "promoted": "promoted",
    "confirmed": "stood there already when it was promoted",
    "settled": "promoted, and found there after the promotion was cut short",
    "seen": "seen by reconcile; nobody promoted it",
}


def promoted_lines(done: Promoted, called: Called) -> Iterator[str]:
    """What a promotion did, or would do."""
    yield from settled_lines(done.settled)
    yield _headline(done)
    yield f"  digest    {_digest(done.digest)}"
    gate = f"{done.goal.gate}, environment {done.goal.environment}"
    yield f"  decision  {short(done.decision_sha256)} at {gate}, of {format_instant(done.decided_at)}"
    yield f"  asked by  {visible(called(done.requester) or done.requester)} (by {done.claimed_by})"
    if done.position is not None:
        yield f"  recorded  entry {done.position + 1}"
    elif done.result is None:
        yield "  recorded  nothing: this was a rehearsal"
    for each in done.open:
        yield f"An earlier promotion to version {each.said.to_version} is open; a real one settles it first."


def _headline(done: Promoted) -> str:
    label, version = visible(done.place.label), done.goal.version
    if done.result is None and done.from_version == version:
        return f"{label} points to version {version} already, and may."
    source = f"from version {done.from_version}" if done.from_version is not None else "from nowhere"
    if done.result is None:
        return f"Would move {label} {source} to version {version}."
    if done.result is Result.MOVED:
        return f"Moved {label} {source} to version {version}."
    told = "" if done.position is not None else ", by a promotion on the same decision"
    return f"{label} points to version {version} already{told}."


def settled_lines(settled: tuple[Settled, ...]) -> Iterator[str]:
    """What became of promotions that had been open."""
    for each in settled:
        said, found = each.promotion, each.outcome.found_version
        where = "it was found there" if each.outcome.result.is_there else f"it points to {_version(found)}"
        yield f"The promotion of {visible(said.place.label)} to version {said.to_version} was open: {where}; recorded."


def reconciled_lines(done: Reconciled) -> Iterator[str]:
    """What a reconciliation saw and found."""
    yield from settled_lines(done.settled)
    yield summary(done)
    for each in done.found:
        yield f"  {visible(each.finding.place)}: {each.finding.code} ({_since(each)}), {each.finding.id}"
        yield f"    {visible(each.finding.message)}"
    for source in done.unread:
        yield f"  {source.place} could not be read: {visible(source.message)} ({source.code})"
    if done.ungoverned:
        named = ", ".join(visible(place.label) for place in done.ungoverned)
        yield f"Not looked at, since no gate is declared for it: {named}"
    if done.left_out:
        yield f"Left out: {plural(done.left_out, 'object')} of a cluster that bear no model."
    yield _recorded(done)


def summary(done: Reconciled) -> str:
    """How much was looked at, and how much of it is not as a decision left it."""
    findings = plural(len(done.found), "finding") if done.found else "nothing to report"
    return f"{plural(len(done.seen), 'place')} looked at: {findings}."


def reconciled_markdown(done: Reconciled) -> Iterator[str]:
    """The same as Markdown, for a job's summary or a message."""
    yield "## Reconciliation"
    yield ""
    yield f"{summary(done)} {format_instant(done.as_of)}."
    if done.found:
        yield ""
        yield "| place | finding | since | what |"
        yield "|---|---|---|---|"
    for each in done.found:
        cells = (each.finding.place, each.finding.code, _since(each), each.finding.message)
        yield f"| {' | '.join(_cell(cell) for cell in cells)} |"
    notes = [*settled_lines(done.settled), *(f"{each.place} could not be read: {each.message}" for each in done.unread)]
    for note in [*notes, _recorded(done)]:
        yield ""
        yield _cell(note)


def serving_lines(answer: Serving, called: Called, *, many: bool) -> Iterator[str]:
    """What stood at a place."""
    where = f" of {answer.place.registry}" if many else ""
    yield f"{visible(answer.place.label)}{where}"
    if not answer.served:
        yield f"  not known: the log knows of it from {format_instant(answer.known_from)} on"
    for each in answer.served:
        yield from _served_lines(each, called)


def _served_lines(served: Served, called: Called) -> Iterator[str]:
    each = served.tenure
    until = format_instant(served.until) if served.until is not None else "now"
    digest = f", {_digest(each.digest)}" if each.digest else ""
    yield f"  {format_instant(each.at)} to {until}: {_version(each.version)}{digest}"
    decision = "no decision" if each.decision_sha256 is None else f"decision {short(each.decision_sha256)}"
    at = f" at {each.gate}, environment {each.environment}" if each.gate is not None else ""
    yield f"    {decision}{at}; {_HOW[each.how]} (entry {each.position + 1})"
    if each.requester is not None:
        yield f"    asked by {visible(called(each.requester) or each.requester)}"
    if each.not_before is not None:
        yield f"    came there after {format_instant(each.not_before)}"


def _since(each: FoundNow) -> str:
    return "new" if each.since is None else f"since {format_instant(each.since)}"


def _recorded(done: Reconciled) -> str:
    return f"Recorded: entry {done.position + 1}." if done.position is not None else "Nothing new to record."


def _digest(digest: DigestSet) -> str:
    return ", ".join(f"{name} {short(value)}" for name, value in digest.items())


def _version(version: str | None) -> str:
    return "nothing" if version is None else f"version {visible(version)}"


def _cell(text: str) -> str:
    """Text that can't leave its cell, nor become markup."""
    escaped = visible(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return "".join(f"\\{character}" if character in "`*_[]" else character for character in escaped)
