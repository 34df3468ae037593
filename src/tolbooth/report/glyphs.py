"""What the embedded fonts can write: text made fit for a document that may hold no missing glyph.

PDF/A forbids a character without a glyph, and names come from data. What the fonts lack is written as an escape, as
unseen characters are; the attached decision holds it as it is.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right

from tolbooth.report import words

SERIF = "Libertinus Serif"
MONO = "DejaVu Sans Mono"

# fmt: off
_RANGES = (
    (0x0020, 0x007E), (0x00A0, 0x00AC), (0x00AE, 0x02FF),  # Latin, phonetic
    (0x0384, 0x038A), (0x038C, 0x038C), (0x038E, 0x03A1), (0x03A3, 0x03CE), (0x03F0, 0x03FF),  # Greek
    (0x0400, 0x0477), (0x048C, 0x04C4), (0x04CF, 0x04F9),  # Cyrillic
    (0x0531, 0x0556), (0x0559, 0x055F), (0x0561, 0x0587),  # Armenian
    (0x05D0, 0x05EA),  # Hebrew
    (0x060C, 0x060C), (0x061B, 0x061B), (0x061F, 0x061F), (0x0621, 0x063A), (0x0640, 0x064A),  # Arabic
    (0x0660, 0x066D), (0x067E, 0x067E), (0x0686, 0x0686), (0x0698, 0x0698), (0x06A9, 0x06A9), (0x06AF, 0x06AF),
    (0x06CC, 0x06CC), (0x06F0, 0x06F9),
    (0x10D0, 0x10FC),  # Georgian
    (0x1E00, 0x1EFF), (0x1F00, 0x1F15), (0x1F18, 0x1F1D), (0x1F20, 0x1F45), (0x1F80, 0x1FB4),  # Vietnamese, old Greek
    (0x2000, 0x200A), (0x2010, 0x2027), (0x202F, 0x2037), (0x2039, 0x203F), (0x2044, 0x204B),  # punctuation
    (0x2074, 0x208E), (0x20A0, 0x20B5), (0x20B8, 0x20BA), (0x20BD, 0x20BD), (0x20BF, 0x20BF),  # figures, money
    (0x2100, 0x2103), (0x2153, 0x2184), (0x2190, 0x222E), (0x2241, 0x226B), (0x2500, 0x262F),  # signs, arrows, shapes
    (0x2713, 0x2718),
)
# fmt: on
_STARTS = tuple(start for start, _ in _RANGES)


def legible(text: str) -> str:
    """The text on one line, composed (NFC), with every character that has no glyph of its own written as an escape.

    Marks that compose with no letter are escaped too: whether two fonts can join them isn't known beforehand.
    """
    shown = unicodedata.normalize("NFC", words.visible(text))
    return "".join(char if has_glyph(char) else char.encode("unicode_escape").decode("ascii") for char in shown)


def has_glyph(char: str) -> bool:
    """Whether one of the two fonts holds this character."""
    code = ord(char)
    place = bisect_right(_STARTS, code) - 1
    return place >= 0 and code <= _RANGES[place][1]
