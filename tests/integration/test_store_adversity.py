"""Full disks, read-only mounts, foreign owners, vanished folders, flipped bits, old copies: each a clear refusal.

Each test ends by taking the fault away and showing that nothing else was lost.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.forked import Machine, machine
from tests.project_sample import UNFAIR, Said, make_project
from tolbooth.evidence.keys import PublicKey
from tolbooth.model.errors import StoreError
from tolbooth.store.embedded import make_store, open_store

DENY, USAGE, UNCLEAN, REFUSED = 1, 2, 5, 6
NOBODY = 65534
KIBIBYTE = 1024


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("warm")
    with machine(folder / "p", folder / "home", folder / "scratch") as started:
        yield started


@pytest.fixture
def here(warm: Machine, tmp_path: Path) -> Machine:
    """A project with one recorded gate."""
    return begun(warm.at(make_project(tmp_path / "credit", UNFAIR), tmp_path / "home"))


def begun(one: Machine) -> Machine:
    said = one.run("gate")
    assert said.code == DENY, said.out + said.err
    return one


def faults(one: Machine) -> tuple[int, list[dict[str, object]]]:
    """The exit code of ``store check``, and the faults that are not harmless."""
    said = one.run("store", "check", "--output", "json")
    assert said.out, said.err
    return said.code, [fault for fault in json.loads(said.out)["faults"] if not fault["harmless"]]


def assert_whole(one: Machine) -> None:
    """Nothing is wrong, and the next gate and seal work."""
    assert faults(one) == (0, [])
    for command, code in (("gate", DENY), ("seal", 0)):
        said = one.run(command)
        assert said.code == code, said.out + said.err


def assert_refused(said: Said, code: str, *words: str) -> None:
    assert said.code == REFUSED, said.out + said.err
    assert f"[{code}]" in said.err, said.err
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err, said.err


@contextmanager
def mounted(target: Path, *options: str) -> Iterator[None]:
    """Mount something, where this user may."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    done = subprocess.run(["mount", *options, str(target)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(target)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "size=4m", "tolbooth-test"):
        yield disk


@pytest.mark.parametrize("left", [0, 24, 40, 56, 72, 96, 112, 128])
def test_a_gate_on_a_full_disk_is_refused_and_goes_on_once_there_is_room(
    warm: Machine, tmp_path: Path, small_disk: Path, left: int
) -> None:
    here = begun(warm.at(make_project(small_disk / "credit", UNFAIR), tmp_path / "home"))
    size = open_store(here.folder / ".tolbooth").size()
    filler = small_disk / "filler"
    fill(small_disk, filler, left * KIBIBYTE)
    said = here.run("gate")
    if said.code != DENY:
        assert said.code == REFUSED, said.out + said.err
        assert "the disk is full" in said.err, said.err
    filler.unlink()
    assert open_store(here.folder / ".tolbooth").size() >= size
    assert_whole(here)


def test_a_seal_on_a_full_disk_leaves_the_old_pack_whole(warm: Machine, tmp_path: Path, small_disk: Path) -> None:
    here = begun(warm.at(make_project(small_disk / "credit", UNFAIR), tmp_path / "home"))
    assert here.run("seal").code == 0
    pack = here.folder / "credit-7.evpack.zip"
    before = pack.read_bytes()
    filler = small_disk / "filler"
    fill(small_disk, filler, 100 * KIBIBYTE)
    assert_refused(here.run("seal"), "store.write", "the disk is full")
    assert pack.read_bytes() == before
    assert sorted(here.folder.glob("*.evpack*")) == [pack]
    assert here.run("verify", str(pack)).code == 0
    filler.unlink()
    assert_whole(here)


def test_a_blob_that_does_not_fit_leaves_nothing_behind(small_disk: Path) -> None:
    store = make_store(small_disk / ".tolbooth", PublicKey(raw=bytes(32)))
    with pytest.raises(StoreError) as raised:
        store.blobs.put(bytes(8 << 20))
    assert raised.value.code == "store.write"
    assert raised.value.hint is not None
    assert "the disk is full" in raised.value.hint
    assert [path for path in (store.folder / "blobs").rglob("*") if path.is_file()] == []
    assert store.blobs.get(store.blobs.put(b"small")) == b"small"


def fill(disk: Path, filler: Path, left: int) -> None:
    """Fill a disk, but for ``left`` bytes."""
    status = os.statvfs(disk)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_frsize - left or status.f_frsize)


def test_on_a_read_only_mount_nothing_is_recorded_and_everything_can_be_read(here: Machine, tmp_path: Path) -> None:
    window = tmp_path / "window"
    window.mkdir()
    with mounted(window, "--bind", str(here.folder)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(window)], check=True)
        there = here.at(window)
        assert_refused(there.run("gate"), "store.write", "read-only")
        assert_refused(there.run("store", "rebuild"), "store.write", "read-only")
        assert_refused(there.run("store", "gc"), "store.write", "read-only")
        assert faults(there) == (0, [])
        for command in ("log", "report"):
            said = there.run(command)
            assert said.code == 0, said.out + said.err
    assert_whole(here)


