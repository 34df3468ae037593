"""The built-in library under other people's tools: OPA's checker, formatter and tests, and Conftest."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.opa_inputs import whole
from tests.opa_programs import INPUT_SCHEMA, POLICIES, conftest_program, fixtures, opa, run
from tolbooth.judge.interface import PackageResults
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.policy import effective_policy
from tolbooth.judge.rego.embedded import EmbeddedEngine

pytestmark = pytest.mark.opa


def test_library_passes_strict_check_with_our_schema() -> None:
    said = run(opa(), "check", "--strict", "--schema", INPUT_SCHEMA, POLICIES)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "wrong",
    ["input.subject.nam", "input.context.now", "input.observations.fairness[_].valuess", "input.artifacts[_].roles"],
)
def test_schema_makes_the_check_find_a_misspelt_fact(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "rule.rego").write_text(f"package rule\n\nfound if {wrong}\n")
    said = run(opa(), "check", "--strict", "--schema", INPUT_SCHEMA, tmp_path)
    assert said.returncode != 0
    assert "undefined ref" in said.stdout + said.stderr


def test_library_is_formatted_as_opa_does() -> None:
    said = run(opa(), "fmt", "--diff", POLICIES)
    assert (said.returncode, said.stdout) == (0, "")


def test_tests_of_the_library_pass_on_opa() -> None:
    said = run(opa(), "test", "--format", "json", POLICIES)
    assert said.returncode == 0, said.stdout
    tested = {each["package"] for each in json.loads(said.stdout)}
    assert tested >= {f"data.{code.replace('.', '_')}_test" for code in built_in_library().rules}


def test_conftest_finds_the_same_failures(tmp_path: Path) -> None:
    library = built_in_library()
    parameters: dict[str, Any] = {"performance.minimum": {"bound": 0.65}, "ownership.tier": {"tiers": ["high"]}}
    policy = effective_policy(
        library, rules=sorted(library.rules), collections=(), parameters=parameters, enforcement={}
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "parameters.json").write_text(json.dumps(policy.bundle.data))
    (tmp_path / "inputs").mkdir()
    random = Random(7)
    documents = [whole(each.document, random) for each in fixtures(tmp_path / "policies")]
    for position, document in enumerate(documents):
        (tmp_path / "inputs" / f"{position:04}.json").write_text(json.dumps(document))
    wanted: Counter[tuple[str, ...]] = Counter()
    with EmbeddedEngine() as engine:
        engine.load(policy.bundle)
        for position, document in enumerate(documents):
            for package, found in engine.evaluate(json.dumps(document).encode()).packages.items():
                assert isinstance(found, PackageResults)
                named = (f"{position:04}.json", package)
                wanted.update((*named, "deny", *_told(each["msg"], each)) for each in found.deny)
                wanted.update((*named, "warn", *_told(each["msg"], each)) for each in found.warn)
    assert _by_conftest(tmp_path, policy.bundle.packages) == wanted
    assert {each[3] for each in wanted} == library.rules.keys()


def _by_conftest(folder: Path, packages: tuple[str, ...]) -> Counter[tuple[str, ...]]:
    namespaces = [part for package in packages for part in ("--namespace", package)]
    where = ("--policy", POLICIES, "--data", folder / "data", folder / "inputs")
    said = run(conftest_program(), "test", "--output", "json", *namespaces, *where)
    found: Counter[tuple[str, ...]] = Counter()
    # Conftest writes a whole number as 1e+06.
    for each in json.loads(said.stdout, parse_float=lambda text: int(float(text))):
        named = (Path(each["filename"]).name, each["namespace"])
        for kind, level in (("failures", "deny"), ("warnings", "warn")):
            found.update((*named, level, *_told(one["msg"], one["metadata"])) for one in each.get(kind, []))
    return found


def _told(message: str, members: dict[str, Any]) -> tuple[str, ...]:
    rest = json.dumps({key: members.get(key) for key in ("values", "measured", "facts")}, sort_keys=True)
    return members["code"], message, str(members.get("term")), rest
