"""``tolbooth.yaml``: every mistake with file, line, column and the nearest right word."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import jsonschema_rs
import pytest

from tolbooth.config.environment import Environment
from tolbooth.config.load import Project, find_project_file, load_project
from tolbooth.config.settings import NOT_YET, json_schema
from tolbooth.model.errors import ConfigError, Problem

RIGHT = """\
# yaml-language-server: $schema=.tolbooth/tolbooth.schema.json
version: 1
project: credit
subjects:
  credit:
    path: model.joblib
    version: 7
data:
  test:
    path: predictions.parquet
    role: predictions
    label: y_true
    prediction: y_pred
    groups: [race]
gates:
  release: {subject: credit, environment: ci}
policy:
  parameters:
    fairness.difference: {metric: false_positive_rate, bound: 0.1}
"""


def load(folder: Path, text: str) -> Project:
    path = folder / "tolbooth.yaml"
    path.write_text(text, encoding="utf-8")
    return load_project(path)


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as raised:
        load(folder, text)
    return raised.value.problems


def only(folder: Path, text: str) -> tuple[str, int | None, int | None, str | None]:
    (problem,) = problems(folder, text)
    assert problem.place is not None
    return problem.code, problem.place.line, problem.place.column, problem.hint


def test_what_is_right_is_read(tmp_path: Path) -> None:
    settings = load(tmp_path, RIGHT).settings
    assert settings.subjects["credit"].version == "7"
    assert settings.data["test"].groups == ("race",)
    assert settings.gates["release"].environment == "ci"
    assert settings.timezone == "UTC"


def test_a_decimal_stays_exact(tmp_path: Path) -> None:
    bound = load(tmp_path, RIGHT).settings.policy.parameters["fairness.difference"]["bound"]
    assert bound == Decimal("0.1")


def test_an_unknown_key_is_shown_with_the_nearest_right_one(tmp_path: Path) -> None:
    text = RIGHT.replace("label: y_true", "lable: y_true").replace("    groups: [race]\n", "")
    assert only(tmp_path, text) == ("config.unknown-key", 12, 5, "did you mean 'label'?")


@pytest.mark.parametrize("key", NOT_YET)
def test_a_key_that_is_not_supported_yet_is_refused_by_name(tmp_path: Path, key: str) -> None:
    code, line, column, _ = only(tmp_path, f"{RIGHT}{key}: x\n")
    assert (code, line, column) == ("config.not-supported", RIGHT.count("\n") + 1, 1)


def test_independent_mistakes_are_reported_together_in_the_order_of_lines(tmp_path: Path) -> None:
    text = RIGHT.replace("project: credit", "projct: credit").replace("role: predictions", "role: predictons")
    found = problems(tmp_path, f"{text}log: x\n")
    assert [problem.code for problem in found] == [
        "config.unknown-key",
        "config.value",
        "config.not-supported",
    ]


@pytest.mark.parametrize(
    ("old", "new", "code", "hint"),
    [
        ("role: predictions", "role: predictons", "config.value", "did you mean 'predictions'?"),
        ("subject: credit", "subject: credt", "config.unknown-name", "did you mean 'credit'?"),
        ("groups: [race]", "groups: race", "config.type", "write [race]"),
        ("version: 1\n", "version: 2\n", "config.value", "one of: 1"),
        ("project: credit", "timezone: Europe/Berln\nproject: credit", "config.type", "did you mean 'Europe/Berlin'?"),
        ("    label: y_true\n", "", "config.missing-key", "add label: COLUMN"),
    ],
)
def test_a_wrong_value_is_shown_where_it_stands(
    tmp_path: Path, old: str, new: str, code: str, hint: str | None
) -> None:
    (problem,) = problems(tmp_path, RIGHT.replace(old, new))
    assert problem.code == code
    assert problem.place is not None
    assert problem.place.line is not None
    assert problem.hint == hint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: [1\n", "config.yaml-syntax"),
        ("a: 1\na: 2\n", "config.yaml-duplicate-key"),
        ("a: &x 1\nb: *x\n", "config.yaml-alias"),
        ("a: !!python/name:os.system x\n", "config.yaml-tag"),
        ("a: .nan\n", "config.yaml-number"),
        ("- a\n", "config.type"),
        ("\tb: 1\n", "config.yaml-syntax"),
    ],
)
def test_yaml_that_does_not_mean_what_it_says_is_refused(tmp_path: Path, text: str, code: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert problem.code == code
    assert problem.place is not None


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tolbooth.yaml"
    path.write_bytes(b"version: 1\nowner: \xff\n")
    with pytest.raises(ConfigError) as raised:
        load_project(path)
    (problem,) = raised.value.problems
    assert problem.code == "config.not-utf8"
    assert problem.place is not None
    assert (problem.place.line, problem.place.column) == (2, 8)


def test_the_nearest_file_upwards_is_found(tmp_path: Path) -> None:
    load(tmp_path, RIGHT)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_project_file(below) == (tmp_path / "tolbooth.yaml").resolve()


def test_without_a_file_the_hint_names_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        find_project_file(tmp_path)
    assert raised.value.code == "config.not-found"
    assert "tolbooth init" in str(raised.value.hint)


def test_the_schema_accepts_what_we_accept_and_refuses_an_unknown_key() -> None:
    validator = jsonschema_rs.validator_for(json_schema())
    right = {
        "version": 1,
        "project": "p",
        "subjects": {"m": {"path": "m", "version": "1"}},
        "gates": {"release": {"subject": "m"}},
    }
    assert validator.is_valid(json.loads(json.dumps(right)))
    assert not validator.is_valid({**right, "projct": "p"})


def test_keys_live_in_the_users_configuration_folder() -> None:
    assert Environment.read({"HOME": "/home/ana"}).keys_folder == Path("/home/ana/.config/tolbooth/keys")
    assert Environment.read({"HOME": "/home/ana", "XDG_CONFIG_HOME": "/x"}).keys_folder == Path("/x/tolbooth/keys")


def test_a_ci_runner_names_its_key_file() -> None:
    read = Environment.read({"HOME": "/h", "TOLBOOTH_KEY_FILE": "/run/secrets/seal.pem"})
    assert read.key_file == Path("/run/secrets/seal.pem")
