"""The judge's laws, on an engine that says what the test wants it to say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tolbooth.judge.interface import EngineDescription, Evaluation, EvaluationFailure, PackageResults, PolicyBundle
from tolbooth.judge.judge import Judgement, judge
from tolbooth.judge.library.catalogs import load_catalogs
from tolbooth.judge.library.enforcement import EnforcementMap, everywhere
from tolbooth.judge.library.load import library_of
from tolbooth.judge.library.policy import Policy, effective_policy
from tolbooth.model.errors import JudgeError
from tolbooth.model.instant import format_instant
from tolbooth.model.rule import Enforcement, Loosens, Measured, Outcome, Reason, RuleResult

AS_OF = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
COUNTS, DIGEST = "c" * 64, "a" * 64


def module(package: str, name: str, *custom: str, level: str = "deny") -> tuple[str, bytes]:
    """A rule's file; ``custom`` are further lines of its METADATA."""
    lines = [
        f"package {package}",
        "",
        "# METADATA",
        f"# title: What {name} asks",
        "# description: Asks something.",
        "# custom:",
        f"#   short_name: {name}",
        "#   severity: high",
        "#   solution: Do something.",
        "#   controls: [eu-ai-act:9.8]",
        "#   collections: [recommended]",
        *(f"#   {line}" for line in custom),
        f'{level} contains {{"code": "{package}.{name}", "msg": "m"}} if input.version == 2',
    ]
    return f"{package}/{name}.rego", ("\n".join(lines) + "\n").encode()


PLAIN = module("plain", "one", "evidence: [artifact]", "moving_values: [age]")
SIBLING = module("plain", "two", "evidence: [artifact]")
WARNING = module("soft", "hint", "evidence: [artifact]", level="warn")
ASKING = module(
    "measured",
    "rate",
    "evidence: [performance]",
    "question: performance",
    "parameters:",
    "  - {name: bound, type: rate, loosens: down, default: 0.65, description: d}",
    "  - {name: minimum_denominator, type: integer, loosens: down, default: 30, description: d}",
    "  - {name: metric, type: choice, choices: [accuracy], default: accuracy, description: d}",
)
DECLARED = module(
    "owner",
    "must",
    "evidence: [performance]",
    "parameters:",
    "  - {name: bound, type: rate, loosens: up, description: d}",
)


class FakeEngine:
    """Says by package what it was given, and nothing else."""

    def __init__(self, said: Mapping[str, PackageResults | EvaluationFailure] | None = None) -> None:
        self._said = said or {}
        self._bundle: PolicyBundle | None = None

    def load(self, bundle: PolicyBundle) -> None:
        self._bundle = bundle

    def evaluate(self, input_json: bytes) -> Evaluation:
        assert self._bundle is not None
        return Evaluation(packages={name: self._said.get(name, PackageResults()) for name in self._bundle.packages})

    def describe(self) -> EngineDescription:
        return EngineDescription(name="fake", version="1", sha256="f" * 64, known=False)


