"""What a pack and its reports tell of people, pinned or not; and the trace from a clause to a pack."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import FAIR, Confusion, Said, tolbooth, write_predictions
from tests.review_sample import ROLES, Story, make_story, ok
from tolbooth.evidence.ssh_envelope import sign_ssh_envelope, take_apart_ssh
from tolbooth.signing.ssh_signer import ssh_signer

SLANTED: dict[str, Confusion] = {"a": (50, 50, 5, 95), "b": (85, 15, 10, 90)}
REQUEST = (
    *("waiver", "request", "--pattern", "credit", "--matches-at-most", "1", "--reason", "remediation"),
    *("--because", "retraining under way", "--harmed", "applicants of group a", "--risk", "3x4", "--limit", "0.4"),
    *("--treatment", "mitigate: every denial is reviewed", "--control", "performance.minimum"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that Ben and Chen let pass by a waiver, and Ben approved; made once, and copied for each test."""
    root = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patched:
        story = make_story(root, patched, SLANTED)
        assert tolbooth("gate").code == 1
        ok(story.by("ana", *REQUEST))
        ok(story.by("ben", "waiver", "approve", "W-1", "--residual", "2x3"))
        ok(story.by("chen", "waiver", "approve", "W-1", "--residual", "2x2"))
        assert tolbooth("gate").code == 4
        ok(story.approve("ben", "--comment", "as agreed"))
        ok(tolbooth("gate"))
    return root


@pytest.fixture
def waived(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    root = tmp_path / "story"
    shutil.copytree(made, root)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(root / "gitconfig"))
    monkeypatch.setenv("TOLBOOTH_KEYS", str(root / "keys" / "machine"))
    monkeypatch.chdir(root / "credit")
    return Story(folder=root / "credit", keys={name: root / "keys" / name / f"{name}.approve.key" for name in ROLES})


def ids(folder: Path) -> dict[str, str]:
    text = (folder / "people.yaml").read_text(encoding="utf-8")
    return dict(re.findall(r"^ +(\w+):\n +id: (p-[0-9a-f]{16})", text, re.MULTILINE))


def sealed(folder: Path) -> Path:
    ok(tolbooth("seal", "--to", str(folder / "pack.zip")))
    (folder / "release.pub").write_text(tolbooth("key", "export", "release").out, encoding="utf-8")
    return folder / "pack.zip"


def verified(pack: Path, *options: str) -> Said:
    return tolbooth("verify", str(pack), "--key", str(pack.parent / "release.pub"), *options)


def of_pack(pack: Path, path: str) -> bytes:
    with zipfile.ZipFile(pack) as archive:
        return archive.read(path)


def names(pack: Path) -> list[str]:
    with zipfile.ZipFile(pack) as archive:
        return archive.namelist()


def report() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ok(tolbooth("report", "--format", "json")).out)
    return found


def test_every_report_of_the_project_names_who_decided_and_what_was_waived(waived: Story, tmp_path: Path) -> None:
    ok(tolbooth("report", "--format", "html", "--to", str(tmp_path / "report.html")))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    told = [page, ok(tolbooth("report")).out, ok(tolbooth("report", "--format", "markdown")).out]
    for text in (re.sub(r"\s+", " ", each) for each in told):
        assert "ben, as approver, approved on " in text
        assert re.search(r"by (ben and chen|chen and ben): retraining under way \(W-1\)", text)
    assert "Who decided, and on what" in page
    assert "control performance.minimum passes" in page
    assert "up to 40 %" in page
    assert not any(person in text for text in told for person in ids(waived.folder).values())


def test_the_json_report_holds_words_waivers_and_whether_they_count(waived: Story) -> None:
    people = report()["people"]
    (word,), (waiver,) = people["words"], people["waivers"]
    known = ids(waived.folder)
    assert word["person"] == {"id": known["ben"], "called": "ben"}
    assert (word["role"], word["counts"], word["comment"], word["duties"]) == ("approver", True, "as agreed", "kept")
    assert {each["person"]["called"] for each in waiver["voices"]} == {"ben", "chen"}
    assert (waiver["limit"], waiver["controls"]) == ("40 %", [{"rule": "performance.minimum", "passes": True}])
    assert people["requester"]["called"] == "ana"


