"""What moved behind our back in a real MLflow registry, and what runs elsewhere: found, named, and recorded once."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import jsonschema_rs
import pytest

from tests.moves_sample import House, copied, make_house
from tests.project_sample import tolbooth
from tolbooth.cli.moves_documents import output_schema
from tolbooth.model.digest import DigestSet
from tolbooth.model.instant import format_instant
from tolbooth.pipeline.serving import serving

ABSENT = [name for name in ("mlflow", "alembic") if importlib.util.find_spec(name) is None]

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}"),
]

PLACE = "live (credit@champion)"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, Path]:
    """Versions 1 and 2 are allowed, and were promoted one after the other."""
    root = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLBOOTH_KEYS", str(root / "keys"))
        house = make_house(root / "credit")
        house.decide("1", "2")
        house.promote("1")
        house.promote("2")
    return house, root / "keys"


@pytest.fixture
def house(built: tuple[House, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("TOLBOOTH_KEYS", str(built[1]))
    found = copied(built[0], tmp_path / "credit")
    monkeypatch.chdir(found.folder)
    return found


def alias_to_a_version_that_nobody_asked_about(house: House) -> None:
    house.set_alias("3")


def alias_back_to_a_version_that_was_allowed(house: House) -> None:
    house.set_alias("1")


def alias_taken_away(house: House) -> None:
    with house.mlflow() as client:
        client.delete_registered_model_alias("credit", "champion")


def artifact_replaced(house: House) -> None:
    (house.folder / "models" / "2" / "weights.bin").write_text("evil")


def artifact_gone(house: House) -> None:
    shutil.rmtree(house.folder / "models" / "2")


def serving_version_deleted(house: House) -> None:
    with house.mlflow() as client:
        client.delete_model_version("credit", "2")


def earlier_version_deleted(house: House) -> None:
    with house.mlflow() as client:
        client.delete_model_version("credit", "1")


def model_deleted(house: House) -> None:
    with house.mlflow() as client:
        client.delete_registered_model("credit")


def model_made_anew(house: House) -> None:
    model_deleted(house)
    with house.mlflow() as client:
        client.create_registered_model("credit")
        for number in ("1", "2"):
            client.create_model_version("credit", (house.folder / "models" / number).resolve().as_uri())
        client.set_registered_model_alias("credit", "champion", "2")


DRIFTS: list[tuple[Callable[[House], None], str, str]] = [
    (alias_to_a_version_that_nobody_asked_about, "alias-moved", "version 3, not to 2"),
    (alias_back_to_a_version_that_was_allowed, "alias-moved", "but nobody promoted it"),
    (alias_taken_away, "alias-removed", "it should point to version 2"),
    (artifact_replaced, "digest-changed", "the files of version 2 were replaced"),
    (artifact_gone, "digest-unknown", "version 2 can't be told by its content"),
    (serving_version_deleted, "version-deleted", "version 2, which should stand here"),
    (earlier_version_deleted, "version-deleted", "version 1, which stood here once"),
    (model_deleted, "model-deleted", "credit is gone, and version 2 with it"),
    (model_made_anew, "model-recreated", "made anew"),
]


@pytest.mark.parametrize(("drift", "code", "words"), DRIFTS, ids=lambda each: getattr(each, "__name__", ""))
def test_each_drift_is_named_once_recorded_once_and_ends_the_command_with_1(
    house: House, drift: Callable[[House], None], code: str, words: str
) -> None:
    assert (tolbooth("reconcile").code, house.kinds()[-1]) == (0, "sighting")
    drift(house)
    said = tolbooth("reconcile", "--output", "json")
    found = json.loads(said.out)["findings"]
    assert [(each["code"], each["place"], each["new"]) for each in found] == [(code, PLACE, True)]
    assert words in found[0]["message"]
    assert said.code == 1
    size = house.workspace.store.size()
    again = tolbooth("reconcile", "--output", "json")
    told = json.loads(again.out)["findings"]
    assert [(each["id"], each["new"]) for each in told] == [(found[0]["id"], False)]
    assert house.workspace.store.size() == size
    lasting = told[0]["lasting"]
    assert again.code == (1 if lasting else 0)
    assert lasting is (drift is not earlier_version_deleted)
    assert tolbooth("store", "check").code == 0


def test_a_clean_registry_is_recorded_once_and_nothing_is_reported(house: House) -> None:
    for _ in range(3):
        said = tolbooth("reconcile")
        assert said.code == 0
        assert "1 place looked at: nothing to report." in said.out
    assert house.kinds().count("sighting") == 1


def test_a_promotion_puts_a_moved_alias_right(house: House) -> None:
    house.set_alias("1")
    assert house.findings() == ["alias-moved"]
    house.promote("1")
    assert house.findings() == []


def test_what_is_found_again_after_it_was_put_right_is_new_again(house: House) -> None:
    for _ in range(2):
        house.set_alias("3")
        (found,) = house.reconcile().found
        assert found.since is None
        house.set_alias("2")
        assert house.findings() == []


def test_an_alias_that_was_never_promoted_runs_without_a_decision_or_on_one(house: House) -> None:
    file = house.folder / "tolbooth.yaml"
    file.write_text(file.read_text().replace("@champion", "@shadow"), encoding="utf-8")
    house.set_alias("3", "shadow")
    found = {each.finding.place: each.finding.code for each in house.reconcile().found}
    assert found == {"live (credit@shadow)": "no-decision"}
    house.set_alias("1", "shadow")
    assert house.findings() == [], "a decision allows it, and nobody ever promoted to this alias"


def test_a_registry_that_can_not_be_read_is_no_finding_and_nothing_is_forgotten(house: House) -> None:
    house.set_alias("3")
    assert house.findings() == ["alias-moved"]
    kept = (house.folder / "mlflow.db").read_bytes()
    (house.folder / "mlflow.db").write_bytes(b"SQLite format 3\0" + b"x" * 4096)
    done = house.reconcile()
    assert [each.place for each in done.unread] == ["the registry"]
    assert [each.finding.code for each in done.found] == ["alias-moved"], "what was known stays known"
    (house.folder / "mlflow.db").write_bytes(kept)
    assert house.reconcile().found[0].since is not None


def test_a_source_that_can_not_be_read_ends_the_command_with_6(house: House) -> None:
    file = house.folder / "tolbooth.yaml"
    more = "deployments:\n  branch: {gate: release, inventory: gone.yaml}\n"
    file.write_text(file.read_text().replace("deployments:\n", more), encoding="utf-8")
    said = tolbooth("reconcile")
    assert said.code == 6
    assert "branch could not be read: there is no file gone.yaml" in said.out
    house.set_alias("3")
    assert tolbooth("reconcile").code == 1


def test_deployments_of_an_inventory_and_a_cluster_are_held_against_decisions(house: House) -> None:
    allowed = next(iter(house.moves.promotions[0].said.digest.values()))
    denied = "ab" * 32
    inventory = ["version: 1", "deployments:"]
    for name, version, digest in (("fine", "1", allowed), ("changed", "1", denied), ("strange", "9", denied)):
        inventory.append(f"  - {{name: {name}, version: {version}, digest: 'dirHash:{digest}', since: 2026-11-20}}")
    inventory.append("  - {name: silent, version: 1}")
    (house.folder / "branch.yaml").write_text("\n".join(inventory), encoding="utf-8")
    service: dict[str, object] = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService"}
    service |= {"metadata": {"name": "credit", "annotations": {"tolbooth/digest": f"dirHash:{denied}"}}}
    (house.folder / "cluster.json").write_text(json.dumps({"kind": "List", "items": [service]}), encoding="utf-8")
    file = house.folder / "tolbooth.yaml"
    more = "deployments:\n  branch: {gate: release, inventory: branch.yaml}\n"
    more += "  cluster: {gate: release, manifests: [cluster.json]}\n"
    file.write_text(file.read_text().replace("deployments:\n", more), encoding="utf-8")
    found = {each.finding.place: each.finding.code for each in house.reconcile().found}
    assert found == {
        "branch/changed": "digest-changed",
        "branch/silent": "digest-unknown",
        "branch/strange": "no-decision",
        "cluster/default/InferenceService/credit": "no-decision",
    }
    (seen,) = (each for each in house.moves.sightings[-1].said.seen if each.place == "branch/fine")
    assert seen.since is not None
    assert (format_instant(seen.since), seen.origin) == ("2026-11-20T00:00:00Z", "inventory branch.yaml")


def test_markdown_keeps_names_inside_their_cells(house: House) -> None:
    house.set_alias("3")
    said = tolbooth("reconcile", "--output", "markdown")
    assert said.code == 1
    rows = [line for line in said.out.splitlines() if line.startswith("| live")]
    assert len(rows) == 1
    assert rows[0].count(" | ") == 3


def test_json_fits_its_schema(house: House) -> None:
    for drift in (alias_to_a_version_that_nobody_asked_about, serving_version_deleted):
        drift(house)
        document = json.loads(tolbooth("reconcile", "--output", "json").out)
        jsonschema_rs.Draft202012Validator(output_schema("reconcile")).validate(document)
    house.promote("1")
    for arguments in (("promote", "credit", "1", "--to", "champion"), ("serving", "credit", "champion", "--all")):
        document = json.loads(tolbooth(*arguments, "--output", "json").out)
        jsonschema_rs.Draft202012Validator(output_schema(arguments[0])).validate(document)


def test_the_last_50_moves_are_answered_by_date(house: House) -> None:
    """Every other one is promoted; the others are made with MLflow's client, and seen by reconcile an hour later."""
    made: list[tuple[str, str, DigestSet, str]] = []
    for number in range(50):
        house.clock.ahead = timedelta(days=number + 1)
        version = str(number % 2 + 1)
        if number % 4 < 2:
            done = house.promote(version)
            digest, how = done.digest, "promoted"
        else:
            house.set_alias(version)
            (seen,) = house.reconcile().seen
            digest, how = seen.digest, "seen"
        made.append((format_instant(house.clock()), version, digest, how))
    for at, version, digest, how in made:
        said = tolbooth("serving", "credit", "champion", "--on", at, "--output", "json")
        (answer,) = json.loads(said.out)["answers"]
        (served,) = answer["served"]
        assert (served["version"], served["digest"], served["how"]) == (version, dict(digest), how)
        assert served["decision_sha256"]
        day = tolbooth("serving", "credit", "champion", "--on", at[:10], "--output", "json")
        assert version in [each["version"] for each in json.loads(day.out)["answers"][0]["served"]]
    spans = serving(house.project, house.workspace.store, "credit", "champion", on=None)[0].served
    assert len(spans) == 52
    assert spans[-1].until is None


def test_a_day_before_the_first_record_is_not_known_and_a_strange_alias_is_named(house: House) -> None:
    said = tolbooth("serving", "credit", "champion", "--on", "2020-01-01")
    assert said.code == 0
    assert "not known: the log knows of it from" in said.out
    other = tolbooth("serving", "credit", "campion")
    assert other.code == 2
    assert "did you mean 'credit@champion'?" in other.err


def test_a_trace_tells_who_promoted_what(house: House) -> None:
    said = tolbooth("trace", "credit")
    assert "promoted" in said.out
    assert "credit@champion from version 1 to version 2, on decision" in said.out.replace("\n    ", " ")
    house.set_alias("3")
    assert house.findings() == ["alias-moved"]
    assert "found alias-moved" in tolbooth("trace", "credit").out
