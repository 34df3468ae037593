"""The demo's walk, once, as a user sees it: refused for two named reasons, settled, allowed, proved."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.mlflow_projects import answer_of, environment
from tests.project_sample import tolbooth
from tolbooth.onboard.demo_folder import NEEDED

pytestmark = pytest.mark.mlflow

CONTACTS = "contact_email_synthetic"
STORE = """
import json, mlflow
client = mlflow.MlflowClient("sqlite:///mlflow.db")
version = client.get_model_version_by_alias("rearrest", "candidate")
run = client.get_run(version.run_id)
print(json.dumps({
    "version": version.version,
    "versions": len(client.search_model_versions("name='rearrest'")),
    "params": run.data.params,
    "metrics": run.data.metrics,
    "inputs": sorted(each.dataset.name for each in run.inputs.dataset_inputs),
    "artifacts": sorted(each.path for each in client.list_artifacts(run.info.run_id)),
}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """A walk that ended: its folder, what it printed, and the digests of its two decisions."""

    folder: Path
    out: str
    err: str
    first: str
    last: str


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (extra demo)")
    home = tmp_path_factory.mktemp("home")
    folder = tmp_path_factory.mktemp("demo") / "walk here"
    # A store of this user's that must stay as it is: not there.
    mine = {"MLFLOW_TRACKING_URI": f"sqlite:///{home}/mine.db", "MLFLOW_EXPERIMENT_NAME": "mine"}
    done = subprocess.run(
        [sys.executable, "-m", "tolbooth", "demo", str(folder)],
        env=environment(HOME=str(home), XDG_CONFIG_HOME=str(home / ".config"), **mine),
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (home / "mine.db").exists()
    first, last = re.findall(r"^decision ([0-9a-f]{12}) ·", done.stdout, flags=re.MULTILINE)
    return Walked(folder=folder, out=done.stdout, err=done.stderr, first=first, last=last)


def reported(walked: Walked, digest: str, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    monkeypatch.chdir(walked.folder)
    said = tolbooth("report", digest, "--format", "json")
    assert said.code == 0, said.err
    found: Mapping[str, Any] = json.loads(said.out)
    return found


def results(report: Mapping[str, Any], rule: str) -> list[Mapping[str, Any]]:
    (card,) = (each for each in report["rules"] if each["rule"] == rule)
    return list(card["results"])


def test_first_it_is_denied_for_addresses_and_undecided_for_a_small_group(
    walked: Walked, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = reported(walked, walked.first, monkeypatch)
    assert report["decision"]["verdict"] == "deny"
    (personal,) = (each for each in results(report, "privacy.undeclared") if each["outcome"] != "pass")
    assert (personal["outcome"], personal["values"]["column"]) == ("fail", CONTACTS)
    (small,) = results(report, "fairness.difference")
    assert (small["outcome"], small["reason"]) == ("undecided", "insufficient")
    assert (small["values"]["group"], small["values"]["denominator"]) == ("other", 22)


def test_then_it_is_allowed_by_numbers_that_anybody_can_count(walked: Walked, monkeypatch: pytest.MonkeyPatch) -> None:
    report = reported(walked, walked.last, monkeypatch)
    assert report["decision"]["verdict"] == "allow"
    assert {each["outcome"] for each in results(report, "privacy.undeclared")} == {"pass"}
    (apart,) = results(report, "fairness.difference")
    rows = pq.read_table(walked.folder / "predictions.parquet").to_pylist()
    assert (len(rows), CONTACTS in rows[0]) == (432, False)
    for side in ("high", "low"):
        group = apart["values"][side]
        negatives = [row for row in rows if row["race"] == group["group"] and row["y_true"] == 0]
        assert group["denominator"] == len(negatives) >= 30
        assert group["numerator"] == sum(row["y_pred"] for row in negatives)


def test_the_bounds_stood_in_the_log_before_the_second_run_began(
    walked: Walked, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = (reported(walked, digest, monkeypatch) for digest in (walked.first, walked.last))
    assert {each["outcome"] for each in results(before, "commitment.before")} == {"fail"}
    assert {each["outcome"] for each in results(after, "commitment.before")} == {"pass"}


def test_the_pack_verifies_with_the_exported_key_and_computes_the_same_again(
    walked: Walked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(walked.folder)
    (pack,) = (each.name for each in walked.folder.glob("*-2.evpack.zip"))
    verified = tolbooth("verify", pack, "--key", "release.pub", "--output", "json")
    assert (verified.code, json.loads(verified.out)["verdict"]) == (0, "allow")
    assert tolbooth("replay", pack, "--key", "release.pub").code == 0
    assert "identical, byte for byte" in walked.out


def test_the_report_tells_of_both_rules_that_stood_in_the_way(walked: Walked) -> None:
    page = (walked.folder / "report.html").read_text(encoding="utf-8")
    assert "privacy.undeclared" in page
    assert "fairness.difference" in page
    assert "May be released" in page


def test_each_step_names_the_command_that_does_it(walked: Walked) -> None:
    commands = re.findall(r"^   \$ (.*)$", walked.out, flags=re.MULTILINE)
    assert [command.split(" ")[:2] for command in commands] == [
        ["python", "train.py"],
        ["tolbooth", "init"],
        ["tolbooth", "gate"],
        ["python", "train.py"],
        ["tolbooth", "gate"],
        ["tolbooth", "seal"],
        ["tolbooth", "key"],
        ["tolbooth", "verify"],
        ["tolbooth", "replay"],
        ["tolbooth", "report"],
    ]


def test_the_column_is_called_made_up_where_it_is_planted(walked: Walked) -> None:
    assert f"{CONTACTS} is planted" in walked.out.split("$ tolbooth init")[0]
    assert "synthetic-001@example.org" not in walked.out


def test_nothing_of_mlflows_own_talk_is_printed(walked: Walked) -> None:
    assert walked.err == ""
    assert re.findall(r"INFO|WARNING|alembic|Successfully", walked.out) == []
    assert max(len(line) for line in walked.out.splitlines() if str(walked.folder) not in line) <= 80


def test_mlflow_holds_the_run_with_its_data_and_the_alias_on_the_new_version(walked: Walked) -> None:
    found = answer_of(walked.folder, STORE)
    assert (int(found["version"]), found["versions"]) == (2, 2)
    assert found["params"]["evaluation"] == "cross-validation, 5 folds"
    assert found["inputs"] == ["predictions", "train"]
    assert found["artifacts"] == ["predictions.parquet", "train.parquet"]
    rows = pq.read_table(walked.folder / "predictions.parquet").to_pylist()
    right = sum(row["y_true"] == row["y_pred"] for row in rows)
    assert found["metrics"]["accuracy"] == pytest.approx(right / len(rows))


def test_a_folder_that_was_walked_is_not_walked_again(walked: Walked) -> None:
    said = tolbooth("demo", str(walked.folder))
    assert (said.code, "demo.exists" in said.err) == (2, True)
    assert (walked.folder / "DEMO.txt").read_text(encoding="utf-8").startswith("Finished")
