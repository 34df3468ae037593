"""SSH signatures against OpenSSH itself: each side verifies the other's, agents and questions are real."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.sample_pack import subject
from tests.ssh_sample import ED25519, KEYS, P256, PIN_GIVEN, RSA, SK_ED25519, SK_P256, TOUCHED, TYPES, SoftKey
from tolbooth.evidence.signed import open_signed
from tolbooth.evidence.ssh_envelope import SshOpened, sign_ssh_envelope
from tolbooth.evidence.ssh_keys import SshPublicKey, parse_public_key
from tolbooth.evidence.sshsig import verify_sshsig
from tolbooth.evidence.statement import predicate_type, statement
from tolbooth.model.errors import SigningError, VerificationError
from tolbooth.signing.key_files import KeyRole, new_key
from tolbooth.signing.ssh_key_file import public_half
from tolbooth.signing.ssh_keygen import SshKeygenSigner, agent_keys, agent_signer, keygen_signer
from tolbooth.signing.ssh_signer import KeyFileSshSigner, ssh_signer

pytestmark = [
    pytest.mark.ssh,
    pytest.mark.skipif(
        not all(map(shutil.which, ("ssh-keygen", "ssh-agent", "ssh-add", "jq"))),
        reason="OpenSSH's client or jq is not installed",
    ),
]

NAMESPACE = "tolbooth-approval"
PAYLOAD = statement(predicate_type("approval"), subject(), {"basis": "0" * 64})
DOCS = Path(__file__).parents[2] / "docs" / "ssh.md"


@pytest.fixture(autouse=True)
def _without_an_agent_or_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@dataclass(frozen=True)
class Agent:
    """A running ssh-agent and the folder that its socket lies in."""

    socket: Path

    def add(self, *arguments: str | Path, answer: Path | None = None) -> None:
        asked = {"SSH_ASKPASS": str(answer), "SSH_ASKPASS_REQUIRE": "force"} if answer else {}
        environment = {**os.environ, "SSH_AUTH_SOCK": str(self.socket), **asked}
        subprocess.run(["ssh-add", "-q", *map(str, arguments)], check=True, env=environment, capture_output=True)


@pytest.fixture
def agent(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    socket = tmp_path_factory.mktemp("a") / "s"
    running = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(500):
            if socket.exists():
                break
            time.sleep(0.01)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        yield Agent(socket)
    finally:
        running.terminate()
        running.wait()


def make_key(folder: Path, kind: str = "ed25519", passphrase: str = "", *, form: str = "RFC4716") -> Path:
    path = folder / f"id_{kind}"
    name, _, bits = kind.partition("-")
    size = ["-b", bits] if bits else []
    command: list[str | Path] = [
        "ssh-keygen",
        "-q",
        "-t",
        name,
        *size,
        "-m",
        form,
        "-N",
        passphrase,
        "-C",
        "ben@example.org",
        "-f",
        path,
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def answering(folder: Path, body: str) -> Path:
    """A program that answers a question for a passphrase, as SSH_ASKPASS."""
    program = folder / "answer"
    program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    program.chmod(0o700)
    return program


def asked_by(monkeypatch: pytest.MonkeyPatch, program: Path) -> None:
    monkeypatch.setenv("SSH_ASKPASS", str(program))
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")


def ssh_keygen_says(
    folder: Path, armoured: str, key: SshPublicKey, *, namespace: str = NAMESPACE, message: bytes = PAYLOAD
) -> tuple[int, str]:
    allowed, signature = folder / "allowed_signers", folder / "statement.sig"
    allowed.write_text(f"ben@example.org {key.line}\n", encoding="utf-8")
    signature.write_text(armoured, encoding="ascii")
    who = ("-I", "ben@example.org", "-n", namespace)
    command: list[str | Path] = ["ssh-keygen", "-Y", "verify", "-f", allowed, *who, "-s", signature]
    ended = subprocess.run(command, input=message, capture_output=True, check=False)
    return ended.returncode, (ended.stdout + ended.stderr).decode()


def code_of(signer: SshKeygenSigner) -> str:
    with pytest.raises(SigningError) as caught:
        signer.sign(PAYLOAD, namespace=NAMESPACE)
    return caught.value.code


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa-256", "ecdsa-384", "rsa-2048"])
def test_what_ssh_keygen_signs_for_us_we_verify(tmp_path: Path, kind: str) -> None:
    signer = ssh_signer(make_key(tmp_path, kind))
    content = sign_ssh_envelope(PAYLOAD, signer, namespace=NAMESPACE)
    opened = open_signed(content, [signer.public_key], namespace=NAMESPACE, path="x")
    assert isinstance(opened, SshOpened)
    assert opened.payload == PAYLOAD
    assert opened.signature.key.comment == signer.public_key.comment
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"id_{kind}", f"id_{kind}.pub"]


@pytest.mark.parametrize("flags", [TOUCHED, TOUCHED | PIN_GIVEN])
@pytest.mark.parametrize("kind", TYPES)
def test_what_we_accept_ssh_keygen_accepts(tmp_path: Path, kind: str, flags: int) -> None:
    key = replace(KEYS[kind], flags=flags)
    armoured = key.sign(PAYLOAD, namespace=NAMESPACE)
    verify_sshsig(armoured, PAYLOAD, namespace=NAMESPACE, key=key.public_key)
    status, said = ssh_keygen_says(tmp_path, armoured, key.public_key)
    assert (status, said.split()[:3]) == (0, ["Good", '"tolbooth-approval"', "signature"])
    assert key.public_key.fingerprint in said


def test_a_key_file_of_ours_signs_what_ssh_keygen_accepts(tmp_path: Path) -> None:
    made = new_key(tmp_path / "keys", "ben", KeyRole.APPROVE)
    signer = ssh_signer(made.path)
    assert isinstance(signer, KeyFileSshSigner)
    assert signer.public_key.key_id == made.public_key.key_id
    armoured = signer.sign(PAYLOAD, namespace=NAMESPACE)
    assert ssh_keygen_says(tmp_path, armoured, signer.public_key)[0] == 0
    content = sign_ssh_envelope(PAYLOAD, signer, namespace=NAMESPACE)
    assert open_signed(content, [made.public_key], namespace=NAMESPACE, path="x").key_id == made.public_key.key_id


def test_an_encrypted_key_file_of_ours_wants_its_passphrase(tmp_path: Path) -> None:
    made = new_key(tmp_path / "keys", "ben", KeyRole.APPROVE, passphrase="correct horse")
    assert ssh_signer(made.path, passphrase="correct horse").sign(PAYLOAD, namespace=NAMESPACE)
    with pytest.raises(SigningError) as caught:
        ssh_signer(made.path)
    assert caught.value.code == "signing.passphrase-wanted"


@pytest.mark.parametrize("kind", TYPES)
def test_both_refuse_another_purpose_another_message_and_another_key(tmp_path: Path, kind: str) -> None:
    key = KEYS[kind].public_key
    armoured = KEYS[kind].sign(PAYLOAD, namespace=NAMESPACE)
    other = KEYS[P256 if kind == ED25519 else ED25519].public_key
    for namespace, message, trusted in (
        ("tolbooth-waiver", PAYLOAD, key),
        (NAMESPACE, PAYLOAD + b" ", key),
        (NAMESPACE, PAYLOAD, other),
    ):
        assert ssh_keygen_says(tmp_path, armoured, trusted, namespace=namespace, message=message)[0] != 0
        with pytest.raises(VerificationError):
            verify_sshsig(armoured, message, namespace=namespace, key=trusted)


def test_both_refuse_rsa_with_sha_1_and_short_rsa_keys(tmp_path: Path) -> None:
    sha_1 = replace(KEYS[RSA], rsa_algorithm="ssh-rsa")
    assert ssh_keygen_says(tmp_path, sha_1.sign(PAYLOAD, namespace=NAMESPACE), sha_1.public_key)[0] != 0
    short = SoftKey(type=RSA, private=rsa.generate_private_key(65537, 1024))
    with pytest.raises(VerificationError) as caught:
        parse_public_key(short.line)
    assert caught.value.code == "sshsig.key-size"


@pytest.mark.parametrize("kind", [SK_ED25519, SK_P256])
def test_only_we_refuse_a_security_key_that_nobody_touched(tmp_path: Path, kind: str) -> None:
    key = replace(KEYS[kind], flags=0)
    armoured = key.sign(PAYLOAD, namespace=NAMESPACE)
    assert ssh_keygen_says(tmp_path, armoured, key.public_key)[0] == 0
    with pytest.raises(VerificationError) as caught:
        verify_sshsig(armoured, PAYLOAD, namespace=NAMESPACE, key=key.public_key)
    assert caught.value.code == "sshsig.touch"


def test_an_agent_signs_with_the_public_half_or_without_any_file(tmp_path: Path, agent: Agent) -> None:
    path = make_key(tmp_path)
    other = make_key(tmp_path, "ecdsa")
    agent.add(path, other)
    path.unlink()
    held = agent_keys()
    public = parse_public_key(path.with_name("id_ed25519.pub").read_bytes())
    assert held == (public, public_half(other))
    signers = [keygen_signer(path.with_name("id_ed25519.pub")), keygen_signer(path), agent_signer(held[0])]
    made = {signer.sign(PAYLOAD, namespace=NAMESPACE) for signer in signers}
    assert len(made) == 1
    verify_sshsig(made.pop(), PAYLOAD, namespace=NAMESPACE, key=public)


def test_an_agent_spares_the_passphrase_of_an_encrypted_file(tmp_path: Path, agent: Agent) -> None:
    path = make_key(tmp_path, passphrase="correct horse")
    assert code_of(keygen_signer(path)) == "signing.passphrase-wrong"
    agent.add(path, answer=answering(tmp_path, "echo correct horse"))
    assert keygen_signer(path).sign(PAYLOAD, namespace=NAMESPACE)


def test_certificates_in_an_agent_are_passed_over(tmp_path: Path, agent: Agent) -> None:
    path, authority = make_key(tmp_path), make_key(tmp_path, "ecdsa")
    certify: list[str | Path] = ["ssh-keygen", "-q", "-s", authority, "-I", "ben", "-n", "ben", f"{path}.pub"]
    subprocess.run(certify, check=True, capture_output=True)
    agent.add(path)
    assert agent_keys() == (public_half(path),)
    with pytest.raises(SigningError) as caught:
        keygen_signer(tmp_path / "id_ed25519-cert.pub")
    assert caught.value.code == "sshsig.certificate"


def test_an_agent_that_holds_nothing_is_told_from_none(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    assert agent_keys() == ()
    monkeypatch.setenv("SSH_AUTH_SOCK", f"{agent.socket}.gone")
    with pytest.raises(SigningError) as caught:
        agent_keys()
    assert caught.value.code == "signing.ssh-no-agent"
    assert caught.value.hint is not None


def test_an_agent_whose_question_is_not_answered_with_yes_refuses(tmp_path: Path, agent: Agent) -> None:
    path = make_key(tmp_path)
    agent.add("-c", path)
    assert code_of(agent_signer(public_half(path))) == "signing.ssh-agent-refused"


def test_a_locked_agent_holds_nothing(tmp_path: Path, agent: Agent) -> None:
    path = make_key(tmp_path)
    agent.add(path)
    agent.add("-x", answer=answering(tmp_path, "echo lock"))
    assert agent_keys() == ()
    assert code_of(agent_signer(public_half(path))) == "signing.ssh-no-private"


def test_an_encrypted_key_is_opened_by_whoever_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = keygen_signer(make_key(tmp_path, passphrase="correct horse"))
    assert code_of(signer) == "signing.passphrase-wrong"
    asked_by(monkeypatch, answering(tmp_path, "echo wrong horse"))
    assert code_of(signer) == "signing.passphrase-wrong"
    asked_by(monkeypatch, answering(tmp_path, "exit 1"))
    assert code_of(signer) == "signing.passphrase-wrong"
    asked_by(monkeypatch, answering(tmp_path, "echo correct horse"))
    verify_sshsig(signer.sign(PAYLOAD, namespace=NAMESPACE), PAYLOAD, namespace=NAMESPACE, key=signer.public_key)


def test_ssh_keygen_that_is_interrupted_has_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = keygen_signer(make_key(tmp_path, passphrase="correct horse"))
    asked_by(monkeypatch, answering(tmp_path, "kill -INT $PPID; kill -TERM $PPID"))
    assert code_of(signer) == "signing.cancelled"


AT_A_TERMINAL = """
import fcntl, sys, termios
from pathlib import Path
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from tolbooth.signing.ssh_keygen import keygen_signer
made = keygen_signer(Path(sys.argv[1])).sign(Path(sys.argv[2]).read_bytes(), namespace="tolbooth-approval")
Path(sys.argv[3]).write_text(made)
"""


def test_a_passphrase_is_asked_for_on_the_terminal(tmp_path: Path) -> None:
    path = make_key(tmp_path, passphrase="correct horse")
    (tmp_path / "statement").write_bytes(PAYLOAD)
    ours, theirs = pty.openpty()
    command: list[str | Path] = [sys.executable, "-c", AT_A_TERMINAL, path, tmp_path / "statement", tmp_path / "made"]
    running = subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    os.close(theirs)
    try:
        asked = b""
        while b"passphrase" not in asked:
            asked += os.read(ours, 1000)
        time.sleep(0.05)
        os.write(ours, b"correct horse\n")
        _, complaint = running.communicate(timeout=60)
    finally:
        running.kill()
        running.wait()
        os.close(ours)
    assert (running.returncode, complaint) == (0, b"")
    made = (tmp_path / "made").read_text(encoding="ascii")
    verify_sshsig(made, PAYLOAD, namespace=NAMESPACE, key=public_half(path))


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = make_key(tmp_path)
    path.chmod(0o644)
    assert code_of(keygen_signer(path)) == "signing.readable-by-others"


def test_a_public_half_of_another_key_beside_it_is_refused(tmp_path: Path) -> None:
    path, other = make_key(tmp_path), make_key(tmp_path, "ecdsa")
    shutil.copy(f"{other}.pub", f"{path}.pub")
    assert code_of(keygen_signer(path)) == "signing.mismatch"


def test_a_public_half_alone_signs_nothing(tmp_path: Path) -> None:
    path = make_key(tmp_path)
    path.unlink()
    assert code_of(keygen_signer(path.with_name("id_ed25519.pub"))) == "signing.ssh-no-private"


def test_a_file_needs_no_public_half_beside_it_unless_it_is_of_an_older_kind(tmp_path: Path) -> None:
    new, old = make_key(tmp_path), make_key(tmp_path, "rsa-2048", form="PEM")
    assert keygen_signer(old).sign(PAYLOAD, namespace=NAMESPACE)
    Path(f"{new}.pub").unlink()
    Path(f"{old}.pub").unlink()
    assert keygen_signer(new).sign(PAYLOAD, namespace=NAMESPACE)
    with pytest.raises(SigningError) as caught:
        keygen_signer(old)
    assert caught.value.code == "signing.public-missing"
    assert caught.value.hint is not None
    assert "ssh-keygen -y -f" in caught.value.hint


def test_an_ssh_key_in_pkcs_8_is_told_from_a_key_file_of_ours(tmp_path: Path) -> None:
    path = make_key(tmp_path, "rsa-2048", form="PKCS8")
    signer = ssh_signer(path)
    assert isinstance(signer, SshKeygenSigner)
    assert sign_ssh_envelope(PAYLOAD, signer, namespace=NAMESPACE)


def test_the_public_half_of_an_encrypted_file_is_read_without_opening_it(tmp_path: Path) -> None:
    path = make_key(tmp_path, passphrase="correct horse")
    public = parse_public_key(Path(f"{path}.pub").read_bytes())
    Path(f"{path}.pub").unlink()
    assert public_half(path) == public


def test_a_file_that_is_no_key_or_damaged_is_refused_by_kind(tmp_path: Path) -> None:
    path = make_key(tmp_path)
    whole = path.read_text(encoding="ascii")
    found = {}
    for name, content in {
        "text": "hello\n",
        "cut": whole[:60],
        "no base64": whole.replace("b3Bl", "b3B."),
        "another magic": whole.replace("b3Bl", "c3Bl"),
        "dsa": "ssh-dss AAAAB3NzaC1kc3M= ben\n",
    }.items():
        file = tmp_path / "bad"
        file.write_text(content, encoding="ascii")
        with pytest.raises(SigningError) as caught:
            ssh_signer(file)
        found[name] = caught.value.code
    with pytest.raises(SigningError) as caught:
        ssh_signer(tmp_path / "none")
    assert found == {
        "text": "sshsig.key-line",
        "cut": "sshsig.key-private",
        "no base64": "sshsig.key-private",
        "another magic": "sshsig.key-private",
        "dsa": "sshsig.key-type",
    }
    assert caught.value.code == "signing.not-found"


def test_without_openssh_the_hint_names_another_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = keygen_signer(make_key(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SigningError) as caught:
        signer.sign(PAYLOAD, namespace=NAMESPACE)
    assert caught.value.code == "signing.ssh-keygen-missing"
    assert caught.value.hint is not None
    assert "tolbooth key new" in caught.value.hint


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("echo 'unknown option -- Y' >&2; exit 1", "signing.ssh-keygen-old"),
        ("echo 'Couldn'\"'\"'t sign message: device not found' >&2; exit 255", "signing.ssh-security-key"),
        ("echo 'Couldn'\"'\"'t sign message: incorrect PIN supplied' >&2; exit 255", "signing.ssh-security-key"),
        ("echo 'something new' >&2; exit 255", "signing.ssh-failed"),
        ("exit 0", "signing.ssh-failed"),
    ],
)
def test_what_this_openssh_can_t_say_is_named_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, code: str
) -> None:
    signer = keygen_signer(make_key(tmp_path))
    program = answering(tmp_path, body)
    program.rename(tmp_path / "ssh-keygen")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert code_of(signer) == code


def test_a_person_with_a_security_key_is_told_to_touch_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[str] = []
    for kind in (ED25519, SK_ED25519):
        signer = SshKeygenSigner(public_key=KEYS[kind].public_key, notice=told.append)
        assert code_of(signer) == "signing.ssh-no-private"
    assert told == [f"Touch the security key {KEYS[SK_ED25519].public_key.fingerprint} to sign."]


def test_a_stranger_verifies_by_the_commands_of_the_documentation(tmp_path: Path) -> None:
    path = make_key(tmp_path)
    shutil.copy(f"{path}.pub", tmp_path / "ben.pub")
    content = sign_ssh_envelope(PAYLOAD, ssh_signer(path), namespace=NAMESPACE)
    (tmp_path / "approval.json").write_bytes(content)
    verify, whose = re.findall(r"^```sh\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

    def told(script: str) -> tuple[int, str]:
        ended = subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, capture_output=True, check=False, text=True)
        return ended.returncode, ended.stdout + ended.stderr

    fingerprint = public_half(path).fingerprint
    good = f'Good "tolbooth-approval" signature for ben@example.org with ED25519 key {fingerprint}\n'
    assert told(verify) == (0, good)
    assert (tmp_path / "statement.json").read_bytes() == PAYLOAD
    assert told(whose) == (0, f'Good "tolbooth-approval" signature with ED25519 key {fingerprint}\n')
    altered = json.loads(content)
    altered["payload"] = altered["payload"].replace("e", "f", 1)
    (tmp_path / "approval.json").write_text(json.dumps(altered), encoding="utf-8")
    assert told(verify)[0] != 0
