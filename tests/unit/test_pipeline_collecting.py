"""What is collected beside the model: a declared bill of materials, and a subject that can't be read by its digest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import FAIR, SETTINGS, make_project, tolbooth

WITH_SBOM = SETTINGS.replace("    owner: credit team\n", "    sbom: bom.json\n    owner: credit team\n")
BOM = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "numpy"}]}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path / "credit", FAIR, WITH_SBOM)
    monkeypatch.chdir(folder)
    return folder


def collections(folder: Path) -> list[dict[str, Any]]:
    """The input documents that gates recorded."""
    blobs = (path.read_bytes() for path in sorted((folder / ".tolbooth" / "blobs").rglob("*")) if path.is_file())
    return [json.loads(blob) for blob in blobs if blob.startswith(b'{"artifacts":[')]


def test_a_declared_bill_of_materials_is_an_artifact_and_an_observation(project: Path) -> None:
    (project / "bom.json").write_text(json.dumps(BOM), encoding="utf-8")
    assert tolbooth("gate").code == 0
    (document,) = collections(project)
    artifact = next(each for each in document["artifacts"] if each["role"] == "sbom")
    (found,) = document["observations"]["sbom"]
    assert (artifact["name"], found["about"]) == ("credit-sbom", "credit")
    assert found["reads"] == list(artifact["digest"].values())
    assert found["values"] == {"format": "CycloneDX", "spec_version": "1.6", "components": 1, "vulnerabilities": {}}


def test_a_declared_report_of_another_format_is_a_gap_and_no_mistake(project: Path) -> None:
    (project / "bom.json").write_text("<bom/>", encoding="utf-8")
    assert tolbooth("gate").code == 0
    (document,) = collections(project)
    assert [gap["code"] for gap in document["gaps"] if gap["kind"] == "sbom"] == ["collect.sbom-unreadable"]
    assert "sbom" not in document["observations"]


def test_a_declared_report_that_is_not_there_is_a_mistake_at_its_line(project: Path) -> None:
    said = tolbooth("gate")
    assert said.code == 2
    assert "tolbooth.yaml:7:11: there is no file bom.json" in said.err


def test_an_excerpt_shows_no_password_of_the_line_before(project: Path) -> None:
    text = WITH_SBOM.replace("    sbom: bom.json\n", "    tracking: https://ana:hunter2@example.org\n    sbum: x\n")
    (project / "tolbooth.yaml").write_text(text, encoding="utf-8")
    said = tolbooth("gate")
    assert "tracking: https://[withheld: user info]@example.org" in said.err
    assert "hunter2" not in said.err


def test_the_mark_stays_where_the_bad_word_is_or_falls_back(project: Path) -> None:
    text = WITH_SBOM.replace("    sbom: bom.json\n", "").replace(
        "    label: y_true\n", "    about: {day: password=hunter2, zone: x}\n    label: y_true\n"
    )
    (project / "tolbooth.yaml").write_text(text, encoding="utf-8")
    said = tolbooth("gate")
    assert said.code == 2
    assert "hunter2" not in said.err
    assert "^" in said.err


def test_a_subject_that_cannot_be_read_is_named_by_its_address_without_its_password(project: Path) -> None:
    digests = []
    for password in ("hunter2", "tiger3"):
        text = WITH_SBOM.replace("path: model.bin", "path: models:/risk/1").replace("    sbom: bom.json\n", "")
        address = f"    tracking: ftp://ana:{password}@127.0.0.1:9\n    owner"
        (project / "tolbooth.yaml").write_text(text.replace("    owner", address, 1), encoding="utf-8")
        said = tolbooth("gate", "--output", "json")
        digests.append(json.loads(said.out)["decision"]["subject"]["digest"])
        assert password not in said.out + said.err
    assert digests[0] == digests[1]
    assert set(digests[0]) == {"referenceSha256"}
