"""The program of the worker process: holds the engine, answers one request at a time, trusts no policy.

Started by path with ``-I -S`` and an empty environment, so it imports nothing of Tolbooth and nothing from the
installed packages but the engine's extension, which is given by its file. A frame is four bytes of length (big-endian)
and that many bytes; a request is a JSON frame, followed by a second frame where it announces a ``body``, the input
document. An evaluation gets a frame for the input, and if that was taken one for each of its packages; every other
request gets one. Frames of quick packages are sent together, since each sending wakes the other side; the number of the
one in work stands in memory that both sides share, so that they know where this process was if it dies.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import resource
import select
import signal
import struct
import sys
import time
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

REQUESTS, ANSWERS = 0, 1
RESULT_SETS = ("deny", "warn", "undecided", "passed")
STACK_BYTES = 8 << 20
STDERR_BYTES = 64 << 10
POSITION = struct.Struct(">Q")
HOLD_SECONDS = 0.002
HOLD_BYTES = 32 << 10


class Worker:
    """One engine with the loaded bundle; each request gives one answer."""

    def __init__(self, regorus: Any) -> None:
        self._regorus = regorus
        self._engine: Any = None
        self._asked: dict[str, str] = {}

    def load(self, request: dict[str, Any], _: str) -> dict[str, Any]:
        """Compile each module alone, so that one bad module is named and the others are checked too; then all."""
        modules = request["modules"]
        failures = [failure for path, text in modules if (failure := self._compile([(path, text)]))]
        asking = self._asking(modules, request["packages"]) if "packages" in request else []
        if not failures and (failure := self._compile([*modules, *asking])):
            failures = [failure]
        if failures:
            return {"failures": failures}
        self._engine.add_data_json(json.dumps(request["data"]))
        return {}

    def input(self, _: dict[str, Any], body: str) -> dict[str, Any]:
        """Set the input document for the evaluations to come."""
        self._engine.set_input_json(body)
        return {}

    def evaluate(self, request: dict[str, Any], _: str) -> str:
        """The result sets of one package, each as a list of no or one value: the engine's own JSON, not read here."""
        sets: str = self._engine.eval_rule_as_json(self._asked[request["package"]])
        self._engine.take_prints()
        return sets

    def document(self, request: dict[str, Any], _: str) -> dict[str, Any]:
        """Any document of the bundle, as a list of no or one value."""
        return {"values": self._document(request["path"])}

    def syntax(self, request: dict[str, Any], _: str) -> dict[str, Any]:
        """The syntax tree of each module that parses, by path."""
        trees = {}
        for path, text in request["modules"]:
            engine = self._regorus.Engine()
            engine.add_policy(path, text)
            trees[path] = json.loads(engine.get_ast_as_json())[0]["ast"]
        return {"trees": trees}

    def arm(self, request: dict[str, Any], body: str) -> dict[str, Any]:
        """Load modules as ``load`` does, and note from now on which lines are reached."""
        answer = self.load({**request, "data": {}}, body)
        if "failures" not in answer:
            self._engine.set_enable_coverage(enable=True)
        return answer

    def test(self, request: dict[str, Any], _: str) -> dict[str, Any]:
        """The value of one rule, as a list of no or one value, and what it printed."""
        self._engine.take_prints()
        results = json.loads(self._engine.eval_query_as_json(request["rule"])).get("result", [])
        values = [result["expressions"][0]["value"] for result in results]
        return {"values": values, "prints": self._engine.take_prints()}

    def coverage(self, _: dict[str, Any], __: str) -> dict[str, Any]:
        """The lines of each module that were reached since ``arm``, and those that were not."""
        files = json.loads(self._engine.get_coverage_report_as_json())["files"]
        return {"files": {file["path"]: [file["covered"], file["not_covered"]] for file in files}}

    def mutate(self, request: dict[str, Any], _: str) -> dict[str, Any]:
        """For each text of one module, beside the others: what a query of all tests says of it."""
        others = self._regorus.Engine()
        others.set_gather_prints(b=True)
        for path, text in request["modules"]:
            others.add_policy(path, text)
        path, query = request["path"], request["query"]
        return {"ends": [self._end(others.clone(), path, text, query) for text in request["texts"]]}

    def _end(self, engine: Any, path: str, text: str, query: str) -> str:
        try:
            engine.add_policy(path, text)
            engine.eval_query_as_json("1")
        except RuntimeError:
            return "invalid"
        try:
            holds = "result" in json.loads(engine.eval_query_as_json(query))
        except RuntimeError as error:
            return "invalid" if "is unsafe" in str(error) else "killed"
        return "survived" if holds else "killed"

    def _document(self, query: str) -> list[Any]:
        # NOTE: ``eval_rule`` raises for an undefined rule, and without ``_as_json`` for a set of objects.
        results = json.loads(self._engine.eval_query_as_json(query)).get("result", [])
        self._engine.take_prints()
        return [result["expressions"][0]["value"] for result in results]

    def _asking(self, modules: list[tuple[str, str]], packages: list[str]) -> list[tuple[str, str]]:
        """One module of ours, with a rule for each package that gathers its sets.

        Unlike a rule, a query is analysed against all modules at every evaluation, which takes longer than most rules.
        """
        name = "asked"
        while any(name in text for _, text in modules):  # what no policy names, none can read or define
            name += "_"
        rules = [f"package_{position} := {{{_sets(package)}}}" for position, package in enumerate(packages)]
        self._asked = {package: f"data.{name}.package_{position}" for position, package in enumerate(packages)}
        return [(f"{name}.rego", "\n\n".join([f"package {name}", *rules]))]

    def _compile(self, modules: list[tuple[str, str]]) -> dict[str, str] | None:
        # NOTE: loading only parses; the engine's analysis runs at the first query.
        engine = self._regorus.Engine()
        engine.set_gather_prints(b=True)
        try:
            for path, text in modules:
                engine.add_policy(path, text)
            engine.eval_query_as_json("1")
        except RuntimeError as error:
            return {"path": modules[0][0], "text": str(error)}
        self._engine = engine
        return None


