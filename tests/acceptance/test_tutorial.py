"""The tutorial, as a reader follows it: every block in order, and every printed line compared."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.reference.tutorial import Call, Console, Edit, Program, differing_line, read_blocks
from tests.mlflow_projects import environment

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


def reader(folder: Path) -> dict[str, str]:
    """The environment of a reader whose shell finds this installation's programs first."""
    return environment(PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", PWD=str(folder))


def call(folder: Path, command: str, last_code: int) -> tuple[int, tuple[str, ...]]:
    """Run a command in a shell in which ``$?`` is the code of the last one; its code and all that it printed."""
    done = subprocess.run(
        ["bash", "-c", f"(exit {last_code}); {command}"],
        cwd=folder,
        env=reader(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, tuple(done.stdout.splitlines())


def follow(folder: Path, calls: tuple[Call, ...]) -> None:
    """Run a console block; a command may fail only where the page shows its code next."""
    code = 0
    for each in calls:
        assert code == 0 or each.command == "echo $?", f"ends with {code} before: {each.command}"
        code, printed = call(folder, each.command, code)
        difference = differing_line(each.output, printed)
        assert difference is None, "\n".join([f"$ {each.command}: {difference}; it prints", *printed])
    assert code == 0, f"the page does not show the code {code} of: {calls[-1].command}"


@pytest.mark.mlflow
def test_every_block_of_the_tutorial_does_what_the_page_says(tmp_path: Path) -> None:
    missing = [name for name in ("mlflow", "sklearn", "pandas", "flask") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (dependency group strangers)")
    folder = tmp_path / "progression"
    folder.mkdir()
    for block in read_blocks(TUTORIAL.read_text(encoding="utf-8")):
        match block:
            case Program(name=name, text=text):
                (folder / name).write_text(text, encoding="utf-8")
            case Edit(name=name, old=old, new=new):
                text = (folder / name).read_text(encoding="utf-8")
                assert text.count(old) == 1, f"{name} does not hold once: {old}"
                (folder / name).write_text(text.replace(old, new), encoding="utf-8")
            case Console(calls=calls):
                follow(folder, calls)
