"""``tolbooth people``: Ana asks, Ben approves, Chen is steward, Dora audits, and Eve, an outsider, signs nothing."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import FAIR, Said, make_project, tolbooth
from tolbooth.evidence.keys import PublicKey


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a key for each person; whose key is whose stands in nobody's record yet."""
    folder = make_project(tmp_path / "credit", FAIR)
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(folder)
    for name in ("ana", "ben", "chen", "eve"):
        assert tolbooth("key", "new", name, "--role", "approve").code == 0
    return folder


def new(project: Path, handle: str, *roles: str, **more: str) -> Said:
    options = [word for role in roles for word in ("--role", role)]
    options += [word for key, value in more.items() for word in (f"--{key}", value)]
    return tolbooth("people", "new", handle, "--key", str(project.parent / "keys" / f"{handle}.pub"), *options)


def sign(handle: str) -> Said:
    return tolbooth("people", "sign", "--key", handle)


def shown() -> dict[str, Any]:
    said = tolbooth("people", "show", "--output", "json")
    assert said.code == 0
    document: dict[str, Any] = json.loads(said.out)
    return document


def handles() -> dict[str, list[str]]:
    return {each["names"]["handle"]: each["roles_now"] for each in shown()["people"]}


@pytest.fixture
def founded(project: Path) -> Path:
    """Chen, as steward, has signed who Ana, Ben and Chen are."""
    assert new(project, "chen", "steward", "approver").code == 0
    assert new(project, "ana", "requester", alias="ci=ana-login").code == 0
    assert new(project, "ben", "approver", name="Ben Bø").code == 0
    said = sign("chen")
    assert said.code == 0, said.err
    assert "ben gains the role 'approver'" in said.out
    return project


def gate_facts(project: Path) -> dict[str, Any]:
    assert tolbooth("gate").code == 0
    document: dict[str, Any] = json.loads(tolbooth("policy", "input").out)
    return document


def test_what_a_steward_signed_counts(founded: Path) -> None:
    assert handles() == {"ana": ["requester"], "ben": ["approver"], "chen": ["steward", "approver"]}
    assert shown()["unsigned"] == []
    names = sorted(path.name for path in (founded / "governance").iterdir())
    assert [name.split(".", 1)[1] for name in names] == ["json", "names.json"]
    assert "Ben" not in (founded / "governance" / names[0]).read_text(encoding="utf-8")


def test_what_nobody_signed_counts_for_nothing_and_is_told_at_the_gate(founded: Path) -> None:
    assert new(founded, "eve", "steward").code == 0
    assert "eve" not in handles()
    assert "eve gains the role 'steward'" in shown()["unsigned"]
    document = json.loads(tolbooth("gate", "--output", "json").out)
    (told,) = [each["text"] for each in document["not_checked"] if "people.yaml" in each["text"]]
    assert "people record 1" in told


def test_signing_again_without_a_change_signs_nothing(founded: Path) -> None:
    assert "nothing was signed" in sign("chen").out
    assert len(shown()["versions"]) == 1


@pytest.mark.parametrize(("who", "code"), [("eve", "people.key-unknown"), ("ben", "people.not-steward")])
def test_nobody_but_a_steward_signs(founded: Path, who: str, code: str) -> None:
    (founded / "people.yaml").write_text(
        (founded / "people.yaml")
        .read_text(encoding="utf-8")
        .replace("roles: [requester]", "roles: [requester, board]"),
        encoding="utf-8",
    )
    said = sign(who)
    assert (said.code, code in said.err) == (1, True)
    assert len(shown()["versions"]) == 1


def test_eve_cannot_make_herself_a_steward(founded: Path) -> None:
    assert new(founded, "eve", "steward").code == 0
    said = sign("eve")
    assert said.code == 1
    assert "people.self-made-steward" in said.err
    assert "Nothing was recorded." in said.err


