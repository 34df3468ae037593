"""Rules that a form must pass: check digits, lengths and areas that were ever issued, each with its source.

Every function takes ASCII text in the form that its pattern matched and looks at nothing else.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping

_TENS = 10

CARD_PREFIXES: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (4, 4, (13, 16, 19)),  # Visa
    (51, 55, (16,)),  # Mastercard
    (2221, 2720, (16,)),  # Mastercard since 2017
    (34, 34, (15,)),  # American Express
    (37, 37, (15,)),
    (300, 305, (14, 16, 17, 18, 19)),  # Diners Club
    (3095, 3095, (14, 16, 17, 18, 19)),
    (36, 36, (14, 15, 16, 17, 18, 19)),
    (38, 39, (14, 16, 17, 18, 19)),
    (6011, 6011, (16, 17, 18, 19)),  # Discover
    (644, 649, (16, 17, 18, 19)),
    (65, 65, (16, 17, 18, 19)),
    (3528, 3589, (16, 17, 18, 19)),  # JCB
    (1800, 1800, (15,)),  # JCB, the older numbers
    (2131, 2131, (15,)),
    (62, 62, (16, 17, 18, 19)),  # UnionPay
    (2200, 2204, (16, 17, 18, 19)),  # Mir
    (5018, 5018, tuple(range(12, 20))),  # Maestro
    (5020, 5020, tuple(range(12, 20))),
    (5038, 5038, tuple(range(12, 20))),
    (56, 58, tuple(range(12, 20))),
    (6304, 6304, tuple(range(12, 20))),
    (6390, 6390, tuple(range(12, 20))),
    (6759, 6759, tuple(range(12, 20))),
    (6761, 6763, tuple(range(12, 20))),
)
"""First and last prefix of an issuer and the lengths it uses: ISO/IEC 7812-1 and the schemes' published ranges, as
tabled in Wikipedia, "Payment card number", section "Issuer identification number"."""

# fmt: off
IBAN_LENGTHS: Mapping[str, int] = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}
# fmt: on
"""Length of an IBAN by country: the IBAN Registry that SWIFT keeps for ISO 13616."""

_NEVER_ISSUED = frozenset({"078051120", "219099999"})
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FIRST_YEAR, _LAST_YEAR = 1880, 2099
_JWT_HEADER_LIMIT = 8192
_BANK_LENGTHS = range(13, 20)


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit (ISO/IEC 7812-1, annex B); one in ten passes by chance."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number >= _TENS else number
    return total % _TENS == 0


def is_card_shape(digits: str) -> bool:
    """Whether an issuer uses this prefix with this length."""
    return any(
        len(digits) in lengths and first <= int(digits[: len(str(first))]) <= last
        for first, last, lengths in CARD_PREFIXES
    )


def is_bank_shape(digits: str) -> bool:
    """Whether a bank that is not tabled may issue such a card: 13 to 19 digits, first digit 2 to 6 (ISO/IEC 7812-1)."""
    return len(digits) in _BANK_LENGTHS and digits[0] in "23456"


def mod97(iban: str) -> bool:
    """Whether an IBAN without spaces leaves 1 (ISO 7064 MOD 97-10); about one in 97 passes by chance."""
    turned = (iban[4:] + iban[:4]).upper()
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def is_ssn(digits: str) -> bool:
    """Whether nine digits may be a social security number.

    SPEC: Social Security Administration, "Social Security Number Randomization": no area 000, 666 or 900–999, no group
    00, no serial 0000. Two numbers that were printed in advertisements are nobody's.
    """
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    issued = area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000"
    return issued and digits not in _NEVER_ISSUED


def is_date(year: int, month: int, day: int) -> bool:
    """Whether this is a day on which somebody alive, or soon born, may have been born: years 1880 to 2099."""
    if not (_FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= len(_MONTH_DAYS)):
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= _MONTH_DAYS[month - 1] and (leap or (month, day) != (2, 29))


def is_jwt_header(part: str) -> bool:
    """Whether the first part of a token is a JOSE header: base64url of a JSON object with ``alg`` (RFC 7515 §4)."""
    if len(part) > _JWT_HEADER_LIMIT:
        return False
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    return isinstance(header, dict) and "alg" in header
