"""What may be missing in a result, before ``else`` or under ``in``: what is refused there, and what is proved."""

from __future__ import annotations

import json

import pytest

from tolbooth.judge.input_document import input_schema_bytes
from tolbooth.judge.interface import Module
from tolbooth.judge.library.profile.check import check
from tolbooth.judge.library.profile.finding import Finding, Level
from tolbooth.judge.library.profile.syntax import source_of
from tolbooth.judge.rego.syntax import parse

LIB = 'package lib\n\nwide(n) := "wide" if n > 3\n\nsized(n) := n if {\n\tn > 3\n} else := 0\n\npoint := 10000\n'


def findings(text: str) -> list[Finding]:
    modules = [Module(path="p.rego", text=text), Module(path="lib.rego", text=LIB)]
    trees, problems = parse(modules)
    assert problems == ()
    found = check([source_of(module, trees[module.path]) for module in modules])
    return [each for each in found if each.level is Level.ERROR]


def told(text: str) -> list[str]:
    places = [(each.problem.code.removeprefix("profile."), each.problem.place) for each in findings(text)]
    return [f"{code} {place.line}:{place.column}" for code, place in places if place is not None]


def of_artifacts(term: str, *statements: str, more: str = "") -> list[str]:
    """What is told of a result, gathered over the artifacts under these statements; its term stands in column 12."""
    body = "\n\t".join(("some x in input.artifacts", *statements))
    return told(f"package p\n\nimport data.lib\n\nr contains {term} if {{\n\t{body}\n}}\n{more}")


@pytest.mark.parametrize(
    "term",
    [
        "x.name",
        "[x.name, x.digest]",
        'sprintf("%s", [x.name])',
        'object.get(x, "row_count", 0)',
        "[y | y := x.row_count]",
        "input.declared.owner",
        "data.parameters.p.bound",
        "lib.point",
        "lib.sized(x.size_bytes)",
        "{x.name: input.subject.name}",
        "count(x.columns)",
        "lib.wide(4)",
    ],
)
def test_a_result_of_what_is_always_there_or_the_same_for_all_is_portable(term: str) -> None:
    assert of_artifacts(term, "lib.point == 10000") == []


@pytest.mark.parametrize(
    ("term", "places"),
    [
        ("x.row_count", ["head 5:12"]),
        ('{"a": x.name, "b": x.row_count}', ["head 5:31"]),
        ("lib.wide(x.size_bytes)", ["head 5:12"]),
        ("lib.sized(x.row_count)", ["head 5:22"]),
        ("max(x.columns)", ["head 5:12"]),
        ("x.columns[0]", ["head 5:12"]),
        ("[x.row_count, x.dated]", ["head 5:13", "head 5:26"]),
        ("input.artifacts[_].row_count", ["head 5:12"]),
    ],
)
def test_a_result_of_what_may_be_missing_is_refused_at_the_term(term: str, places: list[str]) -> None:
    assert of_artifacts(term, "lib.point == 10000") == places


@pytest.mark.parametrize(
    "statement",
    ["x.row_count > 3", "x.row_count", 'x["row_count"] == 3', "y := x.row_count + 1", "x.row_count in {1, 2}",
     "some y in [x.row_count]"],
)  # fmt: skip
def test_what_the_body_reads_is_there(statement: str) -> None:
    assert of_artifacts("x.row_count", statement, "lib.point == 10000") == []


@pytest.mark.parametrize(
    "statement",
    ["not x.row_count", "y := [z | z := x.row_count]", "print(x.row_count)", "x.size_bytes > 3"],
)
def test_what_the_body_only_seems_to_read_may_be_missing(statement: str) -> None:
    assert of_artifacts("x.row_count", statement, "lib.point == 10000") == ["head 5:12"]


def test_a_result_that_is_not_gathered_may_lack_a_field() -> None:
    assert told('package p\n\nr contains input.declared.owner if input.gate == "a"\n') == []
    assert told('package p\n\nr := {"a": input.declared.owner} if input.gate == "a"\n') == []


def test_a_function_is_looked_at_for_what_it_is_given() -> None:
    more = "\nname_of(y) := lower(y.name) if {\n\ty.size_bytes > 3\n} else := y.name\n"
    assert of_artifacts("name_of(x)", "lib.point == 10000", more=more) == ["else 10:21"]
    more = "\nname_of(y) := lower(z) if z := y.name\n"
    assert of_artifacts("name_of(x)", "lib.point == 10000", more=more) == []
    more = "\nrows_of(y) := z if z := y.row_count\n"
    assert of_artifacts("rows_of(x)", "lib.point == 10000", more=more) == ["head 5:12"]


def test_functions_that_call_each_other_are_looked_at_once() -> None:
    calls = [f"f{n}(x) := [f{n + 1}(x), f{n + 1}(x), f{n + 1}(x)]" for n in range(40)]
    more = "\n" + "\n\n".join([*calls, "f40(x) := f0(x)"]) + "\n"
    assert of_artifacts("f0(x)", "lib.point == 10000", more=more) == ["head 5:12"]


def test_members_of_a_set_have_the_fields_that_are_written_out() -> None:
    gathered = '\nones contains {"a": y.name} if some y in input.artifacts\n'
    text = f"package p\n{gathered}\nr contains [x.a] if some x in ones\n"
    assert told(text) == []
    assert told(text.replace("[x.a]", "[x.b]")) == ["head 5:13"]
    assert told(f'{text}\nones contains {{"b": 1}}\n') == ["head 5:13"]


def test_in_as_a_value_is_refused_where_an_operand_may_be_missing() -> None:
    assert told("package p\n\nr := input.declared.owner in {1}\n") == ["membership 3:6"]
    assert told('package p\n\nr if count([input.gate in {1}, "a" in input.declared.data]) == 2\n') == [
        "membership 3:39"
    ]
    assert told("package p\n\nr := input.gate in {1}\n") == []
    assert told("package p\n\nr if input.declared.owner in {1}\n") == []


def test_the_rewriting_names_what_to_bind() -> None:
    (found,) = findings("package p\n\nr contains x.row_count if some x in input.artifacts\n")
    assert found.problem.hint == (
        "bind it in the body: row_count := x.row_count,"
        ' or row_count := object.get(x, ["row_count"], null) to keep the result'
    )


def test_every_kind_of_fact_is_at_least_an_observation() -> None:
    schema = json.loads(input_schema_bytes())
    for each in schema["properties"]["observations"]["properties"].values():
        kind = schema["$defs"][each["items"]["$ref"].removeprefix("#/$defs/")]
        assert {"$ref": "#/$defs/observation"} in kind["allOf"]
