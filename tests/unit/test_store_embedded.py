"""The embedded store: what is appended stays, in order, once, and another history is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tolbooth.evidence.dsse import sign_envelope
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.statement import statement
from tolbooth.evidence.tlog_proof import parse_proof, verify_proof
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError, StoreError
from tolbooth.model.subject import Subject, SubjectKind
from tolbooth.store.embedded import EmbeddedStore, LogEntry, make_store, open_store

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SUBJECT = Subject(project="p", name="m", version="1", kind=SubjectKind.MODEL, digest={"sha256": "a" * 64})


class SeededSigner:
    def __init__(self, seed: int) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public_key = PublicKey.of(self._key.public_key())
        self.key_id = self.public_key.key_id

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


SEAL, LOG = SeededSigner(1), SeededSigner(2)


def envelope(number: int) -> bytes:
    return sign_envelope(statement(Kind.COLLECTION.predicate_type, SUBJECT, {"number": number}), SEAL)


def append(store: EmbeddedStore, number: int, clock: Callable[[], datetime] = lambda: NOW) -> LogEntry:
    return store.append(Kind.COLLECTION, envelope(number), signer=LOG, clock=clock)


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    return make_store(tmp_path / ".tolbooth", LOG.public_key)


def test_a_store_ignores_itself_in_git(store: EmbeddedStore) -> None:
    assert "*" in (store.folder / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_two_stores_have_different_origins(tmp_path: Path, store: EmbeddedStore) -> None:
    assert make_store(tmp_path / "other", LOG.public_key).origin != store.origin


def test_making_a_store_again_opens_the_one_that_is_there(store: EmbeddedStore) -> None:
    append(store, 1)
    again = make_store(store.folder, LOG.public_key)
    assert (again.origin, again.size()) == (store.origin, 1)


def test_entries_keep_their_order_and_their_bytes(store: EmbeddedStore) -> None:
    for number in range(5):
        append(store, number)
    entries = open_store(store.folder).entries()
    assert [entry.position for entry in entries] == [0, 1, 2, 3, 4]
    assert [store.blobs.get(entry.envelope_sha256) for entry in entries] == [envelope(n) for n in range(5)]


def test_the_same_envelope_is_in_the_log_once(store: EmbeddedStore) -> None:
    assert append(store, 1) == append(store, 1)
    assert store.size() == 1


def test_every_entry_has_a_proof_that_verifies_against_the_log_key(store: EmbeddedStore) -> None:
    for number in range(9):
        append(store, number)
    for entry in store.entries():
        proof = parse_proof(store.proof(entry.position, signer=LOG), path="proof")
        checkpoint = verify_proof(proof, entry.leaf, store.origin, LOG.public_key, path="proof")
        assert (proof.index, checkpoint.size) == (entry.position, 9)


def test_the_checkpoint_file_names_the_highest_size(store: EmbeddedStore) -> None:
    for number in range(3):
        append(store, number)
    kept = store.kept_checkpoint()
    assert kept is not None
    assert kept.size == 3


def test_a_clock_behind_the_last_entry_appends_nothing(store: EmbeddedStore) -> None:
    append(store, 1)
    with pytest.raises(ConfigError) as raised:
        append(store, 2, clock=lambda: NOW - timedelta(seconds=1))
    assert raised.value.code == "log.clock-behind"
    assert store.size() == 1


def test_another_key_may_not_keep_the_log(store: EmbeddedStore) -> None:
    with pytest.raises(StoreError) as raised:
        store.append(Kind.COLLECTION, envelope(1), signer=SEAL, clock=lambda: NOW)
    assert raised.value.code == "store.foreign-log-key"


def test_a_restored_older_database_refuses_to_append(store: EmbeddedStore, tmp_path: Path) -> None:
    append(store, 1)
    shutil.copy(store.folder / "log.sqlite", tmp_path / "backup")
    append(store, 2)
    for name in ("log.sqlite", "log.sqlite-wal", "log.sqlite-shm"):
        (store.folder / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup", store.folder / "log.sqlite")
    with pytest.raises(StoreError) as raised:
        append(open_store(store.folder), 3)
    assert raised.value.code == "store.shortened"


def test_a_diverging_database_refuses_to_append(store: EmbeddedStore, tmp_path: Path) -> None:
    append(store, 1)
    other = tmp_path / "other"
    shutil.copytree(store.folder, other)
    twin = open_store(other)
    append(twin, 2)
    append(store, 3)
    shutil.copy(store.folder / "checkpoint", other / "checkpoint")
    with pytest.raises(StoreError) as raised:
        append(twin, 4)
    assert raised.value.code == "store.diverged"


def test_a_blob_is_stored_once_and_read_back_only_if_unaltered(store: EmbeddedStore) -> None:
    sha256 = store.blobs.put(b"content")
    assert sha256 == store.blobs.put(b"content") == sha256_hex(b"content")
    path = store.folder / "blobs" / sha256[:2] / sha256
    path.chmod(0o644)
    path.write_bytes(b"contenu")
    with pytest.raises(StoreError) as raised:
        store.blobs.get(sha256)
    assert raised.value.code == "store.blob-altered"
    store.blobs.put(b"content")
    assert store.blobs.get(sha256) == b"content"


def test_a_missing_blob_is_named(store: EmbeddedStore) -> None:
    with pytest.raises(StoreError) as raised:
        store.blobs.get("0" * 64)
    assert raised.value.code == "store.blob-missing"


def test_opening_where_nothing_is_recorded_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        open_store(tmp_path / ".tolbooth")
    assert raised.value.code == "store.none"
    assert "tolbooth gate" in str(raised.value.hint)
