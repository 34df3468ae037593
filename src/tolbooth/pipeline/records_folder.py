"""Records that came by git: appended to the log as they were received, each once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tolbooth.evidence.kinds import Kind
from tolbooth.model.digest import sha256_hex
from tolbooth.pipeline.hearing import Record
from tolbooth.pipeline.records_files import SUFFIX, new_records_folder
from tolbooth.pipeline.workspace import Workspace
from tolbooth.store.durable import storage_errors, write_whole


def append_records(workspace: Workspace, records: Sequence[Record]) -> None:
    """Append the records that the log does not know yet, as received."""
    for record in records:
        workspace.attempted.append(sha256_hex(record.envelope))
        workspace.store.append(record.kind, record.envelope, signer=workspace.keys.log, clock=workspace.clock)


def file_record(workspace: Workspace, kind: Kind, envelope: bytes, *, folder: str, name: str) -> Path:
    """Append what a person signed, then write it into a folder of the records folder, where git carries it on.

    Raises:
        StoreError: if the store or the disk refuses.
    """
    append_records(workspace, [Record(path=name, kind=kind, envelope=envelope)])
    with storage_errors("the records folder could not be made", workspace.project.folder):
        target = new_records_folder(workspace.project) / folder
        target.mkdir(exist_ok=True)
    write_whole(target / f"{name}{SUFFIX}", envelope)
    return target / f"{name}{SUFFIX}"
