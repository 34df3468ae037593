"""YAML 1.2 read with the place of every key and value, so that a mistake is shown where it stands.

Owns syntax only: what the keys mean is ``settings``. Decimals stay exact (``Decimal``); aliases, merge keys, tags of
one's own and duplicate keys are refused, because what a reviewer reads should be what is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tolbooth.model.errors import ConfigError, Place, Problem

Path = tuple[str | int, ...]
"""From the document's root: mapping keys and sequence positions."""

_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlDocument:
    """A parsed document: its plain value, and where each key and value stands."""

    path: str
    value: Any
    keys: Mapping[Path, Place]
    values: Mapping[Path, Place]

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where ``path`` stands; the nearest parent's place where the path itself does not exist."""
        if key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place(path=self.path, line=1, column=1))


def parse_yaml(text: str, path: str) -> YamlDocument:
    """Parse one YAML document.

    Raises:
        ConfigError: ``config.yaml-syntax``, ``config.yaml-duplicate-key`` and relatives, all with their places.
    """
    try:
        _refuse_aliases(text, path)
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise ConfigError(_syntax_problem(error, text, path)) from error
    except YAMLError as error:
        raise ConfigError.of("config.yaml-syntax", str(error).splitlines()[0], place=Place(path=path)) from error
    reader = _Reader(path)
    value = {} if root is None else reader.value(root, ())
    if reader.problems:
        raise ConfigError(reader.problems)
    return YamlDocument(path=path, value=value, keys=reader.keys, values=reader.values)


def _refuse_aliases(text: str, path: str) -> None:
    if "*" not in text:
        return
    found = []
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, AliasEvent):
            start, end = event.start_mark, event.end_mark
            place = Place(path=path, line=start.line + 1, column=start.column + 1, width=end.column - start.column)
            message, hint = "an alias is not allowed here", "write the value out"
            found.append(Problem(code="config.yaml-alias", message=message, place=place, hint=hint))
    if found:
        raise ConfigError(found)


_PLAIN_WORDS = (
    ("'\\t' that cannot start any token", "a tab can't indent a line", "indent with spaces"),
    ("mapping values are not allowed", "a second ':' in one line, or a line indented too far", "quote text with ':'"),
    ("could not find expected ':'", "a key without ':'", None),
    ("expected <block end>", "this line is indented unlike its neighbours", "one level is two spaces"),
    ("expected ',' or ']'", "a list in brackets isn't closed", "end it with ']'"),
    ("expected ',' or '}'", "a mapping in braces isn't closed", "end it with '}'"),
    ("while scanning a quoted scalar", "a quotation mark isn't closed", None),
    ("expected a single document", "a second document begins here", "one file holds one document: take out '---'"),
    ("found undefined alias", "an alias is not allowed here", "write the value out"),
)
"""What the parser says, and the same for somebody who does not know how it works."""


def _syntax_problem(error: MarkedYAMLError, text: str, path: str) -> Problem:
    said = f"{error.context or ''} {error.problem or ''}".strip()
    message, hint = next(((plain, hint) for words, plain, hint in _PLAIN_WORDS if words in said), (said, None))
    marks = [mark for mark in (error.problem_mark, error.context_mark) if mark is not None]
    # A thing that was never closed is noticed far below; it is shown where it began.
    marks = marks[::-1] if "isn't closed" in message else marks
    inside = [mark for mark in marks if text[mark.index :].strip()] or marks
    mark = inside[0] if inside else None
    place = Place(path=path) if mark is None else Place(path=path, line=mark.line + 1, column=mark.column + 1)
    return Problem(code="config.yaml-syntax", message=f"not YAML: {message}", place=place, hint=hint)


class _Reader:
    """Walks a node graph once, collecting values, places and problems."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.keys: dict[Path, Place] = {}
        self.values: dict[Path, Place] = {}
        self.problems: list[Problem] = []

    def value(self, node: Node, path: Path) -> Any:
        self.values[path] = self._place(node)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(child, (*path, position)) for position, child in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = self._place(key_node)
            key = str(key_node.value) if isinstance(key_node, ScalarNode) else ""
            if not isinstance(key_node, ScalarNode) or key == "<<":
                self._problem("config.yaml-key", "a key should be a plain word", place)
            elif key in found:
                first = self.keys[(*path, key)].line
                hint = f"it stands in line {first} already: take one out"
                self._problem("config.yaml-duplicate-key", f"'{key}' stands twice", place, hint)
            else:
                self.keys[(*path, key)] = place
                found[key] = self.value(value_node, (*path, key))
        return found

    def _scalar(self, node: Node) -> Any:
        text = str(node.value)
        match str(node.tag).removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return self._number(text, node, int)
            case "float":
                return self._number(text, node, Decimal)
            case "timestamp":
                return _timestamp(text)
            case "str":
                return text
            case tag:
                self._problem("config.yaml-tag", f"the tag '{tag}' is not allowed here", self._place(node))
                return None

    def _number(self, text: str, node: Node, kind: type[int | Decimal]) -> Any:
        try:
            number = int(text.replace("_", ""), 0) if kind is int else Decimal(text.replace("_", ""))
        except (ValueError, InvalidOperation):
            number = Decimal("NaN")
        if isinstance(number, Decimal) and not number.is_finite():
            self._problem("config.yaml-number", f"'{text}' is not a finite number", self._place(node))
        return number

    def _place(self, node: Node) -> Place:
        start, end = node.start_mark, node.end_mark
        one_line = start.line == end.line
        width = max(1, end.column - start.column) if one_line else 1
        return Place(path=self.path, line=start.line + 1, column=start.column + 1, width=width)

    def _problem(self, code: str, message: str, place: Place, hint: str | None = None) -> None:
        self.problems.append(Problem(code=code, message=message, place=place, hint=hint))


def _timestamp(text: str) -> date | datetime | str:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text
