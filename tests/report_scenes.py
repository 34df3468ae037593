"""Reports on decisions of every kind, for the tests of the formats: denied, waived, pending, empty, allowed, broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests import report_sample as sample
from tolbooth.model.decision import DecisionReason, Verdict
from tolbooth.model.rule import Enforcement, Outcome, Reason
from tolbooth.report.model import Report, build_report
from tolbooth.report.people import (
    AwaitedRow,
    ConditionRow,
    ControlRow,
    PeopleShown,
    VoiceRow,
    WaiverRow,
    Who,
    WordRow,
)
from tolbooth.report.record import RuleProblem

HOSTILE = (
    "a|b`c` <script>x</script> [t](http://evil.example) ::error::%0A ##vso[task.complete] {0} # SKIP \n\x1b[31m\ufffe"
)
"""A name from data that tries everything: cells, code, markup, links, commands, placeholders, directives, controls."""


def denied() -> Report:
    """One rule fails for a pair and is undecided for a small group; others pass or are off."""
    return sample.sample_report()


def allowed() -> Report:
    """One rule, which passes."""
    passed = sample.result("a.rule", Outcome.PASS, "fine", facts=("a" * 64,))
    return sample.sample_report(results=(passed,), verdict=Verdict.ALLOW, reasons=())


def waived() -> Report:
    """The rule fails for one term and is undecided for another; a waiver covers each."""
    failed = sample.result("a.rule", Outcome.FAIL, "too wide", term="sex")
    small = sample.result("a.rule", Outcome.UNDECIDED, "too few", term="race: Asian", reason=Reason.INSUFFICIENT)
    waivers = (sample.waiver_of(failed), sample.waiver_of(small))
    return sample.sample_report(results=(failed, small), verdict=Verdict.ALLOW, reasons=(), waivers=waivers)


def warned() -> Report:
    """One rule warns, one is observed, one that only warns can't be decided; nothing stops the release."""
    results = (
        sample.result("a.observed", Outcome.FAIL, "noted", enforcement=Enforcement.OBSERVE),
        sample.result("a.unknown", Outcome.UNDECIDED, "no fact", enforcement=Enforcement.WARN, reason=Reason.MISSING),
        sample.result("a.warned", Outcome.FAIL, "rather wide", enforcement=Enforcement.WARN),
    )
    return sample.sample_report(results=results, verdict=Verdict.ALLOW, reasons=())


def pending() -> Report:
    """Every rule passes, and a person's yes is missing."""
    passed = sample.result("a.rule", Outcome.PASS, "fine")
    reasons = (DecisionReason(code="approval.missing", role="model risk"),)
    return sample.sample_report(results=(passed,), verdict=Verdict.PENDING, reasons=reasons)


def rejected() -> Report:
    """Every rule passes, and a person said no."""
    passed = sample.result("a.rule", Outcome.PASS, "fine")
    reasons = (DecisionReason(code="approval.rejected", role="model risk", person="Ben"),)
    return sample.sample_report(results=(passed,), verdict=Verdict.DENY, reasons=reasons)


def empty() -> Report:
    """No rule was evaluated."""
    return sample.sample_report(results=(), verdict=Verdict.UNDECIDED, reasons=(DecisionReason(code="gate.empty"),))


def broken() -> Report:
    """The engine failed on one rule."""
    result = sample.result("a.rule", Outcome.ERROR, "could not be evaluated", error_code="judge.timeout")
    decision = sample.decision(results=(result,), verdict=Verdict.UNDECIDED)
    record = sample.record(problems=(RuleProblem(code="judge.timeout", text="took longer than 5 s", rule="a.rule"),))
    return build_report(decision, sample.input_document(), record)


