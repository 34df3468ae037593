"""Faults of the log itself: entries, the tree over them, and the checkpoint file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tolbooth.evidence import merkle
from tolbooth.evidence.checkpoint import Checkpoint
from tolbooth.evidence.entry import parse_entry
from tolbooth.model.errors import VerificationError
from tolbooth.model.instant import format_instant
from tolbooth.store.fault import Fault
from tolbooth.store.history import CHECKPOINT_NAME
from tolbooth.store.snapshot import RawEntry

Tree = Mapping[tuple[int, int], bytes]


def entry_faults(entries: Sequence[RawEntry]) -> Iterator[Fault]:
    """Gaps, leaves that don't say what their row says, and times that go back."""
    positions = {entry.position for entry in entries}
    expected = range(len(entries))
    for missing in sorted(set(expected) - positions):
        yield Fault(code="log.gap", text=f"entry {missing + 1} is missing from the log", position=missing)
    for strange in sorted(positions - set(expected), key=str):
        text = f"an entry stands at position {strange}, in a log of {len(entries)} entries"
        yield Fault(code="log.gap", text=text, position=strange if isinstance(strange, int) else None)
    last = ""
    for entry in entries:
        position = entry.position if isinstance(entry.position, int) else None
        name = f"entry {position + 1}" if position is not None else "an entry without position"
        said = _misfit(entry)
        if said is not None:
            yield Fault(code="log.leaf", text=f"{name}: {said}", position=position)
        elif entry.appended_at < last:
            text = f"{name} is of {entry.appended_at}, before the entry that it follows ({last})"
            yield Fault(code="log.order", text=text, position=position)
        else:
            last = entry.appended_at


def _misfit(entry: RawEntry) -> str | None:
    if not isinstance(entry.leaf, bytes):
        return "its leaf is no bytes"
    try:
        leaf = parse_entry(entry.leaf, path="leaf")
    except VerificationError as error:
        return f"its leaf can't be read: {error}"
    columns = (entry.kind, entry.envelope_sha256, entry.appended_at)
    if columns != (leaf.kind, leaf.envelope_sha256, format_instant(leaf.appended_at)):
        return "its row says otherwise than its leaf, which is what the tree covers"
    return None


def tree_of(entries: Sequence[RawEntry]) -> Tree:
    """Every complete node over the leaves as they stand, by (level, position)."""
    tree: dict[tuple[int, int], bytes] = {}
    for index, entry in enumerate(entries):
        leaf = entry.leaf if isinstance(entry.leaf, bytes) else repr(entry.leaf).encode()
        completed = merkle.nodes_completed_by(index, merkle.leaf_hash(leaf), lambda level, place: tree[level, place])
        for node in completed:
            tree[node.level, node.index] = node.hash
    return tree


def tree_faults(computed: Tree, stored: Mapping[tuple[object, object], object] | None) -> Iterator[Fault]:
    """Nodes that are missing, that don't hash up, or that no entry backs."""
    if stored is None:
        yield Fault(code="tree.table-missing", text="the table of the tree's nodes is missing")
        return
    for (level, place), node in computed.items():
        name = f"node {place} of level {level}"
        if (level, place) not in stored:
            yield Fault(code="tree.node-missing", text=f"{name} is missing from the stored tree")
        elif stored[level, place] != node:
            yield Fault(code="tree.node-altered", text=f"{name} is not the hash of the entries below it")
    for strange in sorted(stored.keys() - computed.keys(), key=str):
        text = f"no entries back node {strange[1]} of level {strange[0]}"
        yield Fault(code="tree.node-unbacked", text=text)


def checkpoint_faults(
    size: int, computed: Tree, before: Checkpoint | None, after: Checkpoint | None
) -> Iterator[Fault]:
    """The log held against the checkpoint file, as it was read before and after the log was."""
    if before is not None and size < before.size:
        text = f"the database holds {size} entries, but the checkpoint file knows {before.size}: an older copy?"
        yield Fault(code="store.shortened", text=text, path=CHECKPOINT_NAME)
    elif before is not None and _root(before.size, computed) != before.root:
        text = f"the first {before.size} entries are not those that the checkpoint file covers"
        yield Fault(code="store.diverged", text=text, path=CHECKPOINT_NAME)
    behind = size - (after.size if after is not None else 0)
    if behind > 0:
        # NOTE: a run that is killed between its commit and its checkpoint leaves it one behind; the next one renews it.
        known = f"knows {after.size} of {size} entries" if after is not None else f"is missing beside {size} entries"
        text = f"the checkpoint file {known}" + ("; the next append renews it" if behind == 1 else ": an older copy?")
        yield Fault(code="checkpoint.behind", text=text, path=CHECKPOINT_NAME, harmless=behind == 1)


def _root(size: int, tree: Tree) -> bytes:
    return merkle.root_at(size, lambda level, place: tree[level, place])