def test_a_role_that_ended_yesterday_is_shown_as_ended(founded: Path) -> None:
    yesterday = (datetime.now(tz=UTC) - timedelta(days=1)).date()
    text = (founded / "people.yaml").read_text(encoding="utf-8")
    assert "roles: [approver]" in text
    changed = text.replace("roles: [approver]", f"roles: [{{role: approver, until: {yesterday}}}]")
    (founded / "people.yaml").write_text(changed, encoding="utf-8")
    assert f"until {datetime.now(tz=UTC).date()}T00:00:00Z" in sign("chen").out
    assert handles()["ben"] == []
    assert "(ended)" in tolbooth("people", "show").out


def test_every_version_says_who_signed_it(founded: Path) -> None:
    assert new(founded, "eve", "auditor").code == 0
    assert sign("chen").code == 0
    versions = shown()["versions"]
    chen = next(each["id"] for each in shown()["people"] if each["names"]["handle"] == "chen")
    assert [(each["version"], each["steward"]) for each in versions] == [(1, chen), (2, chen)]
    text = tolbooth("people", "show").out
    key = PublicKey.from_pem((founded.parent / "keys" / "chen.pub").read_bytes())
    assert text.count(f"signed by chen, {key.fingerprint}") == 2


def test_one_document_of_names_is_left_after_a_change(founded: Path) -> None:
    assert new(founded, "eve", "auditor").code == 0
    assert sign("chen").code == 0
    assert len(list((founded / "governance").glob("*.names.json"))) == 1
    assert tolbooth("store", "check").code == 0


