"""A file of events, one a line: appended whole and synced, by one writer at a time.

A line ends with a newline, and half an event is no JSON: what a crash cuts off never reads as an event.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_TAIL_BYTES = 16 << 20


def append_events(path: Path, events: Iterable[Any]) -> None:
    """Append events and wait until they are on the disk.

    What a crash left of a line before is ended first, so that it stays one line that is no event.

    Raises:
        OSError: if the file can't be written; a part of the events may stand there, as a line that is no event.
    """
    text = "".join(f"{json.dumps(event, separators=(',', ':'), ensure_ascii=False)}\n" for event in events)
    content = text.encode("utf-8", "replace")
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if content and not _ends_a_line(descriptor):
            content = b"\n" + content
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def drop_unfinished_line(path: Path) -> int:
    """Take away what a crash left of the last line, which nobody was told is kept; its length in bytes, or 0.

    Raises:
        OSError: if the file is there and can't be read or written.
    """
    if not path.exists():
        return 0
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - _TAIL_BYTES)
        file.seek(start)
        tail = file.read()
        unfinished = len(tail) - (tail.rfind(b"\n") + 1)
        if unfinished and (start == 0 or unfinished < len(tail)):
            file.truncate(size - unfinished)
            os.fsync(file.fileno())
            return unfinished
    return 0


def _ends_a_line(descriptor: int) -> bool:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
