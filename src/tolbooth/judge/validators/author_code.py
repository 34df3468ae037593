"""Runs an author's Python in the validator's process: one function or one test, and tells as JSON what came of it.

Only ``worker`` calls this, fenced in. What the author's code prints goes elsewhere than its answer.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CodeType, FrameType, ModuleType
from typing import Any

_TEXT = 500
_MOST_CALLS = 20
_REFUSED_EVENTS = ("os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.spawn", "os.system", "os.startfile",
                   "os.kill", "os.killpg", "signal.pthread_kill", "subprocess.Popen", "pty.spawn")  # fmt: skip
_REFUSED_FAMILIES = ("socket.",)


class Refusals:
    """Refuses sockets, processes and signals, and remembers what was tried while ``armed``."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.armed = False
        sys.addaudithook(self._audit)

    def _audit(self, event: str, _: tuple[Any, ...]) -> None:
        if event in _REFUSED_EVENTS or event.startswith(_REFUSED_FAMILIES):
            if self.armed:
                self.tried.append(event)
            raise PermissionError(
                f"{event} is refused: a validator opens no socket, starts no process, sends no signal"
            )


def run_function(request: Mapping[str, Any]) -> bytes:
    """Call the validator's function once; its sets, or an error's code and text."""
    refusals = Refusals()
    try:
        module = _module(request["path"], request["source"], request["module"])
        refusals.armed = True
        found = getattr(module, request["function"])(json.loads(request["input"]), json.loads(request["parameters"]))
        sets = _sets(found)
    except BaseException as error:  # noqa: BLE001 - an author's code may raise anything
        return _failure(error, request["path"])
    # NOTE: what an imported library tried at import is refused as well, but may be shrugged off; a call may not.
    if refusals.tried:
        text = f"it tried {refusals.tried[0]}: a validator opens no socket, starts no process and sends no signal"
        return _error("judge.validator-forbidden", text)
    try:
        return json.dumps({"sets": sets}, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError, MemoryError) as error:
        return _error("judge.result-shape", f"what it returned is not JSON: {_said(error)}")


def run_test(request: Mapping[str, Any]) -> bytes:
    """Call one test function; whether it passed, which lines of the validator's file ran, and how it was called."""
    refusals = Refusals()
    lines: set[int] = set()
    calls: list[tuple[str, str, str]] = []
    path = request["path"]

    def trace(frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        if frame.f_code.co_filename != path:
            return None
        if event == "line":
            lines.add(frame.f_lineno)
        elif event == "call" and frame.f_code.co_name in request["functions"] and len(calls) < _MOST_CALLS:
            calls.extend(_call(frame))
        return trace

    told: dict[str, Any] = {"outcome": "passed", "message": ""}
    sys.settrace(trace)
    try:
        _module(path, request["source"], request["stem"])
        tests = _module(request["test_path"], request["test_source"], "__validator_test__")
        refusals.armed = True
        getattr(tests, request["test"])()
    except AssertionError as error:
        told = {"outcome": "failed", "message": _at(error, request["test_path"])}
    except BaseException as error:  # noqa: BLE001 - an author's code may raise anything
        told = {"outcome": "error", "message": _at(error, request["test_path"])}
    finally:
        sys.settrace(None)
    if refusals.tried and told["outcome"] == "passed":
        told = {"outcome": "error", "message": f"it tried {refusals.tried[0]}, which is refused"}
    return json.dumps({**told, "lines": sorted(lines), "calls": calls}).encode()


def _call(frame: FrameType) -> Iterator[tuple[str, str, str]]:
    """What a validator is called with: its function, the input and the parameters as JSON, if that is what they are."""
    given = [frame.f_locals.get(name) for name in frame.f_code.co_varnames[: frame.f_code.co_argcount]]
    if len(given) != 2:  # noqa: PLR2004 - the input and the parameters
        return
    try:
        document, parameters = (json.dumps(each, allow_nan=False) for each in given)
    except (TypeError, ValueError, RecursionError):
        return
    yield frame.f_code.co_name, document, parameters


def executable_lines(source: str, path: str) -> list[int]:
    """The lines of a file that can run; compiles it, but runs nothing of it."""
    waiting, found = [compile(source, path, "exec", dont_inherit=True)], set[int]()
    while waiting:
        code = waiting.pop()
        found.update(line for _, _, line in code.co_lines() if line)
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return sorted(found)


def _module(path: str, source: str, name: str | None) -> ModuleType:
    """Run a file as a module that can be imported by its name."""
    module = ModuleType(name or "__validator__")
    module.__file__ = path
    module.__package__ = module.__name__.rpartition(".")[0]
    sys.modules[module.__name__] = module
    exec(compile(source, path, "exec", dont_inherit=True), vars(module))  # noqa: S102 - the author's code, fenced in
    return module


def _sets(found: object) -> object:
    """A mapping as it is; pairs of a set's name and a result, which a generator yields, gathered by name."""
    if found is None:
        raise TypeError("it returned nothing: return {} to say that nothing was found")
    if isinstance(found, Mapping) or not isinstance(found, Iterable):
        return found
    sets: dict[str, list[object]] = {}
    for pair in found:
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)):  # noqa: PLR2004 - a pair
            raise TypeError("it gave something else than pairs such as 'deny', {...}")
        sets.setdefault(pair[0], []).append(pair[1])
    return sets


def _failure(error: BaseException, path: str) -> bytes:
    if isinstance(error, MemoryError):
        return _error("judge.memory", "it needs more memory than the limit allows")
    code = "judge.validator-forbidden" if _is_refusal(error) else "judge.validator-raised"
    return _error(code, _at(error, path))


def _is_refusal(error: BaseException) -> bool:
    return isinstance(error, PermissionError) and "is refused: a validator" in str(error)


def _at(error: BaseException, path: str) -> str:
    """What was raised, and at which line of the author's file."""
    frames = traceback.extract_tb(error.__traceback__)
    line = next((frame.lineno for frame in reversed(frames) if frame.filename == path), None)
    if line is None and isinstance(error, SyntaxError):
        line = error.lineno
    return f"{path}{f':{line}' if line else ''}: {_said(error)}"


def _said(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    return text if len(text) <= _TEXT else f"{text[:_TEXT]}…"


def _error(code: str, text: str) -> bytes:
    return json.dumps({"error": code, "text": text}).encode()