def test_another_user_may_read_a_folder_of_mode_0555_and_record_nothing(warm: Machine) -> None:
    if os.geteuid() != 0:
        pytest.skip("to become another user needs root")
    # NOTE: pytest's own folders are closed to others.
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        here = begun(warm.at(make_project(place / "credit", UNFAIR), place / "home"))
        (place / "nobody").mkdir()
        os.chown(place / "nobody", NOBODY, NOBODY)
        there = here.at(here.folder, place / "nobody")
        folders = [here.folder, *(path for path in here.folder.rglob("*") if path.is_dir())]
        for folder in folders:
            folder.chmod(0o555)
        said = there.run("gate", uid=NOBODY)
        assert_refused(said, "store.write", "this user may not read or write there")
        checked = there.run("store", "check", uid=NOBODY)
        assert checked.code == 0, checked.out + checked.err
        assert there.run("log", uid=NOBODY).code == 0
        for folder in folders:
            folder.chmod(0o755)
        assert_whole(here)


def test_a_store_that_vanishes_under_a_gate_is_missed_and_not_made_anew(here: Machine) -> None:
    store, away = here.folder / ".tolbooth", here.folder / "away"
    for _ in range(20):
        size = open_store(store).size()
        running = here.start("gate")
        # NOTE: gone as soon as the first step is recorded; the rules, judged by another process, take longer.
        while open_store(store).size() == size:
            time.sleep(0.002)
        store.rename(away)
        said = running.wait()
        made_anew = store.exists()
        if not made_anew:
            away.rename(store)
        if said.code != DENY:
            break
    assert not made_anew
    assert said.code == REFUSED, said.out + said.err
    assert "vanished" in said.err or "gone" in said.err, said.err
    assert_whole(here)


def test_a_flipped_bit_in_a_blob_is_found_by_entry_and_path(here: Machine) -> None:
    store = open_store(here.folder / ".tolbooth")
    row = store.decision()
    path = f"blobs/{row.decision_sha256[:2]}/{row.decision_sha256}"
    blob = store.folder / path
    content = blob.read_bytes()
    blob.chmod(0o644)
    blob.write_bytes(bytes([content[0] ^ 0x10]) + content[1:])
    for command in ("report", "seal"):
        assert_refused(here.run(command), "store.blob-altered", row.decision_sha256, "store check")
    code, found = faults(here)
    assert code == UNCLEAN
    assert [(each["code"], each["path"], each["position"]) for each in found] == [
        ("store.blob-altered", path, row.entry_position)
    ]
    assert_refused(here.run("store", "gc"), "store.unclean")
    blob.write_bytes(content)
    assert_whole(here)


def test_a_restored_older_database_is_refused_and_named(here: Machine, tmp_path: Path) -> None:
    database = here.folder / ".tolbooth" / "log.sqlite"
    old, new = tmp_path / "old", tmp_path / "new"
    shutil.copy(database, old)
    begun(here)
    shutil.copy(database, new)
    shutil.copy(old, database)
    for command in (("gate",), ("store", "rebuild")):
        assert_refused(here.run(*command), "store.shortened", "the checkpoint file knows 8")
    code, found = faults(here)
    assert (code, [each["code"] for each in found]) == (UNCLEAN, ["store.shortened"])
    assert open_store(here.folder / ".tolbooth").size() == 4
    shutil.copy(new, database)
    assert_whole(here)


def test_a_database_that_is_gone_is_not_made_anew(here: Machine, tmp_path: Path) -> None:
    database = here.folder / ".tolbooth" / "log.sqlite"
    shutil.move(database, tmp_path / "log.sqlite")
    for command in ("gate", "seal", "log"):
        assert_refused(here.run(command), "store.lost", "checkpoint")
        assert not database.exists()
    code, found = faults(here)
    assert (code, [each["code"] for each in found]) == (UNCLEAN, ["store.lost"])
    shutil.move(tmp_path / "log.sqlite", database)
    assert_whole(here)


def test_a_database_overwritten_with_noise_is_refused_and_named(here: Machine) -> None:
    database = here.folder / ".tolbooth" / "log.sqlite"
    content = database.read_bytes()
    for damaged in (b"noise" * 999, content[:4096] + b"\x55" * (len(content) - 4096)):
        database.write_bytes(damaged)
        assert_refused(here.run("gate"), "store.damaged", "database")
        code, found = faults(here)
        assert code == UNCLEAN
        assert {each["code"] for each in found} == {"store.damaged"}
        for name in ("log.sqlite-wal", "log.sqlite-shm"):
            (database.parent / name).unlink(missing_ok=True)
    database.write_bytes(content)
    assert_whole(here)


def test_a_clock_that_went_back_records_nothing(here: Machine) -> None:
    hour = 3600
    assert here.run("gate", clock_seconds=hour).code == DENY
    size = open_store(here.folder / ".tolbooth").size()
    said = here.run("gate")
    assert said.code == USAGE, said.out + said.err
    assert "[log.clock-behind]" in said.err
    assert open_store(here.folder / ".tolbooth").size() == size
    assert faults(here) == (0, [])
    assert here.run("gate", clock_seconds=hour).code == DENY


def test_a_deleted_wal_file_is_missed_by_the_checkpoint_file_and_all_else_is_there(
    here: Machine, tmp_path: Path
) -> None:
    store = here.folder / ".tolbooth"
    # NOTE: a reader that is killed keeps SQLite from folding its write-ahead log into the database.
    program = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN');"
        "c.execute('SELECT * FROM entry').fetchall(); print(flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(store / "log.sqlite")], stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        begun(here)
        os.kill(reader.pid, signal.SIGKILL)
    wal = store / "log.sqlite-wal"
    assert wal.stat().st_size > 0
    shutil.move(wal, tmp_path / "wal")
    assert_refused(here.run("gate"), "store.shortened", "holds 4 entries", "knows 8")
    code, found = faults(here)
    assert (code, [each["code"] for each in found]) == (UNCLEAN, ["store.shortened"])
    assert len(open_store(store).entries()) == 4
    assert here.run("report").code == 0
