"""Keys, statements, envelopes and the verification summary."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.sample_pack import EVE, SEALER, attested, policy, subject, summary
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.dsse import open_envelope, pre_authentication_encoding, sign_envelope, take_apart
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.policy_document import policy_sha256
from tolbooth.evidence.statement import (
    DECISION,
    VERIFICATION_SUMMARY,
    ResourceDescriptor,
    parse_statement,
    predicate_type,
    statement,
)
from tolbooth.evidence.summary import level_of, subject_uri
from tolbooth.model.decision import Verdict
from tolbooth.model.errors import SigningError, VerificationError
from tolbooth.model.subject import Subject, SubjectKind

# RFC 8032 §7.1, test 1: the public key, and its signature over the empty message.
RFC_8032_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
RFC_8032_SIGNATURE = (
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)
SPKI = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
PKCS8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def test_a_key_verifies_the_signature_of_rfc_8032_and_no_other() -> None:
    key = PublicKey(raw=bytes.fromhex(RFC_8032_KEY))
    signature = bytes.fromhex(RFC_8032_SIGNATURE)
    assert key.verify(signature, b"")
    assert not key.verify(signature, b"x")
    assert not key.verify(signature[:-1], b"")
    assert not EVE.public_key.verify(signature, b"")


def test_a_key_comes_back_from_its_pem() -> None:
    assert PublicKey.from_pem(SEALER.public_key.to_pem()) == SEALER.public_key


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_key_id_is_the_digest_that_openssl_gives(tmp_path: Path) -> None:
    pem = tmp_path / "key.pem"
    pem.write_text(SEALER.public_key.to_pem())
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", str(pem), "-outform", "DER"], check=True, capture_output=True
    ).stdout
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-r"], input=der, check=True, capture_output=True).stdout
    assert digest.split()[0].decode() == SEALER.key_id


@pytest.mark.parametrize(
    ("pem", "code"),
    [
        (Ed25519PrivateKey.generate().private_bytes(*PKCS8), "key.private"),
        (ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*SPKI), "key.type"),
        (rsa.generate_private_key(65537, 2048).public_key().public_bytes(*SPKI), "key.type"),
        (b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH5n ana", "key.ssh"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n", "key.ssh"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "key.pem"),
        (b"no key at all", "key.pem"),
        (b"", "key.pem"),
        (b"\xff\xfe\x00", "key.pem"),
    ],
    ids=["private", "p256", "rsa", "ssh", "ssh-private", "damaged", "text", "empty", "binary"],
)
def test_what_is_no_ed25519_public_key_is_refused_by_kind(pem: bytes, code: str) -> None:
    with pytest.raises(SigningError) as caught:
        PublicKey.from_pem(pem)
    assert caught.value.code == code


def test_a_raw_key_has_thirty_two_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes, not 31"):
        PublicKey(raw=b"x" * 31)


def test_a_statement_is_canonical_and_reads_back() -> None:
    payload = statement(DECISION, subject(), {"b": 1, "a": 2})
    value = json.loads(payload)
    assert payload == canonical_bytes(value)
    assert value["_type"] == "https://in-toto.io/Statement/v1"
    assert value["subject"] == [{"name": "lending/credit@3", "digest": dict(subject().digest)}]
    read = parse_statement(payload, path="x")
    assert (read.predicate_type, read.predicate) == ("urn:tolbooth:decision:v1", {"a": 2, "b": 1})
    assert read.subject == (ResourceDescriptor(name="lending/credit@3", digest=subject().digest),)


def test_a_statement_about_several_subjects_names_them_all() -> None:
    named = [ResourceDescriptor(name=name, digest={"sha256": "00"}) for name in ("a", "b")]
    assert parse_statement(statement(DECISION, named, {}), path="x").subject == tuple(named)


@pytest.mark.parametrize(
    "change",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"subject": []},
        {"subject": [{"name": "x"}]},
        {"subject": [{"name": "x", "digest": {}}]},
        {"subject": [{"name": "x", "digest": {"sha256": 1}}]},
        {"subject": "x"},
        {"predicateType": None},
        {"predicate": []},
    ],
)
def test_what_is_no_statement_is_refused(change: dict[str, Any]) -> None:
    value = {**json.loads(statement(DECISION, subject(), {})), **change}
    with pytest.raises(VerificationError) as caught:
        parse_statement(canonical_bytes(value), path="x")
    assert caught.value.code == "json.shape"


def test_the_encoding_is_that_of_the_dsse_specification() -> None:
    encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pre_authentication_encoding("é", b"") == "DSSEv1 2 é 0 ".encode()


PAYLOAD = statement(DECISION, subject(), {"a": 1})


def test_an_envelope_opens_with_the_signer_s_key_and_says_which() -> None:
    envelope = sign_envelope(PAYLOAD, SEALER)
    opened = open_envelope(envelope, [EVE.public_key, SEALER.public_key], path="x")
    assert (opened.payload, opened.key_id) == (PAYLOAD, SEALER.key_id)
    assert opened.statement.predicate == {"a": 1}


def test_an_envelope_is_canonical_json() -> None:
    envelope = sign_envelope(PAYLOAD, SEALER)
    assert envelope == canonical_bytes(json.loads(envelope))


def envelope_with(**changes: Any) -> bytes:
    return canonical_bytes({**json.loads(sign_envelope(PAYLOAD, SEALER)), **changes})


def signature_with(**changes: Any) -> bytes:
    return envelope_with(signatures=[{**json.loads(sign_envelope(PAYLOAD, SEALER))["signatures"][0], **changes}])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (sign_envelope(PAYLOAD, EVE), "seal.signature"),
        (envelope_with(payload=base64.b64encode(PAYLOAD + b" ").decode()), "seal.signature"),
        (envelope_with(payloadType="application/json"), "seal.payload-type"),
        (envelope_with(payloadType=1), "seal.envelope"),
        (envelope_with(signatures=[]), "seal.envelope"),
        (envelope_with(signatures=[{"sig": "AA=="}] * 17), "seal.envelope"),
        (envelope_with(signatures=["AA=="]), "seal.envelope"),
        (envelope_with(payload="$$$"), "seal.envelope"),
        (envelope_with(payload=None), "seal.envelope"),
        (envelope_with(extra=1), "seal.envelope"),
        (signature_with(sig="AA=="), "seal.signature"),
        (signature_with(sig=None), "seal.envelope"),
        (signature_with(keyid=3), "seal.envelope"),
        (b"[]", "seal.envelope"),
        (b"{", "json.syntax"),
    ],
)
def test_an_envelope_that_does_not_hold_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        open_envelope(content, [SEALER.public_key], path="seal/x.dsse.json")
    assert caught.value.code == code


def test_a_key_id_is_a_hint_and_never_trusted() -> None:
    as_eve = json.loads(sign_envelope(PAYLOAD, EVE))
    as_eve["signatures"][0]["keyid"] = SEALER.key_id
    with pytest.raises(VerificationError, match="does not fit"):
        open_envelope(canonical_bytes(as_eve), [SEALER.public_key], path="x")
    assert open_envelope(signature_with(keyid="wrong"), [SEALER.public_key], path="x").key_id == SEALER.key_id


def test_an_envelope_of_ours_may_not_vary_around_what_is_signed() -> None:
    for varied in (signature_with(keyid="wrong"), sign_envelope(PAYLOAD, SEALER) + b"\n"):
        assert open_envelope(varied, [SEALER.public_key], path="x")
        with pytest.raises(VerificationError) as caught:
            open_envelope(varied, [SEALER.public_key], path="x", ours=True)
        assert caught.value.code == "seal.envelope"


def test_url_safe_base64_is_accepted_as_dsse_asks() -> None:
    # b"\xfb\xff" is "+/8=" in the standard alphabet and "-_8=" in the other.
    content = envelope_with(payload="-_8=")
    assert take_apart(content, path="x").payload == b"\xfb\xff"


def test_without_a_trusted_key_the_hint_says_who_claims_to_have_signed() -> None:
    with pytest.raises(VerificationError) as caught:
        open_envelope(sign_envelope(PAYLOAD, EVE), [SEALER.public_key], path="x")
    assert EVE.key_id[:12] in (caught.value.hint or "")


def test_the_policy_digest_covers_files_parameters_and_enforcement() -> None:
    digests = {
        policy_sha256(policy()),
        policy_sha256(policy(bound=200_000)),
        policy_sha256(policy(rule=b"package other")),
        policy_sha256(replace(policy(), enforcement={})),
        policy_sha256(replace(policy(), rules=())),
    }
    assert len(digests) == 5


def test_a_denied_gate_gives_a_failed_summary_to_the_letter_of_slsa() -> None:
    core, made = attested()
    opened = open_envelope(summary(core, made), [SEALER.public_key], path="x").statement
    assert opened.predicate_type == VERIFICATION_SUMMARY == "https://slsa.dev/verification_summary/v1"
    predicate = opened.predicate
    assert predicate["verificationResult"] == "FAILED"
    assert predicate["verifiedLevels"] == ["FAILED"]
    assert predicate["timeVerified"] == "2026-11-23T09:14:07Z"
    assert predicate["resourceUri"] == "urn:tolbooth:subject:lending/credit@3"
    assert predicate["policy"]["digest"] == {"sha256": made.case.policy_sha256}
    assert predicate["policy"]["uri"].startswith("urn:")
    assert set(predicate) == {
        "verifier",
        "timeVerified",
        "resourceUri",
        "policy",
        "inputAttestations",
        "verificationResult",
        "verifiedLevels",
        "slsaVersion",
    }
    assert len(predicate["inputAttestations"]) == 4
    assert all(set(one["digest"]) == {"sha256"} for one in predicate["inputAttestations"])


@pytest.mark.parametrize("verdict", list(Verdict))
def test_only_allow_is_a_passed_summary(verdict: Verdict) -> None:
    core, made = attested(changes={"verdict": verdict})
    predicate = open_envelope(summary(core, made), [SEALER.public_key], path="x").statement.predicate
    passed = verdict is Verdict.ALLOW
    assert predicate["verificationResult"] == ("PASSED" if passed else "FAILED")
    assert predicate["verifiedLevels"] == (["TOLBOOTH_GATE_RELEASE"] if passed else ["FAILED"])


def test_a_custom_level_never_starts_with_slsa() -> None:
    assert level_of("pre-prod") == "TOLBOOTH_GATE_PRE_PROD"
    assert level_of("SLSA_").startswith("TOLBOOTH_")


def test_a_subject_s_uri_is_percent_encoded() -> None:
    odd = Subject(project="a/b", name="crédit 1", version="#3", kind=SubjectKind.MODEL, digest={"sha256": "00"})
    assert subject_uri(odd) == "urn:tolbooth:subject:a%2Fb/cr%C3%A9dit%201@%233"


def test_predicate_types_are_urns_by_kind() -> None:
    assert predicate_type("decision") == DECISION
