"""The contract suite for validators, held by our samples and broken by ones that break it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.validator_sample import FILES, FUNCTION, METADATA
from tolbooth.judge.validators.interface import Limits
from tolbooth.testing.validators import ValidatorContract

DOCUMENT: Mapping[str, Any] = {
    "version": 1,
    "subject": {"name": "credit", "version": "7"},
    "artifacts": [{"name": "model.bin", "role": "model", "size_bytes": 2}],
    "observations": {},
    "gaps": [],
    "lineage": {},
    "declared": {"data": {}},
}


@pytest.fixture
def held(tmp_path: Path) -> Callable[[str], ValidatorContract]:
    """A contract over a Python file of this content, or over the sample's program."""

    def make(text: str) -> ValidatorContract:
        document = tmp_path / "input.json"
        document.write_text(json.dumps(DOCUMENT, separators=(",", ":")), encoding="utf-8")
        for name, content in {**FILES, "house/size/size.py": text}.items():
            path = tmp_path / "rules" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        wanted = "house/size/size.py" if text else "house/version/version.validator.yaml"

        class Contract(ValidatorContract):
            validator = tmp_path / "rules" / wanted
            inputs = (document,)
            limits = Limits(deadline_seconds=20.0)

        return Contract()

    return make


def broken(contract: ValidatorContract) -> list[str]:
    """The names of the contract's tests that fail."""
    names = [name for name in dir(contract) if name.startswith("test_")]
    failed = []
    for name in names:
        try:
            getattr(contract, name)()
        except Exception:  # noqa: BLE001 - an assertion, or whatever else the contract met
            failed.append(name)
    assert len(names) == 5
    return failed


def body(text: str) -> str:
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    return f"{METADATA}def size(input, parameters):\n{lines}\n"


@pytest.mark.parametrize("text", [FUNCTION, ""], ids=["function", "program"])
def test_samples_hold_the_contract(held: Callable[[str], ValidatorContract], text: str) -> None:
    assert broken(held(text)) == []


@pytest.mark.parametrize(
    ("text", "tests"),
    [
        pytest.param(
            body("return {'deny': [{'message': 'x'}]}"), ["test_every_input_is_answered_in_result_objects"], id="member"
        ),
        pytest.param(
            body("return {'deny': [{'msg': 'x', 'code': 'house.other'}]}"),
            ["test_every_input_is_answered_in_result_objects"],
            id="another-rule",
        ),
        pytest.param(
            body("said = {'msg': 'x', 'term': 't'}\nreturn {'deny': [said], 'passed': [said]}"),
            ["test_every_input_is_answered_in_result_objects"],
            id="both",
        ),
        pytest.param(
            body("return {'deny': [{'msg': input['artifacts'][0]['name']}]}"),
            ["test_an_input_without_facts_is_answered"],
            id="empty",
        ),
        pytest.param(
            body("return {'deny': [{'msg': list({'age', 'race', 'sex', 'zip', 'income'})[0]}]}"),
            ["test_it_agrees_with_itself_under_every_hash_seed"],
            id="disagrees",
        ),
        pytest.param(
            body("import socket\nsocket.create_connection(('127.0.0.1', 9))\nreturn {}"),
            ["test_an_input_without_facts_is_answered", "test_every_input_is_answered_in_result_objects"],
            id="socket",
        ),
    ],
)
def test_what_breaks_the_contract_is_found(
    held: Callable[[str], ValidatorContract], text: str, tests: list[str]
) -> None:
    assert broken(held(text)) == tests


def test_contract_without_inputs_is_broken(held: Callable[[str], ValidatorContract]) -> None:
    contract = held(FUNCTION)
    type(contract).inputs = ()
    assert broken(contract) == ["test_there_are_inputs_to_answer"]


def test_file_without_metadata_breaks_the_contract(held: Callable[[str], ValidatorContract]) -> None:
    assert "test_file_declares_validators" in broken(held("def size(input, parameters):\n    return {}\n"))
