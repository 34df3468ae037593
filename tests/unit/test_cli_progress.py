"""Long work on a terminal: how much of how much and the time left; in a pipe nothing."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from tests.project_sample import FAIR, make_project, tolbooth
from tolbooth.cli.session import amount_text, progress_bar
from tolbooth.pipeline.collecting import Unit, Work


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch, kind: str = "xterm") -> Terminal:
    """Make stderr a terminal; from inside the test, since pytest sets its own stderr when the test begins."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", kind)
    monkeypatch.setenv("COLUMNS", "80")
    return stream


@pytest.mark.parametrize(
    ("unit", "done", "total", "text"),
    [
        (Unit.ROWS, 1000, 7214, "1,000 of 7,214 rows"),
        (Unit.ROWS, 1000, None, "1,000 rows"),
        (Unit.BYTES, 12_500_000, 40_000_000, "12.5 of 40.0 MB"),
        (Unit.BYTES, 500, 999, "500 of 999 bytes"),
        (Unit.BYTES, 0, 2_000_000_000, "0.0 of 2.0 GB"),
        (Unit.BYTES, 2_000, None, "2.0 kB"),
        (Unit.BYTES, 0, 0, "0 of 0 bytes"),
    ],
)
def test_an_amount_carries_its_unit(unit: Unit, done: int, total: int | None, text: str) -> None:
    assert amount_text(unit, done, total) == text


def test_a_terminal_sees_what_is_done_how_far_it_is_and_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    with progress_bar() as progress:
        progress(Work("reading model.bin", Unit.BYTES), 12_500_000, 40_000_000)
    assert "reading model.bin" in stream.getvalue()
    assert "12.5 of 40.0 MB" in stream.getvalue()
    assert "--:--" in stream.getvalue()


def test_a_file_name_is_no_markup_and_no_escape_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    with progress_bar() as progress:
        progress(Work("reading [bold]\x1b[2J", Unit.BYTES), 1, 2)
    assert "reading [bold]\\x1b[2J" in stream.getvalue()


def test_a_terminal_that_can_not_move_its_cursor_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch, kind="dumb")
    with progress_bar() as progress:
        progress(Work("reading model.bin", Unit.BYTES), 1, 2)
    assert stream.getvalue() == ""


def test_a_pipe_sees_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make_project(tmp_path / "credit", FAIR))
    assert tolbooth("gate").err == ""


def test_a_long_path_leaves_room_for_amount_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    with progress_bar() as progress:
        progress(Work(f"counting {'folder/' * 20}predictions.parquet", Unit.ROWS), 40_000_000, 200_000_000)
    assert "counting …/predictions.parquet" in stream.getvalue()
    assert "40,000,000 of 200,000,000 rows" in stream.getvalue()
    assert "--:--" in stream.getvalue()
