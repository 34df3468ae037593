"""The gate from Python: what is returned, what is raised, what is recorded, and what waits for people."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest

import tolbooth
from tests.project_sample import FAIR, SETTINGS, SMALL, UNFAIR, make_project
from tests.project_sample import tolbooth as command
from tests.review_sample import Story, make_story, ok
from tolbooth.enforce.release import output_schema
from tolbooth.model.errors import ConfigError, StoreError, TolboothError

SEVERAL = SETTINGS.replace(
    "  release: {subject: credit, environment: ci}",
    "  release: {subject: credit, environment: ci}\n  live: {subject: credit, environment: live, point: promote}",
)


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    return make_story(tmp_path, monkeypatch, FAIR)


def test_an_allowed_release_is_returned_and_stands_in_the_log(tmp_path: Path) -> None:
    project = make_project(tmp_path, FAIR)
    release = tolbooth.require("release", project=project)
    assert (release.allowed, release.verdict, bool(release)) == (True, "allow", True)
    assert (release.subject, release.gate, release.environment) == ("credit@7", "release", "ci")
    assert release.reasons == ()
    listed = json.loads(command("--config", str(project / "tolbooth.yaml"), "log", "--output", "json").out)
    assert len(listed["entries"]) == (release.position or 0) + 1


def test_a_denied_release_is_returned_by_gate_and_raised_by_require(tmp_path: Path) -> None:
    project = make_project(tmp_path, UNFAIR)
    release = tolbooth.gate(project=project / "tolbooth.yaml")
    assert (release.allowed, bool(release)) == (False, False)
    assert [each.rule for each in release.reasons] == ["fairness.difference", "performance.minimum"]
    with pytest.raises(tolbooth.GateDenied) as denied:
        tolbooth.require(project=project)
    assert type(denied.value) is tolbooth.GateDenied
    assert not isinstance(denied.value, TolboothError)
    lines = str(denied.value).splitlines()
    assert lines[0] == "credit@7 at release (ci): May not be released: 2 rules fail."
    expected = "- fairness.difference (race: a / b): false positive rate by race: 30 points apart, at most 10"
    assert lines[1] == expected
    assert denied.value.release.position is not None


def test_too_few_rows_raise_undecided(tmp_path: Path) -> None:
    with pytest.raises(tolbooth.GateUndecided) as refused:
        tolbooth.require(project=make_project(tmp_path, SMALL))
    assert {each.outcome for each in refused.value.release.reasons} == {"undecided"}


def test_a_mistake_in_the_settings_is_no_denial(tmp_path: Path) -> None:
    project = make_project(tmp_path, FAIR, SETTINGS.replace("credit team", "credit team\n    patth: x"))
    with pytest.raises(ConfigError):
        tolbooth.require(project=project)
    assert not (project / ".tolbooth").exists()


def test_a_store_that_refuses_is_no_denial(tmp_path: Path) -> None:
    project = make_project(tmp_path, FAIR)
    tolbooth.gate(project=project)
    (project / ".tolbooth" / "log.sqlite").unlink()
    with pytest.raises(StoreError):
        tolbooth.require(project=project)


def test_the_project_is_found_as_the_command_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path / "credit", FAIR)
    (project / "notebooks").mkdir()
    monkeypatch.chdir(project / "notebooks")
    assert tolbooth.gate().allowed
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError):
        tolbooth.gate()
    named = {**os.environ, "TOLBOOTH_CONFIG": str(project / "tolbooth.yaml")}
    assert tolbooth.gate(variables=named).allowed


def test_a_gate_is_chosen_by_where_it_stands_and_never_moved(tmp_path: Path) -> None:
    project = make_project(tmp_path, FAIR, SEVERAL)
    assert tolbooth.gate(project=project, point="promote").gate == "live"
    assert tolbooth.gate("live", project=project, point="promote").environment == "live"
    for name, point, code in [
        ("release", "promote", "gate.other-point"),
        (None, "serve", "gate.other-point"),
        (None, "production", "gate.point-unknown"),
        (None, None, "gate.unnamed"),
        ("relase", "ci", "gate.unknown"),
    ]:
        with pytest.raises(ConfigError) as refused:
            tolbooth.gate(name, project=project, point=point)
        assert refused.value.code == code


def test_pending_waits_for_the_named_role_and_goes_on_when_ben_approves(story: Story) -> None:
    with pytest.raises(tolbooth.GatePending) as waiting:
        tolbooth.require(once="dag/run-1")
    release = waiting.value.release
    assert len(release.missing) == 1
    assert release.missing[0].startswith(("approver (ben or chen), until ", "approver (chen or ben), until "))
    assert f"waits for {release.missing[0]}" in str(waiting.value)
    assert tolbooth.standing(release).verdict == "pending"
    size = _log_size(story.folder)
    ok(story.approve("ben"))
    said = _log_size(story.folder)
    assert said > size
    found = tolbooth.standing(release.decision[:12])
    assert (found.verdict, found.missing) == ("allow", ())
    assert (found.decision, found.basis, found.position) == (release.decision, release.basis, release.position)
    assert _log_size(story.folder) == said
    assert tolbooth.gate(once="dag/run-1").verdict == "pending"
    allowed = tolbooth.require(once="dag/run-1/approved")
    assert (allowed.repeated, allowed.basis) == (False, release.basis)


def test_a_rejection_is_told_with_the_name_of_who_said_no(story: Story) -> None:
    release = tolbooth.gate()
    ok(story.by("chen", "reject", "--reason", "risk-too-high", "--yes"))
    found = tolbooth.standing(release)
    assert found.verdict == "deny"
    assert [(each.rule, each.term, each.message) for each in found.reasons] == [
        ("gate", "approver", "rejected by chen")
    ]


def test_standing_is_of_the_recorded_facts_whatever_lies_there_now(story: Story) -> None:
    release = tolbooth.gate()
    (story.folder / "predictions.parquet").unlink()
    assert tolbooth.standing(release).basis == release.basis


def test_an_unknown_decision_has_no_standing(story: Story) -> None:
    tolbooth.gate()
    with pytest.raises(ConfigError) as refused:
        tolbooth.standing("0" * 64)
    assert refused.value.code == "log.no-decision"


def test_a_release_travels_as_a_pickle_and_as_json_by_its_schema(tmp_path: Path) -> None:
    release = tolbooth.gate(project=make_project(tmp_path, UNFAIR), once="k")
    again = pickle.loads(pickle.dumps(release))
    assert again == release
    assert str(pickle.loads(pickle.dumps(tolbooth.GateDenied(release)))) == str(tolbooth.GateDenied(release))
    document = json.loads(json.dumps(release.as_json()))
    validator = jsonschema_rs.validator_for(output_schema())
    validator.validate(document)
    with pytest.raises(jsonschema_rs.ValidationError):
        validator.validate({**document, "verdict": "maybe"})
    assert document["schema"] == "tolbooth.release/v1"


def test_a_ci_runner_ends_with_a_transcript(tmp_path: Path) -> None:
    project = make_project(tmp_path / "credit", FAIR)
    assert command("--config", str(project / "tolbooth.yaml"), "policy", "lock").code == 0
    release = tolbooth.gate(project=project, variables={"CI": "true", "HOME": str(tmp_path)})
    assert (project / ".tolbooth" / "transcript.jsonl").is_file()
    assert release.allowed


def test_the_package_offers_its_interface_and_nothing_else() -> None:
    assert set(tolbooth.__all__) == {
        *("gate", "require", "standing", "Release"),
        *("GateDenied", "GatePending", "GateUndecided"),
    }
    assert all(callable(getattr(tolbooth, name)) for name in tolbooth.__all__)
    with pytest.raises(AttributeError, match="no attribute 'gaet'"):
        tolbooth.gaet  # noqa: B018


def test_importing_the_package_takes_less_than_150_ms() -> None:
    code = "import time\nbegun = time.perf_counter()\nimport tolbooth\nprint(time.perf_counter() - begun)"
    times = [float(subprocess.check_output([sys.executable, "-c", code], text=True)) for _ in range(3)]
    assert min(times) < 0.15


def _log_size(folder: Path) -> int:
    said = command("--config", str(folder / "tolbooth.yaml"), "log", "--output", "json")
    return len(json.loads(said.out)["entries"])
