"""What pydantic found wrong, as mistakes of a file: the place, what was written, and the nearest right word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from tolbooth.config.settings import NAME_HINT, NOT_YET, RULE_CODE_HINT, RULE_CODE_PATTERN, Settings
from tolbooth.config.yaml_source import Path as YamlPath
from tolbooth.config.yaml_source import YamlDocument
from tolbooth.model.errors import Problem

_WANTED: Mapping[str, str] = {
    "string_type": "should be text",
    "string_sub_type": "should be text",
    "tuple_type": "should be a list",
    "list_type": "should be a list",
    "mapping_type": "should be a mapping of names",
    "dict_type": "should be a mapping of names",
    "model_type": "should be a mapping of keys",
    "model_attributes_type": "should be a mapping of keys",
    "string_too_short": "should not be empty",
    "too_short": "should name at least one",
}

_NEAR = 0.6


def problems_of(document: YamlDocument, error: ValidationError, model: type[BaseModel] = Settings) -> list[Problem]:
    """Every mistake that pydantic found; a key that is missing since it was misspelt beside is one mistake, not two.

    ``model`` is what the whole file was read as.
    """
    details = error.errors(include_url=False)
    misspelt = {
        (*detail["loc"][:-1], _meant(model, detail["loc"])) for detail in details if detail["type"] == "extra_forbidden"
    }
    return [
        _problem_of(document, detail, model)
        for detail in details
        if (detail["type"] != "missing" or detail["loc"] not in misspelt) and not _only_seems_short(detail)
    ]


def _only_seems_short(detail: ErrorDetails) -> bool:
    """A list whose entries are wrong has none left, and pydantic says that it is too short as well."""
    return detail["type"] == "too_short" and bool(detail["input"])


def _meant(model: type[BaseModel], loc: tuple[int | str, ...]) -> str | None:
    """The key that is nearest to an unknown one."""
    path = tuple(part for part in loc[:-1] if part != "[key]")
    close = difflib.get_close_matches(str(loc[-1]), _fields_at(model, path), n=1, cutoff=_NEAR)
    return close[0] if close else None


def _problem_of(document: YamlDocument, detail: ErrorDetails, model: type[BaseModel]) -> Problem:
    """One mistake that pydantic found, at its place in the document."""
    path = _real_path(document, detail["loc"])
    label = ".".join(str(part) for part in path) or "the file"
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(document, path, model)
        case "missing":
            return Problem(
                code="config.missing-key", message=f"'{label}' is missing", place=document.place(path[:-1], key=True)
            )
        case "enum" | "literal_error":
            allowed = [word.strip("'") for word in str(detail["ctx"]["expected"]).replace(" or ", ", ").split(", ")]
            return Problem(
                code="config.value",
                message=f"'{label}' can't be {written(detail['input'])}",
                place=document.place(path),
                hint=nearest(str(detail["input"]), allowed) or f"one of: {', '.join(allowed)}",
            )
        case "string_pattern_mismatch":
            return _wrong_name(document, path, detail)
        case "greater_than_equal" | "less_than_equal":
            bound = next(iter(detail["ctx"].values()))
            wanted = f"{'at least' if detail['type'] == 'greater_than_equal' else 'at most'} {bound}"
            message = f"'{label}' is {written(detail['input'])}, and should be {wanted}"
            return Problem(code="config.type", message=message, place=document.place(path))
        case kind if kind in _WANTED:
            message = f"'{label}' is {written(detail['input'])}, and {_WANTED[kind]}"
            listed = isinstance(detail["input"], str) and kind in {"tuple_type", "list_type"}
            brackets = f"write [{detail['input']}]" if listed else None
            return Problem(code="config.type", message=message, place=document.place(path), hint=brackets)
        case _:
            message = f"'{label}' {detail['msg'].removeprefix('Value error, ')}"
            known = detail.get("ctx", {}).get("hint")
            return Problem(code="config.type", message=message, place=document.place(path), hint=known)


def valid_part(kind: Any, value: object) -> Any:
    """The part of a file that is right by itself, parsed; None where it is not."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return None


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """A hint that names the candidate nearest to ``word``, if one is near."""
    close = difflib.get_close_matches(word, list(candidates), n=1, cutoff=_NEAR)
    return f"did you mean '{close[0]}'?" if close else None


def written(value: object) -> str:
    """What somebody wrote, in words that fit a sentence."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}'"
        case int() | float() | Decimal():
            return f"the number {value}"
        case date() | datetime():
            return f"the date {value}"
        case Mapping():
            return "a mapping"
        case _:
            return "a list"


def _unknown_key(document: YamlDocument, path: YamlPath, model: type[BaseModel]) -> Problem:
    fields = _fields_at(model, path[:-1])
    ahead = NOT_YET if len(path) == 1 and model is Settings else ()
    hint = nearest(str(path[-1]), [*fields, *ahead]) or f"one of: {', '.join(fields)}"
    where = f" in '{'.'.join(map(str, path[:-1]))}'" if path[1:] else ""
    place = document.place(path, key=True)
    return Problem(code="config.unknown-key", message=f"unknown key '{path[-1]}'{where}", place=place, hint=hint)


def _wrong_name(document: YamlDocument, path: YamlPath, detail: ErrorDetails) -> Problem:
    is_key = detail["loc"][-1:] == ("[key]",)
    is_code = detail.get("ctx", {}).get("pattern") == RULE_CODE_PATTERN
    return Problem(
        code="config.value",
        message=f"'{detail['input']}' is no {'rule code' if is_code else 'name'}",
        place=document.place(path, key=is_key),
        hint=RULE_CODE_HINT if is_code else NAME_HINT,
    )


def _real_path(document: YamlDocument, loc: tuple[int | str, ...]) -> YamlPath:
    """The part of pydantic's location that names places of the file (it adds words for unions and for keys)."""
    path: YamlPath = ()
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        known = (*path, part) in document.values or (*path, part) in document.keys
        if known or (last and part != "[key]" and _holds_keys(document, path)):
            path = (*path, part)
    return path


def _holds_keys(document: YamlDocument, path: YamlPath) -> bool:
    """Whether the file has a mapping or a list at ``path``: a single value may stand for a longer form."""
    found = document.value
    for part in path:
        found = found[part]
    return isinstance(found, (dict, list))


def _fields_at(model: type[BaseModel], path: YamlPath) -> list[str]:
    """The keys that are known at ``path``."""
    current: Any = model
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[str(part)].annotation
        else:
            current = [each for each in get_args(current) if each is not Ellipsis][-1]
        current = _without_none(current)
    return _keys_of(current)


def _keys_of(annotation: Any) -> list[str]:
    """The keys of a section; of a mapping with declared keys, these and those of the section that one stands for."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [field.alias or name for name, field in annotation.model_fields.items()]
    keys = get_args(annotation)[:1]
    if keys and get_origin(keys[0]) is Literal:
        return [*_keys_of(get_args(annotation)[-1]), *get_args(keys[0])]
    return []


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        return _without_none(get_args(annotation)[0])
    if get_origin(annotation) is UnionType:
        return next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation
