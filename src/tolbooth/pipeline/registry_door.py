"""What a journey asks of a model registry: to say where an alias points, what lies there, and to move it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from tolbooth.model.deployment import RegisteredModel
from tolbooth.model.digest import DigestSet
from tolbooth.model.errors import Problem, StoreError


class MoveFailedError(StoreError):
    """A registry did not say that it moved an alias. ``is_final`` says that it won't do it later either."""

    def __init__(self, problems: Problem | Sequence[Problem], *, is_final: bool = True) -> None:
        super().__init__(problems)
        self.is_final = is_final


class Registry(Protocol):
    """An open registry."""

    @property
    def name(self) -> str:
        """What records call it."""
        ...

    def model(self, model: str) -> RegisteredModel:
        """A registered model as it is now; raises ``CollectError`` if the registry does not answer."""
        ...

    def digest(self, model: str, version: str) -> DigestSet:
        """The digest of a version's files as they are now; raises ``CollectError`` if they can't be had."""
        ...

    def move(self, model: str, alias: str, version: str) -> None:
        """Point an alias to a version; raises ``MoveFailedError`` if the registry did not say that it did."""
        ...


OpenRegistry = Callable[[str], AbstractContextManager[Registry]]
"""Opens the registry at an address, as ``tolbooth.yaml`` names it under ``tracking``."""
