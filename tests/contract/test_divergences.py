"""What engines decide differently without a word: refused by lint at its line, and alike when rewritten.

The cases are data; whoever raises an engine's version runs them with a real OPA beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests import opa_programs
from tolbooth.judge.interface import Module, PolicyBundle
from tolbooth.judge.library.profile.check import check
from tolbooth.judge.library.profile.finding import Finding, Level
from tolbooth.judge.library.profile.names import built_ins
from tolbooth.judge.library.profile.syntax import source_of
from tolbooth.judge.rego.embedded import EmbeddedEngine
from tolbooth.judge.rego.extension import find_extension, suite_of
from tolbooth.judge.rego.syntax import parse
from tolbooth.model.errors import JudgeError

SUITE = Path(__file__).with_name("divergences.yaml")
ERROR, UNDEFINED = "error", "undefined"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A policy on which the engines differ, where lint refuses it, and the same said portably."""

    name: str
    code: str
    line: int
    input: Any
    differs: Mapping[str, str]
    alike: Mapping[str, str]


@cache
def cases() -> tuple[Case, ...]:
    entries = YAML(typ="safe").load(SUITE.read_text(encoding="utf-8"))
    return tuple(Case(**{**entry, **{key: modules(entry[key]) for key in ("differs", "alike")}}) for entry in entries)


def modules(written: str | dict[str, str]) -> Mapping[str, str]:
    return {"p.rego": written} if isinstance(written, str) else written


def ids() -> list[Any]:
    return [pytest.param(case, id=case.name) for case in cases()]


def linted(texts: Mapping[str, str]) -> list[Finding]:
    listed = [Module(path=path, text=text) for path, text in texts.items()]
    trees, problems = parse(listed)
    assert problems == ()
    found = check([source_of(module, trees[module.path]) for module in listed])
    # The cases are about languages, not about what an input document holds.
    return [each for each in found if each.level is Level.ERROR and each.problem.code != "profile.input-path"]


@pytest.mark.parametrize("case", ids())
def test_lint_refuses_what_differs_at_its_line_with_the_rewriting(case: Case) -> None:
    found = [finding.problem for finding in linted(case.differs)]
    assert {problem.code for problem in found} == {case.code}
    for problem in found:
        assert problem.place is not None
        assert problem.place.line == case.line
        assert problem.place.excerpt
        assert problem.hint


@pytest.mark.parametrize("case", ids())
def test_lint_accepts_the_rewriting(case: Case) -> None:
    assert linted(case.alike) == []


def on_embedded(texts: Mapping[str, str], document: Any) -> Any:
    bundle = PolicyBundle(
        modules=tuple(Module(path=path, text=text) for path, text in texts.items()), data={}, packages=("p",)
    )
    with EmbeddedEngine() as engine:
        try:
            engine.load(bundle)
            engine.evaluate(json.dumps(document).encode())
            found = engine.document("[found | found := data.p.r]")
        except JudgeError:
            return ERROR
        return found[0] if found else UNDEFINED


def on_opa(program: str, texts: Mapping[str, str], document: Any, folder: Path) -> Any:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    (folder / "input.json").write_text(json.dumps(document), encoding="utf-8")
    said = subprocess.run(
        [program, "eval", "--strict-builtin-errors", "--input", folder / "input.json",
         *(part for path in texts for part in ("--data", folder / path)), "data.p.r"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    answer = json.loads(said.stdout)
    if "errors" in answer:
        return ERROR
    return answer["result"][0]["expressions"][0]["value"] if "result" in answer else UNDEFINED


@pytest.fixture(scope="module")
def opa() -> str:
    """The pinned OPA that scripts/opa built; TOLBOOTH_OPA names another one to compare."""
    return os.environ.get("TOLBOOTH_OPA") or str(opa_programs.opa())


@pytest.mark.opa
@pytest.mark.parametrize("case", ids())
def test_engines_differ_on_what_lint_refuses(case: Case, opa: str, tmp_path: Path) -> None:
    assert on_opa(opa, case.differs, case.input, tmp_path) != on_embedded(case.differs, case.input)


@pytest.mark.opa
@pytest.mark.parametrize("case", ids())
def test_engines_decide_the_rewriting_alike(case: Case, opa: str, tmp_path: Path) -> None:
    said = on_opa(opa, case.alike, case.input, tmp_path)
    assert said != ERROR
    assert said == on_embedded(case.alike, case.input)


@pytest.mark.opa
def test_the_table_of_built_in_functions_is_what_both_engines_say(opa: str) -> None:
    said = subprocess.run([opa, "capabilities", "--current"], capture_output=True, text=True, check=True, timeout=60)
    known = {each["name"]: len(each["decl"].get("args", [])) for each in json.loads(said.stdout)["builtins"]}
    table = built_ins()
    for name, built_in in table.portable.items():
        assert built_in.arguments in {known[name], -1}, name
    assert table.opa_only <= known.keys()


def test_the_embedded_engine_knows_the_portable_functions_and_none_that_are_opa_alone() -> None:
    table = built_ins()
    with EmbeddedEngine() as engine:
        for name in [*table.portable, *sorted(table.opa_only)]:
            arguments = table.portable[name].arguments if name in table.portable else 1
            text = f"package p\n\nr := {name}({', '.join(['input.absent'] * max(arguments, 0))})\n"
            engine.load(PolicyBundle(modules=(Module(path="p.rego", text=text),), data={}, packages=()))
            engine.evaluate(b"{}")
            try:
                engine.document("data.p.r")
                unknown = False
            except JudgeError as error:
                unknown = "could not find function" in str(error)
            assert unknown is (name in table.opa_only), name


def test_the_installed_engine_is_the_one_that_passed_this_suite() -> None:
    suite = suite_of(find_extension().version)
    assert suite is not None
    assert suite.cases == len(cases())
    assert suite.sha256 == hashlib.sha256(SUITE.read_bytes()).hexdigest()


def test_every_version_of_opa_that_is_accepted_was_compared_by_this_suite() -> None:
    content = json.loads(files("tolbooth.judge.rego.opa").joinpath("known_opa.json").read_text(encoding="utf-8"))
    assert [suite["version"] for suite in content["suites"]] == content["versions"]
    for suite in content["suites"]:
        assert (suite["cases"], suite["sha256"]) == (len(cases()), hashlib.sha256(SUITE.read_bytes()).hexdigest())


def test_every_version_that_is_known_by_digest_has_passed_the_suite() -> None:
    content = json.loads(files("tolbooth.judge.rego").joinpath("known_engines.json").read_text(encoding="utf-8"))
    for version in {entry["version"] for entry in content["extensions"]}:
        assert suite_of(version) is not None
