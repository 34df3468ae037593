"""Exit codes: the contract with scripts. "The tool broke" never looks like "the policy failed"."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import assert_never

from tolbooth.model.decision import Verdict
from tolbooth.model.errors import (
    CollectError,
    ConfigError,
    JudgeError,
    MeasureError,
    ReviewError,
    SigningError,
    StoreError,
    TolboothError,
    VerificationError,
)


class Exit(IntEnum):
    """What a command's exit code says."""

    ALLOW = 0
    DENY = 1
    USAGE = 2
    UNDECIDED = 3
    PENDING = 4
    NOT_VERIFIED = 5
    STORE = 6
    BUG = 70
    INTERRUPTED = 130


OF_ERROR: Mapping[type[TolboothError], Exit] = {
    ConfigError: Exit.USAGE,
    CollectError: Exit.USAGE,
    MeasureError: Exit.USAGE,
    JudgeError: Exit.USAGE,
    SigningError: Exit.USAGE,
    ReviewError: Exit.DENY,
    VerificationError: Exit.NOT_VERIFIED,
    StoreError: Exit.STORE,
}


def exit_of_error(error: TolboothError) -> Exit:
    """The exit code of an error; an error class that is not listed counts as its nearest listed parent."""
    return next((code for kind, code in OF_ERROR.items() if isinstance(error, kind)), Exit.USAGE)


def exit_of_verdict(verdict: Verdict) -> Exit:
    """The exit code of a decision."""
    match verdict:
        case Verdict.ALLOW:
            return Exit.ALLOW
        case Verdict.DENY:
            return Exit.DENY
        case Verdict.UNDECIDED:
            return Exit.UNDECIDED
        case Verdict.PENDING:
            return Exit.PENDING
        case _:
            assert_never(verdict)
