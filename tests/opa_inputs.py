"""Input documents near those that the library's tests use, valid by the schema: one seed, always the same documents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from hashlib import sha256
from random import Random
from typing import Any

import jsonschema_rs

from tolbooth.evidence.canonical import CanonicalError, canonical_bytes
from tolbooth.judge.input_document import input_schema_bytes, validate_input
from tolbooth.model.errors import JudgeError

AS_OF = "2026-11-23T09:14:07Z"
INSTANTS = (AS_OF, "2026-11-23T09:14:06Z", "2026-11-23T09:14:08Z", "2026-10-24T09:14:07Z", "2027-02-28T23:59:59Z")
WORDS = (" ", "Zürich 😀", "a\u2028b", "x" * 300, "%s %d", "null", "A", "a", '"\\', "MIT", "high")
NUMBERS = (0, 1, 2, 29, 30, 31, 999_999, 1_000_000, 1_000_001, 2**53 - 1)
_SCHEMA: dict[str, Any] = json.loads(input_schema_bytes())
_TRIES = 40


def whole(document: Mapping[str, Any], random: Random) -> dict[str, Any]:
    """A test's part of a document, with everything that the schema asks for besides, and nothing that it refuses."""
    for _ in range(_TRIES):
        found: dict[str, Any] = fitting(_SCHEMA, deepcopy(dict(document)), random)
        found["context"] = {"as_of": AS_OF, "as_of_ns": "1795425247000000000"}
        if is_valid(found):
            return found
    raise AssertionError(f"no valid document was found near {document}")


def near(document: Mapping[str, Any], bounds: list[int], random: Random) -> dict[str, Any]:
    """The document with one to four changes: a number beside a bound, a word, a member or an element less or more."""
    while True:
        changed = deepcopy(dict(document))
        for _ in range(random.randint(1, 4)):
            _change(*random.choice(list(_places(changed))), bounds, random)
        changed["context"] = document["context"]
        if is_valid(changed):
            return changed


def integers(value: Any) -> list[int]:
    """The numbers among a rule's parameters."""
    found = value.values() if isinstance(value, dict) else ()
    return [each for each in found if isinstance(each, int)]


def is_valid(document: Mapping[str, Any]) -> bool:
    """Whether a gate would judge it."""
    try:
        validate_input(canonical_bytes(document))
    except (CanonicalError, JudgeError):
        return False
    return True


def fitting(schema: Any, value: Any, random: Random) -> Any:
    """The value, changed as little as the schema allows; one of the schema's own where there is none."""
    rules = _merged(schema)
    if "const" in rules:
        return rules["const"]
    if "enum" in rules:
        return value if value in rules["enum"] else random.choice(rules["enum"])
    kinds = rules.get("type", "object" if rules.get("properties") or rules.get("required") else None)
    match kinds if isinstance(kinds, str) else (kinds or [None])[0]:
        case "object":
            return _fitting_object(rules, value if isinstance(value, dict) else {}, random)
        case "array":
            items = value if isinstance(value, list) else [None] * random.randint(0, 2)
            return [fitting(rules["items"], each, random) for each in items or [None] * rules.get("minItems", 0)]
        case "string":
            return _fitting_text(rules, value, random)
        case "integer":
            return value if isinstance(value, int) and not isinstance(value, bool) else random.choice(NUMBERS)
        case "number":
            return value if isinstance(value, (int, float)) else 0.25
        case "boolean":
            return value if isinstance(value, bool) else random.random() < 0.5
        case _:
            return 0 if value is None else value


def _merged(schema: Any) -> dict[str, Any]:
    """The schema with what it refers to; of alternatives, the last."""
    if not isinstance(schema, dict):
        return {}
    found: dict[str, Any] = {}
    parts = list(schema.get("allOf", [])) + ([schema] if "$ref" in schema else [])
    for part in parts:
        found = _joined(found, _merged(_SCHEMA["$defs"][part["$ref"].rpartition("/")[2]]))
    own = {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
    if "oneOf" in own:
        own = _joined(own, own.pop("oneOf")[-1])
    return _joined(found, own)


def _joined(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    both = {**one, **two, "required": [*one.get("required", []), *two.get("required", [])]}
    properties = dict(one.get("properties", {}))
    for name, schema in two.get("properties", {}).items():
        before = properties.get(name)
        properties[name] = _joined(_merged(before), _merged(schema)) if before is not None else schema
    return {**both, "properties": properties}


def _fitting_object(rules: dict[str, Any], value: dict[str, Any], random: Random) -> dict[str, Any]:
    properties, others = rules.get("properties", {}), rules.get("additionalProperties", {})
    known = {name: member for name, member in value.items() if name in properties or others is not False}
    wanted = [*known, *(name for name in rules.get("required", []) if name not in known)]
    found = {name: fitting(properties.get(name, others), known.get(name), random) for name in wanted}
    if "if" in rules:
        then = rules.get("then" if jsonschema_rs.is_valid(rules["if"], found) else "else", {})
        refused = [name for name, schema in then.get("properties", {}).items() if schema is False]
        wanted = [name for name in then.get("required", []) if name not in found]
        found = {name: member for name, member in found.items() if name not in refused}
        found |= {name: fitting(properties.get(name, others), None, random) for name in wanted}
    if len(found) < rules.get("minProperties", 0):
        found["sha256"] = fitting(others, None, random)
    return found


def _fitting_text(rules: dict[str, Any], value: Any, random: Random) -> str:
    pattern = rules.get("pattern", "")
    if "[0-9]{4}-" in pattern:
        return value if isinstance(value, str) and len(value) == len(AS_OF) else random.choice(INSTANTS)
    if "{64}" in pattern:
        return sha256(str(value).encode()).hexdigest()
    return value if isinstance(value, str) and value else random.choice(WORDS)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield value, key
        yield from _places(member)


def _change(holder: Any, key: Any, bounds: list[int], random: Random) -> None:
    value = holder[key] if isinstance(holder, dict) or key < len(holder) else None
    match random.randrange(8):
        case 0 if isinstance(holder, dict) or key < len(holder):
            del holder[key]
        case 1 if isinstance(value, (dict, list)):
            holder[key] = type(value)()
        case 2 if isinstance(value, list) and value:
            holder[key] = [*value, deepcopy(random.choice(value))]
        case _ if value is not None:
            holder[key] = _another(value, bounds, random)


def _another(value: Any, bounds: list[int], random: Random) -> Any:
    match value:
        case bool():
            return not value
        case int():
            beside = [bound + step for bound in (*bounds, value) for step in (-1, 0, 1)]
            return random.choice([*beside, -value, *NUMBERS])
        case str() if len(value) == len(AS_OF) and value.endswith("Z"):
            return random.choice(INSTANTS)
        case str():
            return random.choice([*WORDS, "pass", "fail", "undecided", "fresh", "stale", value.upper(), f"{value} "])
        case list():
            return list(reversed(value))
        case _:
            return value
