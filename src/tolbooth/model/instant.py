"""Instants: aware UTC, whole seconds, written as RFC 3339 with ``Z``.

The one function that decides whether something is in force at an instant is here, and nowhere else.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def instant(value: datetime) -> datetime:
    """Normalise an aware datetime to UTC and whole seconds (fractions are cut off).

    Raises:
        ValueError: if ``value`` has no time zone.
    """
    if value.tzinfo is None:
        raise ValueError("a time without a zone is not an instant")
    return value.astimezone(UTC).replace(microsecond=0)


def format_instant(value: datetime) -> str:
    """Write an instant as ``2026-11-23T09:14:07Z`` (RFC 3339)."""
    return instant(value).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: str) -> datetime:
    """Read RFC 3339 with a zone; the result is UTC in whole seconds.

    Raises:
        ValueError: if the text is no date and time with a zone.
    """
    return instant(datetime.fromisoformat(text))


def end_of_day(day: date, zone: str = "UTC") -> datetime:
    """The instant at which ``day`` ends in ``zone``: the next day's first moment, since intervals are half-open."""
    return instant(datetime.combine(day + timedelta(days=1), time(0), tzinfo=ZoneInfo(zone)))


def beginning(value: date | datetime | None, zone: str) -> datetime | None:
    """The instant from which a declared day holds in ``zone``; an instant stays what it is."""
    if value is None or isinstance(value, datetime):
        return None if value is None else instant(value)
    return end_of_day(value - timedelta(days=1), zone)


def ending(value: date | datetime | None, zone: str) -> datetime | None:
    """The instant at which what is declared until a day ends in ``zone``; an instant stays what it is."""
    if value is None or isinstance(value, datetime):
        return None if value is None else instant(value)
    return end_of_day(value, zone)


def in_force(as_of: datetime, *, effective_on: datetime | None, effective_until: datetime | None) -> bool:
    """Whether the half-open interval [effective_on, effective_until) holds ``as_of``; None is unbounded."""
    if effective_on is not None and as_of < effective_on:
        return False
    return effective_until is None or as_of < effective_until
