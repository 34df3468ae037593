"""``docs/log.md`` has a row for every kind of entry, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from tolbooth.evidence.kinds import Kind

DOCS = Path(__file__).parents[2] / "docs" / "log.md"


def test_every_kind_of_entry_has_a_row_and_every_row_a_kind() -> None:
    table = DOCS.read_text(encoding="utf-8").split("## Kinds of entry\n", 1)[1].split("\n## ", 1)[0]
    rows = (line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    named = [kind for cell in rows for kind in re.findall(r"`([\w-]+)`", cell)]
    assert sorted(named) == sorted(Kind)


def test_moves_are_signed_by_machines_and_do_not_travel_by_git() -> None:
    assert [kind for kind in (Kind.PROMOTION, Kind.OUTCOME, Kind.SIGHTING) if kind.is_record] == []
