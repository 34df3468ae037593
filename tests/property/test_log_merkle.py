"""The log's tree against a naive recursive reading of RFC 6962, for every small size and for random larger ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tolbooth.evidence.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    nodes_completed_by,
    root_at,
    root_of,
    verify_consistency,
    verify_inclusion,
)

SIZES = range(65)
# The inputs and roots of the reference implementation of Certificate Transparency (google/certificate-transparency,
# merkletree tests), as the roots of its first 1 to 8 leaves.
KNOWN_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


class Nodes:
    """Stored nodes; a node that no append completed can't be read."""

    def __init__(self, size: int) -> None:
        self.stored: dict[tuple[int, int], bytes] = {}
        self.leaves = [leaf_hash(str(index).encode()) for index in range(size)]
        for index, leaf in enumerate(self.leaves):
            for node in nodes_completed_by(index, leaf, self.read):
                assert (node.level, node.index) not in self.stored
                self.stored[node.level, node.index] = node.hash

    def read(self, level: int, index: int) -> bytes:
        return self.stored[level, index]


def naive_root(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = naive_split(len(leaves))
    return node_hash(naive_root(leaves[:half]), naive_root(leaves[half:]))


def naive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = naive_split(len(leaves))
    if index < half:
        return [*naive_path(index, leaves[:half]), naive_root(leaves[half:])]
    return [*naive_path(index - half, leaves[half:]), naive_root(leaves[:half])]


def naive_subproof(old: int, leaves: Sequence[bytes], *, known: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if known else [naive_root(leaves)]
    half = naive_split(len(leaves))
    if old <= half:
        return [*naive_subproof(old, leaves[:half], known=known), naive_root(leaves[half:])]
    return [*naive_subproof(old - half, leaves[half:], known=False), naive_root(leaves[:half])]


def naive_split(size: int) -> int:
    half = 1
    while half * 2 < size:
        half *= 2
    return half


def flipped(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


NODES = Nodes(max(SIZES))


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_certificate_transparency_reference(size: int) -> None:
    leaves = [leaf_hash(bytes.fromhex(one)) for one in KNOWN_LEAVES[:size]]
    assert root_of(leaves).hex() == KNOWN_ROOTS[size - 1]


@pytest.mark.parametrize("size", SIZES)
def test_the_root_is_that_of_the_recursive_definition(size: int) -> None:
    assert root_at(size, NODES.read) == naive_root(NODES.leaves[:size]) == root_of(NODES.leaves[:size])


@pytest.mark.parametrize("size", SIZES)
def test_appending_completes_as_many_nodes_as_complete_subtrees_exist(size: int) -> None:
    wanted = {(level, index) for level in range(8) for index in range(size >> level)}
    assert set(Nodes(size).stored) == wanted


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof_is_the_defined_one_and_verifies_at_its_place_only(size: int) -> None:
    root = root_at(size, NODES.read)
    for index in range(size):
        proof = inclusion_proof(index, size, NODES.read)
        assert list(proof) == naive_path(index, NODES.leaves[:size])
        leaf = NODES.leaves[index]
        assert verify_inclusion(leaf, index, size, proof, root)
        assert not verify_inclusion(flipped(leaf), index, size, proof, root)
        assert not verify_inclusion(leaf, index, size, proof, flipped(root))
        assert not verify_inclusion(leaf, index, size, (*proof, root), root)
        assert not verify_inclusion(leaf, size, size, proof, root)
        assert not verify_inclusion(leaf, -1, size, proof, root)
        assert not any(verify_inclusion(leaf, other, size, proof, root) for other in range(size) if other != index)
        if proof:
            assert not verify_inclusion(leaf, index, size, proof[:-1], root)
            assert not verify_inclusion(leaf, index, size, (flipped(proof[0]), *proof[1:]), root)


@pytest.mark.parametrize("new", SIZES)
def test_every_consistency_proof_is_the_defined_one_and_verifies_between_its_trees_only(new: int) -> None:
    new_root = root_at(new, NODES.read)
    for old in range(new + 1):
        old_root = root_at(old, NODES.read)
        proof = consistency_proof(old, new, NODES.read)
        if old:
            assert list(proof) == naive_subproof(old, NODES.leaves[:new], known=True)
        assert verify_consistency(old, new, proof, old_root, new_root)
        assert not verify_consistency(old, new, proof, flipped(old_root), new_root)
        assert not verify_consistency(old, new, (*proof, new_root), old_root, new_root)
        if old not in {0, new}:
            assert not verify_consistency(old, new, proof, old_root, flipped(new_root))
            assert not verify_consistency(old, new, proof[:-1], old_root, new_root)
            assert not verify_consistency(old, new, (), old_root, new_root)


def test_a_tree_can_not_have_shrunk() -> None:
    assert not verify_consistency(3, 2, (), root_at(3, NODES.read), root_at(2, NODES.read))
    with pytest.raises(ValueError, match="grown"):
        consistency_proof(3, 2, NODES.read)
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_proof(2, 2, NODES.read)


def test_the_empty_tree_has_the_hash_of_nothing_as_root() -> None:
    assert root_at(0, NODES.read) == EMPTY_ROOT == hashlib.sha256(b"").digest()
    assert verify_consistency(0, 5, (), EMPTY_ROOT, root_at(5, NODES.read))
    assert not verify_consistency(0, 5, (), root_at(1, NODES.read), root_at(5, NODES.read))


def test_a_leaf_can_not_pass_for_a_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=300), st.data())
def test_random_trees_give_proofs_that_verify(contents: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(content) for content in contents]
    stored: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        return stored[level, index]

    for position, leaf in enumerate(leaves):
        stored |= {(node.level, node.index): node.hash for node in nodes_completed_by(position, leaf, read)}
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    root = root_at(size, read)
    assert root == naive_root(leaves[:size])
    assert verify_inclusion(leaves[index], index, size, inclusion_proof(index, size, read), root)
    assert verify_consistency(old, size, consistency_proof(old, size, read), root_at(old, read), root)


@given(st.lists(st.integers(0, 200), min_size=2, max_size=6))
def test_consistency_is_transitive_over_a_growing_log(sizes: list[int]) -> None:
    nodes = Nodes(max(sizes))
    for old, new in pairwise(sorted(sizes)):
        proof = consistency_proof(old, new, nodes.read)
        assert verify_consistency(old, new, proof, root_at(old, nodes.read), root_at(new, nodes.read))
