"""Which engine a project judges on: what may be named, what is refused before anything is recorded, no secret told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.project_sample import FAIR, SETTINGS, make_project
from tolbooth.config.environment import Environment
from tolbooth.config.load import load_project
from tolbooth.config.settings import EngineName
from tolbooth.judge.rego.embedded import EmbeddedEngine
from tolbooth.model.errors import TolboothError
from tolbooth.pipeline.engine import Engines, project_engines

NO_VARIABLES: Mapping[str, str] = {"HOME": "/nowhere", "PATH": "/nowhere"}


def engines(
    folder: Path,
    policy: str,
    variables: Mapping[str, str] = NO_VARIABLES,
    verify_with: EngineName | None = None,
) -> Engines:
    make_project(folder, FAIR, SETTINGS + policy)
    return project_engines(load_project(folder / "tolbooth.yaml"), variables, verify_with)


def refused(folder: Path, policy: str, variables: Mapping[str, str] = NO_VARIABLES) -> TolboothError:
    with pytest.raises(TolboothError) as raised:
        engines(folder, policy, variables)
    return raised.value


def test_project_judges_on_the_embedded_engine_unless_it_says_otherwise(tmp_path: Path) -> None:
    chosen = engines(tmp_path, "")
    assert chosen.judging.name is EngineName.EMBEDDED
    assert chosen.comparing is None
    with chosen.judging.open() as engine:
        assert isinstance(engine, EmbeddedEngine)


def test_program_that_is_not_there_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    error = refused(tmp_path, "  engine: opa\n")
    assert error.code == "judge.opa-missing"
    assert "policy.opa.binary" in str(error.hint)
    assert refused(tmp_path, "  engine: opa\n  opa: {binary: tools/opa}\n").code == "judge.opa-missing"


def test_program_with_a_folder_is_relative_to_the_settings(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    program = tmp_path / "tools" / "opa"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert engines(tmp_path, "  engine: opa\n  opa: {binary: tools/opa}\n").judging.name is EngineName.OPA


@pytest.mark.parametrize(
    ("opa", "code", "line"),
    [
        ("{url: 'https://opa', binary: opa}", "judge.opa-twice", 21),
        ("{url: 'ftp://opa'}", "judge.opa-url", 21),
        ("{url: 'https://opa', ca_file: none.pem}", "judge.opa-ca-file", 21),
    ],
)
def test_mistake_is_told_at_its_line(tmp_path: Path, opa: str, code: str, line: int) -> None:
    error = refused(tmp_path, f"  engine: opa\n  opa: {opa}\n")
    assert error.code == code
    assert error.problems[0].place is not None
    assert error.problems[0].place.line == line


def test_token_is_given_once_and_never_shown(tmp_path: Path) -> None:
    url = "  engine: opa\n  opa: {url: 'https://opa.example'}\n"
    both = {**NO_VARIABLES, "TOLBOOTH_OPA_TOKEN": "s3cret", "TOLBOOTH_OPA_TOKEN_FILE": str(tmp_path / "token")}
    assert refused(tmp_path, url, both).code == "judge.opa-token"
    missing = {**NO_VARIABLES, "TOLBOOTH_OPA_TOKEN_FILE": str(tmp_path / "token")}
    assert "No such file" in str(refused(tmp_path, url, missing))
    (tmp_path / "token").write_text("two words s3cret")
    assert "s3cret" not in str(refused(tmp_path, url, missing))
    assert "s3cret" not in repr(Environment.read(both))
    chosen = engines(tmp_path, url, {**NO_VARIABLES, "TOLBOOTH_OPA_TOKEN": "s3cret"})
    assert "s3cret" not in repr(chosen)


def test_token_is_not_sent_where_others_can_read_it(tmp_path: Path) -> None:
    url = "  engine: opa\n  opa: {url: 'http://opa.example'}\n"
    error = refused(tmp_path, url, {**NO_VARIABLES, "TOLBOOTH_OPA_TOKEN": "s3cret"})
    assert error.code == "judge.opa-token-unencrypted"


def test_the_other_engine_is_another_one(tmp_path: Path) -> None:
    with pytest.raises(TolboothError) as raised:
        engines(tmp_path, "", verify_with=EngineName.EMBEDDED)
    assert raised.value.code == "gate.same-engine"
    assert raised.value.hint == "compare with opa"
    url = "  opa: {url: 'https://opa.example'}\n"
    chosen = engines(tmp_path, url, verify_with=EngineName.OPA)
    assert chosen.comparing is not None
    assert chosen.comparing.name is EngineName.OPA
