"""Runs validators, each in a process of its own, and reads what they say; no answer is never a pass."""

from __future__ import annotations

import base64
import json
import signal
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from tolbooth.evidence.strict_json import parse
from tolbooth.judge.interface import RESULT_SETS, EvaluationFailure, PackageResults
from tolbooth.judge.validators.interface import Limits, Validator, ValidatorAnswer, ValidatorRun
from tolbooth.judge.validators.process import ANSWER_BYTES, PRINTED_BYTES, Ended, run_confined
from tolbooth.model.errors import VerificationError
from tolbooth.model.wire import JsonObject

LIMITS = Limits()
"""How far a validator may go at a gate."""

_TOLD = frozenset(
    {"judge.memory", "judge.result-shape", "judge.validator-forbidden", "judge.validator-raised"},
)
"""What a validator's runner may say of its code; everything else is found from outside."""

_BROKEN = {
    "judge.answer-size": f"its answer is larger than {ANSWER_BYTES >> 20} MiB",
    "judge.output-size": f"it printed more than {PRINTED_BYTES >> 20} MiB beside its answer",
}


def run_validator(
    validator: Validator,
    input_json: bytes,
    parameters: JsonObject,
    *,
    limits: Limits = LIMITS,
    hash_seed: int = 0,
) -> ValidatorAnswer:
    """Run one validator on one input document.

    Args:
        validator: what runs; one that was read out of a pack doesn't, and fails with ``judge.recorded-only``.
        input_json: the input document, UTF-8 JSON.
        parameters: the rule's own effective parameters by name, as Rego rules read them (rates in ppm).
        limits: how far it may go.
        hash_seed: of Python's string hashes.

    Returns:
        Its result sets; a member without a ``code`` is given the rule's. Or why there are none, with one of the codes
        ``judge.deadline``, ``judge.memory``, ``judge.answer-size``, ``judge.output-size``, ``judge.no-answer``,
        ``judge.worker-died``, ``judge.program-failed``, ``judge.validator-raised``, ``judge.validator-forbidden``,
        ``judge.result-shape``.
    """
    if not validator.installed:
        text = f"{validator.path} lies in a pack, and no validator of a pack is run"
        return ValidatorAnswer(results=EvaluationFailure(code="judge.recorded-only", message=text))
    request = _request(validator, input_json, json.dumps(dict(parameters)))
    try:
        ended = run_confined(request, limits=limits, hash_seed=hash_seed)
    except OSError as error:
        text = f"a validator's process can't start: {error}"
        return ValidatorAnswer(results=EvaluationFailure(code="judge.worker-start", message=text))
    results = _ill_ended(validator, ended, limits) or _read(validator, ended)
    return ValidatorAnswer(results=results, fence=ended.fence)


def run_record(validator: Validator, answer: ValidatorAnswer) -> ValidatorRun:
    """What the judgement's attestation says of a run."""
    return ValidatorRun(
        rule=validator.code,
        path=validator.path,
        digest=validator.digest,
        distribution=validator.distribution,
        version=validator.version,
        fence=answer.fence,
        fenced=answer.fenced,
    )


def function_request(validator: Validator) -> dict[str, Any]:
    """The parts of a request that say which Python file runs."""
    content = validator.files[validator.path]
    return {
        "path": validator.path,
        "source": content.decode(),
        "module": validator.module,
        "function": validator.function,
        "test": "",
        "program": [],
        "files": {},
    }


def _request(validator: Validator, input_json: bytes, parameters: str) -> dict[str, Any]:
    read = {"input": input_json.decode(), "parameters": parameters}
    if validator.function is not None:
        return {**function_request(validator), **read}
    files = {PurePosixPath(path).name: base64.b64encode(each).decode() for path, each in validator.files.items()}
    return {**read, "program": list(validator.program), "files": files, "test": ""}


def _ill_ended(validator: Validator, ended: Ended, limits: Limits) -> EvaluationFailure | None:
    """Why a run that did not end as it should gives no results."""
    if ended.broke == "judge.deadline" or ended.signal == signal.SIGXCPU:
        text = f"no answer within {limits.deadline_seconds:g} seconds"
        return _failed(validator, "judge.deadline", text)
    if ended.broke is not None:
        return _failed(validator, ended.broke, _BROKEN[ended.broke])
    if ended.left:
        text = "it left processes running behind it, which were ended"
        return _failed(validator, "judge.validator-forbidden", text)
    if ended.signal is not None:
        text = f"its process died ({signal.Signals(ended.signal).name})"
        return _failed(validator, "judge.worker-died", text, ended.printed)
    if ended.exit:
        code = "judge.program-failed" if validator.program else "judge.worker-died"
        return _failed(validator, code, f"it ended with exit status {ended.exit}", ended.printed)
    if ended.exit is None:
        return _failed(validator, "judge.worker-died", "its process stopped answering", ended.printed)
    if not ended.answer.strip():
        return _failed(validator, "judge.no-answer", "it ended without an answer", ended.printed)
    return None


def _read(validator: Validator, ended: Ended) -> PackageResults | EvaluationFailure:
    """The sets of an answer, strictly read."""
    try:
        answer = parse(ended.answer, path=validator.path)
    except VerificationError as error:
        return _failed(validator, "judge.result-shape", error.problems[0].message)
    if validator.function is not None:
        match answer:
            case {"error": str(code), "text": str(text)} if code in _TOLD:
                return EvaluationFailure(code=code, message=_prefixed(validator, text))
            case {"sets": sets}:
                answer = sets
            case _:
                text = "what it answered is not what its runner writes: its code wrote there itself"
                return _failed(validator, "judge.result-shape", text)
    if not isinstance(answer, Mapping):
        return _failed(validator, "judge.result-shape", "its answer is no object with 'deny', 'warn', …")
    for name, members in answer.items():
        if name not in RESULT_SETS:
            return _failed(validator, "judge.result-shape", f"'{name}' is none of: {', '.join(RESULT_SETS)}")
        if not isinstance(members, list):
            return _failed(validator, "judge.result-shape", f"'{name}' is no list")
    return PackageResults(**{name: tuple(_coded(validator, each) for each in found) for name, found in answer.items()})


def _coded(validator: Validator, member: Any) -> Any:
    return {"code": validator.code, **member} if isinstance(member, dict) else member


def _failed(validator: Validator, code: str, text: str, printed: str = "") -> EvaluationFailure:
    last = f": {printed.splitlines()[-1][:500]}" if printed else ""
    return EvaluationFailure(code=code, message=f"{validator.path}: {text}{last}")


def _prefixed(validator: Validator, text: str) -> str:
    return text if text.startswith(validator.path) else f"{validator.path}: {text}"
