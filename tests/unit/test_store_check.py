"""store check names each thing that is wrong, rebuild makes the rows anew, gc removes only what nothing needs."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.project_sample import UNFAIR, make_project, tolbooth
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError, StoreError
from tolbooth.pipeline.records import decision_record_of
from tolbooth.store import check as check_module
from tolbooth.store.check import check_store
from tolbooth.store.durable import write_whole
from tolbooth.store.embedded import EmbeddedStore, make_store, open_store
from tolbooth.store.fault import Fault
from tolbooth.store.gc import SPARED_SECONDS, clear_store
from tolbooth.store.rebuild import rebuild_store

DECISION, SEAL = 3, 4
"""Where one gate and its seal stand in the log."""

HOUR = 3600
PROJECT = Path(__file__).parents[2]
CHECKING = ("check.py", "log_faults.py", "row_faults.py", "blob_faults.py")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one gate, sealed, and another gate."""
    folder = make_project(tmp_path_factory.mktemp("recorded") / "credit", UNFAIR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder.parent))
        patch.delenv("XDG_CONFIG_HOME", raising=False)
        patch.chdir(folder)
        assert [tolbooth(command).code for command in ("gate", "seal", "gate")] == [1, 0, 1]
    return folder


@pytest.fixture
def project(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, to be tampered with."""
    copied = tmp_path / "credit"
    shutil.copytree(recorded, copied)
    monkeypatch.setenv("HOME", str(recorded.parent))
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.chdir(copied)
    return copied


@pytest.fixture
def folder(project: Path) -> Path:
    return project / ".tolbooth"


def sql(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "log.sqlite")) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement


def rows(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(folder / "log.sqlite")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in names}


def wrong(folder: Path) -> list[tuple[str, int | None]]:
    return [(fault.code, fault.position) for fault in check_store(folder).faults if not fault.harmless]


def harmless(folder: Path) -> list[Fault]:
    report = check_store(folder)
    assert report.clean
    return list(report.faults)


def blob_path(folder: Path, sha256: str) -> Path:
    return folder / "blobs" / sha256[:2] / sha256


def envelope_of(store: EmbeddedStore, position: int) -> str:
    return store.entry_at(position).envelope_sha256


def seed_of(store: EmbeddedStore, position: int) -> str:
    return decision_record_of(store.blobs.get(envelope_of(store, position))).salt_seed_sha256


def input_of(store: EmbeddedStore, position: int) -> str:
    record = decision_record_of(store.blobs.get(envelope_of(store, position)))
    return next(file.sha256 for file in record.core if file.path == "inputs/input.json")


def test_a_store_that_nobody_touched_is_clean(folder: Path) -> None:
    report = check_store(folder)
    assert (report.faults, report.entry_count, report.checkpoint_size) == ((), 9, 9)
    assert report.blob_count == sum(path.is_file() for path in (folder / "blobs").rglob("*"))


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (
            ["INSERT INTO decision SELECT 77, 'd', 'b', 's', '1', 'x', 'g', 'e', 'allow', '2026-01-01T00:00:00Z'"],
            [("row.unbacked", 77)],
        ),
        (["INSERT INTO seal VALUES (1, 'root', '2026-01-01T00:00:00Z')"], [("row.unbacked", 1)]),
        (["UPDATE decision SET verdict = 'allow' WHERE entry_position = 3"], [("row.altered", DECISION)]),
        (["DELETE FROM seal"], [("row.missing", SEAL)]),
        (["DROP TABLE seal"], [("row.table-missing", None)]),
        (["UPDATE tree_node SET hash = zeroblob(32) WHERE level = 2 AND position = 0"], [("tree.node-altered", None)]),
        (["DELETE FROM tree_node WHERE level = 0 AND position = 8"], [("tree.node-missing", None)]),
        (["INSERT INTO tree_node VALUES (9, 0, zeroblob(32))"], [("tree.node-unbacked", None)]),
        (["DROP TABLE tree_node"], [("tree.table-missing", None)]),
    ],
    ids=lambda value: value[0][:40] if isinstance(value[0], str) else None,
)
def test_a_row_that_is_not_the_logs_is_named_and_rebuild_puts_it_right(
    folder: Path, statements: list[str], expected: list[tuple[str, int | None]]
) -> None:
    before = rows(folder)
    sql(folder, *statements)
    assert wrong(folder) == expected
    rebuild_store(folder)
    assert wrong(folder) == []
    assert rows(folder) == before


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("DELETE FROM entry WHERE position = 2", {("log.gap", 2)}),
        ("UPDATE entry SET leaf = X'7b7d' WHERE position = 2", {("log.leaf", 2)}),
        ("UPDATE entry SET kind = 'seal' WHERE position = 2", {("log.leaf", 2), ("envelope.kind", 2)}),
        ("UPDATE entry SET appended_at = '2020-01-01T00:00:00Z' WHERE position = 5", {("log.leaf", 5)}),
        ("UPDATE entry SET leaf = 'text' WHERE position = 0", {("log.leaf", 0)}),
    ],
)
def test_an_altered_log_is_named_and_nothing_is_rebuilt_from_it(
    folder: Path, statement: str, expected: set[tuple[str, int | None]]
) -> None:
    sql(folder, statement)
    assert expected <= set(wrong(folder))
    before = rows(folder)
    with pytest.raises(StoreError) as raised:
        rebuild_store(folder)
    assert raised.value.code == "store.log-broken"
    assert rows(folder) == before


def test_a_rewritten_log_with_a_tree_to_match_is_not_the_one_of_the_checkpoint(folder: Path) -> None:
    leaf = open_store(folder).entry_at(0).leaf.replace(b"2026-", b"2025-")
    sql(
        folder,
        f"UPDATE entry SET leaf = X'{leaf.hex()}', appended_at = replace(appended_at, '2026-', '2025-') "
        "WHERE position = 0",
    )
    with pytest.raises(StoreError) as raised:
        rebuild_store(folder)
    assert raised.value.code == "store.diverged"
    assert ("store.diverged", None) in wrong(folder)


@pytest.mark.parametrize("which", [envelope_of, seed_of, input_of])
def test_a_missing_blob_is_named_with_the_entry_that_needs_it(
    folder: Path, which: Callable[[EmbeddedStore, int], str]
) -> None:
    sha256 = which(open_store(folder), DECISION)
    blob_path(folder, sha256).unlink()
    fault = next(fault for fault in check_store(folder).faults if not fault.harmless)
    assert (fault.code, fault.position) == ("store.blob-missing", DECISION)
    assert fault.path == f"blobs/{sha256[:2]}/{sha256}"


@pytest.mark.parametrize("which", [envelope_of, seed_of, input_of])
def test_an_altered_blob_is_named_with_the_entry_that_needs_it(
    folder: Path, which: Callable[[EmbeddedStore, int], str]
) -> None:
    path = blob_path(folder, which(open_store(folder), DECISION))
    path.chmod(0o644)
    path.write_bytes(b"")
    assert wrong(folder) == [("store.blob-altered", DECISION)]


def test_rebuild_changes_nothing_when_a_blob_that_rows_come_from_is_missing(folder: Path) -> None:
    sql(folder, "DELETE FROM seal")
    before = rows(folder)
    blob_path(folder, envelope_of(open_store(folder), DECISION)).unlink()
    with pytest.raises(StoreError) as raised:
        rebuild_store(folder)
    assert raised.value.code == "store.blob-missing"
    assert rows(folder) == before


def test_a_checkpoint_that_the_logs_key_did_not_sign_is_named_and_stops_every_append(folder: Path) -> None:
    path = folder / "checkpoint"
    path.write_text(path.read_text(encoding="utf-8").replace("\n9\n", "\n8\n"), encoding="utf-8")
    assert wrong(folder) == [("store.checkpoint-altered", None)]
    said = tolbooth("gate")
    assert said.code == 6, said.err
    assert "[store.checkpoint-altered]" in said.err


def test_a_missing_checkpoint_beside_a_log_is_named(folder: Path) -> None:
    (folder / "checkpoint").unlink()
    assert wrong(folder) == [("checkpoint.behind", None)]


def test_what_is_left_over_is_listed_and_harmless(folder: Path) -> None:
    orphan = open_store(folder).blobs.put(b"nobody needs this")
    (folder / "blobs" / "ab").mkdir(exist_ok=True)
    (folder / "blobs" / "ab" / f".{'ab' * 32}.k3x_91ab.part").write_bytes(b"half")
    (folder / ".checkpoint.k3x_91ab.part").write_bytes(b"half")
    (folder / "notes.txt").write_bytes(b"mine")
    assert {(fault.code, fault.path) for fault in harmless(folder)} == {
        ("blob.orphan", f"blobs/{orphan[:2]}/{orphan}"),
        ("file.leftover", f"blobs/ab/.{'ab' * 32}.k3x_91ab.part"),
        ("file.leftover", ".checkpoint.k3x_91ab.part"),
        ("file.strange", "notes.txt"),
    }


def test_gc_removes_old_orphans_and_leftovers_and_nothing_else(folder: Path) -> None:
    store = open_store(folder)
    before = {path for path in folder.rglob("*") if path.is_file()}
    old, young = (blob_path(folder, store.blobs.put(content)) for content in (b"old", b"young"))
    leftover = folder / "blobs" / f".{'ab' * 32}.k3x_91ab.part"
    leftover.write_bytes(b"half")
    strange = folder / "notes.txt"
    strange.write_bytes(b"mine")
    past = time.time() - SPARED_SECONDS - HOUR
    for path in [old, *(path for path in before if path.parent.parent.name == "blobs")]:
        os.utime(path, (past, past))
    listed = clear_store(folder, dry_run=True)
    assert old.exists()
    cleared = clear_store(folder)
    assert cleared == listed
    assert {each.path for each in cleared.removed} == {str(path.relative_to(folder)) for path in (old, leftover)}
    assert cleared.spared_count == 1
    assert {path for path in folder.rglob("*") if path.is_file()} == before | {young, strange}
    assert check_store(folder).clean


def test_a_blob_that_is_put_again_is_young_again(folder: Path) -> None:
    store = open_store(folder)
    path = blob_path(folder, store.blobs.put(b"again"))
    os.utime(path, (0, 0))
    store.blobs.put(b"again")
    assert clear_store(folder).removed == ()
    assert path.exists()


def test_a_decision_whose_blobs_vanished_before_it_was_named_is_not_appended(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = open_store(project / ".tolbooth").size()
    monkeypatch.setattr("tolbooth.store.embedded.EmbeddedStore._refuse_clock_behind", lambda *_: remove_seeds(project))
    said = tolbooth("gate")
    assert said.code == 6, said.out
    assert "[store.blob-missing]" in said.err
    monkeypatch.undo()
    assert open_store(project / ".tolbooth").size() == size + 3
    assert wrong(project / ".tolbooth") == []


def remove_seeds(project: Path) -> None:
    """Remove what the last decision would need: every orphan blob of 32 bytes."""
    for fault in check_store(project / ".tolbooth").faults:
        path = project / ".tolbooth" / str(fault.path)
        if fault.code == "blob.orphan" and path.stat().st_size == 32:
            path.unlink()


def test_gc_leaves_an_unclean_store_alone(folder: Path) -> None:
    store = open_store(folder)
    orphan = blob_path(folder, store.blobs.put(b"old"))
    os.utime(orphan, (0, 0))
    blob_path(folder, envelope_of(store, DECISION)).unlink()
    with pytest.raises(StoreError) as raised:
        clear_store(folder)
    assert raised.value.code == "store.unclean"
    assert orphan.exists()


def test_a_row_that_no_entry_backs_is_no_decision_to_report_on(folder: Path) -> None:
    sql(
        folder,
        "INSERT INTO decision SELECT 77, 'd', 'b', 's', '1', 'x', 'g', 'e', 'allow', '2026-01-01T00:00:00Z'",
    )
    said = tolbooth("report")
    assert said.code == 6, said.out
    assert "[store.entry-missing]" in said.err


def test_a_store_whose_making_was_killed_is_made_by_the_next_run(project: Path) -> None:
    folder = project / ".tolbooth"
    for begun in ("", "PRAGMA journal_mode=WAL"):
        shutil.rmtree(folder)
        folder.mkdir()
        (folder / "log.sqlite").touch()
        with closing(sqlite3.connect(folder / "log.sqlite")) as connection:
            connection.execute(begun)
        with pytest.raises(ConfigError) as raised:
            check_store(folder)
        assert raised.value.code == "store.none"
        assert tolbooth("gate").code == 1
        assert check_store(folder).faults == ()


def test_where_nothing_is_recorded_there_is_nothing_to_check(tmp_path: Path) -> None:
    for do in (check_store, rebuild_store, clear_store):
        with pytest.raises(ConfigError) as raised:
            do(tmp_path / ".tolbooth")
        assert raised.value.code == "store.none"


def test_a_held_lock_is_a_clear_error_after_a_deadline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tolbooth.store.locks.LOCK_TIMEOUT_SECONDS", 1)
    with closing(sqlite3.connect(folder / "log.sqlite", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        said = tolbooth("gate")
    assert said.code == 6
    assert "another process has held the store for 1 s" in said.err
    assert "wait for the other command to end" in said.err
    assert tolbooth("gate").code == 1


def test_what_a_killed_write_left_is_cleared_by_the_next_write_once_it_is_old(tmp_path: Path) -> None:
    path = tmp_path / "m-1.evpack.zip"
    old, young, other = (
        tmp_path / name for name in (f".{path.name}.aaaaaaaa.part", f".{path.name}.bbbbbbbb.part", ".x")
    )
    for each in (old, young, other):
        each.write_bytes(b"half")
    os.utime(old, (0, 0))
    write_whole(path, b"whole")
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([path.name, young.name, other.name])


def test_the_command_says_what_is_wrong_and_what_now(folder: Path) -> None:
    said = tolbooth("store", "check")
    assert (said.code, said.out.splitlines()[0][:17]) == (0, "Clean. 9 entries,")
    sql(folder, "UPDATE decision SET verdict = 'allow' WHERE entry_position = 3")
    said = tolbooth("store", "check")
    assert said.code == 5
    assert said.out.startswith("Not clean: 1 fault.")
    assert "[row.altered]" in said.out
    assert "tolbooth store rebuild" in said.out
    document = json.loads(tolbooth("store", "check", "--output", "json").out)
    assert (document["version"], document["clean"], document["entries"]) == (1, False, 9)
    assert document["faults"][0]["position"] == DECISION
    assert tolbooth("store", "rebuild").code == 0
    assert tolbooth("store", "check").code == 0


def test_the_command_lists_what_gc_would_remove(folder: Path) -> None:
    content = b"old"
    os.utime(blob_path(folder, open_store(folder).blobs.put(content)), (0, 0))
    said = tolbooth("store", "gc", "--dry-run")
    assert (said.code, sha256_hex(content) in said.out) == (0, True)
    assert "Would remove 1 files, 3 bytes." in said.out
    assert "Removed 1 files, 3 bytes." in tolbooth("store", "gc").out
    assert "Removed 0 files" in tolbooth("store", "gc").out


def test_a_store_can_be_made_beside_the_schema_that_init_wrote(tmp_path: Path, recorded: Path) -> None:
    key = open_store(recorded / ".tolbooth").log_key
    folder = tmp_path / ".tolbooth"
    folder.mkdir()
    (folder / "tolbooth.schema.json").write_text("{}")
    make_store(folder, key)
    assert check_store(folder).faults == ()


def test_every_code_that_a_check_gives_is_in_the_documentation() -> None:
    source = Path(check_module.__file__).parent
    text = "".join((source / name).read_text(encoding="utf-8") for name in CHECKING)
    codes = set(re.findall(r'(?:code=|error\.code[^"\n]*)"([a-z.-]+)"', text)) | check_module.BROKEN
    documented = set(re.findall(r"`([a-z]+\.[a-z-]+)`", (PROJECT / "docs" / "store.md").read_text(encoding="utf-8")))
    assert len(codes) > 20
    assert codes - documented - {"store.none", "store.read"} == set()
