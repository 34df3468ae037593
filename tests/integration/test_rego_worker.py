"""The embedded engine in its worker process: hostile policies, limits, restarts, and the same bytes everywhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tolbooth.judge.interface import Evaluation, EvaluationFailure, Module, PackageResults, PolicyBundle
from tolbooth.judge.rego.embedded import EmbeddedEngine
from tolbooth.judge.rego.extension import Extension, describe_extension, find_extension
from tolbooth.judge.rego.process import WorkerGoneError, WorkerProcess
from tolbooth.model.errors import JudgeError

GOOD = 'package good\n\ndeny contains {"code": "good.one", "msg": input.text} if input.text != ""\n'


@pytest.fixture
def engine() -> Iterator[EmbeddedEngine]:
    with EmbeddedEngine(deadline_seconds=2, memory_bytes=512 << 20) as running:
        yield running


def bundle(data: Mapping[str, Any] | None = None, **texts: str) -> PolicyBundle:
    modules = tuple(Module(path=f"{name}.rego", text=text) for name, text in texts.items())
    return PolicyBundle(modules=modules, data=data or {}, packages=tuple(sorted(texts)))


def evaluate(engine: EmbeddedEngine, loaded: PolicyBundle, text: str = "hello") -> Evaluation:
    engine.load(loaded)
    return engine.evaluate(json.dumps({"text": text}).encode())


def failure(evaluation: Evaluation, package: str) -> EvaluationFailure:
    found = evaluation.packages[package]
    assert isinstance(found, EvaluationFailure)
    return found


def worker_pid(engine: EmbeddedEngine) -> int:
    assert engine._worker is not None
    return engine._worker._process.pid


def has_ended(pid: int) -> bool:
    """Gone, or a zombie that whoever inherited it has not reaped yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def ends_within(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if has_ended(pid):
            return True
        time.sleep(0.02)
    return False


def test_sets_of_objects_come_back_as_values(engine: EmbeddedEngine) -> None:
    found = evaluate(engine, bundle(good=GOOD)).packages["good"]
    assert found == PackageResults(deny=({"code": "good.one", "msg": "hello"},))


def test_data_is_read_by_rules(engine: EmbeddedEngine) -> None:
    rule = 'package p\n\nwarn contains {"code": "p.x", "msg": data.parameters.p.x.word}\n'
    found = evaluate(engine, bundle({"parameters": {"p": {"x": {"word": "set"}}}}, p=rule)).packages["p"]
    assert found == PackageResults(warn=({"code": "p.x", "msg": "set"},))


def test_another_input_leaves_nothing_of_the_one_before(engine: EmbeddedEngine) -> None:
    engine.load(bundle(good=GOOD))
    assert engine.evaluate(b'{"text": "first"}').packages["good"] != PackageResults()
    assert engine.evaluate(b'{"text": ""}').packages["good"] == PackageResults()


def test_parse_error_is_raised_at_its_line_and_column(engine: EmbeddedEngine) -> None:
    with pytest.raises(JudgeError) as raised:
        engine.load(bundle(good=GOOD, bad="package bad\n\ndeny contains x if {\n\tx := ]\n}\n"))
    (problem,) = raised.value.problems
    assert problem.code == "policy.compile"
    assert str(problem.place) == "bad.rego:4:4"
    assert "expecting" in problem.message
    assert "backtrace" not in problem.message


def test_every_module_that_does_not_compile_is_named(engine: EmbeddedEngine) -> None:
    unsafe = "package unsafe\n\ndeny contains x if {\n\ty > 2\n\tx := 1\n}\n"
    with pytest.raises(JudgeError) as raised:
        engine.load(bundle(bad="package bad\n\n]", unsafe=unsafe))
    assert [str(problem.place) for problem in raised.value.problems] == ["bad.rego:3:1", "unsafe.rego:4:2"]


def test_conflicting_outputs_of_a_rule_fail_their_package_alone(engine: EmbeddedEngine) -> None:
    bad = 'package bad\n\np := 1 if input.text\n\np := 2 if input.text\n\ndeny contains {"n": p}\n'
    evaluation = evaluate(engine, bundle(good=GOOD, bad=bad))
    assert failure(evaluation, "bad").code == "judge.evaluation"
    assert "bad.rego:" in failure(evaluation, "bad").message
    assert isinstance(evaluation.packages["good"], PackageResults)


def test_unknown_function_is_a_failure_with_its_place(engine: EmbeddedEngine) -> None:
    evaluation = evaluate(engine, bundle(bad="package bad\n\ndeny contains nothing_such(1)\n"))
    assert failure(evaluation, "bad") == EvaluationFailure(
        code="judge.evaluation", message="bad.rego:3:27: could not find function nothing_such"
    )


def test_deny_that_is_no_set_is_refused(engine: EmbeddedEngine) -> None:
    evaluation = evaluate(engine, bundle(bad="package bad\n\ndeny if input.text\n"))
    assert failure(evaluation, "bad").code == "judge.result-shape"


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
        pytest.param("f(n) := f(n + 1)\n\ndeny contains 1 if f(1)\n", "judge.worker-died", id="infinite-recursion"),
        pytest.param(PRODUCT, "judge.deadline", id="endless-product"),
        pytest.param("deny contains n if some n in numbers.range(1, 2000000000)\n", "judge.memory", id="huge-range"),
    ],
)
def test_hostile_package_fails_alone_and_the_next_gate_works(engine: EmbeddedEngine, text: str, code: str) -> None:
    started = time.monotonic()
    evaluation = evaluate(engine, bundle(bad=f"package bad\n\n{text}", good=GOOD))
    assert failure(evaluation, "bad").code == code
    assert isinstance(evaluation.packages["good"], PackageResults)
    assert time.monotonic() - started < 10
    again = engine.evaluate(b'{"text": "again"}')
    assert again.packages["good"] == PackageResults(deny=({"code": "good.one", "msg": "again"},))