def test_a_pack_shows_ids_and_no_name_of_anybody(waived: Story, tmp_path: Path) -> None:
    pack = sealed(tmp_path)
    page = of_pack(pack, "data/views/report.html").decode()
    assert f"{ids(waived.folder)['ben']}, as approver, approved on " in re.sub(r"\s+", " ", page)
    everything = b"".join(of_pack(pack, name) for name in names(pack))
    payloads = re.findall(rb'"payload":"([^"]+)"', everything)
    said = everything + b"".join(base64.b64decode(each) for each in payloads)
    assert not [name for name in ("ben@example.org", "chen@example.org", '"handle"') if name.encode() in said]


def test_openssh_accepts_each_word_in_the_pack_and_names_the_key_of_the_people_record(
    waived: Story, tmp_path: Path
) -> None:
    keygen = shutil.which("ssh-keygen")
    if keygen is None:
        pytest.skip("ssh-keygen is not installed (Debian: openssh-client)")
    pack = sealed(tmp_path)
    fingerprints = re.findall(r"SHA256:[\w+/]{43}", ok(tolbooth("people", "show")).out)
    words = [name for name in names(pack) if re.search(r"/people/(approval|waiver)-", name)]
    assert len(words) == 4
    for name in words:
        record = json.loads(of_pack(pack, name))
        (tmp_path / "word.sig").write_text(record["sshsig"], encoding="utf-8")
        checked = subprocess.run(
            [keygen, "-Y", "check-novalidate", "-n", "tolbooth-approval", "-s", str(tmp_path / "word.sig")],
            input=base64.b64decode(record["payload"]),
            capture_output=True,
            check=True,
        )
        assert any(each in checked.stdout.decode() for each in fingerprints)
    assert waived.folder.is_dir()


def test_replay_takes_pins_as_well(waived: Story, tmp_path: Path) -> None:
    pack = sealed(tmp_path)
    (tmp_path / "trust.yaml").write_text(f"version: 1\npeople:\n  first: {'ab' * 32}\n", encoding="utf-8")
    key = ("--key", str(tmp_path / "release.pub"))
    assert "Identical" in ok(tolbooth("replay", str(pack), *key)).out
    refused = tolbooth("replay", str(pack), *key, "--trust", str(tmp_path / "trust.yaml"))
    assert refused.code == 5
    assert "people.not-pinned" in refused.out
    assert waived.folder.is_dir()


def test_without_pins_the_sealer_vouches_for_people_and_with_pins_nobody_has_to(waived: Story, tmp_path: Path) -> None:
    pack = sealed(tmp_path)
    flat = " ".join(verified(pack).out.split())
    assert "people and the log's key are vouched for by the sealer" in flat
    first = json.loads(ok(tolbooth("people", "show", "--output", "json")).out)["versions"][0]
    log = next(line for line in of_pack(pack, "VERIFY.md").decode().split() if re.search(r"\+[0-9a-f]{8}\+", line))
    trust = tmp_path / "trust.yaml"
    trust.write_text(
        f"version: 1\npeople:\n  first: {first['statement_sha256']}\nlogs:\n  - {log.strip('`')}\n", encoding="utf-8"
    )
    flat = " ".join(ok(verified(pack, "--trust", str(trust))).out.split())
    assert "people are pinned · the log's key is pinned" in flat
    assert "vouched for" not in flat
    trust.write_text(f"version: 1\npeople:\n  first: {'ab' * 32}\n", encoding="utf-8")
    refused = verified(pack, "--trust", str(trust))
    assert refused.code == 5
    assert "people.not-pinned" in refused.out


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("version: 1\n", "trust.empty"),
        ("version: 1\npeople: {frist: abc}\n", "config.unknown-key"),
        ("version: 1\npeople: {first: abc}\n", "config."),
        ("- 1\n", "config.type"),
    ],
)
def test_a_trust_file_that_pins_nothing_or_is_wrong_is_told_so(
    waived: Story, tmp_path: Path, text: str, code: str
) -> None:
    pack = sealed(tmp_path)
    (tmp_path / "trust.yaml").write_text(text, encoding="utf-8")
    said = verified(pack, "--trust", str(tmp_path / "trust.yaml"))
    assert said.code == 2
    assert code in said.err
    assert waived.folder.is_dir()


def test_a_word_that_did_not_count_is_listed_by_report_and_verify_with_why(waived: Story, tmp_path: Path) -> None:
    (waived.folder / "model.bin").write_bytes(b"other weights")
    assert tolbooth("gate").code == 4
    (word,) = report()["people"]["words"]
    assert not word["counts"]
    assert "spoke on basis" in word["why_not"]
    said = ok(verified(sealed(tmp_path)))
    assert "kept, without effect: data/core/people/approval-" in said.out
    assert json.loads(verified(tmp_path / "pack.zip", "--output", "json").out)["idle"][0]["why"]


