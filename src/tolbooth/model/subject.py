"""The governed thing: a model, a data set or a run, named and digested."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tolbooth.model.digest import DigestSet


class SubjectKind(StrEnum):
    """What kind of thing is governed."""

    MODEL = "model"
    DATASET = "dataset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A governed thing. Its digest *is* the subject; ``project/name@version`` is only what people call it."""

    project: str
    name: str
    version: str
    kind: SubjectKind
    digest: DigestSet

    @property
    def label(self) -> str:
        """``name@version``, for screens."""
        return f"{self.name}@{self.version}"

    @property
    def digest_value(self) -> str:
        """The digest's value: a SHA-256 in hex, or a folder's dirHash."""
        return next(iter(self.digest.values()))
