"""The rules about collected facts, through the whole judge: needs, gaps, staleness and a judged input document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tolbooth.collect.format_signs import EXECUTES
from tolbooth.decide.basis import basis_document
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.judge.input_document import input_document, validate_input
from tolbooth.judge.judge import judge
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.policy import effective_policy
from tolbooth.judge.rego.embedded import EmbeddedEngine
from tolbooth.model.decision import Case
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import JudgeError
from tolbooth.model.observation import (
    Artifact,
    ArtifactRole,
    CollectionMode,
    ControlTotals,
    Dates,
    Gap,
    IpeRecord,
    Observation,
)
from tolbooth.model.rule import Outcome, Reason, RuleResult
from tolbooth.model.subject import Subject, SubjectKind

LIBRARY = built_in_library()
AS_OF = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
DATES = Dates(collected=AS_OF, received=AS_OF)
STALE = Dates(collected=AS_OF, received=AS_OF, valid_until=AS_OF)
COMMIT = "c" * 40
IPE = IpeRecord(
    system="files", instance="here", query="p", collector="files", collector_version="1", identity="ana",
    mode=CollectionMode.PULL, unit="files", returned=1, reported_total=None, pages=1, totals=ControlTotals(count=1),
    response_sha256="a" * 64, completeness_check="none", complete=None,
)  # fmt: skip

RATE = {"numerator": 65, "denominator": 100, "ppm": 650_000}
SCAN = {
    "rows": 10, "scanned_rows": 10, "mode": "full", "bound_ppm": 0, "detector": "d",
    "columns": [{"name": "age", "verdict": "none", "filled": 10, "entities": []}],
}  # fmt: skip
PERFORMANCE = {
    "rates": {"accuracy": RATE},
    "comparison": {"outcome": "pass", "value": 650_000, "numerator": 65, "denominator": 100},
}
QUESTION = {"kind": "performance", "metric": "accuracy", "bound": 600_000, "minimum_denominator": 30}
COMMITTED = {
    "rule": "performance.minimum", "committed_at": "2026-11-20T09:00:00Z", "policy_sha256": "p" * 64, "clock": "log",
    "run_started_at": "2026-11-23T09:00:00Z", "lead_seconds": 259_200,
}  # fmt: skip
VALUES: Mapping[str, Mapping[str, Any]] = {
    "source-control": {"system": "git", "commit": COMMIT, "tree_clean": True, "signature": "none"},
    "environment": {
        "files": [{"path": "requirements.txt", "sha256": "e" * 64, "kind": "requirements"}],
        "packages": [{"name": "numpy", "version": "2.4.6"}],
        "pinned": 1,
        "unpinned": 0,
        "python": "3.11.9",
    },
    "model-card": {
        "sections": ["data", "evaluation", "limits", "purpose"],
        "sections_withheld": 0,
        "word_count": 90,
        "front_matter_keys": [],
    },
    "model-format": {"files": [{"path": "m.onnx", "format": "onnx", "executes": False}], "unsafe": []},
    "run": {"system": "mlflow", "run_id": "r1", "status": "FINISHED", "started_at": "2026-11-23T09:00:00Z"},
    "commitment": COMMITTED,
    "last-release": {"none": True},
}


def artifact(name: str, role: ArtifactRole, **changes: Any) -> Artifact:
    fields: dict[str, Any] = {
        "name": name, "role": role, "uri": name, "digest": {"sha256": sha256_hex(name.encode())}, "size_bytes": 1,
        "media_type": "application/octet-stream", "dates": DATES, "ipe": IPE,
    }  # fmt: skip
    return Artifact(**(fields | changes))


def observation(kind: str, values: Mapping[str, Any] | None = None, about: str = "credit", **more: Any) -> Observation:
    told = VALUES[kind] if values is None else values
    fields: dict[str, Any] = {"kind": kind, "about": about, "values": told, "dates": DATES, "origin": "t"}
    return Observation(**(fields | more))


ARTIFACTS = (
    artifact("credit", ArtifactRole.MODEL),
    artifact("train", ArtifactRole.TRAINING),
    artifact("test", ArtifactRole.PREDICTIONS),
)
OBSERVATIONS = (
    *(observation(kind) for kind in VALUES),
    *(observation("pii", SCAN, name) for name in ("train", "test")),
    observation("performance", PERFORMANCE, "test", question=QUESTION),
)
DECLARED = {
    "owner": "credit team",
    "risk_tier": "high",
    "data": {name: {"licence": "CC0-1.0", "personal_data": {}} for name in ("train", "test")},
}
ALL = {
    "commitment.before", "data.licence", "data.separate", "documentation.card", "evidence.fresh", "lineage.complete",
    "ownership.owner", "ownership.tier", "performance.regression", "privacy.undeclared", "security.format",
}  # fmt: skip


def judged(
    rules: Sequence[str],
    *,
    artifacts: Sequence[Artifact] = ARTIFACTS,
    observations: Sequence[Observation] = OBSERVATIONS,
    gaps: Sequence[Gap] = (),
    declared: Mapping[str, Any] = DECLARED,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    as_of: datetime = AS_OF,
) -> list[RuleResult]:
    policy = effective_policy(LIBRARY, rules=rules, collections=(), parameters=parameters or {}, enforcement={})
    document = input_document(
        subject=Subject(project="p", name="credit", version="1", kind=SubjectKind.MODEL, digest={"sha256": "c" * 64}),
        gate="release",
        environment="ci",
        as_of=as_of,
        artifacts=artifacts,
        observations=observations,
        gaps=gaps,
        declared=declared,
    )
    with EmbeddedEngine() as engine:
        judgement = judge(policy, engine, canonical_bytes(document), as_of=as_of)
    assert judgement.errors == ()
    return list(judgement.results)


def without(*kinds: str) -> tuple[Observation, ...]:
    return tuple(each for each in OBSERVATIONS if each.kind not in kinds)


def said(results: Sequence[RuleResult]) -> list[tuple[Outcome, Reason | None, str | None]]:
    return [(result.outcome, result.reason, result.term) for result in results]


def test_library_has_fifteen_rules_and_minimal_keeps_its_three() -> None:
    assert len(LIBRARY.rules) == 15
    assert set(LIBRARY.rules) >= ALL
    minimal = {code for code, rule in LIBRARY.rules.items() if "minimal" in rule.collections}
    assert minimal == {"data.digests", "fairness.difference", "performance.minimum"}
    assert all("recommended" in rule.collections for rule in LIBRARY.rules.values())


def test_whole_evidence_passes_every_rule_about_facts() -> None:
    results = judged(sorted(ALL))
    assert {result.rule for result in results} == ALL
    assert {result.outcome for result in results} == {Outcome.PASS}


def test_without_any_evidence_no_rule_passes() -> None:
    results = judged(sorted(ALL), artifacts=(), observations=(), declared={"data": {}})
    assert {result.rule for result in results} == ALL
    assert {result.outcome for result in results} == {Outcome.FAIL, Outcome.UNDECIDED}


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("commitment.before", "commitment"),
        ("commitment.before", "run"),
        ("documentation.card", "model-card"),
        ("lineage.complete", "environment"),
        ("lineage.complete", "source-control"),
        ("performance.regression", "last-release"),
        ("performance.regression", "performance"),
        ("privacy.undeclared", "pii"),
        ("security.format", "model-format"),
    ],
)
def test_rule_without_a_kind_of_fact_is_undecided_missing(rule: str, kind: str) -> None:
    results = judged([rule], observations=without(kind))
    assert (Outcome.UNDECIDED, Reason.MISSING, None) in said(results)
    assert Outcome.PASS not in {result.outcome for result in results}


@pytest.mark.parametrize("kind", ["run", "last-release", "environment", "pii"])
def test_gap_is_told_in_its_own_words(kind: str) -> None:
    rule = {
        "run": "commitment.before",
        "last-release": "performance.regression",
        "environment": "lineage.complete",
        "pii": "privacy.undeclared",
    }[kind]
    gap = Gap(kind=kind, about="credit", code="collect.x", message="could not be asked")
    results = judged([rule], observations=without(kind), gaps=(gap,))
    told = {result.term: result.message for result in results if result.reason is Reason.MISSING}
    assert told["credit"].endswith("could not be asked")


def test_data_set_that_was_not_scanned_is_undecided_beside_one_that_was() -> None:
    observations = (*without("pii"), observation("pii", SCAN, "test"))
    (result,) = judged(["privacy.undeclared"], observations=observations)
    assert said([result]) == [(Outcome.UNDECIDED, Reason.MISSING, "train")]
    assert result.message == "there is no pii evidence"


def test_scan_that_failed_for_one_data_set_is_told_once() -> None:
    gap = Gap(kind="pii", about="train", code="measure.unreadable", message="the file is torn")
    observations = (*without("pii"), observation("pii", SCAN, "test"))
    results = judged(["privacy.undeclared"], observations=observations, gaps=(gap,))
    assert [result.term for result in results] == ["train"]
    assert results[0].message.endswith("the file is torn")


def test_model_needs_no_scan_for_personal_data() -> None:
    results = judged(["privacy.undeclared"])
    assert [result.term for result in results] == ["test", "train"]


def test_personal_column_fails_until_it_is_declared_with_purpose_and_legal_basis() -> None:
    column = {
        "name": "mail",
        "verdict": "personal",
        "filled": 10,
        "entities": [{"entity_type": "EMAIL_ADDRESS", "values": 10, "rows_ppm": 1_000_000, "examples": ["a***@b***"]}],
    }
    scan = observation("pii", {**SCAN, "columns": [column]}, "train", reads=("s" * 64,))
    observations = (*without("pii"), observation("pii", SCAN, "test"), scan)
    failed = [r for r in judged(["privacy.undeclared"], observations=observations) if r.outcome is Outcome.FAIL]
    assert [(result.term, result.facts) for result in failed] == [("train: mail", ("s" * 64,))]
    personal = {"mail": {"purpose": "follow-up", "legal_basis": "consent"}}
    declared = {**DECLARED, "data": {"train": {"personal_data": personal}}}
    results = judged(["privacy.undeclared"], observations=observations, declared=declared)
    assert {result.outcome for result in results} == {Outcome.PASS}


def test_how_many_rows_were_read_does_not_move_the_basis() -> None:
    def basis(scanned: int, bound: int) -> bytes:
        values = {**SCAN, "rows": 100, "mode": "sample", "scanned_rows": scanned, "bound_ppm": bound}
        results = judged(
            ["privacy.undeclared"], observations=[observation("pii", values, name) for name in ("train", "test")]
        )
        case = Case(
            subject=Subject(project="p", name="s", version="1", kind=SubjectKind.MODEL, digest={"sha256": "c" * 64}),
            gate="g", environment="e", as_of=AS_OF, policy_sha256="p", input_sha256="i",
        )  # fmt: skip
        return canonical_bytes(basis_document(case, results, ()))

    assert basis(50, 20_000) == basis(60, 15_000)


def test_age_does_not_move_the_basis() -> None:
    dated = artifact("test", ArtifactRole.PREDICTIONS, dates=Dates(collected=AS_OF, received=AS_OF, about=AS_OF))
    parameters = {"evidence.fresh": {"maximum_age_days": 30}}
    ages = []
    for days in (3, 4):
        results = judged(
            ["evidence.fresh"],
            artifacts=(dated,),
            observations=(),
            parameters=parameters,
            as_of=AS_OF + timedelta(days=days),
        )
        (age,) = [result for result in results if result.term == "age: test"]
        assert age.outcome is Outcome.PASS
        ages.append((age.values["age_days"], age.basis_values))
    assert [number for number, _ in ages] == [3, 4]
    assert ages[0][1] == ages[1][1]


def test_maximum_age_is_optional_and_denies_what_is_older() -> None:
    old = Dates(collected=AS_OF, received=AS_OF, about=AS_OF - timedelta(days=31))
    artifacts = (artifact("test", ArtifactRole.PREDICTIONS, dates=old),)
    (free,) = judged(["evidence.fresh"], artifacts=artifacts, observations=())
    assert free.outcome is Outcome.PASS
    results = judged(
        ["evidence.fresh"],
        artifacts=artifacts,
        observations=(),
        parameters={"evidence.fresh": {"maximum_age_days": 30}},
    )
    assert (Outcome.FAIL, None, "age: test") in said(results)


def test_stale_fact_fails_by_name_and_leaves_the_rule_that_needs_it_undecided() -> None:
    observations = (*without("model-format"), observation("model-format", dates=STALE))
    results = judged(["evidence.fresh", "security.format"], observations=observations)
    assert {(result.rule, *said([result])[0]) for result in results} == {
        ("evidence.fresh", Outcome.FAIL, None, "model-format: credit"),
        ("security.format", Outcome.UNDECIDED, Reason.STALE, "credit"),
    }


def test_lineage_needs_only_the_links_that_it_asks_for() -> None:
    parameters = {"lineage.complete": {"required": ["commit"]}}
    (result,) = judged(["lineage.complete"], observations=without("environment", "run"), parameters=parameters)
    assert said([result]) == [(Outcome.PASS, None, "commit")]
    parameters = {"lineage.complete": {"required": ["commit", "run"]}}
    results = judged(["lineage.complete"], observations=without("environment", "run"), parameters=parameters)
    assert said(results) == [(Outcome.UNDECIDED, Reason.MISSING, None)]


def test_facts_of_a_rule_are_those_of_the_links_that_it_asks_for() -> None:
    observations = (
        *without("environment", "run"),
        observation("environment", reads=("e" * 64,)),
        observation("run", reads=("f" * 64,)),
    )
    parameters = {"lineage.complete": {"required": ["environment"]}}
    (result,) = judged(["lineage.complete"], observations=observations, parameters=parameters)
    assert result.facts == ("e" * 64,)


def test_unclean_tree_fails() -> None:
    values = {**VALUES["source-control"], "tree_clean": False}
    observations = (*without("source-control"), observation("source-control", values))
    results = judged(["lineage.complete"], observations=observations)
    assert (Outcome.FAIL, None, "tree") in said(results)


def test_evaluation_on_the_training_data_fails() -> None:
    same = artifact("holdout", ArtifactRole.EVALUATION, digest=ARTIFACTS[1].digest)
    results = judged(["data.separate"], artifacts=(*ARTIFACTS[:2], same))
    assert said(results) == [(Outcome.FAIL, None, "holdout / train")]


def test_without_training_data_separation_is_undecided() -> None:
    results = judged(["data.separate"], artifacts=(ARTIFACTS[0], ARTIFACTS[2]))
    assert said(results) == [(Outcome.UNDECIDED, Reason.INSUFFICIENT, "test")]


def test_last_release_of_the_subject_is_compared() -> None:
    better = {"numerator": 70, "denominator": 100, "ppm": 700_000}
    last = {"decision_sha256": "d" * 64, "as_of": "2026-10-01T00:00:00Z", "metrics": {"accuracy": better}}
    observations = (*without("last-release"), observation("last-release", last, reads=("d" * 64,)))
    (result,) = judged(["performance.regression"], observations=observations)
    assert (result.outcome, result.term, result.values["worse_ppm"]) == (Outcome.FAIL, "test", 50_000)
    assert result.message == "accuracy 65 %, 70 % at the last release: worse by more than 1 point"
    (result,) = judged(
        ["performance.regression"],
        observations=observations,
        parameters={"performance.regression": {"tolerance": 0.05}},
    )
    assert result.outcome is Outcome.PASS


def test_bound_committed_after_the_run_began_fails() -> None:
    late = observation("commitment", {**COMMITTED, "lead_seconds": -5})
    results = judged(["commitment.before"], observations=(*without("commitment"), late))
    assert said(results) == [(Outcome.FAIL, None, "performance.minimum")]


def test_formats_that_may_be_allowed_are_those_that_run_code() -> None:
    allowed = LIBRARY.rules["security.format"].parameter("allowed")
    assert allowed is not None
    assert allowed.choices == tuple(sorted(EXECUTES))
    page = (LIBRARY.rules["security.format"].place.path).replace(".rego", ".md")
    assert page == "security/format/format.md"


SPOILED: Mapping[str, Mapping[str, Any]] = {
    "ci": {"claimed_by": "github", "system": "github-actions"},
    "commitment": {name: value for name, value in COMMITTED.items() if name != "run_started_at"},
    "environment": {**VALUES["environment"], "index_url": "https://user:password@pypi.example"},
    "last-release": {"none": True, "metrics": {}},
    "model-card": {**VALUES["model-card"], "text": "Call Ana"},
    "model-format": {"files": [{"path": "m.bin", "format": "pickle"}], "unsafe": []},
    "model-version": {"system": "mlflow", "model": "m", "version": "1", "description": "by Ana"},
    "pii": {**SCAN, "columns": [{"name": "a", "verdict": "maybe", "entities": []}]},
    "run": {**VALUES["run"], "user": "ana"},
    "sbom": {"format": "CycloneDX", "components": -1, "vulnerabilities": {}},
    "source-control": {**VALUES["source-control"], "author": "ana@example.org"},
}


@pytest.mark.parametrize("kind", SPOILED)
def test_known_kind_with_what_its_schema_does_not_have_is_refused(kind: str) -> None:
    fact = observation(kind, SPOILED[kind])
    document = input_document(
        subject=Subject(project="p", name="s", version="1", kind=SubjectKind.MODEL, digest={"sha256": "c" * 64}),
        gate="g",
        environment="e",
        as_of=AS_OF,
        artifacts=(),
        observations=(fact,),
        gaps=(),
        declared={},
    )
    with pytest.raises(JudgeError) as raised:
        validate_input(canonical_bytes(document))
    assert {problem.code for problem in raised.value.problems} == {"input.schema"}