def hostile() -> Report:
    """A group, a term, a file and a message that hold everything that could break out of a format."""
    document = sample.input_document()
    document["observations"]["fairness"] = [sample.observation(sample.RACES | {HOSTILE: (10, 90, 5, 5)})]
    document["declared"] = {"owner": HOSTILE, "purpose": HOSTILE}
    document["gaps"] = [{"kind": "x", "about": HOSTILE, "code": "x", "message": HOSTILE}]
    failing = sample.result(
        "fairness.difference", Outcome.FAIL, HOSTILE, term=HOSTILE, **(sample.FAIR | {"facts": ("a" * 64,)})
    )
    passing = sample.result("a.rule", Outcome.PASS, HOSTILE, term=HOSTILE)
    decision = sample.decision(results=(passing, failing))
    case = replace(decision.case, subject=replace(decision.case.subject, name=HOSTILE, project=HOSTILE), gate=HOSTILE)
    files = (sample.artifact(name=HOSTILE, uri="data/" + HOSTILE.replace("/", "-").replace("\n", "")),)
    return build_report(replace(decision, case=case), document, sample.record(artifacts=files, people=told(HOSTILE)))


def told(text: str) -> PeopleShown:
    """Ben said yes under conditions, Chen's word is void, Dora is awaited, a waiver holds; ``text`` is everywhere."""
    ben, chen, dora = Who(id="p-0000000000000002", called=text), Who(id="p-0000000000000003"), Who(id=text)
    due = sample.AS_OF + timedelta(days=7)
    conditions = (
        ConditionRow(text=text, owner=ben, due=due, state="open", rule=text),
        ConditionRow(text="done", owner=chen, due=due, state="met", closed_at=sample.AS_OF),
    )
    word = WordRow(
        sha256="1" * 64,
        person=ben,
        on_behalf_of=dora,
        role=text,
        verb="approve-with-conditions",
        said="approved with conditions",
        counts=True,
        meaning=text,
        reason=text,
        comment=text,
        assurance="a key of their own",
        duties="kept",
        signed_at=sample.AS_OF,
        until=due,
        conditions=conditions,
    )
    idle = replace(word, sha256="2" * 64, person=chen, counts=False, why_not=text, withdrawn_at=due, conditions=())
    voice = VoiceRow(person=ben, role=text, signed_at=sample.AS_OF, on_behalf_of=dora, residual=text, comment=text)
    waiver = WaiverRow(
        sha256="e" * 64,
        id="W-3",
        rule="a.rule",
        scope=text,
        asked_by=dora,
        asked_at=sample.AS_OF,
        reason=text,
        comment=text,
        effective_on=sample.AS_OF,
        effective_until=datetime(2027, 1, 1, tzinfo=UTC),
        harmed=text,
        inherent=text,
        residual=text,
        treatment=text,
        voices=(voice,),
        controls=(ControlRow(rule="b.rule", passes=True), ControlRow(rule="c.rule", passes=False)),
        limit=text,
        ticket=text,
        renewals=1,
    )
    awaited = AwaitedRow(
        stage=text, role=text, count=2, could=(dora,), away=(chen,), is_open=True, due=due, escalate_to=text
    )
    return PeopleShown(
        words=(word, idle),
        awaited=(awaited, replace(awaited, could=(), is_open=False, overdue=True)),
        unmeetable=(text,),
        waivers=(waiver,),
        duties=("requester", "once"),
        requester=ben,
        authors=(ben, chen),
        record_version=2,
        record_sha256="3" * 64,
        steward=chen,
    )


def people() -> Report:
    """A waived result, a yes with conditions, a word that is void, and two people awaited."""
    failed = sample.result("a.rule", Outcome.FAIL, "too wide", term="sex")
    reasons = (DecisionReason(code="approval.missing", role="board"),)
    decision = sample.decision(
        results=(failed,),
        verdict=Verdict.PENDING,
        reasons=reasons,
        waivers=(sample.waiver_of(failed),),
        approvals=("1" * 64,),
    )
    return build_report(decision, sample.input_document(), sample.record(people=told("Ben")))


SCENES: Mapping[str, Callable[[], Report]] = {
    scene.__name__: scene
    for scene in (denied, allowed, waived, warned, pending, rejected, empty, broken, hostile, people)
}
"""Name to scene."""
