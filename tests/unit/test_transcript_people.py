"""What people signed by SSH, in a transcript: whose keys count, and whose don't."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.people_pack import Record, everybody, following, people_record, record, yes
from tests.people_sample import EVE
from tests.sample_pack import AS_OF, LOG, ORIGIN, SEALER, subject
from tolbooth.evidence.checkpoint import sign_checkpoint
from tolbooth.evidence.dsse import sign_envelope
from tolbooth.evidence.entry import Entry
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.merkle import leaf_hash, root_of
from tolbooth.evidence.statement import statement
from tolbooth.evidence.transcript import TranscribedEntry, Transcript, verify_transcript
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import VerificationError

PEOPLE = people_record(everybody())
WORD = record(yes())
MACHINE = sign_envelope(statement(Kind.COMMITMENT.predicate_type, subject(), {"of": "x"}), SEALER)


def transcript(*envelopes: tuple[Kind, bytes]) -> Transcript:
    entries = tuple(
        TranscribedEntry(
            entry=Entry(kind=kind, envelope_sha256=sha256_hex(envelope), appended_at=AS_OF), envelope=envelope
        )
        for kind, envelope in envelopes
    )
    root = root_of([leaf_hash(one.entry.leaf()) for one in entries])
    checkpoint = sign_checkpoint(ORIGIN, len(entries), root, LOG)
    return Transcript(
        origin=ORIGIN, log_public_key=LOG.public_key.to_pem(), checkpoint=checkpoint, blobs={}, entries=entries
    )


def of(*records: Record) -> tuple[tuple[Kind, bytes], ...]:
    return tuple((each.kind, each.envelope) for each in records)


def verified(made: Transcript, *people: Record) -> tuple[PublicKey, ...]:
    return verify_transcript(made, [SEALER.public_key], path="t", people=[each.envelope for each in people])


def refused(made: Transcript, *people: Record) -> str:
    with pytest.raises(VerificationError) as caught:
        verified(made, *people)
    return str(caught.value.code)


def test_words_by_ssh_verify_by_the_people_record_that_comes_along() -> None:
    made = transcript((Kind.COMMITMENT, MACHINE), *of(PEOPLE, WORD))
    assert verified(made) == (SEALER.public_key,)
    assert verified(made, PEOPLE) == (SEALER.public_key,)


def test_words_verify_by_the_people_record_that_is_known_here() -> None:
    assert verified(transcript(*of(WORD)), PEOPLE) == ()
    assert refused(transcript(*of(WORD))) == "transcript.signature"


def test_people_do_not_become_machines_whom_the_importer_vouches_for() -> None:
    assert verified(transcript(*of(PEOPLE, WORD))) == ()


def test_a_machine_s_step_is_not_signed_by_a_person() -> None:
    stranger = replace(WORD, kind=Kind.COMMITMENT)
    assert refused(transcript(*of(PEOPLE, stranger))) == "transcript.envelope"


def test_another_first_people_record_than_the_one_known_here_is_refused() -> None:
    other = people_record(replace(everybody(), names_sha256="cd" * 32))
    assert refused(transcript(*of(other, WORD)), PEOPLE) == "people.fork"


def test_a_version_that_follows_the_one_known_here_is_accepted() -> None:
    later = following(PEOPLE, everybody())
    assert verified(transcript(*of(later, WORD)), PEOPLE) == ()
    stray = following(later, everybody())
    assert refused(transcript(*of(stray)), PEOPLE) == "people.gap"


@pytest.mark.parametrize(
    ("word", "code"),
    [
        (record(yes(EVE)), "transcript.signature"),
        (record(yes(), namespace="git"), "sshsig.namespace"),
        (record(yes(), namespace="tolbooth-people"), "sshsig.namespace"),
        (replace(record(yes()), kind=Kind.WAIVER), "transcript.kind"),
    ],
)
def test_a_word_that_is_none_refuses_the_whole_transcript(word: Record, code: str) -> None:
    assert refused(transcript(*of(PEOPLE, word))) == code


def test_a_self_made_steward_in_a_transcript_is_refused() -> None:
    eve = following(PEOPLE, everybody(eve=replace(everybody().people[2], id=EVE, keys=())), by=EVE)
    assert refused(transcript(*of(PEOPLE, eve))).startswith("people.")
