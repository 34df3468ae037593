"""The lines that a user adds, as the docs show them: at most 12 in CI, 5 in an orchestrator, 1 in Python."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tolbooth.enforce import github, gitlab, jenkins
from tolbooth.enforce.written_file import GateJob

DOCS = Path(__file__).parents[2] / "docs"
MOST = {"CI": 12, "orchestrator": 5, "Python": 1}
_MARKED = re.compile(r"<!-- lines that a user adds: (\w+) -->\n```(\w+)\n(.*?)\n```", re.DOTALL)

BLOCKS = [
    (path.relative_to(DOCS).as_posix(), kind, language, text)
    for path in sorted(DOCS.rglob("*.md"))
    for kind, language, text in _MARKED.findall(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("page", "kind", "language", "text"), BLOCKS)
def test_no_place_asks_more_lines_of_a_user_than_promised(page: str, kind: str, language: str, text: str) -> None:
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) <= MOST[kind], f"{page}: {len(lines)} lines of {language}"


def test_every_mark_stands_before_a_block() -> None:
    marks = sum(path.read_text(encoding="utf-8").count("<!-- lines that a user adds") for path in DOCS.rglob("*.md"))
    assert marks == len(BLOCKS) >= 5


def block(holding: str) -> str:
    found: list[str] = [text for _, _, _, text in BLOCKS if holding in text]
    assert len(found) == 1
    return found[0]


def test_the_workflow_of_the_docs_gives_the_action_what_the_written_one_gives() -> None:
    yaml = YAML(typ="safe", pure=True)
    shown = yaml.load(block("./.github/actions/tolbooth"))
    written = yaml.load(github.workflow(GateJob(gate="release"), "").content)
    used = [each["jobs"]["gate"]["steps"][-1] for each in (shown, written)]
    assert used[0]["uses"] == used[1]["uses"]
    assert used[0]["with"] == {name: used[1]["with"][name] for name in used[0]["with"]}
    assert shown["permissions"] == written["permissions"]
    assert shown["on"]["push"] == written["on"]["push"]


def test_the_include_of_the_docs_is_the_one_that_init_prints() -> None:
    assert block("include:").splitlines() == list(gitlab.INCLUDE_LINES)


def test_the_stage_of_the_docs_is_the_one_that_init_prints() -> None:
    job = GateJob(gate="release")
    printed = "\n".join(jenkins.lines(job)).replace(job.install, "pip install tolbooth")
    assert block("stage('Tolbooth')") == printed
