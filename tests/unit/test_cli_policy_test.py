"""``tolbooth policy test``: what it tests, what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from tests.own_rule_sample import OWN_SETTINGS, write_rules
from tests.project_sample import FAIR, make_project, tolbooth
from tests.proving_sample import GOOD, RULE, WEAK, write

SCHEMA = Path(__file__).parents[2] / "vendor" / "jenkins-junit-xsd" / "junit-10.xsd"


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a well tested rule, outside any project."""
    monkeypatch.chdir(tmp_path)
    return write(tmp_path, {"loans/age.rego": RULE, "loans/age_test.rego": GOOD}) / "loans"


def test_good_tests_exit_with_0_and_say_so(rules: Path) -> None:
    said = tolbooth("policy", "test", "loans")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "loans",
        "  ok       test_fail_a_minor",
        "  ok       test_success_of_age",
        "  ok       test_success_with_a_guardian",
        "  lines    3 of 3 reached in age.rego",
        "  mutants  10 of 10 killed",
        "",
        "3 tests passed, no mutant survives.",
    ]


def test_survivor_exits_with_1_and_is_shown_as_a_difference(rules: Path) -> None:
    (rules / "age_test.rego").write_text(WEAK, encoding="utf-8")
    said = tolbooth("policy", "test", "loans")
    assert said.code == 1
    assert "  loans/age.rego:4:12: comparison; no test notices it\n" in said.out
    assert "    -   input.age < 18\n    +   input.age <= 18\n" in said.out
    assert tolbooth("policy", "test", "loans", "--no-mutation").code == 0


def test_failing_test_exits_with_1_and_no_mutant_is_tried(rules: Path) -> None:
    (rules / "age_test.rego").write_text(GOOD.replace("18}", "17}"), encoding="utf-8")
    said = tolbooth("policy", "test", "loans")
    assert said.code == 1
    assert (
        "  FAIL     test_success_of_age\n        loans/age_test.rego:8:2: 'count(data.loans.deny) == 0 with" in said.out
    )
    assert "  mutants  none tried while a test fails" in said.out
    assert said.out.endswith("2 tests passed, 1 failed.\n")


def test_rule_without_a_test_exits_with_1(rules: Path) -> None:
    write(rules, {"more/old.rego": "package old\n\ndeny contains 1\n"})
    said = tolbooth("policy", "test", "loans", "--no-mutation")
    assert said.code == 1
    assert "loans/more/old.rego  no test stands beside it" in said.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nowhere"], "policy.path-missing"),
        ([], "policy.no-rules"),
        (["empty"], "policy.no-tests"),
        (["put-off"], "policy.no-tests"),
        (["broken"], "policy.compile"),
    ],
)
def test_nothing_to_test_exits_with_2(rules: Path, arguments: list[str], code: str) -> None:
    write(
        rules.parent,
        {
            "empty/a.rego": "package a\n",
            "put-off/a_test.rego": "package a_test\n\nx := 1\n",
            "broken/a_test.rego": "package a_test\n\ntest_x if {\n",
        },
    )
    said = tolbooth("policy", "test", *arguments)
    assert (said.code, said.out) == (2, "")
    assert f"[{code}]" in said.err


def test_one_file_stands_for_its_folder(rules: Path) -> None:
    write(rules, {"more/old_test.rego": "package old_test\n\ntest_x if false\n"})
    assert tolbooth("policy", "test", "loans/age.rego").code == 0


def test_time_that_is_up_is_told(rules: Path) -> None:
    said = tolbooth("policy", "test", "loans", "--max-seconds", "0.000001")
    assert said.out.endswith("3 tests passed, no mutant survives, 10 mutants not tried: the time was up.\n")


def test_project_tests_its_own_folders_and_names_one_that_it_does_not_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, FAIR)
    write_rules(project)
    monkeypatch.chdir(project)
    unnamed = tolbooth("policy", "test")
    assert unnamed.code == 2
    assert "'rules' holds tests: name it under policy.sources" in unnamed.err
    (project / "tolbooth.yaml").write_text(OWN_SETTINGS, encoding="utf-8")
    said = tolbooth("policy", "test")
    assert (said.code, said.out.splitlines()[0]) == (1, "rules/house/purpose")


def test_validators_tests_run_beside_the_rules(rules: Path) -> None:
    write(rules, {"twice.py": "def twice(n):\n    return n * 2\n"})
    write(rules, {"twice_test.py": "from twice import twice\n\ndef test_it():\n    assert twice(2) == 4\n"})
    said = tolbooth("policy", "test", "loans", "--output", "json")
    suites = json.loads(said.out)["suites"]
    assert [[test["name"] for test in suite["tests"]] for suite in suites][1] == ["test_it"]
    assert (suites[1]["mutation"], said.code) == (None, 0)


def test_json_holds_tests_coverage_and_survivors(rules: Path) -> None:
    (rules / "age_test.rego").write_text(WEAK, encoding="utf-8")
    document = json.loads(tolbooth("policy", "test", "loans", "--output", "json").out)
    assert (document["version"], document["holds"], document["untested"]) == (1, False, [])
    (suite,) = document["suites"]
    assert suite["tests"][0]["place"] == {"path": "loans/age_test.rego", "line": 3, "column": 1}
    assert suite["coverage"] == [{"path": "loans/age.rego", "lines": 3, "missed": [], "ppm": 1_000_000}]
    assert suite["mutation"]["survivors"][0]["change"] == "constant"
    assert suite["mutation"]["mutants"] == suite["mutation"]["killed"] + len(suite["mutation"]["survivors"])


def test_junit_fits_its_schema_and_a_survivor_is_a_failure(rules: Path) -> None:
    (rules / "age_test.rego").write_text(f"{WEAK}\ntest_b if false\n\ntodo_test_c if true\n", encoding="utf-8")
    weak = {name: text.replace("loans", "weak") for name, text in {"age": RULE, "age_test": WEAK}.items()}
    write(rules, {f"weak/{name}.rego": text for name, text in weak.items()} | {"bare/x.rego": "package x\n"})
    said = tolbooth("policy", "test", "loans", "--output", "junit")
    xmlschema.XMLSchema(SCHEMA).validate(said.out)
    suites = {suite.get("name"): suite for suite in ET.fromstring(said.out)}
    assert list(suites) == ["loans", "loans/weak", "untested"]
    assert (suites["loans"].get("failures"), suites["loans"].get("skipped")) == ("1", "1")
    mutants = [case for case in suites["loans/weak"].iter("testcase") if case.get("classname") == "loans/weak.mutants"]
    assert mutants[0].get("name") == "loans/weak/age.rego:3:17 constant"
    assert all(case.find("failure") is not None for case in mutants)


def test_paths_and_the_built_in_library_exclude_each_other(rules: Path) -> None:
    assert tolbooth("policy", "test", "loans", "--built-in").code == 2


def test_the_built_in_library_has_no_survivor_but_one_that_decides_alike(rules: Path) -> None:
    document = json.loads(tolbooth("policy", "test", "--built-in", "--output", "json").out)
    assert document["holds"]
    assert [suite["name"] for suite in document["suites"] if suite["mutation"]["untried"]] == []
    assert len(document["suites"]) >= 16
    equivalents = [each for suite in document["suites"] for each in suite["mutation"]["equivalents"]]
    assert [each["place"]["path"] for each in equivalents] == ["lib/wording/wording.rego"]
    assert [each["path"] for suite in document["suites"] for each in suite["coverage"] if each["missed"]] == []
