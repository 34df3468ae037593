"""Counts out of a declared bill of materials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tolbooth.collect.interface import Collected
from tolbooth.collect.sbom import collect_sbom
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.digest import sha256_hex

NOW = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
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
    return collect_sbom(folder / "bom.json", now=NOW, about="credit")


def test_components_of_any_depth_and_vulnerabilities_by_their_worst_rating_are_counted(tmp_path: Path) -> None:
    (found,) = collected(tmp_path, BOM).observations
    assert found.values == {
        "format": "CycloneDX",
        "spec_version": "1.6",
        "components": 4,
        "vulnerabilities": {"critical": 1, "high": 2, "unknown": 2},
    }
    assert (found.kind, found.about, found.reads) == ("sbom", "credit", (sha256_hex(json.dumps(BOM).encode()),))


def test_no_name_of_the_document_is_kept(tmp_path: Path) -> None:
    assert b"anary" not in canonical_bytes(collected(tmp_path, BOM))


def test_a_document_that_lists_nothing_counts_nothing(tmp_path: Path) -> None:
    (found,) = collected(tmp_path, {"bomFormat": "CycloneDX", "specVersion": "canary"}).observations
    assert found.values == {"format": "CycloneDX", "components": 0, "vulnerabilities": {}}


@pytest.mark.parametrize("document", [b"", b"{", b"[" * 100_000, [], {"bomFormat": "canary"}, {"spdxVersion": "2.3"}])
def test_what_is_no_cyclonedx_is_a_gap(tmp_path: Path, document: object) -> None:
    found = collected(tmp_path, document)
    assert found.observations == ()
    assert [(gap.kind, gap.about, gap.code) for gap in found.gaps] == [("sbom", "credit", "collect.sbom-unreadable")]
    assert "canary" not in found.gaps[0].message


def test_a_file_larger_than_any_bill_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tolbooth.collect.sbom._MOST_BYTES", 3)
    assert [gap.code for gap in collected(tmp_path, BOM).gaps] == ["collect.sbom-unreadable"]
