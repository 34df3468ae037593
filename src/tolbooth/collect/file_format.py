"""Tells the format of one file from its bytes: never loaded, never unpacked to disk, read in bounded pieces."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from io import BytesIO
from typing import BinaryIO

from tolbooth.collect.format_signs import (
    EXECUTES,
    HEAD_BYTES,
    MAGIC,
    hdf5_format,
    is_safetensors,
    model_of_text_or_ubjson,
    numpy_format,
    text_format,
)
from tolbooth.collect.onnx_sign import is_onnx
from tolbooth.collect.pickle_stream import is_pickle

UNKNOWN = "unknown"

_JOBLIB = b"joblib.numpy_pickle"
_JOBLIB_SPLIT = b"joblib"
_MOST_MEMBERS = 10_000
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP = (b"\x1f\x8b",)
_BZIP2 = (b"BZh",)
_LZMA = (b"\xfd7zXZ\x00", b"\x5d\x00\x00")
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


def format_of(file: BinaryIO, size: int, name: str) -> str:
    """The format of an open file, or ``unknown``.

    Args:
        file: can be sought; its position does not matter.
        size: in bytes.
        name: in lower case. Only where bytes can't tell is it looked at: Python source and TensorFlow's
            ``saved_model.pb``.

    Returns:
        A name of a format. A pickle inside a compressed file is told as what it is inside.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    whole = size <= len(head)
    if not head:
        return "empty"
    # NOTE: first, since its length may begin with the mark of a pickle; the zero bytes behind it are no opcode.
    if is_safetensors(file, size):
        return "safetensors"
    if is_pickle(head, whole=whole):
        return _pickle_format(head)
    if head.startswith(_ZIP):
        return _zip_format(file)
    told = next((known for magic, known in MAGIC if head.startswith(magic)), None)
    told = told or numpy_format(head) or hdf5_format(file, size) or model_of_text_or_ubjson(head)
    told = told or _compressed_format(file, head, name) or text_format(head, name, whole=whole)
    if told is not None:
        return told
    if name.rpartition("/")[2] == "saved_model.pb":
        return "tf-saved-model"
    if name.endswith(".pyc"):
        return "python"
    return "onnx" if is_onnx(file, size) else UNKNOWN


def executes(file: BinaryIO, told: str) -> bool | None:
    """Whether loading a file of this format can run code; None where the format is unknown.

    A ``zip`` does if a member does; any other format, whatever it holds.
    """
    if told == UNKNOWN:
        return None
    return _zip_executes(file) if told == "zip" else told in EXECUTES


def _pickle_format(head: bytes) -> str:
    split = _JOBLIB_SPLIT in head and b"numpy_pickle" in head
    return "joblib" if _JOBLIB in head or split else "pickle"


def _compressed_format(file: BinaryIO, head: bytes, name: str) -> str | None:
    """What a compressed file holds, if that runs code; joblib compresses whole files. Compressed twice is unknown."""
    file.seek(0)
    try:
        inside = _decompressed(file, head)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
        return None
    if inside is None:
        return None
    if inside.startswith((*_ZIP, *_GZIP, *_BZIP2, *_LZMA, *_ZLIB)):
        return UNKNOWN
    told = format_of(BytesIO(inside), len(inside), name.rpartition(".")[0])
    return told if told == UNKNOWN or told in EXECUTES else "compressed"


def _decompressed(file: BinaryIO, head: bytes) -> bytes | None:
    """The first bytes of what is inside; None for a file that is compressed in no known way."""
    if head.startswith(_GZIP):
        with gzip.GzipFile(fileobj=file) as opened:
            return opened.read(HEAD_BYTES)
    if head.startswith(_BZIP2):
        with bz2.BZ2File(file) as opened:
            return opened.read(HEAD_BYTES)
    if head.startswith(_LZMA):
        with lzma.LZMAFile(file) as opened:
            return opened.read(HEAD_BYTES)
    return zlib.decompressobj().decompress(head, HEAD_BYTES) if head.startswith(_ZLIB) else None


def _zip_format(file: BinaryIO) -> str:
    """A zip archive by the names of its members; one of no known kind by what they begin with."""
    names = _members(file)
    if names is None:
        return UNKNOWN
    last = {name.rpartition("/")[2] for name in names}
    if "data.pkl" in last:
        return "torch-script" if "constants.pkl" in last else "torch-zip"
    if {"config.json", "metadata.json"} <= set(names):
        return "keras"
    if "schema.json" in names:
        return "skops"
    inside = _member_formats(file)
    if inside and set(inside) <= {"numpy", "numpy-objects"}:
        return "numpy-objects" if "numpy-objects" in inside else "numpy-zip"
    return UNKNOWN if UNKNOWN in inside and not EXECUTES.keys() & set(inside) else "zip"


def _zip_executes(file: BinaryIO) -> bool:
    return bool(EXECUTES.keys() & set(_member_formats(file)))


def _members(file: BinaryIO) -> list[str] | None:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            names = [member.filename for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError):
        return None
    return names if len(names) <= _MOST_MEMBERS else None


def _member_formats(file: BinaryIO) -> list[str]:
    """The format of each member's first bytes; a zip inside a zip is unknown."""
    found = []
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            try:
                with archive.open(member) as opened:
                    head = opened.read(HEAD_BYTES)
            except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, zlib.error, lzma.LZMAError):
                found.append(UNKNOWN)
                continue
            found.append(
                UNKNOWN if head.startswith(_ZIP) else format_of(BytesIO(head), len(head), member.filename.lower())
            )
    return found
