"""What every place is told: which gate runs there, and the file or the lines that make it run."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from tolbooth import __version__

REPORT_FOLDER = ".tolbooth/report"
"""Where a CI job writes its reports: git ignores it, so a second run in the same folder finds a clean tree."""

TRANSCRIPT = ".tolbooth/transcript.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateJob:
    """A gate as a place runs it.

    ``folder`` is where ``tolbooth.yaml`` stands below the repository's root, with forward slashes; empty for the root
    itself. ``extras`` are those of Tolbooth that the gate needs. ``branch`` is the one from which releases are made.
    """

    gate: str
    folder: str = ""
    extras: tuple[str, ...] = ()
    branch: str = "main"

    @property
    def install(self) -> str:
        """The command that installs this very version."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f'pip install "tolbooth{extras}=={__version__}"'

    def below(self, path: str) -> str:
        """A path of the project as the repository names it."""
        return f"{self.folder}/{path}" if self.folder else path

    def command(self, *reports: str) -> tuple[str, ...]:
        """The gate's command line, one report a line."""
        return (f"tolbooth gate {shlex.quote(self.gate)}", *(f"--report {report}" for report in reports))


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A file that a place obeys: its path below the repository's root, its text, and why it is written."""

    path: str
    content: str
    why: str
