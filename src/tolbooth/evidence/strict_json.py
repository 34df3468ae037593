"""JSON read so strictly that two readers can't disagree on what it says (RFC 8259, I-JSON RFC 7493)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from tolbooth.model.errors import Place, VerificationError

DEPTH_LIMIT = 64
"""How deep objects and arrays may nest."""

INTEGER_LIMIT = 2**53 - 1
"""The largest integer that every JSON reader keeps (RFC 7493 §2.2); larger ones travel as strings."""

_BYTE_ORDER_MARK = "\ufeff"


class _Refused(Exception):  # noqa: N818 (never leaves this module)
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def parse(content: bytes, *, path: str, line: int | None = None) -> Any:
    """Parse exactly one JSON value.

    ``line`` is where ``content`` starts in the file, for files that hold one value a line.

    Raises:
        VerificationError: ``json.encoding`` (not UTF-8, a byte order mark, a lone surrogate), ``json.syntax`` (with
            anything after the value), ``json.duplicate-key``, ``json.not-finite``, ``json.number`` (an integer beyond
            2^53 - 1) or ``json.depth`` (nested more than 64 deep).
    """
    try:
        value = json.loads(
            _decoded(content),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_integer,
        )
        _check(value)
    except _Refused as refused:
        raise VerificationError.of(refused.code, str(refused), place=Place(path=path, line=line)) from None
    except json.JSONDecodeError as error:
        place = Place(path=path, line=line or error.lineno, column=error.colno)
        raise VerificationError.of("json.syntax", f"not JSON: {error.msg}", place=place) from error
    except RecursionError:
        raise VerificationError.of("json.depth", _TOO_DEEP, place=Place(path=path, line=line)) from None
    return value


def parse_lines(content: bytes, *, path: str) -> Iterator[tuple[bytes, Any]]:
    r"""Parse one JSON value a line; gives each line's bytes, without ``\n``, and its value.

    Every line ends with ``\n``; empty content has no lines.

    Raises:
        VerificationError: as ``parse``, with the line's number.
    """
    if not content:
        return
    if not content.endswith(b"\n"):
        raise VerificationError.of("json.syntax", "the last line has no end", place=Place(path=path))
    for number, line in enumerate(content[:-1].split(b"\n"), start=1):
        yield line, parse(line, path=path, line=number)


_TOO_DEEP = f"nested more than {DEPTH_LIMIT} deep"


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Refused("json.encoding", f"not UTF-8 at byte {error.start}") from error
    if text.startswith(_BYTE_ORDER_MARK):
        raise _Refused("json.encoding", "starts with a byte order mark")
    return text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _Refused("json.duplicate-key", f"the key {twice!r} is there twice")
    return members


def _constant(text: str) -> NoReturn:
    raise _Refused("json.not-finite", f"{text} is no JSON number")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Refused("json.not-finite", f"{text[:40]} is beyond every double")
    return number


def _integer(text: str) -> int:
    # NOTE: the length is looked at first, since Python refuses to convert very long digit strings.
    if len(text) > len(str(INTEGER_LIMIT)) + 1 or abs(int(text)) > INTEGER_LIMIT:
        raise _Refused("json.number", f"{text[:40]} is beyond 2^53 - 1 and must be a string")
    return int(text)


def _check(value: Any) -> None:
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, str):
            _check_text(item)
            continue
        if not isinstance(item, (dict, list)):
            continue
        if depth > DEPTH_LIMIT:
            raise _Refused("json.depth", _TOO_DEEP)
        if isinstance(item, dict):
            waiting.extend((name, depth) for name in item)
            waiting.extend((inner, depth + 1) for inner in item.values())
        else:
            waiting.extend((inner, depth + 1) for inner in item)


def _check_text(text: str) -> None:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise _Refused("json.encoding", "a string holds half of a surrogate pair")
