"""Whether a version may be moved: by the decision on record, and by what would be decided with what is known now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tolbooth.model.decision import Decision, DecisionReason, Verdict
from tolbooth.model.digest import DigestSet, short
from tolbooth.model.errors import Problem
from tolbooth.model.instant import format_instant

_SAYS = {
    Verdict.DENY: "denies it",
    Verdict.UNDECIDED: "could not be decided",
    Verdict.PENDING: "waits for approval",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to run where: the digest, and the gate and environment whose decision must allow it."""

    gate: str
    environment: str
    digest: DigestSet
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """A recorded decision in brief; ``digest`` is the value of its subject's."""

    decision_sha256: str
    gate: str
    environment: str
    version: str
    digest: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A recorded decision held against what is known now.

    ``now`` is the same case decided again at this instant, by the waivers and words known now. ``is_signed`` tells
    whether a key that is trusted here signed the record. ``revoked`` are words that it rested on and that their authors
    took back.
    """

    decision: Decision
    decision_sha256: str
    now: Decision
    is_signed: bool = True
    revoked: tuple[str, ...] = ()

    @property
    def allows(self) -> bool:
        """Whether it allowed, and still does."""
        verdicts = {self.decision.verdict, self.now.verdict}
        return self.is_signed and verdicts == {Verdict.ALLOW}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Why a decision that allowed would not allow now: a stable code, a sentence, and what it is about."""

    code: str
    message: str
    detail: str | None = None


def same_digest(one: DigestSet, other: DigestSet) -> bool:
    """Whether two digests are of the same content: they share an algorithm, and agree in every one that they share."""
    shared = one.keys() & other.keys()
    return bool(shared) and all(one[name] == other[name] for name in shared)


def refusals(wanted: Wanted, held: Held | None, others: Sequence[OnRecord]) -> tuple[Problem, ...]:
    """Why a version may not be moved; nothing where it may.

    Args:
        wanted: what is to run where.
        held: the last decision on this digest at this gate and environment; None if there is none.
        others: every other recorded decision, oldest first, to say what comes near.
    """
    if held is None:
        return (_missing(wanted, others),)
    name = short(held.decision_sha256)
    if not held.is_signed:
        hint = "import the transcript that it came with again, and name the key: 'tolbooth log import FILE --key KEY'"
        message = f"decision {name} is signed by a key that is not known here"
        return (Problem(code="promote.unsigned", message=message, hint=hint),)
    if held.decision.verdict is not Verdict.ALLOW:
        at = format_instant(held.decision.case.as_of)
        message = f"the last decision on it, {name} of {at}, {_SAYS[held.decision.verdict]}"
        return (Problem(code="promote.not-allowed", message=message, hint=f"'tolbooth report {name}' tells why"),)
    return tuple(
        Problem(
            code=f"promote.{each.code}",
            message=f"decision {name} allowed it, and does not any more: {each.message}",
            hint=f"'tolbooth gate {wanted.gate}' decides anew, while its subject is this version",
        )
        for each in endings(held)
    )


def endings(held: Held) -> tuple[Ending, ...]:
    """Why a decision that allowed would not allow now; nothing if it still does."""
    if held.decision.verdict is not Verdict.ALLOW or held.now.verdict is Verdict.ALLOW:
        return ()
    ended = tuple(_ended_waivers(held))
    uncovered = {(waiver.rule, waiver.term) for waiver in held.decision.waivers}
    explained = {"approval-ended"} if ended else set()  # approvals bind to a basis, which names its waivers
    reasons = (
        _ending(reason)
        for reason in held.now.reasons
        if not (reason.code.startswith("rule.") and (reason.rule, reason.term) in uncovered)
    )
    return tuple(dict.fromkeys([*ended, *(each for each in reasons if each.code not in explained)]))


def _ended_waivers(held: Held) -> Iterator[Ending]:
    """Those that it applied and that would not be applied now, each once."""
    still = {each.waiver_sha256 for each in held.now.waivers}
    lost = {each.waiver_sha256: each for each in held.decision.waivers if each.waiver_sha256 not in still}
    now = held.now.case.as_of
    for each in lost.values():
        until = format_instant(each.effective_until)
        how = f"ended at {until}" if not now < each.effective_until else f"is over before its end at {until}"
        message = f"the waiver {each.waiver_id} on {each.rule} {how}"
        yield Ending(code="waiver-ended", message=message, detail=each.waiver_sha256)


def _ending(reason: DecisionReason) -> Ending:
    match reason.code:
        case "approval.rejected":
            message = f"{reason.person} rejected it, as {reason.role}"
            return Ending(code="rejected", message=message, detail=reason.person)
        case "approval.missing":
            message = f"a yes of the role '{reason.role}' is missing: it ended, or was taken back, or is asked since"
            return Ending(code="approval-ended", message=message, detail=reason.role)
        case _:
            message = f"{reason.rule or 'the gate'} blocks ({reason.code})"
            return Ending(code="blocked", message=message, detail=reason.rule)


def _missing(wanted: Wanted, others: Sequence[OnRecord]) -> Problem:
    """That there is no decision on it, with the nearest one that there is."""
    digest = short(next(iter(wanted.digest.values()), "unknown"))
    what = f"no decision is about digest {digest} at gate '{wanted.gate}' in environment '{wanted.environment}'"
    hint = f"run 'tolbooth gate {wanted.gate}' while its subject is this version"
    code, near = _nearest(wanted, others)
    return Problem(code=code, message=f"{what}{near}", hint=hint)


def _nearest(wanted: Wanted, others: Sequence[OnRecord]) -> tuple[str, str]:
    about = [each for each in others if each.digest in wanted.digest.values()]
    elsewhere = [each for each in about if each.gate == wanted.gate]
    if elsewhere:
        return "promote.other-environment", f"; there is one for environment '{elsewhere[-1].environment}'"
    if about:
        other = about[-1]
        return "promote.other-gate", f"; there is one at gate '{other.gate}' in environment '{other.environment}'"
    named = [each for each in others if (each.gate, each.version) == (wanted.gate, wanted.version)]
    if named:
        return "promote.other-digest", f"; that on version {wanted.version} was about digest {short(named[-1].digest)}"
    return "promote.no-decision", ""
