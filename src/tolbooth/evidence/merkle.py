"""The Merkle tree of RFC 6962 §2.1: hashes, roots, proofs and their verification.

Storage is the caller's: it keeps the hash of every *complete* subtree under (level, index), where node (level, index)
covers the leaves from ``index << level`` up to ``(index + 1) << level``. Hashes are 32 bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

NodeReader = Callable[[int, int], bytes]
"""From (level, index) to the stored hash of that complete subtree."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of the tree without leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A complete subtree's hash and its place."""

    level: int
    index: int
    hash: bytes


def leaf_hash(content: bytes) -> bytes:
    """SHA-256(0x00 ‖ content)."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def nodes_completed_by(index: int, leaf: bytes, read: NodeReader) -> tuple[Node, ...]:
    """The nodes that appending the leaf hash ``leaf`` as leaf number ``index`` (from 0) completes, lowest first."""
    level, hashed = 0, leaf
    nodes = [Node(level=0, index=index, hash=leaf)]
    while index % 2 == 1:
        hashed = node_hash(read(level, index - 1), hashed)
        level, index = level + 1, index // 2
        nodes.append(Node(level=level, index=index, hash=hashed))
    return tuple(nodes)


def root_at(size: int, read: NodeReader) -> bytes:
    """The root of the first ``size`` leaves."""
    return _range_root(0, size, read) if size else EMPTY_ROOT


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over the leaf hashes ``leaves``, for trees that fit into memory."""
    nodes: dict[tuple[int, int], bytes] = {}
    for index, leaf in enumerate(leaves):
        for node in nodes_completed_by(index, leaf, lambda level, place: nodes[level, place]):
            nodes[node.level, node.index] = node.hash
    return root_at(len(leaves), lambda level, place: nodes[level, place])


def inclusion_proof(index: int, size: int, read: NodeReader) -> tuple[bytes, ...]:
    """That leaf ``index`` is in the tree of ``size`` leaves: PATH(m, D[n]) of RFC 6962 §2.1.1, leaf's sibling first.

    Raises:
        ValueError: unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(middle, end, read))
            end = middle
        else:
            path.append(_range_root(start, middle, read))
            start = middle
    return tuple(reversed(path))


def consistency_proof(old: int, new: int, read: NodeReader) -> tuple[bytes, ...]:
    """That the tree of ``new`` leaves grew out of the tree of ``old``: PROOF(m, D[n]) of RFC 6962 §2.1.2.

    Empty if ``old`` is 0 or equals ``new``.

    Raises:
        ValueError: unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} can't have grown out of one of {old}")
    if old in {0, new}:
        return ()
    path: list[bytes] = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_root(middle, end, read))
            end = middle
        else:
            path.append(_range_root(start, middle, read))
            start = middle
    # SPEC: RFC 6962 §2.1.2, the verifier knows the old root itself and is not told it again.
    if start != 0:
        path.append(_range_root(start, end, read))
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether ``proof`` shows the leaf hash ``leaf`` at ``index`` below ``root`` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place % 2 == 1 or place == last:
            hashed = node_hash(sibling, hashed)
            while place % 2 == 0 and place != 0:
                place, last = place // 2, last // 2
        else:
            hashed = node_hash(hashed, sibling)
        place, last = place // 2, last // 2
    return last == 0 and hashed == root


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether ``proof`` shows that ``new_root`` grew out of ``old_root`` (RFC 9162 §2.1.4.2).

    Everything grows out of the empty tree, whose root must be given as ``EMPTY_ROOT``.
    """
    if not 0 <= old <= new:
        return False
    if old in {0, new}:
        return not proof and old_root == (EMPTY_ROOT if old == 0 else new_root)
    # SPEC: a complete old tree is its own first node, and the proof leaves it out.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = old - 1, new - 1
    while place % 2 == 1:
        place, last = place // 2, last // 2
    old_hash = new_hash = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place % 2 == 1 or place == last:
            old_hash, new_hash = node_hash(sibling, old_hash), node_hash(sibling, new_hash)
            while place % 2 == 0 and place != 0:
                place, last = place // 2, last // 2
        else:
            new_hash = node_hash(new_hash, sibling)
        place, last = place // 2, last // 2
    return last == 0 and old_hash == old_root and new_hash == new_root


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``, for size >= 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_root(start: int, end: int, read: NodeReader) -> bytes:
    """MTH over the leaves from ``start`` up to ``end``, as RFC 6962's recursion meets such ranges."""
    size = end - start
    if size & (size - 1) == 0:
        return read(size.bit_length() - 1, start // size)
    middle = start + _split(size)
    return node_hash(_range_root(start, middle, read), _range_root(middle, end, read))
