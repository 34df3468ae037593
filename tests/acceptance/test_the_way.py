"""One release all the way: gate, seal, verify, replay, report; with what a stranger and a rewriter would try."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.project_sample import FAIR, SETTINGS, SMALL, UNFAIR, make_project, tolbooth


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_project(tmp_path / "credit", UNFAIR)
    monkeypatch.chdir(folder)
    return folder


def sealed(project: Path) -> tuple[Path, Path]:
    """A sealed denial and the sealer's public key."""
    assert tolbooth("gate").code == 1
    assert tolbooth("seal").code == 0
    key = project / "release.pub"
    key.write_text(tolbooth("key", "export", "release").out, encoding="utf-8")
    return project / "credit-7.evpack.zip", key


@pytest.mark.parametrize(("groups", "code"), [(FAIR, 0), (UNFAIR, 1), (SMALL, 3)], ids=["fair", "unfair", "small"])
def test_the_exit_code_is_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: dict[str, tuple[int, int, int, int]], code: int
) -> None:
    monkeypatch.chdir(make_project(tmp_path / "p", groups))
    said = tolbooth("gate")
    assert said.code == code, said.out + said.err


def test_every_step_is_in_the_log_in_the_order_of_the_way(project: Path) -> None:
    sealed(project)
    entries = json.loads(tolbooth("log", "--output", "json").out)["entries"]
    assert [entry["kind"] for entry in entries] == ["collection", "measurement", "judgement", "decision", "seal"]


