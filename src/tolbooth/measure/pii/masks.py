"""Masked examples: enough to recognise the kind of a value, too little to get it back."""

from __future__ import annotations

import re

from tolbooth.measure.pii.entities import Entity

CUT = "…"
_DIGIT_OR_LETTER = re.compile(r"[0-9A-Za-z]")
_LONGEST_DOMAIN_END = 4
_SHORT_LOCAL = 3


def mask(entity: Entity, text: str) -> str:
    """A value as it may be shown.

    Kept are: of an e-mail the first letters of the local part and of the domain, and a domain's end of up to four
    letters (``a…@e….org``); the last two digits of a card, a phone, a social security number (``…47``); country and
    last two digits of an IBAN; the first part of an address on the net; the form of a date (``••••-••-••``); the
    closed prefix of a token or key. Of user info nothing is kept.
    """
    match entity:
        case Entity.EMAIL_ADDRESS:
            return _email(text)
        case Entity.CREDIT_CARD | Entity.US_SSN | Entity.PHONE_NUMBER:
            return CUT + "".join(char for char in text if char in "0123456789")[-2:]
        case Entity.IBAN_CODE:
            return f"{text[:2].upper()}{CUT}{text[-2:]}"
        case Entity.IP_ADDRESS:
            return f"{re.split(r'[.:]', text, maxsplit=1)[0]}{CUT}"
        case Entity.DATE_OF_BIRTH:
            return _DIGIT_OR_LETTER.sub("•", text)
        case Entity.AWS_ACCESS_KEY:
            return f"{text[:4]}{CUT}"
        case Entity.JWT:
            return f"eyJ{CUT}"
        case Entity.PRIVATE_KEY:
            return f"-----BEGIN {CUT}"
        case Entity.URL_USERINFO:
            return f"{CUT}:{CUT}" if ":" in text else CUT


def _email(text: str) -> str:
    local, _, domain = text.rpartition("@")
    name, _, end = domain.rpartition(".")
    first = local[0] if len(local) >= _SHORT_LOCAL else ""
    kept = end if len(end) <= _LONGEST_DOMAIN_END else CUT
    return f"{first}{CUT}@{name[0]}{CUT}.{kept}"
