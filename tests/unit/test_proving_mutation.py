"""Mutants against tests: what survives weak ones, what is declared to decide alike, and limits that hold."""

from __future__ import annotations

import pytest

from tests.proving_sample import GOOD, RULE, WEAK, changes, mutated, suite
from tolbooth.model.errors import JudgeError

EQUIVALENT = """\
package loans_test

# EQUIVALENT
# line: 'deny contains {"code": "loans.age", "age": input.age} if {'
# mutant: 'deny contains {"~": "loans.age", "age": input.age} if {'
# reason: nobody reads it.
"""


def test_good_tests_leave_no_survivor() -> None:
    run = mutated(suite(GOOD), jobs=2)
    assert (run.survivors, run.equivalents, run.invalid, run.untried) == ((), (), 0, 0)
    assert run.killed == run.mutants == 10


def test_weak_test_is_caught() -> None:
    run = mutated(suite(WEAK))
    assert "input.age <= 18" in changes(run)
    assert "input.age < 19" in changes(run)
    assert 'deny contains {"~": "loans.age", "age": input.age} if {' in changes(run)
    assert [mutant.place.line for mutant in run.survivors if mutant.change == "dropped expression"] == [4, 5]


def test_many_tests_with_long_names_are_all_asked() -> None:
    more = "\n".join(f"test_success_{'of_age_' * 20}{number} if true\n" for number in range(12))
    run = mutated(suite(f"{WEAK}\n{more}"))
    assert changes(run) == changes(mutated(suite(WEAK)))


def test_a_test_that_is_put_off_kills_nothing() -> None:
    run = mutated(suite(GOOD.replace("test_success_of_age", "todo_test_success_of_age")))
    assert "input.age <= 18" in changes(run)


def test_mutant_that_ends_the_worker_is_killed_and_the_others_are_tried() -> None:
    rule = "package loans\n\ndown(n) := 0 if n <= 0\n\ndown(n) := down(n - 1) if n > 0\n\nother := 3\n"
    test = "package loans_test\n\ntest_down if data.loans.down(3) == 0\n"
    run = mutated(suite(test, rule))
    assert run.killed >= 4
    assert changes(run)[-2:] == ["other := 4", "other := 2"]


def test_time_that_is_up_leaves_mutants_untried_and_says_so() -> None:
    run = mutated(suite(GOOD), max_seconds=1e-9)
    assert (run.untried, run.killed) == (run.mutants, 0)


def test_mutant_that_does_not_compile_is_counted_apart() -> None:
    rule = "package loans\n\nx := [input.all[i] | i == 0; input.all[i]]\n"
    test = 'package loans_test\n\ntest_x if data.loans.x == [7] with input as {"all": [7, 8]}\n'
    assert mutated(suite(test, rule)).invalid >= 1


def test_declared_equivalent_is_no_survivor_and_keeps_its_reason() -> None:
    weak = EQUIVALENT + WEAK.removeprefix("package loans_test\n")
    run = mutated(suite(weak))
    assert [each.reason for each in run.equivalents] == ["nobody reads it."]
    assert '{"~": "loans.age", "age"' not in "".join(changes(run))


@pytest.mark.parametrize(
    ("test", "rule", "code", "words"),
    [
        (EQUIVALENT + GOOD.removeprefix("package loans_test\n"), RULE, "stale", "a test kills this mutant"),
        (EQUIVALENT + WEAK.removeprefix("package loans_test\n"), RULE.replace('age"', 'old"'), "stale", "no mutant"),
        (EQUIVALENT.replace("reason", "because") + WEAK, RULE, "unknown-key", "unknown key 'because'"),
        (EQUIVALENT.replace("# reason: nobody reads it.\n", "") + WEAK, RULE, "missing-key", "lacks 'reason'"),
    ],
)
def test_declaration_that_does_not_hold_is_refused(test: str, rule: str, code: str, words: str) -> None:
    with pytest.raises(JudgeError, match=words) as caught:
        mutated(suite(test, rule))
    assert caught.value.code == f"policy.equivalents.{code}"
    assert str(caught.value.problems[0].place) == "loans/age_test.rego:3:1"


def test_declaration_that_fits_two_places_is_refused() -> None:
    rule = RULE + "\nwarn contains 1 if {\n\tinput.age < 18\n}\n"
    declared = "# EQUIVALENT\n# line: input.age < 18\n# mutant: input.age <= 18\n# reason: so it is.\n"
    with pytest.raises(JudgeError, match="several mutants"):
        mutated(suite(f"{WEAK}\n{declared}", rule))