def test_a_clone_knows_the_people_by_the_folder_alone(founded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = make_project(founded.parent / "clone", FAIR)
    for name in ("governance", "people.yaml"):
        subprocess.run(["cp", "-r", str(founded / name), str(clone / name)], check=True)
    monkeypatch.chdir(clone)
    monkeypatch.setenv("TOLBOOTH_KEYS", str(clone.parent / "other-keys"))
    assert set(handles()) == {"ana", "ben", "chen"}
    assert tolbooth("gate").code == 0
    kinds = [entry["kind"] for entry in json.loads(tolbooth("log", "--output", "json").out)["entries"]]
    assert kinds.count("people") == 1
    subprocess.run(["rm", "-r", str(clone / "governance")], check=True)
    assert set(handles()) == {"ana", "ben", "chen"}


def test_a_ci_login_becomes_a_persons_id(founded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = next(each["id"] for each in shown()["people"] if each["names"]["handle"] == "ana")
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("GITLAB_USER_LOGIN", "ana-login")
    observations = gate_facts(founded)["observations"]
    assert observations["request"][0]["values"] == {"requester": ana, "claimed_by": "ci"}
    assert observations["ci"][0]["values"]["actor"] == ana


def test_a_login_that_nobody_declared_is_not_kept(founded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("GITLAB_USER_LOGIN", "eve-login")
    document = gate_facts(founded)
    assert document["observations"]["request"][0]["values"]["requester"] == "undeclared"
    assert "eve-login" not in json.dumps(document)


def test_two_clones_that_signed_at_once_are_a_fork_that_a_steward_settles(
    founded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = make_project(founded.parent / "clone", FAIR)
    for name in ("governance", "people.yaml"):
        subprocess.run(["cp", "-r", str(founded / name), str(clone / name)], check=True)
    assert new(founded, "eve", "auditor").code == 0
    assert sign("chen").code == 0
    monkeypatch.chdir(clone)
    text = (clone / "people.yaml").read_text(encoding="utf-8").replace("roles: [approver]", "roles: [board]")
    (clone / "people.yaml").write_text(text, encoding="utf-8")
    assert sign("chen").code == 0
    subprocess.run(f"cp {clone}/governance/people-2-* {founded}/governance/", shell=True, check=True)
    monkeypatch.chdir(founded)
    refused = tolbooth("gate")
    assert refused.code == 5
    assert refused.err.count("people.fork") == 2
    ours = next(path for path in (founded / "governance").glob("people-2-*.names.json") if b"eve" in path.read_bytes())
    digest = ours.name.split("-")[2].split(".")[0]
    said = tolbooth("people", "sign", "--key", "chen", "--onto", digest)
    assert said.code == 0, said.err
    assert [each["version"] for each in shown()["versions"]] == [1, 2, 3]
    assert handles()["ben"] == ["approver"]
    assert tolbooth("gate").code == 0


def test_erased_names_leave_ids_and_name_nobody(founded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tolbooth("gate").code == 0
    (names,) = (founded / "governance").glob("*.names.json")
    names.unlink()
    digests = json.loads(next((founded / "governance").glob("*.json")).read_text(encoding="utf-8"))
    assert digests
    for blob in (founded / ".tolbooth" / "blobs").rglob("*"):
        if blob.is_file() and b'"salt"' in blob.read_bytes():
            blob.unlink()
    assert all("names" not in each for each in shown()["people"])
    assert tolbooth("store", "check").code == 0
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("GITLAB_USER_LOGIN", "ana-login")
    assert gate_facts(founded)["observations"]["request"][0]["values"]["requester"] == "undeclared"


def test_a_record_that_was_changed_stops_the_gate(founded: Path) -> None:
    (path,) = [path for path in (founded / "governance").glob("*.json") if ".names" not in path.name]
    content = json.loads(path.read_text(encoding="utf-8"))
    content["sshsig"] = content["sshsig"].replace("A", "B", 1)
    path.write_text(json.dumps(content, separators=(",", ":"), sort_keys=True), encoding="utf-8")
    assert tolbooth("gate").code == 5
    said = tolbooth("people", "show")
    assert said.code == 5
    assert path.name in said.err


def test_a_first_person_without_a_steward_is_refused_and_nothing_is_written(project: Path) -> None:
    said = new(project, "ben", "approver")
    assert said.code == 2
    assert "people.no-steward" in said.err
    assert not (project / "people.yaml").exists()


def test_a_person_is_written_below_the_others_and_what_stands_there_stays(founded: Path) -> None:
    before = (founded / "people.yaml").read_text(encoding="utf-8")
    text = f"{before}# what follows is ours\nduties: [requester, once]\n"
    (founded / "people.yaml").write_text(text, encoding="utf-8")
    assert new(founded, "eve", "auditor").code == 0
    after = (founded / "people.yaml").read_text(encoding="utf-8")
    assert after.startswith(before.rstrip("\n"))
    assert after.endswith("# what follows is ours\nduties: [requester, once]\n")
    assert new(founded, "eve", "auditor").code == 2


def test_a_file_that_is_declared_elsewhere_is_the_one_that_counts(founded: Path) -> None:
    settings = (founded / "tolbooth.yaml").read_text(encoding="utf-8")
    (founded / "tolbooth.yaml").write_text(f"{settings}people: who.yaml\n", encoding="utf-8")
    assert "people.not-found" in tolbooth("people", "show").err
    (founded / "people.yaml").rename(founded / "who.yaml")
    assert shown()["unsigned"] == []


def test_a_mistake_in_people_yaml_stops_the_gate_at_its_line(founded: Path) -> None:
    text = (founded / "people.yaml").read_text(encoding="utf-8").replace("roles: [approver]", "role: [approver]")
    (founded / "people.yaml").write_text(text, encoding="utf-8")
    for command in (("gate",), ("config", "check")):
        said = tolbooth(*command)
        assert said.code == 2
        assert "did you mean 'roles'?" in said.err


def test_signing_without_a_file_says_how_to_begin(project: Path) -> None:
    said = sign("chen")
    assert said.code == 2
    assert "tolbooth people new" in said.err


def test_whose_key_signs_must_be_told_where_there_are_several(founded: Path) -> None:
    said = tolbooth("people", "sign")
    assert said.code == 2
    assert "signing.whose-key" in said.err
