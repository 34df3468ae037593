"""Collecting files: what an artifact and its IPE record say, gaps, and what is refused."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tolbooth import __version__
from tolbooth.collect import files
from tolbooth.collect.digest import dir_hash, file_digests
from tolbooth.collect.files import collect_file
from tolbooth.collect.interface import Collected
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.errors import CollectError, ConfigError
from tolbooth.model.observation import Artifact, ArtifactRole, CollectionMode, Column

NOW = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
CANARY = "canary-7f3a"
TABLE = pa.table({"race": ["a", CANARY, None], "y": pa.array([0, 1, 1], pa.int8())})


def collect(folder: Path, role: ArtifactRole, path: str, **more: Any) -> Collected:
    return collect_file("thing", role, path, project_folder=folder, now=NOW, **more)


def artifact(folder: Path, role: ArtifactRole, path: str, **more: Any) -> Artifact:
    found = collect(folder, role, path, **more)
    assert found.gaps == ()
    return found.artifacts[0]


def test_a_model_file_is_named_digested_and_described(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.onnx").write_bytes(b"weights")
    found = artifact(tmp_path, ArtifactRole.MODEL, "./models/m.onnx")
    digest = hashlib.sha256(b"weights").hexdigest()
    assert (found.name, found.role, found.uri) == ("thing", ArtifactRole.MODEL, "models/m.onnx")
    assert found.digest == {"sha256": digest}
    assert (found.size_bytes, found.media_type) == (7, "application/onnx")
    assert (found.row_count, found.columns) == (None, ())
    assert (found.dates.collected, found.dates.received) == (NOW, NOW)
    assert asdict(found.ipe) == {
        "system": "filesystem",
        "instance": "models/m.onnx",
        "query": "./models/m.onnx",
        "collector": "collect.files",
        "collector_version": __version__,
        "identity": f"uid {os.getuid()}",
        "mode": CollectionMode.PULL,
        "unit": "files",
        "returned": 1,
        "reported_total": None,
        "pages": 1,
        "totals": {
            "count": 1,
            "first": "m.onnx",
            "last": "m.onnx",
            "keys_sha256": hashlib.sha256(b"m.onnx\n").hexdigest(),
        },
        "response_sha256": digest,
        "completeness_check": found.ipe.completeness_check,
        "complete": None,
        "parameters": {},
        "transformations": (),
        "blind_spots": found.ipe.blind_spots,
    }
    assert "no total" in found.ipe.completeness_check
    assert found.ipe.blind_spots


def test_a_model_folder_is_its_dir_hash_with_totals_over_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    (folder / "data").mkdir(parents=True)
    (folder / "MLmodel").write_bytes(b"12")
    (folder / "data" / "model.pkl").write_bytes(b"345")
    found = artifact(tmp_path, ArtifactRole.MODEL, "model")
    assert found.digest == {"dirHash": dir_hash(folder)}
    assert (found.size_bytes, found.media_type) == (5, "inode/directory")
    assert found.ipe.returned == found.ipe.totals.count == 2
    assert (found.ipe.totals.first, found.ipe.totals.last) == ("MLmodel", "data/model.pkl")
    assert found.ipe.totals.keys_sha256 == hashlib.sha256(b"MLmodel\ndata/model.pkl\n").hexdigest()


def test_a_parquet_data_set_states_its_rows_columns_and_that_they_are_complete(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "p.parquet", row_group_size=2)
    found = artifact(tmp_path, ArtifactRole.PREDICTIONS, "p.parquet")
    assert found.row_count == 3
    assert found.columns == (Column(name="race", type="string"), Column(name="y", type="int8"))
    assert found.media_type == "application/vnd.apache.parquet"
    assert (found.ipe.unit, found.ipe.returned, found.ipe.reported_total, found.ipe.complete) == ("rows", 3, 3, True)


def test_a_folder_of_parquet_parts_is_one_data_set(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for name in ("a", "b"):
        pq.write_table(TABLE, tmp_path / "parts" / f"{name}.parquet")
    found = artifact(tmp_path, ArtifactRole.TRAINING, "parts")
    assert (found.row_count, found.ipe.totals.count, len(found.columns)) == (6, 2, 2)
    assert "dirHash" in found.digest


def test_a_csv_data_set_is_counted_by_reading_it_and_claims_no_total(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text('race,y\na,0\n"two\nlines",1\n,\n')
    found = artifact(tmp_path, ArtifactRole.EVALUATION, "p.csv")
    assert found.row_count == 3
    assert found.columns == (Column(name="race", type="string"), Column(name="y", type="string"))
    assert (found.ipe.reported_total, found.ipe.complete, found.media_type) == (None, None, "text/csv")
    assert "read to its end" in found.ipe.completeness_check


def test_a_model_card_is_markdown_and_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "CARD").write_text("# Card\n")
    found = artifact(tmp_path, ArtifactRole.MODEL_CARD, "CARD")
    assert (found.media_type, found.row_count) == ("text/markdown", None)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("p.parquet", b"PAR1 not parquet"),
        ("p.csv", f"a,b\n{CANARY},1,2\n".encode()),
        ("p.csv", b""),
        ("p.arrow", b"x"),
    ],
)
def test_a_data_set_whose_rows_can_not_be_learned_is_still_digested_and_says_why(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    found = collect(tmp_path, ArtifactRole.PREDICTIONS, name)
    assert found.artifacts[0].digest == {"sha256": hashlib.sha256(content).hexdigest()}
    assert (found.artifacts[0].row_count, found.artifacts[0].columns) == (None, ())
    assert (found.artifacts[0].ipe.unit, found.artifacts[0].ipe.returned) == ("files", 1)
    (gap,) = found.gaps
    assert (gap.kind, gap.about, gap.code) == ("rows", "thing", "collect.rows-unreadable")
    assert CANARY not in gap.message


def test_parts_with_different_columns_have_no_row_count_but_a_gap(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    pq.write_table(TABLE, tmp_path / "parts" / "a.parquet")
    pq.write_table(TABLE.select(["y"]), tmp_path / "parts" / "b.parquet")
    found = collect(tmp_path, ArtifactRole.PREDICTIONS, "parts")
    assert found.artifacts[0].row_count is None
    assert "different columns" in found.gaps[0].message


def test_declared_dates_reach_the_artifact(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"")
    about, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    found = artifact(tmp_path, ArtifactRole.MODEL, "m", about=about, valid_until=until)
    assert (found.dates.about, found.dates.valid_until) == (about, until)


def test_no_cell_of_data_is_in_an_artifact(tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "p.parquet")
    pa.csv.write_csv(TABLE, tmp_path / "p.csv")
    for name in ("p.parquet", "p.csv"):
        assert CANARY.encode() not in canonical_bytes(collect(tmp_path, ArtifactRole.PREDICTIONS, name))


def test_a_missing_file_is_answered_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "predictions.parquet").write_bytes(b"")
    with pytest.raises(ConfigError) as caught:
        collect(tmp_path, ArtifactRole.PREDICTIONS, "data/prediction.parquet")
    assert caught.value.code == "collect.file-missing"
    assert caught.value.hint == "did you mean 'data/predictions.parquet'?"


def test_a_missing_file_in_a_missing_folder_is_only_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        collect(tmp_path, ArtifactRole.MODEL, "nowhere/m.pkl")
    assert (caught.value.code, caught.value.hint) == ("collect.file-missing", None)


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model" / "deep").mkdir(parents=True)
    with pytest.raises(ConfigError) as caught:
        collect(tmp_path, ArtifactRole.MODEL, "model")
    assert caught.value.code == "collect.folder-empty"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CollectError) as caught:
        collect(tmp_path, ArtifactRole.MODEL, "pipe")
    assert caught.value.code == "collect.special-file"


@pytest.mark.parametrize("change", ["grow", "touch", "add"])
def test_what_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "m").write_bytes(b"1")

    def while_writing(*arguments: Any) -> dict[str, str]:
        found = file_digests(*arguments)
        if change == "grow":
            (folder / "m").write_bytes(b"12")
        elif change == "touch":
            os.utime(folder / "m", (1, 1))
        else:
            (folder / "n").write_bytes(b"")
        return found

    monkeypatch.setattr(files, "file_digests", while_writing)
    with pytest.raises(CollectError) as caught:
        collect(tmp_path, ArtifactRole.MODEL, "model")
    assert caught.value.code == "collect.changed"


def test_a_file_outside_the_project_is_named_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "m").write_bytes(b"")
    assert artifact(tmp_path / "project", ArtifactRole.MODEL, "../m").uri == "../m"


def test_progress_of_a_folder_ends_at_its_size(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "a").write_bytes(b"12")
    (tmp_path / "model" / "b").write_bytes(b"345")
    told: list[tuple[int, int | None]] = []
    artifact(tmp_path, ArtifactRole.MODEL, "model", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (5, 5)


def test_several_collections_are_joined_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b.csv").write_bytes(b"")
    parts = [collect(tmp_path, ArtifactRole.MODEL, "a"), collect(tmp_path, ArtifactRole.TRAINING, "b.csv")]
    joined = Collected.joined(parts)
    assert [each.uri for each in joined.artifacts] == ["a", "b.csv"]
    assert joined.gaps == parts[1].gaps
    assert joined.gaps


def test_real_predictions_have_their_published_row_count(shared_data: Path) -> None:
    found = artifact(shared_data, ArtifactRole.PREDICTIONS, "fairness/compas_two_year.parquet")
    assert found.row_count == 7214
    assert Column(name="y_pred", type="int8") in found.columns
