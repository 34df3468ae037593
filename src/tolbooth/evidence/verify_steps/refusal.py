"""How a step says that a link is broken."""

from __future__ import annotations

from typing import NoReturn

from tolbooth.evidence.keys import PublicKey
from tolbooth.model.errors import Place, SigningError, VerificationError


def refuse(code: str, message: str, path: str, *, hint: str | None = None) -> NoReturn:
    """Report the broken link ``code`` at ``path``."""
    raise VerificationError.of(code, message, place=Place(path=path), hint=hint)


def key_from(pem: str, *, code: str, path: str) -> PublicKey:
    """Read a public key that stands in a pack.

    Raises:
        VerificationError: ``code``, if it is none.
    """
    try:
        return PublicKey.from_pem(pem)
    except SigningError as error:
        raise VerificationError.of(code, f"a key in the pack can't be read: {error}", place=Place(path=path)) from error
