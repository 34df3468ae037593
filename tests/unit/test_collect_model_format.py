"""Formats of model files, told from bytes that the libraries themselves wrote; nothing is ever loaded."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tolbooth.collect.file_format import executes, format_of
from tolbooth.collect.files import collect_file
from tolbooth.collect.format_signs import EXECUTES
from tolbooth.collect.model_format import collect_model_format
from tolbooth.collect.pickle_stream import is_pickle
from tolbooth.model.observation import ArtifactRole

NOW = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)


class Calling:
    """Would call a function when unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (os.system, ("exit 1",))


def told(content: bytes, name: str = "model") -> tuple[str, bool | None]:
    file = io.BytesIO(content)
    found = format_of(file, len(content), name)
    return found, executes(file, found)


def zipped(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def saved(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value",
    [Calling(), {"a": [1, 2.5, "x", None, True], "b": (1, (2,))}, OrderedDict(a=1), [], "text", 7, b"bytes", [[1]] * 3],
)
def test_pickle_of_every_protocol_is_told(value: object, protocol: int) -> None:
    assert told(pickle.dumps(value, protocol=protocol)) == ("pickle", True)


@pytest.mark.parametrize("protocol", [0, 1])
def test_call_is_told_although_what_follows_makes_no_sense(protocol: int) -> None:
    called = pickle.dumps(Calling(), protocol=protocol).rpartition(b"R")[0] + b"R"
    assert told(called + b"\x00\xffnothing") == ("pickle", True)


def test_several_pickles_one_behind_the_other_are_a_pickle() -> None:
    assert told(b"N." + pickle.dumps(Calling(), protocol=0)) == ("pickle", True)
    assert told(b"I1\n.I2\n.") == ("pickle", True)


def test_pickle_without_a_mark_that_is_larger_than_what_is_read_is_told() -> None:
    large = pickle.dumps(["word"] * 100_000 + list(range(300_000)), protocol=0)
    assert len(large) > 1 << 20
    assert told(large) == ("pickle", True)


@pytest.mark.parametrize("protocol", [0, 1])
def test_pickle_that_is_cut_off_is_told_only_where_more_follows(protocol: int) -> None:
    head = pickle.dumps([1.5, "two", 3], protocol=protocol)[:-2]
    assert is_pickle(head, whole=False)
    assert not is_pickle(head, whole=True)


@pytest.mark.parametrize(
    "text",
    [
        "cat\ndog\nelephant\n", "class\nfoo\n", "conda: x\nchannels: y\n", "Version: 1\nVery\n", "I\n", ".gitignore\n",
        "# Title\n", "N.B. this", "(a)", "1,2\n3,4\n", "Just a test", "General information", "Notes.\nMore", "]", ")",
        "Up to here.", "Keras\n", "Model.\n", "x", "\n", "Lorem ipsum", "Some text", "Today", "2.0\n", "q",
        "cos\nsystem\n",
    ],
)  # fmt: skip
def test_text_is_no_pickle(text: str) -> None:
    assert told(text.encode()) == ("text", False)


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_joblib_is_told_whole_and_compressed(tmp_path: Path, compress: Any) -> None:
    joblib = pytest.importorskip("joblib")
    path = tmp_path / "m.joblib"
    joblib.dump({"weights": np.arange(1000.0)}, path, compress=compress)
    assert told(path.read_bytes()) == ("joblib", True)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, zlib.compress])
def test_compressed_file_is_told_by_what_is_inside(compress: Any) -> None:
    assert told(compress(pickle.dumps(Calling(), protocol=0))) == ("pickle", True)
    assert told(compress(b"print()"), "train.py.gz") == ("python", True)
    assert told(compress(b"plain text")) == ("compressed", False)
    assert told(compress(b"\x00\x01\x02\xff")) == ("unknown", None)
    assert told(compress(compress(b"plain text"))) == ("unknown", None)


def test_torn_archive_is_unknown() -> None:
    assert told(gzip.compress(b"x" * 5000)[:20]) == ("unknown", None)
    assert told(zipped({"a": b"b"})[:20]) == ("unknown", None)


@pytest.mark.parametrize("length", [96, 0x0280, 0x0480])
def test_safetensors_are_told_though_their_length_begins_like_a_pickle(length: int) -> None:
    tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    header = json.dumps({"w": tensor, "__metadata__": {}}).encode().ljust(length)
    content = len(header).to_bytes(8, "little") + header + bytes(4)
    assert content.startswith(b"\x80") is (length > 96)
    assert told(content) == ("safetensors", False)


