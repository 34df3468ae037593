"""``people.yaml``: every mistake at its place, with the nearest right word; keys and days read as they are meant."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ssh_sample import ED25519, P256, soft_key
from tolbooth.config.people_file import load_people_file
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.ssh_keys import parse_public_key
from tolbooth.model.errors import ConfigError, Problem
from tolbooth.model.people import DEFAULT_DUTIES, AliasSystem, DutyRule
from tolbooth.pipeline.people_reading import PeopleDraft, draft_of

KEYS = {"ana": soft_key(ED25519), "ben": soft_key(P256), "eve": soft_key(ED25519)}
LINES = {name: key.line.rpartition(" ")[0] for name, key in KEYS.items()}

RIGHT = f"""\
version: 1
people:
  ana:
    id: p-00000000000000a1
    name: Ana
    keys:
      - {LINES["ana"]} ana@laptop
    roles: [steward, {{role: approver, from: 2026-01-01, until: 2026-12-31}}]
    aliases: {{git: [ana@example.org], ci: [ana]}}
    teams: [credit]
    delegates:
      - {{to: ben, roles: [approver], from: 2026-07-01, until: 2026-07-14}}
    absent: [{{from: 2026-07-01, until: 2026-07-14}}]
  ben:
    id: p-00000000000000b2
    name: Ben
    keys:
      - {{key: ben.pub, until: 2026-11-23}}
    roles: []
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "ben.pub").write_text(f"{LINES['ben']} ben@laptop\n", encoding="utf-8")
    return tmp_path / "people.yaml"


def draft(path: Path, text: str, zone: str = "UTC") -> PeopleDraft:
    path.write_text(text, encoding="utf-8")
    return draft_of(load_people_file(path), zone)


def problems(path: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as raised:
        draft(path, text)
    return raised.value.problems


def only(path: Path, old: str, new: str) -> tuple[str, int | None, str]:
    """The code, line and words of the one mistake that a change makes."""
    assert old in RIGHT
    (problem,) = problems(path, RIGHT.replace(old, new, 1))
    assert problem.place is not None
    assert problem.place.path.endswith("people.yaml")
    return problem.code, problem.place.line, f"{problem.message} / {problem.hint}"


def test_a_right_file_becomes_a_record_without_names(path: Path) -> None:
    found = draft(path, RIGHT)
    ana, ben = found.people.people
    assert (ana.id, ben.id) == ("p-00000000000000a1", "p-00000000000000b2")
    assert ana.keys[0].fingerprint == KEYS["ana"].public_key.fingerprint
    assert "laptop" not in repr(found.people)
    assert found.people.duties == DEFAULT_DUTIES
    assert found.names[ana.id].aliases[AliasSystem.GIT] == ("ana@example.org",)
    assert found.called(ben.id) == "ben"


def test_a_bare_day_begins_and_ends_in_the_projects_zone(path: Path) -> None:
    ana, ben = draft(path, RIGHT, "Europe/Berlin").people.people
    assert ana.roles[1].effective_on == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert ana.roles[1].effective_until == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert ana.delegations[0].effective_until == datetime(2026, 7, 14, 22, tzinfo=UTC)
    assert ben.keys[0].effective_until == datetime(2026, 11, 23, 23, tzinfo=UTC)


def test_a_pem_of_ours_is_the_same_key_as_its_openssh_line(path: Path) -> None:
    pem = PublicKey(raw=KEYS["eve"].public_key.blob[-32:])
    (path.parent / "eve.pem").write_text(pem.to_pem(), encoding="utf-8")
    found = draft(path, RIGHT.replace("{key: ben.pub, until: 2026-11-23}", "eve.pem"))
    assert found.people.people[1].keys[0].fingerprint == pem.fingerprint == KEYS["eve"].public_key.fingerprint
    assert parse_public_key(pem.to_openssh()) == KEYS["eve"].public_key


def test_declared_duties_stand_in_for_the_defaults(path: Path) -> None:
    found = draft(path, f"{RIGHT}duties: [requester, once, team]\n")
    assert found.people.duties == (DutyRule.REQUESTER, DutyRule.ONCE, DutyRule.TEAM)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("    id: p-00000000000000b2\n", "", ("people.no-id", 14, "tolbooth people new")),
        ("p-00000000000000b2", "p-00000000000000a1", ("people.duplicate-id", 15, "has the id of 'ana'")),
        ("p-00000000000000b2", "ben", ("people.id", 15, "16 hex digits")),
        pytest.param(
            "{key: ben.pub, until: 2026-11-23}",
            LINES["ana"],
            ("people.duplicate-key", 18, "belongs to 'ana' already"),
            id="a key of two persons",
        ),
        ("ben.pub", "bem.pub", ("people.key-file", 18, "can't be read")),
        ("roles: []", "roles: []\n    aliases: {ci: [ANA]}", ("people.duplicate-alias", 20, "'ana's already")),
        ("to: ben", "to: bin", ("people.unknown-delegate", 12, "did you mean 'ben'?")),
        ("to: ben", "to: ana", ("people.circular-delegation", 12, "circle")),
        ("roles: [approver], from", "roles: [board], from", ("people.delegation-not-held", 12, "does not hold it")),
        ("until: 2026-07-14}\n    absent", "until: 2026-06-14}\n    absent", ("people.dates", 12, "before it begins")),
        ("from: 2026-01-01, until: 2026-12-31", "from: 2026-12-31, until: 2026-01-01", ("people.dates", 8, "ends")),
        ("roles: [steward,", "roles: [board,", ("people.no-steward", 2, "add steward")),
        ("teams:", "team:", ("config.unknown-key", 10, "did you mean 'teams'?")),
        ("role: approver,", "role: approver, form: 2026-01-01,", ("config.unknown-key", 8, "did you mean 'from'?")),
        ("    absent: [{from: 2026-07-01, until: 2026-07-14}]", "    absent: [{from: 2026-07-01}]",
         ("config.missing-key", 13, "until")),
        ("version: 1", "version: 1\nduties: [author, once]", ("people.duties", 2, "requester")),
        ("version: 1", "version: 1\nduties: [requester, once, teams]", ("config.value", 2, "did you mean 'team'?")),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_line_with_what_to_do(
    path: Path, old: str, new: str, wanted: tuple[str, int, str]
) -> None:
    code, line, words = only(path, old, new)
    assert (code, line) == wanted[:2]
    assert wanted[2] in words


def test_independent_mistakes_are_told_together_in_the_order_of_lines(path: Path) -> None:
    text = RIGHT.replace("to: ben", "to: bin").replace("name: Ben", "nam: Ben")
    assert [each.code for each in problems(path, text)] == ["people.unknown-delegate", "config.unknown-key"]


def test_a_private_key_is_refused_and_not_shown(path: Path) -> None:
    secret = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n"
    (path.parent / "ben.pub").write_text(secret, encoding="utf-8")
    (problem,) = problems(path, RIGHT)
    assert problem.code == "sshsig.key-private"
    assert "b3Blb" not in f"{problem.message}{problem.hint}"
