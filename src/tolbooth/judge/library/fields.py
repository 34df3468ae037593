"""Fields of a YAML mapping read one by one, each mistake kept with its place, so that all are told together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from tolbooth.config.yaml_source import YamlDocument
from tolbooth.model.errors import Place, Problem

Choice = TypeVar("Choice", bound=StrEnum)
Path = tuple[str | int, ...]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"did you mean '{close[0]}'?" if close else f"one of: {', '.join(names) or 'none'}"


class Fields:
    """The fields of the mapping at ``path``; reading a wrong one keeps a problem and gives an empty value."""

    def __init__(self, document: YamlDocument, path: Path, problems: list[Problem], *, code: str) -> None:
        self._document = document
        self._path = path
        self._problems = problems
        self._code = code
        value = _at(document.value, path)
        self._mapping: dict[str, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            self.refuse("type", f"{self._label()} is not a mapping")

    def __contains__(self, name: str) -> bool:
        return name in self._mapping

    def only(self, known: Sequence[str]) -> None:
        """Refuse every key that is not known."""
        for name in self._mapping:
            if name not in known:
                place = self._document.place((*self._path, name), key=True)
                self.refuse("unknown-key", f"unknown key '{name}'", place=place, hint=did_you_mean(name, known))

    def text(self, name: str, *, required: bool = True) -> str | None:
        """A text that is not empty; a number that stands for one is refused."""
        value = self._value(name, required=required)
        if value is None or (isinstance(value, str) and value.strip()):
            return None if value is None else value.strip()
        self.wrong(name, "a text")
        return None

    def texts(self, name: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of different texts."""
        value = self._value(name, required=required)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self.wrong(name, "a list of texts")
            return ()
        if len(set(value)) < len(value):
            self.refuse("duplicate", f"'{name}' names something twice", place=self.place(name))
        return tuple(value)

    def choice(self, name: str, kind: type[Choice], *, required: bool = True) -> Choice | None:
        """A member of an enumeration."""
        value = self._value(name, required=required)
        known = [item.value for item in kind]
        if value is None or value in known:
            return None if value is None else kind(value)
        self.refuse(
            "value", f"'{name}' can't be '{value}'", place=self.place(name), hint=did_you_mean(str(value), known)
        )
        return None

    def moment(self, name: str) -> date | datetime | None:
        """A day, or an instant with a zone."""
        value = self._value(name, required=False)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value
        self.wrong(name, "a day such as 2027-01-31, or a time with its zone")
        return None

    def raw(self, name: str) -> Any:
        """The plain value, unchecked; None if it is absent."""
        return self._mapping.get(name)

    def items(self, name: str) -> tuple[Fields, ...]:
        """A list of mappings, as fields each."""
        value = self._value(name, required=False)
        if value is not None and not isinstance(value, list):
            self.wrong(name, "a list")
        count = len(value) if isinstance(value, list) else 0
        path = (*self._path, name)
        return tuple(Fields(self._document, (*path, at), self._problems, code=self._code) for at in range(count))

    def place(self, name: str | None = None, *, key: bool = False) -> Place:
        """Where a field's value (or key) stands; without a name, where the mapping does."""
        path = self._path if name is None else (*self._path, name)
        return self._document.place(path, key=key)

    def wrong(self, name: str, wanted: str) -> None:
        """Keep that a field is not what it should be."""
        self.refuse("type", f"'{name}' is not {wanted}", place=self.place(name))

    def refuse(self, kind: str, message: str, *, place: Place | None = None, hint: str | None = None) -> None:
        """Keep a problem of our family of codes."""
        where = place if place is not None else self.place()
        self._problems.append(Problem(code=f"{self._code}.{kind}", message=message, place=where, hint=hint))

    def _value(self, name: str, *, required: bool) -> Any:
        value = self._mapping.get(name)
        if value is None and required:
            self.refuse("missing-key", f"{self._label()} lacks '{name}'")
        return value

    def _label(self) -> str:
        return f"'{'.'.join(str(part) for part in self._path)}'" if self._path else "this"


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else value[part]
    return value
