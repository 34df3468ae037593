"""Validators on the whole way: gate, seal, verify, replay; here, elsewhere, and where one means harm."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.project_sample import FAIR, make_project, tolbooth
from tests.validator_sample import FILES, OWN_SETTINGS, write_validators
from tolbooth.evidence.dsse import take_apart

CORE = "data/core/"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path / "project", FAIR, OWN_SETTINGS)
    write_validators(folder)
    monkeypatch.chdir(folder)
    return folder


def changed(project: Path, name: str, old: str, new: str) -> None:
    path = project / "rules" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def results() -> dict[str, Any]:
    """The results by rule of the gate's JSON; under 'code' its exit code, under 'errors' the texts of all errors."""
    said = tolbooth("gate", "--output", "json")
    rules = json.loads(said.out)["rules"]
    errors = [error for rule in rules for error in rule["errors"]]
    return {"code": said.code, "errors": errors, **{rule["rule"]: rule["results"] for rule in rules}}


def sealed(folder: Path) -> Path:
    assert tolbooth("seal", "--to", str(folder / "pack.zip")).code == 0
    return folder / "pack.zip"


def core(pack: Path) -> dict[str, bytes]:
    with ZipFile(pack) as opened:
        names = [(name, name.partition(CORE)[2]) for name in opened.namelist()]
        return {short: opened.read(name) for name, short in names if short}


def judged(held: dict[str, bytes]) -> Any:
    """What the judgement's attestation says."""
    return json.loads(take_apart(held["attest/judgement.dsse.json"], path="x").payload)["predicate"]


def test_validators_and_rego_give_one_list_of_results(project: Path) -> None:
    found = results()
    assert found["code"] == 0
    assert [each["outcome"] for each in found["house.size"]] == ["pass"]
    assert found["house.version"][0]["message"] == "it is version 7"
    assert found["fairness.difference"][0]["outcome"] == "pass"


def test_failing_validator_denies_with_what_it_measured(project: Path) -> None:
    (project / "model.bin").write_bytes(b"ab")
    found = results()
    assert found["code"] == 1
    (size,) = found["house.size"]
    assert (size["outcome"], size["term"]) == ("fail", "credit")
    assert size["measured"] == {"bound": 3, "loosens": "down", "unit": "bytes", "value": 2}


def test_pack_holds_the_source_and_the_attestation_who_ran_how(project: Path, tmp_path: Path) -> None:
    assert tolbooth("gate").code == 0
    held = core(sealed(tmp_path))
    assert held["policies/rules/house/size/size.py"].decode() == FILES["house/size/size.py"]
    assert held["policies/rules/house/version/check.sh"].decode() == FILES["house/version/check.sh"]
    assert "policies/rules/house/size/size_test.py" not in held
    size, version = judged(held)["validators"]
    assert (size["rule"], size["path"]) == ("house.size", "rules/house/size/size.py")
    assert len(size["digest"]) == 64
    assert {"distribution", "version"}.isdisjoint(size)
    assert size["fenced"] is bool({"network", "sockets"} & set(size["fence"]))
    assert version["rule"] == "house.version"


def test_pack_is_computed_again_where_the_same_bytes_are_installed(project: Path, tmp_path: Path) -> None:
    assert tolbooth("gate").code == 0
    pack = sealed(tmp_path)
    assert tolbooth("verify", str(pack)).code == 0
    said = tolbooth("replay", str(pack))
    assert said.code == 0, said.out
    assert "from counts and rules, to the byte" in said.out
    assert "partial" not in said.out


def test_pack_is_computed_again_in_part_elsewhere_and_nothing_of_it_runs(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tolbooth("gate").code == 0
    pack = sealed(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    started = []
    monkeypatch.setattr("tolbooth.judge.validators.running.run_confined", lambda *_, **__: started.append(1))
    said = tolbooth("replay", str(pack))
    assert said.code == 0, said.out
    assert "from counts, rules and recorded results, to the byte" in said.out
    assert "partial   2 of 4 rules were not run again: house.size, house.version" in said.out
    assert started == []


def test_another_validator_of_that_name_does_not_stand_in_for_the_recorded_one(project: Path, tmp_path: Path) -> None:
    assert tolbooth("gate").code == 0
    pack = sealed(tmp_path)
    changed(project, "house/size/size.py", "return {", "return {'warn': [], ")
    said = tolbooth("replay", str(pack))
    assert said.code == 0, said.out
    assert "partial   1 of 4 rules were not run again: house.size" in said.out


def test_validator_that_breaks_leaves_the_gate_undecided_and_the_next_one_works(project: Path, tmp_path: Path) -> None:
    changed(project, "house/size/size.py", "    models =", "    import socket\n    socket.socket()\n    models =")
    found = results()
    assert found["code"] == 3
    assert [each["outcome"] for each in found["house.size"]] == ["error"]
    assert ["socket.__new__ is refused" in str(each) for each in found["errors"]] == [True]
    assert found["house.version"][0]["outcome"] == "pass"
    pack = sealed(tmp_path)
    assert tolbooth("verify", str(pack)).code == 0
    said = tolbooth("replay", str(pack))
    assert said.code == 0, said.out
    shutil.rmtree(project / "rules")
    write_validators(project)
    assert results()["code"] == 0


def test_changed_validator_changes_the_policy_digest(project: Path) -> None:
    def policy() -> str:
        return str(json.loads(tolbooth("gate", "--output", "json").out)["decision"]["policy"]["sha256"])

    first = policy()
    changed(project, "house/version/check.sh", "version 7", "version seven")
    assert policy() != first


def test_mistake_in_a_validator_is_shown_before_anything_is_recorded(project: Path) -> None:
    changed(project, "house/size/size.py", "severity: medium", "severity: meduim")
    said = tolbooth("gate")
    assert said.code == 2
    assert "rules/house/size/size.py:6" in said.err
    assert "did you mean 'medium'?" in said.err
    assert not (project / ".tolbooth").exists()


def test_validators_of_an_installed_package_are_asked_by_name_and_recorded_with_its_version(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    settings = OWN_SETTINGS.replace("rules]", "entry-points]").replace("house.size, house.version", "acme.size")
    (project / "tolbooth.yaml").write_text(settings, encoding="utf-8")
    install_package(site, FILES["house/size/size.py"])
    monkeypatch.syspath_prepend(site)
    found = results()
    pack = sealed(tmp_path)
    again = tolbooth("replay", str(pack))
    assert found["code"] == 0
    assert [each["outcome"] for each in found["acme.size"]] == ["pass"]
    (ran,) = judged(core(pack))["validators"]
    assert (ran["distribution"], ran["version"]) == ("acme-rules-of-a-test", "1.4")
    assert ran["path"] == "entry-points/acme/checks/checks.py"
    assert again.code == 0
    assert "partial" not in again.out
    shutil.rmtree(site)
    said = tolbooth("gate")
    assert said.code == 2
    assert "no installed package brings validators" in said.err


def install_package(site: Path, source: str) -> None:
    """A distribution with one module of validators in a folder of installed packages."""
    module = site / "acme_rules_of_a_test" / "checks.py"
    info = site / "acme_rules_of_a_test-1.4.dist-info"
    module.parent.mkdir(parents=True)
    info.mkdir()
    module.with_name("__init__.py").touch()
    module.write_text(source, encoding="utf-8")
    head = "Metadata-Version: 2.1\nName: acme-rules-of-a-test\nVersion: 1.4\n"
    (info / "METADATA").write_text(head, encoding="utf-8")
    points = "[tolbooth.validators]\nacme = acme_rules_of_a_test.checks\n"
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
