"""The input document: made from facts, in one order, held by its schema."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.judge.input_document import as_of_ns, input_document, input_schema_bytes, validate_input
from tolbooth.model.errors import JudgeError
from tolbooth.model.observation import (
    Artifact,
    ArtifactRole,
    CollectionMode,
    Column,
    ControlTotals,
    Dates,
    Gap,
    IpeRecord,
    Observation,
)
from tolbooth.model.subject import Subject, SubjectKind

AS_OF = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
COLLECTED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DATES = Dates(collected=COLLECTED, received=COLLECTED)
IPE = IpeRecord(
    system="files", instance="here", query="predictions.parquet", collector="files", collector_version="1",
    identity="ana", mode=CollectionMode.PULL, unit="files", returned=1, reported_total=None, pages=1,
    totals=ControlTotals(count=1), response_sha256="b" * 64, completeness_check="none", complete=None,
)  # fmt: skip


def artifact(name: str, **changes: Any) -> Artifact:
    fields: dict[str, Any] = {
        "name": name,
        "role": ArtifactRole.PREDICTIONS,
        "uri": f"{name}.parquet",
        "digest": {"sha256": "a" * 64},
        "size_bytes": 7,
        "media_type": "application/vnd.apache.parquet",
        "dates": DATES,
        "ipe": IPE,
        "row_count": 3,
        "columns": (Column(name="y_true", type="int8"),),
    }
    return Artifact(**(fields | changes))


def performance(about: str, dates: Dates = DATES) -> Observation:
    return Observation(
        kind="performance",
        about=about,
        values={"comparison": {"outcome": "pass", "value": 653_729, "numerator": 4716, "denominator": 7214}},
        dates=dates,
        origin="measure",
        reads=("c" * 64,),
        question={"kind": "performance", "metric": "accuracy", "bound": 650_000, "minimum_denominator": 30},
    )


def fairness(**changes: Any) -> Observation:
    comparison = {
        "outcome": "fail",
        "pairs": [{"high": "a", "low": "b", "value": 9, "outcome": "fail"}],
        "insufficient": [],
    }
    return Observation(
        kind="fairness",
        about="predictions",
        values={"groups": [], "comparison": comparison | changes},
        dates=DATES,
        origin="measure",
        question={"kind": "fairness", "statistic": "difference", "metric": "accuracy", "by": ["sex"], "bound": 1},
    )


GIT = Observation(
    kind="source-control",
    about="project",
    values={"system": "git", "commit": "d" * 40, "tree_clean": True, "branch": "main"},
    dates=DATES,
    origin="git",
)


def document(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "subject": Subject(
            project="compas", name="risk", version="7", kind=SubjectKind.MODEL, digest={"sha256": "e" * 64}
        ),
        "gate": "release",
        "environment": "ci",
        "as_of": AS_OF,
        "artifacts": (artifact("predictions"), artifact("holdout", row_count=None)),
        "observations": (performance("predictions"), GIT, performance("holdout"), fairness()),
        "gaps": (Gap(kind="model-card", about="card", code="collect.missing", message="there is none"),),
        "declared": {"owner": "Ana", "data": {"predictions": {"licence": "CC0-1.0"}}},
    }
    return input_document(**(fields | changes))


def test_document_fits_its_schema() -> None:
    assert validate_input(canonical_bytes(document())) == document()


def test_order_in_which_facts_are_given_does_not_matter() -> None:
    facts = (performance("predictions"), GIT, performance("holdout"), fairness())
    said = {canonical_bytes(document(observations=each)) for each in itertools.permutations(facts)}
    assert len(said) == 1


def test_instant_in_nanoseconds_is_text() -> None:
    assert as_of_ns(AS_OF) == "1795425247000000000"
    assert document()["context"] == {"as_of": "2026-11-23T09:14:07Z", "as_of_ns": "1795425247000000000"}


def test_lineage_is_what_source_control_says() -> None:
    assert document()["lineage"] == {"commit": "d" * 40, "tree_clean": True}
    assert document(observations=())["lineage"] == {}


def test_fact_past_its_validity_is_stale() -> None:
    ended = Dates(collected=COLLECTED, received=COLLECTED, valid_until=AS_OF)
    found = document(
        artifacts=(artifact("predictions", dates=ended),), observations=(performance("predictions", ended),)
    )
    assert found["artifacts"][0]["freshness"] == "stale"
    assert found["observations"]["performance"][0]["freshness"] == "stale"
    assert document()["artifacts"][0]["freshness"] == "fresh"


def test_day_that_data_are_about_is_told_where_it_is_declared() -> None:
    about = Dates(collected=COLLECTED, received=COLLECTED, about=datetime(2026, 10, 1, tzinfo=UTC))
    dated, undated = document(artifacts=(artifact("a", dates=about), artifact("b")))["artifacts"]
    assert dated["dated"] == "2026-10-01T00:00:00Z"
    assert "dated" not in undated
    assert validate_input(canonical_bytes(document(artifacts=(artifact("a", dates=about),))))


def test_unknown_row_count_is_left_out() -> None:
    holdout, predictions = document()["artifacts"]
    assert "row_count" not in holdout
    assert predictions["row_count"] == 3


def _extra(target: dict[str, Any]) -> None:
    target["waivers"] = []


def _number(target: dict[str, Any]) -> None:
    target["context"]["as_of_ns"] = 1


def _zone(target: dict[str, Any]) -> None:
    target["context"]["as_of"] = "2026-11-23T10:14:07+01:00"


def _version(target: dict[str, Any]) -> None:
    target["version"] = 2


def _no_outcome(target: dict[str, Any]) -> None:
    del target["observations"]["performance"][0]["values"]["comparison"]["outcome"]


def _no_question(target: dict[str, Any]) -> None:
    del target["observations"]["fairness"][0]["question"]


def _pass_without_worst(target: dict[str, Any]) -> None:
    target["observations"]["fairness"][0]["values"]["comparison"]["outcome"] = "pass"


def _failing_pair_without_value(target: dict[str, Any]) -> None:
    del target["observations"]["fairness"][0]["values"]["comparison"]["pairs"][0]["value"]


def _freshness(target: dict[str, Any]) -> None:
    target["artifacts"][0]["freshness"] = "new"


def _artifact_member(target: dict[str, Any]) -> None:
    target["artifacts"][0]["uri"] = "s3://secret"


def _declared_member(target: dict[str, Any]) -> None:
    target["declared"]["waived"] = True


@pytest.mark.parametrize(
    "spoil",
    [
        _extra,
        _number,
        _zone,
        _version,
        _no_outcome,
        _no_question,
        _pass_without_worst,
        _failing_pair_without_value,
        _freshness,
        _artifact_member,
        _declared_member,
    ],
)
def test_document_that_breaks_the_schema_is_refused(spoil: Callable[[dict[str, Any]], None]) -> None:
    spoiled = copy.deepcopy(document())
    spoil(spoiled)
    with pytest.raises(JudgeError) as raised:
        validate_input(json.dumps(spoiled).encode())
    assert {problem.code for problem in raised.value.problems} == {"input.schema"}


def test_place_of_the_mistake_is_named() -> None:
    spoiled = document()
    spoiled["artifacts"][1]["size_bytes"] = "7"
    with pytest.raises(JudgeError, match=r"input\.artifacts\[1\]\.size_bytes: "):
        validate_input(json.dumps(spoiled).encode())


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(JudgeError) as raised:
        validate_input(content)
    assert raised.value.code == "input.syntax"


def test_schema_is_of_the_draft_that_it_names() -> None:
    assert json.loads(input_schema_bytes())["$schema"] == "https://json-schema.org/draft/2020-12/schema"