def test_each_crash_is_its_package_s_own_among_answers_that_were_still_on_their_way(engine: EmbeddedEngine) -> None:
    crash = "package {}\n\nf(n) := f(n + 1)\n\ndeny contains 1 if f(1)\n"
    names = [f"p{number:02}" for number in range(40)]
    dying = {"p00", "p07", "p08", "p39"}
    texts = {name: crash.format(name) if name in dying else GOOD.replace("good", name) for name in names}
    evaluation = evaluate(engine, bundle(None, **texts))
    assert list(evaluation.packages) == names
    for name, found in evaluation.packages.items():
        said = PackageResults(deny=({"code": f"{name}.one", "msg": "hello"},))
        assert found == said or (name in dying and failure(evaluation, name).code == "judge.worker-died")
    assert {name for name, found in evaluation.packages.items() if isinstance(found, EvaluationFailure)} == dying


def test_rule_recursion_fails_its_package(engine: EmbeddedEngine) -> None:
    text = "package bad\n\np if q\n\nq if p\n\ndeny contains 1 if p\n"
    evaluation = evaluate(engine, bundle(bad=text, good=GOOD))
    assert failure(evaluation, "bad").code == "judge.evaluation"
    assert isinstance(evaluation.packages["good"], PackageResults)


def test_nested_brackets_end_the_load_in_time(engine: EmbeddedEngine) -> None:
    started = time.monotonic()
    with pytest.raises(JudgeError) as raised:
        engine.load(bundle(bad=f"package bad\n\ndeny contains {'[' * 5000}{']' * 5000}\n"))
    assert raised.value.code in {"judge.deadline", "judge.worker-died", "judge.memory", "policy.compile"}
    assert time.monotonic() - started < 10
    assert isinstance(evaluate(engine, bundle(good=GOOD)).packages["good"], PackageResults)


def test_input_nested_too_deep_fails_every_package(engine: EmbeddedEngine) -> None:
    engine.load(bundle(good=GOOD))
    evaluation = engine.evaluate(b'{"text": ' + b"[" * 500 + b"]" * 500 + b"}")
    assert failure(evaluation, "good").code == "judge.evaluation"
    assert isinstance(engine.evaluate(b'{"text": "x"}').packages["good"], PackageResults)


