"""The Merkle leaves of a pack: one canonical line a file of ``data/core``, salted, and the root over them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.decision_record import file_digests
from tolbooth.evidence.merkle import leaf_hash, root_of
from tolbooth.evidence.reading import read_value
from tolbooth.evidence.strict_json import parse_lines
from tolbooth.model.errors import Place, VerificationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One file of ``data/core``: its path below that folder, salt, digest and size.

    The salt keeps small content from being guessed once the line is replaced by its hash.
    """

    path: str
    salt: str
    sha256: str
    size_bytes: int


def salt_of(seed: bytes, path: str) -> str:
    """HMAC-SHA256(seed, path), in hex."""
    return hmac.new(seed, path.encode(), hashlib.sha256).hexdigest()


def leaves_of(files: Mapping[str, bytes], seed: bytes) -> tuple[Leaf, ...]:
    """The leaves of ``files`` (paths below ``data/core``), sorted by the UTF-8 bytes of their paths."""
    return tuple(
        Leaf(path=one.path, salt=salt_of(seed, one.path), sha256=one.sha256, size_bytes=one.size_bytes)
        for one in file_digests(files)
    )


def write_leaves(leaves: Iterable[Leaf]) -> bytes:
    """``leaves.jsonl``: a canonical line a leaf."""
    return b"".join(canonical_bytes(leaf) + b"\n" for leaf in leaves)


def read_leaves(content: bytes, *, path: str) -> tuple[Leaf, ...]:
    """Read ``leaves.jsonl``.

    Raises:
        VerificationError: ``json.*``; ``tree.leaves`` if lines are not canonical, or not sorted by path.
    """
    leaves: list[Leaf] = []
    for number, (line, value) in enumerate(parse_lines(content, path=path), start=1):
        leaf = read_value(Leaf, value, path=path)
        if canonical_bytes(leaf) != line or (leaves and leaves[-1].path.encode() >= leaf.path.encode()):
            message = "a leaf's line is not canonical, or not in the order of paths"
            raise VerificationError.of("tree.leaves", message, place=Place(path=path, line=number))
        leaves.append(leaf)
    return tuple(leaves)


def root_over(content: bytes) -> bytes:
    r"""The root over the lines of ``leaves.jsonl``; a leaf's content is its line without ``\n``."""
    return root_of([leaf_hash(line) for line in content.splitlines()])
