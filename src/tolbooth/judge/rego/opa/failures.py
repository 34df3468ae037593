"""Why OPA gave no results, in our codes; and what its error documents say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tolbooth.judge.interface import EvaluationFailure, Module
from tolbooth.model.errors import JudgeError, Place, Problem


class OpaFailedError(Exception):
    """OPA gave no usable answer; ``failure`` says why. Whatever it is, nothing passed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.failure = EvaluationFailure(code=code, message=message)


def evaluation_error(document: object, prefix: str) -> str | None:
    """The sentence of an error document about a rule: ``path:line:column: message``; None for any other document.

    Args:
        document: the body of an answer with status 4xx or 5xx.
        prefix: what our policies' names begin with there; it is taken off.
    """
    found = next(_errors(document), None)
    if found is None or not str(found.get("code", "")).startswith("eval_"):
        return None
    place = _place(found, prefix)
    message = _message(found)
    return f"{place}: {message}" if place is not None else message


def compile_error(document: object, prefix: str, modules: Iterable[Module]) -> JudgeError | None:
    """Every mistake that OPA's compiler names, as ``policy.compile``; None if the document names none."""
    texts = {module.path: module.text for module in modules}
    problems = []
    for found in _errors(document):
        place = _place(found, prefix)
        if place is None or place.path not in texts:
            return None
        problems.append(Problem(code="policy.compile", message=_message(found), place=place.within(texts[place.path])))
    return JudgeError(problems) if problems else None


def says(document: object) -> str:
    """What an error document says, cut to one line."""
    parts = [document.get("message")] if isinstance(document, Mapping) else []
    parts += [_message(found) for found in _errors(document)]
    words = ": ".join(" ".join(str(part).split()) for part in parts if part)
    return words[:300] or "nothing that can be read"


def _errors(document: object) -> Iterator[Mapping[str, Any]]:
    errors = document.get("errors") if isinstance(document, Mapping) else None
    if isinstance(errors, list):
        yield from (each for each in errors if isinstance(each, Mapping))


def _message(found: Mapping[str, Any]) -> str:
    return " ".join(str(found.get("message", "")).split())


def _place(found: Mapping[str, Any], prefix: str) -> Place | None:
    location = found.get("location")
    if not isinstance(location, Mapping) or not isinstance(location.get("file"), str):
        return None
    line, column = location.get("row"), location.get("col")
    return Place(
        path=location["file"].removeprefix(prefix),
        line=line if isinstance(line, int) else None,
        column=column if isinstance(column, int) else None,
    )
