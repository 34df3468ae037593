"""The real programs that scripts/opa, scripts/conftest and scripts/actionlint build; a test skips without them."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
POLICIES = ROOT / "src" / "tolbooth" / "policies"
INPUT_SCHEMA = ROOT / "src" / "tolbooth" / "judge" / "schemas" / "input.schema.json"

_FIXTURE = re.compile(
    r"(?P<name>\w+) := (?P<asked>data\.[\w.]+) with input(?P<inside>[\w.]*) as (?P<input>.+?)"
    r"(?: with (?P<path>data\.parameters[\w.]*) as (?P<parameters>\w+))?$",
    re.MULTILINE,
)


def opa() -> Path:
    """The pinned OPA."""
    return program("opa")


def conftest_program() -> Path:
    """The pinned Conftest."""
    return program("conftest")


@cache
def _where(name: str) -> Path:
    said = subprocess.run([ROOT / "scripts" / name, "--path"], capture_output=True, text=True, check=True)
    return Path(said.stdout.strip())


def program(name: str) -> Path:
    """A program that one of the scripts builds; the test skips where it was not built."""
    path = _where(name)
    if not path.is_file():
        pytest.skip(f"{path.name} is not built: scripts/{name} builds it")
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixture:
    """An input, as a test of the built-in library uses it, and the value that it sets below ``data.parameters``."""

    document: Mapping[str, Any]
    path: tuple[str, ...]
    value: Any


def fixtures(folder: Path) -> list[Fixture]:
    """Every input that the tests of the built-in library give to a rule, as OPA's own test runner meets it.

    The tests are copied into ``folder`` with a print before each ``with input``.
    """
    shutil.copytree(POLICIES, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py", "*.md"))
    for path in folder.rglob("*_test.rego"):
        path.write_text(_FIXTURE.sub(_printing, path.read_text(encoding="utf-8")), encoding="utf-8")
    said = subprocess.run([opa(), "test", folder, "--format", "json"], capture_output=True, check=True)
    lines = [
        line
        for each in json.loads(said.stdout)
        for line in base64.b64decode(each.get("output", "")).decode().splitlines()
        if line.startswith("FIXTURE ")
    ]
    return [_fixture(*json.loads(line.removeprefix("FIXTURE "))) for line in dict.fromkeys(lines)]


def fixture_calls() -> int:
    """How many places of the library's tests give an input to a rule."""
    texts = (path.read_text(encoding="utf-8") for path in POLICIES.rglob("*_test.rego"))
    return sum(text.count(" with input") for text in texts)


def printing_calls(folder: Path) -> int:
    """How many of them were found."""
    return sum(path.read_text(encoding="utf-8").count('print("FIXTURE"') for path in folder.rglob("*_test.rego"))


def _printing(found: re.Match[str]) -> str:
    told = f'["{found["inside"]}", {found["input"]}, "{found["path"] or ""}", {found["parameters"] or "{}"}]'
    printed = f'print("FIXTURE", json.marshal({told}))'
    before = found.string[: found.start()].rpartition("\n")[2]
    return f"{printed}\n\t{found[0]}" if not before.strip() else f"{{\n\t{printed}\n\t{found[0]}\n}}"


def _fixture(inside: str, document: Any, path: str, value: Any) -> Fixture:
    return Fixture(
        document=nested(inside.split(".")[1:], document, {}) if inside else document,
        path=tuple(path.split(".")[2:]),
        value=value,
    )


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of the programs; what it says is text."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


def nested(path: Iterable[str], value: Any, tree: Mapping[str, Any]) -> dict[str, Any]:
    """The tree with another value at ``path``."""
    first, *rest = path
    inner = tree.get(first, {})
    return {**tree, first: nested(rest, value, inner) if rest else value}
