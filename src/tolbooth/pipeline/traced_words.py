"""The steps of a trace that people took: asked, approved, rejected, revoked; with the role that they held then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tolbooth.model.approval import Verb
from tolbooth.model.decision import Decision
from tolbooth.model.digest import sha256_hex, short
from tolbooth.model.errors import ReviewError
from tolbooth.model.instant import format_instant
from tolbooth.model.words import DecisionWord, Retirement, Revocation, WaiverRequest, WaiverWord
from tolbooth.pipeline.hearing import Heard
from tolbooth.pipeline.people_report import Called
from tolbooth.report.people import Who
from tolbooth.report.trace import TraceStep
from tolbooth.review.people import require_capacity
from tolbooth.review.spoken import Spoken
from tolbooth.store.embedded import EmbeddedStore

_VERBS = {
    Verb.APPROVE: "approved",
    Verb.APPROVE_WITH_CONDITIONS: "approved with conditions",
    Verb.REJECT: "rejected",
    Verb.REQUEST_CHANGES: "changes asked",
    Verb.ABSTAIN: "abstained",
}


def word_steps(
    heard: Heard, store: EmbeddedStore, called: Called, decisions: Sequence[Decision], rules: frozenset[str] | None
) -> tuple[TraceStep, ...]:
    """What people said about these decisions and the waivers that cover them, and the people records behind it.

    ``rules`` narrows waivers to those of these rules; words on a decision stay, since they are on all of it.
    """
    waivers = {each.sha256: each.said for each in heard.of(WaiverRequest) if _covers(each.said, decisions, rules)}
    places = {entry.envelope_sha256: entry.position for entry in store.entries()}
    teller = _Teller(heard=heard, called=called, waivers=waivers, places=places)
    words = {each.sha256 for each in heard.of(DecisionWord) if _on(each.said, decisions)}
    words |= {each.sha256 for each in heard.of(WaiverWord) if each.said.waiver_sha256 in waivers}
    about = words | waivers.keys()
    about |= {each.sha256 for each in heard.of(Revocation) if each.said.revokes_sha256 in about}
    about |= {each.sha256 for each in heard.of(Retirement) if each.said.waiver_sha256 in waivers}
    told = [teller.step(each) for each in heard.said if each.sha256 in about]
    return (*teller.records(), *told)


def _covers(request: WaiverRequest, decisions: Sequence[Decision], rules: frozenset[str] | None) -> bool:
    if rules is not None and request.rule not in rules:
        return False
    return any(
        (request.gate, request.environment) == (each.case.gate, each.case.environment)
        and request.scope.covers(each.case.subject)
        for each in decisions
    )


def _on(word: DecisionWord, decisions: Sequence[Decision]) -> bool:
    return any(
        (word.subject, word.gate, word.environment) == (each.case.subject.name, each.case.gate, each.case.environment)
        for each in decisions
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    """Tells what was said, by whom, and in which role then."""

    heard: Heard
    called: Called
    waivers: dict[str, WaiverRequest]
    places: dict[str, int]

    def records(self) -> Iterator[TraceStep]:
        """The people records, since they say who held which role."""
        for version in self.heard.chain.versions:
            sha256 = version.signed.statement_sha256
            yield TraceStep(
                at=version.signed_at,
                what="people signed",
                text=f"people record {version.people.version}: who holds which role from here on",
                sha256=sha256,
                position=self._position(sha256),
                person=self._who(version.steward),
                role="steward",
                signed_at=version.signed_at,
            )

    def step(self, spoken: Spoken[Any]) -> TraceStep:
        """One statement as a step."""
        said = spoken.said
        position = self._position(spoken.sha256)
        held, version = self._held(said)
        what, text, details = self._told(said)
        person = getattr(said, "person", None) or getattr(said, "requested_by", None)
        lender = getattr(said, "on_behalf_of", None)
        signed_at = said.at if isinstance(said, Retirement) else said.signed_at
        return TraceStep(
            at=signed_at if position is None else spoken.first_seen,
            what=what,
            text=text,
            sha256=spoken.sha256,
            position=position,
            person=None if person is None else self._who(person),
            role=getattr(said, "role", None),
            on_behalf_of=None if lender is None else self._who(lender),
            held=held,
            record_version=version,
            signed_at=signed_at,
            details=details,
        )

    def _told(self, said: Any) -> tuple[str, str, tuple[str, ...]]:
        match said:
            case WaiverRequest():
                what = "renewal asked" if said.renews else "waiver asked"
                until = f"until {format_instant(said.effective_until)}"
                return what, f"{said.id} of {said.rule}, {until}: {said.comment}", ()
            case WaiverWord():
                return f"waiver {_VERBS[said.verb]}", self._named(said.waiver_sha256), _comment(said)
            case DecisionWord():
                text = f"decision {short(said.decision_sha256)}, basis {short(said.basis)}: {said.meaning}"
                return _VERBS[said.verb], text, _comment(said)
            case Revocation():
                return "taken back", f"{self._named(said.revokes_sha256)}: {said.reason}", ()
            case Retirement():
                text = f"{self._named(said.waiver_sha256)} for {said.subject}: its rule passes again"
                return "waiver retired", f"{text}, decision {short(said.decision_sha256)}", ()
            case _:
                raise TypeError(f"{type(said).__name__} is nothing that people say")

    def _named(self, sha256: str) -> str:
        request = self.waivers.get(sha256)
        return f"{request.id} of {request.rule}" if request is not None else f"statement {short(sha256)}"

    def _who(self, person: str) -> Who:
        return Who(id=person, called=self.called(person))

    def _position(self, sha256: str) -> int | None:
        record = self.heard.records.get(sha256)
        return None if record is None else self.places.get(sha256_hex(record.envelope))

    def _held(self, said: Any) -> tuple[bool | None, int | None]:
        """Whether the role was the speaker's when they spoke, and by which version; None where no role is claimed."""
        if not isinstance(said, DecisionWord | WaiverWord):
            return None, None
        at: datetime = said.signed_at
        version = self.heard.chain.at(at)
        if version is None:
            return False, None
        try:
            require_capacity(version.people, said.person, said.role, as_of=at, on_behalf_of=said.on_behalf_of)
        except ReviewError:
            return False, version.people.version
        return True, version.people.version


def _comment(said: DecisionWord | WaiverWord) -> tuple[str, ...]:
    told = [f"reason {said.reason}{f': {said.comment}' if said.comment else ''}"]
    if isinstance(said, DecisionWord):
        told += [f"condition: {each.text}, due {format_instant(each.due)}" for each in said.conditions]
    return tuple(told)
