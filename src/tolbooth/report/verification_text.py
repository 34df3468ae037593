"""What ``verify`` and ``replay`` found, on a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from tolbooth.model.digest import short
from tolbooth.report.screen import NO_BREAK, Sheet, Style


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedStep:
    """A step of verification: its name, how many things it looked at, and whether they held."""

    name: str
    detail: str
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleLine:
    """A record of people that changed nothing about the decision, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationSummary:
    """A verification in simple fields.

    ``code``, ``path``, ``message`` and ``hint`` name the first broken link and are None where all held; ``unvouched``
    are phrases for what the verification doesn't rest on, such as ``not witnessed``.
    """

    pack: str
    verified: bool
    steps: tuple[VerifiedStep, ...]
    sealed_on: str | None = None
    key: str | None = None
    verdict: str | None = None
    subject: str | None = None
    subject_digest: str | None = None
    code: str | None = None
    path: str | None = None
    message: str | None = None
    hint: str | None = None
    unvouched: tuple[str, ...] = ()
    idle: tuple[IdleLine, ...] = ()


def render_verification(
    summary: VerificationSummary, *, width: int, color: bool, ascii_only: bool, options: str = ""
) -> str:
    """Render a verification: the verdict first, then each step, then what it does not rest on and the next command.

    ``options`` are those that the pack was verified with, for the next command to take too.
    """
    sheet = Sheet(width=width, color=color, ascii_only=ascii_only)
    style = Style.STRONG if summary.verified else Style.REFUSAL
    sheet.paragraph(_sentence(summary), style=style)
    steps = [f"{step.name}{f' {step.detail}' if step.detail else ''} {_mark(held=step.held)}" for step in summary.steps]
    if steps:
        sheet.paragraph("  ".join(part.replace(" ", NO_BREAK) for part in steps), indent=2)
    if summary.unvouched:
        sheet.paragraph(" · ".join(summary.unvouched), indent=2, style=Style.QUIET)
    for idle in summary.idle:
        sheet.paragraph(f"kept, without effect: {idle.path}: {idle.why}", indent=2, hang=2, style=Style.QUIET)
    if summary.hint:
        sheet.paragraph(summary.hint, indent=2)
    if summary.verified:
        sheet.line(f"tolbooth replay {summary.pack}{options}", indent=2)
    else:
        sheet.paragraph("Don't rely on this pack; ask the one who sealed it for another copy.", indent=2)
    return sheet.text()


def _mark(*, held: bool) -> str:
    return "✓" if held else "✗ broken"


def _sentence(summary: VerificationSummary) -> str:
    if not summary.verified:
        place = f" at {summary.path}" if summary.path else ""
        why = f": {summary.message}" if summary.message else ""
        return f"Not verified: {summary.code}{place}{why}"
    digest = f" ({short(summary.subject_digest)})" if summary.subject_digest else ""
    parts = [
        f"sealed {summary.sealed_on}" if summary.sealed_on else "",
        f"by key {summary.key}" if summary.key else "",
    ]
    sealed = " ".join(part for part in parts if part)
    decision = f"decision {summary.verdict} about {summary.subject}{digest}" if summary.subject else ""
    return f"Verified: {', '.join(part for part in (sealed, decision) if part)}"
