"""``tolbooth.lock``: written, read back, and compared file by file."""

from __future__ import annotations

import pytest

from tolbooth import __version__
from tolbooth.judge.library.load import built_in_library
from tolbooth.judge.library.lock import (
    Change,
    LockedSource,
    change_lines,
    changes,
    locked_sources,
    read_lock,
    write_lock,
)
from tolbooth.model.errors import ConfigError

A, B = "a" * 64, "12345678e9" + "0" * 54


def source(**files: str) -> LockedSource:
    return LockedSource(name="rules", sha256=A, files={f"{name}.rego": digest for name, digest in files.items()})


def test_what_is_written_reads_back_whatever_its_names_and_digests_look_like() -> None:
    odd = LockedSource(name="our rules: #1", sha256=B, files={"é x/a.rego": B, "true": A})
    assert read_lock(write_lock([odd]).decode(), "tolbooth.lock") == (odd,)


def test_the_built_in_source_is_pinned_with_its_version_and_without_its_files() -> None:
    (pinned,) = locked_sources(built_in_library())
    assert (pinned.name, pinned.tolbooth, pinned.files) == ("built-in", __version__, {})


def test_the_same_sources_differ_in_nothing() -> None:
    assert changes([source(x=A)], [source(x=A)]) == ()


def test_each_file_that_differs_is_named() -> None:
    (change,) = changes([source(same=A, gone=A, other=A)], [source(same=A, new=A, other=B)])
    assert list(change_lines(change)) == [
        "rules: changed",
        "  new.rego: added",
        "  gone.rego: removed",
        "  other.rego: changed",
    ]


def test_a_source_that_came_or_went_is_a_difference() -> None:
    assert [each.change for each in changes([], [source()])] == [Change.ADDED]
    assert [each.change for each in changes([source()], [])] == [Change.REMOVED]


def test_another_version_of_the_built_in_rules_is_told_with_both() -> None:
    before = LockedSource(name="built-in", sha256=A, tolbooth="0.0.9")
    (change,) = changes([before], [LockedSource(name="built-in", sha256=B, tolbooth="0.1.0")])
    assert list(change_lines(change)) == ["built-in: changed (locked with Tolbooth 0.0.9, here is 0.1.0)"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("version: 2\nsources: []\n", "lock.version", 1),
        ("version: 1\nsources:\n  - name: rules\n", "lock.missing-key", 3),
        ("version: 1\nsource: []\n", "lock.unknown-key", 2),
        ("version: 1\nsources:\n  - {name: a, sha256: b}\n  - {name: a, sha256: c}\n", "lock.duplicate", 3),
        ("version: 1\nsources:\n  - {name: a, sha256: b, files: [c]}\n", "lock.type", 3),
        ("<<<<<<< ours\nversion: 1\n", "config.yaml-syntax", 2),
    ],
)
def test_a_damaged_lock_is_refused_at_its_line_with_the_way_out(text: str, code: str, line: int) -> None:
    with pytest.raises(ConfigError) as caught:
        read_lock(text, "tolbooth.lock")
    place = caught.value.problems[0].place
    assert place is not None
    assert (caught.value.code, place.line) == (code, line)
