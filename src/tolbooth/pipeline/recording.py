"""Each step's attestation: a statement about the subject, signed and appended when the step ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tolbooth.evidence.dsse import sign_envelope
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.statement import ResourceDescriptor, statement
from tolbooth.model.subject import Subject
from tolbooth.pipeline.workspace import Workspace
from tolbooth.store.embedded import LogEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An attestation as it was appended."""

    entry: LogEntry
    envelope: bytes


def attest(
    workspace: Workspace, kind: Kind, subject: Subject | Sequence[ResourceDescriptor], predicate: object
) -> Recorded:
    """Sign a statement of ``kind`` about ``subject`` and append it to the log.

    Raises:
        StoreError, ConfigError: as ``EmbeddedStore.append``; nothing was appended then.
    """
    envelope = sign_envelope(statement(kind.predicate_type, subject, predicate), workspace.keys.seal)
    entry = workspace.store.append(kind, envelope, signer=workspace.keys.log, clock=workspace.clock)
    return Recorded(entry=entry, envelope=envelope)
