"""The local engine: Parquet files and folders, CSV, what is wrong with them, and published figures of real data."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tolbooth.measure.engines.local import count
from tolbooth.measure.engines.parts import even_batch_rows
from tolbooth.measure.fairness.assess import assess, assess_performance
from tolbooth.measure.fairness.counts import Cell, FairnessCounts
from tolbooth.measure.fairness.question import FairnessQuestion, PerformanceQuestion, Statistic
from tolbooth.measure.fairness.rates import Confusion, Metric
from tolbooth.model.errors import ConfigError, MeasureError

CANARY = "canary-7f3a"


def table(rows: int = 1000) -> pa.Table:
    return pa.table(
        {
            "id": list(range(rows)),
            "race": [[None, "a", "b", "c"][row % 4] for row in range(rows)],
            "age": [row % 3 for row in range(rows)],
            "y_true": [row % 2 for row in range(rows)],
            "y_pred": [(row // 2) % 2 for row in range(rows)],
        }
    )


def counted(path: Path, features: Sequence[str] = ("race", "age"), **more: Any) -> FairnessCounts:
    return count(path, features, "y_true", "y_pred", **more)


def test_a_file_a_folder_of_parts_and_a_csv_of_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    whole = table()
    one, csv, folder = tmp_path / "one.parquet", tmp_path / "one.csv", tmp_path / "parts"
    pq.write_table(whole, one, row_group_size=77)
    pa.csv.write_csv(whole, csv)
    (folder / "deep").mkdir(parents=True)
    pq.write_table(whole.slice(0, 300), folder / "a.parquet", use_dictionary=False)
    pq.write_table(whole.slice(300, 0), folder / "b.parquet")
    pq.write_table(whole.slice(300), folder / "deep" / "c.PARQUET", row_group_size=13)
    (folder / "_SUCCESS.parquet").write_bytes(b"not data")
    (folder / ".hidden.parquet").write_bytes(b"not data")
    assert counted(one).row_count == 1000
    assert counted(one).canonical() == counted(folder).canonical() == counted(csv).canonical()


@pytest.mark.parametrize(
    ("row_groups", "batches"),
    [
        ([300_000, 300_000, 2], [*[150_000] * 4, 2]),
        ([262_144, 262_144], [262_144, 262_144]),
        ([524_289], [174_763] * 3),
        ([10, 20], [10, 20]),
        ([], []),
    ],
)
def test_a_row_group_is_decoded_in_even_batches(tmp_path: Path, row_groups: list[int], batches: list[int]) -> None:
    path = tmp_path / "data.parquet"
    schema = pa.schema([("g", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for number, rows in enumerate(row_groups):
            writer.write_table(pa.table({"g": [str(number)] * rows}, schema))
    with pq.ParquetFile(path, read_dictionary=["g"]) as opened:
        given = opened.iter_batches(even_batch_rows(opened.metadata))
        assert [batch.num_rows for batch in given] == batches


def test_only_the_needed_columns_are_read_and_each_once(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    data = table(8).append_column("secret.column", pa.array([b"\xff"] * 8))
    pq.write_table(data, path)
    assert counted(path, ["race"]).row_count == 8


def test_progress_ends_at_all_rows_of_a_parquet_file_and_never_goes_back(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(table(500), path, row_group_size=50)
    told: list[tuple[int, int | None]] = []
    counted(path, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (500, 500)
    assert told == sorted(told)
    assert len(told) >= 10


def test_progress_of_a_csv_has_no_total(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    pa.csv.write_csv(table(5), path)
    told: list[tuple[int, int | None]] = []
    counted(path, progress=lambda done, total: told.append((done, total)))
    assert told == [(5, None)]


def test_a_data_set_without_rows_has_an_empty_count_table(tmp_path: Path) -> None:
    parquet, csv = tmp_path / "data.parquet", tmp_path / "data.csv"
    pq.write_table(table().slice(0, 0), parquet)
    csv.write_text("race,age,y_true,y_pred\n")
    assert counted(parquet).cells == counted(csv).cells == ()


def test_a_csv_keeps_its_texts_and_only_an_unquoted_empty_field_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b'\xef\xbb\xbfg,y,p\r\n01,0,1\r\n,1,1\r\n"",1,0\r\nNA,0,0\r\n"two\nlines",1,1\r\n')
    assert count(path, ["g"], "y", "p").cells == (
        Cell((None,), 1, 1, 1),
        Cell(("",), 1, 0, 1),
        Cell(("01",), 0, 1, 1),
        Cell(("NA",), 0, 0, 1),
        Cell(("two\nlines",), 1, 1, 1),
    )


@pytest.mark.parametrize("label", ["1.0", "true", "01", "yes", " 1"])
def test_a_csv_label_is_exactly_zero_or_one(tmp_path: Path, label: str) -> None:
    path = tmp_path / "data.csv"
    path.write_text(f"g,y,p\na,0,1\na,{label},1\n")
    with pytest.raises(MeasureError) as caught:
        count(path, ["g"], "y", "p")
    assert caught.value.code == "measure.label-not-binary"


@pytest.mark.parametrize(
    "content",
    [
        f"g,y,p\na,0,1\n{CANARY},0,1,2\n".encode(),
        f"g,y,p\na,0,1\n{CANARY}\xff,0,1\n".encode("latin-1"),
        b"",
    ],
    ids=["ragged", "not UTF-8", "empty"],
)
def test_a_broken_csv_is_unreadable_and_the_error_quotes_no_cell(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    with pytest.raises(MeasureError) as caught:
        count(path, ["g"], "y", "p")
    assert caught.value.code == "measure.unreadable"
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("cut", [0, 4, 100, 3000])
def test_a_parquet_file_that_is_cut_off_is_unreadable(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(table(), path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(MeasureError) as caught:
        counted(path)
    assert caught.value.code == "measure.unreadable"


def test_a_parquet_page_that_is_broken_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(table(), path, compression="gzip")
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(1)
    content = bytearray(path.read_bytes())
    content[chunk.data_page_offset : chunk.data_page_offset + 20] = b"\xee" * 20
    path.write_bytes(content)
    with pytest.raises(MeasureError) as caught:
        counted(path)
    assert caught.value.code == "measure.unreadable"


def test_an_error_in_one_of_many_row_groups_is_the_error(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    data = table(200)
    labels = [7 if row == 150 else row % 2 for row in range(200)]
    pq.write_table(data.set_column(3, "y_true", pa.array(labels)), path, row_group_size=10)
    with pytest.raises(MeasureError) as caught:
        counted(path)
    assert caught.value.code == "measure.label-not-binary"


def test_an_identifier_as_feature_has_too_many_cells(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(table(6000), path)
    with pytest.raises(MeasureError) as caught:
        counted(path, ["id"])
    assert caught.value.code == "measure.too-many-cells"
    assert len(counted(path, ["id"], cell_limit=6000).cells) == 6000


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_column_that_is_not_there_is_answered_with_the_nearest(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data.{suffix}"
    (pq.write_table if suffix == "parquet" else pa.csv.write_csv)(table(5), path)
    with pytest.raises(ConfigError) as caught:
        count(path, ["Race"], "y_true", "y_pred")
    assert caught.value.code == "measure.column-missing"
    assert (caught.value.hint or "").startswith("did you mean 'race'?")


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data.{suffix}"
    if suffix == "csv":
        path.write_text("g,g,y,p\na,b,0,1\n")
    else:
        pq.write_table(
            pa.Table.from_arrays([pa.array(["a"])] * 2 + [pa.array([1])] * 2, names=["g", "g", "y", "p"]), path
        )
    with pytest.raises(ConfigError) as caught:
        count(path, ["g"], "y", "p")
    assert caught.value.code == "measure.column-twice"


def test_a_column_of_the_wrong_type_is_refused_even_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table({"g": pa.array([], pa.date32()), "y": pa.array([], pa.int8())}), path)
    with pytest.raises(ConfigError) as caught:
        count(path, ["g"], "y", "y")
    assert caught.value.code == "measure.column-type"


def test_a_file_that_is_missing_unknown_or_an_empty_folder_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "data.xlsx"
    other.write_bytes(b"PK")
    (tmp_path / "empty").mkdir()
    found = []
    for path in (tmp_path / "none.parquet", other, tmp_path / "empty"):
        with pytest.raises(ConfigError) as caught:
            counted(path)
        found.append(caught.value.code)
    assert found == ["measure.file-missing", "measure.format-unknown", "measure.file-missing"]


def question(metric: Metric, by: str, bound: int = 100_000) -> FairnessQuestion:
    return FairnessQuestion(statistic=Statistic.DIFFERENCE, metric=metric, by=(by,), bound=bound)


def rates(values: dict[str, Any], group: str, metric: Metric) -> tuple[int, int]:
    rate = next(each for each in values["groups"] if each["name"] == group)["rates"][metric.value]
    return rate["numerator"], rate["denominator"]


def test_compas_has_propublicas_published_error_rates(shared_data: Path) -> None:
    """ProPublica, How We Analyzed the COMPAS Recidivism Algorithm (2016): two-year recidivism, medium or high."""
    counts = counted(shared_data / "fairness" / "compas_two_year.parquet", ["race", "sex"])
    assert Confusion.of(counts.cells) == Confusion(tn=2681, fp=1282, fn=1216, tp=2035)
    values = assess(counts, question(Metric.FALSE_POSITIVE_RATE, "race"))
    assert rates(values, "African-American", Metric.FALSE_POSITIVE_RATE) == (805, 1795)
    assert rates(values, "Caucasian", Metric.FALSE_POSITIVE_RATE) == (349, 1488)
    assert rates(values, "African-American", Metric.FALSE_NEGATIVE_RATE) == (532, 1901)
    assert rates(values, "Caucasian", Metric.FALSE_NEGATIVE_RATE) == (461, 966)
    ppm = {each["name"]: each["rates"]["false_negative_rate"]["ppm"] for each in values["groups"]}
    assert (round(ppm["African-American"] / 100), round(ppm["Caucasian"] / 100)) == (2799, 4772)
    assert values["overall"]["rates"]["false_positive_rate"]["ppm"] == 323_492
    assert values["overall"]["rates"]["false_negative_rate"]["ppm"] == 374_039
    assert values["comparison"]["outcome"] == "fail"
    white = next(pair for pair in values["comparison"]["pairs"] if pair["low"] == "Caucasian")
    assert white == {"high": "African-American", "low": "Caucasian", "value": 213_925, "outcome": "fail"}
    assert [small["group"] for small in values["comparison"]["insufficient"]] == ["Asian", "Native American"]


def test_compas_by_sex_rolls_up_to_the_same_totals(shared_data: Path) -> None:
    path = shared_data / "fairness" / "compas_two_year.parquet"
    joint, alone = counted(path, ["race", "sex"]), counted(path, ["sex"])
    asked = question(Metric.FALSE_POSITIVE_RATE, "sex")
    by_joint, by_alone = assess(joint, asked), assess(alone, asked)
    assert by_joint.pop("counts_sha256") != by_alone.pop("counts_sha256")
    assert by_joint == by_alone
    assert sum(group["rows"] for group in by_alone["groups"]) == 7214


def test_compas_accuracy_is_that_of_the_published_table(shared_data: Path) -> None:
    counts = counted(shared_data / "fairness" / "compas_two_year.parquet", ["race"])
    asked = PerformanceQuestion(metric=Metric.ACCURACY, bound=650_000)
    assert assess_performance(counts, asked)["comparison"] == {
        "outcome": "pass",
        "value": 653_728,
        "numerator": 4716,
        "denominator": 7214,
    }


def test_ricci_has_the_courts_pass_rates(shared_data: Path) -> None:
    """Ricci v. DeStefano, 557 U.S. 557 (2009): by position and race."""
    counts = count(shared_data / "fairness" / "ricci.parquet", ["Position", "race"], "y_pred", "y_pred")
    asked = FairnessQuestion(
        statistic=Statistic.RATIO, metric=Metric.SELECTION_RATE, by=("Position", "race"), bound=800_000
    )
    values = assess(counts, asked)
    expected = {
        "Captain & W": (16, 25),
        "Captain & B": (3, 8),
        "Captain & H": (3, 8),
        "Lieutenant & W": (25, 43),
        "Lieutenant & B": (6, 19),
        "Lieutenant & H": (3, 15),
    }
    assert {group["name"] for group in values["groups"]} == set(expected)
    assert {name: rates(values, name, Metric.SELECTION_RATE) for name in expected} == expected


@pytest.mark.parametrize(
    ("file", "feature", "favourable", "expected"),
    [
        # Bertrand & Mullainathan 2004, table 1: callbacks. Stock & Watson, HMDA Boston: denials, prediction 0.
        ("resume_callbacks.parquet", "ethnicity", 1, {"afam": (157, 2435), "cauc": (235, 2435)}),
        ("hmda_boston.parquet", "afam", 0, {"yes": (96, 339), "no": (189, 2041)}),
    ],
)
def test_published_selection_rates_are_reproduced(
    shared_data: Path, file: str, feature: str, favourable: int, expected: dict[str, tuple[int, int]]
) -> None:
    counts = count(shared_data / "fairness" / file, [feature], "y_pred", "y_pred")
    asked = FairnessQuestion(
        statistic=Statistic.RATIO, metric=Metric.SELECTION_RATE, by=(feature,), bound=1, favourable=favourable
    )
    values = assess(counts, asked)
    assert {name: rates(values, name, Metric.SELECTION_RATE) for name in expected} == expected


def test_boston_mortgages_pass_or_fail_by_which_outcome_is_called_favourable(shared_data: Path) -> None:
    counts = count(shared_data / "fairness" / "hmda_boston.parquet", ["afam"], "y_pred", "y_pred")
    worst = {}
    for favourable in (0, 1):
        asked = FairnessQuestion(
            statistic=Statistic.RATIO, metric=Metric.SELECTION_RATE, by=("afam",), bound=1, favourable=favourable
        )
        worst[favourable] = assess(counts, asked)["comparison"]["worst"]["value"]
    assert worst == {0: 326_999, 1: 789_966}


def test_a_float_prediction_column_of_real_data_is_counted(shared_data: Path) -> None:
    counts = counted(shared_data / "fairness" / "adult_rf_binary.parquet", ["race", "sex"])
    assert counts.row_count == 9769
    assert counts.rows_without_label == 0
