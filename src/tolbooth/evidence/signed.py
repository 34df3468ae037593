"""What people and machines sign, told apart by its shape: a DSSE envelope, or a statement with an SSH signature."""

from __future__ import annotations

from collections.abc import Sequence

from tolbooth.evidence import dsse, ssh_envelope
from tolbooth.evidence.dsse import Opened, Unverified
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.ssh_keys import SshPublicKey, ssh_key_of
from tolbooth.evidence.statement import parse_statement
from tolbooth.evidence.strict_json import parse


def open_signed(
    content: bytes,
    keys: Sequence[PublicKey | SshPublicKey],
    *,
    namespace: str,
    path: str,
    family: str = "seal",
    ours: bool = True,
) -> Opened:
    """Check a signed statement of either kind; an ``ssh_envelope.SshOpened`` tells more of an SSH signature.

    A key of ours signs either kind; an SSH key signs SSHSIG alone, since an agent would sign anything else unasked.
    ``namespace`` binds SSH signatures; what a DSSE envelope is for, its statement's predicate type says.

    Raises:
        VerificationError: as ``dsse.open_envelope`` or ``ssh_envelope.open_ssh_envelope``.
    """
    if _is_ssh(content, path):
        known = [ssh_key_of(key) if isinstance(key, PublicKey) else key for key in keys]
        return ssh_envelope.open_ssh_envelope(content, known, namespace=namespace, path=path, family=family)
    plain = [key for key in keys if isinstance(key, PublicKey)]
    return dsse.open_envelope(content, plain, path=path, family=family, ours=ours)


def take_apart(content: bytes, *, path: str, family: str = "seal") -> Unverified:
    """Read a signed statement of either kind without checking any signature.

    Raises:
        VerificationError: as ``dsse.take_apart`` or ``ssh_envelope.take_apart_ssh``.
    """
    if _is_ssh(content, path):
        return ssh_envelope.take_apart_ssh(content, path=path, family=family)
    return dsse.take_apart(content, path=path, family=family)


def read_unverified(content: bytes, *, path: str, family: str = "seal") -> Opened:
    """Read the statement of either kind whose signature nobody checks; the key id is left empty.

    Raises:
        VerificationError: as ``dsse.read_unverified`` or ``ssh_envelope.take_apart_ssh``.
    """
    if not _is_ssh(content, path):
        return dsse.read_unverified(content, path=path, family=family)
    payload = ssh_envelope.take_apart_ssh(content, path=path, family=family).payload
    return Opened(payload=payload, key_id="", statement=parse_statement(payload, path=path))


def _is_ssh(content: bytes, path: str) -> bool:
    value = parse(content, path=path)
    return isinstance(value, dict) and "sshsig" in value
