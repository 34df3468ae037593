"""Which changes are made to a rule, where they stand, and which would mean nothing."""

from __future__ import annotations

import pytest

from tolbooth.judge.interface import Module
from tolbooth.judge.proving.interface import Mutant
from tolbooth.judge.proving.mutants import mutants
from tolbooth.judge.proving.session import ProvingSession


def made(text: str) -> list[Mutant]:
    module = Module(path="p.rego", text=f"package p\n\n{text}\n")
    with ProvingSession() as session:
        (tree,) = session.trees([module]).values()
        return list(mutants(tree))


def of(text: str, kind: str) -> list[str]:
    return [mutant.after for mutant in made(text) if mutant.change == kind]


@pytest.mark.parametrize(
    ("sign", "others"),
    [
        ("==", ["!="]),
        ("!=", ["=="]),
        ("<", ["<=", ">"]),
        ("<=", ["<", ">="]),
        (">", [">=", "<"]),
        (">=", [">", "<="]),
    ],
)
def test_each_comparison_is_moved_by_its_bound_and_turned_around(sign: str, others: list[str]) -> None:
    assert of(f"x if input.a {sign} input.b", "comparison") == [f"x if input.a {other} input.b" for other in others]


def test_operator_is_found_behind_tabs_and_letters_of_several_bytes() -> None:
    found = of('x if {\n\t"é€😀" == input.a; input.b\t< 3\n}', "comparison")
    assert found == [
        '"é€😀" != input.a; input.b < 3',
        '"é€😀" == input.a; input.b <= 3',
        '"é€😀" == input.a; input.b > 3',
    ]


def test_number_is_raised_and_lowered_by_one() -> None:
    assert of("x := [3, -1]", "constant") == ["x := [4, -1]", "x := [2, -1]", "x := [3, 0]", "x := [3, -2]"]


def test_text_becomes_another_and_truth_turns_around() -> None:
    assert of('x := ["a", `b`, true]', "constant") == [
        'x := ["~", `b`, true]',
        'x := ["a", `~`, true]',
        'x := ["a", `b`, false]',
    ]


def test_format_keeps_its_verbs_since_the_engine_counts_arguments() -> None:
    assert of('x := sprintf("%s of %.2f", ["a", 1])', "constant")[0] == 'x := sprintf("%s~%.2f", ["a", 1])'
    assert of('x := sprintf("%d", [input.n])', "constant")[0] == 'x := sprintf("~%d", [input.n])'


def test_expression_is_dropped_but_not_what_binds_a_variable_that_is_needed() -> None:
    text = "x contains a if {\n\tsome a in input.all\n\tb := a.b\n\tb > input.c\n\tinput.d\n}"
    assert of(text, "dropped expression") == ["true", "true"]
    lines = [mutant.place.line for mutant in made(text) if mutant.change == "dropped expression"]
    assert lines == [6, 7]


def test_some_is_dropped_where_nothing_needs_what_it_names() -> None:
    assert of("x if some _ in input.all", "dropped some") == ["x if true"]
    assert of("x contains a if some a in input.all", "dropped some") == []


def test_negation_is_removed_and_added() -> None:
    assert of("x if not input.a", "negation removed") == ["x if input.a"]
    assert of('x if startswith(input.a, "b")', "negation added") == ['x if not startswith(input.a, "b")']
    assert of("x if input.a == 1", "negation added") == []


def test_every_becomes_some_and_some_becomes_every() -> None:
    assert of("x if every a in input.all { a > input.b }", "every to some") == [
        "x if count([true | some a in input.all; a > input.b]) > 0"
    ]
    assert of("x if {\n\tsome a in input.all\n\ta > input.b\n}", "some to every") == [
        "every a in input.all { a > input.b }"
    ]
    assert of("x contains a if {\n\tsome a in input.all\n\ta > input.b\n}", "some to every") == []


def test_else_branches_comprehensions_and_defaults_are_changed_too() -> None:
    text = "default x := false\n\nx := 5 if {\n\tinput.a\n} else := 7 if input.b\n\ny := [a | some a in input.c; a.d]"
    after = [mutant.after for mutant in made(text)]
    assert "default x := true" in after
    assert "} else := 8 if input.b" in after
    assert "} else := 7 if true" in after
    assert "y := [a | some a in input.c; not a.d]" in after


def test_tests_and_imports_are_left_alone() -> None:
    assert made('import data.q["r"]\n\ntest_x if 1 == 2\n\ntodo_test_y if 1 == 2') == []


def test_difference_names_the_file_and_shows_the_change() -> None:
    (mutant,) = [each for each in made("x if {\n\tinput.a == input.b\n}") if each.change == "comparison"]
    assert str(mutant.place) == "p.rego:4:10"
    assert mutant.diff.splitlines() == [
        "--- p.rego",
        "+++ p.rego (mutant)",
        "@@ -2,4 +2,4 @@",
        " ",
        " x if {",
        "-\tinput.a == input.b",
        "+\tinput.a != input.b",
        " }",
    ]