@pytest.mark.parametrize("header", [b"[]      ", b'{"a": 1}', b"{broken}", b'{"a": {"dtype": "F32"}}'])
def test_what_only_begins_like_safetensors_is_not(header: bytes) -> None:
    assert told(len(header).to_bytes(8, "little") + header)[0] == "unknown"


def test_arrays_of_numbers_are_data_and_arrays_of_objects_a_pickle() -> None:
    assert told(saved(np.arange(3))) == ("numpy", False)
    assert told(saved(np.zeros(2, dtype=[("One", "f4"), ("Other", "i8")]))) == ("numpy", False)
    assert told(saved(np.array([{}], dtype=object))) == ("numpy-objects", True)
    assert told(saved(np.zeros(1, dtype=[("a", "f4"), ("b", "O")]))) == ("numpy-objects", True)
    assert told(zipped({"a.npy": saved(np.arange(3))})) == ("numpy-zip", False)
    mixed = {"a.npy": saved(np.arange(3)), "b.npy": saved(np.array([{}], dtype=object))}
    assert told(zipped(mixed)) == ("numpy-objects", True)


def test_archives_are_told_by_the_names_of_their_members() -> None:
    pickled = pickle.dumps(Calling())
    assert told(zipped({"m/data.pkl": pickled, "m/data/0": bytes(8), "m/version": b"3"})) == ("torch-zip", True)
    assert told(zipped({"m/data.pkl": pickled, "m/constants.pkl": pickled})) == ("torch-script", True)
    assert told(zipped({"config.json": b"{}", "metadata.json": b"{}", "model.weights.h5": b""})) == ("keras", True)
    assert told(zipped({"schema.json": b"{}", "1.npy": saved(np.arange(2))})) == ("skops", False)


def test_archive_of_no_known_kind_is_told_by_what_is_in_it() -> None:
    assert told(zipped({"readme.md": b"# Model", "a.json": b"{}"})) == ("zip", False)
    assert told(zipped({"readme.md": b"# Model", "m.bin": pickle.dumps(Calling(), protocol=0)})) == ("zip", True)
    assert told(zipped({"readme.md": b"# Model", "run.py": b"import os\n"})) == ("zip", True)
    assert told(zipped({"readme.md": b"# Model", "m.bin": b"\x00\x01\xff"})) == ("unknown", None)
    assert told(zipped({"inner.zip": zipped({"a": b"b"})})) == ("unknown", None)


def test_pickle_in_an_archive_beside_something_unknown_still_counts() -> None:
    assert told(zipped({"a": b"\x00\x01\xff", "b": pickle.dumps(Calling())})) == ("zip", True)


def test_skops_writes_what_is_told_as_skops() -> None:
    skops = pytest.importorskip("skops.io")
    linear = pytest.importorskip("sklearn.linear_model")
    model = linear.LogisticRegression().fit(np.arange(20).reshape(10, 2), [0, 1] * 5)
    assert told(skops.dumps(model)) == ("skops", False)


def test_xgboost_writes_what_is_told_as_xgboost() -> None:
    xgboost = pytest.importorskip("xgboost")
    data = xgboost.DMatrix(np.arange(20.0).reshape(10, 2), np.array([0, 1] * 5))
    booster = xgboost.train({"objective": "binary:logistic"}, data, 2)
    assert told(bytes(booster.save_raw("ubj"))) == ("xgboost-ubj", False)
    assert told(bytes(booster.save_raw("json"))) == ("xgboost-json", False)


def test_lightgbm_writes_what_is_told_as_lightgbm() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    data = lightgbm.Dataset(np.arange(20.0).reshape(10, 2), np.array([0, 1] * 5))
    booster = lightgbm.train({"objective": "binary", "verbose": -1, "min_data_in_leaf": 1}, data, 2)
    assert told(booster.model_to_string().encode()) == ("lightgbm-text", False)


def field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def test_onnx_is_told_by_its_outline_from_first_byte_to_last() -> None:
    model = b"\x08\x0a" + field(2, b"skl2onnx") + field(7, b"graph") + field(8, b"\x10\x11")
    assert told(model) == ("onnx", False)
    assert told(model + b"\x00") == ("unknown", None)
    assert told(model[:-3]) == ("unknown", None)
    assert told(b"\x08\x0a" + field(2, b"no graph")) == ("unknown", None)
    assert told(b"\x08\x0a" + field(7, b"graph") + field(9, b"no such field\xff")) == ("unknown", None)


