"""Names, sizes and the zip form of a pack."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from tolbooth.evidence.container import (
    FILE_LIMIT_BYTES,
    MEMBER_LIMIT,
    TOTAL_LIMIT_BYTES,
    check_container,
    check_name,
    read_zip,
    write_zip,
)
from tolbooth.model.errors import VerificationError

FILES = {"bagit.txt": b"x", "data/core/decision.json": b"{}" * 200, "seal/signoffs/ana.json": b""}


def code_of(sizes: dict[str, int], links: tuple[str, ...] = ()) -> str:
    with pytest.raises(VerificationError) as caught:
        check_container(sizes, links=links)
    return caught.value.code


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/etc/passwd", "container.absolute"),
        ("C:/x", "container.absolute"),
        ("data/../x", "container.parent"),
        ("..", "container.parent"),
        ("data\\core\\x", "container.backslash"),
        ("data/core/cafe\u0301", "container.not-nfc"),
        ("data/core/\u212bngstrom", "container.not-nfc"),
        ("data//x", "container.name"),
        ("./x", "container.name"),
        ("data/./x", "container.name"),
        ("data/core/", "container.name"),
        ("", "container.name"),
        ("data/core/x\n", "container.name"),
        ("data/core/x\x00", "container.name"),
        ("data/core/x\x7f", "container.name"),
        ("data/core/\ud800", "container.name"),
        ("data/core/x.", "container.name"),
        ("data/core/x /y", "container.name"),
        ("data/core/x:stream", "container.name"),
        ("data/core/100%25", "container.name"),
        ("data/core/" + "x" * 1024, "container.name"),
    ],
)
def test_a_name_that_systems_read_differently_is_refused(path: str, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        check_name(path)
    assert caught.value.code == code


@pytest.mark.parametrize("path", ["data/core/caf\u00e9.json", "data/core/.hidden", "data/core/a..b", "bagit.txt"])
def test_ordinary_names_are_accepted(path: str) -> None:
    check_name(path)
    check_container({path: 1})


@pytest.mark.parametrize(
    "path",
    ["README", "data/x", "data/coreX/x", "data/core", "seal/x", "seal/signoffs/a/b.json", "seal/signoffs/a.txt", "x/y"],
)
def test_names_off_the_closed_lists_are_refused(path: str) -> None:
    assert code_of({path: 1}) == "container.unlisted"


@pytest.mark.parametrize(
    "paths",
    [
        ("data/core/a", "data/core/A"),
        ("data/core/a/x", "data/core/A/y"),
        ("data/core/stra\u00dfe", "data/core/strasse"),
        ("data/core/a", "data/core/a/b"),
        ("data/core/a/b", "data/core/A"),
    ],
)
def test_names_that_some_file_system_takes_for_one_are_refused(paths: tuple[str, ...]) -> None:
    assert code_of(dict.fromkeys(paths, 1)) == "container.collision"


def test_limits_hold_to_the_byte() -> None:
    half = {f"data/core/{number}": FILE_LIMIT_BYTES for number in range(TOTAL_LIMIT_BYTES // FILE_LIMIT_BYTES)}
    check_container(half)
    assert code_of({**half, "data/core/x": 1}) == "container.total-size"
    assert code_of({"data/core/x": FILE_LIMIT_BYTES + 1}) == "container.file-size"
    many = {f"data/core/{number}": 0 for number in range(MEMBER_LIMIT)}
    check_container(many)
    assert code_of({**many, "data/core/x": 0}) == "container.members"


def test_a_link_is_refused_by_name() -> None:
    assert code_of({"data/core/x": 1}, links=("data/core/x",)) == "container.link"


@pytest.mark.parametrize("compress", [False, True])
def test_a_zip_comes_back(compress: bool) -> None:
    assert read_zip(write_zip(FILES, compress=compress)) == FILES
    assert read_zip(io.BytesIO(write_zip(FILES, compress=compress))) == FILES


def test_a_zip_s_bytes_do_not_depend_on_the_order_of_files() -> None:
    assert write_zip(dict(reversed(FILES.items()))) == write_zip(FILES)


def zipped(*members: tuple[zipfile.ZipInfo | str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return target.getvalue()


def zip_code(content: bytes) -> str:
    with pytest.raises(VerificationError) as caught:
        read_zip(content)
    return caught.value.code


def test_folder_entries_are_passed_over() -> None:
    assert read_zip(zipped(("data/core/", b""), ("data/core/x", b"1"))) == {"data/core/x": b"1"}
    assert zip_code(zipped(("../", b""))) == "container.parent"


def test_other_compressions_and_devices_are_refused() -> None:
    assert zip_code(zipped(("data/core/x", b"1" * 99), method=zipfile.ZIP_BZIP2)) == "container.compression"
    device = zipfile.ZipInfo("data/core/x")
    device.external_attr = 0o020644 << 16
    assert zip_code(zipped((device, b""))) == "container.link"


def test_an_encrypted_member_is_refused() -> None:
    content = bytearray(zipped(("data/core/x", b"1")))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert zip_code(bytes(content)) == "container.encrypted"


def test_a_member_that_holds_more_than_it_says_is_refused_without_inflating_it_all() -> None:
    content = bytearray(zipped(("data/core/x", b"\x00" * 5_000_000), method=zipfile.ZIP_DEFLATED))
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 10)
    assert zip_code(bytes(content)) == "container.zip"


def test_a_name_with_a_hidden_tail_is_seen_whole() -> None:
    content = zipped(("data/core/x.json", b"1")).replace(b"data/core/x.json", b"data/core/x\x00json")
    assert zip_code(content) == "container.name"


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", write_zip(FILES)[:-30], write_zip(FILES)[40:]])
def test_a_damaged_zip_is_refused(content: bytes) -> None:
    assert zip_code(content) == "container.zip"
