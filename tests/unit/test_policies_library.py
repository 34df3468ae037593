"""The built-in library: its own tests on the embedded engine, its promises, and its rules on real measurements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.judge.input_document import input_document
from tolbooth.judge.interface import PolicyBundle
from tolbooth.judge.judge import Judgement, judge, questions
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.policy import Policy, effective_policy
from tolbooth.judge.rego.embedded import EmbeddedEngine
from tolbooth.measure.engines.local import count
from tolbooth.measure.fairness.assess import assess, assess_performance
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.fairness.question import FairnessQuestion, PerformanceQuestion, question_from_parameters
from tolbooth.model.observation import (
    Artifact,
    ArtifactRole,
    CollectionMode,
    ControlTotals,
    Dates,
    IpeRecord,
    Observation,
)
from tolbooth.model.rule import Enforcement, Outcome, Reason, RuleResult
from tolbooth.model.subject import Subject, SubjectKind

LIBRARY = built_in_library()
AS_OF = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
DATES = Dates(collected=AS_OF, received=AS_OF)
DIGEST = "a" * 64
HEADINGS = ["What it asks", "Why", "Law", "How to fix", "Examples"]
FROM_METADATA = {"Law", "How to fix"}
MEASURED = ("data.digests", "fairness.difference", "fairness.ratio", "performance.minimum")
RULE_TESTS = [module for module in LIBRARY.tests if "/lib/" not in f"/{module.path}"]


@pytest.mark.parametrize("module", LIBRARY.tests, ids=lambda module: module.path)
def test_every_rego_test_is_true(module: Any) -> None:
    package = re.search(r"^package (\S+)$", module.text, re.MULTILINE)
    assert package is not None
    names = set(re.findall(r"^(test_\w+) if", module.text, re.MULTILINE))
    bundle = PolicyBundle(modules=(*LIBRARY.modules, *LIBRARY.tests), data={}, packages=())
    with EmbeddedEngine() as engine:
        engine.load(bundle)
        said = {name: engine.document(f"data.{package[1]}.{name}") for name in names}
    assert said == dict.fromkeys(names, True)


@pytest.mark.parametrize("module", RULE_TESTS, ids=lambda module: module.path)
def test_every_rule_has_about_as_many_failing_tests_as_passing_ones(module: Any) -> None:
    succeed, fail = (len(re.findall(rf"^test_{word}_", module.text, re.MULTILINE)) for word in ("success", "fail"))
    assert succeed >= 3
    assert fail >= succeed - 1


@pytest.mark.parametrize("code", LIBRARY.rules)
def test_every_rule_has_its_folder_with_rule_test_and_page(code: str) -> None:
    package, name = code.split(".")
    folder = files("tolbooth.policies").joinpath(package).joinpath(name)
    assert {entry.name for entry in folder.iterdir()} == {f"{name}.rego", f"{name}_test.rego", f"{name}.md"}
    page = folder.joinpath(f"{name}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {code}\n")
    found = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert found == [heading for heading in HEADINGS if heading in found]
    assert set(HEADINGS) - set(found) <= FROM_METADATA


@pytest.mark.parametrize("module", LIBRARY.modules, ids=lambda module: module.path)
def test_rules_stay_within_the_portable_profile(module: Any) -> None:
    code = "\n".join(line.partition("#")[0] for line in module.text.splitlines())
    assert not re.search(r"\bnot\b|\bwalk\(|\bdefault\b", code)
    assert not re.search(r"\\[dwsb]", code)
    assert not re.search(r"[0-9]\.[0-9]", code)
    verbs = {verb for text in re.findall(r'sprintf\(\s*"([^"]*)"', code) for verb in re.findall(r"%.", text)}
    assert verbs <= {"%s", "%v"}


def test_question_that_a_default_asks_is_one_that_a_measure_answers() -> None:
    asked = questions(policy())
    assert {question.code for question in asked} == {"fairness.difference", "fairness.ratio", "performance.minimum"}
    for question in asked:
        by = ("race",) if question.kind == "fairness" else ()
        made = question_from_parameters(question.kind, question.parameters, by=by).as_json()
        assert {name: value for name, value in made.items() if name not in {"kind", "by"}} == question.parameters


def test_ratio_claims_no_pass_mark_of_any_law() -> None:
    rule = LIBRARY.rules["fairness.ratio"]
    assert "proves nothing in law" in rule.description
    assert not [control for control in rule.controls if control.startswith("nyc")]


def policy(**parameters: Mapping[str, Any]) -> Policy:
    written = {code.replace("__", "."): values for code, values in parameters.items()}
    return effective_policy(
        LIBRARY,
        rules=MEASURED,
        collections=(),
        parameters={"performance.minimum": {"bound": 0.65}} | written,
        enforcement={},
    )


def counts_of(groups: Mapping[str, tuple[int, int, int, int]]) -> FairnessCounts:
    """A count table by race; (true negatives, false positives, false negatives, true positives) by group."""
    cells = ((0, 0), (0, 1), (1, 0), (1, 1))
    table: dict[tuple[tuple[str | None, ...], int | None, int | None], int] = {
        ((name,), *cell): n for name, four in groups.items() for cell, n in zip(cells, four, strict=True)
    }
    return FairnessCounts.of(features=["race"], label="y_true", prediction="y_pred", counts=table)


def artifact() -> Artifact:
    ipe = IpeRecord(
        system="files", instance="here", query="p", collector="files", collector_version="1", identity="ana",
        mode=CollectionMode.PULL, unit="files", returned=1, reported_total=None, pages=1,
        totals=ControlTotals(count=1), response_sha256=DIGEST, completeness_check="none", complete=None,
    )  # fmt: skip
    return Artifact(
        name="predictions", role=ArtifactRole.PREDICTIONS, uri="p.parquet", digest={"sha256": DIGEST}, size_bytes=1,
        media_type="application/vnd.apache.parquet", dates=DATES, ipe=ipe,
    )  # fmt: skip


def judged(policy: Policy, counts: FairnessCounts) -> Judgement:
    """Ask every question of the policy, and judge the answers on the embedded engine."""
    observations = []
    for question in questions(policy):
        features = [(feature,) for feature in counts.features] if question.kind == "fairness" else [()]
        for by in features:
            asked = question_from_parameters(question.kind, question.parameters, by=by)
            values = assess(counts, asked) if isinstance(asked, FairnessQuestion) else _performance(counts, asked)
            observations.append(
                Observation(
                    kind=question.kind,
                    about="predictions",
                    values=values,
                    dates=DATES,
                    origin="measure",
                    reads=(counts.sha256, DIGEST),
                    question=asked.as_json(),
                )
            )
    subject = Subject(project="p", name="s", version="1", kind=SubjectKind.MODEL, digest={"sha256": DIGEST})
    document = input_document(
        subject=subject,
        gate="release",
        environment="ci",
        as_of=AS_OF,
        artifacts=(artifact(),),
        observations=observations,
        gaps=(),
        declared={},
    )
    with EmbeddedEngine() as engine:
        return judge(policy, engine, canonical_bytes(document), as_of=AS_OF)


def _performance(counts: FairnessCounts, asked: PerformanceQuestion) -> dict[str, Any]:
    return assess_performance(counts, asked)


def results(judgement: Judgement, rule: str) -> list[RuleResult]:
    return [result for result in judgement.results if result.rule == rule]


def test_compas_by_race_and_sex_is_denied_with_the_published_counts(shared_data: Path) -> None:
    counts = count(shared_data / "fairness/compas_two_year.parquet", ["race", "sex"], "y_true", "y_pred")
    judgement = judged(policy(), counts)
    assert judgement.errors == ()
    found = {result.term: result for result in results(judgement, "fairness.difference")}
    worst = found["race: African-American / Caucasian"]
    assert (worst.outcome, worst.enforcement) == (Outcome.FAIL, Enforcement.DENY)
    assert worst.message == "false positive rate by race: 21.4 points apart, at most 10"
    assert worst.values["high"] == {"group": "African-American", "numerator": 805, "denominator": 1795}
    assert worst.values["low"] == {"group": "Caucasian", "numerator": 349, "denominator": 1488}
    assert worst.measured is not None
    assert worst.measured.bound == 100_000
    assert worst.facts == tuple(sorted((counts.sha256, DIGEST)))
    asian = found["race: Asian"]
    assert (asian.outcome, asian.reason) == (Outcome.UNDECIDED, Reason.INSUFFICIENT)
    assert found["sex"].outcome is Outcome.PASS
    (accuracy,) = results(judgement, "performance.minimum")
    assert (accuracy.outcome, accuracy.message) == (Outcome.PASS, "accuracy 65.4 %, at least 65 %")


def test_false_negatives_are_compared_where_asked(shared_data: Path) -> None:
    counts = count(shared_data / "fairness/compas_two_year.parquet", ["race"], "y_true", "y_pred")
    judgement = judged(policy(fairness__difference={"metric": "false_negative_rate", "bound": 0.15}), counts)
    terms = {result.term for result in results(judgement, "fairness.difference") if result.outcome is Outcome.FAIL}
    assert "race: Caucasian / African-American" in terms


def test_equal_groups_pass_every_rule() -> None:
    judgement = judged(policy(), counts_of({"a": (70, 30, 30, 70), "b": (70, 30, 30, 70)}))
    assert [(result.rule, result.outcome, result.term) for result in judgement.results] == [
        ("data.digests", Outcome.PASS, "predictions"),
        ("fairness.difference", Outcome.PASS, "race"),
        ("fairness.ratio", Outcome.PASS, "race"),
        ("performance.minimum", Outcome.PASS, "predictions"),
    ]


def test_exactly_four_fifths_passes_and_one_less_fails() -> None:
    tie = judged(policy(), counts_of({"a": (40, 0, 0, 60), "b": (52, 0, 0, 48)}))
    assert [result.outcome for result in results(tie, "fairness.ratio")] == [Outcome.PASS]
    less = judged(policy(), counts_of({"a": (40, 0, 0, 60), "b": (53, 0, 0, 47)}))
    (failed,) = results(less, "fairness.ratio")
    assert (failed.outcome, failed.term) == (Outcome.FAIL, "race: a / b")
    assert failed.message == "selection rate by race: ratio 0.78, at least 0.8"


def test_one_group_is_undecided() -> None:
    judgement = judged(policy(), counts_of({"a": (70, 30, 30, 70)}))
    for rule in ("fairness.difference", "fairness.ratio"):
        (result,) = results(judgement, rule)
        assert (result.outcome, result.reason, result.term) == (Outcome.UNDECIDED, Reason.INSUFFICIENT, "race")


def test_ratio_of_nothing_to_nothing_is_undecided() -> None:
    judgement = judged(policy(), counts_of({"a": (50, 0, 50, 0), "b": (50, 0, 50, 0)}))
    (result,) = results(judgement, "fairness.ratio")
    assert result.outcome is Outcome.UNDECIDED


def test_too_few_rows_are_undecided_for_performance() -> None:
    (result,) = results(judged(policy(), counts_of({"a": (2, 1, 1, 2)})), "performance.minimum")
    assert (result.outcome, result.reason) == (Outcome.UNDECIDED, Reason.INSUFFICIENT)


def test_no_rows_at_all_pass_nothing() -> None:
    judgement = judged(policy(), counts_of({}))
    assert {result.outcome for result in judgement.results if result.rule != "data.digests"} == {Outcome.UNDECIDED}


def test_undeclared_bound_is_undecided_and_missed_bound_fails() -> None:
    counts = counts_of({"a": (70, 30, 30, 70), "b": (70, 30, 30, 70)})
    undeclared = effective_policy(LIBRARY, rules=["performance.minimum"], collections=(), parameters={}, enforcement={})
    (result,) = judged(undeclared, counts).results
    assert (result.outcome, result.reason) == (Outcome.UNDECIDED, Reason.MISSING)
    (result,) = results(judged(policy(performance__minimum={"bound": 0.7001}), counts), "performance.minimum")
    assert (result.outcome, result.message) == (Outcome.FAIL, "accuracy 70 %, at least 70.01 %")


def test_required_role_without_a_data_set_fails() -> None:
    judgement = judged(
        policy(data__digests={"required_roles": ["predictions", "training"]}), counts_of({"a": (9, 9, 9, 9)})
    )
    failed = [result for result in results(judgement, "data.digests") if result.outcome is Outcome.FAIL]
    assert [(result.term, result.message) for result in failed] == [
        ("role: training", "no data set with the role 'training' was collected")
    ]
