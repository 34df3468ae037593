"""Asks a source until it answers, within limits, and says in our own words why it did not.

Nothing of a foreign exception leaves: its text may quote addresses, credentials and answers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tolbooth.collect.mlflow.wanted import Patience
from tolbooth.model.errors import CollectError, TolboothError

T = TypeVar("T")

_MISSING = frozenset({"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"})
_REFUSED = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED"})
_NOT_FOUND_STATUS = 404
_REFUSED_STATUS = frozenset({401, 403})
# By name, so that no library has to be there; of requests, urllib3 and Python itself.
_TIMED_OUT = frozenset({"ConnectTimeout", "ConnectTimeoutError", "ReadTimeout", "ReadTimeoutError", "TimeoutError"})
_DROPPED = frozenset({"ChunkedEncodingError", "ConnectionError", "ProtocolError"})

_WORDS = {
    "collect.mlflow-missing": "has no such object",
    "collect.mlflow-refused": "refused to answer",
    "collect.mlflow-old-server": "does not know the question: it is older than the client",
    "collect.mlflow-schema": "holds a database of another version of MLflow, which is opened for reading only",
    "collect.mlflow-question": "did not take the question",
    "collect.mlflow-no-driver": "needs a library to reach its artifacts that is not installed",
    "collect.mlflow-stalled": "did not answer in time",
    "collect.mlflow-dropped": "dropped the connection or can't be reached",
    "collect.mlflow-failed": "answered with an error",
    "collect.mlflow-deadline": "took more time in all than it is given",
}
_FINAL = frozenset(
    {
        "collect.mlflow-missing",
        "collect.mlflow-refused",
        "collect.mlflow-old-server",
        "collect.mlflow-schema",
        "collect.mlflow-question",
        "collect.mlflow-no-driver",
        "collect.mlflow-deadline",
    }
)


class SourceError(CollectError):
    """A source did not give what it was asked for, at the end of our patience or for good."""


class Asking:
    """Asks one source: every question counts against one budget, and every attempt is counted.

    ``remote`` sources are asked in a thread of their own, which is left behind if it never comes back.
    """

    def __init__(self, patience: Patience, *, remote: bool) -> None:
        self.patience = patience
        self.remote = remote
        self.questions = 0
        self.retries = 0
        self._left_seconds = patience.total_seconds

    def ask(self, what: str, question: Callable[[], T]) -> T:
        """Ask until there is an answer.

        Args:
            what: the thing asked for, in words that hold nothing of a source.
            question: asks once.

        Raises:
            SourceError: with a stable code and how often it was asked.
        """
        self.questions += 1
        code = ""
        for attempt in range(1, self.patience.attempts + 1):
            if attempt > 1:
                self.pause(attempt)
            answer, code = self._once(question)
            if not code:
                return answer  # type: ignore[return-value]
            if code in _FINAL:
                raise refusal(code, what, attempt)
        raise refusal(code, what, self.patience.attempts)

    def pause(self, attempt: int) -> None:
        """Wait before another attempt; doubled each time."""
        self.retries += 1
        time.sleep(self.patience.pause_seconds * 2 ** (attempt - 2))

    def _once(self, question: Callable[[], T]) -> tuple[T | None, str]:
        if self._left_seconds <= 0:
            return None, "collect.mlflow-deadline"
        began = time.monotonic()
        try:
            if not self.remote:
                return attempt(question)
            waiting = Waiting(question)
            waiting.wait(min(self.patience.answer_seconds, self._left_seconds))
            return waiting.outcome
        finally:
            self._left_seconds -= time.monotonic() - began


class Waiting:
    """A question that is being asked in a thread of its own; what never ends does not keep the program from ending."""

    def __init__(self, question: Callable[[], Any]) -> None:
        self._outcome: tuple[Any, str] = (None, "collect.mlflow-stalled")
        self._thread = threading.Thread(target=self._run, args=(question,), daemon=True, name="tolbooth-mlflow")
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; whether it ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def outcome(self) -> tuple[Any, str]:
        """The answer and no code, or no answer and the code of what went wrong; stalled while it has not ended."""
        return self._outcome

    def _run(self, question: Callable[[], Any]) -> None:
        self._outcome = attempt(question)


def is_final(code: str) -> bool:
    """Whether asking again can't help: the source understood, and said no."""
    return code in _FINAL


def attempt(question: Callable[[], T]) -> tuple[T | None, str]:
    """Ask once: the answer and no code, or no answer and the code of what went wrong."""
    try:
        return question(), ""
    except Exception as error:  # noqa: BLE001 - a foreign client, its drivers and a hostile server may raise anything
        return None, _code(error)


def refusal(code: str, what: str, attempts: int) -> TolboothError:
    """What became of a question, in our own words."""
    times = "" if attempts == 1 else f", asked {attempts} times"
    return SourceError.of(code, f"MLflow {_WORDS[code]} ({what}{times})")


def _code(error: Exception) -> str:
    chain = list(_chain(error))
    names = {type(each).__name__ for each in chain}
    told = str(getattr(error, "error_code", ""))
    status = getattr(getattr(error, "response", None), "status_code", None)
    if names & _TIMED_OUT:
        return "collect.mlflow-stalled"
    if told in _MISSING or status == _NOT_FOUND_STATUS or "FileNotFoundError" in names:
        return "collect.mlflow-missing"
    if told in _REFUSED or status in _REFUSED_STATUS or "PermissionError" in names:
        return "collect.mlflow-refused"
    if told == "ENDPOINT_NOT_FOUND":
        return "collect.mlflow-old-server"
    if any(sign in str(error) for sign in ("database schema", "readonly database", "no such table", "no such column")):
        return "collect.mlflow-schema"
    if told == "INVALID_PARAMETER_VALUE":
        return "collect.mlflow-question"
    if names & {"ImportError", "ModuleNotFoundError"}:
        return "collect.mlflow-no-driver"
    if "RetryError" in names:
        return "collect.mlflow-failed"
    return "collect.mlflow-dropped" if names & _DROPPED else "collect.mlflow-failed"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
