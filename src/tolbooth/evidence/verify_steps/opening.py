"""Step 2, ``seal.*``: the seal is there, signed by the key that was given, and says what a seal says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tolbooth.evidence.dsse import open_envelope, read_unverified
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.reading import read_value
from tolbooth.evidence.seal import SEAL_PATH, SIGNED_PATHS, Seal
from tolbooth.evidence.statement import SEAL, ResourceDescriptor
from tolbooth.evidence.verify_steps.refusal import refuse

KNOWN_VERSIONS = frozenset({1})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSeal:
    """A seal whose signature holds: what it says, about what, signed by which key."""

    seal: Seal
    subject: tuple[ResourceDescriptor, ...]
    key_id: str


def open_seal(files: Mapping[str, bytes], key: PublicKey | None) -> OpenedSeal:
    """Open ``seal/seal.dsse.json``; without a key its signature is not checked, and the key id is empty.

    Raises:
        VerificationError: ``seal.missing``, ``.envelope``, ``.payload-type``, ``.signature``, ``.predicate-type``,
            ``.version``, ``.files``; or ``json.*``.
    """
    if SEAL_PATH not in files:
        refuse("seal.missing", "the pack is not sealed", SEAL_PATH)
    if key is None:
        opened = read_unverified(files[SEAL_PATH], path=SEAL_PATH)
    else:
        opened = open_envelope(files[SEAL_PATH], [key], path=SEAL_PATH, ours=True)
    if opened.statement.predicate_type != SEAL:
        refuse("seal.predicate-type", f"this is signed, but as {opened.statement.predicate_type!r}", SEAL_PATH)
    predicate = opened.statement.predicate
    if predicate.get("version") not in KNOWN_VERSIONS:
        hint = "A newer Tolbooth may have sealed it: verify with that one."
        refuse("seal.version", f"a seal of version {predicate.get('version')!r} is unknown here", SEAL_PATH, hint=hint)
    seal = read_value(Seal, predicate, path=SEAL_PATH)
    if tuple(one.path for one in seal.files) != SIGNED_PATHS:
        refuse("seal.files", "the seal does not name the files that it has to", SEAL_PATH)
    return OpenedSeal(seal=seal, subject=opened.statement.subject, key_id=opened.key_id)
