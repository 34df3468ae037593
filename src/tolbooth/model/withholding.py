"""Keeps secrets and personal data out of strings that a source gives and that would be kept or shown.

What looks like one is replaced by ``[withheld: <kind>]`` before anything is digested, stored or shown, and counted. It
errs towards withholding. It knows forms, not people: a bare name is kept out by a field allow-list, never by this.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import NamedTuple

_ALWAYS: Callable[[str], bool] = lambda _: True  # noqa: E731 - a constant predicate


def _luhn(text: str) -> bool:
    """The check digit of ISO/IEC 7812-1 annex B, over 14 to 19 digits."""
    digits = [int(character) for character in text if character.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return 14 <= len(digits) <= 19 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0  # noqa: PLR2004


def _mod97(text: str) -> bool:
    """The check digits of an IBAN (ISO 13616-1, by ISO/IEC 7064 MOD 97-10)."""
    plain = text.replace(" ", "")
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def _random_looking(token: str) -> bool:
    """Whether a long word changes between cases and digits as often as a random one; a UUID or a plain word does not.

    Letters and digits drawn evenly change their class at 40 to 62 % of places, words in camel case below 30 %.
    """
    if _UUID.fullmatch(token):
        return False
    if _HEX.fullmatch(token):
        return len(token) >= _HEX_LENGTH and not token.isdigit() and not token.isalpha()
    letters = [character for character in token if character.isalnum()]
    classes = [(character.isdigit(), character.isupper()) for character in letters]
    changes = sum(before != after for before, after in pairwise(classes))
    mixed = any(digit for digit, _ in classes) and not all(digit for digit, _ in classes)
    return mixed and changes >= _CHANGING * len(letters)


_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"[0-9a-fA-F]+")
_HEX_LENGTH = 32
_CHANGING = 0.32

_CREDENTIAL_WORD = (
    r"(?:password|passwd|pwd|passphrase|secret|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key"
    r"|(?:auth|access|refresh|id)?[_-]?token|credentials?|sig|signature)"
)


class _Recogniser(NamedTuple):
    kind: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] = _ALWAYS


# Whole blocks first, so that a part of one is not taken for something smaller. A group named ``value``, if there is
# one, is what is withheld; else the whole match.
_RECOGNISERS = (
    _Recogniser("private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY.*?(?:-----END [A-Z ]*-----|\Z)", re.DOTALL)),
    _Recogniser("token", re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?")),
    _Recogniser("AWS key", re.compile(r"\b(?:A3T[A-Z0-9]|ABIA|ACCA|AGPA|AIDA|AKIA|ANPA|AROA|ASIA)[A-Z0-9]{16}")),
    _Recogniser("user info", re.compile(r"(?<=://)(?P<value>[^/\s?#]+)(?=@)")),
    _Recogniser("token", re.compile(r"(?i)\b(?:bearer|basic)[ +](?P<value>[\w.~+/=-]{8,})")),
    _Recogniser(
        "token",
        re.compile(
            r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|hf_|npm_|pypi-|dapi|AIza)[A-Za-z0-9_-]{16,}",
        ),
    ),
    _Recogniser(
        "credential",
        re.compile(
            rf"(?i)(?<![a-z]){_CREDENTIAL_WORD}\\*[\"']?\s*(?:=|:|%3D)\s*\\*[\"']?"
            r"(?P<value>[^\s\"',;&]+?)(?=\\*[\"']|[\s,;&]|\Z)"
        ),
    ),
    # An option of a command line, as people write it and as a list of arguments holds it.
    _Recogniser(
        "credential",
        re.compile(
            rf"(?i)(?<![\w-])--?[\w-]{{0,40}}?{_CREDENTIAL_WORD}(?:\s+|[\"']\s*,\s*[\"'])(?P<value>[^\s\"'-][^\s\"']*)"
        ),
    ),
    _Recogniser("e-mail", re.compile(r"(?<![\w.+%-])[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")),
    _Recogniser("IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), _mod97),
    _Recogniser("card number", re.compile(r"(?<![\w.])[2-6](?:[ -]?\d){13,18}(?![\w])"), _luhn),
    _Recogniser("social security number", re.compile(r"\b(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}\b")),
    _Recogniser("phone number", re.compile(r"(?<![\w.])\+[1-9]\d{0,2}[ .()/-]{0,2}\d(?:[ .()/-]{0,2}\d){6,11}\b")),
    _Recogniser("phone number", re.compile(r"(?<![\w.-])\(?[2-9]\d{2}\)?[-. ]\d{3}[-. ]\d{4}(?![\w-])")),
    _Recogniser("random-looking text", re.compile(r"[A-Za-z0-9+_=-]{20,}"), _random_looking),
)

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_SECRET_NAMES = frozenset(
    {"password", "passwd", "pwd", "passphrase", "secret", "apikey", "token", "credential", "credentials"}
)
_KEY_OWNERS = frozenset({"api", "access", "secret", "private", "account", "auth", "encryption", "signing"})
_PERSON_NAMES = frozenset(
    {"user", "username", "login", "email", "mail", "author", "phone", "telephone", "surname", "firstname", "lastname"}
)


class Withheld:
    """Passes strings on without secrets and personal data, and counts by kind what it kept out."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many values, or parts of values, were kept out so far."""
        return self._counts.total()

    @property
    def by_kind(self) -> Mapping[str, int]:
        """How many of each kind, by the kind's name in order."""
        return dict(sorted(self._counts.items()))

    def text(self, text: str) -> str:
        """The text with everything withheld that looks like a secret or like personal data."""
        for recogniser in _RECOGNISERS:
            text = recogniser.pattern.sub(partial(self._replaced, recogniser), text)
        return text

    def identifier(self, name: str) -> str:
        """As ``text``, for a name that records must tell from others: a commit or a time in it is no secret.

        What has the form of a secret or of personal data is withheld all the same; what merely looks random stays.
        """
        for recogniser in _RECOGNISERS:
            if recogniser.holds is not _random_looking:
                name = recogniser.pattern.sub(partial(self._replaced, recogniser), name)
        return name

    def value(self, name: str, value: str) -> str:
        """The value of a named field: withheld whole where the name says that it is a secret or a person."""
        kind = _kind_by_name(name)
        if kind is None or not value:
            return self.text(value)
        self._counts[kind] += 1
        return f"[withheld: {kind}]"

    def _replaced(self, recogniser: _Recogniser, match: re.Match[str]) -> str:
        start, end = match.span("value" if "value" in recogniser.pattern.groupindex else 0)
        found = match.string[start:end]
        if found.startswith("[withheld:") or not recogniser.holds(found):
            return match[0]
        self._counts[recogniser.kind] += 1
        whole = match.start()
        return f"{match[0][: start - whole]}[withheld: {recogniser.kind}]{match[0][end - whole :]}"


def _kind_by_name(name: str) -> str | None:
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return None
    if words[-1] in _SECRET_NAMES or (words[-1] == "key" and _KEY_OWNERS & set(words[:-1])):
        return "credential"
    return "person" if words[-1] in _PERSON_NAMES else None
