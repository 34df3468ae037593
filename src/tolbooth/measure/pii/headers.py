"""What a column's name says about what the column holds."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from tolbooth.measure.pii.entities import Entity
from tolbooth.measure.pii.words import HEADER_NEGATIVE, HEADER_OTHERS, HEADER_STEMS, HEADER_WORDS

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_OTHER = re.compile(r"[^0-9a-z]+")
_HEADER_LIMIT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """The entities that a column's name names, and whether it names a number that is no person's."""

    entities: frozenset[Entity] = frozenset()
    is_negative: bool = False


def fold(text: str) -> str:
    """The text in lower case and without accents, for comparison with the word lists; its length may change."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text)
    return "".join(char for char in apart if not unicodedata.combining(char)).casefold()


@lru_cache(maxsize=4096)
def hints_of(header: str | None) -> Hints:
    """Read a column's name: ``customerPhone``, ``E-Mail-Adresse``, ``fecha_de_nacimiento``; only 256 characters of it.

    A word counts as a whole part of the name, a stem anywhere within it. A name that holds a word of another thing
    (``phone model``) hints at nothing.
    """
    if header is None:
        return Hints()
    # NOTE: the small letter within IPv4 is no new word.
    parted = _CAMEL.sub(" ", header[:_HEADER_LIMIT].replace("IPv", "Ipv"))
    spaced = f" {_OTHER.sub(' ', fold(parted)).strip()} "
    whole = f" {_OTHER.sub(' ', fold(header[:_HEADER_LIMIT])).strip()} "
    joined = spaced.replace(" ", "")
    if any(_holds(word, spaced, whole) for word in HEADER_OTHERS):
        return Hints()
    entities = {entity for entity, words in HEADER_WORDS.items() if any(_holds(word, spaced, whole) for word in words)}
    entities |= {entity for entity, stems in HEADER_STEMS.items() if any(stem in joined for stem in stems)}
    return Hints(
        entities=frozenset(entities),
        is_negative=not entities and any(_holds(word, spaced, whole) for word in HEADER_NEGATIVE),
    )


def _holds(word: str, *names: str) -> bool:
    return any(f" {word} " in name for name in names)
