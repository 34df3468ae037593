"""Signing by the user's own OpenSSH: key files, encrypted ones too, security keys, and whatever an agent holds.

``ssh-keygen`` asks for passphrases and PINs itself, on the terminal or by SSH_ASKPASS; no secret passes through here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tolbooth.evidence.ssh_keys import SshPublicKey, parse_public_key
from tolbooth.model.errors import Place, SigningError, VerificationError
from tolbooth.signing.ssh_key_file import public_half

AGENT_SOCKET = "SSH_AUTH_SOCK"

_TIMEOUT_SECONDS = 300
"""Time enough to find a passphrase or a security key; an agent that hangs must not hold us for ever."""

_NO_IDENTITIES = 1
_LOAD_AGENT = "load it into an agent first (ssh-add), or sign at a terminal, where it can be asked for"

# SPEC: the texts of OpenSSH's ssh-keygen.c, sshsig.c, authfile.c and ssherr.c, which are not translated.
_REFUSALS: tuple[tuple[str, str, str, str | None], ...] = (
    ("incorrect passphrase", "signing.passphrase-wrong", "the passphrase was wrong, or none was given", _LOAD_AGENT),
    (
        "agent refused operation",
        "signing.ssh-agent-refused",
        "the SSH agent refused to sign",
        "it is locked, or the question whether it may sign was not answered with yes",
    ),
    ("are too open", "signing.readable-by-others", "others can read this private key", "run: chmod 600 on it"),
    ("doesn't match private", "signing.mismatch", "the .pub file beside this key is another key's", None),
    (
        "No private key found",
        "signing.ssh-no-private",
        "neither a file nor an agent holds the private half of this key",
        "name the file of the private key, or load it into an agent: ssh-add",
    ),
    (
        "device not found",
        "signing.ssh-security-key",
        "the security key that holds this key is not plugged in",
        "plug it in and sign again",
    ),
    ("incorrect PIN", "signing.ssh-security-key", "the PIN of the security key was wrong, or none was given", None),
    (
        "option -- ",
        "signing.ssh-keygen-old",
        "this ssh-keygen can't sign files",
        "OpenSSH 8.1 or later is wanted: ssh -V",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SshKeygenSigner:
    """Signs through ``ssh-keygen -Y sign`` (``evidence.ssh_envelope.SshSigner``).

    ``key_file`` is a private key or, for a key that an agent holds, its public half; None lets the agent sign without
    any file. ``notice`` is told what the person must do now, such as touching the security key.
    """

    public_key: SshPublicKey
    key_file: Path | None = None
    notice: Callable[[str], None] | None = field(default=None, repr=False)

    def sign(self, message: bytes, *, namespace: str) -> str:
        """Sign ``message`` for ``namespace``; gives the armoured signature.

        Raises:
            SigningError: ``signing.ssh-keygen-missing``, ``signing.ssh-keygen-old``, ``signing.ssh-no-private``,
                ``signing.ssh-agent-refused``, ``signing.passphrase-wrong``, ``signing.readable-by-others``,
                ``signing.mismatch``, ``signing.ssh-security-key``, ``signing.cancelled``, ``signing.ssh-timeout`` or
                ``signing.ssh-failed``.
        """
        program = _program("ssh-keygen")
        if self.notice is not None and self.public_key.type.is_hardware:
            self.notice(f"Touch the security key {self.public_key.fingerprint} to sign.")
        with tempfile.TemporaryDirectory(prefix="tolbooth-sign-") as folder:
            statement, public = Path(folder, "statement"), Path(folder, "key.pub")
            statement.write_bytes(message)
            public.write_text(f"{self.public_key.line}\n", encoding="utf-8")
            status, said = _run(
                [program, "-Y", "sign", "-f", str(self.key_file or public), "-n", namespace, str(statement)]
            )
            made = statement.with_name("statement.sig")
            if status or not made.exists():
                raise self._refusal(status, said)
            return made.read_text(encoding="ascii", errors="replace")

    def _refusal(self, status: int, said: str) -> Exception:
        shown = str(self.key_file) if self.key_file else self.public_key.fingerprint
        if status < 0:
            return SigningError.of("signing.cancelled", "signing was cancelled", place=Place(path=shown))
        for sign, code, message, hint in _REFUSALS:
            if sign in said:
                return SigningError.of(code, message, place=Place(path=shown), hint=hint)
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        message = f"ssh-keygen could not sign: {lines[-1] if lines else f'status {status}'}"
        return SigningError.of("signing.ssh-failed", message, place=Place(path=shown))


def keygen_signer(key_file: Path, *, notice: Callable[[str], None] | None = None) -> SshKeygenSigner:
    """The signer of an SSH key file: private, or public if an agent holds the private half.

    Raises:
        SigningError: as ``ssh_key_file.public_half``.
    """
    return SshKeygenSigner(public_key=public_half(key_file), key_file=key_file, notice=notice)


def agent_keys() -> tuple[SshPublicKey, ...]:
    """The keys that the agent at SSH_AUTH_SOCK holds, of the types that are accepted, in its order.

    Raises:
        SigningError: ``signing.ssh-keygen-missing`` without OpenSSH, ``signing.ssh-no-agent`` if none answers.
    """
    status, said = _run([_program("ssh-add"), "-L"], wanted="stdout")
    if status == _NO_IDENTITIES:
        return ()
    if status:
        hint = "start one and load your key: eval $(ssh-agent) && ssh-add; or name the file of the key"
        raise SigningError.of("signing.ssh-no-agent", f"no SSH agent answers at {AGENT_SOCKET}", hint=hint)
    found = []
    for line in said.splitlines():
        try:
            found.append(parse_public_key(line))
        except VerificationError:
            # NOTE: certificates and types that are not accepted may be in an agent for other uses.
            continue
    return tuple(found)


def agent_signer(key: SshPublicKey, *, notice: Callable[[str], None] | None = None) -> SshKeygenSigner:
    """The signer of a key that the agent holds, without any file of it."""
    return SshKeygenSigner(public_key=key, notice=notice)


def _program(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        hint = "install OpenSSH's client (openssh-client), or sign with a key of your own: tolbooth key new"
        raise SigningError.of("signing.ssh-keygen-missing", f"there is no program {name} on the path", hint=hint)
    return program


def _run(command: Sequence[str], *, wanted: str = "stderr") -> tuple[int, str]:
    try:
        ended = subprocess.run(  # noqa: S603 - OpenSSH's own program, without a shell
            command,
            env=_environment(os.environ),
            stdin=None if _on_terminal() else subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"{Path(command[0]).name} gave no answer in {_TIMEOUT_SECONDS} seconds"
        raise SigningError.of("signing.ssh-timeout", message) from None
    except (OSError, ValueError) as error:
        raise SigningError.of("signing.ssh-failed", f"{command[0]} could not be run: {error}") from error
    output: bytes = ended.stdout if wanted == "stdout" else ended.stderr
    return ended.returncode, output.decode(errors="replace")


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    return {**variables, "LC_ALL": "C"}


def _on_terminal() -> bool:
    # NOTE: without a terminal ssh-keygen would read a passphrase from what it is given to sign.
    try:
        return os.isatty(0)
    except OSError:
        return False
