"""Digests against coreutils, and what is refused."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tolbooth.collect.digest import dir_hash, file_sha256
from tolbooth.model.errors import CollectError

COREUTILS = all(shutil.which(name) for name in ("find", "cut", "sort", "xargs", "sha256sum"))


def by_coreutils(folder: Path, command: str) -> str:
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()[0]


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_a_large_file_is_read_in_pieces_and_progress_ends_at_its_size(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    told: list[tuple[int, int | None]] = []
    assert file_sha256(path, lambda done, total: told.append((done, total))) == hashlib.sha256(content).hexdigest()
    assert told == [(1 << 20, 3_000_000), (2 << 20, 3_000_000), (3_000_000, 3_000_000)]


@pytest.mark.skipif(not COREUTILS, reason="coreutils are not here")
def test_a_folders_digest_is_what_the_documented_command_prints(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "model",
        {"MLmodel": b"a", "Z": b"", "a/b": b"1", "a-b": b"2", "a.b": b"3", "data/model.pkl": b"4", ".hidden/é": b"5"},
    )
    (folder / "empty").mkdir()
    command = "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum"
    assert dir_hash(folder) == by_coreutils(folder, command)


@pytest.mark.skipif(not COREUTILS, reason="coreutils are not here")
def test_names_with_spaces_and_quotes_count_as_sha256sum_writes_them(tmp_path: Path) -> None:
    folder = write(tmp_path, {"two words": b"a", "it's": b"b", 'say "x"': b"c", "tab\there": b"d", "*x": b"e"})
    command = "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r -d '\\n' sha256sum | sha256sum"
    assert dir_hash(folder) == by_coreutils(folder, command)


def test_the_digest_of_a_folder_is_pinned(tmp_path: Path) -> None:
    """As Go's dirhash.Hash1 documents it: SHA-256 of the lines of sha256sum, here for "a" and "b/c"."""
    folder = write(tmp_path, {"b/c": b"xyz", "a": b"abc"})
    a = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    c = "3608bca1e44ea6c4d268eb6db02260269892c0b42b86bbf1e77a6fa16c3c9282"
    assert dir_hash(folder) == hashlib.sha256(f"{a}  a\n{c}  b/c\n".encode()).hexdigest()


def test_content_and_names_change_a_folders_digest_and_times_and_empty_folders_do_not(tmp_path: Path) -> None:
    folder = write(tmp_path / "f", {"a": b"1", "b": b"2"})
    first = dir_hash(folder)
    os.utime(folder / "a", (1, 1))
    (folder / "empty").mkdir()
    (folder / "a").chmod(0o600)
    assert dir_hash(folder) == first
    (folder / "a").write_bytes(b"3")
    changed = dir_hash(folder)
    (folder / "a").write_bytes(b"1")
    (folder / "b").rename(folder / "c")
    assert len({first, changed, dir_hash(folder)}) == 3


def test_progress_over_a_folder_counts_the_bytes_of_all_its_files(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a": b"12", "b": b"345"})
    told: list[tuple[int, int | None]] = []
    dir_hash(folder, lambda done, total: told.append((done, total)))
    assert told == [(2, 5), (5, 5)]


@pytest.mark.parametrize("name", ["line\nbreak", "carriage\rreturn", "back\\slash", os.fsdecode(b"not-utf8-\xff")])
def test_a_name_that_sha256sum_would_escape_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(CollectError) as caught:
        dir_hash(tmp_path)
    assert caught.value.code == "collect.name"


@pytest.mark.parametrize("target", ["a", "folder", "nowhere"])
def test_a_symbolic_link_to_anything_is_refused(tmp_path: Path, target: str) -> None:
    write(tmp_path, {"a": b"1", "folder/b": b"2"})
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(CollectError) as caught:
        dir_hash(tmp_path)
    assert caught.value.code == "collect.link"


def test_a_pipe_in_a_folder_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CollectError) as caught:
        dir_hash(tmp_path)
    assert caught.value.code == "collect.special-file"


def test_a_file_that_is_gone_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(CollectError) as caught:
        file_sha256(tmp_path / "gone")
    assert caught.value.code == "collect.unreadable"
