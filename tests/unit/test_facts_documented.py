"""``docs/facts.md`` has a row for every kind of fact that the code can produce, and no other."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

import tolbooth
from tolbooth.judge.input_document import input_schema_bytes
from tolbooth.judge.library.rule_metadata import ARTIFACT, DECLARED, EVIDENCE_KINDS

SOURCE = Path(tolbooth.__file__).parent
DOCS = Path(__file__).parents[2] / "docs" / "facts.md"


def rows(heading: str) -> set[str]:
    """The words in code of the first column of the table below a heading."""
    text = DOCS.read_text(encoding="utf-8").split(f"{heading}\n", 1)[1].split("\n## ", 1)[0]
    return {
        kind for line in text.splitlines() if line.startswith("| `") for kind in re.findall(r"`([\w-]+)`", line)[:1]
    }


def produced() -> set[str]:
    """The constants of collectors, measures and pipeline that name a kind, and kinds that are written out."""
    found = set()
    for package in ("collect", "measure", "pipeline"):
        for path in (SOURCE / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found |= set(_named(node)) | set(_written_out(node))
    return found


def _named(node: ast.AST) -> list[str]:
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
        return []
    names = [target.id for target in node.targets if isinstance(target, ast.Name)]
    value = node.value.value
    return [value] if isinstance(value, str) and any(re.fullmatch(r"_?([A-Z]+_)?KIND", name) for name in names) else []


def _written_out(node: ast.AST) -> list[str]:
    if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in {"Observation", "Gap"}:
        return []
    kinds = [word.value for word in node.keywords if word.arg == "kind"]
    return [kind.value for kind in kinds if isinstance(kind, ast.Constant) and isinstance(kind.value, str)]


def shapes() -> set[str]:
    schema = json.loads(input_schema_bytes())
    return set(schema["properties"]["observations"]["properties"])


def test_every_kind_has_a_row_and_every_row_a_closed_shape() -> None:
    assert rows("# Kinds of fact") == shapes()


def test_every_kind_that_is_produced_has_a_row_as_a_fact_or_as_a_gap() -> None:
    assert produced() <= rows("# Kinds of fact") | rows("## Gaps")
    assert produced() >= {"run", "alias-history", "last-release", "sbom", "rows", "model"}


def test_every_kind_of_fact_can_be_a_rules_evidence() -> None:
    assert set(EVIDENCE_KINDS) - {ARTIFACT, DECLARED} == shapes()


@pytest.mark.parametrize("kind", sorted(shapes()))
def test_the_row_names_the_values_of_the_shape(kind: str) -> None:
    values = json.loads(input_schema_bytes())["$defs"][kind]["properties"]["values"]
    line = next(line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{kind}` |"))
    required = set(values.get("required", ()))
    lacking = {name for name in required if f"`{name}`" not in line}
    assert lacking == set()
