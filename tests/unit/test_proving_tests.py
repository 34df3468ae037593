"""Tests of rules as they run: which belong to which rule, what they say when they fail, and what they reached."""

from __future__ import annotations

import pytest

from tests.proving_sample import RULE, ran, suite
from tolbooth.judge.interface import Module
from tolbooth.judge.proving.suites import suites_of
from tolbooth.model.errors import JudgeError


def outcome(test: str, rule: str = RULE) -> tuple[str, str, str, tuple[str, ...]]:
    """How one test ended: its end, its place, its message, its details."""
    (run,) = ran(suite(f"package loans_test\n\n{test}\n", rule)).tests
    return run.end.value, str(run.place), run.message, run.details


def test_a_test_that_is_true_passes() -> None:
    assert outcome("test_x if count(data.loans.deny) == 0 with input as {}")[0] == "passed"


def test_failed_comparison_is_shown_with_both_sides() -> None:
    text = "test_x if {\n\ta := 1 + 1\n\ta == count(data.loans.deny)\n\tfalse\n}"
    assert outcome(text) == (
        "failed",
        "loans/age_test.rego:5:2",
        "'a == count(data.loans.deny)' does not hold",
        ("a is 2", "count(data.loans.deny) is 0"),
    )


def test_what_is_written_out_is_not_told_again() -> None:
    text = 'test_x if {\n\tfound := data.loans.deny with input as {"age": 3}\n\tfound == {{"a": 1, "b": 2}}\n}'
    assert outcome(text)[3] == ('found is [{"age": 3, "code": "loans.age"}]',)


def test_value_that_can_not_be_taken_apart_is_shown() -> None:
    text = "test_x if {\n\t[one] := [a | some a in input.none]\n\tone.b\n}"
    assert outcome(text)[2:] == (
        "'[one] := [a | some a in input.none]' does not hold",
        ("[a | some a in input.none] is []",),
    )


def test_expression_with_a_with_is_told_by_itself() -> None:
    text = 'test_x if {\n\tcount(data.loans.deny) == 0 with input as {"age": 3}\n}'
    assert outcome(text)[2:] == ("'count(data.loans.deny) == 0 with input as {\"age\": 3}' does not hold", ())


def test_test_that_is_false_without_a_body_says_so() -> None:
    assert outcome("test_x := false")[:3] == ("failed", "loans/age_test.rego:3:1", "test_x is false")


def test_error_names_the_place_where_the_engine_stopped() -> None:
    end, _, message, _ = outcome('test_x if to_number("a") == 1')
    assert end == "error"
    assert message.startswith("loans/age_test.rego:3:")
    assert message.endswith("[judge.evaluation]")


def test_what_a_test_prints_is_kept() -> None:
    (run,) = ran(suite('package loans_test\n\ntest_x if {\n\tprint("age", 3)\n\tfalse\n}\n')).tests
    assert run.prints == ("loans/age_test.rego:4: age 3",)


def test_a_test_put_off_by_name_is_shown_and_not_run() -> None:
    assert outcome("todo_test_x if false")[0] == "skipped"


def test_a_test_that_does_not_end_is_an_error_and_the_next_one_runs() -> None:
    text = (
        "package loans_test\n\n"
        "test_a if count([1 | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i * j == 0]) == 1\n\n"
        "test_b if true\n"
    )
    first, second = ran(suite(text), seconds=0.4).tests
    assert (first.end.value, second.end.value) == ("error", "passed")
    assert "judge.deadline" in first.message


def test_lines_that_no_test_reached_are_named() -> None:
    rule = f"{RULE}\nwarn contains 1 if {{\n\tinput.x\n\tinput.y\n}}\n"
    (coverage,) = ran(
        suite("package loans_test\n\ntest_x if count(data.loans.deny) == 0 with input as {}\n", rule)
    ).coverage
    assert (coverage.path, coverage.missed) == ("loans/age.rego", (3, 5, 8, 9, 10))
    assert coverage.ppm == 1_000_000 // 6


def test_mistake_in_a_test_is_told_at_its_line() -> None:
    with pytest.raises(JudgeError) as caught:
        ran(suite("package loans_test\n\ntest_x if {\n\tunknown == 3\n}\n"))
    assert (caught.value.code, str(caught.value.problems[0].place)) == ("policy.compile", "loans/age_test.rego:4:2")


def test_only_what_is_named_is_loaded() -> None:
    rule = "package loans\n\nimport data.lib.words\n\ndeny contains words.x\n"
    chosen = suite(
        rule=rule,
        words="package lib.words\n\nx := data.lib.deeper.y\n",
        deeper="package lib.deeper\n\ny := 1\n",
        stranger="package lib.stranger\n\ndata_lib := 1\n",
    )
    assert [module.path for module in chosen.loaded] == [
        "lib/deeper.rego",
        "lib/words.rego",
        "loans/age.rego",
        "loans/age_test.rego",
    ]


def test_rule_without_a_test_beside_it_is_named() -> None:
    modules = [Module(path="a/b.rego", text="package a\n"), *suite().loaded]
    suites, untested = suites_of(modules, modules)
    assert ([each.name for each in suites], untested) == (["loans"], ("a/b.rego",))


def test_a_test_among_rules_is_refused() -> None:
    module = Module(path="a/b.rego", text="package a\n\ntest_x if true\n")
    with pytest.raises(JudgeError, match="stands among rules") as caught:
        suites_of([module], [module])
    assert str(caught.value.problems[0].place) == "a/b.rego:3:1"
