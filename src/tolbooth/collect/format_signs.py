"""The signs by which a file's format is told from its bytes, and which formats run code when they are loaded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import BinaryIO

EXECUTES: Mapping[str, str] = {
    "joblib": "https://joblib.readthedocs.io/en/stable/persistence.html",
    "keras": "https://nvd.nist.gov/vuln/detail/CVE-2025-1550",
    "keras-h5": "https://www.tensorflow.org/api_docs/python/tf/keras/models/load_model",
    "native-library": "https://docs.python.org/3/library/ctypes.html",
    "numpy-objects": "https://numpy.org/doc/stable/reference/generated/numpy.load.html",
    "pickle": "https://docs.python.org/3/library/pickle.html",
    "python": "https://docs.python.org/3/reference/import.html",
    "tf-saved-model": "https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md",
    "torch-script": "https://github.com/pytorch/pytorch/blob/main/SECURITY.md",
    "torch-zip": "https://docs.pytorch.org/docs/stable/generated/torch.load.html",
    "zip": "https://docs.python.org/3/library/pickle.html",
}
"""Formats that can run code when they are loaded, each with the page that says so.

``torch-zip`` holds a pickle, which newer versions of ``torch.load`` restrict unless told otherwise; a ``zip`` runs code
if one of its members does; ``keras`` builds whatever classes its configuration names.
"""

HEAD_BYTES = 1 << 20

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"GGUF", "gguf"),
    (b"CBM1", "catboost"),
    (b"PAR1", "parquet"),
    (b"ARROW1\x00\x00", "arrow"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"\x7fELF", "native-library"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
)

_UBJSON_MODEL = re.compile(rb"\{(?:L\x00{7}|[iU])\x07learner")
_JSON_MODEL = re.compile(rb'\s*\{\s*"learner"\s*:')
_LIGHTGBM = re.compile(rb"tree\r?\nversion=v[0-9]")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_HDF5_OFFSETS = (0, 512, 1024, 2048, 4096, 8192)
_NPY = b"\x93NUMPY"
_OBJECT_TYPE = re.compile(rb"'[|<>=]?O[0-9]*'")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LONGEST_HEADER = 100_000_000
_PARSED_HEADER = 16 << 20
_JSON_SUFFIXES = (".json", ".jsonl", ".ipynb")


def is_safetensors(file: BinaryIO, size: int) -> bool:
    """A length of 8 bytes, then a JSON object of tensors (the format's own description, safetensors README)."""
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if not 1 < length <= min(_LONGEST_HEADER, size - 8) or length > _PARSED_HEADER:
        return False
    try:
        header = json.loads(file.read(length))
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and all(
        name == "__metadata__" or (isinstance(tensor, dict) and {"dtype", "shape", "data_offsets"} <= tensor.keys())
        for name, tensor in header.items()
    )


def model_of_text_or_ubjson(head: bytes) -> str | None:
    """XGBoost's two formats and LightGBM's, by how they begin."""
    if _UBJSON_MODEL.match(head):
        return "xgboost-ubj"
    if _JSON_MODEL.match(head):
        return "xgboost-json"
    return "lightgbm-text" if _LIGHTGBM.match(head) else None


def numpy_format(head: bytes) -> str | None:
    """An array in NumPy's format: plain numbers, or Python objects, which are stored as a pickle."""
    if not head.startswith(_NPY):
        return None
    description = re.search(rb"'descr'\s*:(.*?)'fortran_order'", head[:65536], re.DOTALL)
    return "numpy" if description and not _OBJECT_TYPE.search(description[1]) else "numpy-objects"


def hdf5_format(file: BinaryIO, size: int) -> str | None:
    """HDF5, with a Keras model in it if it has the attribute in which Keras keeps the architecture."""
    for offset in (at for at in _HDF5_OFFSETS if at < size):
        file.seek(offset)
        if file.read(len(_HDF5)) == _HDF5:
            return "keras-h5" if _holds(file, b"model_config") else "hdf5"
    return None


def text_format(head: bytes, name: str, *, whole: bool) -> str | None:
    """Text in UTF-8: Python by its name, JSON, or anything else that people read; None for what is no text."""
    if _CONTROL.search(head):
        return None
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The last character may be cut in two where more follows.
        if whole or error.start < len(head) - 4:
            return None
        text = head[: error.start].decode("utf-8-sig")
    if name.endswith((".py", ".pyw")):
        return "python"
    return "json" if name.endswith(_JSON_SUFFIXES) or _parses(text, whole=whole) else "text"


def _parses(text: str, *, whole: bool) -> bool:
    if not whole or text.lstrip()[:1] not in {"{", "["}:
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _holds(file: BinaryIO, word: bytes) -> bool:
    """Whether the file holds a word; pieces overlap, so that none hides between two."""
    file.seek(0)
    kept = b""
    while piece := file.read(HEAD_BYTES):
        if word in kept + piece:
            return True
        kept = piece[-len(word) :]
    return False
