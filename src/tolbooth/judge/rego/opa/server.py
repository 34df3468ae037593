"""A team's OPA server: our policies stand there while we judge, under names of this run, and nothing else is touched.

A server holds one policy for all who ask it, so gates take turns: whose turn it is stands in ``data.tolbooth.turn``,
which is made in one step or not at all. The turn is a courtesy; what guards a decision is the module ``asked``. It is
the first that a run puts and the last that it takes away, and it names the run and repeats the data in every answer,
so that an answer from anybody else's policies or data, or from a mixture, is an error and never a result.

A package or a data document that the server has of its own is never shared, replaced or renamed: the load is refused.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from tolbooth.judge.interface import Module
from tolbooth.judge.rego.opa.client import Answer, Endpoint, OpaClient, unexpected
from tolbooth.judge.rego.opa.failures import OpaFailedError, compile_error
from tolbooth.model.wire import JsonObject

PREFIX = "tolbooth/"
"""What the ids of our policies begin with on the server."""

ASKED_PATH = "tolbooth.asked.rego"
"""The path of the module that we add to a bundle."""

_TURN = "/v1/data/tolbooth/turn"
_LOOK_SECONDS = 0.25
_TURN_DEADLINES = 3
"""For how many deadlines a run may keep the turn, before another takes it for dead."""

_PACKAGE = re.compile(r"^package\s+([A-Za-z0-9_.]+)", re.MULTILINE)


class ServerOpa:
    """Loads policies into a server, asks it, and takes them away again.

    Args:
        endpoint: where the server listens.
        run: names this run, in no more than letters and digits.
        clock: seconds that only grow.
    """

    sha256 = ""
    isolates = False

    def __init__(self, endpoint: Endpoint, run: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = OpaClient(endpoint)
        self._clock = clock
        self._seconds = 0.0
        self._put: list[str] = []
        self._keys: list[str] = []
        self._has_turn = False
        self._run = run
        self.id_prefix = f"{PREFIX}{run}/"

    def load(self, modules: Iterable[Module], data: JsonObject, *, seconds: float) -> None:
        """Take the turn, and put modules and data; the first module is ``asked``.

        Raises:
            JudgeError: ``policy.compile`` with the mistakes of the modules that OPA does not take.
            OpaFailedError: ``judge.opa-busy``, ``judge.opa-collision``, or whatever the exchange ran into.
        """
        asked, *rest = modules
        self._seconds = seconds
        self.close()
        try:
            self._take_turn(sorted(data))
            self._refuse_collisions(rest, data)
            self._put_all([asked])
            for key in sorted(data):
                self._keys.append(key)
                self._call("PUT", _data_path(key), data[key], expect={204})
            self._put_all(rest)
        except BaseException:
            self.close()
            raise

    def ask(self, path: str, body: bytes, *, seconds: float) -> Answer:
        """Post a question.

        Raises:
            OpaFailedError: as ``OpaClient.ask``.
        """
        return self._client.ask("POST", path, body=body, seconds=seconds)

    def close(self) -> None:
        """Take away what we put, then give the turn back; what can't be removed now, the next run removes."""
        try:
            for key in self._keys:
                self._call("DELETE", _data_path(key))
            for name in reversed(self._put):
                self._call("DELETE", _policy_path(name))
            if self._has_turn and self._read(_TURN).get("run") == self._run:
                self._call("DELETE", _TURN)
        except OpaFailedError:
            pass
        finally:
            self._put, self._keys, self._has_turn = [], [], False
            self._client.close()

    def _take_turn(self, keys: list[str]) -> None:
        """Wait for the turn; a run that kept it for too long was killed, and is cleared away."""
        mine = {"run": self._run, "seconds": self._seconds * _TURN_DEADLINES, "data": keys}
        seen: Mapping[str, Any] = {}
        since = started = self._clock()
        while self._is_taken(mine):
            held, now = self._read(_TURN), self._clock()
            if held != seen:
                seen, since = held, now
            if now - since > _seconds_of(held, self._seconds * _TURN_DEADLINES):
                self._clear(held, keys)
            elif now - started > self._seconds * (_TURN_DEADLINES + 1):
                raise self._failed("judge.opa-busy", "is in use by other gates; they take turns")
            else:
                time.sleep(_LOOK_SECONDS)
        self._has_turn = True
        self._clear({}, keys)

    def _is_taken(self, mine: Mapping[str, Any]) -> bool:
        answer = self._call("PUT", _TURN, mine, {"If-None-Match": "*"}, expect={204, 304})
        return answer.status == HTTPStatus.NOT_MODIFIED

    def _clear(self, dead: Mapping[str, Any], keys: Iterable[str]) -> None:
        """Take away what runs that ended early left behind: first the modules that make their answers count."""
        left = [name for name in self._policies() if name.startswith(PREFIX)]
        modules = sorted(left, key=lambda name: not name.endswith(ASKED_PATH))
        while modules:
            kept = [
                name for name in modules if self._call("DELETE", _policy_path(name)).status == HTTPStatus.BAD_REQUEST
            ]
            if kept == modules:
                raise self._failed("judge.opa-collision", f"can't remove '{kept[0]}', which an earlier run left there")
            modules = kept
        # NOTE: what a turn names may be anybody's; only documents of ours are taken away.
        for key in (key for key in keys if key in dead.get("data", ())):
            self._call("DELETE", _data_path(key))
        if dead and self._read(_TURN) == dead:
            self._call("DELETE", _TURN)

    def _refuse_collisions(self, modules: Iterable[Module], data: JsonObject) -> None:
        ours = {found[1] for module in modules if (found := _PACKAGE.search(module.text))}
        for name, package in self._policies().items():
            if package in ours:
                text = f"has a policy of its own in package {package}: '{name}'"
                raise self._failed("judge.opa-collision", f"{text}; name a server for Tolbooth alone, or opa.binary")
        for key in data:
            if "result" in self._call("GET", _data_path(key), expect={200}).document:
                text = f"has a document data.{key} of its own"
                raise self._failed("judge.opa-collision", f"{text}; name a server for Tolbooth alone, or opa.binary")

    def _put_all(self, modules: Iterable[Module]) -> None:
        """Put each module; one that calls another's functions waits until those are there."""
        waiting = list(modules)
        while waiting:
            refused = [
                (module, answer) for module in waiting if (answer := self._put_one(module)).status != HTTPStatus.OK
            ]
            if len(refused) == len(waiting):
                raise self._refused([module for module, _ in refused], [answer for _, answer in refused])
            waiting = [module for module, _ in refused]

    def _put_one(self, module: Module) -> Answer:
        name = f"{self.id_prefix}{module.path}"
        answer = self._client.ask(
            "PUT",
            _policy_path(name),
            body=module.text.encode(),
            headers={"Content-Type": "text/plain"},
            seconds=self._seconds,
        )
        if answer.status == HTTPStatus.OK:
            self._put.append(name)
        return answer

    def _refused(self, modules: list[Module], answers: list[Answer]) -> Exception:
        found = [compile_error(answer.document, self.id_prefix, modules) for answer in answers]
        problems = [problem for error in found if error is not None for problem in error.problems]
        error = next((error for error in found if error is not None), None)
        return unexpected(self._client.endpoint, answers[0]) if error is None else type(error)(problems)

    def _policies(self) -> dict[str, str]:
        """The package of every policy there, by id."""
        listed = self._call("GET", "/v1/policies", expect={200}).document
        try:
            return {each["id"]: _package(each.get("ast")) for each in listed.get("result", [])}
        except (AttributeError, KeyError, TypeError) as error:
            raise self._failed("judge.opa-answer", "lists its policies in a form that is not OPA's") from error

    def _read(self, path: str) -> Mapping[str, Any]:
        found = self._call("GET", path, expect={200}).document
        result = found.get("result") if isinstance(found, Mapping) else None
        return result if isinstance(result, Mapping) else {}

    def _call(
        self,
        method: str,
        path: str,
        content: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        expect: set[int] | None = None,
    ) -> Answer:
        body = None if content is None else json.dumps(content).encode()
        answer = self._client.ask(method, path, body=body, headers=headers, seconds=self._seconds)
        if expect is not None and answer.status not in expect:
            raise unexpected(self._client.endpoint, answer)
        return answer

    def _failed(self, code: str, what: str) -> OpaFailedError:
        return OpaFailedError(code, f"OPA at {self._client.endpoint.name} {what}")


def _policy_path(name: str) -> str:
    return f"/v1/policies/{quote(name)}"


def _data_path(key: str) -> str:
    return f"/v1/data/{quote(key, safe='')}"


def _package(tree: Any) -> str:
    """The package's name as it stands in a module, without ``data.``."""
    return "" if tree is None else ".".join(str(part["value"]) for part in tree["package"]["path"][1:])


def _seconds_of(turn: Mapping[str, Any], otherwise: float) -> float:
    found = turn.get("seconds")
    return float(found) if isinstance(found, (int, float)) and found >= 0 else otherwise
