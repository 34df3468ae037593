"""Transcripts: one attack, one code."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.sample_pack import AS_OF, EVE, LOG, ORIGIN, SEALER, SEED, sample
from tolbooth.evidence.checkpoint import sign_checkpoint
from tolbooth.evidence.container import CORE
from tolbooth.evidence.decision_record import DECISION_ENVELOPE
from tolbooth.evidence.entry import Entry
from tolbooth.evidence.merkle import leaf_hash, root_of
from tolbooth.evidence.transcript import (
    TranscribedEntry,
    Transcript,
    read_transcript,
    verify_transcript,
    write_transcript,
)
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import VerificationError

CORE_FILES = {path.removeprefix(CORE): content for path, content in sample().items() if path.startswith(CORE)}
STEPS = ("collection", "judgement", "decision")
KEYS = [SEALER.public_key]
Lines = list[dict[str, Any]]


def entry(kind: str, envelope: bytes) -> TranscribedEntry:
    return TranscribedEntry(
        entry=Entry(kind=kind, envelope_sha256=sha256_hex(envelope), appended_at=AS_OF), envelope=envelope
    )


def covered(entries: tuple[TranscribedEntry, ...]) -> Transcript:
    root = root_of([leaf_hash(one.entry.leaf()) for one in entries])
    blobs = {sha256_hex(content): content for path, content in CORE_FILES.items() if path != DECISION_ENVELOPE}
    return Transcript(
        origin=ORIGIN,
        log_public_key=LOG.public_key.to_pem(),
        checkpoint=sign_checkpoint(ORIGIN, len(entries), root, LOG),
        blobs={**blobs, sha256_hex(SEED): SEED},
        entries=entries,
    )


def transcript() -> Transcript:
    return covered(tuple(entry(kind, CORE_FILES[f"attest/{kind}.dsse.json"]) for kind in STEPS if _there(kind)))


def _there(kind: str) -> bool:
    return f"attest/{kind}.dsse.json" in CORE_FILES


def written(value: Transcript) -> bytes:
    return b"".join(write_transcript(value))


def test_what_is_written_is_read_back_and_verifies() -> None:
    read = read_transcript(written(transcript()), path="t")
    assert read == transcript()
    assert verify_transcript(read, [EVE.public_key, *KEYS], path="t") == (SEALER.public_key,)


def changed(change: Callable[[Lines], object]) -> bytes:
    lines = [json.loads(line) for line in written(transcript()).splitlines()]
    change(lines)
    return "".join(f"{json.dumps(line)}\n" for line in lines).encode()


def _flip(text: str) -> str:
    content = bytearray(base64.b64decode(text))
    content[-1] ^= 1
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda lines: lines.pop(), "transcript.line"),
        (lambda lines: lines.pop(1), "transcript.truncated"),
        (lambda lines: lines.__delitem__(slice(1, None)), "transcript.truncated"),
        (lambda lines: lines[0].update(format="other"), "transcript.header"),
        (lambda lines: lines[0].update(version=2), "transcript.header"),
        (lambda lines: lines[1].update(content=_flip(lines[1]["content"])), "transcript.blob-altered"),
        (lambda lines: lines[1].update(content="?"), "transcript.line"),
        (lambda lines: lines[1].update(more=1), "transcript.line"),
        (lambda lines: lines[-2].update(envelope=_flip(lines[-2]["envelope"])), "transcript.envelope-altered"),
        (lambda lines: lines.insert(1, {"note": "hello"}), "transcript.line"),
    ],
    ids=["no-end", "line-gone", "header-only", "format", "version", "blob", "base64", "member", "envelope", "stranger"],
)
def test_a_file_that_was_changed_is_no_transcript(change: Callable[[Lines], object], code: str) -> None:
    with pytest.raises(VerificationError) as raised:
        read_transcript(changed(change), path="t")
    assert raised.value.code in {code, "transcript.truncated"}


def refused(value: Transcript, keys: Any = KEYS) -> str:
    with pytest.raises(VerificationError) as raised:
        verify_transcript(value, keys, path="t")
    return raised.value.code


def test_an_entry_left_out_is_noticed_by_the_checkpoint() -> None:
    whole = transcript()
    assert refused(replace(whole, entries=whole.entries[:-1])) == "transcript.log"


def test_entries_in_another_order_are_another_log() -> None:
    whole = transcript()
    assert refused(replace(whole, entries=whole.entries[::-1])) == "transcript.log"


def test_a_checkpoint_by_another_key_is_refused() -> None:
    whole = transcript()
    assert refused(replace(whole, log_public_key=EVE.public_key.to_pem())).startswith("log.")


def test_an_envelope_by_an_unknown_key_is_refused() -> None:
    assert refused(transcript(), [EVE.public_key]) == "transcript.signature"


def test_an_entry_that_says_another_kind_than_its_statement_is_refused() -> None:
    lying = entry("measurement", CORE_FILES["attest/decision.dsse.json"])
    assert refused(covered((lying,))) == "transcript.kind"


def test_an_entry_of_an_unknown_kind_is_refused() -> None:
    assert refused(covered((entry("gossip", CORE_FILES["attest/decision.dsse.json"]),))) == "transcript.kind"


def test_a_blob_that_a_decision_names_must_be_there() -> None:
    whole = transcript()
    fewer = {sha256: content for sha256, content in whole.blobs.items() if content != SEED}
    assert refused(replace(whole, blobs=fewer)) == "transcript.blob-missing"
