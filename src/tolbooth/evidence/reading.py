"""From canonical JSON back to our frozen types: the reverse of ``model.wire.as_json``.

A document may lack fields that have a default (an older version wrote it); it may not hold any that its type does not
know, nor a value in another form than ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.strict_json import parse
from tolbooth.model.errors import Place, VerificationError
from tolbooth.model.wire import as_json

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


def read(kind: type[T], content: bytes, *, path: str) -> T:
    """Read JSON bytes as ``kind``, one of our dataclasses.

    Raises:
        VerificationError: ``json.*`` as ``strict_json.parse``, or ``json.shape`` if the value does not fit ``kind``.
    """
    return read_value(kind, parse(content, path=path), path=path)


def read_value(kind: type[T], value: Any, *, path: str) -> T:
    """Read an already parsed JSON value as ``kind``.

    Raises:
        VerificationError: ``json.shape`` for a missing or unknown member or a value of another type or form.
    """
    # pydantic is slow to import, and only reading needs it.
    from pydantic import ValidationError  # noqa: PLC0415

    try:
        adapter: TypeAdapter[T] = _adapter(cast("Any", kind))
        result = _validated(adapter, value)
        strange = _strange(value, as_json(result), "")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _misfit(kind, where, first["msg"], path) from error
    except (ValueError, OverflowError) as error:
        raise _misfit(kind, "", str(error), path) from error
    if strange is not None:
        raise _misfit(kind, strange, "unknown here, or not written as we write it", path)
    return result


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # noqa: PLC0415

    return TypeAdapter(kind)


def _validated(adapter: TypeAdapter[T], value: Any) -> T:
    """Validate ``value``; members left out because they are None are put back first."""
    from pydantic import ValidationError  # noqa: PLC0415

    try:
        return adapter.validate_json(canonical_bytes(value), strict=True)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        if any(problem["type"] != "missing" for problem in problems):
            raise
        filled = _filled(value, [problem["loc"] for problem in problems])
        try:
            return adapter.validate_json(canonical_bytes(filled), strict=True)
        except ValidationError:
            raise error from None


def _filled(value: Any, places: Sequence[tuple[int | str, ...]]) -> Any:
    """A copy of ``value`` with None at ``places``."""
    copy = deepcopy(value)
    for place in places:
        holder = copy
        for part in place[:-1]:
            holder = holder[part]
        holder[place[-1]] = None
    return copy


def _strange(given: Any, written: Any, where: str) -> str | None:
    """The first member of ``given`` that ``written`` lacks or says otherwise."""
    if isinstance(given, Mapping) and isinstance(written, Mapping):
        pairs = [(name, given[name], written.get(name, _ABSENT)) for name in given]
    elif isinstance(given, list) and isinstance(written, list) and len(given) == len(written):
        pairs = [(str(index), item, written[index]) for index, item in enumerate(given)]
    else:
        return None if given == written else where
    found = (_strange(item, other, f"{where}.{name}".removeprefix(".")) for name, item, other in pairs)
    return next((place for place in found if place is not None), None)


_ABSENT = object()


def _misfit(kind: type[object], where: str, message: str, path: str) -> VerificationError:
    text = f"no {kind.__name__}: {where + ': ' if where else ''}{message}"
    return VerificationError.of("json.shape", text, place=Place(path=path))  # type: ignore[return-value]
