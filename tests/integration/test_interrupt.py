"""Ctrl-C, or a cancelled job, during long work: nothing half-written or left behind, and the truth of what is kept."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.project_sample import FAIR, SETTINGS, make_project, tolbooth
from tolbooth.store.embedded import open_store

PATIENCE_SECONDS = 60
SPARSE_BYTES = 200 << 30


@dataclass
class Running:
    """A ``tolbooth`` process whose stderr is a terminal."""

    process: subprocess.Popen[bytes]
    terminal: int
    said: str = field(default="")

    def wait_for(self, text: str) -> None:
        """Until the terminal shows ``text``."""
        until = time.monotonic() + PATIENCE_SECONDS
        while text not in self.said:
            assert time.monotonic() < until, self.said
            assert self._read() or self.process.poll() is None, self.said

    def worker(self) -> int:
        """The engine's process, stopped, so that it is caught in the middle."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            for entry in Path("/proc").glob("[0-9]*"):
                with suppress(OSError, ValueError):
                    parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                    if parent == self.process.pid and b"rego/worker.py" in (entry / "cmdline").read_bytes():
                        os.kill(int(entry.name), signal.SIGSTOP)
                        return int(entry.name)
            time.sleep(0.005)
        raise AssertionError("no worker was started")

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> int:
        """Press Ctrl-C, or ask to end in another way, and wait for the end."""
        self.process.send_signal(number)
        until = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < until:
            self._read()
        while self._read():
            continue
        return self.process.wait(timeout=1)

    def _read(self) -> bool:
        ready, _, _ = select.select([self.terminal], [], [], 0.05)
        if not ready:
            return False
        try:
            piece = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.said += piece.decode(errors="replace")
        return bool(piece)


@contextmanager
def started(folder: Path, cache: Path, *arguments: str) -> Iterator[Running]:
    """``tolbooth`` in a process of its own, ended in any case."""
    code = f"import sys; from tolbooth.cli.main import main; main({list(arguments)!r})"
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(cache), "TERM": "xterm", "COLUMNS": "80"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    try:
        yield Running(process=process, terminal=ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "credit", FAIR)


def many_rows(path: Path, *, rows: int) -> None:
    """Equal rows over and over: small on disk, long to count."""
    part = pa.table(
        {
            "race": pa.array(["a", "b"] * 500_000),
            "y_true": pa.array([0, 1] * 500_000, pa.int8()),
            "y_pred": pa.array([0, 1] * 500_000, pa.int8()),
        }
    )
    with pq.ParquetWriter(path, part.schema) as writer:
        for _ in range(rows // len(part)):
            writer.write_table(part)


def unfinished(project: Path) -> list[str]:
    """Names of files that were begun and not ended."""
    return [path.name for path in (project / ".tolbooth").rglob(".*") if path.name != ".gitignore"]


def test_an_interrupt_while_files_are_read_records_nothing(project: Path, cache: Path) -> None:
    os.truncate(project / "model.bin", SPARSE_BYTES)
    with started(project, cache, "gate") as running:
        running.wait_for("of 214.7 GB")
        assert running.interrupt() == 130
    assert "reading model.bin" in running.said
    assert "Interrupted. Nothing was recorded." in running.said
    assert "Traceback" not in running.said
    assert open_store(project / ".tolbooth").size() == 0
    assert unfinished(project) == []


def test_an_interrupt_while_rows_are_counted_records_nothing(project: Path, cache: Path) -> None:
    many_rows(project / "predictions.parquet", rows=40_000_000)
    with started(project, cache, "gate") as running:
        running.wait_for("of 40,000,000 rows")
        assert running.interrupt() == 130
    assert "counting predictions.parquet" in running.said
    assert "Interrupted. Nothing was recorded." in running.said
    assert open_store(project / ".tolbooth").size() == 0


def test_an_interrupt_while_a_csv_is_counted_is_no_unreadable_file(project: Path, cache: Path) -> None:
    with (project / "predictions.csv").open("w", encoding="utf-8") as file:
        file.write("race,y_true,y_pred\n")
        for _ in range(50):
            file.write("a,1,0\nb,0,1\n" * 50_000)
    (project / "tolbooth.yaml").write_text(SETTINGS.replace(".parquet", ".csv"), encoding="utf-8")
    with started(project, cache, "gate") as running:
        running.wait_for("of 5,000,000 rows")
        assert running.interrupt() == 130
    assert "Interrupted. Nothing was recorded." in running.said


def test_an_interrupt_while_rules_are_judged_leaves_no_worker_and_names_what_is_kept(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(project, cache, "gate") as running:
        worker = running.worker()
        assert running.interrupt() == 130
    assert "Interrupted. Recorded until then: collection, measurement." in running.said.replace("\r\n", " ")
    assert not Path(f"/proc/{worker}").exists()
    assert open_store(project / ".tolbooth").size() == 2
    assert unfinished(project) == []
    monkeypatch.chdir(project)
    assert tolbooth("gate").code == 0
    assert open_store(project / ".tolbooth").size() == 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_job_that_is_cancelled_leaves_neither_downloads_nor_a_worker(
    project: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    os.truncate(project / "model.bin", SPARSE_BYTES)
    with started(project, cache, "gate") as running:
        running.wait_for("of 214.7 GB")
        assert [path.name[:9] for path in temporary.iterdir()] == ["tolbooth-"]
        assert running.interrupt(number) == 128 + number
    assert f"Ended by {number.name}. Nothing was recorded." in running.said
    assert "Traceback" not in running.said
    assert list(temporary.iterdir()) == []
    os.truncate(project / "model.bin", 1)
    with started(project, cache, "gate") as running:
        worker = running.worker()
        assert running.interrupt(number) == 128 + number
    assert f"Ended by {number.name}. Recorded until then: collection, measurement." in running.said.replace("\r\n", " ")
    assert not Path(f"/proc/{worker}").exists()
    assert unfinished(project) == []


def test_a_closed_terminal_does_not_end_what_was_told_to_go_on(project: Path, cache: Path) -> None:
    os.truncate(project / "model.bin", SPARSE_BYTES)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with started(project, cache, "gate") as running:
            running.wait_for("of 214.7 GB")
            running.process.send_signal(signal.SIGHUP)
            assert running.interrupt() == 130
    finally:
        signal.signal(signal.SIGHUP, before)
    assert "Interrupted. Nothing was recorded." in running.said
