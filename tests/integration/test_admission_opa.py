"""The admission examples on a real OPA: a model is let in with the summary of its own release, and with no other."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.opa_programs import opa
from tests.project_sample import FAIR, UNFAIR, make_project, tolbooth

pytestmark = pytest.mark.opa

EXAMPLES = Path(__file__).parents[2] / "examples" / "admission"
MISSING_DIGEST = "the annotation tolbooth/digest is missing"
NO_SUMMARY = "the annotation tolbooth/vsa is missing, or is no verification summary"
NOT_PASSED = "the summary does not say that the gate was passed: TOLBOOTH_GATE_RELEASE"
OTHER = "the summary is about another digest than tolbooth/digest"
UNLISTED = "the summary is not on the list of those that were verified"
OLD = "the summary is too old"

Ask = Callable[[Mapping[str, Any], Mapping[str, Any]], set[str]]


def sealed(folder: Path, groups: Any, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The summary of a real pack."""
    project = make_project(folder, groups)
    monkeypatch.chdir(project)
    tolbooth("gate")
    assert tolbooth("seal").code == 0
    (pack,) = project.glob("*.zip")
    with zipfile.ZipFile(pack) as archive:
        return archive.read("seal/vsa.dsse.json")


@pytest.fixture(scope="module")
def vsa(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    root = tmp_path_factory.mktemp("released")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLBOOTH_KEYS", str(root / "keys"))
        return sealed(root / "fair", FAIR, patch)


def annotated(vsa: bytes | None, digest: str | None) -> dict[str, Any]:
    written = {} if digest is None else {"tolbooth/digest": digest}
    if vsa is not None:
        written["tolbooth/vsa"] = base64.b64encode(vsa).decode()
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "credit", "annotations": written},
    }


def digest_of(vsa: bytes) -> str:
    payload = json.loads(base64.b64decode(json.loads(vsa)["payload"]))
    ((algorithm, value),) = payload["subject"][0]["digest"].items()
    return f"{algorithm}:{value}"


def settings(*accepted: bytes, **more: Any) -> dict[str, Any]:
    listed = [hashlib.sha256(each).hexdigest() for each in accepted]
    return {"level": "TOLBOOTH_GATE_RELEASE", "accepted": listed, **more}


def evaluated(folder: Path, query: str, *options: str, **documents: Any) -> Any:
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    command = [str(opa()), "eval", "--format", "json", "--stdin-input", *options, query]
    asked = json.dumps(documents["input"]).encode()
    said = subprocess.run(command, input=asked, capture_output=True, check=True, cwd=folder)
    return json.loads(said.stdout)["result"][0]["expressions"][0]["value"]


def plain(folder: Path) -> Ask:
    def ask(each: Mapping[str, Any], parameters: Mapping[str, Any]) -> set[str]:
        review = {"request": {"kind": {"kind": each["kind"]}, "operation": "CREATE", "object": each}}
        options = ("--data", str(EXAMPLES / "admission.rego"), "--data", "data.json")
        return set(
            evaluated(folder, "data.kubernetes.admission.deny", *options, input=review, data={"tolbooth": parameters})
        )

    return ask


def gatekeeper(folder: Path) -> Ask:
    template = YAML(typ="safe", pure=True).load((EXAMPLES / "template.yaml").read_text(encoding="utf-8"))
    (folder / "template.rego").write_text(template["spec"]["targets"][0]["rego"], encoding="utf-8")

    def ask(each: Mapping[str, Any], parameters: Mapping[str, Any]) -> set[str]:
        document = {"review": {"object": each}, "parameters": parameters}
        options = ("--v0-compatible", "--data", "template.rego")
        found = evaluated(folder, "data.tolboothrelease.violation", *options, input=document)
        return {violation["msg"] for violation in found}

    return ask


@pytest.fixture(params=[plain, gatekeeper], ids=["opa", "gatekeeper"])
def ask(request: pytest.FixtureRequest, tmp_path: Path) -> Ask:
    folder = tmp_path / "rego"
    folder.mkdir()
    made: Ask = request.param(folder)
    return made