def _sets(package: str) -> str:
    """The members of an object of all sets of a package, each in a list that is empty where the set is undefined."""
    return ", ".join(f'"{name}": [found | found := data.{package}.{name}]' for name in RESULT_SETS)


class Answers:
    """Frames on their way to the other side; kept while they are young and few."""

    def __init__(self) -> None:
        self._frames = bytearray()
        self._sent_at = time.monotonic()

    def add(self, text: str) -> None:
        """Take one frame, and send all there are if the first may have waited for long, or they are much."""
        body = text.encode()
        self._frames += struct.pack(">I", len(body)) + body
        if len(self._frames) >= HOLD_BYTES or time.monotonic() - self._sent_at >= HOLD_SECONDS:
            self.send()

    def send(self) -> None:
        """Send all there are."""
        frames, self._frames = memoryview(self._frames), bytearray()
        while frames:
            frames = frames[os.write(ANSWERS, frames) :]
        self._sent_at = time.monotonic()


def main() -> None:
    """Serve requests until the other side closes."""
    extension = sys.argv[1]
    memory_bytes, lifeline, shared = (int(argument) for argument in sys.argv[2:])
    hold(lifeline)
    confine(memory_bytes)
    position = mmap.mmap(shared, POSITION.size)
    worker, answers = Worker(load_extension(extension)), Answers()
    answers.add("{}")
    answers.send()
    while (request := read_frame()) is not None:
        content = json.loads(request)
        body = (read_frame() or b"").decode() if content.get("body") else ""
        for number, part in enumerate(parts(content)):
            POSITION.pack_into(position, 0, number)
            said = answer(worker, part, body, content["deadline_seconds"])
            answers.add(json.dumps(said) if isinstance(said, dict) else said)
            if isinstance(said, dict) and "error" in said and part["do"] == "input":
                break
        answers.send()
        signal.setitimer(signal.ITIMER_REAL, 0)


def parts(request: dict[str, Any]) -> list[dict[str, Any]]:
    """What gets a frame of its own: of an evaluation its input and each package, else the request as a whole."""
    if request["do"] != "evaluate":
        return [request]
    return [{"do": "input"}, *({"do": "evaluate", "package": each} for each in request["packages"])]


def answer(worker: Worker, request: dict[str, Any], body: str, deadline_seconds: float) -> dict[str, Any] | str:
    """Do what is asked; whatever the engine raises, a panic too, becomes text."""
    # Where nobody is left to end us, the alarm does; its signal ends a process by default.
    signal.setitimer(signal.ITIMER_REAL, deadline_seconds + 1)
    try:
        found: dict[str, Any] | str = getattr(worker, request["do"])(request, body)
    except MemoryError:
        return {"error": "judge.memory", "text": "the memory limit was reached"}
    except RuntimeError as error:
        return {"error": "judge.evaluation", "text": str(error)}
    except BaseException as error:  # noqa: BLE001 - a panic of the engine is no Exception
        return {"error": "judge.engine-panic", "text": f"{type(error).__name__}: {error}"}
    return found


def confine(memory_bytes: int) -> None:
    """Limit memory, stack, core dumps and what may be written; a platform without a limit goes without it."""
    limits = {
        "RLIMIT_AS": memory_bytes,
        "RLIMIT_STACK": STACK_BYTES,
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": STDERR_BYTES,
    }
    for name, value in limits.items():
        number = getattr(resource, name)
        hard = resource.getrlimit(number)[1]
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(number, (ceiling, ceiling))
        except (ValueError, OSError):  # e.g. RLIMIT_AS on macOS
            continue


def load_extension(path: str) -> Any:
    """Load the engine from exactly this file: no search path is involved."""
    loader = ExtensionFileLoader("regorus", path)
    spec = spec_from_file_location("regorus", path, loader=loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def hold(lifeline: int) -> None:
    """End this process, even inside an evaluation, when the last writer of ``lifeline`` is gone.

    Nothing is ever written to that pipe, so SIGIO, which ends a process by default, means that it was closed. A signal
    at the parent's death would not do: it also comes when the thread that started us ends.
    """
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(lifeline, 0)
    if poll.poll(0):
        sys.exit(0)


def read_frame() -> bytes | None:
    """Read one frame; None when the other side has closed."""
    head = read_exactly(4)
    return None if head is None else read_exactly(struct.unpack(">I", head)[0])


def read_exactly(count: int) -> bytes | None:
    """Read so many bytes, or None at the end."""
    found = bytearray()
    while len(found) < count:
        piece = os.read(REQUESTS, min(count - len(found), 1 << 20))
        if not piece:
            return None
        found += piece
    return bytes(found)


if __name__ == "__main__":
    main()
