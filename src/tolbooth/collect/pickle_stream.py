"""Whether bytes are a pickle, told by reading its opcodes; nothing is ever unpickled.

From protocol 2 on a pickle says so in its first two bytes. Protocols 0 and 1 have no mark and may be plain text, so
their opcodes are followed on a stack of their own, as an unpickler would.
"""

from __future__ import annotations

import pickletools
import warnings
from io import BytesIO
from typing import Any

_PROTO = 0x80
_HIGHEST_PROTOCOL = 5
_MARK = pickletools.markobject
_CALLING = frozenset({"BUILD", "INST", "NEWOBJ", "NEWOBJ_EX", "OBJ", "REDUCE"})
_FEWEST_OPCODES = 2
_MOST_OPCODES = 20_000
_MOST_STREAMS = 1_000


def is_pickle(head: bytes, *, whole: bool) -> bool:
    """Whether an unpickler would take these bytes for a pickle, or for several one behind the other.

    Args:
        head: the first bytes of the file.
        whole: whether they are all of it. A pickle that goes on behind ``head`` need not end in it.

    Returns:
        True for the mark of protocols 2 to 5; else, if the opcodes keep their stack until a call, or until a STOP at
        the end with something on it. A call is enough: an unpickler makes it before it sees what follows.
    """
    start = 0
    for _ in range(_MOST_STREAMS):
        if start == len(head):
            return start > 0
        if head[start] == _PROTO and start + 1 < len(head) and head[start + 1] <= _HIGHEST_PROTOCOL:
            return True
        # Bytes of any file are read as text with escapes, and Python warns of those that it does not know.
        with warnings.catch_warnings(action="ignore"):
            told, start = _stream(head, start, whole=whole)
        if told is not None:
            return told
    return True


def _stream(head: bytes, start: int, *, whole: bool) -> tuple[bool | None, int]:
    """Follow one stream of opcodes: what it tells, or None and where the next one begins."""
    reading = BytesIO(head)
    reading.seek(start)
    stack: list[Any] = []
    opcodes = 0
    try:
        for opcode, argument, _ in pickletools.genops(reading):
            if (opcode.name == "GLOBAL" and not _is_name(argument)) or not _apply(opcode, stack):
                return False, start
            opcodes += 1
            if opcode.name in _CALLING or opcodes >= _MOST_OPCODES:
                return True, start
    except (ValueError, OverflowError, IndexError):
        # Where the bytes ran out, and not the sense, a pickle may go on behind them.
        return not whole and opcodes >= _FEWEST_OPCODES and reading.tell() >= len(head), start
    return None, reading.tell()


def _apply(opcode: pickletools.OpcodeInfo, stack: list[Any]) -> bool:
    """Do to the stack what the opcode does; False if what it takes isn't there. As ``pickletools.dis`` does it."""
    takes = opcode.stack_before
    count = len(takes)
    if _MARK in takes or (opcode.name == "POP" and stack and stack[-1] is _MARK):
        if _MARK not in stack:
            return False
        while stack.pop() is not _MARK:
            pass
        count = takes.index(_MARK) if _MARK in takes else 0
    if count > len(stack) or _MARK in stack[len(stack) - count :]:
        return False
    del stack[len(stack) - count :]
    stack.extend(opcode.stack_after)
    return True


def _is_name(argument: object) -> bool:
    """Whether a module and what is taken from it could be imported: ``collections OrderedDict``."""
    module, _, name = str(argument).partition(" ")
    return all(part.isidentifier() for part in (*module.split("."), *name.split(".")))
