"""Forms of telephone numbers, by name, each with how much it needs beside itself.

| form | examples | taken |
|---|---|---|
| international | ``+41 (0)96 471 07 95``, ``+447700677662``, ``+81-6-6372-3910`` | alone |
| international, 00 | ``0049 151 23017317``, ``001-518-640-0854x12`` | alone |
| North American | ``(212) 386-0434``, ``780-999-2181``, ``1.605.475.4875 ext. 12`` | alone, if well-formed |
| … written with spaces, or with another area | ``773 737 6700``, ``(044)688-7538`` | near a word or by header |
| trunk zero | ``0490 75 40 81``, ``01.84.17.61.18``, ``(08) 8747 6301``, ``06-10446904`` | near a word or by header |
| area in brackets | ``(37) 788-063``, ``(852) 59698281`` | near a word or by header |
| groups | ``78 651 450``, ``60-56-85-91``, ``467 3395``, ``99 668472`` | near a word or by header |
| digits only | ``9498777106`` (9 to 12 near a word, 7 to 15 by header) | near a word or by header |

An extension (``x12``, ``ext. 12``, ``Ext: 105``) belongs to the number. Digits in all: at most 15 (ITU-T E.164 §6.1).
Well-formed North American areas and exchanges begin with 2 to 9 (NANPA, "About the North American Numbering Plan").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tolbooth.measure.pii.entities import Candidate, Entity, Evidence, Need

_START = r"(?<![0-9A-Za-z_+(])(?<![0-9][.,:-])"
_END = r"(?![0-9A-Za-z_])(?![.,:-][0-9])"
_EXTENSION = r"(?:,? {0,2}(?:[xX]|[eE][xX][tT](?:\.|[eE][nN][sS][iI][oO][nN])?)[.:]? ?[0-9]{1,6})?"
_SEPARATOR = r"(?: ?[-./] ?| )"

FORMS: tuple[tuple[str, str, Need], ...] = (
    ("international", r"(?<![0-9A-Za-z_+])\+[1-9][0-9]{6,14}", Need.NOTHING),
    (
        "international groups",
        r"(?<![0-9A-Za-z_+])\+[1-9][0-9]{0,5}(?:[ .-]?\([0-9]{1,4}\)[ .-]?|[ .-])[0-9]{1,12}(?:[ .-][0-9]{1,8}){0,5}",
        Need.NOTHING,
    ),
    ("00 groups", _START + r"00[1-9][0-9]{0,3}(?:[ .-][0-9]{2,8}){2,5}", Need.NOTHING),
    (
        "North American",
        _START + r"(?:\+?1[ .-]?)?(?:\([2-9][0-9]{2}\)[-. ]?|[2-9][0-9]{2}[-./])[2-9][0-9]{2}[-.][0-9]{4}",
        Need.NOTHING,
    ),
    (
        "North American, loose",
        _START + r"(?:\+?0{0,2}1[ .-]{0,2})?(?:\([0-9]{3}\)[-. /]{0,2}|[0-9]{3}" + _SEPARATOR + ")"
        r"[0-9]{3}" + _SEPARATOR + "?[0-9]{4}",
        Need.CONTEXT_OR_HEADER,
    ),
    (
        "trunk zero",
        _START + r"(?:\(0[0-9]{1,4}\) ?|0[0-9]{1,4}[ ./-])[0-9]{2,8}(?:[ .-][0-9]{2,4}){0,4}",
        Need.CONTEXT_OR_HEADER,
    ),
    ("area in brackets", _START + r"\([0-9]{2,5}\) ?[0-9]{3,4}[ -]?[0-9]{3,4}", Need.CONTEXT_OR_HEADER),
    ("groups, spaces", _START + r"[0-9]{1,5}(?: [0-9]{2,8}){1,4}", Need.CONTEXT_OR_HEADER),
    ("groups, hyphens", _START + r"[0-9]{1,5}(?:-[0-9]{2,8}){1,4}", Need.CONTEXT_OR_HEADER),
    ("groups, dots", _START + r"[0-9]{2,4}(?:\.[0-9]{2,4}){3,4}", Need.CONTEXT_OR_HEADER),
    ("digits", _START + r"[0-9]{9,12}", Need.CONTEXT_OR_HEADER),
    ("digits, by header", _START + r"[0-9]{7,15}", Need.HEADER),
)
"""Name, pattern and need of each form; the extension and the end of a number are added to every pattern."""

_COMPILED = tuple((re.compile(f"({pattern}){_EXTENSION}{_END}"), need) for _, pattern, need in FORMS)
_DATE = re.compile(
    r"(?:1[89]|20)[0-9]{2}[-. ](?:0[1-9]|1[0-2])[-. ](?:0[1-9]|[12][0-9]|3[01])"
    r"|[0-3]?[0-9][-. ][01]?[0-9][-. ](?:1[89]|20)?[0-9]{2}"
)
_YEARS = re.compile(r"(?:1[89]|20)[0-9]{2}[ -](?:1[89]|20)[0-9]{2}")
_NOT_DIGIT = re.compile(r"[^0-9]+")
_LEAST_DIGITS, _MOST_DIGITS = 6, 15
_BRACKET_ZERO = "(0)"


def phone_candidates(text: str) -> Iterator[Candidate]:
    """Every part of ``text`` that has the form of a telephone number; several forms may cover the same part."""
    for pattern, need in _COMPILED:
        for match in pattern.finditer(text):
            number = match.group(1)
            if _is_number(number):
                yield Candidate(
                    start=match.start(),
                    end=match.end(),
                    entity_type=Entity.PHONE_NUMBER,
                    evidence=Evidence(0) if need else Evidence.STRONG_FORMAT,
                    need=need,
                )


def _is_number(number: str) -> bool:
    digits = _NOT_DIGIT.sub("", number.replace(_BRACKET_ZERO, ""))
    if not _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS or len(set(digits)) == 1:
        return False
    return _DATE.fullmatch(number) is None and _YEARS.fullmatch(number) is None
