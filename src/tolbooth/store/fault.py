"""What ``store check`` finds: one fault each, and whether it is only untidy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is not as it should be.

    ``code`` is stable. ``path`` is a file relative to the store's folder; ``position`` is an entry's place in the
    log, from 0. A ``harmless`` fault is untidy and loses nothing; any other one makes the store unclean.
    """

    code: str
    text: str
    path: str | None = None
    position: int | None = None
    harmless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReport:
    """Everything that a check looked at and found. Counts are of what is there, whether it is needed or not."""

    faults: tuple[Fault, ...]
    entry_count: int
    blob_count: int
    checkpoint_size: int | None

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong but what is harmless."""
        return all(fault.harmless for fault in self.faults)
