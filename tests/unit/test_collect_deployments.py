"""What runs where, from inventories, manifests and lists of a cluster; and what is wrong with what declares it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.moves_sample import SETTINGS
from tolbooth.collect.deployments import collect_inventory, collect_manifests
from tolbooth.config.load import load_project
from tolbooth.model.deployment import Deployment
from tolbooth.model.errors import CollectError, ConfigError
from tolbooth.model.instant import format_instant

HEX = "ab" * 32
KSERVE = f"""\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: credit
  namespace: scoring
  creationTimestamp: 2026-11-20T09:00:00Z
  annotations: {{tolbooth/digest: "dirHash:{HEX}", tolbooth/version: "7", owner: ana@example.org}}
spec:
  predictor:
    model:
      modelFormat: {{name: sklearn}}
      storageUri: s3://models/credit
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: other}}
"""
SELDON: dict[str, Any] = {
    "apiVersion": "machinelearning.seldon.io/v1",
    "kind": "SeldonDeployment",
    "metadata": {"name": "risk", "creationTimestamp": "2026-11-21T10:00:00Z"},
    "spec": {"predictors": [{"graph": {"children": [], "modelUri": f"oci://registry.example.org/risk@sha256:{HEX}"}}]},
}


def inventory(folder: Path, text: str, name: str = "branch.yaml") -> tuple[Deployment, ...]:
    (folder / name).write_text(text, encoding="utf-8")
    return collect_inventory("branch", name, project_folder=folder, zone="Europe/Berlin")


def test_an_inventory_gives_digest_since_when_and_origin(tmp_path: Path) -> None:
    text = f"""\
version: 1
deployments:
  - name: desk
    model: credit
    version: 7
    digest: sha256:{HEX}
    since: 2026-11-20
    origin: asked by phone
"""
    (found,) = inventory(tmp_path, text)
    assert (found.place, found.origin) == ("branch/desk", "inventory branch.yaml, asked by phone")
    assert (found.model, found.version, found.digest) == ("credit", "7", {"sha256": HEX})
    assert found.since is not None
    assert format_instant(found.since) == "2026-11-19T23:00:00Z"


def test_an_inventory_may_be_json(tmp_path: Path) -> None:
    document = {"version": 1, "deployments": [{"name": "desk", "digest": f"dirHash:{HEX}"}]}
    (found,) = inventory(tmp_path, json.dumps(document), "branch.json")
    assert found.digest == {"dirHash": HEX}


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{name: desk, digset: 'sha256:00'}", ("branch.yaml:3:", "did you mean 'digest'?")),
        ("{name: desk, digest: 'sha256:00'}", ("branch.yaml:3:", "is no digest")),
        ("{version: 7}", ("branch.yaml:3:", "is missing")),
        ("{name: desk}\n  - {name: desk}", ("branch.yaml:4:", "stands twice")),
    ],
)
def test_mistakes_of_an_inventory_are_shown_at_their_line(tmp_path: Path, entry: str, told: tuple[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        inventory(tmp_path, f"version: 1\ndeployments:\n  - {entry}\n")
    (problem,) = caught.value.problems
    shown = f"{problem.place} {problem.message} {problem.hint}"
    assert [each for each in told if each not in shown] == []


def test_secrets_in_an_inventory_are_withheld(tmp_path: Path) -> None:
    (found,) = inventory(tmp_path, "version: 1\ndeployments:\n  - {name: desk, origin: mail of ana@example.org}\n")
    assert "ana@example.org" not in str(found)


def test_kserve_and_seldon_give_what_they_run_and_other_objects_are_counted(tmp_path: Path) -> None:
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "credit.yaml").write_text(KSERVE, encoding="utf-8")
    (tmp_path / "k8s" / "risk.json").write_text(json.dumps({"kind": "List", "items": [SELDON]}), encoding="utf-8")
    read = collect_manifests("cluster", ["k8s"], project_folder=tmp_path)
    assert read.others == 1
    credit, risk = read.deployments
    assert (credit.place, credit.version) == ("cluster/scoring/InferenceService/credit", "7")
    assert (credit.digest, credit.origin) == ({"dirHash": HEX}, "InferenceService scoring/credit in k8s/credit.yaml")
    assert credit.since is not None
    assert format_instant(credit.since) == "2026-11-20T09:00:00Z"
    assert (risk.place, risk.digest) == ("cluster/default/SeldonDeployment/risk", {"sha256": HEX})
    assert risk.since is not None


@pytest.mark.parametrize(
    ("change", "digest"),
    [
        ({"spec": {"predictor": {"storageUri": "s3://models/credit"}}}, {}),
        ({"metadata": {"name": "c", "annotations": {"tolbooth/digest": "nonsense"}}}, {}),
        ({"spec": [SELDON["spec"], SELDON["spec"]]}, {}),
        ({"metadata": None, "spec": None}, {}),
    ],
)
def test_a_digest_that_is_not_sure_is_none(tmp_path: Path, change: dict[str, Any], digest: dict[str, str]) -> None:
    (tmp_path / "one.json").write_text(json.dumps(SELDON | change), encoding="utf-8")
    (found,) = collect_manifests("cluster", ["one.json"], project_folder=tmp_path).deployments
    assert found.digest == digest


def test_pods_that_bear_our_annotation_are_deployments_whatever_their_kind(tmp_path: Path) -> None:
    template = {"metadata": {"annotations": {"tolbooth/digest": f"sha256:{HEX}"}}}
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "x"},
        "spec": {"template": template},
    }
    (tmp_path / "one.json").write_text(json.dumps(document), encoding="utf-8")
    (found,) = collect_manifests("cluster", ["one.json"], project_folder=tmp_path).deployments
    assert (found.place, found.digest) == ("cluster/default/Deployment/x", {"sha256": HEX})


@pytest.mark.parametrize("text", ["{", "a: [", "kind: x\n\tb: 1", "\x00"])
def test_what_is_neither_yaml_nor_json_can_not_be_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "one.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CollectError) as caught:
        collect_manifests("cluster", ["one.yaml"], project_folder=tmp_path)
    assert caught.value.code == "collect.deployments-unreadable"


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CollectError) as caught:
        collect_manifests("cluster", ["gone.yaml"], project_folder=tmp_path)
    assert caught.value.code == "collect.deployments-missing"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("gate: release, alias", "gate: relaese, alias", "did you mean 'release'?"),
        ("gate: release, alias", "gaet: release, alias", "did you mean 'gate'?"),
        (', alias: "models:/credit@champion"', "", "names nothing to look at"),
        ('alias: "models:', 'inventory: a.yaml, alias: "models:', "names alias and inventory"),
        ("credit@champion", "credit/3", "is no alias"),
        (
            'path: "models:/credit@candidate", tracking: "sqlite:///mlflow.db"',
            "path: model.bin, version: 1",
            "tracking",
        ),
    ],
)
def test_mistakes_of_the_section_are_shown_at_their_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in SETTINGS
    (tmp_path / "tolbooth.yaml").write_text(SETTINGS.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_project(tmp_path / "tolbooth.yaml")
    shown = [f"{each.place} {each.message} {each.hint}" for each in caught.value.problems]
    assert any(told in each and "tolbooth.yaml:10:" in each for each in shown), shown