def test_results_beyond_the_limit_are_refused(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tolbooth.judge.rego.process.ANSWER_BYTES", 10_000)
    text = "package bad\n\ndeny contains n if some n in numbers.range(1, 10000)\n"
    evaluation = evaluate(engine, bundle(bad=text, good=GOOD))
    assert failure(evaluation, "bad").code == "judge.answer-size"
    assert isinstance(evaluation.packages["good"], PackageResults)


def test_results_nested_deeper_than_can_be_read_fail_their_package_alone(engine: EmbeddedEngine) -> None:
    deeper = "\n\n".join(f'p{depth} := {{"a": p{depth - 1}}}' for depth in range(1, 1500))
    evaluation = evaluate(engine, bundle(bad=f"package bad\n\np0 := 1\n\n{deeper}\n\ndeny contains p1499\n", good=GOOD))
    assert failure(evaluation, "bad").code == "judge.evaluation"
    assert isinstance(evaluation.packages["good"], PackageResults)


def test_package_with_the_name_of_the_module_that_asks_is_judged_like_any_other(engine: EmbeddedEngine) -> None:
    asked = "package asked\n\npackage_0 := 1\n\ndeny contains package_0\n"
    evaluation = evaluate(engine, bundle(asked=asked, good=GOOD))
    assert evaluation.packages["asked"] == PackageResults(deny=(1,))
    assert evaluation.packages["good"] == PackageResults(deny=({"code": "good.one", "msg": "hello"},))


def test_package_sees_nothing_of_how_others_are_asked_and_judged(engine: EmbeddedEngine) -> None:
    text = "package late\n\ndeny contains name if some name in object.keys(data)\n"
    evaluation = evaluate(engine, bundle({"parameters": {}}, good=GOOD, late=text))
    assert evaluation.packages["late"] == PackageResults(deny=("parameters",))


def test_printing_reaches_nobody(engine: EmbeddedEngine, capfd: pytest.CaptureFixture[str]) -> None:
    evaluate(engine, bundle(p='package p\n\ndeny contains 1 if print("a cell of data")\n'))
    assert capfd.readouterr() == ("", "")


def test_killed_worker_is_replaced_at_the_next_evaluation(engine: EmbeddedEngine) -> None:
    engine.load(bundle(good=GOOD))
    os.kill(worker_pid(engine), signal.SIGKILL)
    assert ends_within(worker_pid(engine), 5)
    assert failure(engine.evaluate(b'{"text": "x"}'), "good").code == "judge.worker-died"
    assert isinstance(engine.evaluate(b'{"text": "x"}').packages["good"], PackageResults)


def test_closing_ends_the_worker() -> None:
    with EmbeddedEngine() as engine:
        engine.load(bundle(good=GOOD))
        pid = worker_pid(engine)
    assert has_ended(pid)


def test_worker_sees_no_environment_and_no_other_file() -> None:
    with EmbeddedEngine() as engine, Path(__file__).open("rb") as held:
        os.set_inheritable(held.fileno(), True)
        engine.load(bundle(good=GOOD))
        process = Path(f"/proc/{worker_pid(engine)}")
        assert process.joinpath("environ").read_bytes() == b"RUST_BACKTRACE=0\0"
        assert Path(__file__) not in [link.resolve() for link in process.joinpath("fd").iterdir()]
        assert os.getsid(worker_pid(engine)) != os.getsid(0)


@pytest.mark.parametrize("busy", [True, False], ids=["busy", "idle"])
def test_worker_ends_with_a_parent_that_was_killed(busy: bool) -> None:
    text = "package bad\\n\\nr := numbers.range(1, 1000)\\n\\n"
    text += "deny contains 1 if {\\n\\tsome a in r\\n\\tsome b in r\\n\\tsome c in r\\n\\ta + b + c < 0\\n}\\n"
    program = f"""
from tolbooth.judge.interface import Module, PolicyBundle
from tolbooth.judge.rego.embedded import EmbeddedEngine
engine = EmbeddedEngine()
engine.load(PolicyBundle(modules=(Module(path="bad.rego", text="{text}"),), data={{}}, packages=("bad",)))
print(engine._worker._process.pid, flush=True)
engine.evaluate(b"{{}}") if {busy} else input()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stdin=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        time.sleep(0.3)
        assert not has_ended(pid)
        parent.kill()
        parent.wait()
    assert ends_within(pid, 5)


def test_cold_start_is_short() -> None:
    samples = []
    for _ in range(5):
        started = time.perf_counter()
        with EmbeddedEngine() as engine:
            engine.load(bundle(good=GOOD))
            samples.append(time.perf_counter() - started)
    # Measured at 20 to 40 ms; the bound leaves room for a busy machine.
    assert min(samples) < 0.25


def test_results_are_the_same_under_every_hash_seed() -> None:
    program = """
from tolbooth.judge.interface import Module, PolicyBundle
from tolbooth.judge.rego.embedded import EmbeddedEngine
text = 'package p\\n\\ndeny contains {"code": x, "msg": y} if {some x, y in input.o}\\n'
with EmbeddedEngine() as engine:
    engine.load(PolicyBundle(modules=(Module(path="p.rego", text=text),), data={}, packages=("p",)))
    print(engine.evaluate(b'{"o": {"z": 1, "a": "b", "m": {"q": [1, 2], "c": null}, "k": false}}'))
"""
    said = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(said) == 1
    assert b"'a'" in said.pop()


def test_installed_extension_is_on_the_shipped_list(engine: EmbeddedEngine) -> None:
    described = engine.describe()
    assert described.name == "regorus"
    assert described.version == "0.13.0"
    assert described.known


def test_unlisted_extension_is_described_as_unknown(tmp_path: Path) -> None:
    other = tmp_path / "regorus.abi3.so"
    other.write_bytes(b"another program")
    assert not describe_extension(Extension(path=other, version="0.13.0")).known


def test_listed_digest_under_another_version_is_unknown() -> None:
    assert not describe_extension(Extension(path=find_extension().path, version="0.12.0")).known


def test_extension_that_does_not_load_says_how_the_worker_ended(tmp_path: Path) -> None:
    broken = tmp_path / "regorus.abi3.so"
    broken.write_bytes(b"no program at all")
    with pytest.raises(WorkerGoneError) as raised:
        WorkerProcess(broken, memory_bytes=512 << 20)
    assert raised.value.failure.code == "judge.worker-died"


def test_evaluating_without_a_bundle_is_refused(engine: EmbeddedEngine) -> None:
    with pytest.raises(JudgeError) as raised:
        engine.evaluate(b"{}")
    assert raised.value.code == "judge.no-bundle"
