"""How often MLflow is asked, how long it may take, and what is said when it does not answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from tolbooth.collect.mlflow.asking import Asking, SourceError
from tolbooth.collect.mlflow.wanted import Patience

CANARY = "canary-7f3a"


class MlflowException(Exception):  # noqa: N818 - the foreign name
    def __init__(self, code: str) -> None:
        super().__init__(f"https://ana:{CANARY}@example.org said {CANARY}")
        self.error_code = code


def asking(*, remote: bool = False, **more: float) -> Asking:
    limits = {"answer_seconds": 0.2, "total_seconds": 5.0, "pause_seconds": 0.001} | more
    return Asking(Patience(attempts=3, **limits), remote=remote)


def failing(times: int, error: Exception) -> Callable[[], str]:
    left = [error] * times

    def question() -> str:
        if left:
            raise left.pop()
        return "answer"

    return question


@pytest.mark.parametrize("remote", [False, True])
def test_what_fails_twice_is_answered_the_third_time(remote: bool) -> None:
    source = asking(remote=remote)
    assert source.ask("x", failing(2, ConnectionError(CANARY))) == "answer"
    assert (source.questions, source.retries) == (1, 2)


@pytest.mark.parametrize("remote", [False, True])
def test_what_fails_three_times_is_given_up_with_its_reason_and_without_its_text(remote: bool) -> None:
    with pytest.raises(SourceError) as caught:
        asking(remote=remote).ask("a run", failing(3, ConnectionError(CANARY)))
    assert caught.value.code == "collect.mlflow-dropped"
    assert str(caught.value) == "MLflow dropped the connection or can't be reached (a run, asked 3 times)"
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MlflowException("RESOURCE_DOES_NOT_EXIST"), "collect.mlflow-missing"),
        (FileNotFoundError(CANARY), "collect.mlflow-missing"),
        (MlflowException("PERMISSION_DENIED"), "collect.mlflow-refused"),
        (MlflowException("INVALID_PARAMETER_VALUE"), "collect.mlflow-question"),
        (MlflowException("ENDPOINT_NOT_FOUND"), "collect.mlflow-old-server"),
        (ModuleNotFoundError("boto3"), "collect.mlflow-no-driver"),
        (ValueError("attempt to write a readonly database"), "collect.mlflow-schema"),
    ],
)
def test_what_will_not_change_is_asked_once(error: Exception, code: str) -> None:
    source = asking()
    with pytest.raises(SourceError) as caught:
        source.ask("x", failing(9, error))
    assert (caught.value.code, source.retries) == (code, 0)
    assert CANARY not in str(caught.value)


def test_a_cause_deep_in_a_chain_is_seen() -> None:
    def question() -> None:
        raise MlflowException("INTERNAL_ERROR") from TimeoutError()

    with pytest.raises(SourceError) as caught:
        asking().ask("x", question)
    assert caught.value.code == "collect.mlflow-stalled"


def test_a_question_that_never_ends_is_left_behind() -> None:
    release = threading.Event()
    began = time.monotonic()
    with pytest.raises(SourceError) as caught:
        asking(remote=True, answer_seconds=0.05).ask("x", lambda: release.wait(30))
    release.set()
    assert caught.value.code == "collect.mlflow-stalled"
    assert time.monotonic() - began < 5


def test_all_questions_share_one_budget() -> None:
    source = asking(remote=True, answer_seconds=0.1, total_seconds=0.15)
    with pytest.raises(SourceError) as caught:
        source.ask("x", lambda: time.sleep(0.5))
    assert caught.value.code == "collect.mlflow-deadline"
    with pytest.raises(SourceError):
        source.ask("y", lambda: "would be quick")
