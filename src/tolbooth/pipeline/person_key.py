"""Which key a person signs with: the file or the name that was given, else the one approver's key of this user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tolbooth.config.environment import Environment
from tolbooth.evidence.ssh_envelope import SshSigner
from tolbooth.model.errors import SigningError
from tolbooth.signing.key_files import KeyRole, list_keys
from tolbooth.signing.ssh_signer import ssh_signer


def person_signer(
    environment: Environment, given: str | None, *, notice: Callable[[str], None] | None = None
) -> SshSigner:
    """The signer of a person.

    Args:
        environment: says where this user's own keys are.
        given: a key file of OpenSSH's or ours, a ``.pub`` file whose key an agent holds, or the name of one of this
            user's own keys; None for the one that TOLBOOTH_PERSON_KEY names, else the only one made for approving.
        notice: told what the person has to do, such as to touch a security key.

    Raises:
        SigningError: ``signing.whose-key`` if none is given and there is not exactly one, ``signing.not-found``, or as
            ``signing.ssh_signer``.
    """
    given = given or environment.person_key
    own = [key for key in list_keys(environment.keys_folder) if key.role is KeyRole.APPROVE]
    if given is not None:
        named = next((key.path for key in own if key.name == given), None)
        path = Path(given).expanduser()
        return ssh_signer(named if named is not None and not path.exists() else path, notice=notice)
    if len(own) == 1:
        return ssh_signer(own[0].path, notice=notice)
    names = ", ".join(key.name for key in own)
    hint = f"--key NAME, one of {names}" if own else "--key FILE, such as ~/.ssh/id_ed25519"
    message = "whose key should sign can't be told: " + (
        f"there are {len(own)} for approving" if own else "none is named"
    )
    raise SigningError.of("signing.whose-key", message, hint=hint)
