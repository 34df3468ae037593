"""From our frozen types to plain JSON values: the one writer that every record goes through.

Canonical bytes are ``evidence.canonical``'s; reading back is ``evidence.reading``'s.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from tolbooth.model.instant import format_instant

JsonObject = Mapping[str, Any]
"""A JSON object whose shape its owner documents."""


def as_json(value: object) -> Any:
    """Turn dataclasses, enums, instants, mappings and sequences into plain JSON values.

    Fields that are None are left out, so that an optional field added later changes no old bytes.

    Raises:
        TypeError: for a value that has no JSON form.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return format_instant(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: as_json(item) for name, item in fields if item is not None}
    if isinstance(value, Mapping):
        return {str(name): as_json(item) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [as_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")
