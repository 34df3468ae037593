"""Every built-in rule decides alike on the embedded engine and on a real OPA, to the byte of the decision document."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.opa_inputs import AS_OF, integers, near, whole
from tests.opa_programs import Fixture, fixture_calls, fixtures, nested, opa, printing_calls
from tolbooth.decide.gate import decide
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.judge.interface import Engine, EngineDescription, Evaluation, Module, PolicyBundle
from tolbooth.judge.judge import Judgement, judge
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.policy import Policy, effective_policy
from tolbooth.judge.rego.embedded import EmbeddedEngine
from tolbooth.judge.rego.opa.engine import OpaEngine, local_engine
from tolbooth.judge.rego.opa.local import LocalOpa
from tolbooth.model.decision import Case, Decision
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import VerificationError
from tolbooth.model.instant import parse_instant
from tolbooth.model.rule import Outcome, RuleResult
from tolbooth.model.subject import Subject, SubjectKind
from tolbooth.pipeline.engine import require_alike

pytestmark = pytest.mark.opa

SEED = 20261123
NEAR_EACH = 6
LEAST = 1_000
DIGEST = {"sha256": "00" * 32}


class LoadedOnce:
    """An engine that takes the same bundle only once, so that many inputs are judged by it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._bundle: PolicyBundle | None = None

    def load(self, bundle: PolicyBundle) -> None:
        if bundle != self._bundle:
            self._engine.load(bundle)
        self._bundle = bundle

    def evaluate(self, input_json: bytes) -> Evaluation:
        return self._engine.evaluate(input_json)

    def describe(self) -> EngineDescription:
        return self._engine.describe()


@pytest.fixture(scope="module")
def library_fixtures(tmp_path_factory: pytest.TempPathFactory) -> list[Fixture]:
    folder = tmp_path_factory.mktemp("fixtures") / "policies"
    found = fixtures(folder)
    assert printing_calls(folder) == fixture_calls() > 0
    return found


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[Engine, Engine]]:
    real: OpaEngine = local_engine(LocalOpa(opa()))
    with EmbeddedEngine() as embedded, real:
        yield LoadedOnce(embedded), LoadedOnce(real)


def policy_with(fixture: Fixture) -> Policy:
    library = built_in_library()
    policy = effective_policy(library, rules=sorted(library.rules), collections=(), parameters={}, enforcement={})
    if not fixture.path:
        return policy
    parameters = nested(fixture.path, fixture.value, policy.document.parameters)
    return replace(policy, document=replace(policy.document, parameters=parameters))


def judgement(policy: Policy, engine: Engine, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Judgement:
    """What the rules say, also where a need is not met that no engine looks at."""
    monkeypatch.setattr("tolbooth.judge.judge.unmet_needs", lambda *_: ())
    return judge(policy, engine, canonical_bytes(document), as_of=parse_instant(AS_OF))


def decision(policy: Policy, document: dict[str, Any], judged: Judgement) -> Decision:
    case = Case(
        subject=Subject(project="credit", name="credit", version="7", kind=SubjectKind.MODEL, digest=DIGEST),
        gate="release",
        environment="ci",
        as_of=parse_instant(AS_OF),
        policy_sha256=policy.sha256,
        input_sha256=sha256_hex(canonical_bytes(document)),
        hypothetical=False,
    )
    return decide(case, judged.results)


def by_parameters(found: list[Fixture]) -> list[Fixture]:
    return sorted(found, key=lambda each: (each.path, json.dumps(each.value, sort_keys=True)))


def differences(
    engines: tuple[Engine, Engine], policy: Policy, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> tuple[list[str], list[RuleResult]]:
    """What the engines decide otherwise, in words, and the results of the first one."""
    one, two = (judgement(policy, engine, document, monkeypatch) for engine in engines)
    try:
        require_alike(one, decision(policy, document, one), two, decision(policy, document, two))
    except VerificationError as error:
        return [problem.message for problem in error.problems], list(one.results)
    return [], list(one.results)


def test_every_rule_decides_alike_over_every_fixture_of_its_tests(
    engines: tuple[Engine, Engine], library_fixtures: list[Fixture], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(SEED)
    outcomes: Counter[tuple[str, str]] = Counter()
    for fixture in by_parameters(library_fixtures):
        found, results = differences(engines, policy_with(fixture), whole(fixture.document, random), monkeypatch)
        assert found == []
        outcomes.update((result.rule, result.outcome.value) for result in results)
    assert_every_rule_both_passes_and_fails(outcomes)


def test_every_rule_decides_alike_over_a_thousand_generated_inputs(
    engines: tuple[Engine, Engine], library_fixtures: list[Fixture], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(SEED)
    outcomes: Counter[tuple[str, str]] = Counter()
    inputs: set[bytes] = set()
    for fixture in by_parameters(library_fixtures):
        policy, middle = policy_with(fixture), whole(fixture.document, random)
        for _ in range(NEAR_EACH):
            document = near(middle, integers(fixture.value), random)
            found, results = differences(engines, policy, document, monkeypatch)
            assert found == [], document
            inputs.add(canonical_bytes(document))
            outcomes.update((result.rule, result.outcome.value) for result in results)
    assert len(inputs) >= LEAST
    assert_every_rule_both_passes_and_fails(outcomes)


def test_no_rule_is_silent_about_what_it_needs_and_has(
    engines: tuple[Engine, Engine], library_fixtures: list[Fixture]
) -> None:
    """A rule that says nothing passes: where a fact does not join with another, that would be by accident."""
    random = Random(SEED)
    for fixture in by_parameters(library_fixtures):
        policy, middle = policy_with(fixture), whole(fixture.document, random)
        for document in (middle, near(middle, integers(fixture.value), random)):
            judged = judge(policy, engines[0], canonical_bytes(document), as_of=parse_instant(AS_OF))
            passed = [result for result in judged.results if result.outcome is Outcome.PASS]
            assert [result.rule for result in passed if result.message == result.title] == [], document


def assert_every_rule_both_passes_and_fails(outcomes: Mapping[tuple[str, str], int]) -> None:
    rules = built_in_library().rules.keys()
    assert {rule for rule, outcome in outcomes if outcome == "fail"} == rules
    assert {rule for rule, outcome in outcomes if outcome == "pass"} == rules


def test_a_rule_that_engines_understand_differently_is_told_apart(engines: tuple[Engine, Engine]) -> None:
    """The comparison above can fail: `not` of a missing comparison holds on one engine alone."""
    text = 'package p\n\ndeny contains {"code": "p.x", "msg": "m"} if not input.missing > 5\n'
    bundle = PolicyBundle(modules=(Module(path="p.rego", text=text),), data={}, packages=("p",))
    found = []
    for engine in engines:
        engine.load(bundle)
        found.append(engine.evaluate(b"{}").packages["p"])
    assert found[0] != found[1]
