"""Log entries, checkpoints as signed notes, and log proofs, against published vectors."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.sample_pack import EVE, LOG, ORIGIN, MemoryLog, SeededSigner, seal_entry
from tolbooth.evidence.checkpoint import key_hash, open_checkpoint, open_note, sign_checkpoint, sign_note, verifier_key
from tolbooth.evidence.entry import Entry, parse_entry
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.tlog_proof import LogProof, parse_proof, verify_proof, write_proof
from tolbooth.model.errors import VerificationError

AT = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
# The example of Go's golang.org/x/mod/sumdb/note: verifier key, signer key's seed, text and signed note.
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = (
    GO_TEXT + "\n\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ROOT = b"\x07" * 32


class GoSigner(SeededSigner):
    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(GO_SEED)


PETER = GoSigner("PeterNeumann")


def code_of(note: str, origin: str = ORIGIN, key: PublicKey = LOG.public_key) -> str:
    with pytest.raises(VerificationError) as caught:
        open_checkpoint(note, origin, key)
    return caught.value.code


def test_verifier_key_and_note_are_those_of_the_go_documentation() -> None:
    assert verifier_key("PeterNeumann", PETER.public_key) == GO_VERIFIER
    assert sign_note(GO_TEXT, "PeterNeumann", PETER) == GO_NOTE
    assert open_note(GO_NOTE, "PeterNeumann", PETER.public_key, path="x") == (GO_TEXT, 0)


def test_a_changed_note_is_refused() -> None:
    with pytest.raises(VerificationError) as caught:
        open_note(GO_NOTE.replace("answer", "Answer"), "PeterNeumann", PETER.public_key, path="x")
    assert caught.value.code == "log.signature"


def test_a_checkpoint_has_three_lines_and_comes_back() -> None:
    note = sign_checkpoint(ORIGIN, 42, ROOT, LOG)
    assert note.split("\n")[:4] == [ORIGIN, "42", base64.b64encode(ROOT).decode(), ""]
    opened = open_checkpoint(note, ORIGIN, LOG.public_key)
    assert (opened.origin, opened.size, opened.root, opened.others) == (ORIGIN, 42, ROOT, 0)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "a\u00a0b"])
def test_an_origin_that_no_note_can_carry_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        sign_checkpoint(origin, 1, ROOT, LOG)


def test_a_checkpoint_has_a_whole_root() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        sign_checkpoint(ORIGIN, 1, ROOT[1:], LOG)


def test_signatures_of_others_are_counted_and_not_believed() -> None:
    note = sign_checkpoint(ORIGIN, 42, ROOT, LOG)
    witness = sign_note(note.partition("\n\n")[0] + "\n", "witness.example", EVE).rpartition("\n\n")[2]
    assert open_checkpoint(note + witness, ORIGIN, LOG.public_key).others == 1
    assert open_checkpoint(note + witness.replace("witness.example", ORIGIN), ORIGIN, LOG.public_key).others == 1


def test_the_log_s_own_bad_signature_is_refused_even_beside_a_good_one() -> None:
    note = sign_checkpoint(ORIGIN, 42, ROOT, LOG)
    bad = base64.b64encode(key_hash(ORIGIN, LOG.public_key) + b"\x01" * 64).decode()
    assert code_of(f"{note}\u2014 {ORIGIN} {bad}\n") == "log.signature"


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (sign_checkpoint(ORIGIN, 42, ROOT, EVE), "log.signature"),
        (sign_checkpoint("other.example", 42, ROOT, LOG), "log.signature"),
        (sign_note(f"other.example\n42\n{base64.b64encode(ROOT).decode()}\n", ORIGIN, LOG), "log.origin"),
        (sign_note(f"{ORIGIN}\n42\n", ORIGIN, LOG), "log.checkpoint"),
        (sign_note(f"{ORIGIN}\n042\n{base64.b64encode(ROOT).decode()}\n", ORIGIN, LOG), "log.checkpoint"),
        (sign_note(f"{ORIGIN}\n-1\n{base64.b64encode(ROOT).decode()}\n", ORIGIN, LOG), "log.checkpoint"),
        (sign_note(f"{ORIGIN}\n42\n{base64.b64encode(ROOT[1:]).decode()}\n", ORIGIN, LOG), "log.checkpoint"),
        (sign_checkpoint(ORIGIN, 42, ROOT, LOG)[:-1], "log.note"),
        (sign_checkpoint(ORIGIN, 42, ROOT, LOG).replace("\u2014", "-"), "log.note"),
        (sign_checkpoint(ORIGIN, 42, ROOT, LOG).partition("\n\n")[0], "log.note"),
        (f"{ORIGIN}\n42\nroot\n\n" + "\u2014 a AAAA\n" * 101, "log.note"),
        (f"{ORIGIN}\n42\nroot\n\n\u2014 a AAA\n", "log.note"),
        ("", "log.note"),
    ],
)
def test_what_is_no_checkpoint_of_this_log_is_refused(note: str, code: str) -> None:
    assert code_of(note) == code


def test_an_entry_s_leaf_is_canonical_and_comes_back() -> None:
    entry = seal_entry(b"envelope", AT)
    assert entry.leaf().startswith(b'{"appended_at":"2026-11-23T09:14:07Z","envelope_sha256":"')
    assert parse_entry(entry.leaf(), path="x") == entry


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        (seal_entry(b"x", AT).leaf() + b" ", "log.entry"),
        (Entry(kind="seal", envelope_sha256="ABC", appended_at=AT).leaf(), "log.entry"),
        (b'{"kind":"seal"}', "json.shape"),
        (b"", "json.syntax"),
    ],
)
def test_a_leaf_in_another_form_is_refused(leaf: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        parse_entry(leaf, path="x")
    assert caught.value.code == code


def log_of(size: int) -> tuple[MemoryLog, LogProof]:
    log = MemoryLog()
    proof = log.append(seal_entry(b"0", AT))
    for number in range(1, size):
        proof = log.append(seal_entry(str(number).encode(), AT))
    return log, proof


def test_a_proof_is_written_as_c2sp_says() -> None:
    _, proof = log_of(3)
    lines = write_proof(proof).decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert base64.b64decode(lines[1].removeprefix("extra ")) == proof.extra
    assert lines[2] == "index 2"
    assert [base64.b64decode(line) for line in lines[3:4]] == list(proof.hashes)
    assert lines[4:7] == ["", ORIGIN, "3"]


@pytest.mark.parametrize("size", range(1, 10))
def test_a_proof_comes_back_and_verifies_for_its_own_entry_only(size: int) -> None:
    _, proof = log_of(size)
    again = parse_proof(write_proof(proof), path="x")
    assert again == proof
    checkpoint = verify_proof(again, again.extra, ORIGIN, LOG.public_key, path="x")
    assert checkpoint.size == size
    with pytest.raises(VerificationError) as caught:
        verify_proof(again, seal_entry(b"another", AT).leaf(), ORIGIN, LOG.public_key, path="x")
    assert caught.value.code == "log.inclusion"
    with pytest.raises(VerificationError) as caught:
        verify_proof(replace(again, index=size), again.extra, ORIGIN, LOG.public_key, path="x")
    assert caught.value.code == "log.inclusion"


def test_a_proof_without_extra_leaves_the_line_out() -> None:
    proof = replace(log_of(1)[1], extra=b"")
    assert b"extra" not in write_proof(proof)
    assert parse_proof(write_proof(proof), path="x") == proof


GOOD = write_proof(log_of(3)[1]).decode()


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("@v1", "@v2"),
        GOOD.replace("index 2", "index 02"),
        GOOD.replace("index 2", "index -2"),
        GOOD.replace("index 2\n", ""),
        GOOD.replace("extra ", "extra !"),
        GOOD.replace("\n\n", "\nAAAA\n\n", 1),
        GOOD.replace("\n\n", "\n" + ("A" * 43 + "=\n") * 65 + "\n", 1),
        GOOD.partition("\n\n")[0],
        GOOD.partition("\n\n")[0] + "\n\n",
        "",
    ],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(VerificationError) as caught:
        parse_proof(text.encode(), path="seal/pack.tlog-proof")
    assert caught.value.code == "log.proof"


def test_a_proof_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(VerificationError) as caught:
        parse_proof(b"\xff", path="x")
    assert caught.value.code == "log.proof"
