"""The portable profile: what is refused and where, what is not, and that what refuses the load does so."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest

from tests.own_rule_sample import OWN_SETTINGS, write_rules
from tests.project_sample import FAIR, make_project, tolbooth
from tolbooth.judge.interface import Module
from tolbooth.judge.library import profile
from tolbooth.judge.library.catalogs import load_catalogs
from tolbooth.judge.library.lint import lint
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.profile.check import check
from tolbooth.judge.library.profile.syntax import source_of
from tolbooth.judge.rego import syntax
from tolbooth.judge.rego.extension import find_extension, require_proven
from tolbooth.judge.rego.syntax import parse
from tolbooth.model.errors import JudgeError
from tolbooth.pipeline import engine

SARIF = Path(__file__).parents[2] / "vendor" / "sarif-schema-2.1.0" / "sarif-schema-2.1.0.json"


def found(body: str, *, before: str = "") -> list[str]:
    """Codes without their prefix, with line and column, of a rule with this body."""
    return module(f"package p\n{before}\nr if {{\n\t{body}\n}}\n")


def module(text: str, path: str = "p.rego") -> list[str]:
    one = Module(path=path, text=text)
    trees, problems = parse([one])
    assert problems == ()
    findings = check([source_of(one, trees[path])])
    places = [(each.problem.code.removeprefix("profile."), each.problem.place) for each in findings]
    return [f"{code} {place.line}:{place.column}" for code, place in places if place is not None]


def hints(body: str) -> list[str | None]:
    one = Module(path="p.rego", text=f"package p\n\nr if {{\n\t{body}\n}}\n")
    return [each.problem.hint for each in check([source_of(one, parse([one])[0]["p.rego"])])]


@pytest.mark.parametrize(
    "body",
    [
        "not input.declared.owner",
        'not input.declared.owner == "a"',
        'not input.declared.owner = "a"',
        "some a in input.artifacts; not a.size_bytes > 3",
        'some a in input.artifacts; not a.role in {"training"}',
        "not count([1 | input.declared.owner]) > 3",
        "some a in input.artifacts; not wide(a)",
        "not always > 3",
        'not "x" in things',
        'not object.get(input, ["declared", "owner"], null) == null',
    ],
)
def test_not_over_what_is_always_there_is_portable(body: str) -> None:
    before = "wide(a) if a.size_bytes > 1\nalways := 3\nthings contains 1 if input.version == 2\n"
    assert [each for each in found(body, before=before) if not each.startswith("unused")] == []


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("some a in input.artifacts; not a.row_count > 3", "negation 4:33"),
        ("not count(input.declared.data) > 3", "negation 4:12"),
        ('not [input.declared.owner] == ["a"]', "negation 4:7"),
        ("not input.observations[input.declared.owner]", "negation 4:25"),
        ("x := input.declared; not startswith(x.owner, x.purpose)", "negation 4:38"),
    ],
)
def test_not_over_what_may_be_missing_is_refused_at_the_term(body: str, place: str) -> None:
    assert place in found(body)


@pytest.mark.parametrize(
    "body",
    [
        "input.version * 100 >= 80 * input.version",
        "rest := input.version % 7; (input.version - rest) / 7 == 0",
        "(input.version - (input.version % 7)) / 7 == 0",
        "floor(input.version / 2) == 0",
        "input.artifacts[_].size_bytes > 0.5",
        "{1, 2} - {1} == {2}",
        "sum([1, 2]) == 3",
    ],
)
def test_whole_numbers_are_portable(body: str) -> None:
    assert found(body) == []


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("input.version / 7 >= 0.8", "write input.version * 5 >= 7 * 4"),
        ("0.25 < input.version / 7", "write 7 < input.version * 4"),
        ("(input.version + 1) / 7 > 0.5", "write (input.version + 1) * 2 > 7"),
    ],
)
def test_division_is_rewritten_as_a_comparison_of_products(body: str, hint: str) -> None:
    assert hints(body) == [hint]


@pytest.mark.parametrize(
    "body", ["input.version * 0.5 == 1", "input.version - 2 > 0.5", "sum([0.1, 1]) > 1", "1 / 3 == 2"]
)
def test_decimals_are_refused(body: str) -> None:
    assert found(body) == ["decimals 4:2"]


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        (r"^\d+[\w.]\s$", r"write `^[0-9]+[0-9A-Za-z_.][\t\n\f\r ]$`"),
        (r"[^\S]", "write the class out, such as [0-9] or [0-9A-Za-z_]"),
        (r"a\b", "write out what may stand beside, such as (^|[^0-9A-Za-z_])"),
        (r"(?x)a", "leave it out: i, m, s and U are known to both"),
        (r"a{2}{3}", "put the inner repetition into a group: (?:a*)*"),
        (r"a{,3}", r"write \{"),
        (r"[a--b]", "put a backslash before one of them"),
        (r"\Qa\E", "write the letter, or a class in brackets"),
    ],
)
def test_pattern_is_rewritten(pattern: str, hint: str) -> None:
    assert hint in hints(f"regex.match(`{pattern}`, input.gate)")


@pytest.mark.parametrize(
    "pattern", ["^[a-z]{2,64}?$", r"\.\-\/\\", "[]a]b", r"\p{Greek}\pL", "(?i)a(?:b)*?", r"\x{61}\n", "[a-]", "a|b*"]
)
def test_pattern_that_both_read_alike_is_left_alone(pattern: str) -> None:
    assert found(f"regex.match(`{pattern}`, input.gate)") == []


def test_pattern_that_is_not_written_out_is_refused_unless_a_constant_names_it() -> None:
    assert found("regex.match(input.gate, input.gate)") == ["regex 4:14"]
    assert found("regex.match(shape, input.gate)", before="shape := `^[a-z]$`\n") == []
    assert found("regex.match(shape, input.gate)", before="shape := `^\\d$`\n") == ["regex 2:12"]


@pytest.mark.parametrize(
    ("call", "places"),
    [
        ('sprintf("%s: %d %v %q %x %%", ["a", 1, 2, "b", 3])', []),
        ('sprintf("%.2f", [1])', ["sprintf 4:11"]),
        ('sprintf("é %5d", [1])', ["sprintf 4:13"]),
        ('sprintf("%d", ["a"])', ["sprintf 4:17"]),
        ('sprintf("%d %x", [count([1]), input.artifacts[0].size_bytes])', []),
        ('sprintf("%d", [input.artifacts[0].size_bytes - 1])', ["sprintf 4:17"]),
        ('sprintf("%d", [-1])', ["sprintf 4:17"]),
        ('sprintf("%v", [{1}])', ["sprintf 4:17"]),
        ('sprintf("%s", [input.artifacts[0].size_bytes])', ["sprintf 4:17"]),
        ('sprintf("%s %s", ["a"])', ["sprintf 4:19"]),
        ("sprintf(input.gate, [])", ["sprintf 4:10"]),
    ],
)
def test_verbs_and_their_values(call: str, places: list[str]) -> None:
    assert found(call) == places


@pytest.mark.parametrize(
    "body",
    [
        "x := y; y := 1; x == y",
        "some i; input.artifacts[i]; i > 0",
        "[x, 2] = [1, y]; x != y",
        'walk(input, [["gate"], value]); value != 1',
        "xs := [x | some x in [1, 2]; x > 1]; count(xs) == 1",
        "every k, v in input.artifacts { v.name != k }",
        'every v in ["a"] { some a in input.artifacts; a.name == v }',
        "n := 2; xs := {x | x := input.artifacts[_].size_bytes; x > n}; count(xs) == n",
        'startswith("ab", "a", yes); yes == true',
        "count([1]) == 1 with count as 2",
        "twice(2, four); four == 4",
    ],
)
def test_variables_with_a_value_are_safe(body: str) -> None:
    assert found(body, before="twice(n) := n * 2\n") == []


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("r if { some x; x > 1 }", ["unsafe 2:16"]),
        ("r := x if { x }", ["unsafe 2:6"]),
        ("r contains x if true", ["unsafe 2:12"]),
        ("r if { xs := [x | x > 1]; count(xs) > 0 }", ["unsafe 2:15"]),
        ("r if { every k in [1] { k > z } }", ["unsafe 2:29"]),
        ("r if { not input.artifacts[_].name == 3 }", ["unsafe 2:28"]),
        ("r if { x := y; y := x }", ["unsafe 2:8", "unsafe 2:13"]),
    ],
)
def test_variable_without_a_value_is_told_where_it_is_missed(text: str, places: list[str]) -> None:
    assert [each for each in module(f"package p\n{text}\n") if each.startswith("unsafe")] == places


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("f(x) := 1\nf(x, y) := x + y", ["rule-conflict 3:1"]),
        ("r contains 1\nr := 2", ["rule-conflict 3:1"]),
        ("r := 1\nr := 2", ["duplicate-rule 3:1"]),
        ("r if input.gate\nr if input.gate", ["duplicate-rule 3:1"]),
        ("default f(_) := 1\nf(x) := x if x > 1", []),
        ("f(1) := 2\nf(2) := 3", []),
        ("r if input.gate\nr if input.environment", []),
        ("r if true\nq if { r := 2; r > 1 }", ["shadowed 3:8"]),
    ],
)
def test_definitions_that_do_not_go_together(text: str, places: list[str]) -> None:
    assert [each for each in module(f"package p\n{text}\n") if not each.startswith("unused")] == places


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ("input.observations.fairnes", ["input-path 4:21"]),
        ('input["gatte"] == 1', ["input-path 4:8"]),
        ("some o in input.observations.pii; o.values.colums", ["input-path 4:45"]),
        ('object.get(input, ["declared", "ownr"], "") == ""', ["input-path 4:33"]),
        ("input.declared.data[_].licence", []),
        ("some k, o in input.observations; o[_].values.anything == k", []),
        ("input.observations.population[_].values.count", []),
    ],
)
def test_input_paths_are_held_against_the_schema(body: str, places: list[str]) -> None:
    assert found(body) == places


def test_a_field_is_followed_through_a_set_of_the_package() -> None:
    before = 'training contains a if {\n\tsome a in input.artifacts\n\ta.role == "training"\n}\n'
    assert found("some each in training; each.nmae", before=before) == ["input-path 8:30"]


def test_nothing_is_found_in_texts_and_comments() -> None:
    assert found('input.gate != "walk(x) http.send \\\\d %.2f" # [p, v] := walk(input)') == []


def test_columns_count_characters_where_the_text_is_not_ascii() -> None:
    assert found('input.gate != "é"; cuont([1])') == ["unknown-function 4:21"]


def test_the_built_in_library_and_its_tests_are_in_the_profile() -> None:
    library = built_in_library()
    contents = {module.path: module.text.encode() for module in (*library.modules, *library.tests)}
    assert lint(contents, load_catalogs()) == ()


def test_a_module_without_end_of_brackets_ends_at_the_deadline_and_hides_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(syntax, "DEADLINE_SECONDS", 0.5)
    nested = Module(path="a.rego", text=f"package a\nr := {'[' * 5000}{']' * 5000}\n")
    trees, problems = parse([nested, Module(path="b.rego", text="package b\n")])
    assert [problem.code for problem in problems] == ["judge.deadline"]
    assert list(trees) == ["b.rego"]


@pytest.mark.parametrize("terms", [100, 250, 400, 900])
def test_a_long_expression_is_looked_at_or_refused(terms: int) -> None:
    text = f"package p\n\nr := {' + '.join(['1'] * terms)} + cuont([1])\n"
    codes = [finding.problem.code for finding in lint({"p.rego": text.encode()}, load_catalogs())]
    assert codes in (["profile.unknown-function"], ["policy.syntax"])


def test_an_engine_that_did_not_pass_the_suite_is_refused_unless_asked_for() -> None:
    require_proven("0.13.0", asked_for=None)
    require_proven("9.9.9", asked_for="9.9.9")
    with pytest.raises(JudgeError) as raised:
        require_proven("9.9.9", asked_for="9.9.8")
    assert raised.value.code == "judge.engine-unproven"
    assert "TOLBOOTH_ALLOW_ENGINE=9.9.9" in (raised.value.hint or "")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path / "credit", FAIR, OWN_SETTINGS)
    monkeypatch.chdir(folder)
    return folder


def test_a_gate_refuses_a_rule_outside_the_profile_before_anything_is_recorded(project: Path) -> None:
    path = write_rules(project)
    assert tolbooth("policy", "lint").code == 0
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("\tnot ", "\tnot startswith(input.declared.owner, input.gate)\n\tnot "), encoding="utf-8"
    )
    said = tolbooth("gate")
    assert said.code == 2
    assert "[profile.negation]" in said.err
    assert not (project / ".tolbooth").exists()
    assert tolbooth("policy", "lint").code == 1


def test_a_gate_on_an_unproven_engine_is_refused_until_its_version_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rules(project)
    installed = replace(find_extension(), version="9.9.9")
    monkeypatch.setattr(engine, "find_extension", lambda: installed)
    said = tolbooth("gate")
    assert (said.code, "[judge.engine-unproven]" in said.err) == (2, True)
    assert not (project / ".tolbooth").exists()
    monkeypatch.setenv("TOLBOOTH_ALLOW_ENGINE", "9.9.9")
    assert "judge.engine-unproven" not in tolbooth("gate").err


def test_a_warning_is_told_by_lint_and_refuses_no_gate(project: Path) -> None:
    path = write_rules(project)
    path.write_text(
        path.read_text(encoding="utf-8").replace("\tnot ", "\tname := input.gate\n\tnot "), encoding="utf-8"
    )
    said = tolbooth("policy", "lint")
    assert (said.code, "[profile.unused]" in said.out) == (1, True)
    assert "profile" not in tolbooth("gate").err


def test_machines_read_the_same_findings(project: Path) -> None:
    path = write_rules(project)
    path.write_text(f"{path.read_text(encoding='utf-8')}\nx := 10 / 4\n", encoding="utf-8")
    line = len(path.read_text(encoding="utf-8").splitlines())
    document = json.loads(tolbooth("policy", "lint", "--output", "json").out)
    (entry,) = document["findings"]
    assert (document["version"], document["clean"]) == (1, False)
    assert (entry["code"], entry["level"], entry["line"], entry["column"]) == ("profile.decimals", "error", line, 6)
    log = json.loads(tolbooth("policy", "lint", "--output", "sarif").out)
    jsonschema_rs.Draft4Validator(json.loads(SARIF.read_text(encoding="utf-8")), validate_formats=True).validate(log)
    region = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": line, "startColumn": 6, "endColumn": 12}
    said = tolbooth("policy", "lint", "--output", "github").out
    assert said.startswith(f"::error file=rules/house/purpose/purpose.rego,line={line},col=6,endColumn=12,")


def test_nothing_found_is_a_clean_log_too(project: Path) -> None:
    write_rules(project)
    assert json.loads(tolbooth("policy", "lint", "--output", "json").out) == {
        "version": 1,
        "clean": True,
        "findings": [],
    }
    assert json.loads(tolbooth("policy", "lint", "--output", "sarif").out)["runs"][0]["results"] == []
    assert tolbooth("policy", "lint", "--output", "github").out == ""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["absent"], "policy.lint-missing"), (["model.bin"], "policy.syntax"), (["empty"], "policy.lint-nothing")],
)
def test_paths_that_hold_no_rules(project: Path, arguments: list[str], code: str) -> None:
    (project / "empty").mkdir()
    said = tolbooth("policy", "lint", *arguments)
    assert f"[{code}]" in said.out + said.err
    assert said.code == (1 if code == "policy.syntax" else 2)


def test_a_project_without_folders_is_told_what_to_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make_project(tmp_path / "plain", FAIR))
    said = tolbooth("policy", "lint")
    assert (said.code, "[policy.lint-nothing]" in said.err) == (2, True)


def test_every_code_of_the_profile_is_explained_in_its_page() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs" / "policy-profile.md").read_text(encoding="utf-8")
    written = "".join(path.read_text(encoding="utf-8") for path in Path(profile.__path__[0]).glob("*.py"))
    codes = {*re.findall(r'finding\(\s*"([a-z-]+)"', written), "unused"}
    assert len(codes) > 20
    assert {code for code in codes if f"`profile.{code}`" not in page} == set()
    assert {code for code in re.findall(r"`profile\.([a-z-]+)`", page) if code not in codes} == set()
