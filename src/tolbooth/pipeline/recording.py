"""Each step's attestation: a statement about the subject, signed and appended when the step ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tolbooth.evidence.dsse import sign_envelope
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.statement import ResourceDescriptor, statement
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import TolboothError
from tolbooth.model.subject import Subject
from tolbooth.pipeline.workspace import Workspace
from tolbooth.store.embedded import LogEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An attestation as it was appended."""

    entry: LogEntry
    envelope: bytes


def attest(
    workspace: Workspace,
    kind: Kind,
    subject: Subject | Sequence[ResourceDescriptor],
    predicate: object,
    *,
    unless: Callable[[], int | None] | None = None,
) -> Recorded:
    """Sign a statement of ``kind`` about ``subject`` and append it to the log.

    ``unless`` is as ``EmbeddedStore.append`` takes it; the entry is another envelope's then.

    Raises:
        StoreError, ConfigError: as ``EmbeddedStore.append``; nothing was appended then.
    """
    envelope = sign_envelope(statement(kind.predicate_type, subject, predicate), workspace.keys.seal)
    workspace.attempted.append(sha256_hex(envelope))
    entry = workspace.store.append(kind, envelope, signer=workspace.keys.log, clock=workspace.clock, unless=unless)
    return Recorded(entry=entry, envelope=envelope)


@contextmanager
def telling_what_was_kept(workspace: Workspace) -> Iterator[None]:
    """Add to whatever goes wrong inside, an interrupt too, a note that says what the log keeps of this run.

    The log itself is asked: an append that failed late may stand all the same, and other processes append meanwhile.
    """
    before = workspace.store.size()
    try:
        yield
    except BaseException as error:
        error.add_note(_kept(workspace, before))
        raise


def _kept(workspace: Workspace, before: int) -> str:
    try:
        entries = workspace.store.entries()[before:]
    except TolboothError:
        return "What was recorded can't be told, since the store can't be read."
    kinds = [entry.kind for entry in entries if entry.envelope_sha256 in workspace.attempted]
    if not kinds:
        return "Nothing was recorded."
    return f"Recorded until then: {', '.join(dict.fromkeys(kinds))}. Nothing is half-written."
