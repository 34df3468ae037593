"""The public half of a person's SSH key file, read without opening the private one.

Format of private files: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
"""

from __future__ import annotations

from pathlib import Path

from tolbooth.evidence.ssh_keys import SshPublicKey, parse_public_key, read_public_key, refused
from tolbooth.evidence.ssh_wire import Reader, SshRefusal
from tolbooth.evidence.strict_base64 import decode
from tolbooth.model.errors import Place, SigningError, VerificationError

_PRIVATE_BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----"
_PRIVATE_END = "-----END OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_DAMAGED = "sshsig.key-private"
_SIZE_LIMIT_BYTES = 64 * 1024


def public_half(path: Path) -> SshPublicKey:
    """The public key of a private key file, or of a ``.pub`` file whose private half an agent holds.

    A private file in OpenSSH's own format names it inside; for others it is read from the ``.pub`` beside them.

    Raises:
        SigningError: ``signing.not-found``, ``signing.public-missing``, or ``sshsig.*`` for a key of a type that is
            not accepted.
    """
    beside = public_path(path)
    text = _text(path if path.exists() or not beside.exists() else beside)
    try:
        if text.startswith(_PRIVATE_BEGIN):
            return _inside(text, path)
        if "PRIVATE KEY-----" not in text:
            return parse_public_key(text, path=str(path))
        if not beside.exists():
            hint = f"write it: ssh-keygen -y -f {path} > {beside}"
            message = "the public half of this key is not beside it"
            raise SigningError.of("signing.public-missing", message, place=Place(path=str(path)), hint=hint)
        return parse_public_key(_text(beside), path=str(beside))
    except VerificationError as error:
        raise SigningError(error.problems) from error


def public_path(path: Path) -> Path:
    """Where ``ssh-keygen`` writes the public half of the key at ``path``."""
    return path.with_name(f"{path.name}.pub")


def _inside(text: str, path: Path) -> SshPublicKey:
    try:
        blob = decode("".join(text.partition(_PRIVATE_END)[0].removeprefix(_PRIVATE_BEGIN).split()))
        return read_public_key(_public_blob(blob))
    except ValueError as error:
        refusal = SshRefusal(_DAMAGED, "this private key file is damaged")
        raise refused(refusal, str(path)) from error
    except SshRefusal as refusal:
        raise refused(refusal, str(path)) from None


def _public_blob(content: bytes) -> bytes:
    reader = Reader(content, code=_DAMAGED)
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise SshRefusal(_DAMAGED, "this private key file is damaged")
    for _ in ("cipher", "key derivation", "its options"):
        reader.string()
    if reader.uint32() != 1:
        raise SshRefusal(_DAMAGED, "the file holds more than one key")
    return reader.string()


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_SIZE_LIMIT_BYTES).decode(errors="replace")
    except OSError as error:
        message = f"the key can't be read: {error.strerror}"
        raise SigningError.of("signing.not-found", message, place=Place(path=str(path))) from error
