"""What is not as a decision left it, and what may move: the pure part, without a registry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.waiver_sample import CASE, DECISION, NOW
from tolbooth.decide.drift import Cover, alias_findings, deleted_versions, deployment_findings
from tolbooth.decide.promotion import Held, OnRecord, Wanted, endings, refusals, same_digest
from tolbooth.evidence.moves import Finding, Promotion, Seen, Sighting
from tolbooth.model.decision import AppliedWaiver, Decision, DecisionReason, Verdict
from tolbooth.model.deployment import AliasPlace, AliasState, Deployment, RegisteredModel

PLACE = AliasPlace(registry="r", model="credit", alias="champion")
MODEL = RegisteredModel(registry="r", model="credit", created_ms=1, aliases={"champion": "7"}, versions=("6", "7"))
DIGEST = {"sha256": CASE.subject.digest_value}
OTHER = {"sha256": "f" * 64}
STATE = AliasState(place=PLACE, registered=MODEL, version="7", digest=DIGEST)
PROMOTION = Promotion(
    id="0" * 32,
    place=PLACE,
    model_created_ms=1,
    from_version=None,
    to_version="7",
    digest=DIGEST,
    gate="release",
    environment="ci",
    decision_sha256="d" * 64,
    basis="e" * 64,
    as_of=NOW,
    requester="undeclared",
    claimed_by="git",
)
ALLOWED = replace(DECISION, verdict=Verdict.ALLOW, reasons=())
WAIVER = AppliedWaiver(
    waiver_sha256="1" * 64, waiver_id="W-1", rule="r.x", term=None, effective_until=NOW + timedelta(days=1)
)
WANTED = Wanted(gate="release", environment="ci", digest=DIGEST, version="7")


def held(decision: Decision = ALLOWED, *, now: Decision | None = None, **more: Any) -> Held:
    return Held(decision=decision, decision_sha256="d" * 64, now=now or decision, **more)


def cover(found: Held | None = None, *others: OnRecord) -> Cover:
    return Cover(gate="release", environment="ci", held=found, others=others)


def on_record(**changes: Any) -> OnRecord:
    plain = {"gate": "release", "environment": "ci", "version": "7", "digest": "f" * 64, "verdict": Verdict.ALLOW}
    return OnRecord(decision_sha256="d" * 64, **(plain | changes))


def lapsed(*reasons: DecisionReason, waivers: tuple[AppliedWaiver, ...] = (), hours: int = 48) -> Held:
    """A decision that allowed, and that would not now."""
    before = replace(ALLOWED, waivers=waivers)
    case = replace(CASE, as_of=NOW + timedelta(hours=hours))
    return held(before, now=replace(DECISION, case=case, verdict=Verdict.DENY, reasons=reasons, waivers=()))


def codes(found: tuple[Finding, ...]) -> list[str]:
    return [each.code for each in found]


def test_an_alias_as_it_was_promoted_on_a_decision_that_holds_is_clean() -> None:
    assert alias_findings("live", STATE, PROMOTION, None, cover(held())) == ()


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (replace(STATE, version="6"), "alias-moved"),
        (replace(STATE, digest=OTHER), "digest-changed"),
        (replace(STATE, digest={}, problem="they are gone"), "digest-unknown"),
        (replace(STATE, version=None), "alias-removed"),
        (replace(STATE, version=None, registered=replace(MODEL, versions=("6",))), "version-deleted"),
        (replace(STATE, version=None, registered=RegisteredModel(registry="r", model="credit")), "model-deleted"),
        (replace(STATE, registered=replace(MODEL, created_ms=2)), "model-recreated"),
    ],
)
def test_each_difference_to_the_promotion_has_its_own_code_and_stays(state: AliasState, code: str) -> None:
    (found,) = alias_findings("live", state, PROMOTION, None, cover(held()))
    assert (found.code, found.place, found.lasting) == (code, "live", True)


def test_an_alias_that_nobody_promoted_and_that_is_not_set_is_no_finding() -> None:
    assert alias_findings("live", replace(STATE, version=None), None, None, cover()) == ()


def test_what_a_sighting_saw_there_and_nobody_promoted_is_missed_once() -> None:
    before = Seen(place="live", origin="mlflow r", alias=PLACE, version="7", digest=DIGEST, model_created_ms=1)
    (found,) = alias_findings("live", replace(STATE, version=None), None, before, cover())
    assert (found.code, found.lasting) == ("alias-removed", False)
    (changed,) = alias_findings("live", replace(STATE, digest=OTHER), None, before, cover(held()))
    assert (changed.code, changed.lasting) == ("digest-changed", False)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, ["no-decision"]),
        (held(DECISION), ["not-allowed"]),
        (held(is_signed=False), ["not-allowed"]),
        (lapsed(waivers=(WAIVER,)), ["waiver-ended"]),
        (lapsed(DecisionReason(code="approval.rejected", role="risk", person="ben")), ["rejected"]),
        (lapsed(DecisionReason(code="approval.missing", role="risk")), []),
    ],
)
def test_what_runs_is_held_against_the_decision_that_covers_it(found: Held | None, expected: list[str]) -> None:
    assert codes(alias_findings("live", STATE, PROMOTION, None, cover(found))) == expected


def test_a_yes_that_was_taken_back_is_told_and_one_that_expired_is_not() -> None:
    missing = lapsed(DecisionReason(code="approval.missing", role="risk"))
    deployment = Deployment(place="p", origin="o", digest=DIGEST)
    assert codes(deployment_findings(deployment, cover(missing))) == []
    assert codes(deployment_findings(deployment, cover(replace(missing, revoked=("2" * 64,))))) == ["approval-revoked"]


def test_a_deployment_without_a_digest_can_not_be_held_against_anything() -> None:
    assert codes(deployment_findings(Deployment(place="p", origin="o"), cover(held()))) == ["digest-unknown"]


def test_a_version_that_was_allowed_with_another_digest_is_told_as_that() -> None:
    deployment = Deployment(place="p", origin="o", version="7", digest=DIGEST)
    assert codes(deployment_findings(deployment, cover(None, on_record()))) == ["digest-changed"]
    denied = on_record(verdict=Verdict.DENY)
    assert codes(deployment_findings(deployment, cover(None, denied))) == ["no-decision"]
    assert codes(deployment_findings(deployment, cover(None, on_record(environment="lab")))) == ["no-decision"]


def test_versions_that_stood_here_and_were_deleted_are_events_of_this_model_only() -> None:
    gone = replace(PROMOTION, to_version="5")
    (found,) = deleted_versions("live", STATE, [gone, replace(PROMOTION, to_version="6")])
    assert (found.version, found.lasting) == ("5", False)
    assert deleted_versions("live", STATE, [replace(gone, model_created_ms=9)]) == ()


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (on_record(digest=DIGEST["sha256"], environment="lab"), "promote.other-environment"),
        (on_record(digest=DIGEST["sha256"], gate="easy"), "promote.other-gate"),
        (on_record(), "promote.other-digest"),
        (on_record(version="1"), "promote.no-decision"),
    ],
)
def test_a_refusal_says_which_decision_comes_near(other: OnRecord, code: str) -> None:
    assert [each.code for each in refusals(WANTED, None, [other])] == [code]


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.ALLOW])
def test_only_an_allow_lets_it_move(verdict: Verdict) -> None:
    found = refusals(WANTED, held(replace(ALLOWED, verdict=verdict)), [])
    assert [each.code for each in found] == ["promote.not-allowed"]
    assert refusals(WANTED, held(), []) == ()


def test_an_ended_waiver_explains_its_rule_and_the_approvals_that_bound_to_it() -> None:
    reasons = (DecisionReason(code="rule.failed", rule="r.x"), DecisionReason(code="approval.missing", role="risk"))
    found = endings(lapsed(*reasons, waivers=(WAIVER,)))
    assert [(each.code, each.detail) for each in found] == [("waiver-ended", "1" * 64)]
    assert "ended at" in found[0].message
    early = endings(lapsed(*reasons, waivers=(WAIVER,), hours=1))
    assert "is over before its end" in early[0].message
    other = endings(lapsed(DecisionReason(code="rule.failed", rule="r.y"), waivers=(WAIVER,)))
    assert [each.code for each in other] == ["waiver-ended", "blocked"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"sha256": "a"}, {"sha256": "a", "dirHash": "b"}, True),
        ({"sha256": "a"}, {"dirHash": "a"}, False),
        ({"sha256": "a", "dirHash": "x"}, {"sha256": "a", "dirHash": "b"}, False),
        ({}, {}, False),
    ],
)
def test_digests_are_the_same_where_all_shared_algorithms_agree(
    one: dict[str, str], other: dict[str, str], *, same: bool
) -> None:
    assert same_digest(one, other) is same


def test_the_same_sighting_has_the_same_digest_whichever_decision_says_so() -> None:
    seen = Seen(place="live", origin="o", version="7", digest=DIGEST, decision_sha256="d" * 64)
    finding = Finding(code="no-decision", place="live", message="m", digest=DIGEST, decision_sha256="d" * 64)
    first = Sighting(at=NOW, seen=(seen,), findings=(finding,))
    again = Sighting(
        at=NOW + timedelta(hours=1),
        seen=(replace(seen, decision_sha256="c" * 64),),
        findings=(replace(finding, message="n", decision_sha256=None),),
    )
    assert first.sha256 == again.sha256
    assert replace(first, seen=(replace(seen, version="8"),)).sha256 != first.sha256
    assert replace(first, findings=()).sha256 != first.sha256
    assert replace(finding, detail="x").id != finding.id