def test_a_model_is_let_in_with_the_summary_of_its_release(ask: Ask, vsa: bytes) -> None:
    assert ask(annotated(vsa, digest_of(vsa)), settings(vsa, max_age_hours=1)) == set()
    assert ask(annotated(vsa, digest_of(vsa)), settings(vsa)) == set()


def test_without_annotations_it_is_not(ask: Ask, vsa: bytes) -> None:
    assert ask(annotated(None, None), settings(vsa)) == {MISSING_DIGEST, NO_SUMMARY}
    assert ask({"kind": "InferenceService"}, settings(vsa)) == {MISSING_DIGEST, NO_SUMMARY}
    assert ask(annotated(vsa, None), settings(vsa)) == {MISSING_DIGEST}


@pytest.mark.parametrize("nonsense", [b"", b"{}", b"[]", b'{"payload": "x"}', b'{"payload": "e30="}', b"\xff\xfe"])
def test_nonsense_is_no_summary(ask: Ask, vsa: bytes, nonsense: bytes) -> None:
    assert NO_SUMMARY in ask(annotated(nonsense, digest_of(vsa)), settings(vsa, nonsense))


def test_a_summary_of_another_model_is_not_its_own(ask: Ask, vsa: bytes) -> None:
    assert ask(annotated(vsa, f"sha256:{'0' * 64}"), settings(vsa)) == {OTHER}


def test_a_summary_that_nobody_verified_or_that_somebody_altered_is_not_accepted(ask: Ask, vsa: bytes) -> None:
    assert ask(annotated(vsa, digest_of(vsa)), settings()) == {UNLISTED}
    altered = json.dumps(json.loads(vsa), indent=1).encode()
    assert ask(annotated(altered, digest_of(vsa)), settings(vsa)) == {UNLISTED}


def test_a_summary_that_is_too_old_is_refused(ask: Ask, vsa: bytes) -> None:
    assert ask(annotated(vsa, digest_of(vsa)), settings(vsa, max_age_hours=0)) == {OLD}


def test_another_gate_s_summary_is_refused(ask: Ask, vsa: bytes) -> None:
    found = ask(annotated(vsa, digest_of(vsa)), settings(vsa, level="TOLBOOTH_GATE_OTHER"))
    assert found == {NOT_PASSED.replace("RELEASE", "OTHER")}


def test_the_summary_of_a_denial_is_refused(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    denied = sealed(tmp_path / "unfair", UNFAIR, monkeypatch)
    assert ask(annotated(denied, digest_of(denied)), settings(denied)) == {NOT_PASSED}


def test_other_objects_are_none_of_its_business_and_no_settings_let_nothing_in(tmp_path: Path, vsa: bytes) -> None:
    asked = plain(tmp_path)
    assert asked({"kind": "Pod", "metadata": {"name": "x"}}, settings(vsa)) == set()
    assert asked(annotated(vsa, digest_of(vsa)), {}) != set()


def test_the_constraint_fits_its_template() -> None:
    read = YAML(typ="safe", pure=True).load
    template = read((EXAMPLES / "template.yaml").read_text(encoding="utf-8"))
    constraint = read((EXAMPLES / "constraint.yaml").read_text(encoding="utf-8"))
    crd = template["spec"]["crd"]["spec"]
    assert constraint["kind"] == crd["names"]["kind"]
    assert template["metadata"]["name"] == crd["names"]["kind"].lower(), "Gatekeeper asks for that"
    schema = crd["validation"]["openAPIV3Schema"]
    assert set(schema["required"]) <= constraint["spec"]["parameters"].keys() <= schema["properties"].keys()


def test_opa_finds_nothing_wrong_with_the_rule() -> None:
    subprocess.run([opa(), "check", "--strict", EXAMPLES / "admission.rego"], check=True, capture_output=True)
    formatted = subprocess.run(
        [opa(), "fmt", "--diff", EXAMPLES / "admission.rego"], check=True, capture_output=True, text=True
    )
    assert formatted.stdout == ""
