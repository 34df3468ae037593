"""SSH keys and SSHSIG: what ssh-keygen made is verified, and every other reading of it is refused."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from tests import ssh_sample
from tests.sample_pack import EVE, SEALER
from tests.ssh_sample import (
    ED25519,
    KEYS,
    P256,
    P384,
    PIN_GIVEN,
    RSA,
    SK_ED25519,
    SK_P256,
    TOUCHED,
    TYPES,
    SoftKey,
    armoured,
    mpint,
    string,
)
from tolbooth.evidence.ssh_keys import parse_public_key, ssh_key_of
from tolbooth.evidence.ssh_primitives import Touch
from tolbooth.evidence.sshsig import armour, signer_of, take_apart_sshsig, to_be_signed, verify_sshsig
from tolbooth.model.errors import VerificationError

GOLDEN = Path(__file__).parents[1] / "golden" / "sshsig"
"""Made by OpenSSH 9.2p1: ssh-keygen -Y sign -n tolbooth-approval < message, and once more with -O hashalg=sha256."""

FINGERPRINTS = {
    "ed25519": "SHA256:N5VZvA3lIQlMh1WQLvI4KQrlcxmCpLEni6xNvfknpLo",
    "p256": "SHA256:GZVzkhutsjXrKvIAel+EGy42T7rcV2C9cHwFypKzkSk",
    "p384": "SHA256:lFdIoxxWhwKcxRFzihhpsCihvEHm5v5UEE/mJiPchYc",
    "rsa": "SHA256:KZ35Hzjm8R+7fH13e7LBOsaX8Oqwu/dSH25Rlkhim4I",
}
"""As ssh-keygen -l printed them."""

# PROTOCOL.sshsig §1, "Example": made before there was a field hash_algorithm.
PROTOCOL_EXAMPLE = """-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgJKxoLBJBivUPNTUJUSslQTt2hD
jozKvHarKeN8uYFqgAAAADZm9vAAAAAAAAAFMAAAALc3NoLWVkMjU1MTkAAABAKNC4IEbt
Tq0Fb56xhtuE1/lK9H9RZJfON4o6hE9R4ZGFX98gy0+fFJ/1d2/RxnZky0Y7GojwrZkrHT
FgCqVWAQ==
-----END SSH SIGNATURE-----
"""

NAMESPACE = "tolbooth-approval"
MESSAGE = (GOLDEN / "message").read_bytes()


def refusal(of: Callable[[], object]) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        of()
    return caught.value


def verified(text: bytes | str, key: SoftKey, message: bytes = MESSAGE) -> object:
    return verify_sshsig(text, message, namespace=NAMESPACE, key=key.public_key)


@pytest.mark.parametrize("name", FINGERPRINTS)
@pytest.mark.parametrize(("suffix", "hashed"), [(".sig", "sha512"), (".sha256.sig", "sha256")])
def test_what_ssh_keygen_signed_is_verified(name: str, suffix: str, hashed: str) -> None:
    key = parse_public_key((GOLDEN / f"{name}.pub").read_bytes())
    signature = (GOLDEN / f"{name}{suffix}").read_bytes()
    made = verify_sshsig(signature, MESSAGE, namespace=NAMESPACE, key=key)
    assert (made.key, made.hash_algorithm, made.touch) == (key, hashed, None)
    assert made.algorithm == ("rsa-sha2-512" if name == "rsa" else key.type)
    assert signer_of(signature) == key


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_what_ssh_keygen_wrote_is_written_again_byte_for_byte(name: str) -> None:
    line = (GOLDEN / f"{name}.pub").read_text(encoding="ascii")
    key = parse_public_key(line)
    assert f"{key.line}\n" == line
    assert key.fingerprint == FINGERPRINTS[name]
    assert key.comment == "ben@example.org"
    signature = (GOLDEN / f"{name}.sig").read_text(encoding="ascii")
    assert armour(take_apart_sshsig(signature)) == signature


def test_the_example_of_the_protocol_lacks_a_field_and_is_refused() -> None:
    assert refusal(lambda: take_apart_sshsig(PROTOCOL_EXAMPLE)).code == "sshsig.format"


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("hashed", ["sha256", "sha512"])
def test_a_signature_of_every_type_and_hash_is_verified(kind: str, hashed: str) -> None:
    key = KEYS[kind]
    text = armoured(key.fields(MESSAGE, namespace=NAMESPACE, hash_name=hashed))
    made = verify_sshsig(text, MESSAGE, namespace=NAMESPACE, key=key.public_key)
    assert made.touch == (Touch(present=True, verified=False, counter=7) if kind.startswith("sk-") else None)
    assert made.hash_algorithm == hashed
    assert armour(take_apart_sshsig(text)) == text


def test_rsa_may_sign_with_either_sha_2() -> None:
    key = replace(KEYS[RSA], rsa_algorithm="rsa-sha2-256")
    text = key.sign(MESSAGE, namespace=NAMESPACE)
    assert verify_sshsig(text, MESSAGE, namespace=NAMESPACE, key=key.public_key).algorithm == "rsa-sha2-256"


@pytest.mark.parametrize("width", [64, 76])
def test_lines_of_other_writers_are_read(width: int) -> None:
    key = KEYS[ED25519]
    text = armoured(key.fields(MESSAGE, namespace=NAMESPACE), width=width)
    assert verified(text, key)
    assert verified(text.removesuffix("\n"), key)
    assert verified(text.encode(), key)


@pytest.mark.parametrize("kind", TYPES)
def test_a_signature_for_another_purpose_is_refused_and_the_hint_says_what_to_do(kind: str) -> None:
    text = KEYS[kind].sign(MESSAGE, namespace="git")
    error = refusal(lambda: verified(text, KEYS[kind]))
    assert error.code == "sshsig.namespace"
    assert "'git', not for 'tolbooth-approval'" in str(error)
    assert error.hint is not None
    assert "-n tolbooth-approval" in error.hint


@pytest.mark.parametrize("kind", TYPES)
def test_another_key_of_the_same_type_is_refused(kind: str) -> None:
    key = KEYS[kind]
    other = key.public_key if kind == RSA else ssh_sample.soft_key(kind).public_key
    signer = ssh_sample.soft_key(kind)
    text = signer.sign(MESSAGE, namespace=NAMESPACE)
    error = refusal(lambda: verify_sshsig(text, MESSAGE, namespace=NAMESPACE, key=other))
    assert error.code == "sshsig.signer"
    assert signer.public_key.fingerprint in str(error)


@pytest.mark.parametrize("kind", TYPES)
def test_a_forger_who_names_the_right_key_is_refused(kind: str) -> None:
    fields = ssh_sample.soft_key(kind).fields(MESSAGE, namespace=NAMESPACE)
    error = refusal(lambda: verified(armoured([KEYS[kind].blob, *fields[1:]]), KEYS[kind]))
    assert error.code in {"sshsig.signature", "sshsig.format"}


@pytest.mark.parametrize("kind", TYPES)
def test_another_message_is_refused(kind: str) -> None:
    text = KEYS[kind].sign(MESSAGE, namespace=NAMESPACE)
    assert refusal(lambda: verified(text, KEYS[kind], MESSAGE + b"\n")).code == "sshsig.signature"


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        (1, b"", "sshsig.namespace"),
        (1, b"tolbooth-approval\0", "sshsig.namespace"),
        (1, b"\xff", "sshsig.namespace"),
        (2, b"x", "sshsig.reserved"),
        (3, b"sha1", "sshsig.hash"),
        (3, b"SHA512", "sshsig.hash"),
        (3, b"", "sshsig.hash"),
        (3, b"sha256", "sshsig.signature"),
        (4, b"", "sshsig.format"),
        (4, string("ssh-dss") + string(b"x" * 40), "sshsig.algorithm"),
        (4, string("ssh-ed25519") + string(b"x" * 63), "sshsig.format"),
        (4, string("ssh-ed25519") + string(b"x" * 65), "sshsig.format"),
        (4, string("ssh-ed25519") + string(b"x" * 64) + b"\1", "sshsig.format"),
        (4, string("\xe9"), "sshsig.algorithm"),
        (0, b"", "sshsig.key"),
        (0, string("ssh-dss"), "sshsig.key-type"),
        (0, string("ssh-ed25519-cert-v01@openssh.com"), "sshsig.certificate"),
    ],
)
def test_a_field_that_says_something_else_is_refused(place: int, value: bytes, code: str) -> None:
    fields = KEYS[ED25519].fields(MESSAGE, namespace=NAMESPACE)
    fields[place] = value
    assert refusal(lambda: verified(armoured(fields), KEYS[ED25519])).code == code


def test_a_reserved_field_is_refused_even_if_it_was_signed() -> None:
    fields = KEYS[ED25519].fields(MESSAGE, namespace=NAMESPACE, reserved=b"later")
    assert refusal(lambda: verified(armoured(fields), KEYS[ED25519])).code == "sshsig.reserved"


def test_another_frame_is_refused() -> None:
    fields = KEYS[ED25519].fields(MESSAGE, namespace=NAMESPACE)
    codes = [
        refusal(lambda text=text: verified(text, KEYS[ED25519])).code  # type: ignore[misc]
        for text in (
            armoured(fields, magic=b"SSHSIh"),
            armoured(fields, version=0),
            armoured(fields, version=2),
            armoured(fields, after=b"\0"),
            armoured(fields[:4]),
            armoured([]),
        )
    ]
    assert codes == ["sshsig.format", "sshsig.version", "sshsig.version", *["sshsig.format"] * 3]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\n" + text,
        lambda text: text + "\n",
        lambda text: text + "x",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "", 1),
        lambda text: text.replace("SSH SIGNATURE", "PGP SIGNATURE"),
        lambda text: text.replace("\nU1N", "\nU1\nN"),
        lambda text: text.replace("\nU1N", "\n\nU1N"),
        lambda text: text.replace("=", ""),
        lambda text: "",
        lambda text: "\n".join([text.split("\n")[0], text.split("\n")[-2], ""]),
        lambda text: text.replace("A", "é", 1),
        lambda text: text.encode().replace(b"A", b"\xff", 1),
        lambda text: text.replace("\nU1N", "\n" + "A" * 70_000 + "U1N"),
        lambda text: armoured(KEYS[ED25519].fields(MESSAGE, namespace=NAMESPACE), width=71),
    ],
    ids=lambda _: "",
)
def test_another_armour_is_refused(change: Callable[[str], bytes | str]) -> None:
    text = KEYS[ED25519].sign(MESSAGE, namespace=NAMESPACE)
    error = refusal(lambda: verified(change(text), KEYS[ED25519]))
    assert error.code == "sshsig.armour"
    assert error.hint is not None


SIGNED = {kind: KEYS[kind].sign(MESSAGE, namespace=NAMESPACE).encode() for kind in TYPES}


@given(kind=st.sampled_from(TYPES), place=st.integers(0), bit=st.integers(0, 7))
def test_no_bit_of_a_signature_can_be_flipped(kind: str, place: int, bit: int) -> None:
    altered = bytearray(SIGNED[kind])
    altered[place % len(altered)] ^= 1 << bit
    assert refusal(lambda: verified(bytes(altered), KEYS[kind])).code.startswith("sshsig.")


@given(kind=st.sampled_from(TYPES), place=st.integers(0), bit=st.integers(0, 7))
def test_no_bit_of_a_message_can_be_flipped(kind: str, place: int, bit: int) -> None:
    altered = bytearray(MESSAGE)
    altered[place % len(altered)] ^= 1 << bit
    assert refusal(lambda: verified(SIGNED[kind], KEYS[kind], bytes(altered))).code == "sshsig.signature"


@given(kind=st.sampled_from(TYPES), size=st.integers(0))
def test_no_signature_can_be_cut_short(kind: str, size: int) -> None:
    # The newline at the very end may be missing: shells take it away.
    cut = SIGNED[kind][: size % (len(SIGNED[kind]) - 1)]
    assert refusal(lambda: verified(cut, KEYS[kind])).code == "sshsig.armour"


@given(kind=st.sampled_from(TYPES), place=st.integers(0), value=st.binary(max_size=3), gone=st.integers(0, 3))
def test_no_bytes_inside_the_frame_can_be_exchanged(kind: str, place: int, value: bytes, gone: int) -> None:
    blob = base64.b64decode(b"".join(SIGNED[kind].split(b"\n")[1:-2]))
    start = place % len(blob)
    altered = blob[:start] + value + blob[start + gone :]
    if altered == blob:
        return
    text = "\n".join(
        [
            "-----BEGIN SSH SIGNATURE-----",
            *(base64.b64encode(altered[at : at + 57]).decode() for at in range(0, len(altered), 57)),
            "-----END SSH SIGNATURE-----",
            "",
        ]
    )
    error = refusal(lambda: verified(text, KEYS[kind]))
    assert error.code.startswith("sshsig.")
    assert error.code != "sshsig.armour"


def test_rsa_with_sha_1_is_refused() -> None:
    key = replace(KEYS[RSA], rsa_algorithm="ssh-rsa")
    error = refusal(lambda: verified(key.sign(MESSAGE, namespace=NAMESPACE), key))
    assert error.code == "sshsig.algorithm"
    assert "rsa-sha2-256 or rsa-sha2-512" in str(error)


def test_an_rsa_signature_says_truly_which_hash_it_used() -> None:
    key = KEYS[RSA]
    fields = replace(key, rsa_algorithm="rsa-sha2-256").fields(MESSAGE, namespace=NAMESPACE)
    fields[4] = fields[4].replace(b"rsa-sha2-256", b"rsa-sha2-512")
    assert refusal(lambda: verified(armoured(fields), key)).code == "sshsig.signature"


def test_an_rsa_signature_is_as_long_as_its_key() -> None:
    fields = KEYS[RSA].fields(MESSAGE, namespace=NAMESPACE)
    fields[4] = string("rsa-sha2-512") + string(b"\0" + fields[4][-256:])
    assert refusal(lambda: verified(armoured(fields), KEYS[RSA])).code == "sshsig.format"


@pytest.mark.parametrize(
    "value",
    [
        string(b"\0\0\1") + mpint(1),
        string(b"\x80") + mpint(1),
        string(b"") + mpint(1),
        string(b"\0") + mpint(1),
        mpint(1),
        mpint(1) + mpint(1) + b"\0",
    ],
    ids=["needless zero", "negative", "zero", "zero byte", "no s", "more"],
)
def test_the_numbers_of_an_elliptic_signature_have_one_form(value: bytes) -> None:
    fields = KEYS[P256].fields(MESSAGE, namespace=NAMESPACE)
    fields[4] = string(P256) + string(value)
    assert refusal(lambda: verified(armoured(fields), KEYS[P256])).code == "sshsig.format"


def test_numbers_beyond_the_curve_s_order_sign_nothing() -> None:
    fields = KEYS[P256].fields(MESSAGE, namespace=NAMESPACE)
    fields[4] = string(P256) + string(mpint(2**256 - 1) + mpint(2**300))
    assert refusal(lambda: verified(armoured(fields), KEYS[P256])).code == "sshsig.signature"


@pytest.mark.parametrize("kind", [SK_ED25519, SK_P256])
def test_a_security_key_that_nobody_touched_is_refused_unless_it_is_declared_so(kind: str) -> None:
    key = replace(KEYS[kind], flags=0)
    text = key.sign(MESSAGE, namespace=NAMESPACE)
    error = refusal(lambda: verified(text, key))
    assert error.code == "sshsig.touch"
    assert error.hint is not None
    declared = parse_public_key(key.line, touch_required=False)
    made = verify_sshsig(text, MESSAGE, namespace=NAMESPACE, key=declared)
    assert made.touch == Touch(present=False, verified=False, counter=7)
    assert declared == key.public_key


@pytest.mark.parametrize("kind", [SK_ED25519, SK_P256])
def test_a_pin_and_the_counter_are_told(kind: str) -> None:
    key = replace(KEYS[kind], flags=TOUCHED | PIN_GIVEN, counter=2**32 - 1)
    made = verify_sshsig(key.sign(MESSAGE, namespace=NAMESPACE), MESSAGE, namespace=NAMESPACE, key=key.public_key)
    assert made.touch == Touch(present=True, verified=True, counter=2**32 - 1)


@pytest.mark.parametrize("kind", [SK_ED25519, SK_P256])
@pytest.mark.parametrize("change", [b"\1\0\0\0\x08", b"\x05\0\0\0\7"], ids=["counter", "flags"])
def test_flags_and_counter_are_signed(kind: str, change: bytes) -> None:
    fields = KEYS[kind].fields(MESSAGE, namespace=NAMESPACE)
    fields[4] = fields[4][:-5] + change
    assert refusal(lambda: verified(armoured(fields), KEYS[kind])).code == "sshsig.signature"


@pytest.mark.parametrize("kind", [SK_ED25519, SK_P256])
def test_the_application_is_signed(kind: str) -> None:
    made_for_another = replace(KEYS[kind], application="ssh:work")
    fields = made_for_another.fields(MESSAGE, namespace=NAMESPACE)
    error = refusal(lambda: verified(armoured([KEYS[kind].blob, *fields[1:]]), KEYS[kind]))
    assert error.code == "sshsig.signature"
    assert verified(armoured(fields), made_for_another)


@pytest.mark.parametrize("application", ["https://example.org", "", "ssh:\0"])
def test_a_security_key_of_a_web_site_is_no_ssh_key(application: str) -> None:
    line = replace(KEYS[SK_P256], application=application).line
    assert refusal(lambda: parse_public_key(line)).code == "sshsig.key"


def test_a_plain_key_can_t_stand_in_for_a_security_key() -> None:
    hardware, plain = KEYS[SK_ED25519], replace(KEYS[SK_ED25519], type=ED25519)
    fields = plain.fields(MESSAGE, namespace=NAMESPACE)
    error = refusal(lambda: verified(armoured([hardware.blob, *fields[1:]]), hardware))
    assert error.code == "sshsig.algorithm"


def line_of(*fields: bytes) -> str:
    return f"{fields[0][4:].decode()} {base64.b64encode(b''.join(fields)).decode()}"


def point_of(curve: ec.EllipticCurve, *, size: int, compressed: bool = False) -> bytes:
    numbers = ec.generate_private_key(curve).public_key().public_numbers()
    x, y = (part.to_bytes(size, "big") for part in (numbers.x, numbers.y))
    return bytes([2 + (numbers.y & 1)]) + x if compressed else b"\4" + x + y


RAW = SEALER.public_key.raw
MODULUS = KEYS[RSA].private.public_key().public_numbers().n  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "sshsig.key-line"),
        ("ssh-ed25519", "sshsig.key-line"),
        ("ssh-ed25519 ", "sshsig.key-line"),
        (b"\xff\xfe", "sshsig.key-line"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n", "sshsig.key-private"),
        (SEALER.public_key.to_pem(), "sshsig.key-line"),
        (f"{KEYS[ED25519].line}\n{KEYS[P256].line}\n", "sshsig.key-line"),
        (f"ssh-ed25519 {'A' * 20_000}", "sshsig.key-line"),
        ("ssh-ed25519 A.B", "sshsig.key-line"),
        pytest.param(KEYS[ED25519].line.replace(" ben", "= ben"), "sshsig.key-line", id="padded"),
        pytest.param(KEYS[ED25519].line.replace("ssh-ed25519 ", "ssh-rsa "), "sshsig.key-line", id="another-type"),
        (f"no-touch-required {KEYS[SK_P256].line}", "sshsig.key-type"),
        ("ssh-dss AAAA", "sshsig.key-type"),
        (line_of(string("ssh-dss"), mpint(5)), "sshsig.key-type"),
        (line_of(string("ecdsa-sha2-nistp521")), "sshsig.key-type"),
        ("ssh-ed25519-cert-v01@openssh.com AAAA", "sshsig.certificate"),
        ("ssh-ed25519 " + base64.b64encode(string("ssh-rsa-cert-v01@openssh.com")).decode(), "sshsig.certificate"),
        (line_of(string(ED25519)), "sshsig.key"),
        (line_of(string(ED25519), string(RAW[:-1])), "sshsig.key"),
        (line_of(string(ED25519), string(RAW), b"\0"), "sshsig.key"),
        (line_of(string(ED25519), b"\xff\xff\xff\xff" + RAW), "sshsig.key"),
        (line_of(string(P256), string("nistp384"), string(point_of(ec.SECP384R1(), size=48))), "sshsig.key"),
        (line_of(string(P256), string("nistp256"), string(point_of(ec.SECP384R1(), size=48))), "sshsig.key"),
        (
            line_of(string(P256), string("nistp256"), string(point_of(ec.SECP256R1(), size=32, compressed=True))),
            "sshsig.key",
        ),
        (line_of(string(P256), string("nistp256"), string(b"\4" + b"\1" * 64)), "sshsig.key"),
        (line_of(string(P256), string("nistp256"), string(b"")), "sshsig.key"),
        (line_of(string(RSA), mpint(65537), mpint(2**2046 + 1)), "sshsig.key-size"),
        (line_of(string(RSA), mpint(65537), mpint(2**16384 + 1)), "sshsig.key-size"),
        (line_of(string(RSA), mpint(65537), mpint(2**2047)), "sshsig.key"),
        (line_of(string(RSA), mpint(65536), mpint(MODULUS)), "sshsig.key"),
        (line_of(string(RSA), mpint(1), mpint(MODULUS)), "sshsig.key"),
        (line_of(string(RSA), mpint(2**64 + 1), mpint(MODULUS)), "sshsig.key"),
        (line_of(string(RSA), string(b"\0\1\0\1"), mpint(MODULUS)), "sshsig.key"),
        (line_of(string(RSA), mpint(65537), string(b"\xff" * 256)), "sshsig.key"),
        (line_of(string(SK_ED25519), string(RAW)), "sshsig.key"),
    ],
)
def test_what_is_no_accepted_key_is_refused_by_kind(line: bytes | str, code: str) -> None:
    error = refusal(lambda: parse_public_key(line, path="people.yaml"))
    assert error.code == code
    assert error.problems[0].place is not None
    assert error.problems[0].place.path == "people.yaml"


SMALL_ORDER = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)
IDENTITY = bytes.fromhex(SMALL_ORDER[0])


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_key_under_which_one_signature_fits_many_messages_is_refused(point: str) -> None:
    raw = bytes.fromhex(point)
    universal = Ed25519PublicKey.from_public_bytes(raw)
    fitting = 0
    for number in range(200):
        try:
            universal.verify(IDENTITY + bytes(32), b"message %d" % number)
        except Exception:  # noqa: BLE001 - this message is one of those that it does not fit
            continue
        fitting += 1
    assert fitting > 1, "the attack is real: one signature, several messages"
    for kind, more in ((ED25519, b""), (SK_ED25519, string("ssh:"))):
        line = line_of(string(kind), string(raw), more)
        assert refusal(lambda line=line: parse_public_key(line)).code == "sshsig.key"  # type: ignore[misc]


def test_a_point_written_beyond_the_field_is_refused() -> None:
    raw = (2**255 - 19 + 3).to_bytes(32, "little")
    assert refusal(lambda: parse_public_key(line_of(string(ED25519), string(raw)))).code == "sshsig.key"


def test_a_key_is_its_blob_whatever_is_said_beside_it() -> None:
    line = KEYS[P384].line
    key = parse_public_key(line)
    assert key == parse_public_key(line.replace("ben@example.org", "Ben Okri, laptop"), touch_required=False)
    assert key == parse_public_key(line.replace(" ben@example.org", "\r\n"))
    assert hash(key) == hash(parse_public_key(line.removesuffix(" ben@example.org")))
    assert key != parse_public_key(KEYS[P256].line)


def test_one_ed25519_key_has_one_id_whether_ssh_or_ours() -> None:
    assert ssh_key_of(SEALER.public_key).key_id == SEALER.public_key.key_id
    assert ssh_key_of(EVE.public_key).key_id != SEALER.public_key.key_id


def test_every_type_of_key_has_an_id_of_its_own() -> None:
    ids = {KEYS[kind].public_key.key_id for kind in TYPES}
    assert len(ids) == len(TYPES)
    assert {len(one) for one in ids} == {64}
    hardware = KEYS[SK_P256].public_key
    assert hardware.key_id == hashlib.sha256(hardware.blob).hexdigest()


def test_a_key_of_ours_reads_back_from_its_ssh_line() -> None:
    key = ssh_key_of(SEALER.public_key, comment="ana")
    assert parse_public_key(key.line) == key
    assert key.line.endswith(" ana")


@pytest.mark.parametrize(("namespace", "hashed"), [("", "sha512"), ("a\0b", "sha512"), ("a", "sha1"), ("a", "md5")])
def test_nothing_is_made_to_be_signed_without_purpose_or_with_another_hash(namespace: str, hashed: str) -> None:
    with pytest.raises(ValueError, match="no namespace or no hash"):
        to_be_signed(b"x", namespace=namespace, hash_algorithm=hashed)


def test_what_is_signed_is_as_the_protocol_says() -> None:
    digest = hashlib.sha256(b"x").digest()
    wanted = b"SSHSIG\0\0\0\1n\0\0\0\0\0\0\0\6sha256\0\0\0\x20" + digest
    assert to_be_signed(b"x", namespace="n", hash_algorithm="sha256") == wanted


def test_a_short_rsa_key_is_told_what_to_make_instead() -> None:
    weak = SoftKey(type=RSA, private=rsa.generate_private_key(65537, 1024))
    error = refusal(lambda: parse_public_key(weak.line))
    assert error.code == "sshsig.key-size"
    assert "1024 bits" in str(error)
    assert error.hint is not None
    assert "ssh-keygen -t ed25519" in error.hint
