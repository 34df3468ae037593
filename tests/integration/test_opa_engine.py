"""The OPA engine on a real OPA: of our own and a team's server, what a gate records of it, and what is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.opa_programs import opa
from tests.project_sample import FAIR, SETTINGS, UNFAIR, make_project, tolbooth
from tolbooth.evidence.dsse import take_apart
from tolbooth.judge.interface import EvaluationFailure, Module, PackageResults, PolicyBundle
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.rego.opa.client import endpoint_of
from tolbooth.judge.rego.opa.engine import OpaEngine, local_engine, server_engine
from tolbooth.judge.rego.opa.local import LocalOpa
from tolbooth.model.errors import JudgeError

pytestmark = pytest.mark.opa

GOOD = 'package good\n\ndeny contains {"code": "good.one", "msg": input.text} if input.text != ""\n'
HELLO = b'{"text": "hello"}'
SAID = PackageResults(deny=({"code": "good.one", "msg": "hello"},))
AUTHZ = """package system.authz

default allow := false

allow if input.identity == "right"
"""


def bundle(data: Mapping[str, Any] | None = None, **texts: str) -> PolicyBundle:
    modules = tuple(Module(path=f"{name}.rego", text=text) for name, text in texts.items())
    return PolicyBundle(modules=modules, data=data or {}, packages=tuple(sorted(texts)))


@pytest.fixture
def engine() -> Iterator[OpaEngine]:
    with local_engine(LocalOpa(opa(), memory_bytes=2 << 30), deadline_seconds=1) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A team's OPA, which asks for a token and has a policy of its own."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "authz.rego").write_text(AUTHZ)
    (folder / "team.rego").write_text("package team\n\nallowed := true\n")
    log = (folder / "log").open("wb")
    command = [
        *(str(opa()), "run", "--server", "--addr", "127.0.0.1:0", "--log-format", "json", "--skip-version-check"),
        *("--authentication", "token", "--authorization", "basic", "authz.rego", "team.rego"),
    ]
    process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{_port_of(process.pid)}"
    finally:
        process.kill()
        process.wait()
        log.close()


def _port_of(pid: int) -> int:
    """The port on which a process listens, from the kernel's tables."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        sockets = {str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink()}
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                    return int(fields[1].rpartition(":")[2], 16)
        time.sleep(0.05)
    raise AssertionError("OPA does not listen")


def held(server: str) -> tuple[set[str], Any]:
    """The ids of the policies on the server, and its data."""
    found = []
    for path in ("/v1/policies", "/v1/data"):
        with urlopen(Request(f"{server}{path}", headers={"Authorization": "Bearer right"})) as answer:
            found.append(json.loads(answer.read())["result"])
    return {each["id"] for each in found[0]}, found[1]


def on(server: str, token: str = "right", seconds: float = 10) -> OpaEngine:
    return server_engine(endpoint_of(server, token=token, ca_file=None), deadline_seconds=seconds)


def test_own_opa_gives_the_same_sets_as_the_embedded_engine(engine: OpaEngine) -> None:
    rule = 'package p\n\nwarn contains {"code": "p.x", "msg": data.parameters.p.x.word}\n'
    engine.load(bundle({"parameters": {"p": {"x": {"word": "set"}}}}, good=GOOD, p=rule))
    found = engine.evaluate(HELLO).packages
    assert found == {"good": SAID, "p": PackageResults(warn=({"code": "p.x", "msg": "set"},))}
    described = engine.describe()
    assert (described.name, described.version, described.known) == ("opa", "1.22.2", True)
    assert len(described.sha256) == 64


def test_mistake_is_raised_at_its_line_and_column(engine: OpaEngine) -> None:
    with pytest.raises(JudgeError) as raised:
        engine.load(bundle(good=GOOD, bad="package bad\n\ndeny contains nothing_such(1)\n"))
    (problem,) = raised.value.problems
    assert (problem.code, str(problem.place)) == ("policy.compile", "bad.rego:3:15")
    assert problem.message == "undefined function nothing_such"


PRODUCT = """r := numbers.range(1, 1000)

deny contains 1 if {
	some a in r
	some b in r
	some c in r
	a + b + c < 0
}
"""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param('deny contains 1 if to_number("x") == 1\n', "judge.evaluation", id="built-in-error"),
        pytest.param("deny if input.text\n", "judge.result-shape", id="no-set"),
        pytest.param(PRODUCT, "judge.deadline", id="endless-product"),
    ],
)
def test_bad_package_fails_alone_and_the_next_input_works(engine: OpaEngine, text: str, code: str) -> None:
    engine.load(bundle(bad=f"package bad\n\n{text}", good=GOOD))
    found = engine.evaluate(HELLO).packages
    assert isinstance(found["bad"], EvaluationFailure)
    assert found["bad"].code == code
    assert found["good"] == SAID
    assert engine.evaluate(HELLO).packages["good"] == SAID


