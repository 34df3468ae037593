"""The one order in which results stand in every record: by rule, then term, then content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.rule import RuleResult


def ordered(results: Iterable[RuleResult]) -> Iterator[RuleResult]:
    """The results in their order, whatever order they come in; content is looked at only where rule and term agree."""
    for _, alike in groupby(sorted(results, key=_name), key=_name):
        several = list(alike)
        yield from several if len(several) == 1 else sorted(several, key=canonical_bytes)


def _name(result: RuleResult) -> tuple[str, str]:
    return result.rule, result.term or ""
