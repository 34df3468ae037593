"""Key files: made once, kept private, never in a project."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tolbooth.evidence.interface import Signer
from tolbooth.evidence.keys import PublicKey
from tolbooth.model.errors import SigningError
from tolbooth.signing.file_signer import FileSigner, load_signer
from tolbooth.signing.key_files import (
    KeyRole,
    export_public,
    find_key,
    list_keys,
    new_key,
    signer_of,
)

PKCS8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "config" / "keys"


def test_a_new_key_signs_what_its_public_half_verifies(folder: Path) -> None:
    key = new_key(folder, "seal", KeyRole.SEAL)
    signer: Signer = load_signer(key.path)
    signature = signer.sign(b"message")
    assert PublicKey.from_pem(key.public_path.read_bytes()).verify(signature, b"message")
    assert signer.key_id == key.public_key.key_id
    assert signer.public_key == key.public_key


def test_a_private_key_is_for_its_owner_only_whatever_the_umask(folder: Path) -> None:
    before = os.umask(0)
    try:
        key = new_key(folder, "seal", KeyRole.SEAL)
    finally:
        os.umask(before)
    assert stat.S_IMODE(key.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.public_path.stat().st_mode) == 0o644
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_making_a_key_leaves_no_other_file_behind(folder: Path) -> None:
    new_key(folder, "seal", KeyRole.SEAL)
    assert sorted(path.name for path in folder.iterdir()) == ["seal.pub", "seal.seal.key"]


@pytest.mark.parametrize("role", list(KeyRole))
def test_a_key_is_never_overwritten_not_even_by_one_of_another_role(folder: Path, role: KeyRole) -> None:
    before = new_key(folder, "ana", KeyRole.SEAL)
    content = before.path.read_bytes()
    with pytest.raises(SigningError) as caught:
        new_key(folder, "ana", role)
    assert caught.value.code == "signing.exists"
    assert before.path.read_bytes() == content
    assert [key.role for key in list_keys(folder)] == [KeyRole.SEAL]


def test_a_private_key_in_the_way_leaves_no_orphaned_public_half(folder: Path) -> None:
    new_key(folder, "ana", KeyRole.SEAL).public_path.unlink()
    with pytest.raises(SigningError):
        new_key(folder, "ana", KeyRole.SEAL)
    assert not (folder / "ana.pub").exists()


@pytest.mark.parametrize("name", ["", ".", "../x", "a/b", "a.b", "-x", "é", "x" * 65])
def test_a_name_that_is_no_plain_file_name_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(SigningError) as caught:
        new_key(folder, name, KeyRole.SEAL)
    assert caught.value.code == "signing.name"


def test_a_key_is_never_made_below_a_project(tmp_path: Path) -> None:
    (tmp_path / "tolbooth.yaml").write_text("version: 1\n")
    with pytest.raises(SigningError) as caught:
        new_key(tmp_path / "deep" / "keys", "seal", KeyRole.SEAL)
    assert caught.value.code == "signing.inside-project"
    assert not (tmp_path / "deep").exists()


def test_a_link_into_a_project_is_seen_through(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "tolbooth.yaml").write_text("version: 1\n")
    (tmp_path / "keys").symlink_to(project)
    with pytest.raises(SigningError) as caught:
        new_key(tmp_path / "keys", "seal", KeyRole.SEAL)
    assert caught.value.code == "signing.inside-project"


def test_a_folder_that_can_not_be_made_is_an_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SigningError) as caught:
        new_key(tmp_path / "file" / "keys", "seal", KeyRole.SEAL)
    assert caught.value.code == "signing.write"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622, 0o666])
def test_a_private_key_that_others_can_reach_is_refused_with_the_command_that_helps(folder: Path, mode: int) -> None:
    key = new_key(folder, "seal", KeyRole.SEAL)
    key.path.chmod(mode)
    with pytest.raises(SigningError) as caught:
        load_signer(key.path)
    assert caught.value.code == "signing.readable-by-others"
    assert caught.value.hint == f"run: chmod 600 {key.path}"


def test_an_encrypted_key_opens_with_its_passphrase_only(folder: Path) -> None:
    key = new_key(folder, "ana", KeyRole.APPROVE, passphrase="correct horse")
    assert b"ENCRYPTED" in key.path.read_bytes()
    assert load_signer(key.path, "correct horse").public_key == key.public_key
    for passphrase, code in ((None, "signing.passphrase-wanted"), ("wrong", "signing.passphrase-wrong")):
        with pytest.raises(SigningError) as caught:
            load_signer(key.path, passphrase)
        assert caught.value.code == code


def test_a_passphrase_for_a_plain_key_is_refused(folder: Path) -> None:
    key = new_key(folder, "seal", KeyRole.SEAL)
    with pytest.raises(SigningError) as caught:
        load_signer(key.path, "any")
    assert caught.value.code == "signing.passphrase-wrong"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (ec.generate_private_key(ec.SECP256R1()).private_bytes(*PKCS8), "signing.key-type"),
        (b"-----BEGIN PUBLIC KEY-----\n", "signing.not-private"),
        (b"garbage", "signing.not-private"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "signing.key-file"),
    ],
    ids=["p256", "public", "garbage", "damaged"],
)
def test_what_is_no_ed25519_private_key_is_refused_by_kind(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "x.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SigningError) as caught:
        load_signer(path)
    assert caught.value.code == code
    assert str(caught.value.problems[0].place) == str(path)


def test_a_key_that_is_not_there_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(SigningError) as caught:
        load_signer(tmp_path / "none.key")
    assert caught.value.code == "signing.not-found"


def test_keys_are_listed_by_name_with_their_roles(folder: Path) -> None:
    assert list_keys(folder) == ()
    made = {name: new_key(folder, name, role) for name, role in (("seal", KeyRole.SEAL), ("log", KeyRole.LOG))}
    assert list_keys(folder) == (made["log"], made["seal"])


def test_export_gives_the_public_half_and_names_what_there_is_otherwise(folder: Path) -> None:
    key = new_key(folder, "seal", KeyRole.SEAL)
    assert export_public(folder, "seal") == key.public_key.to_pem()
    with pytest.raises(SigningError) as caught:
        find_key(folder, "sael")
    assert caught.value.code == "signing.not-found"
    assert caught.value.hint == "there are: seal"


def test_a_key_whose_making_was_killed_before_its_public_half_is_used_all_the_same(folder: Path) -> None:
    key = new_key(folder, "seal", KeyRole.SEAL)
    key.public_path.unlink()
    assert list_keys(folder) == (key,)
    with pytest.raises(SigningError) as caught:
        new_key(folder, "seal", KeyRole.LOG)
    assert caught.value.code == "signing.exists"


def test_a_public_half_alone_is_named_and_stays(folder: Path) -> None:
    key = new_key(folder, "seal", KeyRole.SEAL)
    key.path.unlink()
    with pytest.raises(SigningError) as caught:
        new_key(folder, "seal", KeyRole.SEAL)
    assert caught.value.code == "signing.orphan"
    assert key.public_path.exists()
    assert list_keys(folder) == ()


def test_an_encrypted_key_without_its_public_half_is_said_to_lack_it(folder: Path) -> None:
    new_key(folder, "seal", KeyRole.SEAL, passphrase="correct horse").public_path.unlink()
    with pytest.raises(SigningError) as caught:
        list_keys(folder)
    assert caught.value.code == "signing.public-missing"


def test_a_public_half_of_another_key_is_noticed_before_signing(folder: Path) -> None:
    key, other = new_key(folder, "seal", KeyRole.SEAL), new_key(folder, "log", KeyRole.LOG)
    assert signer_of(key).public_key == key.public_key
    key.public_path.write_text(other.public_key.to_pem())
    with pytest.raises(SigningError) as caught:
        signer_of(find_key(folder, "seal"))
    assert caught.value.code == "signing.mismatch"


def test_a_signer_shows_its_key_id_and_never_its_key(folder: Path) -> None:
    signer = load_signer(new_key(folder, "seal", KeyRole.SEAL).path)
    assert repr(signer) == f"FileSigner(key_id='{signer.key_id[:12]}')"
    assert isinstance(signer, FileSigner)