def test_program_that_is_no_opa_fails_every_rule() -> None:
    with local_engine(LocalOpa(Path("/bin/false")), deadline_seconds=3) as engine:
        engine.load(bundle(good=GOOD))
        found = engine.evaluate(HELLO).packages["good"]
    assert isinstance(found, EvaluationFailure)
    assert found.code == "judge.opa-start"


STARTER = """
import sys, time
from pathlib import Path
from tolbooth.judge.interface import Module, PolicyBundle
from tolbooth.judge.rego.opa.engine import local_engine
from tolbooth.judge.rego.opa.local import LocalOpa
engine = local_engine(LocalOpa(Path(sys.argv[1])))
engine.load(PolicyBundle(modules=(Module(path="p.rego", text="package p\\n"),), data={}, packages=("p",)))
print("ready", flush=True)
time.sleep(60)
"""


def test_own_opa_ends_when_we_are_killed_and_leaves_nothing(tmp_path: Path) -> None:
    # A socket's path is short: the folder stands where temporary files go.
    with tempfile.TemporaryDirectory(prefix="tb-") as folder:
        environment = {**os.environ, "TMPDIR": folder}
        command = [sys.executable, "-c", STARTER, str(opa())]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            assert _running(folder)
            assert [each.stat().st_mode & 0o077 for each in Path(folder).iterdir()] == [0]
            process.send_signal(signal.SIGKILL)
        until = time.monotonic() + 10
        while (_running(folder) or any(Path(folder).iterdir())) and time.monotonic() < until:
            time.sleep(0.05)
        assert _running(folder) == []
        assert not any(Path(folder).iterdir())


def _running(word: str) -> list[str]:
    found: list[str] = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if word in command and "run --server" in command:
            found.append(command)
    return found


def test_server_judges_and_is_left_as_it_was(server: str) -> None:
    before = held(server)[0]
    library = built_in_library()
    packages = tuple(sorted({rule.package for rule in library.rules.values()}))
    with on(server) as engine:
        engine.load(PolicyBundle(modules=library.modules, data={"parameters": {"x": 1}}, packages=packages))
        ids = held(server)[0]
        found = engine.evaluate(b"{}").packages
        assert {each for each in ids if not each.startswith("tolbooth/")} == before
        assert len(ids) == len(before) + len(library.modules) + 1
        assert all(isinstance(each, PackageResults) for each in found.values())
        assert engine.describe().sha256 == ""
    policies, data = held(server)
    assert policies == before
    assert data == {"team": {"allowed": True}, "tolbooth": {}}


def test_wrong_token_is_refused(server: str) -> None:
    with on(server, token="wrong") as engine:
        engine.load(bundle(good=GOOD))
        found = engine.evaluate(HELLO).packages["good"]
    assert isinstance(found, EvaluationFailure)
    assert found.code == "judge.opa-refused"


@pytest.mark.parametrize(
    ("loaded", "named"),
    [
        pytest.param(bundle(team="package team\n\ndeny contains 1\n"), "'team.rego'", id="package"),
        pytest.param(bundle({"team": {}}, good=GOOD), "data.team", id="data"),
    ],
)
def test_what_the_server_has_of_its_own_is_not_touched(server: str, loaded: PolicyBundle, named: str) -> None:
    before = held(server)
    with on(server) as engine:
        engine.load(loaded)
        found = next(iter(engine.evaluate(HELLO).packages.values()))
    assert isinstance(found, EvaluationFailure)
    assert found.code == "judge.opa-collision"
    assert named in found.message
    assert held(server)[0] == before[0]


def test_gates_take_turns_on_a_server(server: str) -> None:
    with on(server) as first, on(server, seconds=0.2) as second:
        first.load(bundle(good=GOOD))
        started = time.monotonic()
        second.load(bundle(good=GOOD))
        refused = second.evaluate(HELLO).packages["good"]
        assert isinstance(refused, EvaluationFailure)
        assert refused.code == "judge.opa-busy"
        assert time.monotonic() - started > 0.2
        assert first.evaluate(HELLO).packages["good"] == SAID


