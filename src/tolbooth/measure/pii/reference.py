"""The reference: which parts of a text are personal data or a secret, and what speaks for it.

This is the executable specification. It is plain Python on purpose; a faster kernel must give the same spans, bit for
bit, for every text and header. ``DETECTOR`` names the specification: summaries of different detectors never merge.

How a text is read:

1. every recogniser proposes candidates that have the form and pass its rules (``patterns``, ``phones``);
2. a candidate gets CONTEXT if the nearest known word or phrase in the 50 code points before it names its entity or,
   where none stands before it, the nearest in the 50 after it; NEGATIVE if the nearest before it names something else;
   HEADER if the column's name names its entity; NEGATIVE too if the column's name names a number of no person;
3. it is kept if it has what its form needs (``Need``), and a candidate with NEGATIVE only with HEADER;
4. of overlapping ones the first stays by: rank of the entity (the order of ``Entity``), longer, earlier start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from tolbooth.evidence.canonical import canonical_sha256
from tolbooth.measure.pii import checks, patterns, phones, words
from tolbooth.measure.pii.entities import RANK, Candidate, Entity, Evidence, Need, Span
from tolbooth.measure.pii.headers import Hints, fold, hints_of

CONTEXT_REACH = 50
"""How many code points before and after a candidate are looked at."""

_DIGIT = re.compile(r"[0-9]")
_NOT_WORD = re.compile(r"[^0-9a-z]+")
_NUMBERS = frozenset({Entity.PHONE_NUMBER, Entity.CREDIT_CARD, Entity.US_SSN, Entity.IP_ADDRESS})


def scan_text(text: str, *, header: str | None = None) -> tuple[Span, ...]:
    """Find the personal data and secrets in one text.

    Args:
        text: any text; nothing is assumed about it. Time is linear in its length.
        header: the name of the column that it comes from, if it has one.

    Returns:
        Spans in order of their start; no two overlap. Offsets count code points.
    """
    hints = hints_of(header)
    kept: list[tuple[int, int, int, Span]] = []
    near = _Surroundings(text)
    for candidate in _candidates(text):
        evidence = _weigh(near, candidate, hints)
        if _suffices(candidate.need, evidence):
            start, end, entity = candidate.start, candidate.end, candidate.entity_type
            span = Span(start=start, end=end, entity_type=entity, evidence=evidence)
            kept.append((RANK[entity], start - end, start, span))
    if not kept:
        return ()
    return _without_overlaps(len(text), kept)


def _candidates(text: str) -> Iterator[Candidate]:
    """All candidates; a recogniser is asked only where the character is there that all its forms have."""
    sources: list[Iterable[Candidate]] = []
    if "-----" in text:
        sources.append(patterns.private_keys(text))
    if "eyJ" in text or "AKIA" in text or "ASIA" in text:
        sources.append(patterns.tokens(text))
    if "@" in text:
        sources += [patterns.user_infos(text), patterns.emails(text)]
    if ":" in text or "." in text:
        sources.append(patterns.addresses(text))
    if _DIGIT.search(text):
        sources += [patterns.ibans(text), patterns.cards(text), patterns.social_security(text)]
        sources += [patterns.births(text), phones.phone_candidates(text)]
    return chain.from_iterable(sources)


def _weigh(near: _Surroundings, candidate: Candidate, hints: Hints) -> Evidence:
    entity = candidate.entity_type
    evidence = candidate.evidence
    if entity in hints.entities:
        evidence |= Evidence.HEADER
    elif hints.is_negative and entity in _NUMBERS:
        evidence |= Evidence.NEGATIVE
    known = _KNOWN.get(entity)
    if known is None:
        return evidence
    named = _nearest(known, near.before(candidate.start))
    if named is not None:
        return evidence | (Evidence.CONTEXT if named else Evidence.NEGATIVE)
    return evidence | Evidence.CONTEXT if _nearest(known, near.after(candidate.end)) else evidence


def _suffices(need: Need, evidence: Evidence) -> bool:
    if Evidence.HEADER in evidence:
        return True
    if Evidence.NEGATIVE in evidence or need == Need.HEADER:
        return False
    return need == Need.NOTHING or Evidence.CONTEXT in evidence


def _without_overlaps(size: int, kept: list[tuple[int, int, int, Span]]) -> tuple[Span, ...]:
    taken = bytearray(size)
    spans: list[Span] = []
    for *_, span in sorted(kept, key=lambda item: item[:3]):
        if not taken.count(1, span.start, span.end):
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            spans.append(span)
    return tuple(sorted(spans, key=lambda span: span.start))


class _Surroundings:
    """The words around positions of one text, folded, the nearest first; one that the reach cuts is left out."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._before: dict[int, list[str]] = {}
        self._after: dict[int, list[str]] = {}

    def before(self, start: int) -> list[str]:
        if start not in self._before:
            text, begin = self._text, max(0, start - CONTEXT_REACH)
            while 0 < begin < start and text[begin].isalnum() and text[begin - 1].isalnum():
                begin += 1
            self._before[start] = _phrases(text[begin:start], from_end=True)
        return self._before[start]

    def after(self, end: int) -> list[str]:
        if end not in self._after:
            text, stop = self._text, min(len(self._text), end + CONTEXT_REACH)
            while end < stop < len(text) and text[stop].isalnum() and text[stop - 1].isalnum():
                stop -= 1
            self._after[end] = _phrases(text[end:stop], from_end=False)
        return self._after[end]


