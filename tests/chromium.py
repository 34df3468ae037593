"""A real Chromium over its debugging pipe: opens a page, tells what it logged and asked for, and answers questions."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import Any

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
_DEADLINE_SECONDS = 60


class Page:
    """One open page; ``events`` are what the browser reported about it."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to_browser, self._from_browser = to_browser, from_browser
        self._buffer = b""
        self._last_id = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def attach(self) -> None:
        """Open an empty page and listen to it."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol and wait for its answer."""
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._last_id:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + _DEADLINE_SECONDS
        while b"\0" not in self._buffer:
            ready, _, _ = select([self._from_browser], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser did not answer in time"
            chunk = os.read(self._from_browser, 1 << 16)
            assert chunk, "the browser went away"
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(message))

    def open(self, path: Path, *, width: int, scheme: str = "light", media: str = "screen") -> None:
        """Load a file at a width in a colour scheme, and wait until it is drawn."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600
        )
        self.call(
            "Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        self.call("Page.navigate", url=path.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def requested(self) -> list[str]:
        """Every address that was asked for."""
        sent = (event for event in self.events if event.get("method") == "Network.requestWillBeSent")
        return [event["params"]["request"]["url"] for event in sent]

    def complaints(self) -> list[str]:
        """Everything that the console, the log or an uncaught error said."""
        methods = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
        return [json.dumps(event["params"]) for event in self.events if event.get("method") in methods]


@contextmanager
def chromium(browser: str, profile: Path) -> Iterator[Page]:
    """Run the browser with a fresh profile and give one page of it."""
    command_read, command_write = _high_pipe()
    answer_read, answer_write = _high_pipe()
    actions = [
        (os.POSIX_SPAWN_DUP2, command_read, 3),
        (os.POSIX_SPAWN_DUP2, answer_write, 4),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    arguments = [browser, *_FLAGS, f"--user-data-dir={profile}"]
    process = os.posix_spawn(browser, arguments, dict(os.environ), file_actions=actions, setpgroup=0)
    os.close(command_read)
    os.close(answer_write)
    try:
        page = Page(command_write, answer_read)
        page.attach()
        yield page
    finally:
        os.close(command_write)
        os.close(answer_read)
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _high_pipe() -> tuple[int, int]:
    """A pipe whose ends are numbered 10 and up, out of the way of 3 and 4, which the browser reads and writes."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]
