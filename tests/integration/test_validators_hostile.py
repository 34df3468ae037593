"""Validators that mean harm: each ends within its deadline as a clear error, and the next one works."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.validator_sample import HASTY, SHORT, function, module, program
from tolbooth.judge.interface import EvaluationFailure, PackageResults
from tolbooth.judge.validators import process
from tolbooth.judge.validators.interface import Limits, Validator, ValidatorAnswer
from tolbooth.judge.validators.running import function_request, run_validator

INPUT = b'{"version":1}'
GOOD = function("return {'passed': [{'msg': 'fine'}]}")

# What a validator does that answers in its runner's place.
WRITES = "import os\nfor fd in range(3, 40):\n    try: os.write(fd, {!r})\n    except OSError: pass\nos._exit(0)"

FUNCTIONS = {
    "forks": ("import os\nos.fork()\nreturn {}", "judge.validator-forbidden"),
    "starts-a-program": ("import subprocess\nsubprocess.run(['true'])\nreturn {}", "judge.validator-forbidden"),
    "forks-unseen": (
        "import ctypes, time\nlibc = ctypes.CDLL(None)\nif libc.fork() == 0:\n    time.sleep(60)\nreturn {}",
        "judge.validator-forbidden",
    ),
    "sleeps": ("import time\ntime.sleep(60)\nreturn {}", "judge.deadline"),
    "loops": ("while True: pass", "judge.deadline"),
    "catches-everything": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "judge.deadline",
    ),
    "opens-a-socket": ("import socket\nsocket.socket()\nreturn {}", "judge.validator-forbidden"),
    "opens-a-socket-and-hides-it": (
        "import socket\ntry: socket.socket()\nexcept OSError: pass\nreturn {}",
        "judge.validator-forbidden",
    ),
    "opens-a-socket-unseen": (
        "import ctypes\nassert ctypes.CDLL(None).socket(2, 1, 0) >= 0\nreturn {}",
        "judge.validator-raised",
    ),
    "asks-a-name": ("import socket\nsocket.getaddrinfo('example.org', 80)\nreturn {}", "judge.validator-forbidden"),
    "ends-with-nothing": ("import os\nos._exit(0)", "judge.no-answer"),
    "exits": ("raise SystemExit(0)", "judge.validator-raised"),
    "returns-nothing": ("return None", "judge.validator-raised"),
    "raises": ("return {'deny': [input['nothing_such']]}", "judge.validator-raised"),
    "prints-a-gigabyte": ("for _ in range(1024): print('x' * (1 << 20))\nreturn {}", "judge.output-size"),
    "writes-a-gigabyte": (
        "with open('big', 'wb') as f:\n    for _ in range(1024): f.write(bytes(1 << 20))\nreturn {}",
        "judge.validator-raised",
    ),
    "answers-a-gigabyte": ("return {'deny': [{'msg': 'x' * (40 << 20)}]}", "judge.answer-size"),
    "takes-all-memory": ("held = []\nwhile True: held.append(bytearray(1 << 24))", "judge.memory"),
    "takes-all-memory-and-goes-on": (
        "held = []\nwhile True:\n    try: held.append(bytearray(1 << 24))\n    except BaseException: pass",
        "judge.deadline",
    ),
    "recurses": ("def again(): return again()\nreturn again()", "judge.validator-raised"),
    "crashes": ("import ctypes\nctypes.string_at(0)", "judge.worker-died"),
    "aborts": ("import os\nos.abort()", "judge.worker-died"),
    "kills-its-parent": ("import os\nos.kill(os.getppid(), 9)\nreturn {}", "judge.validator-forbidden"),
    "not-a-number": ("return {'deny': [{'msg': 'x', 'values': {'n': float('nan')}}]}", "judge.result-shape"),
    "no-json": ("return {'deny': [{'msg': {1, 2}}]}", "judge.result-shape"),
    "a-set-of-results": ("return {'deny': 5}", "judge.result-shape"),
    "a-text": ("return 'fine'", "judge.validator-raised"),
    "another-set": ("return {'allow': []}", "judge.result-shape"),
    "nested-without-end": ("a = []\nfor _ in range(100000): a = [a]\nreturn {'deny': a}", "judge.result-shape"),
    "nested-deep": ("a = []\nfor _ in range(500): a = [a]\nreturn {'deny': a}", "judge.result-shape"),
    "beyond-every-integer": ("return {'deny': [{'msg': 'x', 'measured': 2 ** 60}]}", "judge.result-shape"),
    **{
        f"answers-for-its-runner-{number}": (
            WRITES.format(answer),
            "judge.result-shape",
        )
        for number, answer in enumerate(
            (b"5", b"{}", b'["error"]', b'{"error":1,"text":2}', b'{"error":"judge.deadline","text":"x"}')
        )
    },
    "writes-into-the-answer": (
        "import os\nfor fd in range(3, 4096):\n    try: os.write(fd, b'garbage')\n    except OSError: pass\nreturn {}",
        "judge.result-shape",
    ),
}

PROGRAMS = {
    "prints-garbage": ("#!/bin/sh\necho fine\n", "judge.result-shape"),
    "says-nothing": ("#!/bin/sh\nexit 0\n", "judge.no-answer"),
    "says-a-blank": ("#!/bin/sh\necho\n", "judge.no-answer"),
    "fails": ("#!/bin/sh\necho '{}'\necho 'no such column' >&2\nexit 3\n", "judge.program-failed"),
    "sleeps": ("#!/bin/sh\nsleep 60\n", "judge.deadline"),
    "leaves-a-process": ("#!/bin/sh\nsleep 60 </dev/null >/dev/null 2>&1 &\necho '{}'\n", "judge.validator-forbidden"),
    "writes-a-gigabyte": ("#!/bin/sh\nhead -c 1073741824 /dev/zero\n", "judge.answer-size"),
    "complains-a-gigabyte": ("#!/bin/sh\nhead -c 1073741824 /dev/zero >&2\necho '{}'\n", "judge.output-size"),
    "writes-a-gigabyte-file": (
        "#!/bin/sh\nset -e\nhead -c 1073741824 /dev/zero > big\necho '{}'\n",
        "judge.program-failed",
    ),
    "half-an-answer": ("#!/bin/sh\nprintf '{\"deny\": ['\n", "judge.result-shape"),
    "the-same-key-twice": ('#!/bin/sh\necho \'{"deny": [], "deny": []}\'\n', "judge.result-shape"),
    "a-list": ("#!/bin/sh\necho '[]'\n", "judge.result-shape"),
    "no-program-at-all": ("\x00\x01\x02", "judge.program-failed"),
    "an-interpreter-that-is-not-there": ("#!/nothing/such\n", "judge.program-failed"),
    "kills-itself": ("#!/bin/sh\nkill -9 $$\n", "judge.worker-died"),
}


def run(validator: Validator, limits: Limits = SHORT) -> ValidatorAnswer:
    return run_validator(validator, INPUT, {"bound": 3}, limits=limits)


def failure(validator: Validator, limits: Limits = SHORT) -> EvaluationFailure:
    found = run(validator, limits).results
    assert isinstance(found, EvaluationFailure), found
    return found


def processes() -> set[str]:
    """The command lines of validators' processes, and of what they started, on this machine."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                words = folder.joinpath("cmdline").read_bytes()
            except OSError:
                continue
            if b"tolbooth.judge.validators.worker" in words or words == b"sleep\x0060\x00":
                found.add(f"{folder.name} {words!r}")
    return found


