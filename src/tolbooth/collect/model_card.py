"""Observes a model card's form: which sections it has and how long it is. Its text stays in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tolbooth import __version__
from tolbooth.collect.interface import Collected
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError
from tolbooth.model.observation import Artifact, Dates, Gap, Observation
from tolbooth.model.withholding import Withheld

KIND = "model-card"

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}#{1,6}(?:[ \t]+(?P<text>.*?))?(?:[ \t]+#+)?[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_KEY = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_-]*)[ \t]*:(?:[ \t].*)?")
_PERSONAL = re.compile(r"@|://|\d{4,}")
_LONGEST_NAME = 80


def read_model_card(path: Path, artifact: Artifact, *, now: datetime) -> Collected:
    """Observe the form of a model card in Markdown.

    Args:
        path: the card.
        artifact: the same card as it was collected; the observation is about it and is valid as long.
        now: when it is read.

    Returns:
        One observation of kind ``model-card`` with ``sections`` (headings of any level outside code, in lower case,
        words joined by a single space, without marks; sorted, each once), ``sections_withheld`` (how many headings
        were left out since they hold an address, a long number or what looks like a secret, or are longer than 80
        characters), ``word_count`` (of everything after the front matter) and ``front_matter_keys`` (top-level names
        of the YAML front matter that look like no secret, sorted). A card that is not UTF-8 gives a gap instead.

    Raises:
        CollectError: ``collect.unreadable``, or ``collect.changed`` if the card is not the one that was collected.
    """
    about = artifact.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CollectError.of("collect.unreadable", f"{path.name} could not be read: {error.strerror}") from error
    digest = sha256_hex(content)
    if digest not in artifact.digest.values():
        raise CollectError.of("collect.changed", f"{path.name} changed after it was collected")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        gap = Gap(kind=KIND, about=about, code="collect.card-unreadable", message=f"{about}: the card is not UTF-8")
        return Collected(gaps=(gap,))
    dates = Dates(collected=now, received=now, about=artifact.dates.about, valid_until=artifact.dates.valid_until)
    return read_model_card_text(text, about=about, dates=dates, reads=(digest,))


def read_model_card_text(text: str, *, about: str, dates: Dates, reads: tuple[str, ...] = ()) -> Collected:
    """Observe the form of a model card that a source gives as text, such as the description of a MLflow model.

    Args:
        text: the card, in Markdown with or without front matter.
        about: what the observation says it is about.
        dates: when the text was read, and until when it is valid.
        reads: digests of what the text was taken from; without any, the SHA-256 of the text in UTF-8 is used.

    Returns:
        One observation of kind ``model-card``, as ``read_model_card`` describes it.
    """
    front_matter, body = _split(text.splitlines())
    headings = list(_headings(body))
    names = {_normalised(heading) for heading in headings} - {""}
    # Recognisers go by case, so they see the headings as they were written.
    plain = {_normalised(heading) for heading in headings if Withheld().text(heading) == heading}
    kept = {name for name in names & plain if len(name) <= _LONGEST_NAME and not _PERSONAL.search(name)}
    keys = {match["name"] for line in front_matter if (match := _KEY.fullmatch(line))}
    observation = Observation(
        kind=KIND,
        about=about,
        values={
            "sections": sorted(kept),
            "sections_withheld": len(names - kept),
            "word_count": sum(len(line.split()) for line in body),
            "front_matter_keys": sorted(key for key in keys if Withheld().text(key) == key),
        },
        dates=dates,
        origin=f"collect.model_card {__version__}",
        reads=reads or (sha256_hex(text.encode(errors="surrogatepass")),),
    )
    return Collected(observations=(observation,))


def _split(lines: list[str]) -> tuple[list[str], list[str]]:
    if lines and lines[0].rstrip() == "---":
        for end, line in enumerate(lines[1:], start=1):
            if line.rstrip() in {"---", "..."}:
                return lines[1:end], lines[end + 1 :]
    return [], lines


def _headings(lines: list[str]) -> Iterator[str]:
    """ATX and one-line setext headings (CommonMark 0.31 §4.2, §4.3) outside fenced code."""
    fence: str | None = None
    above = ""
    for line in lines:
        mark = _FENCE.match(line)
        if fence is not None:
            if mark and mark[1].startswith(fence) and not line.strip(" \t`~"):
                fence = None
            continue
        if mark:
            fence, above = mark[1], ""
        elif match := _ATX.fullmatch(line):
            yield match["text"] or ""
            above = ""
        elif _UNDERLINE.fullmatch(line) and above:
            yield above
            above = ""
        else:
            above = "" if line.startswith(("    ", "\t", ">", "|")) else line.strip()


def _normalised(heading: str) -> str:
    plain = re.sub(r"\]\([^)]*\)|<[^>]*>|[`*~]", "", heading)
    return " ".join(re.sub(r"[^\w@:/.'-]+|_", " ", plain).casefold().split()).strip(" :.-")
