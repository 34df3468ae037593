"""A decision's JSON output, read back: whoever wrote the file may be anybody, so it is held against the schema."""

from __future__ import annotations

import json

import jsonschema_rs

from tolbooth.model.errors import ConfigError
from tolbooth.model.wire import JsonObject
from tolbooth.report.json_format import VERSION, output_schema


def read_output(content: bytes, *, path: str) -> JsonObject:
    """Read a decision's JSON output, version 1.

    Raises:
        ConfigError: ``since.not-output`` for anything else.
    """
    try:
        found: JsonObject = json.loads(content)
        jsonschema_rs.validator_for(output_schema()).validate(found)
    except (ValueError, RecursionError) as error:
        message = f"{path} is no JSON output of a gate, version {VERSION}"
        raise ConfigError.of(
            "since.not-output", message, hint="'tolbooth gate --report json=FILE' writes one"
        ) from error
    return found
