"""A project with a rule of its own: gate, pack and replay rest on it, and CI asks for its lock."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.own_rule_sample import OWN_SETTINGS, RULE, write_rules
from tests.project_sample import FAIR, make_project, tolbooth
from tolbooth.pipeline.pack_files import read_pack


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = make_project(tmp_path / "credit", FAIR, OWN_SETTINGS)
    write_rules(path)
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def rule(project: Path) -> Path:
    return project / "rules" / "house" / "purpose" / "purpose.rego"


def outcomes(report: str) -> list[tuple[str, str]]:
    """Rule and outcome of every result of a JSON report."""
    return [(rule["rule"], each["outcome"]) for rule in json.loads(report)["rules"] for each in rule["results"]]


def test_the_rule_decides_and_its_file_travels_in_the_pack(project: Path) -> None:
    said = tolbooth("gate", "--output", "json")
    assert said.code == 1, said.err
    assert [rule for rule, outcome in outcomes(said.out) if outcome == "fail"] == ["house.purpose"]
    assert tolbooth("seal", "--to", "own.zip").code == 0
    (project / "release.pub").write_text(tolbooth("key", "export", "release").out, encoding="utf-8")
    assert tolbooth("verify", "own.zip", "--key", "release.pub").code == 0
    replayed = tolbooth("replay", "own.zip", "--key", "release.pub")
    assert (replayed.code, "Identical" in replayed.out) == (0, True)
    core = read_pack(project / "own.zip")
    assert core["data/core/policies/rules/house/purpose/purpose.rego"] == RULE.encode()


def test_switching_it_off_shows_it_as_off(project: Path) -> None:
    settings = OWN_SETTINGS.replace("  parameters:", "  enforcement: {house.purpose: off}\n  parameters:")
    (project / "tolbooth.yaml").write_text(settings, encoding="utf-8")
    said = tolbooth("gate", "--output", "json")
    assert said.code == 0, said.err
    assert ("house.purpose", "skip") in outcomes(said.out)


def test_explain_knows_it(project: Path) -> None:
    del project
    said = tolbooth("explain", "house.purpose")
    assert (said.code, "what the subject is for" in said.out) == (0, True)


def test_the_policy_digest_depends_on_it(project: Path, rule: Path) -> None:
    del project
    before = tolbooth("config", "check").out
    rule.write_text(RULE + "# more\n", encoding="utf-8")
    assert tolbooth("config", "check").out != before


@pytest.mark.parametrize("also", ["path: modle.bin", "path: model.bin\n    ownr: credit team"])
def test_a_rule_that_can_t_be_loaded_hides_no_mistake_of_the_settings(project: Path, rule: Path, also: str) -> None:
    rule.write_text(RULE.replace(" if ", " fi ", 1), encoding="utf-8")
    wrong = OWN_SETTINGS.replace("path: model.bin", also).replace("path: predictions", "path: predictoins")
    (project / "tolbooth.yaml").write_text(wrong, encoding="utf-8")
    said = tolbooth("config", "check")
    assert (said.code, "3 mistakes." in said.err) == (2, True), said.err
    assert all(each in said.err for each in ("purpose.rego:", "tolbooth.yaml:", "did you mean 'predictions.parquet'?"))


@pytest.mark.parametrize(
    ("settings", "code", "column"),
    [
        ("[built-in, ruels]", "policy.source-missing", 23),
        ("[built-in, ../rules]", "policy.source-outside", 23),
        ("[built-in, rules, rules/]", "policy.source-twice", 30),
    ],
)
def test_a_wrong_folder_is_shown_at_its_line(project: Path, settings: str, code: str, column: int) -> None:
    text = OWN_SETTINGS.replace("[built-in, rules]", settings)
    (project / "tolbooth.yaml").write_text(text, encoding="utf-8")
    said = tolbooth("gate")
    line = text.splitlines().index(f"  sources: {settings}") + 1
    assert said.code == 2
    assert said.err.startswith(f"tolbooth.yaml:{line}:{column}: ")
    assert f"[{code}]" in said.err


def test_a_rule_that_does_not_compile_is_refused_before_anything_is_recorded(project: Path, rule: Path) -> None:
    rule.write_text(RULE.replace(" in object", " inn object"), encoding="utf-8")
    said = tolbooth("gate")
    assert said.code == 2
    assert said.err.startswith("rules/house/purpose/purpose.rego:14:")
    assert "Nothing was recorded." in said.err
    assert tolbooth("config", "check").code == 2
    assert not (project / ".tolbooth" / "log.sqlite").exists()


def test_without_the_built_in_library_only_the_own_rules_are_asked(project: Path) -> None:
    text = OWN_SETTINGS.partition("policy:")[0] + "policy:\n  sources: [rules]\n"
    (project / "tolbooth.yaml").write_text(text, encoding="utf-8")
    said = tolbooth("gate", "--output", "json")
    assert [each["rule"] for each in json.loads(said.out)["rules"]] == ["house.purpose"], said.err


def test_a_ci_runner_refuses_rules_that_nobody_locked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del project
    monkeypatch.setenv("CI", "true")
    said = tolbooth("gate")
    assert (said.code, "[policy.unlocked]" in said.err, "tolbooth policy lock" in said.err) == (2, True, True)
    assert "Nothing was recorded." in said.err


def test_a_ci_runner_takes_locked_rules_and_refuses_changed_ones_by_name(
    project: Path, rule: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del project
    monkeypatch.setenv("CI", "true")
    assert tolbooth("policy", "lock").code == 0
    assert tolbooth("gate").code == 1
    rule.write_text(RULE + "# more\n", encoding="utf-8")
    said = tolbooth("gate")
    assert said.code == 2
    assert "rules/house/purpose/purpose.rego changed" in said.err.replace("\n  ", " ")


def test_a_desk_decides_on_changed_rules_and_says_so(project: Path, rule: Path) -> None:
    del project
    tolbooth("policy", "lock")
    assert "policy.unlocked" not in tolbooth("gate", "--output", "json").out
    rule.write_text(RULE + "# more\n", encoding="utf-8")
    said = tolbooth("gate")
    assert said.code == 1
    assert "the rules are not the locked ones" in said.out


def test_a_test_of_a_rule_may_change_without_a_new_lock(project: Path, rule: Path) -> None:
    del project
    tolbooth("policy", "lock")
    rule.with_name("purpose_test.rego").write_text("package house_purpose_test\n", encoding="utf-8")
    assert tolbooth("policy", "lock", "--check").code == 0


def test_check_says_what_differs_and_writes_nothing(project: Path, rule: Path) -> None:
    assert tolbooth("policy", "lock", "--check").code == 1
    assert not (project / "tolbooth.lock").exists()
    tolbooth("policy", "lock")
    assert tolbooth("policy", "lock", "--check").code == 0
    before = (project / "tolbooth.lock").read_bytes()
    rule.write_text(RULE + "# more\n", encoding="utf-8")
    said = tolbooth("policy", "lock", "--check", "--output", "json")
    (change,) = json.loads(said.out)["changes"]
    assert (said.code, change["source"], change["changed"]) == (1, "rules", ["house/purpose/purpose.rego"])
    assert (project / "tolbooth.lock").read_bytes() == before
    assert "purpose.rego: changed" in tolbooth("policy", "lock").out
    assert tolbooth("policy", "lock", "--check").code == 0


def test_a_damaged_lock_stops_a_gate_anywhere_and_is_written_anew(project: Path) -> None:
    (project / "tolbooth.lock").write_text("<<<<<<< ours\nversion: 1\n", encoding="utf-8")
    assert tolbooth("gate").code == 2
    assert tolbooth("policy", "lock").code == 0
    assert tolbooth("gate").code == 1


def test_built_in_rules_alone_need_no_lock_in_ci_and_are_held_to_one_that_is_there(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    text = OWN_SETTINGS.replace("  sources: [built-in, rules]\n", "")
    (project / "tolbooth.yaml").write_text(text, encoding="utf-8")
    assert tolbooth("gate").code == 0
    tolbooth("policy", "lock")
    lock = project / "tolbooth.lock"
    lock.write_text(lock.read_text(encoding="utf-8").replace('tolbooth: "', 'tolbooth: "0.0.'), encoding="utf-8")
    said = tolbooth("gate")
    assert (said.code, "locked with Tolbooth 0.0." in said.err.replace("\n  ", " ")) == (2, True)
