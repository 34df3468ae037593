"""Step 3, ``json.*``: every JSON file can be read in one way only."""

from __future__ import annotations

from collections.abc import Mapping

from tolbooth.evidence.strict_json import parse, parse_lines


def check_json(files: Mapping[str, bytes]) -> int:
    """Parse every ``.json`` and ``.jsonl`` file strictly; gives how many there are.

    Raises:
        VerificationError: ``json.*``.
    """
    checked = 0
    for path in sorted(files):
        if path.endswith(".json"):
            parse(files[path], path=path)
        elif path.endswith(".jsonl"):
            list(parse_lines(files[path], path=path))
        else:
            continue
        checked += 1
    return checked
