"""Key files: Ed25519 in PKCS #8 PEM, one file a key, in the user's configuration folder and never in a project.

A key ``NAME`` of a role lies in ``NAME.ROLE.key`` (mode 0600), its public half in ``NAME.pub``.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tolbooth.evidence.keys import PublicKey
from tolbooth.model.errors import Place, Problem, SigningError
from tolbooth.signing.creation import create_file
from tolbooth.signing.file_signer import FileSigner, load_signer

PROJECT_FILE = "tolbooth.yaml"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class KeyRole(StrEnum):
    """What a key is for: collecting and sealing, keeping the log, or approving."""

    SEAL = "seal"
    LOG = "log"
    APPROVE = "approve"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """A key on disk: its name, role, files and public half."""

    name: str
    role: KeyRole
    path: Path
    public_path: Path
    public_key: PublicKey


def new_key(folder: Path, name: str, role: KeyRole, passphrase: str | None = None) -> KeyFile:
    """Make a key; its files appear whole or not at all, and replace nothing.

    The private half is there first, so that a run that is killed in between leaves a key that can be used.

    Raises:
        SigningError: ``signing.name``, ``signing.inside-project``, ``signing.exists``, ``signing.orphan`` if only a
            public half of that name is there, or ``signing.write`` if the folder can't be written.
    """
    if _NAME.fullmatch(name) is None:
        hint = "letters, digits, '-' and '_', at most 64"
        raise SigningError.of("signing.name", f"'{name}' is no name for a key", hint=hint)
    _refuse_project(folder)
    private = Ed25519PrivateKey.generate()
    public_key = PublicKey.of(private.public_key())
    path, public_path = folder / f"{name}.{role}.key", folder / f"{name}.pub"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_taken(folder, name, public_path)
        create_file(path, _pem(private, passphrase), mode=0o600)
        try:
            create_file(public_path, public_key.to_pem().encode(), mode=0o644)
        except OSError:
            path.unlink()
            raise
    except FileExistsError as error:
        raise _taken(name, public_path) from error
    except OSError as error:
        message = f"the key can't be written: {error.strerror}"
        raise SigningError.of("signing.write", message, place=Place(path=str(folder))) from error
    return KeyFile(name=name, role=role, path=path, public_path=public_path, public_key=public_key)


def list_keys(folder: Path) -> tuple[KeyFile, ...]:
    """The keys in ``folder``, sorted by name; none if there is no such folder.

    A public half that is not there is computed from the private one, unless that is encrypted.

    Raises:
        SigningError: ``signing.public-missing`` if an encrypted key's public half is not beside it, ``key.*`` if that
            half can't be read, or as ``load_signer``.
    """
    found = []
    for role in KeyRole:
        for path in folder.glob(f"*.{role}.key"):
            name = path.name.removesuffix(f".{role}.key")
            found.append(_key_file(folder, name, role, path))
    return tuple(sorted(found, key=lambda one: one.name))


def find_key(folder: Path, name: str) -> KeyFile:
    """The key of that name.

    Raises:
        SigningError: ``signing.not-found``, or as ``list_keys``.
    """
    keys = list_keys(folder)
    for one in keys:
        if one.name == name:
            return one
    hint = f"there are: {', '.join(one.name for one in keys)}" if keys else "make one with 'tolbooth key new'"
    raise SigningError.of("signing.not-found", f"no key '{name}' in {folder}", hint=hint)


def export_public(folder: Path, name: str) -> str:
    """The public half of the key of that name, as PEM SubjectPublicKeyInfo.

    Raises:
        SigningError: as ``find_key``.
    """
    return find_key(folder, name).public_key.to_pem()


def signer_of(key: KeyFile, passphrase: str | None = None) -> FileSigner:
    """The signer of a listed key.

    Raises:
        SigningError: as ``load_signer``; ``signing.mismatch`` if the public half beside it is another key's.
    """
    signer = load_signer(key.path, passphrase)
    if signer.public_key != key.public_key:
        place = Place(path=str(key.public_path))
        raise SigningError.of("signing.mismatch", "this is not the public half of the key beside it", place=place)
    return signer


def _key_file(folder: Path, name: str, role: KeyRole, path: Path) -> KeyFile:
    public_path = folder / f"{name}.pub"
    try:
        content = public_path.read_bytes()
    except OSError as error:
        public_key = _computed(path, name, public_path, error)
    else:
        public_key = PublicKey.from_pem(content)
    return KeyFile(name=name, role=role, path=path, public_path=public_path, public_key=public_key)


def _computed(path: Path, name: str, public_path: Path, reason: OSError) -> PublicKey:
    try:
        return load_signer(path).public_key
    except SigningError as error:
        if error.code != "signing.passphrase-wanted":
            raise
        message, place = f"the public half of {name!r} is not there", Place(path=str(public_path))
        raise SigningError.of("signing.public-missing", message, place=place) from reason


def _refuse_taken(folder: Path, name: str, public_path: Path) -> None:
    if any((folder / f"{name}.{role}.key").exists() for role in KeyRole):
        raise _taken(name, public_path)
    if public_path.exists():
        message = f"{public_path.name} is there, but the private key that it belongs to is not"
        hint = "move it away or take another name; keys are never overwritten"
        raise SigningError.of("signing.orphan", message, place=Place(path=str(public_path)), hint=hint)


def _taken(name: str, public_path: Path) -> SigningError:
    hint = "take another name; keys are never overwritten"
    message, place = f"there is a key '{name}' already", Place(path=str(public_path))
    return SigningError(Problem(code="signing.exists", message=message, place=place, hint=hint))


def _refuse_project(folder: Path) -> None:
    resolved = Path(os.path.realpath(folder))
    for parent in (resolved, *resolved.parents):
        if (parent / PROJECT_FILE).exists():
            message = f"{folder} is in the project {parent}: a key there would be committed one day"
            hint = "unset TOLBOOTH_KEYS: keys belong into the user's configuration folder"
            raise SigningError.of("signing.inside-project", message, place=Place(path=str(folder)), hint=hint)


def _pem(key: Ed25519PrivateKey, passphrase: str | None) -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
