"""The trust file: what somebody who verifies packs knows from elsewhere of people and logs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from tolbooth.config.load import in_order, read_document
from tolbooth.config.mistakes import problems_of
from tolbooth.config.settings import Section
from tolbooth.model.errors import ConfigError

Fingerprint = Annotated[str, Field(pattern=r"^SHA256:[A-Za-z0-9+/]{43}$")]
PersonId = Annotated[str, Field(pattern=r"^p-[0-9a-f]{16}$")]


class TrustedPeople(Section):
    """Who is trusted of people."""

    first: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        default=None, description="SHA-256 of the first people record's statement: 'tolbooth people show' tells it."
    )
    stewards: tuple[Fingerprint, ...] = Field(
        default=(), description="Fingerprints of keys that may have signed the first people record."
    )
    persons: dict[PersonId, tuple[Fingerprint, ...]] = Field(
        default_factory=dict, description="By person id, the only keys with which that person's words count."
    )


class TrustSettings(Section):
    """A whole trust file."""

    version: Literal[1] = Field(description="The version of this file's format.")
    people: TrustedPeople = Field(default_factory=TrustedPeople, description="Whom to trust of people.")
    logs: tuple[str, ...] = Field(
        default=(), description="Verifier keys of logs, 'name+hash+base64', as VERIFY.md of a pack prints them."
    )


def load_trust_file(path: Path) -> TrustSettings:
    """Read and check a trust file.

    Raises:
        ConfigError: with every independent mistake of the file, in the order of its lines.
    """
    document = read_document(path)
    if not isinstance(document.value, dict):
        message, hint = "the file should be a mapping of keys", "it begins with 'version: 1'"
        raise ConfigError.of("config.type", message, place=document.place(()), hint=hint)
    try:
        return TrustSettings.model_validate(document.value)
    except ValidationError as error:
        raise ConfigError(in_order(problems_of(document, error, model=TrustSettings))) from error
