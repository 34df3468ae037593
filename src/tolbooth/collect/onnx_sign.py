"""Whether a file is an ONNX model: the outline of a protocol buffer, walked field by field without reading weights.

SPEC: onnx.proto, ``ModelProto``; Protocol Buffers encoding, wire types 0 (varint), 1, 2 (length) and 5.
"""

from __future__ import annotations

from typing import BinaryIO

_IR_VERSION, _GRAPH = 1, 7
_FIELDS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10
_MOST_FIELDS = 100_000


def is_onnx(file: BinaryIO, size: int) -> bool:
    """Whether the file, from its first byte to its last, is one ``ModelProto`` with a version and a graph."""
    file.seek(0)
    found: set[int] = set()
    for _ in range(_MOST_FIELDS):
        if file.tell() == size:
            return {_IR_VERSION, _GRAPH} <= found
        tag = _varint(file)
        if tag is None or tag >> 3 not in _FIELDS or not _skip(file, tag & 7, size):
            return False
        found.add(tag >> 3)
    return False


def _skip(file: BinaryIO, wire_type: int, size: int) -> bool:
    if wire_type == _VARINT:
        return _varint(file) is not None
    length = {_FIXED64: 8, _FIXED32: 4}.get(wire_type) if wire_type != _LENGTH else _varint(file)
    if length is None or length > size - file.tell():
        return False
    file.seek(length, 1)
    return True


def _varint(file: BinaryIO) -> int | None:
    value = 0
    for position in range(_LONGEST_VARINT):
        byte = file.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << (7 * position)
        if byte[0] < 0x80:  # noqa: PLR2004 - the bit that says that more follows
            return value
    return None
