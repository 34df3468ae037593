"""What somebody who verifies a pack trusts from elsewhere: the first people record, persons' keys, the log's key.

Without it, people and the log's key are vouched for by the sealer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tolbooth.evidence.checkpoint import verifier_key
from tolbooth.evidence.keys import PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Pins.

    ``first_people`` is the SHA-256 of the first people record's statement, ``stewards`` the fingerprints of keys that
    may have signed it; either pins the whole chain. ``persons`` holds, by person id, the only keys with which that
    person's words count. ``logs`` are verifier keys of logs, ``name+hash+base64``.
    """

    first_people: str | None = None
    stewards: frozenset[str] = frozenset()
    persons: Mapping[str, frozenset[str]] = field(default_factory=dict)
    logs: frozenset[str] = frozenset()

    @property
    def pins_people(self) -> bool:
        """Whether anything is said of people."""
        return self.first_people is not None or bool(self.stewards) or bool(self.persons)

    @property
    def pins_logs(self) -> bool:
        """Whether anything is said of logs."""
        return bool(self.logs)

    def knows_log(self, origin: str, key: PublicKey) -> bool:
        """Whether a log's key is one of those that are trusted."""
        return verifier_key(origin, key) in self.logs
