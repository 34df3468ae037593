"""Validators read out of files: what they declare, every mistake at its line, and nothing of them run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.validator_sample import BODY, DECLARATION, FILES, FUNCTION, METADATA, SCRIPT
from tolbooth.judge.library.load import built_in_library, library_of
from tolbooth.judge.library.policy import Policy, core_files, effective_policy, policy_from_core
from tolbooth.judge.validators.installed import installed_modules, installed_validators
from tolbooth.judge.validators.reading import matching, validators_in
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import JudgeError
from tolbooth.model.rule import Enforcement, Severity

CONTENTS = {path: content.encode() for path, content in FILES.items()}
PYTHON = "house/size/size.py"
PROGRAM = "house/version/version.validator.yaml"


def problems(path: str, content: str, **others: str) -> list[tuple[str, str]]:
    files = {path: content.encode(), **{name: each.encode() for name, each in others.items()}}
    return [(each.code, str(each.place)) for each in validators_in(files).problems]


def test_function_and_program_are_read_with_their_metadata() -> None:
    found = validators_in(CONTENTS)
    assert found.problems == ()
    size, version = found.validators["house.size"], found.validators["house.version"]
    assert (size.function, size.program, list(size.files)) == ("size", (), [PYTHON])
    assert (version.function, version.program) == (None, ("./check.sh",))
    assert sorted(version.files) == ["house/version/check.sh", PROGRAM]
    rule = found.rules["house.size"]
    assert (rule.package, rule.severity, rule.level) == ("house", Severity.MEDIUM, Enforcement.DENY)
    assert [each.default for each in rule.parameters] == [3]
    assert str(rule.place) == f"{PYTHON}:1:1"


def test_package_is_the_folder_above_the_rule_wherever_the_source_lies() -> None:
    assert list(validators_in({f"policies/own/{PYTHON}": FUNCTION.encode()}).validators) == ["house.size"]


def test_reading_runs_nothing() -> None:
    text = f"import sys\nsys.modules['touched'] = sys\n\n\n{FUNCTION}"
    assert validators_in({PYTHON: text.encode()}).problems == ()
    assert "touched" not in sys.modules


def test_metadata_in_a_string_is_no_metadata() -> None:
    assert problems(PYTHON, f'TEXT = """\n{METADATA}"""\n{BODY}') == [("policy.metadata.missing", PYTHON)]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        pytest.param(BODY, "policy.metadata.missing", PYTHON, id="no-metadata"),
        pytest.param(METADATA + "\n" + BODY, "policy.validator.function", f"{PYTHON}:1:1", id="a-line-between"),
        pytest.param(METADATA + "async " + BODY, "policy.validator.function", f"{PYTHON}:1:1", id="async"),
        pytest.param(
            FUNCTION.replace("parameters: dict", "*more"),
            "policy.validator.signature",
            f"{PYTHON}:18:1",
            id="arguments",
        ),
        pytest.param(FUNCTION + "def (\n", "policy.validator.syntax", f"{PYTHON}:22:5", id="syntax"),
        pytest.param("-" * 200_000 + "1\n", "policy.validator.syntax", PYTHON, id="endless-minus"),
        pytest.param("(" * 5000 + ")" * 5000, "policy.validator.syntax", f"{PYTHON}:1:201", id="nested-brackets"),
        pytest.param("x = 1\n\0", "policy.validator.syntax", PYTHON, id="null-byte"),
        pytest.param("#" * (2 << 20), "policy.validator.size", PYTHON, id="two-megabytes"),
        pytest.param(
            FUNCTION.replace("severity", "severty"), "policy.metadata.unknown-key", f"{PYTHON}:6:5", id="unknown-key"
        ),
        pytest.param(
            FUNCTION.replace("#       loosens: down\n", ""),
            "policy.metadata.missing-key",
            f"{PYTHON}:12:9",
            id="loosens",
        ),
    ],
)
def test_mistake_in_a_python_file_is_told_at_its_line(text: str, code: str, place: str) -> None:
    assert (code, place) in problems(PYTHON, text)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        pytest.param(DECLARATION.replace("[./check.sh]", "check.sh"), "policy.validator.program", 3, id="a-text"),
        pytest.param(DECLARATION.replace("./check.sh", "bash"), "policy.validator.program", 3, id="of-the-system"),
        pytest.param(DECLARATION.replace("./check.sh", "../check.sh"), "policy.validator.program", 3, id="above"),
        pytest.param(DECLARATION.replace("./check.sh", "./chek.sh"), "policy.validator.program", 3, id="missing"),
        pytest.param(DECLARATION.replace("program:", "progam:"), "policy.metadata.unknown-key", 3, id="unknown-key"),
    ],
)
def test_mistake_in_a_declaration_is_told_at_its_line(text: str, code: str, line: int) -> None:
    found = problems(PROGRAM, text, **{"house/version/check.sh": SCRIPT})
    assert code in [each for each, place in found if place.startswith(f"{PROGRAM}:{line}:")]


def test_file_that_lies_in_no_package_is_refused() -> None:
    assert problems("size.py", FUNCTION) == [("policy.package", "size.py")]


def test_unknown_names_of_validators_are_told_as_those_of_rego() -> None:
    text = FUNCTION.replace("eu-ai-act:17.1.m", "eu-ai-act:17.1.zz").replace("[artifact]", "[artefact]")
    with pytest.raises(JudgeError) as raised:
        library_of({PYTHON: text.encode()}, built_in_library().catalogs)
    assert [each.code for each in raised.value.problems] == ["policy.metadata.control", "policy.metadata.evidence"]
    place = raised.value.problems[0].place
    assert place is not None
    assert place.excerpt


def test_code_of_a_rego_rule_is_not_given_to_a_validator() -> None:
    rego = METADATA.replace("loosens: down\n", "loosens: down\n") + 'deny contains {"code": "house.size", "msg": "x"}\n'
    files = {PYTHON: FUNCTION.encode(), "house/size/size.rego": f"package house\n\n{rego}".encode()}
    with pytest.raises(JudgeError) as raised:
        library_of(files, built_in_library().catalogs)
    assert [each.code for each in raised.value.problems] == ["policy.metadata.duplicate"]


def policy() -> Policy:
    library = library_of(CONTENTS, built_in_library().catalogs)
    rules = ["house.size", "house.version"]
    return effective_policy(library, rules=rules, collections=(), parameters={}, enforcement={})


def test_policy_digest_covers_every_byte_of_a_validator() -> None:
    files = {each.path: each.sha256 for each in policy().document.files}
    named = ["house/size/size.py", "house/version/check.sh", "house/version/version.validator.yaml"]
    assert files == {path: sha256_hex(CONTENTS[path]) for path in named}


def test_validators_come_back_from_a_pack_and_are_not_to_be_run() -> None:
    mine = policy()
    again = policy_from_core(core_files(mine))
    assert again.sha256 == mine.sha256
    assert again.rules == mine.rules
    assert [each.installed for each in again.library.validators.values()] == [False, False]


def test_only_the_same_bytes_take_the_place_of_a_pack_s_validator() -> None:
    recorded = policy_from_core(core_files(policy())).library.validators
    moved = {f"elsewhere/{path}": content for path, content in CONTENTS.items()}
    moved["elsewhere/house/version/check.sh"] += b"\n"
    installed = validators_in(moved).validators
    found = matching(recorded, list(installed.values()))
    assert {code: each.installed for code, each in found.items()} == {"house.size": True, "house.version": False}


def package(folder: Path, metadata: str = FUNCTION) -> None:
    """An installed distribution that brings one module of validators, and fails if that is imported."""
    module = folder / "acme_rules" / "checks.py"
    module.parent.mkdir()
    module.with_name("__init__.py").write_text("raise RuntimeError('imported')\n", encoding="utf-8")
    module.write_text(metadata, encoding="utf-8")
    info = folder / "acme_rules-1.4.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.4\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[tolbooth.validators]\nacme = acme_rules.checks\n", encoding="utf-8")


def test_entry_point_brings_a_validator_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = installed_validators()
    assert (found.code, found.path) == ("acme.size", "entry-points/acme/checks/checks.py")
    assert (found.module, found.distribution, found.version) == ("acme_rules.checks", "acme-rules", "1.4")
    assert "acme_rules" not in sys.modules


def test_entry_point_without_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path)
    (tmp_path / "acme_rules" / "checks.py").unlink()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(JudgeError) as raised:
        installed_modules()
    assert raised.value.code == "policy.validator.entry-point"
    assert "acme_rules.checks" in str(raised.value)
