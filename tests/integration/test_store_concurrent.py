"""Eight gates at once: all succeed, in one log, each run's own envelopes once and shared records once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked import Machine, machine
from tests.people_sample import CHEN, people
from tests.project_sample import UNFAIR, make_project
from tolbooth.evidence.dsse import sign_envelope, take_apart
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.statement import ResourceDescriptor, statement
from tolbooth.model.people import STEWARD, HeldKey, HeldRole, Person
from tolbooth.signing.key_files import KeyRole, new_key, signer_of
from tolbooth.store.embedded import EmbeddedStore, open_store

EIGHT = 8
DENY = 1


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Machine]:
    with machine(make_project(tmp_path / "credit", UNFAIR), tmp_path / "home", tmp_path / "scratch") as started:
        yield started


def all_at_once(here: Machine) -> EmbeddedStore:
    running = [here.start("gate") for _ in range(EIGHT)]
    said = [each.wait() for each in running]
    assert [each.code for each in said] == [DENY] * EIGHT, "\n".join(each.out + each.err for each in said)
    checked = here.run("store", "check", "--output", "json")
    assert (checked.code, json.loads(checked.out)["faults"]) == (0, []), checked.out + checked.err
    return open_store(here.folder / ".tolbooth")


def runs(store: EmbeddedStore, kind: Kind) -> Counter[str]:
    """How often each run appended an envelope of that kind."""
    envelopes = [store.blobs.get(entry.envelope_sha256) for entry in store.entries() if entry.kind == kind]
    return Counter(json.loads(take_apart(each, path="envelope").payload)["predicate"]["run"] for each in envelopes)


def test_eight_first_gates_at_once_make_one_store_one_pair_of_keys_and_one_log(here: Machine) -> None:
    store = all_at_once(here)
    keys = sorted(path.name for path in (here.home / ".config" / "tolbooth" / "keys").iterdir())
    assert keys == ["log.log.key", "log.pub", "release.pub", "release.seal.key"]
    assert store.size() == 4 * EIGHT
    steps = [runs(store, kind) for kind in (Kind.COLLECTION, Kind.MEASUREMENT, Kind.JUDGEMENT)]
    assert steps[0] == steps[1] == steps[2]
    assert sorted(steps[0].values()) == [1] * EIGHT
    assert len({row.entry_position for row in store.decisions()}) == EIGHT


def test_a_record_that_eight_gates_read_is_in_the_log_once(here: Machine) -> None:
    signer = signer_of(new_key(here.home / ".config" / "tolbooth" / "keys", "release", KeyRole.SEAL))
    about = [ResourceDescriptor(name="credit/people", digest={"sha256": "a" * 64})]
    key = HeldKey(fingerprint=signer.public_key.fingerprint, public_key=signer.public_key.to_openssh())
    record = people(Person(id=CHEN, keys=(key,), roles=(HeldRole(role=STEWARD),)))
    envelope = sign_envelope(statement(Kind.PEOPLE.predicate_type, about, record), signer)
    records = here.folder / "governance"
    records.mkdir()
    (records / "people.dsse.json").write_bytes(envelope)
    store = all_at_once(here)
    kinds = Counter(entry.kind for entry in store.entries())
    assert kinds[Kind.PEOPLE] == 1
    assert kinds[Kind.DECISION] == EIGHT
