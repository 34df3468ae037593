"""Whether the gate is known to be able to refuse, from what the log knew when it decided."""

from __future__ import annotations

from datetime import datetime

from tolbooth.model.instant import parse_instant
from tolbooth.model.wire import JsonObject
from tolbooth.report import words


def proven_at(input_document: JsonObject) -> datetime | None:
    """When the gate was last proven able to refuse; None where no drill ever held, or the log was not asked."""
    drill = _drill(input_document)
    return None if drill is None or "held_at" not in drill else parse_instant(drill["held_at"])


def doubt_line(input_document: JsonObject, policy_sha256: str) -> str | None:
    """Why that is in doubt: never drilled, failed since, or proven for another policy; None where it is not."""
    if "governance" not in input_document:
        return None
    drill = _drill(input_document)
    if drill is None:
        return "The gate was never proven able to refuse: no known-bad case was tried."
    if not drill["last_held"]:
        when = words.when(parse_instant(drill["last_at"]))
        return f"The last drill, on {when}, failed: a known-bad case was not refused."
    if drill["held_policy_sha256"] != policy_sha256:
        return "The gate was proven able to refuse under another policy than this one."
    return None


def _drill(input_document: JsonObject) -> JsonObject | None:
    found: JsonObject | None = input_document.get("governance", {}).get("drill")
    return found