def test_somebody_else_s_signature_on_ben_s_words_shadows_nothing(waived: Story, tmp_path: Path) -> None:
    """Chen signs the very bytes that Ben signed, and puts them beside: Ben's word counts, and the pack verifies."""
    (path,) = (waived.folder / "governance" / "approvals").glob("*.json")
    payload = take_apart_ssh(path.read_bytes(), path="x").payload
    for person in ("chen", "dora"):
        echo = sign_ssh_envelope(payload, ssh_signer(waived.keys[person]), namespace="tolbooth-approval")
        (path.parent / f"echo-{person}.json").write_bytes(echo)
    ok(tolbooth("gate"))
    assert "approvals 1" in " ".join(ok(verified(sealed(tmp_path))).out.split())


def test_a_pack_made_after_the_waiver_retired_verifies_and_tells_that_it_covers_nothing(
    waived: Story, tmp_path: Path
) -> None:
    write_predictions(waived.folder / "predictions.parquet", FAIR)
    assert "W-1 retired itself" in tolbooth("gate").err
    write_predictions(waived.folder / "predictions.parquet", SLANTED)
    assert tolbooth("gate").code == 1
    said = ok(verified(sealed(tmp_path)))
    assert "waivers 0" in " ".join(said.out.split())
    idle = json.loads(verified(tmp_path / "pack.zip", "--output", "json").out)["idle"]
    assert {re.sub(r".*/(\w+)-.*", r"\1", each["path"]) for each in idle} == {"approval", "retirement", "waiver"}


def test_pending_tells_who_could_approve_until_when_and_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_story(tmp_path, monkeypatch, FAIR)
    said = tolbooth("gate")
    assert said.code == 4
    first = " ".join(said.out.split("\n\n")[0].split())
    assert re.search(r"Waits for 1 approval: approver \((\w+, )?\w+ or \w+\), until \d{4}-", first)
    assert re.search(r"approve +tolbooth approve [0-9a-f]{12}", said.out)


def test_a_trace_walks_from_clauses_to_the_pack_in_time_order_with_roles_then(waived: Story, tmp_path: Path) -> None:
    sealed(tmp_path)
    found = json.loads(ok(tolbooth("trace", "credit", "--output", "json")).out)
    whats = [step["what"] for step in found["steps"]]
    assert whats == [
        *("people signed", "collected", "decided", "waiver asked", "waiver approved", "waiver approved"),
        *("collected", "decided", "approved", "collected", "decided", "sealed"),
    ]
    assert [step["position"] for step in found["steps"]] == sorted(step["position"] for step in found["steps"])
    approved = found["steps"][whats.index("approved")]
    assert (approved["person"]["called"], approved["role"], approved["held"]) == ("ben", "approver", True)
    assert approved["record_version"] == 1
    assert (found["decisions"], found["packs"]) == (3, 1)
    assert waived.folder.is_dir()


def test_a_trace_fits_80_columns_and_a_control_narrows_it(waived: Story, tmp_path: Path) -> None:
    sealed(tmp_path)
    whole = ok(tolbooth("trace", "credit@7")).out
    assert max(map(len, whole.splitlines())) <= 80
    assert "by ben, as approver (held then, people record 1)" in whole
    narrow = ok(tolbooth("trace", "credit", "--control", "eu-ai-act:10.2.b")).out
    assert "data.digests: passes" in narrow
    assert "fairness.difference" not in narrow
    assert "W-1" not in narrow
    assert "I approve for release" in narrow
    assert waived.folder.is_dir()


def test_a_trace_of_what_is_not_there_names_what_is(waived: Story) -> None:
    said = tolbooth("trace", "churn")
    assert (said.code, "decided: credit@7" in said.err) == (2, True)
    said = tolbooth("trace", "credit", "--control", "eu-ai-act:99")
    assert (said.code, "eu-ai-act:9.8" in said.err) == (2, True)
    assert waived.folder.is_dir()


def test_a_role_that_is_gone_today_was_held_then(waived: Story) -> None:
    text = (waived.folder / "people.yaml").read_text(encoding="utf-8")
    assert text.count("approver") >= 2
    (waived.folder / "people.yaml").write_text(text.replace("approver", "auditor"), encoding="utf-8")
    waived.later()
    ok(waived.by("dora", "people", "sign"))
    steps = json.loads(ok(tolbooth("trace", "credit", "--output", "json")).out)["steps"]
    assert [step["held"] for step in steps if "held" in step] == [True, True, True]
    assert [step["what"] for step in steps].count("people signed") == 2