def _phrases(window: str, *, from_end: bool) -> list[str]:
    """Phrases of up to three words of a window, those of the nearest word first and the longest of them first."""
    listed = _NOT_WORD.sub(" ", fold(window)).split()
    count = len(listed)
    if from_end:
        ends = range(count, 0, -1)
        return [" ".join(listed[end - size : end]) for end in ends for size in range(min(_LONGEST, end), 0, -1)]
    return [
        " ".join(listed[start : start + size])
        for start in range(count)
        for size in range(min(_LONGEST, count - start), 0, -1)
    ]


_LONGEST = 3


def _known(entity: Entity) -> dict[str, bool]:
    """Every word that is known of an entity, and whether it names it; one that stands in both lists names it."""
    return {**dict.fromkeys(words.NEGATIVE.get(entity, ()), False), **dict.fromkeys(words.CONTEXT[entity], True)}


_KNOWN = {entity: _known(entity) for entity in words.CONTEXT}


def _nearest(known: dict[str, bool], phrases: list[str]) -> bool | None:
    """Whether the nearest known word names the entity; None if there is no known word."""
    return next((known[phrase] for phrase in phrases if phrase in known), None)


def _specification() -> dict[str, object]:
    """Everything that decides about spans and can be written down; ``revision`` stands for the rest."""
    return {
        "revision": 1,
        "reach": CONTEXT_REACH,
        "order": list(Entity),
        "phones": [[name, pattern, int(need)] for name, pattern, need in phones.FORMS],
        "patterns": {
            name: value.pattern for name, value in sorted(vars(patterns).items()) if isinstance(value, re.Pattern)
        },
        "dates": [pattern.pattern for pattern in patterns.DATES],
        "cards": checks.CARD_PREFIXES,
        "ibans": checks.IBAN_LENGTHS,
        "context": {entity.value: listed for entity, listed in words.CONTEXT.items()},
        "negative": {entity.value: listed for entity, listed in words.NEGATIVE.items()},
        "header_words": {entity.value: listed for entity, listed in words.HEADER_WORDS.items()},
        "header_stems": {entity.value: listed for entity, listed in words.HEADER_STEMS.items()},
        "header_others": words.HEADER_OTHERS,
        "header_negative": words.HEADER_NEGATIVE,
    }


DETECTOR = canonical_sha256(_specification())
"""The SHA-256 of the specification: the same for the reference and for every kernel that equals it."""