def policy_of(
    *modules: tuple[str, bytes],
    enforcement: EnforcementMap | None = None,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> Policy:
    return effective_policy(
        library_of(dict(modules), load_catalogs()),
        rules=None,
        collections=("recommended",),
        parameters=parameters or {},
        enforcement=enforcement or {},
    )


def answer(**question: Any) -> dict[str, Any]:
    asked = {"kind": "performance", "metric": "accuracy", "bound": 650_000, "minimum_denominator": 30}
    return {
        "about": "predictions",
        "values": {"comparison": {"outcome": "pass", "value": 653_729, "numerator": 4716, "denominator": 7214}},
        "reads": [COUNTS, DIGEST],
        "question": asked | question,
        "freshness": "fresh",
    }


def facts(as_of: datetime = AS_OF, **changes: Any) -> bytes:
    document = {
        "version": 1,
        "subject": {"project": "p", "name": "s", "version": "1", "kind": "model", "digest": {"sha256": DIGEST}},
        "gate": "release",
        "environment": "ci",
        "context": {"as_of": format_instant(as_of), "as_of_ns": "1"},
        "artifacts": [
            {
                "name": "predictions",
                "role": "predictions",
                "digest": {"sha256": DIGEST},
                "size_bytes": 1,
                "media_type": "text/csv",
                "columns": [],
                "freshness": "fresh",
            }
        ],
        "observations": {"performance": [answer()]},
        "gaps": [],
        "lineage": {},
        "declared": {},
    }
    return json.dumps(document | changes).encode()


def judged(
    policy: Policy,
    said: Mapping[str, PackageResults | EvaluationFailure] | None = None,
    content: bytes | None = None,
    as_of: datetime = AS_OF,
) -> Judgement:
    return judge(policy, FakeEngine(said), content or facts(as_of), as_of=as_of)


def only(judgement: Judgement) -> RuleResult:
    (result,) = judgement.results
    return result


def says(**members: Any) -> dict[str, Any]:
    return {"code": "plain.one", "msg": "it is so"} | members


def test_rule_that_says_nothing_passes_with_its_title() -> None:
    result = only(judged(policy_of(PLAIN)))
    assert (result.rule, result.outcome, result.term) == ("plain.one", Outcome.PASS, None)
    assert result.message == "What one asks"
    assert result.facts == (DIGEST,)
    assert (result.controls, result.solution) == (("eu-ai-act:9.8",), "Do something.")


def test_denial_fails_with_what_it_says() -> None:
    member = says(term="a / b", values={"n": 3, "age": 4}, facts=["z", "y", "z"])
    result = only(judged(policy_of(PLAIN), {"plain": PackageResults(deny=(member,))}))
    assert (result.outcome, result.enforcement, result.term) == (Outcome.FAIL, Enforcement.DENY, "a / b")
    assert (result.message, result.values, result.facts) == ("it is so", {"n": 3, "age": 4}, ("y", "z"))
    assert result.basis_values == {"n": 3}


def test_undecided_is_insufficient() -> None:
    result = only(judged(policy_of(PLAIN), {"plain": PackageResults(undecided=(says(term="x"),))}))
    assert (result.outcome, result.reason, result.term) == (Outcome.UNDECIDED, Reason.INSUFFICIENT, "x")


def test_passed_terms_are_shown_in_place_of_the_title() -> None:
    result = only(judged(policy_of(PLAIN), {"plain": PackageResults(passed=(says(term="sex"),))}))
    assert (result.outcome, result.term, result.message) == (Outcome.PASS, "sex", "it is so")


def test_results_are_sorted_by_rule_and_term() -> None:
    members = (says(term="b"), says(code="plain.two", term="z"), says(term="a"))
    results = judged(policy_of(SIBLING, PLAIN), {"plain": PackageResults(deny=members)}).results
    assert [(result.rule, result.term) for result in results] == [
        ("plain.one", "a"),
        ("plain.one", "b"),
        ("plain.two", "z"),
    ]


def test_warning_never_denies() -> None:
    said = {"soft": PackageResults(warn=({"code": "soft.hint", "msg": "m"},))}
    assert only(judged(policy_of(WARNING), said)).enforcement is Enforcement.WARN
    raised = policy_of(WARNING, enforcement={"soft.hint": everywhere(Enforcement.DENY)})
    assert only(judged(raised, said)).enforcement is Enforcement.WARN


def test_member_of_warn_of_a_denying_rule_only_warns() -> None:
    result = only(judged(policy_of(PLAIN), {"plain": PackageResults(warn=(says(),))}))
    assert (result.outcome, result.enforcement) == (Outcome.FAIL, Enforcement.WARN)


def test_rule_that_is_off_is_skipped_and_not_evaluated() -> None:
    policy = policy_of(PLAIN, enforcement={"plain.one": everywhere(Enforcement.OFF)})
    assert policy.bundle.packages == ()
    result = only(judged(policy))
    assert (result.outcome, result.reason) == (Outcome.SKIP, Reason.OFF)


def test_policy_made_from_another_is_asked_in_its_own_way() -> None:
    policy = policy_of(PLAIN)
    assert only(judged(policy)).outcome is Outcome.PASS
    switched = replace(policy, enforcement={"plain.one": everywhere(Enforcement.OFF)})
    assert only(judged(switched)).outcome is Outcome.SKIP
    assert switched.bundle.packages == ()


def test_policy_that_was_used_at_one_instant_is_judged_by_the_dates_at_another() -> None:
    dated = module("plain", "one", "evidence: [artifact]", "effective_until: 2026-11-24T00:00:00Z")
    policy = policy_of(dated)
    assert only(judged(policy)).outcome is Outcome.PASS
    assert only(judged(policy, as_of=AS_OF + timedelta(days=1))).outcome is Outcome.SKIP
    assert only(judged(policy)).outcome is Outcome.PASS


def test_rule_that_is_off_says_nothing_though_its_package_is_evaluated() -> None:
    policy = policy_of(PLAIN, SIBLING, enforcement={"plain.one": everywhere(Enforcement.OFF)})
    results = judged(policy, {"plain": PackageResults(deny=(says(),))}).results
    assert [(result.rule, result.outcome) for result in results] == [
        ("plain.one", Outcome.SKIP),
        ("plain.two", Outcome.PASS),
    ]


@pytest.mark.parametrize(("days", "outcome"), [(-1, Outcome.FAIL), (0, Outcome.SKIP), (1, Outcome.SKIP)])
def test_rule_is_skipped_from_the_moment_it_ends(days: int, outcome: Outcome) -> None:
    policy = policy_of(module("plain", "one", "evidence: [artifact]", "effective_until: 2026-11-22"))
    as_of = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(days=days)
    result = only(judged(policy, {"plain": PackageResults(deny=(says(),))}, as_of=as_of))
    assert result.outcome is outcome
    assert result.reason is (Reason.OUTSIDE_DATES if outcome is Outcome.SKIP else None)


def test_rule_of_the_future_warns_and_says_from_when() -> None:
    policy = policy_of(module("plain", "one", "evidence: [artifact]", "effective_on: 2027-01-01"))
    said = {"plain": PackageResults(deny=(says(),))}
    before = only(judged(policy, said))
    assert (before.outcome, before.enforcement) == (Outcome.FAIL, Enforcement.WARN)
    assert before.message == "it is so (a warning until 2027-01-01T00:00:00Z)"
    after = only(judged(policy, said, as_of=datetime(2027, 1, 1, tzinfo=UTC)))
    assert (after.enforcement, after.message) == (Enforcement.DENY, "it is so")


def test_missing_evidence_is_undecided_whatever_the_rule_says() -> None:
    policy = policy_of(module("plain", "one", "evidence: [model-card]"))
    result = only(judged(policy, {"plain": PackageResults(passed=(says(term="x"),))}))
    assert (result.outcome, result.reason) == (Outcome.UNDECIDED, Reason.MISSING)
    assert result.message == "there is no model-card evidence"


def test_nothing_collected_is_undecided() -> None:
    result = only(judged(policy_of(PLAIN), content=facts(artifacts=[])))
    assert (result.reason, result.message) == (Reason.MISSING, "nothing was collected")


def test_gap_says_why_evidence_is_missing() -> None:
    gap = {"kind": "model-card", "about": "card", "code": "collect.missing", "message": "card.md does not exist"}
    policy = policy_of(module("plain", "one", "evidence: [model-card]"))
    result = only(judged(policy, content=facts(gaps=[gap])))
    assert (result.reason, result.term, result.message) == (Reason.MISSING, "card", "card.md does not exist")


def test_gap_beside_other_evidence_of_the_kind_is_undecided() -> None:
    gap = {"kind": "performance", "about": "holdout", "code": "measure.x", "message": "can't be counted"}
    results = judged(policy_of(ASKING), content=facts(gaps=[gap])).results
    assert [(result.term, result.reason) for result in results] == [("holdout", Reason.MISSING)]


def test_stale_evidence_is_undecided_and_a_failure_on_it_stays() -> None:
    content = facts(observations={"performance": [answer() | {"freshness": "stale"}]})
    fails = {"code": "measured.rate", "msg": "too low", "term": "x"}
    results = judged(policy_of(ASKING), {"measured": PackageResults(deny=(fails,))}, content).results
    assert [(result.outcome, result.reason, result.term) for result in results] == [
        (Outcome.UNDECIDED, Reason.STALE, "predictions"),
        (Outcome.FAIL, None, "x"),
    ]


@pytest.mark.parametrize("changed", [{"bound": 640_000}, {"alpha": 50_000}, {"metric": "recall"}])
def test_answer_to_another_question_is_missing(changed: dict[str, Any]) -> None:
    result = only(judged(policy_of(ASKING), content=facts(observations={"performance": [answer(**changed)]})))
    assert (result.outcome, result.reason) == (Outcome.UNDECIDED, Reason.MISSING)
    assert result.message == "nothing was measured with exactly this rule's parameters"


def test_answer_to_exactly_this_question_passes() -> None:
    result = only(judged(policy_of(ASKING)))
    assert (result.outcome, result.facts) == (Outcome.PASS, tuple(sorted((COUNTS, DIGEST))))


def test_undeclared_parameter_is_undecided_and_named_by_its_path() -> None:
    result = only(judged(policy_of(DECLARED)))
    assert (result.outcome, result.reason) == (Outcome.UNDECIDED, Reason.MISSING)
    assert "policy.parameters.owner.must.bound" in result.message
    assert only(judged(policy_of(DECLARED, parameters={"owner.must": {"bound": 0.1}}))).outcome is Outcome.PASS


def test_measured_number_stands_beside_its_bound() -> None:
    fails = {"code": "measured.rate", "msg": "too low", "measured": 600_000}
    result = only(judged(policy_of(ASKING), {"measured": PackageResults(deny=(fails,))}))
    assert result.measured == Measured(value=600_000, bound=650_000, unit="ppm", loosens=Loosens.DOWN)


def test_measured_number_without_a_bound_is_no_measurement() -> None:
    result = only(judged(policy_of(PLAIN), {"plain": PackageResults(deny=(says(measured=3),))}))
    assert result.measured is None


def test_failing_engine_is_an_error_of_every_rule_of_the_package_alone() -> None:
    policy = policy_of(PLAIN, SIBLING, WARNING)
    judgement = judged(
        policy, {"plain": EvaluationFailure(code="judge.deadline", message="no answer within 60 seconds")}
    )
    assert [(result.rule, result.outcome, result.error_code) for result in judgement.results] == [
        ("plain.one", Outcome.ERROR, "judge.deadline"),
        ("plain.two", Outcome.ERROR, "judge.deadline"),
        ("soft.hint", Outcome.PASS, None),
    ]
    assert {problem.message for problem in judgement.errors} == {"no answer within 60 seconds"}
    assert "60 seconds" not in " ".join(result.message for result in judgement.results)


@pytest.mark.parametrize(
    "member",
    [
        "text",
        7,
        {"msg": "no code"},
        {"code": "plain.one"},
        says(msg=""),
        says(msg=3),
        says(term=3),
        says(term=" "),
        says(values=[1]),
        says(measured="3"),
        says(measured=True),
        says(facts="abc"),
        says(facts=[1]),
        says(reason="insufficient"),
        says(treshold=3),
        says(values={"n": 2**53}),
        says(values={"n": float("inf")}),
        says(msg="\ud800"),
    ],
)
def test_malformed_result_is_an_error_and_never_a_pass(member: Any) -> None:
    judgement = judged(policy_of(PLAIN), {"plain": PackageResults(deny=(member,))})
    result = only(judgement)
    assert (result.outcome, result.error_code) == (Outcome.ERROR, "judge.result-shape")
    assert [problem.rule for problem in judgement.errors] == ["plain.one"]


def test_missing_evidence_cannot_be_told_by_the_rule_itself() -> None:
    member = says(reason="missing")
    assert only(judged(policy_of(PLAIN), {"plain": PackageResults(undecided=(member,))})).outcome is Outcome.ERROR


def test_unknown_code_is_an_error_of_every_rule_of_the_package() -> None:
    judgement = judged(policy_of(PLAIN, SIBLING), {"plain": PackageResults(deny=(says(code="plain.onne"),))})
    assert [result.error_code for result in judgement.results] == ["judge.unknown-code"] * 2
    assert "did you mean 'plain.one'?" in judgement.errors[0].message


def test_error_drops_no_failure() -> None:
    judgement = judged(policy_of(PLAIN), {"plain": PackageResults(deny=(says(term="a"), says(term=3)))})
    assert [(result.outcome, result.term) for result in judgement.results] == [
        (Outcome.ERROR, None),
        (Outcome.FAIL, "a"),
    ]


def test_error_drops_every_pass() -> None:
    said = PackageResults(passed=(says(term="a"),), deny=(says(term=3),))
    assert [result.outcome for result in judged(policy_of(PLAIN), {"plain": said}).results] == [Outcome.ERROR]


def test_term_that_both_passes_and_fails_is_an_error() -> None:
    said = PackageResults(passed=(says(term="a"),), deny=(says(term="a"),))
    judgement = judged(policy_of(PLAIN), {"plain": said})
    assert [result.outcome for result in judgement.results] == [Outcome.ERROR, Outcome.FAIL]
    assert judgement.errors[0].code == "judge.conflicting-results"


def test_document_of_another_instant_is_refused() -> None:
    with pytest.raises(JudgeError) as raised:
        judge(policy_of(PLAIN), FakeEngine(), facts(), as_of=AS_OF + timedelta(seconds=1))
    assert raised.value.code == "input.as-of"


def test_document_that_breaks_its_schema_is_refused() -> None:
    with pytest.raises(JudgeError) as raised:
        judge(policy_of(PLAIN), FakeEngine(), facts(gate=7), as_of=AS_OF)
    assert raised.value.code == "input.schema"


def test_engine_is_named_in_the_judgement() -> None:
    assert judged(policy_of(PLAIN)).engine.name == "fake"
