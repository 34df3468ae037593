"""The registry of formats, its documentation, and the commands that offer it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests import report_scenes as scenes
from tests.project_sample import FAIR, UNFAIR, make_project, tolbooth
from tolbooth.report.formats import FILE, FORMATS, Format, to_bytes
from tolbooth.report.json_format import render_json

TEXTS = [name for name, each in FORMATS.items() if not each.binary]
DOCUMENT = Path(__file__).parents[2] / "docs" / "formats.md"
CONFTEST = ("stdout", "json", "tap", "table", "junit", "github", "azuredevops", "sarif")
"""Conftest's outputs, as its ``output/output.go`` lists them."""


def _rows(heading: str) -> list[list[str]]:
    """The rows of the documentation's table whose first heading is this."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(f"| {heading} |")) + 2
    end = next(place for place in range(start, len(lines)) if not lines[place].startswith("|"))
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[start:end]]


def test_documentation_lists_exactly_the_formats_that_there_are() -> None:
    assert [row[0] for row in _rows("format")] == list(FORMATS)


def test_every_output_of_conftest_has_its_equal() -> None:
    equals = {row[0]: row[1] for row in _rows("Conftest `--output`")}
    assert tuple(equals) == CONFTEST
    assert set(equals.values()) <= set(FORMATS)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("scene", scenes.SCENES)
def test_every_format_renders_every_report_to_the_same_bytes_again(name: str, scene: str) -> None:
    report = scenes.SCENES[scene]()
    written = to_bytes(report, name)
    assert written == to_bytes(scenes.SCENES[scene](), name)
    assert written.endswith(b"\n")
    assert b"\x1b" not in written


def test_only_the_pdf_is_binary_and_needs_an_extra() -> None:
    assert {name: each.extra for name, each in FORMATS.items() if each.binary or each.extra} == {"pdf": "pdf"}


def test_format_whose_package_is_not_there_says_what_to_type() -> None:
    lacking = Format(help="", render=lambda _report, _surface: "", extra="pdf", package="no_such_package_anywhere")
    assert lacking.missing == "pip install 'tolbooth[pdf]'"
    assert Format(help="", render=lambda _report, _surface: "", package="json").missing is None


def test_file_has_no_colour_and_80_columns() -> None:
    assert (FILE.width, FILE.color, FILE.ascii_only) == (80, False, False)


@pytest.mark.parametrize("command", ["gate", "report"])
def test_help_lists_every_format_and_loads_no_renderer(command: str) -> None:
    code = (
        "import contextlib, io, json, sys\nfrom tolbooth.cli.main import run\nout = io.StringIO()\n"
        f"with contextlib.redirect_stdout(out): run(['{command}', '--help'])\n"
        "print(json.dumps([out.getvalue(), sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    text, loaded = json.loads(done.stdout)
    assert all(re.search(rf"^ +{name} +{re.escape(each.help)}$", text, re.MULTILINE) for name, each in FORMATS.items())
    assert {"jinja2", "typst"} & set(loaded) == set()
    assert {f"tolbooth.report.{name}" for name in ("html", "sarif", "junit", "pdf", "markdown")} & set(loaded) == set()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path / "project", UNFAIR)
    monkeypatch.chdir(folder)
    return folder


def test_gate_prints_one_format_and_writes_others_in_one_run(project: Path) -> None:
    said = tolbooth("gate", "--output", "tap", "--report", "sarif=out/t.sarif", "--report", "junit=out/t.xml")
    assert said.code == 1
    assert said.out.startswith("TAP version 14\n")
    assert said.err.splitlines() == ["Report: out/t.sarif", "Report: out/t.xml"]
    run = json.loads((project / "out" / "t.sarif").read_text(encoding="utf-8"))["runs"][0]
    assert run["properties"]["verdict"] == "deny"
    told = {item.get("name"): item.get("value") for item in ET.parse(project / "out" / "t.xml").iter("property")}
    assert told["decision.sha256"] == run["properties"]["decisionSha256"]
    assert sorted(path.name for path in (project / "out").iterdir()) == ["t.sarif", "t.xml"]


def test_report_of_a_recorded_decision_is_the_one_that_the_gate_wrote(project: Path) -> None:
    tolbooth("gate", "--report", "markdown=gate.md")
    said = tolbooth("report", "--format", "markdown", "--to", "later.md")
    assert (said.code, said.out, said.err) == (0, "", "Report: later.md\n")
    assert (project / "later.md").read_bytes() == (project / "gate.md").read_bytes()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (["sarif"], "'sarif' is not FORMAT=FILE, such as sarif=report.sarif"),
        (["sarif="], "'sarif=' is not FORMAT=FILE"),
        (["sariff=x"], "there is no format 'sariff'"),
        (["sarif=."], "'.' is a folder"),
        (["sarif=x", "junit=./x"], "x is named twice"),
    ],
)
def test_wrong_wish_is_refused_before_anything_is_decided(wanted: list[str], said: str) -> None:
    given = tolbooth("gate", *(part for each in wanted for part in ("--report", each)))
    assert given.code == 2
    assert said in " ".join(given.err.split())
    assert not Path(".tolbooth").exists()


@pytest.mark.usefixtures("project")
def test_file_that_can_not_be_written_is_a_store_error_after_the_verdict() -> None:
    Path("taken").write_text("a file, not a folder", encoding="utf-8")
    said = tolbooth("gate", "--report", "json=taken/report.json")
    assert said.code == 6
    assert "May not be released" in said.out
    assert "report.json could not be written" in said.err
    decision = json.loads(tolbooth("report", "--format", "json").out)["decision"]["sha256"]
    assert f"The decision {decision[:12]} was recorded." in said.err
    assert "Nothing was recorded" not in said.err


@pytest.mark.usefixtures("project")
def test_pdf_is_not_printed() -> None:
    assert "pdf" not in (tolbooth("gate", "--help").err)
    said = tolbooth("report", "--format", "pdf")
    assert said.code == 2
    assert "name a file with --to" in said.err
    assert tolbooth("gate", "--output", "pdf").code == 2


def test_releasable_project_gives_green_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make_project(tmp_path / "fair", FAIR))
    said = tolbooth("gate", "--output", "gitlab", "--report", "junit=j.xml", "--report", "tap=t.tap")
    assert (said.code, said.out) == (0, "[]\n")
    assert "not ok" not in Path("t.tap").read_text(encoding="utf-8")
    suite = next(ET.parse("j.xml").iter("testsuite"))
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")


def test_json_of_the_registry_is_the_contract() -> None:
    report = scenes.denied()
    assert to_bytes(report, "json") == render_json(report).encode()
