"""What lint says to every mistake that a rule's author is known to make: kept outputs, read as their reader would.

Where a text was changed on purpose, write the outputs anew with TOLBOOTH_TEST_WRITE=1 and read the difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.author_mistake_sample import MISTAKES, PATH, RULE, TEST, TEST_PATH, Mistake
from tests.project_sample import tolbooth

KEPT = Path(__file__).parent / "author_mistakes"
PLACE = re.compile(r"^rules/[a-z_/]+\.rego:[0-9]+:[0-9]+: ", re.MULTILINE)
COLUMNS = 80


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda each: each.name)
def test_a_mistake_is_answered_as_kept(mistake: Mistake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mistake.write(tmp_path)
    said = tolbooth("policy", "lint", "rules")
    text = f"$ tolbooth policy lint rules\n{said.out}{said.err}exit code {said.code}\n"
    kept = KEPT / f"{mistake.name}.txt"
    if os.environ.get("TOLBOOTH_TEST_WRITE") == "1":
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")
    assert said.code == 1
    assert f"[{mistake.code}]" in said.out


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda each: each.name)
def test_every_answer_names_file_line_and_column_and_fits_a_terminal(mistake: Mistake) -> None:
    text = (KEPT / f"{mistake.name}.txt").read_text(encoding="utf-8")
    findings = re.findall(r"^  \[(?:profile|policy)\.[a-z.-]+\]$", text, re.MULTILINE)
    assert len(PLACE.findall(text)) == len(findings) > 0
    assert [line for line in text.splitlines() if len(line) > COLUMNS] == []


def test_every_kept_answer_belongs_to_a_mistake() -> None:
    assert {path.stem for path in KEPT.glob("*.txt")} == {mistake.name for mistake in MISTAKES}


def test_the_rule_without_a_mistake_is_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path, text in ((PATH, RULE), (TEST_PATH, TEST)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    said = tolbooth("policy", "lint", "rules")
    assert (said.code, said.out) == (0, "2 files: nothing found\n")
