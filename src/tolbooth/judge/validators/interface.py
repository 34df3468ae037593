"""What a validator is, how far it may go, and what is recorded of having run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tolbooth.evidence.canonical import canonical_sha256
from tolbooth.judge.interface import EvaluationFailure, PackageResults
from tolbooth.model.digest import sha256_hex

PROGRAM_SUFFIX = ".validator.yaml"
"""How the name of a file ends that holds a program's METADATA and says which program it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validator:
    """A rule that is a Python function or a program.

    ``files`` are everything that runs, by path in the library: the Python file alone, or the METADATA file and every
    file of a program. Either ``function`` names a function of the one file, or ``program`` holds the words of a
    command line whose first names a file of the rule's folder, as ``./NAME``. ``module`` is the importable name of an
    installed one, ``distribution`` and ``version`` the package that brought it. ``installed`` is false for one that
    was read out of a pack: it never runs.
    """

    code: str
    path: str
    files: Mapping[str, bytes]
    function: str | None = None
    program: tuple[str, ...] = ()
    module: str | None = None
    distribution: str | None = None
    version: str | None = None
    installed: bool = True

    @property
    def digest(self) -> str:
        """SHA-256 over its files and what of them is run: equal digests run the same bytes."""
        files = [[PurePosixPath(path).name, sha256_hex(content)] for path, content in sorted(self.files.items())]
        return canonical_sha256({"files": files, "function": self.function, "program": list(self.program)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far one run may go: wall-clock seconds, address space, and the size of any file that it writes."""

    deadline_seconds: float = 60.0
    memory_bytes: int = 2 << 30
    file_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatorRun:
    """What the judgement's attestation says of one validator.

    ``fence`` names what the kernel held shut: ``network`` (an empty network of its own), ``processes`` (a process table
    of its own), ``files`` (nothing is writable but an empty folder), ``sockets`` (none can be made). ``fenced`` says
    that no socket could reach anything.
    """

    rule: str
    path: str
    digest: str
    distribution: str | None
    version: str | None
    fence: tuple[str, ...]
    fenced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatorAnswer:
    """What a validator said, or why it said nothing, and how it was fenced in."""

    results: PackageResults | EvaluationFailure
    fence: tuple[str, ...] = field(default=())

    @property
    def fenced(self) -> bool:
        """Whether the kernel let no socket of it reach anything."""
        return not {"network", "sockets"}.isdisjoint(self.fence)