def test_hdf5_is_told_and_a_keras_model_in_it() -> None:
    sign = b"\x89HDF\r\n\x1a\n"
    assert told(sign + bytes(100)) == ("hdf5", False)
    assert told(b"\x00" * 512 + sign + bytes(100)) == ("hdf5", False)
    assert told(sign + bytes(100) + b"model_config" + bytes(9)) == ("keras-h5", True)
    cut = (1 << 20) - len(sign) - 6
    assert told(sign + bytes(cut) + b"model_config") == ("keras-h5", True)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"GGUF\x03\x00\x00\x00", "gguf"),
        (b"CBM1\x00\x00", "catboost"),
        (b"PAR1\x15\x04", "parquet"),
        (b"", "empty"),
        (b'{"a": 1}', "json"),
        (b'{"a": ', "text"),
        ("Grüße".encode(), "text"),
    ],
)
def test_other_formats_that_hold_data_only(content: bytes, found: str) -> None:
    assert told(content) == (found, False)


def test_names_count_only_where_bytes_cannot_tell() -> None:
    assert told(b"import os\n", "code/model.py") == ("python", True)
    assert told(pickle.dumps(1), "weights.safetensors") == ("pickle", True)
    assert told(b"\x08\x01\x12\x03abc", "export/saved_model.pb") == ("tf-saved-model", True)
    assert told(b"\xa7\x0d\x0d\x0a\x00\x00", "model.pyc") == ("python", True)
    assert told(b"\x7fELF\x02", "lib.so") == ("native-library", True)


def test_what_is_no_known_format_is_unknown() -> None:
    assert told(b"\x00\x01\x02\x03") == ("unknown", None)
    assert told(b"caf\xe9") == ("unknown", None)


def test_text_that_is_cut_inside_a_character_is_text() -> None:
    content = b"x" * ((1 << 20) - 1) + "é".encode() + b"more"
    assert told(content) == ("text", False)


def test_every_format_that_runs_code_names_who_says_so() -> None:
    assert all(source.startswith("https://") for source in EXECUTES.values())


def model(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def collected(path: Path) -> Any:
    found = collect_file(
        "credit", ArtifactRole.MODEL, path, project_folder=path.parent, now=NOW, valid_until=UNTIL
    ).artifacts[0]
    return found, collect_model_format(path, found, now=NOW)


def test_every_file_of_a_folder_is_told_and_the_unsafe_ones_are_named(tmp_path: Path) -> None:
    folder = model(
        tmp_path / "model",
        {"MLmodel": b"flavors: {}\n", "data/model.pkl": pickle.dumps(Calling()), "weights.bin": b"\x00\xff"},
    )
    artifact, found = collected(folder)
    (observation,) = found.observations
    assert observation.values == {
        "files": [
            {"path": "MLmodel", "format": "text", "executes": False},
            {"path": "data/model.pkl", "format": "pickle", "executes": True},
            {"path": "weights.bin", "format": "unknown"},
        ],
        "unsafe": ["data/model.pkl"],
    }
    assert (observation.kind, observation.about) == ("model-format", "credit")
    assert observation.reads == tuple(artifact.digest.values())
    assert (observation.dates.collected, observation.dates.valid_until) == (NOW, UNTIL)


def test_a_single_file_is_called_by_its_name(tmp_path: Path) -> None:
    _, found = collected(model(tmp_path, {"model.pkl": pickle.dumps(1)}) / "model.pkl")
    assert found.observations[0].values["unsafe"] == ["model.pkl"]


def test_name_of_a_file_that_may_name_a_person_is_withheld_and_stays_one_of_its_own(tmp_path: Path) -> None:
    names = ["for-ana@example.org.pkl", "for-eve@example.org.pkl"]
    _, found = collected(model(tmp_path / "model", dict.fromkeys(names, pickle.dumps(1))))
    unsafe = found.observations[0].values["unsafe"]
    assert len(set(unsafe)) == 2
    assert not any("@" in path for path in unsafe)


def test_folder_of_more_files_than_are_looked_at_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tolbooth.collect.model_format._MOST_FILES", 1)
    _, found = collected(model(tmp_path / "model", {"a": b"a", "b": b"b"}))
    assert found.observations == ()
    assert [(gap.kind, gap.about, gap.code) for gap in found.gaps] == [
        ("model-format", "credit", "collect.too-many-files")
    ]


def test_bytes_that_look_like_an_unknown_escape_are_read_without_a_warning() -> None:
    # As a zip file written at some moments of a day: it begins like an opcode that takes a line of text.
    assert not is_pickle(b"PK\x03\x04\x14\0\0\0\0\0\\\x01w[\n", whole=True)


def test_nothing_is_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("it was called")

    content = pickle.dumps(Calling(), protocol=0)
    monkeypatch.setattr(os, "system", refuse)
    for loader in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, loader, refuse)
    _, found = collected(model(tmp_path / "model", {"a.pkl": content, "b.zip": zipped({"data.pkl": content})}))
    assert found.observations[0].values["unsafe"] == ["a.pkl", "b.zip"]
