"""How a mistake is shown: where, the line with a mark, the nearest right word, and what was kept; in 80 columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project_sample import FAIR, make_project, tolbooth
from tolbooth.cli.problems import NOTHING_RECORDED, render_error
from tolbooth.evidence.interface import Signer
from tolbooth.evidence.kinds import Kind
from tolbooth.model.errors import ConfigError, JudgeError, Place, Problem, StoreError
from tolbooth.pipeline import verdict as verdict_module
from tolbooth.store.embedded import EmbeddedStore, LogEntry


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path / "credit", FAIR)
    monkeypatch.chdir(folder)
    return folder


def shown(text: str, word: str, hint: str | None = None) -> list[str]:
    """The excerpt of the last line of ``text``, with ``word`` marked."""
    lines = text.splitlines()
    column = lines[-1].index(word) + 1
    place = Place(path="a.yaml", line=len(lines), column=column, width=len(word)).within(text)
    problem = Problem(code="x.y", message="wrong", place=place, hint=hint)
    return render_error(ConfigError(problem)).splitlines()[1:-1]


def test_the_mark_stands_under_the_word() -> None:
    assert shown("one: 1\ntwo: 2", "2", "did you mean '3'?") == [
        "  1 | one: 1",
        "  2 | two: 2",
        "    |      ^ did you mean '3'?",
    ]


def test_a_tab_does_not_move_the_mark() -> None:
    _, line, mark = shown("x\n\tkey: bad", "bad")
    assert mark.index("^") == line.index("bad")


def test_a_wide_letter_does_not_move_the_mark() -> None:
    _, line, mark = shown("x\n名前: bad", "bad")
    assert mark.index("^") == line.index("bad") + 2


def test_a_long_line_is_cut_around_the_word() -> None:
    text = f"x\n{'word ' * 60}bad{' word' * 60}"
    line, mark = shown(text, "bad")
    assert max(len(line), len(mark)) <= 80
    assert line[mark.index("^") :].startswith("bad")
    assert line.count("…") == 2


def test_a_hint_that_does_not_fit_stands_below_the_mark() -> None:
    lines = shown("x\nkey: bad", "bad", "a long hint " * 10)
    assert max(map(len, lines)) <= 80
    assert lines[2].endswith("^^^")
    assert len(lines) >= 5


def test_an_escape_sequence_in_a_file_is_shown_and_not_obeyed() -> None:
    assert "\x1b" not in "".join(shown("x\nkey: \x1b[2Jbad", "bad"))


def test_a_file_that_has_vanished_is_named_all_the_same() -> None:
    place = Place(path="gone.yaml", line=3, column=2)
    said = render_error(ConfigError.of("x.y", "wrong", place=place, hint="right"))
    assert said.splitlines() == ["gone.yaml:3:2: wrong", "  right", "  [x.y]"]


def test_several_mistakes_are_counted() -> None:
    problems = [Problem(code="x.y", message=text) for text in ("one", "two")]
    error = ConfigError(problems)
    error.add_note(NOTHING_RECORDED)
    assert render_error(error).splitlines()[-1] == "2 mistakes. Nothing was recorded."


def test_a_gate_that_breaks_while_judging_says_what_is_kept(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise JudgeError.of("judge.worker-died", "the engine's process died")

    monkeypatch.setattr(verdict_module, "judge", broken)
    said = tolbooth("gate")
    assert said.code == 2
    assert said.err.splitlines()[-1] == "Recorded until then: collection, measurement. Nothing is half-written."


def test_an_append_that_fails_after_its_entry_stands_is_told_as_recorded(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = EmbeddedStore.append

    def late(
        self: EmbeddedStore, kind: Kind, envelope: bytes, *, signer: Signer, clock: object, **more: object
    ) -> LogEntry:
        append(self, kind, envelope, signer=signer, clock=clock, **more)  # type: ignore[arg-type]
        raise StoreError.of("store.write", "checkpoint could not be written")

    monkeypatch.setattr(EmbeddedStore, "append", late)
    said = tolbooth("gate")
    assert said.code == 6
    assert said.err.splitlines()[-1] == "Recorded until then: collection. Nothing is half-written."


def test_a_store_that_refuses_the_first_append_has_recorded_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StoreError.of("store.write", "the disk is full")

    monkeypatch.setattr(EmbeddedStore, "append", refuse)
    said = tolbooth("gate")
    assert said.code == 6
    assert said.err.splitlines()[-1] == "Nothing was recorded."


def test_a_bug_is_named_as_one_and_says_what_is_kept(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(verdict_module, "judge", broken)
    said = tolbooth("gate")
    assert said.code == 70
    assert said.err == (
        "Tolbooth broke: ZeroDivisionError: division by zero. Recorded until then: collection, measurement. "
        "Nothing is half-written. Run again with --debug to see where.\n"
    )


def test_a_command_that_only_reads_does_not_speak_of_recording(project: Path) -> None:
    for command in (["report"], ["log"], ["explain", "--last"], ["verify", "none.zip", "--key", "none.pub"]):
        said = tolbooth(*command)
        assert said.code == 2
        assert "recorded." not in said.err


def test_a_seal_whose_pack_can_not_be_written_stands_in_the_log(project: Path) -> None:
    tolbooth("gate")
    (project / "taken").mkdir()
    (project / "taken" / "file").write_text("", encoding="utf-8")
    (project / "target.zip").mkdir()
    (project / "target.zip" / "file").write_text("", encoding="utf-8")
    said = tolbooth("seal", "--to", str(project / "taken" / "file" / "pack.zip"))
    assert said.code == 6
    assert said.err.splitlines()[-1] == "Recorded until then: seal. Nothing is half-written."
