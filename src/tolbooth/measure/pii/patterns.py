"""Forms of everything but telephone numbers: patterns of bounded length, and the rules that they must pass.

Every pattern is of ASCII classes only, begins where a run of its characters begins or is bounded, so that time is
linear in the text whatever it holds.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from tolbooth.measure.pii import checks
from tolbooth.measure.pii.entities import Candidate, Entity, Evidence, Need

_NUMBER_START = r"(?<![0-9A-Za-z_])(?<![0-9][.,-])"
_NUMBER_END = r"(?![0-9A-Za-z_])(?![.,-][0-9])"

PRIVATE_KEY = re.compile(r"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED|PGP) )?PRIVATE KEY(?: BLOCK)?-----")
PRIVATE_KEY_END = re.compile(r"-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----")
JWT = re.compile(r"(?<![A-Za-z0-9_.-])(eyJ[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*(?![A-Za-z0-9_.-])")
AWS_ACCESS_KEY = re.compile(r"(?<![A-Za-z0-9/+_])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9/+_])")
URL_USERINFO = re.compile(
    r"(?<=[A-Za-z0-9])://([!$-.0-9;=A-Z_a-z~%]{1,256}(?::[!$-.0-;=A-Z_a-z~%]{0,256})?)@(?=[A-Za-z0-9\[])"
)
EMAIL_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9_%+])([A-Za-z0-9_+][A-Za-z0-9._%+'-]{0,63})"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}([A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,59})(?![A-Za-z0-9@-])"
)
IBAN_HEAD = re.compile(r"(?<![0-9A-Za-z_])(?:[A-Z]{2}|[a-z]{2})[0-9]{2}")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = re.compile(rf"(?<![0-9A-Za-z_.])(?<![0-9]-){_OCTET}(?:\.{_OCTET}){{3}}(?![0-9A-Za-z_])(?!\.[0-9])")
IPV6 = re.compile(r"(?<![0-9A-Za-z_:.])[0-9A-Fa-f:.]{3,46}(?![0-9A-Za-z_:.])")
CREDIT_CARD = re.compile(
    _NUMBER_START + r"(?:[0-9]{12,19}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,4}){1,2}|"
    r"[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})" + _NUMBER_END
)
US_SSN = re.compile(_NUMBER_START + r"(?:[0-9]{3}([ -])[0-9]{2}\1[0-9]{4}|[0-9]{9})" + _NUMBER_END)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MONTH = (
    "(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
DATES = (
    re.compile(
        r"(?<![0-9A-Za-z_.-])(?P<y>[0-9]{4})(?P<s>[-/.])(?P<m>[0-9]{1,2})(?P=s)(?P<d>[0-9]{1,2})"
        r"(?:[T ]00:00(?::00(?:\.0{1,9})?)?Z?)?(?![0-9A-Za-z_:])"
    ),
    re.compile(
        r"(?<![0-9A-Za-z_.-])(?P<a>[0-9]{1,2})(?P<s>[-/.])(?P<b>[0-9]{1,2})(?P=s)(?P<y>[0-9]{4}|[0-9]{2})"
        r"(?: (?:12:00:00 AM|0?0:00(?::00)?))?(?![0-9A-Za-z_:])"
    ),
    re.compile(rf"(?<![0-9A-Za-z_])(?P<d>[0-9]{{1,2}})[ -](?P<m>{_MONTH}),?[ -](?P<y>[0-9]{{4}})(?![0-9A-Za-z_])"),
    re.compile(rf"(?<![0-9A-Za-z_])(?P<m>{_MONTH}) (?P<d>[0-9]{{1,2}}),? (?P<y>[0-9]{{4}})(?![0-9A-Za-z_])"),
    re.compile(r"(?<![0-9A-Za-z_.-])(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?![0-9A-Za-z_])"),
)
"""Dates: year first, year last (day or month before it), with an English month, and eight digits (by header only)."""

FILE_ENDINGS = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js"})
"""What follows the dot of ``icon@2x.png``: no domain of that name is meant."""

_CARD_ALONE = frozenset({15, 16})
_V6_GROUPS_ALONE = 4
_FULL_YEAR = 4


def private_keys(text: str) -> Iterator[Candidate]:
    """A private key in PEM, to its last line or, where that is missing, its first line alone."""
    end_from = 0
    ends_later = True
    for begin in PRIVATE_KEY.finditer(text):
        if begin.start() < end_from:
            continue
        end = PRIVATE_KEY_END.search(text, begin.end()) if ends_later else None
        ends_later = end is not None
        end_from = end.end() if end else begin.end()
        yield _sure(begin.start(), end_from, Entity.PRIVATE_KEY)


def tokens(text: str) -> Iterator[Candidate]:
    """JSON Web Tokens whose header decodes, and AWS access key ids (``AKIA``, ``ASIA``: IAM User Guide)."""
    for match in JWT.finditer(text):
        if checks.is_jwt_header(match.group(1)):
            yield _sure(*match.span(), Entity.JWT)
    for match in AWS_ACCESS_KEY.finditer(text):
        yield _sure(*match.span(), Entity.AWS_ACCESS_KEY)


def user_infos(text: str) -> Iterator[Candidate]:
    """The user info of a URL, without the ``@``; with a password its form is strong, else a word must be near."""
    for match in URL_USERINFO.finditer(text):
        has_password = ":" in match.group(1)
        yield Candidate(
            start=match.start(1),
            end=match.end(1),
            entity_type=Entity.URL_USERINFO,
            evidence=Evidence.STRONG_FORMAT if has_password else Evidence(0),
            need=Need.NOTHING if has_password else Need.HEADER,
        )


def emails(text: str) -> Iterator[Candidate]:
    """E-mail addresses of plain local parts under a domain name (a subset of RFC 5321 §4.1.2)."""
    for match in EMAIL_ADDRESS.finditer(text):
        local = match.group(1)
        skipped = local.rfind("..") + 2 if ".." in local else 0
        if skipped >= len(local) or local.endswith(".") or match.group(2).lower() in FILE_ENDINGS:
            continue
        yield _sure(match.start() + skipped, match.end(), Entity.EMAIL_ADDRESS)


def ibans(text: str) -> Iterator[Candidate]:
    """IBANs of their country's length, written together or in groups of four, all upper or all lower case."""
    for match in IBAN_HEAD.finditer(text):
        end = iban_end(text, match.start())
        if end and checks.mod97(text[match.start() : end].replace(" ", "")):
            yield Candidate(
                start=match.start(),
                end=end,
                entity_type=Entity.IBAN_CODE,
                evidence=Evidence.CHECKSUM | Evidence.STRONG_FORMAT,
                need=Need.NOTHING,
            )


