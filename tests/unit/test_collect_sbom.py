"""Counts out of a declared bill of materials or vulnerability report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tolbooth.collect.files import collect_file
from tolbooth.collect.interface import Collected
from tolbooth.collect.sbom import collect_sbom
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError
from tolbooth.model.observation import ArtifactRole

NOW = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)
BOM: Mapping[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"authors": [{"name": "Canary"}]},
    "components": [
        {"name": "canary-numpy", "components": [{"name": "inner", "components": [{"name": "innermost"}]}]},
        {"name": "pandas"},
    ],
    "vulnerabilities": [
        {"id": "CVE-1", "ratings": [{"severity": "low"}, {"severity": "critical"}]},
        {"id": "CVE-2", "ratings": [{"severity": "High"}]},
        {"id": "CVE-3", "ratings": [{"severity": "high"}]},
        {"id": "CVE-4"},
        {"id": "CVE-5", "ratings": [{"severity": "dreadful"}]},
    ],
}


def collected(folder: Path, document: object) -> Collected:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    (folder / "bom.json").write_bytes(content)
    (artifact,) = collect_file(
        "credit-sbom", ArtifactRole.SBOM, "bom.json", project_folder=folder, now=NOW, valid_until=END
    ).artifacts
    return collect_sbom(folder / "bom.json", artifact, now=NOW, about="credit")


def values(folder: Path, document: object) -> dict[str, Any]:
    (found,) = collected(folder, document).observations
    return dict(found.values)


def test_components_of_any_depth_and_vulnerabilities_by_their_worst_rating_are_counted(tmp_path: Path) -> None:
    (found,) = collected(tmp_path, BOM).observations
    assert found.values == {
        "format": "CycloneDX",
        "spec_version": "1.6",
        "components": 4,
        "vulnerabilities": {"critical": 1, "high": 2, "unknown": 2},
    }
    assert found.dates.valid_until == END
    assert (found.kind, found.about, found.reads) == ("sbom", "credit", (sha256_hex(json.dumps(BOM).encode()),))


def test_no_name_of_the_document_is_kept(tmp_path: Path) -> None:
    assert b"anary" not in canonical_bytes(collected(tmp_path, BOM))


def test_spdx_names_packages_and_nothing_of_vulnerabilities(tmp_path: Path) -> None:
    old = {"spdxVersion": "SPDX-2.3", "packages": [{"name": "canary"}, {"name": "b"}], "files": [{}]}
    assert values(tmp_path, old) == {"format": "SPDX", "spec_version": "2.3", "components": 2}
    graph = [{"type": "CreationInfo", "specVersion": "3.0.1"}, {"type": "software_Package"}, {"type": "software_File"}]
    new = {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}
    assert values(tmp_path, new) == {"format": "SPDX", "spec_version": "3.0.1", "components": 1}


def test_grype_counts_matches_by_its_own_severities(tmp_path: Path) -> None:
    matches = [{"vulnerability": {"id": "CVE-1", "severity": each}} for each in ("High", "Negligible", "High", "?")]
    report = {"matches": [*matches, {"artifact": {"name": "canary"}}], "descriptor": {"name": "grype"}}
    expected = {"high": 2, "negligible": 1, "unknown": 1}
    assert values(tmp_path, report) == {"format": "Grype", "vulnerabilities": expected}


def test_trivy_counts_over_all_its_results(tmp_path: Path) -> None:
    report: dict[str, Any] = {"SchemaVersion": 2, "ArtifactName": "canary", "ArtifactType": "filesystem"}
    assert values(tmp_path, report) == {"format": "Trivy", "vulnerabilities": {}}
    report["Results"] = [
        {"Vulnerabilities": [{"Severity": "CRITICAL"}, {"Severity": "LOW"}]},
        {"Vulnerabilities": None},
        {"Vulnerabilities": [{"Severity": "LOW"}]},
    ]
    assert values(tmp_path, report) == {"format": "Trivy", "vulnerabilities": {"critical": 1, "low": 2}}


def test_pip_audit_gives_no_severity_and_tells_what_it_skipped(tmp_path: Path) -> None:
    clean, bad = {"name": "a", "version": "1", "vulns": []}, {"name": "b", "vulns": [{"id": "1"}, {"id": "2"}]}
    report = {"dependencies": [clean, bad, {"name": "c", "skip_reason": "canary"}], "fixes": []}
    expected = {"format": "pip-audit", "components": 3, "vulnerabilities": {"unknown": 2}, "skipped": 1}
    assert values(tmp_path, report) == expected


def test_a_file_that_changed_after_it_was_collected_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bom.json").write_text(json.dumps(BOM), encoding="utf-8")
    (artifact,) = collect_file("s", ArtifactRole.SBOM, "bom.json", project_folder=tmp_path, now=NOW).artifacts
    (tmp_path / "bom.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CollectError) as caught:
        collect_sbom(tmp_path / "bom.json", artifact, now=NOW, about="credit")
    assert caught.value.code == "collect.changed"


def test_a_document_that_lists_nothing_counts_nothing(tmp_path: Path) -> None:
    (found,) = collected(tmp_path, {"bomFormat": "CycloneDX", "specVersion": "canary"}).observations
    assert found.values == {"format": "CycloneDX", "components": 0, "vulnerabilities": {}}


NOT_OF_A_FORMAT = [
    b"",
    b"{",
    b"[" * 100_000,
    [],
    {"bomFormat": "canary"},
    {"spdxVersion": 23},
    {"spdxVersion": "canary"},
    {"@context": "https://example.org/canary"},
    {"descriptor": {"name": "canary"}, "matches": []},
    {"descriptor": "grype", "matches": []},
    {"dependencies": []},
    {"dependencies": [{"name": "canary"}], "fixes": []},
]


@pytest.mark.parametrize("document", NOT_OF_A_FORMAT)
def test_what_is_of_no_known_format_is_a_gap(tmp_path: Path, document: object) -> None:
    found = collected(tmp_path, document)
    assert found.observations == ()
    assert [(gap.kind, gap.about, gap.code) for gap in found.gaps] == [("sbom", "credit", "collect.sbom-unreadable")]
    assert "canary" not in found.gaps[0].message


def test_a_file_larger_than_any_report_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tolbooth.collect.sbom._MOST_BYTES", 3)
    assert [gap.code for gap in collected(tmp_path, BOM).gaps] == ["collect.sbom-unreadable"]
