"""Statements signed by SSH, in one blob: opened like DSSE envelopes, and nothing around the payload may vary."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_pack import EVE, SEALER, subject
from tests.ssh_sample import ED25519, KEYS, P256, SK_ED25519, TYPES, SoftKey, armoured
from tolbooth.evidence import dsse, signed
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.ssh_envelope import (
    SshOpened,
    open_ssh_envelope,
    sign_ssh_envelope,
    ssh_envelope,
    take_apart_ssh,
)
from tolbooth.evidence.ssh_keys import SshPublicKey, parse_public_key, ssh_key_of
from tolbooth.evidence.statement import predicate_type, statement
from tolbooth.model.errors import SigningError, VerificationError

NAMESPACE = "tolbooth-approval"
APPROVAL = predicate_type("approval")
PAYLOAD = statement(APPROVAL, subject(), {"basis": "0" * 64, "meaning": "I approve for release"})
BEN = KEYS[ED25519]
SIGNED = sign_ssh_envelope(PAYLOAD, BEN, namespace=NAMESPACE)
DSSE = dsse.sign_envelope(PAYLOAD, SEALER)


def refusal(of: Callable[[], object]) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        of()
    return caught.value


def opened(content: bytes, *keys: SshPublicKey, namespace: str = NAMESPACE) -> SshOpened:
    trusted = keys or (BEN.public_key,)
    return open_ssh_envelope(content, trusted, namespace=namespace, path="governance/a.json", family="records")


def altered(**members: Any) -> bytes:
    return canonical_bytes({**json.loads(SIGNED), **members})


@pytest.mark.parametrize("kind", TYPES)
def test_a_signed_statement_comes_back_with_its_signer(kind: str) -> None:
    key = KEYS[kind].public_key
    content = sign_ssh_envelope(PAYLOAD, KEYS[kind], namespace=NAMESPACE)
    read = opened(content, BEN.public_key, key)
    assert (read.payload, read.key_id, read.statement.predicate_type) == (PAYLOAD, key.key_id, APPROVAL)
    assert (read.signature.key, read.signature.namespace) == (key, NAMESPACE)
    assert (read.signature.touch is not None) == kind.startswith("sk-")


def test_the_blob_is_canonical_and_holds_the_exact_payload_and_the_signature_as_a_file() -> None:
    value = json.loads(SIGNED)
    assert canonical_bytes(value) == SIGNED
    assert base64.b64decode(value["payload"]) == PAYLOAD
    assert value["payloadType"] == "application/vnd.in-toto+json"
    assert value["sshsig"].startswith("-----BEGIN SSH SIGNATURE-----\n")
    assert value["sshsig"].endswith("\n-----END SSH SIGNATURE-----\n")


def test_a_payload_that_is_not_canonical_is_kept_as_it_was_signed() -> None:
    loose = json.dumps(json.loads(PAYLOAD), indent=2).encode()
    assert opened(sign_ssh_envelope(loose, BEN, namespace=NAMESPACE)).payload == loose


def test_the_armour_of_another_writer_becomes_ours() -> None:
    other = armoured(BEN.fields(PAYLOAD, namespace=NAMESPACE), width=76)
    assert ssh_envelope(PAYLOAD, other) == SIGNED
    assert ssh_envelope(PAYLOAD, other.encode().removesuffix(b"\n")) == SIGNED


def test_only_what_is_a_signature_is_put_beside_a_payload() -> None:
    assert refusal(lambda: ssh_envelope(PAYLOAD, "no signature")).code == "sshsig.armour"


def test_a_stranger_s_signature_is_refused_with_both_fingerprints() -> None:
    error = refusal(lambda: opened(SIGNED, KEYS[P256].public_key))
    assert error.code == "records.signature"
    assert error.hint is not None
    assert BEN.public_key.fingerprint in error.hint
    assert KEYS[P256].public_key.fingerprint in error.hint
    nobody = refusal(lambda: open_ssh_envelope(SIGNED, [], namespace=NAMESPACE, path="x"))
    assert nobody.code == "seal.signature"
    assert nobody.hint is not None
    assert nobody.hint.endswith("trusted: none.")


def test_a_signature_for_another_purpose_is_refused() -> None:
    error = refusal(lambda: opened(SIGNED, namespace="tolbooth-waiver"))
    assert error.code == "sshsig.namespace"
    assert error.problems[0].place is not None
    assert error.problems[0].place.path == "governance/a.json"


def test_a_signature_moved_to_another_statement_is_refused() -> None:
    other = statement(APPROVAL, subject(), {"basis": "1" * 64})
    moved = altered(payload=base64.b64encode(other).decode())
    assert refusal(lambda: opened(moved)).code == "records.signature"


def test_a_touch_is_asked_of_each_key_as_it_is_declared() -> None:
    untouched = replace(KEYS[SK_ED25519], flags=0)
    content = ssh_envelope(PAYLOAD, untouched.sign(PAYLOAD, namespace=NAMESPACE))
    assert refusal(lambda: opened(content, untouched.public_key)).code == "sshsig.touch"
    assert opened(content, parse_public_key(untouched.line, touch_required=False)).signature.touch is not None


def spaced() -> bytes:
    return json.dumps(json.loads(SIGNED)).encode()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (SIGNED.replace(b'{"payload":', b'{"payload":"e30=","payload":'), "json.duplicate-key"),
        (SIGNED.replace(b'"sshsig":', b'"sshsig":"","sshsig":'), "json.duplicate-key"),
        (spaced(), "records.envelope"),
        (SIGNED + b"\n", "records.envelope"),
        (b" " + SIGNED, "records.envelope"),
        (altered(note="x"), "records.envelope"),
        (altered(signatures=[]), "records.envelope"),
        (altered(payload="e30"), "records.envelope"),
        (altered(payload=None), "records.envelope"),
        (altered(payload={}), "records.envelope"),
        (altered(sshsig=7), "records.envelope"),
        (altered(sshsig=json.loads(SIGNED)["sshsig"].removesuffix("\n")), "records.envelope"),
        (altered(sshsig=armoured(BEN.fields(PAYLOAD, namespace=NAMESPACE), width=64)), "records.envelope"),
        (altered(sshsig="é"), "sshsig.armour"),
        (altered(sshsig=""), "sshsig.armour"),
        (altered(payloadType="text/plain"), "records.payload-type"),
        (altered(payloadType=None), "records.payload-type"),
        (b"[]", "records.envelope"),
        (b"{}", "records.envelope"),
        (DSSE, "records.envelope"),
        (b"\xff", "json.encoding"),
        (b"", "json.syntax"),
    ],
)
def test_another_envelope_is_refused(content: bytes, code: str) -> None:
    assert refusal(lambda: opened(content)).code == code


def test_what_is_signed_must_be_a_statement() -> None:
    for payload in (b"{}", b'{"_type":1,"_type":1}', b"no json"):
        content = sign_ssh_envelope(payload, BEN, namespace=NAMESPACE)
        assert refusal(lambda content=content: opened(content)).code.startswith("json.")  # type: ignore[misc]


@given(place=st.integers(0, len(SIGNED) - 1), bit=st.integers(0, 7))
def test_no_bit_of_an_envelope_can_be_flipped(place: int, bit: int) -> None:
    content = bytearray(SIGNED)
    content[place] ^= 1 << bit
    refusal(lambda: signed.open_signed(bytes(content), [BEN.public_key], namespace=NAMESPACE, path="x"))


@given(size=st.integers(0, len(SIGNED) - 1))
def test_no_envelope_can_be_cut_short(size: int) -> None:
    refusal(lambda: signed.open_signed(SIGNED[:size], [BEN.public_key], namespace=NAMESPACE, path="x"))


@dataclass(frozen=True)
class Careless:
    """Says that it holds one key, signs with another, or for another purpose."""

    says: SoftKey
    signs: SoftKey
    purpose: str = NAMESPACE

    @property
    def public_key(self) -> SshPublicKey:
        return self.says.public_key

    def sign(self, message: bytes, *, namespace: str) -> str:
        return self.signs.sign(message, namespace=self.purpose)


@pytest.mark.parametrize(
    ("signer", "code"),
    [
        (Careless(BEN, KEYS[P256]), "sshsig.signer"),
        (Careless(BEN, BEN, "git"), "sshsig.namespace"),
        (replace(KEYS[SK_ED25519], flags=0), "sshsig.touch"),
    ],
)
def test_a_signature_that_nobody_would_accept_is_not_given_out(signer: Careless | SoftKey, code: str) -> None:
    with pytest.raises(SigningError) as caught:
        sign_ssh_envelope(PAYLOAD, signer, namespace=NAMESPACE)
    assert caught.value.code == code


def test_either_kind_is_opened_by_its_shape() -> None:
    keys: list[PublicKey | SshPublicKey] = [SEALER.public_key, BEN.public_key]
    by_ssh = signed.open_signed(SIGNED, keys, namespace=NAMESPACE, path="x")
    by_dsse = signed.open_signed(DSSE, keys, namespace=NAMESPACE, path="x")
    assert isinstance(by_ssh, SshOpened)
    assert type(by_dsse) is dsse.Opened
    assert (by_ssh.payload, by_ssh.statement) == (by_dsse.payload, by_dsse.statement)
    assert (by_ssh.key_id, by_dsse.key_id) == (BEN.public_key.key_id, SEALER.key_id)


def test_a_key_of_ours_may_sign_either_kind_and_has_one_id() -> None:
    seal = SoftKey(type=ED25519, private=SEALER._key)
    content = sign_ssh_envelope(PAYLOAD, seal, namespace=NAMESPACE)
    read = signed.open_signed(content, [SEALER.public_key], namespace=NAMESPACE, path="x")
    assert read.key_id == SEALER.key_id


def test_an_ssh_key_opens_no_dsse_envelope() -> None:
    error = refusal(lambda: signed.open_signed(DSSE, [ssh_key_of(SEALER.public_key)], namespace=NAMESPACE, path="x"))
    assert error.code == "seal.signature"


def test_either_kind_is_refused_to_eve_with_the_same_code() -> None:
    for content in (SIGNED, DSSE):
        error = refusal(
            lambda content=content: signed.open_signed(  # type: ignore[misc]
                content, [EVE.public_key], namespace=NAMESPACE, path="x", family="records"
            )
        )
        assert error.code == "records.signature"


def test_a_dsse_envelope_may_vary_only_where_that_is_allowed() -> None:
    loose = json.dumps(json.loads(DSSE)).encode()
    key = SEALER.public_key
    assert refusal(lambda: signed.open_signed(loose, [key], namespace="n", path="x")).code == "seal.envelope"
    assert signed.open_signed(loose, [key], namespace="n", path="x", ours=False).payload == PAYLOAD


@pytest.mark.parametrize(
    ("content", "key_id"), [(SIGNED, BEN.public_key.key_id), (DSSE, SEALER.key_id)], ids=["ssh", "dsse"]
)
def test_either_kind_is_taken_apart_unchecked(content: bytes, key_id: str) -> None:
    parts = signed.take_apart(content, path="x")
    assert (parts.payload, parts.payload_type) == (PAYLOAD, "application/vnd.in-toto+json")
    assert [named for named, _ in parts.signatures] == [key_id]
    unchecked = signed.read_unverified(content, path="x")
    assert (unchecked.payload, unchecked.key_id, unchecked.statement.predicate_type) == (PAYLOAD, "", APPROVAL)


def test_taking_apart_checks_the_form_only() -> None:
    forged = altered(payload=base64.b64encode(b"{}").decode())
    assert take_apart_ssh(forged, path="x").payload == b"{}"
    assert refusal(lambda: take_apart_ssh(spaced(), path="x", family="store")).code == "store.envelope"


def test_the_documentation_names_every_purpose_and_no_other() -> None:
    text = (Path(__file__).parents[2] / "docs" / "ssh.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(tolbooth-\w+)`", text, re.MULTILINE)) == {kind.ssh_namespace for kind in Kind}
