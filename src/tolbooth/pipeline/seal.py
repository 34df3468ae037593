"""seal: from a recorded decision to an evidence pack, which lies there whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tolbooth import __version__
from tolbooth.evidence.checkpoint import verifier_key
from tolbooth.evidence.decision_record import DECISION_ENVELOPE, NamedAttestation
from tolbooth.evidence.dsse import sign_envelope, take_apart
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.pack import ATTEST_FOLDER, PEOPLE_FOLDER, build_core, complete, lay_out
from tolbooth.evidence.seal import LogIdentity, View, seal_predicate
from tolbooth.evidence.summary import summary_statement
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import SigningError
from tolbooth.model.instant import instant
from tolbooth.model.subject import Subject
from tolbooth.pipeline.case_file import CaseFile, case_file
from tolbooth.pipeline.pack_files import write_pack
from tolbooth.pipeline.recording import attest, telling_what_was_kept
from tolbooth.pipeline.records import core_of, decision_record_of
from tolbooth.pipeline.reporting import report_on
from tolbooth.pipeline.sealer import require_other_sealer
from tolbooth.pipeline.transcripts import known_signers
from tolbooth.pipeline.workspace import Workspace
from tolbooth.report.formats import FORMATS, to_bytes

_VIEWS = {
    "report.html": "html",
    "report.pdf": "pdf",
    "machine/report.json": "json",
    "machine/report.sarif": "sarif",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPack:
    """A pack as it was written: where, its root, and where its seal stands in the log."""

    path: Path
    root: str
    position: int
    case: CaseFile


def seal(workspace: Workspace, prefix: str | None, *, target: Path | None = None) -> SealedPack:
    """Seal a recorded decision; a denial too.

    Args:
        workspace: the open project.
        prefix: the beginning of the decision's digest; None for the latest.
        target: the zip to write; default: named after the subject, in the project's output folder.

    Raises:
        ConfigError: if no decision, or more than one, is meant.
        DutyConflict: if the key that would seal is an approver's.
        StoreError: if the store or the disk refuses; no half pack is left, and a note on the error says whether the
            seal stands in the log.
    """
    with telling_what_was_kept(workspace):
        return _seal(workspace, prefix, target)


def _seal(workspace: Workspace, prefix: str | None, target: Path | None) -> SealedPack:
    row = workspace.store.decision(prefix)
    core = core_of(workspace.store, row)
    case = case_file(core)
    require_other_sealer(workspace, case, core)
    record = decision_record_of(core[DECISION_ENVELOPE])
    tree = build_core(core, workspace.store.blobs.get(record.salt_seed_sha256))
    sealed_at = instant(workspace.clock())
    views = _views(case)
    log = workspace.store
    files = lay_out(
        tree,
        case.decision,
        views=views,
        sealed_at=sealed_at,
        log_verifier=verifier_key(log.origin, log.log_key),
    )
    predicate = seal_predicate(
        files,
        root=tree.root,
        leaf_count=tree.leaf_count,
        views=views,
        log=LogIdentity(origin=log.origin, public_key=log.log_key.to_pem()),
        signers=_signers(workspace, core),
        sealed_at=sealed_at,
    )
    sealed = attest(workspace, Kind.SEAL, case.decision.case.subject, predicate)
    own = NamedAttestation(kind=Kind.DECISION, envelope_sha256=sha256_hex(core[DECISION_ENVELOPE]))
    summary = summary_statement(case.decision, [*record.attestations, own])
    pack = complete(
        files,
        seal=sealed.envelope,
        summary=sign_envelope(summary, workspace.keys.seal),
        proof=workspace.store.proof(sealed.entry.position, signer=workspace.keys.log),
    )
    path = target if target is not None else _default_path(workspace, case.decision.case.subject)
    write_pack(path, pack)
    return SealedPack(path=path, root=tree.root, position=sealed.entry.position, case=case)


def _signers(workspace: Workspace, core: Mapping[str, bytes]) -> list[PublicKey]:
    """The public keys of gates that signed what is inside: the sealer vouches for them.

    Raises:
        SigningError: ``signing.unknown-signer`` if a key that signed is not known on this machine.
    """
    known = {key.key_id: key for key in known_signers(workspace)}
    hinted = {
        key_id
        for path, envelope in core.items()
        if path.startswith((ATTEST_FOLDER, f"{PEOPLE_FOLDER}{Kind.RETIREMENT}-"))
        for key_id, _ in take_apart(envelope, path=path).signatures
    }
    strange = sorted(hinted - known.keys())
    if strange:
        raise SigningError.of(
            "signing.unknown-signer",
            f"the decision was recorded with key {strange[0][:12]}, whose public half is not known here",
            hint="if it is another machine's, import its transcript: 'tolbooth log import TRANSCRIPT --key ITS.pub'",
        )
    return [known[key_id] for key_id in sorted(hinted)]


def _views(case: CaseFile) -> list[View]:
    """What is rendered into the pack: the views are outside the root, so one that can't be made here is left out."""
    report = report_on(case)
    return [
        View(path=path, content=to_bytes(report, name), renderer=f"tolbooth {name}", renderer_version=__version__)
        for path, name in _VIEWS.items()
        if FORMATS[name].missing is None
    ]


def _default_path(workspace: Workspace, subject: Subject) -> Path:
    folder = workspace.project.folder / workspace.project.settings.output.folder
    return folder / f"{subject.name}-{subject.version}.evpack.zip"