def iban_end(text: str, start: int) -> int | None:
    """Where an IBAN that starts here would end by its country's length; None if it has no such form."""
    length = checks.IBAN_LENGTHS.get(text[start : start + 2].upper())
    if length is None:
        return None
    grouped = length + (length - 1) // 4
    for size in (length, grouped):
        part, after = text[start : start + size], text[start + size : start + size + 1]
        bare = part.replace(" ", "") if size == grouped else part
        fits = len(part) == size and len(bare) == length and bare.isascii() and bare.isalnum()
        in_groups = size == length or all(char == " " for char in part[4::5])
        if fits and in_groups and (bare.isupper() or bare.islower()) and not (after.isascii() and after.isalnum()):
            return start + size
    return None


def addresses(text: str) -> Iterator[Candidate]:
    """IPv4 in dotted decimal without leading zeros, and IPv6 as RFC 4291 §2.2 writes it.

    A short IPv6 (fewer than four groups, such as ``dead::beef``) needs a word or the header.
    """
    for match in IPV4.finditer(text):
        yield _sure(*match.span(), Entity.IP_ADDRESS)
    for match in IPV6.finditer(text):
        found = match.group().rstrip(".")
        if found.count(":") > 1 and not found.endswith(":::") and _is_v6(found):
            groups = sum(1 for group in found.split(":") if group)
            alone = groups >= _V6_GROUPS_ALONE
            yield Candidate(
                start=match.start(),
                end=match.start() + len(found),
                entity_type=Entity.IP_ADDRESS,
                evidence=Evidence.STRONG_FORMAT if alone else Evidence(0),
                need=Need.NOTHING if alone else Need.CONTEXT_OR_HEADER,
            )


def _is_v6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def cards(text: str) -> Iterator[Candidate]:
    """Card numbers with a true Luhn digit.

    15 or 16 digits with the prefix and length of a known issuer stand alone; other lengths, and other issuers of the
    banks' first digits (2 to 6), need a word or the header.
    """
    for match in CREDIT_CARD.finditer(text):
        digits = card_digits(match.group())
        is_known = checks.is_card_shape(digits)
        if (is_known or checks.is_bank_shape(digits)) and checks.luhn(digits):
            alone = is_known and len(digits) in _CARD_ALONE
            yield Candidate(
                start=match.start(),
                end=match.end(),
                entity_type=Entity.CREDIT_CARD,
                evidence=Evidence.CHECKSUM,
                need=Need.NOTHING if alone else Need.CONTEXT_OR_HEADER,
            )


def card_digits(written: str) -> str:
    """A card's digits without what groups them."""
    return written.replace(" ", "").replace("-", "")


def social_security(text: str) -> Iterator[Candidate]:
    """US social security numbers; written with spaces or together they need a word or the header."""
    for match in US_SSN.finditer(text):
        if checks.is_ssn(card_digits(match.group())):
            alone = match.group(1) == "-"
            yield Candidate(
                start=match.start(),
                end=match.end(),
                entity_type=Entity.US_SSN,
                evidence=Evidence.STRONG_FORMAT if alone else Evidence(0),
                need=Need.NOTHING if alone else Need.CONTEXT_OR_HEADER,
            )


def births(text: str) -> Iterator[Candidate]:
    """Dates, which are dates of birth only by a word near them or by the header."""
    for number, pattern in enumerate(DATES):
        for match in pattern.finditer(text):
            if _is_day(match):
                yield Candidate(
                    start=match.start(),
                    end=match.end(),
                    entity_type=Entity.DATE_OF_BIRTH,
                    evidence=Evidence(0),
                    need=Need.HEADER if number == len(DATES) - 1 else Need.CONTEXT_OR_HEADER,
                )


def _is_day(match: re.Match[str]) -> bool:
    parts = match.groupdict()
    year = int(parts["y"]) if len(parts["y"]) == _FULL_YEAR else 1900 + int(parts["y"])
    if "a" in parts:
        first, second = int(parts["a"]), int(parts["b"])
        return checks.is_date(year, first, second) or checks.is_date(year, second, first)
    named = parts["m"][:3].lower()
    month = int(parts["m"]) if named.isdigit() else _MONTHS.split("|").index(named) + 1
    return checks.is_date(year, month, int(parts["d"]))


def _sure(start: int, end: int, entity: Entity) -> Candidate:
    return Candidate(start=start, end=end, entity_type=entity, evidence=Evidence.STRONG_FORMAT, need=Need.NOTHING)
