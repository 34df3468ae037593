"""What a journey needs at hand: the project, its store, the keys and the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tolbooth.config.environment import Environment
from tolbooth.config.load import Project
from tolbooth.evidence.interface import Signer
from tolbooth.evidence.keys import PublicKey
from tolbooth.model.errors import SigningError
from tolbooth.signing.file_signer import load_signer
from tolbooth.signing.key_files import KeyRole, find_key, list_keys, new_key, signer_of
from tolbooth.store.embedded import FOLDER_NAME, EmbeddedStore, make_store, open_store

SEAL_KEY = "release"
LOG_KEY = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The two keys of a machine: one collects and seals, the other keeps the log; and all known here that seal."""

    seal: Signer
    log: Signer
    known: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A project with its store open for writing.

    ``attempted`` are the digests of the envelopes that this run tried to append; which of them stand, the log says.
    """

    project: Project
    store: EmbeddedStore
    keys: Keys
    clock: Callable[[], datetime]
    attempted: list[str] = field(default_factory=list)


def utc_now() -> datetime:
    """The machine's clock: the only place that reads it for a record."""
    return datetime.now(tz=UTC)


def open_workspace(project: Project, environment: Environment, *, clock: Callable[[], datetime] = utc_now) -> Workspace:
    """Open a project for recording; keys and store are made where there are none yet."""
    keys = load_keys(environment)
    store = make_store(store_folder(project), keys.log.public_key)
    return Workspace(project=project, store=store, keys=keys, clock=clock)


def open_records(project: Project) -> EmbeddedStore:
    """Open a project's store for reading only."""
    return open_store(store_folder(project))


def existing_records(project: Project) -> EmbeddedStore | None:
    """A project's store for reading, if anything is recorded yet."""
    folder = store_folder(project)
    return open_store(folder) if (folder / "log.sqlite").is_file() else None


def store_folder(project: Project) -> Path:
    """Where the embedded store lives: beside ``tolbooth.yaml``."""
    return project.folder / FOLDER_NAME


def load_keys(environment: Environment) -> Keys:
    """The keys that the environment names, or this user's, made now if there are none.

    Raises:
        SigningError: if a key can't be read, or one key has both duties.
    """
    folder = environment.keys_folder
    seal = load_signer(environment.key_file) if environment.key_file else _own(folder, SEAL_KEY, KeyRole.SEAL)
    log = load_signer(environment.log_key_file) if environment.log_key_file else _own(folder, LOG_KEY, KeyRole.LOG)
    if seal.key_id == log.key_id:
        raise SigningError.of(
            "signing.one-key",
            "the key that seals also keeps the log",
            hint="name another one in TOLBOOTH_LOG_KEY_FILE; 'tolbooth key new NAME --role log' makes it",
        )
    known = {key.key_id: key for key in (*known_keys(environment), seal.public_key)}
    return Keys(seal=seal, log=log, known=tuple(known.values()))


def known_keys(environment: Environment) -> tuple[PublicKey, ...]:
    """The public halves of the keys in this user's keys folder that seal: a log's or a person's is no gate's."""
    return tuple(key.public_key for key in list_keys(environment.keys_folder) if key.role is KeyRole.SEAL)


def own_public_key(environment: Environment) -> PublicKey | None:
    """The public half of the key that seals on this machine; None if there is none, and none is made."""
    if environment.key_file is not None:
        return load_signer(environment.key_file).public_key
    own = (key for key in list_keys(environment.keys_folder) if key.name == SEAL_KEY)
    return next((key.public_key for key in own), None)


def _own(folder: Path, name: str, role: KeyRole) -> Signer:
    if name not in {key.name for key in list_keys(folder)}:
        try:
            new_key(folder, name, role)
        except SigningError as error:
            # NOTE: two first runs at once; the other one has made it.
            if error.code != "signing.exists":
                raise
    return signer_of(find_key(folder, name))
