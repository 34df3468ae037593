"""What runs where: an alias of a registry, or a deployment that somebody declared or a cluster lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tolbooth.model.digest import DigestSet


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasPlace:
    """An alias of a registered model in one registry: where a version can be put."""

    registry: str
    model: str
    alias: str

    @property
    def label(self) -> str:
        """``model@alias``, for screens."""
        return f"{self.model}@{self.alias}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A registered model as its registry has it now.

    ``created_ms`` is when it was made, in milliseconds since 1970: two models of one name differ in it. It is None
    where the registry has no such model. ``aliases`` are versions by alias, and ``versions`` the numbers of those that
    are there, as text.
    """

    registry: str
    model: str
    created_ms: int | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    versions: tuple[str, ...] = ()

    @property
    def is_there(self) -> bool:
        """Whether the registry has the model at all."""
        return self.created_ms is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasState:
    """Where an alias points now, and what lies there.

    ``version`` is None where the alias is not set. ``digest`` is empty, and ``problem`` says why, where the version's
    files can't be had.
    """

    place: AliasPlace
    registered: RegisteredModel
    version: str | None = None
    digest: DigestSet = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Something that runs: where, what of it is known, since when, and who says so.

    ``digest`` is empty where the source names none. ``origin`` names the source: a file and the object in it.
    """

    place: str
    origin: str
    model: str | None = None
    version: str | None = None
    digest: DigestSet = field(default_factory=dict)
    since: datetime | None = None
