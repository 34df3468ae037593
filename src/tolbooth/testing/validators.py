"""The contract of a validator, as tests: an author subclasses ``ValidatorContract``, and pytest runs them.

    class TestIban(ValidatorContract):
        validator = Path("rules/acme/iban/iban.py")
        inputs = (Path("fixtures/denied.json"),)

Sample inputs are real ones: ``tolbooth policy input`` prints that of any recorded decision.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from tolbooth.judge.interface import EvaluationFailure
from tolbooth.judge.library.load import built_in_library, library_of
from tolbooth.judge.library.rule_metadata import RuleMetadata
from tolbooth.judge.results import Malformed, conflicts, read_results
from tolbooth.judge.validators.interface import Limits, Validator, ValidatorAnswer
from tolbooth.judge.validators.proof import disagreements
from tolbooth.judge.validators.reading import is_validator_file, named_files
from tolbooth.judge.validators.running import run_validator
from tolbooth.model.wire import JsonObject, as_json

_EMPTY: Mapping[str, Any] = {"artifacts": [], "observations": {}, "gaps": [], "lineage": {}, "declared": {"data": {}}}


class ValidatorContract:
    """What every validator owes; each test runs it fenced in, as a gate does.

    ``validator`` is its file: a Python file, or a program's ``.validator.yaml``. ``inputs`` are input documents that it
    answers. ``parameters`` are by rule code and name, as rules read them (rates in ppm), over the declared defaults.
    """

    validator: ClassVar[Path]
    inputs: ClassVar[Sequence[Path]]
    parameters: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    limits: ClassVar[Limits] = Limits(deadline_seconds=10.0)

    def test_file_declares_validators(self) -> None:
        """The METADATA is complete, and every control and kind of fact in it is known."""
        assert is_validator_file(self.validator.name), f"{self.validator} is no validator's file"
        assert list(self._validators())

    def test_there_are_inputs_to_answer(self) -> None:
        """A contract that is held on no input holds nothing."""
        assert self.inputs, "name at least one input: 'tolbooth policy input' prints one"

    def test_every_input_is_answered_in_result_objects(self) -> None:
        """No error, no unknown member, no result of another rule, and no term that both passes and doesn't."""
        for path in self.inputs:
            for validator, rule in self._validators():
                answer = self._answer(validator, rule, path.read_bytes())
                assert not isinstance(answer.results, EvaluationFailure), f"{path}: {answer.results}"
                said = list(read_results(answer.results))
                wrong = [each.message for each in said if isinstance(each, Malformed)]
                assert not wrong, f"{path}: {wrong}"
                strays = sorted({each.code or "" for each in said} - {rule.code})
                assert not strays, f"{path}: results of other rules: {strays}"
                both = list(conflicts([each for each in said if not isinstance(each, Malformed)]))
                assert not both, f"{path}: these terms both pass and don't: {both}"

    def test_an_input_without_facts_is_answered(self) -> None:
        """Where nothing was collected a validator says so, or nothing, but does not break."""
        for path in self.inputs:
            empty = json.dumps({**json.loads(path.read_bytes()), **_EMPTY}).encode()
            for validator, rule in self._validators():
                answer = self._answer(validator, rule, empty)
                assert not isinstance(answer.results, EvaluationFailure), f"{path} without facts: {answer.results}"

    def test_it_agrees_with_itself_under_every_hash_seed(self) -> None:
        """The same input gives the same results, whatever the order of Python's sets."""
        for validator, rule in self._validators():
            parameters = self._parameters(rule)
            asked = [(path.read_bytes(), parameters) for path in self.inputs]
            found = list(disagreements(validator, asked, limits=self.limits))
            assert not found, f"{self.inputs[found[0].position]}: {found[0].first}, then {found[0].second}"

    def _validators(self) -> Iterator[tuple[Validator, RuleMetadata]]:
        whole = self.validator.resolve()
        parts = whole.parts[-3:]
        content = whole.read_bytes()
        path = "/".join(parts)
        named = named_files(path, content) if not whole.name.endswith(".py") else ()
        beside = {each: (whole.parent / Path(each).name).read_bytes() for each in named}
        shipped = built_in_library()
        library = library_of({path: content, **beside}, shipped.catalogs, shipped.rules)
        for code, validator in library.validators.items():
            yield validator, library.rules[code]

    def _parameters(self, rule: RuleMetadata) -> JsonObject:
        defaults = {each.name: as_json(each.default) for each in rule.parameters if each.default is not None}
        return {**defaults, **self.parameters.get(rule.code, {})}

    def _answer(self, validator: Validator, rule: RuleMetadata, document: bytes) -> ValidatorAnswer:
        return run_validator(validator, document, self._parameters(rule), limits=self.limits)
