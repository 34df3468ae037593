"""``tolbooth policy new``, ``list``, ``show`` and ``input``: what an author needs, tried as an author would."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import jsonschema_rs
import pytest

from tests.opa_programs import opa, run
from tests.own_rule_sample import OWN_SETTINGS, write_rules
from tests.project_sample import FAIR, SETTINGS, make_project, tolbooth
from tolbooth.cli.policy_command import SUBCOMMANDS
from tolbooth.cli.policy_command import command as group

SOURCES = SETTINGS.replace("policy:\n", "policy:\n  sources: [built-in, policies]\n")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return make_project(tmp_path, FAIR)


def use_folder(project: Path) -> None:
    (project / "tolbooth.yaml").write_text(SOURCES, encoding="utf-8")


def test_new_rule_is_written_tested_and_asked(project: Path) -> None:
    said = tolbooth("policy", "new", "credit.purpose", "--title", "It is said what it is for")
    assert said.code == 0
    assert said.out.splitlines()[:3] == [
        "Wrote policies/credit/purpose/purpose.rego",
        "Wrote policies/credit/purpose/purpose_test.rego",
        "Wrote policies/credit/purpose/purpose.md",
    ]
    assert "      sources: [built-in, policies]" in said.out
    use_folder(project)
    tested = tolbooth("policy", "test")
    assert (tested.code, tested.out.splitlines()[-1]) == (0, "4 tests passed, no mutant survives.")
    listed = json.loads(tolbooth("policy", "list", "--output", "json").out)["rules"]
    (mine,) = [rule for rule in listed if rule["source"] == "policies"]
    assert (mine["code"], mine["title"], mine["asked"]) == ("credit.purpose", "It is said what it is for", True)
    gate = tolbooth("gate")
    assert gate.code == 1
    assert "words in the purpose: 0, at least 3 are asked" in gate.out


def test_edited_rule_shows_what_its_tests_miss(project: Path) -> None:
    tolbooth("policy", "new", "credit.purpose")
    rule = project / "policies/credit/purpose/purpose.rego"
    text = rule.read_text(encoding="utf-8")
    rule.write_text(text.replace("purpose_words < minimum", 'purpose_words < minimum\n\tinput.gate != "dry"'), "utf-8")
    said = tolbooth("policy", "test", "policies")
    assert said.code == 1
    assert "test_fail_fewer_words_than_are_asked" in said.out
    assert 'denied({"purpose": "loans"}, 2) is []' in said.out


@pytest.mark.parametrize("code", ["team_a.risk.purpose", "a1.b_2"])
def test_new_rule_of_any_package_has_no_survivor(project: Path, code: str) -> None:
    assert tolbooth("policy", "new", code, "--folder", "rules").code == 0
    assert tolbooth("policy", "test", "rules").code == 0


def test_two_rules_of_one_package_live_side_by_side(project: Path) -> None:
    use_folder(project)
    (project / "policies").mkdir()
    assert tolbooth("policy", "new", "credit.one").code == 0
    said = tolbooth("policy", "new", "credit.two")
    assert (said.code, "sources:" in said.out) == (0, False)
    assert tolbooth("policy", "test").code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["credit.purpose"], "policy.new-taken"),
        (["fairness.mine"], "policy.new-taken"),
        (["Credit.purpose"], "policy.new-code"),
        (["purpose"], "policy.new-code"),
        (["credit.in"], "policy.new-code"),
        (["credit.x", "--title", "a: b"], "policy.new-title"),
        (["credit.x", "--title", ""], "policy.new-title"),
        (["credit.x", "--folder", "../elsewhere"], "policy.new-folder"),
        (["credit.x", "--folder", "."], "policy.new-folder"),
    ],
)
def test_what_can_not_be_written_is_refused_and_nothing_is(project: Path, arguments: list[str], code: str) -> None:
    tolbooth("policy", "new", "credit.purpose")
    before = sorted(path for path in project.rglob("*"))
    said = tolbooth("policy", "new", *arguments)
    assert said.code == 2
    assert f"[{code}]" in said.err
    assert sorted(path for path in project.rglob("*")) == before


@pytest.mark.opa
def test_new_rule_is_as_opa_would_write_it_and_passes_its_checks(project: Path) -> None:
    tolbooth("policy", "new", "credit.purpose")
    tolbooth("policy", "new", "credit.risk.long_name_of_a_rule")
    (project / "schema.json").write_text(tolbooth("policy", "input", "--schema").out, encoding="utf-8")
    assert run(opa(), "fmt", "--list", "policies").stdout == ""
    checked = run(opa(), "check", "--strict", "--schema", "schema.json", "policies")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "PASS: 8/8" in run(opa(), "test", "policies").stdout


@pytest.mark.opa
def test_schema_lets_opa_find_a_misspelt_field(project: Path) -> None:
    tolbooth("policy", "new", "credit.purpose")
    (project / "schema.json").write_text(tolbooth("policy", "input", "--schema").out, encoding="utf-8")
    rule = project / "policies/credit/purpose/purpose.rego"
    rule.write_text(rule.read_text(encoding="utf-8").replace("input.declared", "input.declard"), encoding="utf-8")
    checked = run(opa(), "check", "--strict", "--schema", "schema.json", rule)
    assert checked.returncode == 1
    assert "undefined ref: input.declard" in checked.stderr


def test_list_says_which_rules_are_asked_and_what_they_do(project: Path) -> None:
    said = tolbooth("policy", "list")
    lines = said.out.splitlines()
    assert (
        "  fairness.difference     deny     Groups have similar error rates  [minimal, recommended] built-in" in lines
    )
    assert "  fairness.ratio          -        Groups are selected at similar rates  [recommended] built-in" in lines
    assert lines[-1] == "15 rules, 3 asked"


def test_list_without_a_project_is_the_shipped_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert tolbooth("policy", "list").out.splitlines()[-1] == "15 rules, 15 asked"


def test_show_tells_where_each_value_comes_from(project: Path) -> None:
    lines = tolbooth("policy", "show", "performance.minimum").out.splitlines()
    assert "  parameter    bound = 700000 ppm (project)" in lines
    assert "  parameter    minimum_denominator = 30 people (default)" in lines
    assert "# performance.minimum" in lines
    document = json.loads(tolbooth("policy", "show", "performance.minimum", "--output", "json").out)
    values = {each["name"]: (each["value"], each["from"]) for each in document["parameters"]}
    assert values["bound"] == (700_000, "project")
    assert values["alpha"] == (50_000, "default")
    assert document["controls"][0]["id"] == "eu-ai-act:9.8"


def test_show_of_a_rule_that_is_not_asked_tells_its_undeclared_parameters(project: Path) -> None:
    lines = tolbooth("policy", "show", "evidence.fresh").out.splitlines()
    assert "  enforcement  not asked here" in lines
    assert "  parameter    maximum_age_days: optional, not declared" in lines


def test_show_of_an_own_rule_names_its_file_and_misses_its_page(project: Path) -> None:
    (project / "tolbooth.yaml").write_text(OWN_SETTINGS, encoding="utf-8")
    write_rules(project)
    said = tolbooth("policy", "show", "house.purpose").out
    assert "  file         rules/house/purpose/purpose.rego:3 (rules)\n" in said
    assert said.endswith("\nIt has no page.\n")


def test_mistyped_rule_names_the_nearest(project: Path) -> None:
    said = tolbooth("policy", "show", "fairness.ratoi")
    assert said.code == 2
    assert "did you mean 'fairness.ratio'?" in said.err


def test_input_of_a_decision_is_the_document_that_it_names(project: Path) -> None:
    gate = json.loads(tolbooth("gate", "--output", "json").out)
    canonical = tolbooth("policy", "input", "--canonical").out
    assert sha256(canonical.encode()).hexdigest() in json.dumps(gate)
    pretty = tolbooth("policy", "input").out
    assert json.loads(pretty) == json.loads(canonical)
    assert pretty.startswith("{\n  ")
    schema = json.loads(tolbooth("policy", "input", "--schema").out)
    assert jsonschema_rs.is_valid(schema, json.loads(canonical))


def test_input_of_an_earlier_decision_is_found_by_its_digest(project: Path) -> None:
    first = tolbooth("gate").out.rpartition("decision ")[2][:12]
    (project / "model.bin").write_bytes(b"other weights")
    tolbooth("gate")
    assert tolbooth("policy", "input", first).out != tolbooth("policy", "input").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing is recorded yet"),
        (["ffff"], "nothing is recorded yet"),
        (["ffff", "--schema"], "--schema goes alone"),
    ],
)
def test_input_that_is_not_there_is_refused(project: Path, arguments: list[str], words: str) -> None:
    said = tolbooth("policy", "input", *arguments)
    assert said.code == 2
    assert words in said.err


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_group_lists_each_command_as_it_describes_itself(name: str) -> None:
    context = group.make_context("policy", [name], resilient_parsing=True)
    command = group.get_command(context, name)
    assert command is not None
    assert command.get_short_help_str(limit=100) == SUBCOMMANDS[name]