@pytest.mark.parametrize(("body", "code"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_hostile_function_ends_in_time_as_an_error(body: str, code: str) -> None:
    started, before = time.monotonic(), processes()
    found = failure(function(body), HASTY if code == "judge.deadline" else SHORT)
    assert found.code == code
    assert found.message.startswith("rules/house/hostile/hostile.py")
    assert time.monotonic() - started < SHORT.deadline_seconds + 5
    assert processes() - before == set()


@pytest.mark.parametrize(("script", "code"), PROGRAMS.values(), ids=PROGRAMS)
def test_hostile_program_ends_in_time_as_an_error(script: str, code: str) -> None:
    started, before = time.monotonic(), processes()
    assert failure(program(script), HASTY if code == "judge.deadline" else SHORT).code == code
    assert time.monotonic() - started < SHORT.deadline_seconds + 5
    assert processes() - before == set()


def test_the_next_validator_works_after_every_kind_of_death() -> None:
    for body in ("import ctypes\nctypes.string_at(0)", "import os\nos._exit(0)", "return None"):
        failure(function(body))
        assert run(GOOD).results == PackageResults(passed=({"code": "house.hostile", "msg": "fine"},))


def test_what_it_prints_is_no_part_of_its_answer() -> None:
    found = run(function("print('{\"deny\": []}')\nimport sys\nsys.stderr.write('x')\nreturn {'warn': [{'msg': 'w'}]}"))
    assert found.results == PackageResults(warn=({"code": "house.hostile", "msg": "w"},))


def test_yielded_pairs_are_gathered_by_set() -> None:
    found = run(function("yield 'deny', {'msg': 'a'}\nyield 'passed', {'msg': 'b'}\nyield 'deny', {'msg': 'c'}"))
    assert isinstance(found.results, PackageResults)
    assert [each["msg"] for each in found.results.deny] == ["a", "c"]
    assert len(found.results.passed) == 1


def test_input_and_parameters_reach_a_function_and_a_program() -> None:
    said = run(function("return {'deny': [{'msg': f\"{input['version']} {parameters['bound']}\"}]}")).results
    assert said == PackageResults(deny=({"code": "house.hostile", "msg": "1 3"},))
    script = '#!/bin/sh\nread -r line\nprintf \'{"deny": [{"msg": "%s"}]}\' "$(echo "$line" | tr -d \'"\')"\n'
    told = run(program(script)).results
    assert told == PackageResults(
        deny=({"code": "house.hostile", "msg": "{version:1,parameters:{bound: 3},input:{version:1}}"},)
    )


def test_words_of_a_program_are_its_arguments() -> None:
    found = run(program('#!/bin/sh\nprintf \'{"deny": [{"msg": "%s"}]}\' "$1 $#"\n', "--strict", "x")).results
    assert found == PackageResults(deny=({"code": "house.hostile", "msg": "--strict 2"},))


def test_environment_and_folder_are_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLBOOTH_OPA_TOKEN", "a secret")
    body = "import os\nraise ValueError(f\"{sorted(os.environ)} {os.listdir('.')}\")"
    said = failure(function(body)).message
    assert "TOLBOOTH" not in said
    assert said.endswith(
        "['HOME', 'LC_ALL', 'MKL_NUM_THREADS', 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'PATH', 'PYTHONHASHSEED', "
        "'TMPDIR'] []"
    )


def needs_namespaces() -> None:
    if "processes" not in run(GOOD).fence:
        pytest.skip("the kernel gives this user no namespaces")


def test_nothing_outside_its_own_folder_can_be_written(tmp_path: Path) -> None:
    needs_namespaces()
    there = tmp_path / "there"
    said = failure(function(f"open({str(there)!r}, 'w').write('x')\nreturn {{}}")).message
    assert "Read-only file system" in said
    assert not there.exists()


def test_many_small_files_fill_only_its_own_folder() -> None:
    needs_namespaces()
    body = "for n in range(100):\n    with open(str(n), 'wb') as f: f.write(bytes(8 << 20))\nreturn {}"
    assert "No space left on device" in failure(function(body)).message


def test_thousand_processes_are_more_than_it_may_start() -> None:
    needs_namespaces()
    kernel = tuple(int(part) for part in os.uname().release.split(".")[:2])
    if kernel < ((6, 14) if os.getuid() == 0 else (5, 14)):
        pytest.skip("this kernel counts the processes of the whole machine")
    script = "#!/bin/sh\ni=0\nwhile [ $i -lt 1000 ]; do sleep 60 & i=$((i+1)); done\nkill $(jobs -p)\nwait\necho '{}'\n"
    before = processes()
    assert failure(program(script)).code == "judge.validator-forbidden"
    assert processes() - before == set()


def test_no_other_process_is_seen_or_reached() -> None:
    needs_namespaces()
    body = "import os\nraise ValueError([n for n in os.listdir('/proc') if n.isdecimal()])"
    assert len(failure(function(body)).message.partition("[")[2].split(",")) <= 3
    environment = f"return {{'deny': [{{'msg': open('/proc/{os.getpid()}/environ').read()}}]}}"
    assert "FileNotFoundError" in failure(function(environment)).message


def test_parent_that_is_killed_unseen_is_still_there() -> None:
    needs_namespaces()
    body = "import ctypes, os\nctypes.CDLL(None).kill(os.getppid(), 9)\nreturn {'passed': [{'msg': 'alive'}]}"
    assert run(function(body)).results == PackageResults(passed=({"code": "house.hostile", "msg": "alive"},))


def test_no_capability_is_left() -> None:
    said = failure(
        function("raise ValueError([l for l in open('/proc/self/status') if l.startswith(('CapE', 'CapB', 'NoNew'))])")
    ).message
    assert said.count("0000000000000000") == 2
    assert "NoNewPrivs:\\t1" in said


@pytest.mark.parametrize("name", ["forks-unseen", "sleeps", "opens-a-socket-unseen", "takes-all-memory", "crashes"])
def test_without_namespaces_it_still_ends_as_an_error(name: str) -> None:
    body, _ = FUNCTIONS[name]
    before = processes()
    request = {**function_request(function(body)), "input": "{}", "parameters": "{}"}
    ended = process.run_confined(request, limits=HASTY if name == "sleeps" else SHORT, namespaces=False)
    assert set(ended.fence) <= {"sockets"}
    assert ended.broke or ended.signal or ended.left or b'"error"' in ended.answer
    assert processes() - before == set()


def test_a_kernel_that_begins_the_fence_and_refuses_it_is_told_as_unfenced(monkeypatch: pytest.MonkeyPatch) -> None:
    patched = (
        "from tolbooth.judge.validators import fence, worker\n"
        "def refuse(): raise fence.HalfFencedError('no map')\n"
        "fence.leave_shared_namespaces = refuse\nfence.refuse_sockets = lambda: False\nworker.main()"
    )
    start = process._PROGRAM.partition("from tolbooth")[0]
    monkeypatch.setattr(process, "_PROGRAM", f"{start}\n{patched}")
    found = run(GOOD)
    assert isinstance(found.results, PackageResults)
    assert (found.fence, found.fenced) == ((), False)


def test_a_validator_of_a_pack_never_runs() -> None:
    lying = Validator(code=GOOD.code, path=GOOD.path, files=GOOD.files, function=GOOD.function, installed=False)
    assert failure(lying).code == "judge.recorded-only"


def test_file_that_does_not_run_as_a_module_is_an_error_with_its_line() -> None:
    found = failure(module("import math\n\nmath.nothing_such\n\ndef rule(input, parameters):\n    return {}\n"))
    assert found.code == "judge.validator-raised"
    assert found.message.startswith("rules/house/hostile/hostile.py:3: AttributeError")


@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_validator_ends_with_the_process_that_asked(how: str) -> None:
    before = processes()
    code = (
        "from tests.validator_sample import *\nfrom tolbooth.judge.validators.running import run_validator\n"
        "print('started', flush=True)\n"
        "run_validator(function('import time\\ntime.sleep(60)'), b'{}', {}, limits=Limits(deadline_seconds=60))\n"
    )
    where = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", code], cwd=where, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        assert any_within(lambda: len(processes() - before) >= 2, 10)
        getattr(parent, how)()
        parent.wait()
    assert any_within(lambda: not processes() - before, 10)


def any_within(holds: Any, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False
