"""Promotion under attack, on a real MLflow: nothing moves without its decision, no record says more than happened."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.moves_sample import House, copied, make_house, through
from tests.project_sample import FAIR, UNFAIR, tolbooth
from tests.review_sample import ok
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.moves import Result
from tolbooth.model.deployment import RegisteredModel
from tolbooth.model.digest import DigestSet
from tolbooth.model.errors import CollectError, ConfigError, ReviewError, StoreError
from tolbooth.model.instant import parse_instant
from tolbooth.pipeline.promoting import promote
from tolbooth.pipeline.promotion_goal import Wish
from tolbooth.pipeline.registry_door import MoveFailedError, OpenRegistry, Registry
from tolbooth.store import locks
from tolbooth.store.embedded import EmbeddedStore
from tolbooth.store.locks import move_lock

ABSENT = [name for name in ("mlflow", "alembic") if importlib.util.find_spec(name) is None]

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}"),
]

APPROVALS = """\
version: 1
approvals:
  release:
    all:
      expires: 1
      duties: []
      stages: [{name: risk, quorum: [{role: approver, count: 1}]}]
"""
PEOPLE = {"ana": ("steward", "approver"), "ben": ("approver",), "chen": ("approver",)}
ANSWERS = (
    "--reason=remediation",
    "--because=retraining is under way",
    "--harmed=applicants of group a",
    "--risk=4x4",
    "--treatment=mitigate: every denial is reviewed by a person",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, Path]:
    """Versions 1 and 2 are allowed; nobody asked about version 3."""
    root = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOLBOOTH_KEYS", str(root / "keys"))
        house = make_house(root / "credit")
        house.decide("1", "2")
    return house, root / "keys"


@pytest.fixture
def house(built: tuple[House, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("TOLBOOTH_KEYS", str(built[1]))
    found = copied(built[0], tmp_path / "credit")
    monkeypatch.chdir(found.folder)
    return found


def with_people(root: Path, monkeypatch: pytest.MonkeyPatch, groups: Any) -> House:
    monkeypatch.setenv("TOLBOOTH_KEYS", str(root / "keys"))
    (root / "gitconfig").write_text("[user]\n\temail = ana@example.org\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(root / "gitconfig"))
    house = make_house(root / "credit", groups)
    monkeypatch.chdir(house.folder)
    for name, roles in PEOPLE.items():
        ok(tolbooth("key", "new", name, "--role", "approve"))
        held = [part for role in roles for part in ("--role", role)]
        called = ("--alias", f"git={name}@example.org")
        ok(tolbooth("people", "new", name, "--key", str(root / "keys" / f"{name}.pub"), *called, *held))
    ok(tolbooth("people", "sign", "--key", "ana"))
    return house


def refused(house: House, version: str, *codes: str) -> None:
    """A promotion that no decision allows: nothing moves, and nothing is recorded."""
    before, kinds = house.points_to(), house.kinds()
    with pytest.raises(ReviewError) as caught:
        house.promote(version)
    assert {each.code for each in caught.value.problems} == set(codes)
    assert (house.points_to(), house.kinds()) == (before, kinds)


def settings(house: House, old: str, new: str) -> None:
    file = house.folder / "tolbooth.yaml"
    assert old in file.read_text(encoding="utf-8")
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_an_alias_moves_with_its_decision_and_the_log_says_from_where_to_where(house: House) -> None:
    first, second = house.promote("1"), house.promote("2")
    assert house.points_to() == "2"
    assert (first.from_version, second.from_version) == (None, "1")
    assert house.kinds() == ["promotion", "outcome"] * 2
    said = house.moves.promotions[-1].said
    assert (said.from_version, said.to_version, said.gate, said.environment) == ("1", "2", "release", "production")
    assert (said.decision_sha256, said.digest) == (second.decision_sha256, second.digest)
    assert house.results() == ["moved", "moved"]


def test_what_stands_there_already_on_the_same_decision_is_not_recorded_again(house: House) -> None:
    house.promote("1")
    again = house.promote("1")
    assert (again.result, again.position) == (Result.KEPT, None)
    assert house.kinds() == ["promotion", "outcome"]


def test_what_stands_there_already_is_confirmed_on_a_new_decision(house: House) -> None:
    house.promote("1")
    house.clock.ahead = timedelta(hours=1)
    house.decide("1")
    assert house.promote("1").result is Result.KEPT
    assert house.results() == ["moved", "kept"]


def test_no_decision_is_about_this_digest(house: House) -> None:
    refused(house, "3", "promote.no-decision")


def test_files_that_were_replaced_after_the_decision_have_another_digest(house: House) -> None:
    (house.folder / "models" / "1" / "weights.bin").write_text("evil")
    refused(house, "1", "promote.other-digest")


def test_files_that_are_gone_have_none(house: House) -> None:
    for file in (house.folder / "models" / "1").iterdir():
        file.unlink()
    (house.folder / "models" / "1").rmdir()
    refused(house, "1", "promote.no-digest")


def test_a_decision_for_another_environment_does_not_count(house: House) -> None:
    settings(house, "environment: production", "environment: other")
    refused(house, "1", "promote.other-environment")


def test_another_environment_can_not_be_asked_for_at_a_gate(house: House) -> None:
    with pytest.raises(ConfigError) as caught:
        house.promote("1", environment="staging")
    assert caught.value.code == "promote.environment"
    assert house.points_to() is None


def test_a_decision_of_another_gate_does_not_move_a_governed_alias(house: House) -> None:
    settings(house, "gates:\n", "gates:\n  easy: {subject: credit, environment: production}\n")
    with pytest.raises(ConfigError) as caught:
        house.promote("1", gate="easy")
    assert caught.value.code == "promote.other-gate-declared"
    settings(house, "deployments:\n  live: {gate: release", "deployments:\n  live: {gate: easy")
    refused(house, "1", "promote.other-gate")


def test_a_later_denial_of_the_same_digest_counts_more_than_an_earlier_yes(house: House) -> None:
    settings(house, "bound: 0.6", "bound: 0.99")
    house.clock.ahead = timedelta(minutes=1)
    house.decide("1")
    refused(house, "1", "promote.not-allowed")


def test_a_decision_that_nobody_trusted_here_signed_does_not_count(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_key = next(Path(os.environ["TOLBOOTH_KEYS"]).glob("log*.key"))
    monkeypatch.setenv("TOLBOOTH_LOG_KEY_FILE", str(log_key))
    monkeypatch.setenv("TOLBOOTH_KEYS", str(tmp_path / "other-keys"))
    refused(house, "1", "promote.unsigned")


def test_an_approval_that_expired_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = with_people(tmp_path, monkeypatch, FAIR)
    (house.folder / "workflow.yaml").write_text(APPROVALS, encoding="utf-8")
    assert tolbooth("gate").code == 4
    refused(house, "1", "promote.not-allowed")
    ok(tolbooth("approve", "--key", "ben", "--yes"))
    ok(tolbooth("gate"))
    house.promote("1")
    house.clock.ahead = timedelta(days=1, minutes=1)
    refused(house, "1", "promote.approval-ended")
    assert house.findings() == [], "the yes was for the move, and that was made in time"


def test_a_rejection_after_the_decision_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = with_people(tmp_path, monkeypatch, FAIR)
    (house.folder / "workflow.yaml").write_text(APPROVALS, encoding="utf-8")
    assert tolbooth("gate").code == 4
    ok(tolbooth("approve", "--key", "ben", "--yes"))
    ok(tolbooth("gate"))
    house.promote("1")
    ok(tolbooth("reject", "--key", "chen", "--reason", "evidence-insufficient", "--yes"))
    refused(house, "1", "promote.rejected")
    found = house.reconcile().found
    assert [each.finding.code for each in found] == ["rejected"]
    assert "chen" in found[0].finding.message


def test_a_waiver_that_ended_a_second_ago_covers_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = with_people(tmp_path, monkeypatch, UNFAIR)
    assert tolbooth("gate").code == 1
    ok(tolbooth("waiver", "request", *ANSWERS, "--key", "ana"))
    for who in ("ben", "chen"):
        ok(tolbooth("waiver", "approve", "W-1", "--residual=2x3", "--key", who))
    ok(tolbooth("gate"))
    waiver = json.loads(tolbooth("waiver", "list", "--output", "json").out)["waivers"][0]
    until = parse_instant(waiver["effective_until"])
    house.promote("1")
    assert house.findings() == []
    house.clock.set(until + timedelta(seconds=1))
    refused(house, "1", "promote.waiver-ended")
    found = house.reconcile().found
    assert [each.finding.code for each in found] == ["waiver-ended"]
    assert "W-1" in found[0].finding.message


@dataclass(frozen=True, slots=True)
class Failing:
    """A registry at which moving, or asking afterwards, goes wrong."""

    real: Registry
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    deaf_after: bool = False
    moved: list[str] = None  # type: ignore[assignment]

    @property
    def name(self) -> str:
        return self.real.name

    def model(self, model: str) -> RegisteredModel:
        if self.deaf_after and self.moved:
            raise CollectError.of("collect.mlflow-dropped", "MLflow dropped the connection")
        return self.real.model(model)

    def digest(self, model: str, version: str) -> DigestSet:
        return self.real.digest(model, version)

    def move(self, model: str, alias: str, version: str) -> None:
        self.moved.append(version)
        self.before()
        self.real.move(model, alias, version)
        self.after()


def failing(house: House, **how: Any) -> OpenRegistry:
    return through(house.opener, lambda real: Failing(real, moved=[], **how))


def fails(*, is_final: bool) -> Callable[[], None]:
    def fail() -> None:
        problems = CollectError.of("collect.mlflow-failed", "MLflow answered with an error").problems
        raise MoveFailedError(problems, is_final=is_final)

    return fail


def test_a_registry_that_says_no_is_recorded_as_not_moved(house: House) -> None:
    house.promote("1")
    with pytest.raises(StoreError) as caught:
        house.promote("2", registry=failing(house, before=fails(is_final=True)))
    assert caught.value.code == "promote.not-moved"
    assert (house.points_to(), house.results()) == ("1", ["moved", "not-moved"])


def test_a_registry_that_fails_after_it_moved_is_asked_and_believed(house: House) -> None:
    done = house.promote("1", registry=failing(house, after=fails(is_final=False)))
    assert (done.result, house.points_to(), house.results()) == (Result.MOVED, "1", ["moved"])


def test_while_nobody_knows_the_promotion_is_open_and_the_next_one_settles_it(house: House) -> None:
    with pytest.raises(StoreError) as caught:
        house.promote("1", registry=failing(house, before=fails(is_final=False)))
    assert caught.value.code == "promote.open"
    assert (house.points_to(), house.results()) == (None, ["open"])
    done = house.promote("1")
    assert [each.outcome.result for each in done.settled] == [Result.FOUND_ELSEWHERE]
    assert (house.points_to(), house.results()) == ("1", ["found-elsewhere", "moved"])


def test_a_move_whose_answer_was_lost_is_settled_by_reconcile(house: House) -> None:
    with pytest.raises(StoreError) as caught:
        house.promote("1", registry=failing(house, after=fails(is_final=False), deaf_after=True))
    assert caught.value.code == "promote.open"
    assert (house.points_to(), house.results()) == ("1", ["open"])
    done = house.reconcile()
    assert [each.outcome.result for each in done.settled] == [Result.FOUND_MOVED]
    assert (done.is_clean, house.results()) == (True, ["found-moved"])


@pytest.mark.parametrize(
    ("when", "points", "becomes"), [("before", None, "found-elsewhere"), ("after", "1", "found-moved")]
)
def test_an_interrupt_halfway_leaves_no_record_that_says_more(
    house: House, when: str, points: str | None, becomes: str
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        house.promote("1", registry=failing(house, **{when: interrupt}))
    assert (house.points_to(), house.results()) == (points, ["open"])
    house.reconcile()
    assert house.results() == [becomes]


KILLED = """
import os
from tolbooth.enforce.registry import MlflowRegistry
real = MlflowRegistry.move
def move(self, model, alias, version):
    real(self, model, alias, version)
    os._exit(9)
