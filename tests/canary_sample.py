"""Canaries: secrets and personal data that nobody else has, where they are planted, and how they are looked for.

Every place gets values of its own, so that a test that finds one names the place that it came from.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote, quote_plus

_DEEPEST = 6
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A value planted in one place: ``text`` as it stands there, ``needle`` the part that must appear nowhere."""

    place: str
    kind: str
    text: str
    needle: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.place}"


class Canaries:
    """Makes canaries and remembers them all."""

    def __init__(self) -> None:
        self.planted: list[Canary] = []

    def plant(self, place: str, kind: str) -> str:
        """A new canary's text, to be written to the place."""
        text, needle = _made(kind, 1000 + len(self.planted))
        self.planted.append(Canary(place=place, kind=kind, text=text, needle=needle))
        return text

    def every_kind(self, place: str) -> dict[str, str]:
        """A new canary of each kind, by kind."""
        return {kind: self.plant(place, kind) for kind in KINDS}


KINDS = (
    "AWS key", "JWT", "GitHub token", "private key", "password in URL", "bearer",
    "e-mail", "phone", "IBAN", "SSN", "card",
)  # fmt: skip


def _made(kind: str, number: int) -> tuple[str, str]:
    """A canary's text and what of it must appear nowhere; ``number`` has four digits."""
    letters = "".join("ghjkmnpqrs"[int(digit)] for digit in str(number))
    made = {
        "AWS key": f"AKIA7CANARY{letters.upper()}QRSTU",
        "JWT": f"eyJhbGciOiJIUzI1NiJ9.{_plain64(json.dumps({'sub': f'canary{number}'}))}.c1gNaTuR3{number}",
        "GitHub token": f"ghp_{letters}CanaryCanaryCanaryCanary{number}Zz9x",
        "private key": f"-----BEGIN PRIVATE KEY-----\nMIIcanary{number}\n-----END PRIVATE KEY-----",
        "password in URL": f"https://ana:hunter{number}canary@db.example.org/x",
        "bearer": f"Authorization: Bearer canary.session.{number}x",
        "e-mail": f"ana{number}@canary.example.org",
        "phone": f"+49 30 9018{number}",
        "IBAN": _iban(f"37040044053201{number}"),
        "SSN": f"{number - 900:03}-45-6789",
        "card": _card(f"41111111111{number}"),
    }
    needles = {
        "JWT": f"c1gNaTuR3{number}",
        "private key": f"MIIcanary{number}",
        "password in URL": f"hunter{number}canary",
        "bearer": f"canary.session.{number}x",
    }
    return made[kind], needles.get(kind, made[kind])


def _plain64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _iban(account: str) -> str:
    check = 98 - int(f"{account}131400") % 97
    return f"DE{check:02}{account}"


def _card(digits: str) -> str:
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return f"{digits}{-sum(sum(divmod(each, 10)) for each in doubled) % 10}"


def encodings(needle: str) -> list[tuple[str, bytes]]:
    """The needle in its common writings, each once, by name; all but base64 in lower case."""
    raw = needle.encode()
    is_number = re.fullmatch(r"[A-Z]{0,2}[\d +-]+", needle)
    written = {
        "as it is": needle,
        "digits alone": re.sub(r"[ +-]", "", needle) if is_number else needle,
        "URL": quote(needle, safe=""),
        "form": quote_plus(needle),
        "HTML": escape(needle),
        "JSON": json.dumps(needle)[1:-1],
        "JSON within JSON": json.dumps(json.dumps(needle))[3:-3],
        "hexadecimal": raw.hex(),
        "its SHA-256": hashlib.sha256(raw).hexdigest(),
    }
    found = {name: text.lower().encode() for name, text in written.items()}
    found["UTF-16"] = needle.lower().encode("utf-16-le")
    # Base64 of a text in the middle of another begins at one of three places; the ragged ends are cut off.
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        found[f"base64 {shift}"] = encoded[shift and shift + 1 : -1]
    once = {wanted: name for name, wanted in reversed(found.items())}
    return [(name, wanted) for wanted, name in once.items()]


def layers(content: bytes, deep: int = 0) -> Iterator[bytes]:
    """The content and everything that is packed into it: members of archives, streams, and texts in base64."""
    yield content
    if deep == _DEEPEST:
        return
    for inner in _unpacked(content):
        yield from layers(inner, deep + 1)


def _unpacked(content: bytes) -> Iterator[bytes]:
    if content.startswith(b"PK"):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
        return
    if content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
        return
    if content.startswith(b"%PDF"):
        for stream in _STREAM.finditer(content):
            with suppress(zlib.error):
                yield zlib.decompress(stream[1])
        return
    for run in _BASE64.finditer(content):
        with suppress(binascii.Error):
            text = run[0].rstrip(b"=")
            decoded = base64.urlsafe_b64decode(text.replace(b"+", b"-").replace(b"/", b"_") + b"=" * (-len(text) % 4))
            # Names and digests also look like base64; what comes of them is no text and holds nothing more.
            if decoded.isascii() or decoded.startswith((b"PK", b"\x1f\x8b", b"%PDF")) or _is_utf8(decoded):
                yield decoded


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


class Haystack:
    """Everything that was written or printed, unpacked, each piece once, with where it came from."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._pieces: list[bytes] = []
        self._known: set[bytes] = set()
        self._whole: tuple[bytes, bytes] | None = None

    def add(self, name: str, content: bytes | str) -> None:
        """Add a file or an output."""
        for piece in layers(content.encode(errors="surrogatepass") if isinstance(content, str) else content):
            digest = hashlib.sha256(piece).digest()
            if digest not in self._known:
                self._known.add(digest)
                self._names.append(name)
                self._pieces.append(piece)
        self._whole = None

    def add_files(self, paths: Iterable[Path], start: Path) -> None:
        """Add files by their paths, names included."""
        for path in paths:
            name = path.relative_to(start).as_posix()
            self.add("a file's name", name)
            self.add(name, path.read_bytes())

    def holds(self, canary: Canary) -> list[str]:
        """Where the canary is found, and in which writing."""
        return sorted(
            {f"{name} ({how})" for how, wanted in encodings(canary.needle) for name in self._where(how, wanted)}
        )

    def _where(self, how: str, wanted: bytes) -> Iterator[str]:
        if self._whole is None:
            whole = b"\0\n".join(self._pieces)
            self._whole = (whole, whole.lower())
        exact = how.startswith("base64")
        if wanted in self._whole[0 if exact else 1]:
            for name, piece in zip(self._names, self._pieces, strict=True):
                if wanted in (piece if exact else piece.lower()):
                    yield name
