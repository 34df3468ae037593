"""METADATA of rules: read whole, and every mistake told at its line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tolbooth.judge.interface import Module
from tolbooth.judge.library.banned import banned_uses
from tolbooth.judge.library.catalogs import load_catalogs
from tolbooth.judge.library.load import library_of, load_library
from tolbooth.judge.library.metadata import Metadata, read_metadata
from tolbooth.judge.library.parameters import Direction, ParameterType
from tolbooth.model.errors import JudgeError
from tolbooth.model.rule import Enforcement, Severity

RULE = """package drift

# METADATA
# title: The data have not moved
# description: Asks that the data are like those of training.
# custom:
#   short_name: moved
#   severity: medium
#   solution: Train again.
#   controls: [eu-ai-act:10.2.f]
#   collections: [recommended]
#   evidence: [artifact]
#   moving_values: [age_days]
#   effective_on: 2027-01-01
#   effective_until: 2027-12-31
#   parameters:
#     - name: bound
#       type: rate
#       default: 0.25
#       loosens: up
#       description: How far.
warn contains {"code": "drift.moved", "msg": "moved"} if input.version == 2
"""


def read(text: str, path: str = "drift.rego") -> Metadata:
    return read_metadata([Module(path=path, text=text)], load_catalogs())


def problems(text: str) -> list[tuple[str, int | None]]:
    with pytest.raises(JudgeError) as raised:
        read(text)
    return [(problem.code, problem.place.line if problem.place else None) for problem in raised.value.problems]


def test_rule_is_read_whole() -> None:
    rule = read(RULE).rules["drift.moved"]
    assert (rule.title, rule.severity, rule.level) == ("The data have not moved", Severity.MEDIUM, Enforcement.WARN)
    assert (rule.package, rule.evidence, rule.moving_values) == ("drift", ("artifact",), ("age_days",))
    assert str(rule.place) == "drift.rego:3:1"
    bound = rule.parameter("bound")
    assert bound is not None
    assert (bound.type, bound.default, bound.loosens) == (ParameterType.RATE, 250_000, Direction.UP)


def test_bare_end_date_is_the_end_of_that_day() -> None:
    rule = read(RULE).rules["drift.moved"]
    assert rule.effective_on == datetime(2027, 1, 1, tzinfo=UTC)
    assert rule.effective_until == datetime(2028, 1, 1, tzinfo=UTC)


def test_package_has_metadata_of_its_own() -> None:
    package = read(f"# METADATA\n# title: Drift\n{RULE}").packages["drift"]
    assert (package.title, package.place.line) == ("Drift", 1)


@pytest.mark.parametrize("key", ["short_name", "severity", "solution", "controls", "collections", "evidence"])
def test_missing_custom_key_is_refused(key: str) -> None:
    kept = "\n".join(line for line in RULE.splitlines() if not line.startswith(f"#   {key}:"))
    assert "policy.metadata.missing-key" in [code for code, _ in problems(kept)]


@pytest.mark.parametrize("key", ["title", "description"])
def test_missing_title_or_description_is_refused(key: str) -> None:
    kept = "\n".join(line for line in RULE.splitlines() if not line.startswith(f"# {key}:"))
    assert problems(kept) == [("policy.metadata.missing-key", 4)]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("severity: medium", "severity: mediun", ("policy.metadata.value", 8)),
        ("solution: Train again.", "solution: 7", ("policy.metadata.type", 9)),
        ("eu-ai-act:10.2.f", "eu-ai-act:10.2.z", ("policy.metadata.control", 10)),
        ("[artifact]", "[artefact]", ("policy.metadata.evidence", 12)),
        ("[recommended]", "recommended", ("policy.metadata.type", 11)),
        ("effective_on: 2027-01-01", "effective_on: next year", ("policy.metadata.type", 14)),
        ("moving_values: [age_days]", "treshold: 1", ("policy.metadata.unknown-key", 13)),
        ("short_name: moved", "short_name: Moved-1", ("policy.metadata.type", 7)),
        ("default: 0.25", "default: 25", ("policy.metadata.default", 19)),
        ("loosens: up", "loosens: upwards", ("policy.metadata.value", 20)),
        ("#       loosens: up\n", "", ("policy.metadata.missing-key", 17)),
        ("moving_values: [age_days]", "question: drift", ("policy.metadata.question", 13)),
        ("moving_values: [age_days]", "depends_on: [data.digest]", ("policy.metadata.depends-on", 13)),
    ],
)
def test_mistake_is_told_at_its_line(old: str, new: str, found: tuple[str, int]) -> None:
    assert found in problems(RULE.replace(old, new))


def test_a_list_may_be_asked_to_name_at_least_one() -> None:
    named = RULE.replace("type: rate\n#       default: 0.25", "type: list\n#       minimum: 1\n#       optional: true")
    parameter = read(named).rules["drift.moved"].parameter("bound")
    assert parameter is not None
    assert parameter.minimum == 1
    assert ("policy.metadata.type", 19) in problems(named.replace("minimum: 1", "minimum: 2"))


def test_mistakes_in_several_modules_are_told_together() -> None:
    modules = [
        Module(path="a.rego", text=RULE.replace("medium", "huge")),
        Module(path="b.rego", text=RULE.replace("drift", "other").replace("0.25", "two")),
    ]
    with pytest.raises(JudgeError) as raised:
        read_metadata(modules, load_catalogs())
    assert [str(problem.place) for problem in raised.value.problems] == ["a.rego:8:15", "b.rego:19:18"]


def test_code_declared_twice_is_refused() -> None:
    second = RULE.partition("\n\n")[2]
    assert problems(f"{RULE}\n{second}")[0][0] == "policy.metadata.duplicate"


def test_deny_without_metadata_is_refused_at_its_line() -> None:
    assert problems('package p\n\ndeny contains {"code": "p.x"}\n') == [("policy.metadata.missing", 3)]


def test_yaml_mistake_is_told_at_the_rego_line_and_column() -> None:
    with pytest.raises(JudgeError) as raised:
        read(RULE.replace("#   severity: medium", "#   severity: medium\n#   severity: low"))
    assert str(raised.value.problems[0].place) == "drift.rego:9:5"


def test_other_rules_may_have_metadata_of_their_own() -> None:
    text = f"{RULE}\n# METADATA\n# title: A helper\nhelp(x) := x\n"
    assert list(read(text).rules) == ["drift.moved"]


def test_module_without_a_package_is_refused() -> None:
    assert problems("deny contains 1\n")[0][0] == "policy.package"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("package p\n\nx := time.now_ns()\n", "p.rego:3:6"),
        ('package p\n\nx := http.send({"url": "u"}).body\n', "p.rego:3:6"),
        ('package p\n\nx := http["send"]({"url": "u"})\n', "p.rego:3:6"),
        ("package p\n\nx := y if {\n\ty := rand.intn(1, 2)\n}\n", "p.rego:4:7"),
        ('package p\n\nx if trace("a")\n', "p.rego:3:6"),
        ("package p\n\nx if opa.runtime().env\n", "p.rego:3:6"),
        ("package p\n\nt if x with time.now_ns as 1\n", "p.rego:3:13"),
    ],
)
def test_banned_function_is_refused_at_its_place(text: str, place: str) -> None:
    assert [str(found.place) for found in banned_uses(Module(path="p.rego", text=text))] == [place]


@pytest.mark.parametrize(
    "text",
    [
        "package p\n\n# http.send is refused\n",
        'package p\n\nx := "http.send(1)"\n',
        "package p\n\nx := `time.now_ns()\n`\n",
        "package p\n\nx := input.trace\n",
        "package p\n\nx := input.http.send\n",
        "package p\n\nx := trace if trace := input.trace\n",
        'package p\n\nx := time.parse_rfc3339_ns("2026-01-01T00:00:00Z")\n',
    ],
)
def test_innocent_text_is_not_refused(text: str) -> None:
    assert not list(banned_uses(Module(path="p.rego", text=text)))


def test_library_tells_banned_functions_and_metadata_together() -> None:
    text = RULE.replace("input.version == 2", "time.now_ns() > 2").replace("medium", "huge")
    with pytest.raises(JudgeError) as raised:
        library_of({"drift.rego": text.encode()}, load_catalogs())
    assert {problem.code for problem in raised.value.problems} == {"policy.banned", "policy.metadata.value"}


def test_tests_are_kept_apart_from_modules(tmp_path: Path) -> None:
    folder = tmp_path / "drift" / "moved"
    folder.mkdir(parents=True)
    (folder / "moved.rego").write_text(RULE)
    (folder / "moved_test.rego").write_text("package drift_test\n\ntest_x if true\n")
    (folder / "moved.md").write_text("page")
    library = load_library(tmp_path, load_catalogs())
    assert [module.path for module in library.modules] == ["drift/moved/moved.rego"]
    assert [module.path for module in library.tests] == ["drift/moved/moved_test.rego"]
    assert list(library.digests) == ["drift/moved/moved.rego"]


def test_module_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(JudgeError) as raised:
        library_of({"bad.rego": b"package p \xff"}, load_catalogs())
    assert raised.value.code == "policy.encoding"
