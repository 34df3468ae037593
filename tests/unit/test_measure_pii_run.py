"""Data sets: what is found in files and folders, how a sample is drawn, what the command prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from tolbooth.cli.measure_pii import pii
from tolbooth.measure.pii.run import data_sets, scan
from tolbooth.measure.pii.sampling import RowSample, ranks
from tolbooth.model.errors import ConfigError, MeasureError
from tolbooth.report.pii_table import render_pii_table

KEY = b"a key of at least sixteen bytes"


def table(rows: int = 3000) -> pa.Table:
    return pa.table(
        {
            "email": [f"user{row}@example.org" if row % 3 else None for row in range(rows)],
            "n": [str(row) for row in range(rows)],
            "city": pa.array([["Bonn", "Graz"][row % 2] for row in range(rows)]).dictionary_encode(),
        }
    )


def clock(step: float) -> Callable[[], float]:
    times = iter(range(10**6))
    return lambda: next(times) * step


def test_a_file_a_folder_of_parts_and_a_csv_of_the_same_rows_give_the_same_summary(tmp_path: Path) -> None:
    whole = table()
    one, csv, folder = tmp_path / "one.parquet", tmp_path / "one.csv", tmp_path / "parts"
    pq.write_table(whole, one, row_group_size=70)
    plain = whole.set_column(2, "city", whole["city"].cast(pa.string()))
    pa.csv.write_csv(plain, csv)
    folder.mkdir()
    pq.write_table(whole.slice(0, 1000), folder / "a.parquet")
    pq.write_table(plain.slice(1000), folder / "b.parquet")
    summaries = [scan(path, key=KEY, full=True).summary.canonical() for path in (one, folder, csv)]
    assert summaries[0] == summaries[1] == summaries[2]
    samples = [scan(path, key=KEY, sample_rows=700) for path in (one, folder, csv)]
    assert samples[0].summary.rows == 700
    assert samples[0] == samples[1] == samples[2]


def test_a_sample_is_of_rows_all_over_the_data_set_and_says_what_it_may_miss(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(table(), path, row_group_size=100)
    values = scan(path, key=KEY, sample_rows=300).values
    assert (values["rows"], values["scanned_rows"], values["mode"]) == (3000, 300, "sample")
    assert values["bound_ppm"] == 9937
    (email, *_) = [column for column in values["columns"] if column["name"] == "email"]
    assert 150 < email["entities"][0]["values"] < 250


def test_the_sample_is_uniform_over_positions() -> None:
    sample = RowSample(2000)
    for start in range(0, 20_000, 1000):
        sample.offer(pa.RecordBatch.from_pydict({"row": list(range(start, start + 1000))}))
    drawn = [row for chunk in sample.chunks(100) for batch in chunk for row in batch.column("row").to_pylist()]
    assert len(set(drawn)) == 2000
    tenths = [sum(1 for row in drawn if row // 2000 == tenth) for tenth in range(10)]
    # NOTE: 200 each, with a standard deviation of about 13; the seed is fixed, so this never wavers.
    assert all(140 < number < 260 for number in tenths)
    first = [sum(1 for row in drawn[:500] if row // 4000 == fifth) for fifth in range(5)]
    assert all(60 < number < 140 for number in first)


def test_ranks_are_distinct_and_the_same_wherever_a_row_is_read() -> None:
    whole = ranks(0, 100_000)
    assert len(set(whole.tolist())) == 100_000
    assert ranks(500, 3).tolist() == whole[500:503].tolist()
    # SplitMix64 seeded with 0 adds this constant first; its first published output.
    assert ranks(0x9E3779B97F4A7C15, 1, seed=0).tolist() == [0xE220A8397B1DCDAF]


def test_a_budget_that_is_over_still_scans_the_first_rows_of_the_sample(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(table(), path)
    short = scan(path, key=KEY, budget_seconds=0, clock=clock(1))
    assert short.summary.rows == 500
    longer = scan(path, key=KEY, budget_seconds=3, clock=clock(1))
    assert longer.summary.rows == 1500
    assert longer.values["mode"] == "sample"
    whole = scan(path, key=KEY)
    assert whole.values["mode"] == "full"
    assert whole.values["bound_ppm"] == 0
    assert whole.summary == scan(path, key=KEY, full=True).summary


def test_progress_is_told_for_drawing_and_scanning(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(table(1200), path)
    told: list[tuple[str, int, int | None]] = []
    scan(path, key=KEY, progress=lambda what, done, total: told.append((what, done, total)))
    assert ("drawing rows", 1200, 1200) in told
    assert told[-1] == ("scanning rows", 1200, 1200)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_data_set_without_rows_has_its_columns_all_the_same(tmp_path: Path, ending: str, *, full: bool) -> None:
    path = tmp_path / f"empty.{ending}"
    if ending == "csv":
        path.write_text("email,n\n", encoding="utf-8")
    else:
        pq.write_table(pa.table({"email": pa.array([], pa.string()), "n": pa.array([], pa.int64())}), path)
    values = scan(path, key=KEY, full=full).values
    assert {column["name"]: column["verdict"] for column in values["columns"]} == {"email": "possible", "n": "none"}
    assert values["rows"] == 0


def test_a_folder_gives_its_parquet_files_together_each_csv_and_the_number_of_others(tmp_path: Path) -> None:
    for name in ("a.parquet", "deep/b.parquet", "c.csv", "notes.json", ".hidden.csv", "_tmp/d.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = data_sets(tmp_path)
    assert found.paths == (tmp_path, tmp_path / "c.csv")
    assert found.others == 1


def test_a_path_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        data_sets(tmp_path)
    assert caught.value.code == "measure.file-missing"
    with pytest.raises(ConfigError):
        scan(tmp_path / "none.parquet", key=KEY)


def test_a_broken_file_is_refused_without_quoting_it(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_text("a,b\n1,2\ncanary7f3a\n", encoding="utf-8")
    with pytest.raises(MeasureError) as caught:
        scan(path, key=KEY)
    assert caught.value.code == "measure.unreadable"
    assert "canary" not in str(caught.value)


def test_a_csv_that_names_columns_twice_is_refused_without_quoting_them(tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text("canary7f3a,canary7f3a,x\n1,2,3\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        scan(path, key=KEY)
    assert caught.value.code == "measure.column-twice"
    assert "canary" not in str(caught.value)


def test_the_command_prints_verdicts_shares_and_masked_examples_and_no_value(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "data.parquet")
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    done = CliRunner().invoke(pii, [str(tmp_path), "--full"])
    assert done.exit_code == 0, done.output
    assert "3,000 rows, every one scanned" in done.output.replace("\n", " ")
    assert "personal  EMAIL_ADDRESS  66.7 %  u…@e….org" in done.output
    assert "Nothing was recognised in city and n." in done.output
    assert "1 file is neither Parquet nor CSV and was not scanned." in done.output
    assert "user" not in done.output


def test_the_command_writes_json_for_programs(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("mail\nana@example.org\n", encoding="utf-8")
    done = CliRunner().invoke(pii, [str(path), "--output", "json", "--budget", "1"])
    document = json.loads(done.stdout)
    assert document["version"] == 1
    (observation,) = document["observations"]
    assert (observation["kind"], observation["about"]) == ("pii", str(path))
    assert observation["values"]["columns"][0]["verdict"] == "personal"
    assert "ana@" not in done.stdout


def test_the_table_keeps_its_width_and_escapes_names_that_could_rewrite_a_terminal(tmp_path: Path) -> None:
    long, odd = "a_column_with_a_very_long_name_of_forty_", "e\x1b[2Jmail"
    data = pa.table({long: ["ana@example.org", "ben@other.example"], odd: ["x", "call 467 3395"], "l": [["a"], ["b"]]})
    path = tmp_path / "data.parquet"
    pq.write_table(data, path)
    text = render_pii_table(scan(path, key=KEY).values, about="data", width=60, color=False, ascii_only=True)
    assert text.isascii()
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 60
    assert long in text
    assert "2 values of a type that is not scanned" in " ".join(text.split())


def test_a_sample_prints_its_bound() -> None:
    values = {"rows": 10_000, "scanned_rows": 500, "mode": "sample", "bound_ppm": 5974, "columns": []}
    text = render_pii_table(values, about="data", width=100, color=False, ascii_only=False)
    assert "10,000 rows, 500 of them scanned, drawn at random" in text
    assert "up to 0.5974 % of the rows (95 % confidence)" in text