MlflowRegistry.move = move
from tolbooth.cli.main import main
main(["promote", "credit", "1", "--to", "champion"])
"""


def test_a_process_that_is_killed_after_the_move_leaves_it_open(house: House) -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", KILLED], cwd=house.folder, check=False)
    assert done.returncode == 9
    assert (house.points_to(), house.results()) == ("1", ["open"])
    said = tolbooth("promote", "credit", "1", "--to", "champion")
    assert said.code == 0
    assert "The promotion of credit@champion to version 1 was open: it was found there; recorded." in said.out
    assert house.results() == ["found-moved"]


@pytest.mark.parametrize(("kind", "points", "left"), [(Kind.PROMOTION, None, []), (Kind.OUTCOME, "1", ["open"])])
def test_a_log_that_refuses_halfway_never_says_what_did_not_happen(
    house: House, monkeypatch: pytest.MonkeyPatch, kind: Kind, points: str | None, left: list[str]
) -> None:
    real = EmbeddedStore.append

    def refuses(self: EmbeddedStore, asked: Kind, *rest: Any, **more: Any) -> Any:
        if asked is kind:
            raise StoreError.of("store.disk", "the disk is full")
        return real(self, asked, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(EmbeddedStore, "append", refuses)
        with pytest.raises(StoreError):
            house.promote("1")
    assert (house.points_to(), house.results()) == (points, left)


def test_a_log_of_record_that_is_gone_moves_nothing(house: House) -> None:
    (house.folder / ".tolbooth" / "log.sqlite").rename(house.folder / "elsewhere.sqlite")
    said = tolbooth("promote", "credit", "1", "--to", "champion")
    assert (said.code, house.points_to()) == (6, None)
    assert "store.lost" in said.err


def test_a_log_of_record_that_is_damaged_moves_nothing(house: House) -> None:
    (house.folder / ".tolbooth" / "log.sqlite").write_bytes(b"SQLite format 3\0" + b"x" * 4096)
    said = tolbooth("promote", "credit", "1", "--to", "champion")
    assert (said.code, house.points_to()) == (6, None)


def test_a_runners_own_log_is_not_the_log_of_record(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    for arguments in (("promote", "credit", "1", "--to", "champion"), ("reconcile",)):
        said = tolbooth(*arguments)
        assert (said.code, house.points_to()) == (6, None)
        assert "log.not-of-record" in said.err


def test_a_registry_that_can_not_be_read_is_told_and_nothing_is_recorded(house: House) -> None:
    (house.folder / "mlflow.db").write_bytes(b"SQLite format 3\0" + b"x" * 4096)
    said = tolbooth("promote", "credit", "1", "--to", "champion")
    assert said.code == 6
    assert "collect.mlflow" in said.err
    assert house.kinds() == []


def test_two_promotions_at_once_pass_one_by_one(house: House) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tolbooth", "promote", "credit"]
    running = [subprocess.Popen([*command, version, "--to", "champion"], cwd=house.folder) for version in ("1", "2")]
    assert [each.wait(timeout=120) for each in running] == [0, 0]
    assert house.kinds() == ["promotion", "outcome"] * 2
    first, second = (each.said for each in house.moves.promotions)
    assert (first.from_version, second.from_version) == (None, first.to_version)
    assert {first.to_version, second.to_version} == {"1", "2"}
    assert house.points_to() == second.to_version


def test_who_waits_too_long_for_another_move_moves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "LOCK_TIMEOUT_SECONDS", 0)
    with move_lock(house.folder / ".tolbooth"), pytest.raises(StoreError) as caught:
        house.promote("1")
    assert caught.value.code == "store.locked"
    assert (house.points_to(), house.kinds()) == (None, [])


def test_somebody_who_moves_it_at_the_same_time_is_not_hidden(house: House) -> None:
    with pytest.raises(StoreError) as caught:
        house.promote("1", registry=failing(house, after=lambda: house.set_alias("3")))
    assert caught.value.code == "promote.not-moved"
    assert (house.points_to(), house.results()) == ("3", ["not-moved"])
    assert house.moves.promotions[0].outcome.said.found_version == "3"  # type: ignore[union-attr]


def test_a_dry_run_checks_everything_and_leaves_nothing(house: House) -> None:
    before = house.workspace.store.size()
    said = tolbooth("promote", "credit", "1", "--to", "champion", "--dry-run", "--output", "json")
    assert (said.code, json.loads(said.out)["result"]) == (0, "rehearsed")
    refused_ = tolbooth("promote", "credit", "3", "--to", "champion", "--dry-run")
    assert refused_.code == 1
    assert "promote.no-decision" in refused_.err
    assert (house.points_to(), house.workspace.store.size()) == (None, before)


@pytest.mark.parametrize(
    ("model", "version", "code"),
    [("kredit", "1", "promote.no-gate"), ("credit", "9", "promote.unknown-version")],
)
def test_what_is_not_there_is_named_with_what_is(house: House, model: str, version: str, code: str) -> None:
    said = tolbooth("promote", model, version, "--to", "champion")
    assert said.code == 2
    assert code in said.err
    assert "Nothing was recorded" in said.err


def test_an_alias_that_nobody_declared_needs_the_only_gate_that_fits(house: House) -> None:
    assert house.promote("1", alias="other").goal.gate == "release"
    settings(house, "gates:\n", "gates:\n  easy: {subject: credit, environment: lab}\n")
    with pytest.raises(ConfigError) as caught:
        house.promote("1", alias="third")
    assert caught.value.code == "promote.which-gate"
    assert house.promote("1", alias="third", environment="production").goal.gate == "release"


DATED = ("prod-2026w47-b81f3c2e", "prod-2026w48-1c9e44f0")


def test_aliases_with_a_commit_in_their_name_are_moved_told_apart_and_watched(house: House) -> None:
    for alias in DATED:
        assert house.promote("1", alias=alias).result is Result.MOVED
        assert house.points_to(alias) == "1"
    assert house.findings() == []
    house.set_alias("2", DATED[1])
    [found] = house.reconcile().found
    assert (found.finding.code, found.finding.place) == ("alias-moved", f"credit@{DATED[1]}")


def test_a_model_with_a_commit_in_its_name_is_promoted_and_watched(house: House) -> None:
    name = "fraud-model-v12-e5f6a7b8c9"
    with house.mlflow() as client:
        client.rename_registered_model("credit", name)
    settings = (
        (house.folder / "tolbooth.yaml").read_text(encoding="utf-8").replace("models:/credit@", f"models:/{name}@")
    )
    (house.folder / "tolbooth.yaml").write_text(settings, encoding="utf-8")
    wish = Wish(model=name, version="1", alias="challenger", gate="release")
    moved = promote(house.workspace, wish, open_registry=house.opener, variables={})
    assert (moved.result, moved.place.label) == (Result.MOVED, f"{name}@challenger")
    assert house.reconcile().unread == ()
    with house.mlflow() as client:
        client.set_registered_model_alias(name, "challenger", "2")
    assert house.findings() == ["alias-moved"]


def test_an_alias_that_has_the_form_of_a_secret_is_refused_before_anything_moves(house: House) -> None:
    said = tolbooth("promote", "credit", "1", "--to", "AKIAIOSFODNN7EXAMPLE")
    assert said.code == 2
    assert "the name of the alias '[withheld: AWS key]' has the form of a secret" in " ".join(said.err.split())
    assert "[promote.name-withheld]" in said.err
    assert "AKIAIOSFODNN7EXAMPLE" not in said.err + said.out
    assert (house.points_to("AKIAIOSFODNN7EXAMPLE"), house.results()) == (None, [])
