"""Step 4, ``tree.*``: every file is what the seal, or a leaf that the seal's root covers, says that it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tolbooth.evidence.bagit import manifest
from tolbooth.evidence.container import CORE
from tolbooth.evidence.leaves import Leaf, read_leaves, root_over
from tolbooth.evidence.pack import FORMAT, VERSION, PackDescription
from tolbooth.evidence.reading import read
from tolbooth.evidence.seal import DESCRIPTION_PATH, LEAVES_PATH, Seal
from tolbooth.evidence.verify_steps.refusal import refuse
from tolbooth.model.digest import sha256_hex

MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What ``pack.json`` says, the leaves by path below ``data/core``, and how many files were checked."""

    description: PackDescription
    leaves: Mapping[str, Leaf]
    checked: int


def check_tree(files: Mapping[str, bytes], seal: Seal) -> Tree:
    """Check signed files, leaves, root, the files of ``data/core``, and both BagIt manifests.

    Raises:
        VerificationError: ``tree.file-missing``, ``.file-altered``, ``.file-unnamed``, ``.version``, ``.root``,
            ``.leaf-count``, ``.leaves``, ``.manifest-altered``; or ``json.shape``.
    """
    for one in seal.files:
        _check_file(files, one.path, one.sha256, "the seal")
    description = _description(files[DESCRIPTION_PATH], seal)
    leaves = _leaves(files[LEAVES_PATH], seal)
    for leaf in leaves.values():
        _check_file(files, CORE + leaf.path, leaf.sha256, LEAVES_PATH)
        if len(files[CORE + leaf.path]) != leaf.size_bytes:
            refuse("tree.file-altered", f"not the size that {LEAVES_PATH} says", CORE + leaf.path)
    for path in sorted(files):
        if path.startswith(CORE) and path.removeprefix(CORE) not in leaves:
            refuse("tree.file-unnamed", "no leaf names this file, so the root does not cover it", path)
    _check_manifests(files, seal, leaves)
    return Tree(description=description, leaves=leaves, checked=len(leaves) + len(seal.files) + 2)


def _check_file(files: Mapping[str, bytes], path: str, sha256: str, witness: str) -> None:
    if path not in files:
        refuse("tree.file-missing", f"{witness} names it, and it is not there", path)
    if sha256_hex(files[path]) != sha256:
        refuse("tree.file-altered", f"not the file that {witness} names: its digest differs", path)


def _description(content: bytes, seal: Seal) -> PackDescription:
    description = read(PackDescription, content, path=DESCRIPTION_PATH)
    if (description.format, description.version) != (FORMAT, VERSION):
        message = f"a pack of format {description.format!r}, version {description.version}, is unknown here"
        refuse("tree.version", message, DESCRIPTION_PATH)
    if (description.root, description.leaf_count) != (seal.root, seal.leaf_count):
        refuse("tree.root", "root and leaf count are not those of the seal", DESCRIPTION_PATH)
    return description


def _leaves(content: bytes, seal: Seal) -> dict[str, Leaf]:
    leaves = read_leaves(content, path=LEAVES_PATH)
    if len(leaves) != seal.leaf_count:
        refuse("tree.leaf-count", f"{len(leaves)} leaves; the seal says {seal.leaf_count}", LEAVES_PATH)
    if root_over(content).hex() != seal.root:
        refuse("tree.root", "the root over these leaves is not the seal's", LEAVES_PATH)
    return {leaf.path: leaf for leaf in leaves}


def _check_manifests(files: Mapping[str, bytes], seal: Seal, leaves: Mapping[str, Leaf]) -> None:
    """Both must be what follows from the signed digests: a file and its manifest line can't be changed together."""
    digests = {CORE + leaf.path: leaf.sha256 for leaf in leaves.values()}
    digests |= {one.path: one.sha256 for one in seal.files}
    digests |= {view.path: view.sha256 for view in seal.views}
    payload = manifest({path: digest for path, digest in digests.items() if path.startswith("data/")})
    tags = {path: digest for path, digest in digests.items() if not path.startswith("data/")}
    wanted = {MANIFEST: payload, TAG_MANIFEST: manifest({**tags, MANIFEST: sha256_hex(payload)})}
    for path, content in wanted.items():
        if path not in files:
            refuse("tree.file-missing", "a BagIt bag has this manifest", path)
        if files[path] != content:
            refuse("tree.manifest-altered", "not the manifest of the files that the seal covers", path)