def test_turn_of_a_killed_run_is_taken_over_and_its_answers_count_no_more(server: str) -> None:
    killed = on(server, seconds=0.3)
    killed.load(bundle({"parameters": {"bound": 1}}, good=GOOD))
    with on(server) as engine:
        engine.load(bundle({"parameters": {"bound": 2}}, good=GOOD))
        assert engine.evaluate(HELLO).packages["good"] == SAID
        found = killed.evaluate(HELLO).packages["good"]
        assert isinstance(found, EvaluationFailure)
        assert found.code == "judge.opa-changed"
        killed.close()
        assert isinstance(engine.evaluate(HELLO).packages["good"], (PackageResults, EvaluationFailure))
    assert {each for each in held(server)[0] if each.startswith("tolbooth/")} == set()


def test_data_that_another_changes_meanwhile_is_noticed(server: str) -> None:
    with on(server) as engine:
        engine.load(bundle({"parameters": {"bound": 1}}, good=GOOD))
        headers = {"Authorization": "Bearer right", "Content-Type": "application/json"}
        with urlopen(Request(f"{server}/v1/data/parameters", data=b"{}", headers=headers, method="PUT")):
            pass
        found = engine.evaluate(HELLO).packages["good"]
    assert isinstance(found, EvaluationFailure)
    assert found.code == "judge.opa-changed"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that judges on an OPA of its own."""
    settings = f"{SETTINGS}  engine: opa\n  opa: {{binary: {opa()}}}\n"
    folder = make_project(tmp_path / "project", UNFAIR, settings)
    monkeypatch.chdir(folder)
    return folder


def test_decision_made_on_opa_names_it_and_replays_identical_on_the_embedded_engine(project: Path) -> None:
    assert tolbooth("gate").code == 1
    assert tolbooth("seal").code == 0
    (pack,) = project.glob("*.zip")
    said = tolbooth("replay", str(pack))
    assert said.code == 0, said.err
    assert "opa 1.22.2" in said.out
    assert "regorus" in said.out


def test_gate_says_that_both_engines_decide_alike_and_records_it(project: Path) -> None:
    said = tolbooth("gate", "--verify-with", "embedded")
    assert said.code == 1
    assert said.err == "Both engines decide alike, to the byte: opa 1.22.2 and regorus 0.13.0.\n"
    predicates = [_predicate(each) for each in (project / ".tolbooth" / "blobs").rglob("*") if each.is_file()]
    (judged,) = [each for each in predicates if "verified_with" in each]
    assert (judged["engine"]["name"], judged["verified_with"]["name"]) == ("opa", "regorus")


def _predicate(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(take_apart(path.read_bytes(), path="x").payload)["predicate"]
    except Exception:  # noqa: BLE001 - most blobs are no envelope
        return {}
    return found


def test_gate_fails_loudly_where_the_engines_differ_and_records_no_decision(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = OpaEngine.evaluate

    def forgets_denials(self: OpaEngine, input_json: bytes) -> Any:
        found = ours(self, input_json)
        lenient = {
            name: PackageResults(passed=each.passed) if isinstance(each, PackageResults) else each
            for name, each in found.packages.items()
        }
        return type(found)(packages=lenient)

    monkeypatch.setattr(OpaEngine, "evaluate", forgets_denials)
    said = tolbooth("gate", "--verify-with", "embedded")
    assert said.code == 5
    text = " ".join(said.err.split())
    assert "fairness.difference, race: a / b: nothing on opa 1.22.2, fail on regorus 0.13.0" in text
    assert "[gate.engines-differ]" in said.err
    assert "Recorded until then: collection, measurement." in text
    assert tolbooth("seal").code != 0


def test_engine_that_the_gate_judges_on_is_no_other(project: Path) -> None:
    said = tolbooth("gate", "--verify-with", "opa")
    assert said.code == 2
    assert "[gate.same-engine]" in said.err
    assert not (project / ".tolbooth").exists()


def test_opa_that_is_down_leaves_the_gate_undecided_with_the_reason(project: Path) -> None:
    (project / "tolbooth.yaml").write_text(f"{SETTINGS}  engine: opa\n  opa: {{url: 'http://127.0.0.1:1'}}\n")
    said = tolbooth("gate")
    assert said.code == 3
    assert "OPA at http://127.0.0.1:1 can't be reached: Connection refused" in said.out
    assert "[judge.opa-unreachable]" in said.out


def test_token_comes_from_a_file_and_the_server_judges(
    server: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(project, FAIR, f"{SETTINGS}  engine: opa\n  opa: {{url: '{server}'}}\n")
    (tmp_path / "token").write_text("right\n")
    monkeypatch.setenv("TOLBOOTH_OPA_TOKEN_FILE", str(tmp_path / "token"))
    assert tolbooth("gate").code == 0
    (tmp_path / "token").write_text("wrong\n")
    said = tolbooth("gate")
    assert said.code == 3
    assert "[judge.opa-refused]" in said.out
    assert "wrong" not in said.out + said.err
