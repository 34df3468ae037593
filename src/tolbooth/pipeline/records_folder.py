"""The ``records:`` folder: what people signed and git carried, verified at every gate and appended where unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tolbooth.config.load import Project
from tolbooth.evidence.dsse import open_envelope
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError, Place, Problem, TolboothError, VerificationError
from tolbooth.model.observation import Gap
from tolbooth.pipeline.workspace import Workspace

DEFAULT_FOLDER = "governance"
SUFFIX = ".dsse.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A signed envelope as it lies in the folder; ``path`` is relative to the project's folder."""

    path: str
    kind: Kind
    envelope: bytes


def read_records(project: Project, keys: Sequence[PublicKey]) -> tuple[Record, ...]:
    """Read and verify every ``*.dsse.json`` of the records folder, in the order of their names.

    Raises:
        ConfigError: ``records.not-found`` if the folder is declared and not there.
        VerificationError: ``records.*`` or ``json.*``, with every file that does not verify.
    """
    folder = _folder(project)
    if folder is None:
        return ()
    records: list[Record] = []
    problems: list[Problem] = []
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        try:
            records.append(_record(path, project.folder, keys))
        except TolboothError as error:
            problems += error.problems
    if problems:
        raise VerificationError(problems)
    return tuple(records)


def append_records(workspace: Workspace, records: Sequence[Record]) -> None:
    """Append the records that the log does not know yet, as received."""
    for record in records:
        workspace.attempted.append(sha256_hex(record.envelope))
        workspace.store.append(record.kind, record.envelope, signer=workspace.keys.log, clock=workspace.clock)


def not_applied(records: Sequence[Record]) -> tuple[Gap, ...]:
    """What this release keeps but does not apply: said in every report, so that nobody thinks it counted."""
    if not records:
        return ()
    kinds = Counter(record.kind.value for record in records)
    counted = ", ".join(f"{number} of kind {kind}" for kind, number in sorted(kinds.items()))
    message = f"records were verified and kept, and are not applied by this release: {counted}"
    return (Gap(kind="records", about="records", code="records.not-applied", message=message),)


def _folder(project: Project) -> Path | None:
    declared = project.settings.records
    folder = project.folder / (declared or DEFAULT_FOLDER)
    if folder.is_dir():
        return folder
    if declared is None:
        return None
    place = project.place("records")
    raise ConfigError.of(
        "records.not-found", f"there is no folder {declared}", place=place, hint="make it, or take the key out"
    )


def _record(path: Path, root: Path, keys: Sequence[PublicKey]) -> Record:
    shown = path.relative_to(root).as_posix()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError.of("records.unreadable", f"{shown}: {error.strerror}", place=Place(path=shown)) from error
    opened = open_envelope(content, keys, path=shown, family="records", ours=True)
    kind = next((each for each in Kind if each.predicate_type == opened.statement.predicate_type), None)
    if kind is None or not kind.is_record:
        raise VerificationError.of(
            "records.kind",
            f"a statement of type {opened.statement.predicate_type} is no record of people",
            place=Place(path=shown),
            hint="transcripts are imported with 'tolbooth log import'",
        )
    return Record(path=shown, kind=kind, envelope=content)
