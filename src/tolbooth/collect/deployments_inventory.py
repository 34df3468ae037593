"""Reads a declared inventory: a YAML or JSON file in which people or a program list what runs where."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from tolbooth.config.load import in_order, read_document
from tolbooth.config.mistakes import problems_of
from tolbooth.config.settings import Day, Declaration, Name, Version
from tolbooth.model.deployment import Deployment
from tolbooth.model.digest import DigestSet
from tolbooth.model.errors import ConfigError, Problem
from tolbooth.model.instant import beginning
from tolbooth.model.withholding import Withheld

_DIGEST = re.compile(r"(?P<algorithm>sha256|dirHash):(?P<value>[0-9a-f]{64})")


def _digest(value: str) -> str:
    if parsed_digest(value) is None:
        hint = "sha256:… or dirHash:… with 64 lower-case hexadecimal digits, as 'tolbooth gate' shows it"
        raise PydanticCustomError("digest", "is no digest", {"hint": hint})
    return value


class InventoryEntry(Declaration):
    """One thing that runs."""

    name: Name = Field(description="Where it runs, or what it is called there.")
    model: str | None = Field(default=None, description="The model's name.")
    version: Version | None = Field(default=None, description="The model's version.")
    digest: Annotated[str, AfterValidator(_digest)] | None = Field(
        default=None, description="The model's digest: sha256:… or dirHash:…."
    )
    since: Day = Field(default=None, description="The day or the instant since when it runs.")
    origin: str | None = Field(default=None, description="Where the list has it from.")


class Inventory(Declaration):
    """A whole inventory."""

    version: Literal[1] = Field(description="The version of this file's format.")
    deployments: tuple[InventoryEntry, ...] = Field(description="What runs.")


def parsed_digest(text: str) -> DigestSet | None:
    """``sha256:…`` or ``dirHash:…`` as a digest set; None for anything else."""
    match = _DIGEST.fullmatch(text)
    return None if match is None else {match["algorithm"]: match["value"]}


def read_inventory(file: Path, *, source: str, shown: str, zone: str) -> tuple[Deployment, ...]:
    """Read an inventory.

    Raises:
        ConfigError: with every mistake of the file, by line.
    """
    document = read_document(file)
    if not isinstance(document.value, dict):
        message, hint = "the inventory should be a mapping of keys", "it begins with 'version: 1'"
        raise ConfigError.of("config.type", message, place=document.place(()), hint=hint)
    try:
        inventory = Inventory.model_validate(document.value)
    except ValidationError as error:
        raise ConfigError(in_order(problems_of(document, error, model=Inventory))) from error
    names = [entry.name for entry in inventory.deployments]
    problems: list[Problem] = []
    for position, name in enumerate(names):
        if name in names[:position]:
            place = document.place(("deployments", position, "name"))
            hint = "give each a name of its own: findings are told by it"
            problems.append(Problem(code="config.same-name", message=f"'{name}' stands twice", place=place, hint=hint))
    if problems:
        raise ConfigError(problems)
    return tuple(_deployment(entry, source, shown, zone) for entry in inventory.deployments)


def _deployment(entry: InventoryEntry, source: str, shown: str, zone: str) -> Deployment:
    withheld = Withheld()

    def kept(text: Any) -> str | None:
        return None if text is None else withheld.text(str(text))

    origin = f"inventory {shown}" + (f", {kept(entry.origin)}" if entry.origin else "")
    return Deployment(
        place=f"{source}/{withheld.text(entry.name)}",
        origin=origin,
        model=kept(entry.model),
        version=kept(entry.version),
        digest=(parsed_digest(entry.digest) or {}) if entry.digest is not None else {},
        since=beginning(entry.since, zone),
    )