def test_a_stranger_verifies_with_the_pack_and_the_key_alone(project: Path, tmp_path: Path) -> None:
    pack, key = sealed(project)
    elsewhere = tmp_path / "stranger"
    elsewhere.mkdir()
    for file in (pack, key):
        shutil.copy(file, elsewhere)
    shutil.rmtree(project / ".tolbooth")
    environment = {"PATH": os.environ["PATH"], "HOME": str(elsewhere)}
    done = subprocess.run(
        [sys.executable, "-m", "tolbooth", "verify", pack.name, "--key", key.name],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Verified: sealed ")
    assert not (elsewhere / ".config").exists()


def test_an_unpacked_pack_verifies_as_well_and_sha256sum_is_content(project: Path, tmp_path: Path) -> None:
    pack, key = sealed(project)
    folder = tmp_path / "unpacked"
    zipfile.ZipFile(pack).extractall(folder)
    assert tolbooth("verify", str(folder), "--key", str(key)).code == 0
    done = subprocess.run(["sha256sum", "-c", "--quiet", "manifest-sha256.txt"], cwd=folder, check=False)
    assert done.returncode == 0


def test_a_corrupted_pack_is_refused_with_code_and_path(project: Path, tmp_path: Path) -> None:
    pack, key = sealed(project)
    folder = tmp_path / "unpacked"
    zipfile.ZipFile(pack).extractall(folder)
    report = folder / "data" / "views" / "report.html"
    report.write_bytes(report.read_bytes().replace(b"May not", b"May now"))
    said = tolbooth("verify", str(folder), "--key", str(key), "--output", "json")
    assert said.code == 5
    broken = json.loads(said.out)
    assert (broken["verified"], broken["path"]) == (False, "data/views/report.html")


def test_replay_computes_the_same_bytes(project: Path) -> None:
    pack, key = sealed(project)
    said = tolbooth("replay", str(pack), "--key", str(key))
    assert said.code == 0
    assert said.out.startswith("Identical: the decision deny about credit@7")
    assert "unproven" not in said.out


def test_replay_on_an_engine_that_nobody_compared_says_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack, key = sealed(project)
    monkeypatch.setattr("tolbooth.pipeline.replay.suite_of", lambda _: None)
    said = tolbooth("replay", str(pack), "--key", str(key))
    assert (said.code, "  unproven  this version of the engine" in said.out) == (0, True)


def test_sealing_again_elsewhere_in_another_zone_and_locale_without_extras_gives_the_same_root(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tolbooth("gate")
    first = tolbooth("seal", "--to", str(tmp_path / "first.zip")).out
    moved = tmp_path / "elsewhere" / "credit"
    shutil.copytree(project, moved)
    monkeypatch.chdir(moved)
    without_pdf = "import sys; sys.modules['typst'] = None; "
    code = without_pdf + "from tolbooth.cli.main import run; sys.exit(run(['seal', '--to', 'second.zip']))"
    environment = {**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    roots = [next(line for line in out.splitlines() if line.strip().startswith("root")) for out in (first, done.stdout)]
    assert roots[0] == roots[1]
    packs = [zipfile.ZipFile(path) for path in (tmp_path / "first.zip", moved / "second.zip")]
    assert ["data/views/report.pdf" in pack.namelist() for pack in packs] == [True, False]
    leaves = [pack.read("data/leaves.jsonl") for pack in packs]
    views = [pack.read("data/views/report.html") for pack in packs]
    assert leaves[0] == leaves[1]
    assert views[0] == views[1]


def test_an_older_decision_is_sealed_by_the_beginning_of_its_digest(project: Path) -> None:
    tolbooth("gate")
    first = json.loads(tolbooth("report", "--format", "json").out)
    make_project(project, FAIR)
    tolbooth("gate")
    said = tolbooth("seal", first["decision"]["sha256"][:12])
    assert said.out.startswith("Sealed: deny about credit@7")


def test_a_hypothetical_decision_is_marked_and_not_recorded(project: Path) -> None:
    said = tolbooth("gate", "--as-of", "2030-01-01T00:00:00Z")
    assert said.code == 1
    assert "ypothetical" in said.out
    assert not (project / ".tolbooth").exists()


def test_data_that_ended_is_stale_and_undecided(project: Path) -> None:
    make_project(
        project,
        FAIR,
        SETTINGS.replace("    role: predictions\n", "    role: predictions\n    valid_until: 2026-01-31\n"),
    )
    assert tolbooth("gate").code == 3


def test_a_model_that_changes_by_one_byte_is_another_subject(project: Path) -> None:
    tolbooth("gate")
    (project / "model.bin").write_bytes(b"weightz")
    tolbooth("gate")
    first, second = json.loads(tolbooth("log", "--output", "json").out)["entries"][3::4]
    cases = [json.loads(tolbooth("report", "--format", "json", each["summary"][-12:]).out) for each in (first, second)]
    digests = [case["decision"]["subject"]["digest"] for case in cases]
    assert digests[0] != digests[1]
    assert cases[0]["decision"]["basis"] != cases[1]["decision"]["basis"]


def test_running_again_later_keeps_the_basis(project: Path) -> None:
    del project
    tolbooth("gate")
    first = json.loads(tolbooth("report", "--format", "json").out)["decision"]
    tolbooth("gate")
    assert json.loads(tolbooth("report", "--format", "json").out)["decision"]["basis"] == first["basis"]


def test_explain_tells_what_is_asked_found_and_to_do(project: Path) -> None:
    del project
    tolbooth("gate")
    said = tolbooth("explain", "fairness.difference")
    assert said.code == 0
    for word in ("Asks", "Found", "Bound", "Do"):
        assert word in said.out
    assert tolbooth("explain", "fairness.diference").code == 2


def test_a_wrong_column_is_shown_with_the_nearest_right_one_and_nothing_is_recorded(project: Path) -> None:
    (project / "tolbooth.yaml").write_text(SETTINGS.replace("y_pred", "y_prd"), encoding="utf-8")
    said = tolbooth("gate")
    assert said.code == 2
    assert "y_pred" in said.err
    assert "Nothing was recorded." in said.err
    assert not (project / ".tolbooth" / "checkpoint").exists()


def test_an_unknown_parameter_is_shown_at_its_line(project: Path) -> None:
    text = SETTINGS.replace("bound: 0.7", "bund: 0.7")
    (project / "tolbooth.yaml").write_text(text, encoding="utf-8")
    said = tolbooth("gate")
    line = text.splitlines().index("    performance.minimum: {metric: accuracy, bund: 0.7}") + 1
    assert said.code == 2
    assert said.err.startswith(f"tolbooth.yaml:{line}:")
    assert "bound" in said.err


def test_an_unreadable_data_set_is_undecided_and_recorded(project: Path) -> None:
    (project / "predictions.parquet").write_bytes(b"PAR1 no parquet PAR1")
    said = tolbooth("gate")
    assert said.code == 3, said.out + said.err
    assert json.loads(tolbooth("log", "--output", "json").out)["entries"][-1]["kind"] == "decision"


def test_a_gate_without_rules_is_undecided(project: Path) -> None:
    text = SETTINGS.replace("  parameters:\n    performance.minimum: {metric: accuracy, bound: 0.7}\n", "  rules: []\n")
    (project / "tolbooth.yaml").write_text(text, encoding="utf-8")
    assert tolbooth("gate").code == 3


def test_rules_that_are_off_are_shown_as_off_and_make_an_empty_gate(project: Path) -> None:
    off = "  rules: [fairness.difference]\n  enforcement: {fairness.difference: 'off'}\n"
    text = SETTINGS.replace("  parameters:\n    performance.minimum: {metric: accuracy, bound: 0.7}\n", off)
    (project / "tolbooth.yaml").write_text(text, encoding="utf-8")
    said = tolbooth("gate")
    assert said.code == 3
    assert "off" in said.out
