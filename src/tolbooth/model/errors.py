"""The error family: what it means that Tolbooth could not do its job.

A failing rule is a value, never an exception. Every error carries one or more problems, each with a
stable code, so that independent mistakes are reported together. Which exit code an error gives is
``cli/exits.py``; which HTTP status, ``web/problems.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a file a problem stands. Lines and columns start at 1.

    ``excerpt`` holds the line before and the line itself, for a file that a reader could not open by its path.
    """

    path: str
    line: int | None = None
    column: int | None = None
    width: int = 1
    excerpt: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)

    def within(self, text: str) -> Place:
        """The same place with its excerpt from the file's whole text; unchanged where it names no line of it."""
        lines = text.splitlines()
        if self.line is None or not 1 <= self.line <= len(lines):
            return self
        return replace(self, excerpt=tuple(lines[max(0, self.line - 2) : self.line]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake or obstacle: a stable code, a sentence, where it stands and what to do.

    ``about`` names what the mistake is about, such as a column, for whoever knows where that was declared.
    """

    code: str
    message: str
    place: Place | None = None
    hint: str | None = None
    about: str | None = None


class TolboothError(Exception):
    """Tolbooth could not do what was asked; ``problems`` says why, at least once."""

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        if not self.problems:
            raise ValueError("an error names at least one problem")
        super().__init__("; ".join(problem.message for problem in self.problems))

    @classmethod
    def of(cls, code: str, message: str, *, place: Place | None = None, hint: str | None = None) -> TolboothError:
        """Make an error of this class from a single problem."""
        return cls(Problem(code=code, message=message, place=place, hint=hint))

    @property
    def code(self) -> str:
        """The stable code of the first problem."""
        return self.problems[0].code

    @property
    def hint(self) -> str | None:
        """What to do about the first problem, if anything is known."""
        return self.problems[0].hint


class ConfigError(TolboothError):
    """What the user wrote or asked for is wrong; nothing was recorded."""


class CollectError(TolboothError):
    """A declared source could not be read."""


class MeasureError(TolboothError):
    """Data could not be turned into numbers; the facts that needed them are missing."""


class JudgeError(TolboothError):
    """Policy could not be loaded or evaluated."""


class ReviewError(TolboothError):
    """A person's move is not legal in this state."""


class SigningError(TolboothError):
    """A key could not be found, read or used."""


class VerificationError(TolboothError):
    """Evidence does not verify; the first problem's code names the first broken link."""


class StoreError(TolboothError):
    """Disk, lock, permission or store refused; nothing half-written remains."""
