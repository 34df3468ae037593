"""From the ``people/`` files of a decision's core to what a report shows of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tolbooth.config.load import Project
from tolbooth.evidence.people_opening import OpenedPeople, open_people_folder
from tolbooth.model.approval import Assurance, Condition, Verb
from tolbooth.model.decision import Decision
from tolbooth.model.instant import in_force
from tolbooth.model.rule import Outcome
from tolbooth.model.waiver import SubjectScope, Waiver
from tolbooth.model.words import DecisionWord, Retirement, Revocation, WaiverRequest, WaiverWord
from tolbooth.pipeline.people_record import read_names, read_people_records
from tolbooth.report.people import AwaitedRow, ConditionRow, ControlRow, PeopleShown, VoiceRow, WaiverRow, Who, WordRow
from tolbooth.report.words import exact_percent
from tolbooth.review.approvals import standing
from tolbooth.review.people import UNDECLARED
from tolbooth.review.risk import TREATMENTS
from tolbooth.review.standing import Awaited, WordStanding
from tolbooth.review.waiver_state import WaiverState
from tolbooth.review.waivers import review_waivers
from tolbooth.store.embedded import EmbeddedStore

Called = Callable[[str], str | None]
"""What a person is called; None where no names are at hand."""

_PPM = "ppm"
_ABOUT_WAIVERS = (WaiverRequest, WaiverWord, Revocation, Retirement)

_SAID = {
    Verb.APPROVE: "approved",
    Verb.APPROVE_WITH_CONDITIONS: "approved with conditions",
    Verb.REJECT: "rejected it",
    Verb.REQUEST_CHANGES: "asked for changes",
    Verb.ABSTAIN: "abstained",
}
_ASSURANCE = {
    Assurance.SERVICE: "a login that the service attests",
    Assurance.PERSONAL_KEY: "a key of their own",
    Assurance.QUALIFIED: "a qualified signature",
}


def nobody_called(_person: str) -> None:
    """Shows every person by id, as packs do."""


def handles(project: Project, store: EmbeddedStore | None) -> Called:
    """Handles by the newest people record's names document; nobody's where it was erased or never was.

    Raises:
        VerificationError: ``people.*`` if a people record does not verify.
    """
    last = read_people_records(project, store).chain.last
    found = read_names(project, store, last.people.names_sha256) if last is not None else None
    if found is None:
        return nobody_called
    known = {person: named.handle for person, named in found[0].names.items()}
    return known.get


def people_shown(core: Mapping[str, bytes], decision: Decision, called: Called = nobody_called) -> PeopleShown:
    """What people said about a decision; empty where nobody had a word.

    Raises:
        VerificationError: ``people.*`` or ``json.*`` if a record is not what somebody signed.
    """
    opened = open_people_folder(core, None)
    return PeopleShown() if opened is None else _Shower(opened=opened, decision=decision, called=called).shown()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shower:
    """Turns what was said into rows, with names where they are known."""

    opened: OpenedPeople
    decision: Decision
    called: Called

    def shown(self) -> PeopleShown:
        chain, context, case = self.opened.chain, self.opened.context, self.decision.case
        # A deadline counts from the first decision with this basis, which may be this one.
        matter = replace(context.matter(self.decision, chain), asked_at=context.asked_at or case.as_of)
        words = tuple(each for each in self.opened.said if isinstance(each.said, DecisionWord))
        taken = tuple(each for each in self.opened.said if isinstance(each.said, Revocation))
        found = standing(matter, words, taken)
        version = chain.at(case.as_of)
        duties = context.workflow.duties_over(version.people.duties) if version is not None else ()
        involved = context.involved
        return PeopleShown(
            words=tuple(self._word(each) for each in _by_time(found.words)),
            awaited=tuple(self._awaited(each) for each in found.awaited),
            unmeetable=tuple(each.message for each in found.unmeetable),
            waivers=self._waivers(),
            duties=tuple(each.value for each in duties) if found.words or found.required else (),
            requester=self._known(involved.requester),
            authors=tuple(who for each in involved.authors or () if (who := self._known(each)) is not None),
            record_version=version.people.version if version is not None else None,
            record_sha256=version.signed.statement_sha256 if version is not None else None,
            steward=self._who(version.steward) if version is not None else None,
        )

    def _who(self, person: str) -> Who:
        return Who(id=person, called=self.called(person))

    def _known(self, person: str | None) -> Who | None:
        return None if person in {None, UNDECLARED} else self._who(str(person))

    def _word(self, judged: WordStanding) -> WordRow:
        word, approval = judged.word, judged.approval
        return WordRow(
            sha256=judged.sha256,
            person=self._who(word.person),
            on_behalf_of=self._known(word.on_behalf_of),
            role=word.role,
            verb=word.verb.value,
            said=_SAID[word.verb],
            counts=judged.counts,
            meaning=word.meaning,
            reason=word.reason,
            comment=word.comment,
            assurance=_ASSURANCE[word.assurance],
            duties=approval.duties.value,
            signed_at=word.signed_at,
            until=approval.effective_until,
            withdrawn_at=approval.withdrawn_at,
            why_not=self._why_not(judged),
            conditions=tuple(self._condition(each) for each in approval.conditions),
        )

    def _why_not(self, judged: WordStanding) -> str | None:
        if judged.problem is not None:
            return self._with_names(judged.problem.message)
        return None if judged.counts else "an abstention counts as nothing"

    def _with_names(self, text: str) -> str:
        """A message of ``review``, which knows ids alone, with what these persons are called."""
        for version in self.opened.chain.versions:
            for person in version.people.people:
                text = text.replace(person.id, self._who(person.id).shown)
        return text

    def _condition(self, condition: Condition) -> ConditionRow:
        as_of = self.decision.case.as_of
        due = in_force(as_of, effective_on=None, effective_until=condition.due)
        state = "met" if condition.closed_at is not None else "open" if due else "overdue"
        return ConditionRow(
            text=condition.text,
            owner=self._who(condition.owner),
            due=condition.due,
            state=state,
            rule=condition.rule,
            closed_at=condition.closed_at,
        )

    def _awaited(self, awaited: Awaited) -> AwaitedRow:
        return AwaitedRow(
            stage=awaited.stage,
            role=awaited.role,
            count=awaited.count,
            could=tuple(self._who(each) for each in awaited.could),
            away=tuple(self._who(each) for each in awaited.away),
            is_open=awaited.is_open,
            due=awaited.due,
            overdue=awaited.overdue,
            escalate_to=awaited.escalate_to,
        )

    def _waivers(self) -> tuple[WaiverRow, ...]:
        said = tuple(each for each in self.opened.said if isinstance(each.said, _ABOUT_WAIVERS))
        rules = self.opened.context.rules(self.opened.chain)
        states = review_waivers(said, rules, as_of=self.decision.case.as_of).states
        used = {each.waiver_sha256 for each in self.decision.waivers}
        return tuple(
            self._waiver(waiver, states[waiver.sha256])
            for waiver in self.opened.applied.waivers
            if waiver.sha256 in used and waiver.sha256 in states
        )

    def _waiver(self, waiver: Waiver, state: WaiverState) -> WaiverRow:
        risk, scale = waiver.risk, self.opened.context.policy.scale
        return WaiverRow(
            sha256=waiver.sha256,
            id=waiver.id,
            rule=waiver.rule,
            scope=_scope(waiver.scope),
            asked_by=self._who(waiver.requested_by),
            asked_at=state.request.signed_at,
            reason=waiver.reason,
            comment=state.request.comment,
            effective_on=waiver.effective_on,
            effective_until=waiver.effective_until,
            harmed=risk.harmed,
            inherent=scale.words(risk.inherent),
            residual=None if risk.residual is None else scale.words(risk.residual),
            treatment=f"{TREATMENTS[risk.treatment]}: {risk.treatment_text}",
            voices=tuple(
                VoiceRow(
                    person=self._who(voice.word.person),
                    on_behalf_of=self._known(voice.word.on_behalf_of),
                    role=voice.word.role,
                    signed_at=voice.word.signed_at,
                    residual=None if voice.word.residual is None else scale.words(voice.word.residual),
                    comment=voice.word.comment,
                )
                for voice in state.yeses
            ),
            controls=tuple(ControlRow(rule=each, passes=self._passes(each)) for each in waiver.compensating_controls),
            limit=self._limit(waiver),
            ticket=waiver.ticket,
            renewals=waiver.renewal_count,
        )

    def _passes(self, rule: str) -> bool:
        outcomes = [each.outcome for each in self.decision.results if each.rule == rule]
        return bool(outcomes) and all(outcome is Outcome.PASS for outcome in outcomes)

    def _limit(self, waiver: Waiver) -> str | None:
        if waiver.limit is None:
            return None
        units = (each.measured.unit for each in self.decision.results if each.rule == waiver.rule and each.measured)
        unit = next(units, "")
        return f"{exact_percent(waiver.limit)} %" if unit == _PPM else f"{waiver.limit} {unit}".rstrip()


def _by_time(words: tuple[WordStanding, ...]) -> list[WordStanding]:
    return sorted(words, key=lambda each: (each.word.signed_at, each.sha256))


def _scope(scope: SubjectScope) -> str:
    if scope.digest is not None:
        return f"exactly the digest {scope.digest[:12]}"
    return f"subjects called {scope.pattern}, at most {scope.matches_at_most}"
