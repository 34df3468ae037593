"""Canonical JSON (RFC 8785): the only bytes of ours that are ever digested or signed."""

from __future__ import annotations

import rfc8785

from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError, Problem
from tolbooth.model.wire import as_json


class CanonicalError(CollectError, ValueError):
    """A value has no canonical form: not finite, an integer beyond 2^53 - 1, or no JSON at all."""


def canonical_bytes(value: object) -> bytes:
    """The RFC 8785 form of ``value``: UTF-8, sorted members, no white space.

    Dataclasses, enums and instants are written as ``model.wire.as_json`` writes them.

    Raises:
        CanonicalError: for NaN, infinity, an integer outside ±(2^53 - 1), a lone surrogate, or a value that has no
            JSON form.
    """
    try:
        return rfc8785.dumps(as_json(value))
    except rfc8785.IntegerDomainError as error:
        raise _refusal("canonical.integer-range", error, "Write integers beyond 2^53 - 1 as strings.") from error
    except rfc8785.FloatDomainError as error:
        raise _refusal("canonical.not-finite", error, "Leave a number out where it is not known.") from error
    except (ValueError, TypeError) as error:
        raise _refusal("canonical.value", error, None) from error


def canonical_sha256(value: object) -> str:
    """SHA-256 of the canonical bytes of ``value``, in hex."""
    return sha256_hex(canonical_bytes(value))


def _refusal(code: str, error: Exception, hint: str | None) -> CanonicalError:
    return CanonicalError(Problem(code=code, message=f"no canonical JSON: {error}", hint=hint))
