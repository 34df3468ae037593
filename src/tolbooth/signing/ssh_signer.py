"""Who signs what a person says: OpenSSH with the person's own key, or one of our key files, both as SSHSIG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tolbooth.evidence.ssh_envelope import SshSigner
from tolbooth.evidence.ssh_keys import SshPublicKey, ssh_key_of
from tolbooth.evidence.ssh_primitives import ed25519_signature
from tolbooth.evidence.sshsig import OUR_HASH, SshSignature, armour, to_be_signed
from tolbooth.model.errors import Place, SigningError
from tolbooth.signing.file_signer import FileSigner, load_signer
from tolbooth.signing.ssh_key_file import public_path
from tolbooth.signing.ssh_keygen import keygen_signer

_PKCS8 = (b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


@dataclass(frozen=True, slots=True)
class KeyFileSshSigner:
    """Makes SSHSIG signatures with a key file of ours, without OpenSSH (``evidence.ssh_envelope.SshSigner``)."""

    _signer: FileSigner

    @property
    def public_key(self) -> SshPublicKey:
        """The key as OpenSSH writes it."""
        return ssh_key_of(self._signer.public_key)

    def sign(self, message: bytes, *, namespace: str) -> str:
        """Sign ``message`` for ``namespace``; gives the armoured signature.

        Raises:
            ValueError: for an empty namespace.
        """
        value = ed25519_signature(self._signer.sign(to_be_signed(message, namespace=namespace)))
        signature = SshSignature(key=self.public_key, namespace=namespace, hash_algorithm=OUR_HASH, value=value)
        return armour(signature)


def ssh_signer(
    key_file: Path, *, passphrase: str | None = None, notice: Callable[[str], None] | None = None
) -> SshSigner:
    """The signer of a key file, by what it is: ours (PKCS #8) signs here, an SSH key through ``ssh-keygen``.

    ``passphrase`` is for encrypted files of ours; ``ssh-keygen`` asks for its own.

    Raises:
        SigningError: as ``load_signer``, ``ssh_key_file.public_half``.
    """
    if _is_ours(key_file):
        return KeyFileSshSigner(load_signer(key_file, passphrase))
    return keygen_signer(key_file, notice=notice)


def _is_ours(path: Path) -> bool:
    if public_path(path).exists():
        return False
    try:
        with path.open("rb") as file:
            return file.read(max(map(len, _PKCS8))).startswith(_PKCS8)
    except OSError as error:
        message = f"the key can't be read: {error.strerror}"
        raise SigningError.of("signing.not-found", message, place=Place(path=str(path))) from error
