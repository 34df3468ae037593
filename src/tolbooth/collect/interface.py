"""What a collector is: it reads one source and gives facts, or says which fact it could not have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from tolbooth.model.observation import Artifact, Gap, Observation
from tolbooth.model.people import AliasSystem
from tolbooth.review.people import UNDECLARED

Progress = Callable[[int, int | None], None]
"""Called with bytes read and bytes in all (None where unknown)."""

Who = Callable[[AliasSystem, str | None], str]
"""The id of the person who is called so in a system, or ``undeclared``: so a name or an address is never kept."""


def nobody_declared(_system: AliasSystem, _alias: str | None) -> str:
    """Whoever it is, no people record says so."""
    return UNDECLARED


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What came of collecting: artifacts, observations, and the facts that could not be had."""

    artifacts: tuple[Artifact, ...] = ()
    observations: tuple[Observation, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @classmethod
    def joined(cls, parts: Iterable[Collected]) -> Self:
        """Everything of several collections, in their order."""
        all_parts = tuple(parts)
        return cls(
            artifacts=tuple(artifact for part in all_parts for artifact in part.artifacts),
            observations=tuple(observation for part in all_parts for observation in part.observations),
            gaps=tuple(gap for part in all_parts for gap in part.gaps),
        )


class Collector(Protocol):
    """Reads one declared source. A fact that the source does not have is a gap, never a guess."""

    def collect(self, *, now: datetime) -> Collected:
        """Read the source.

        Args:
            now: when it is read; an aware UTC instant that becomes the facts' collected and received dates.

        Raises:
            ConfigError: if what was declared is wrong, such as a file that isn't there.
            CollectError: if the source is there and can't be read reliably.
        """
