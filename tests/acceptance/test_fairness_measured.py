"""``measure fairness`` and ``measure slices`` as a data scientist uses them, on ProPublica's COMPAS table."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.project_sample import Said, tolbooth

COLUMNS = ("--label", "y_true", "--prediction", "y_pred")


@pytest.fixture
def compas(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("compas.parquet").symlink_to(shared_data / "fairness" / "compas_two_year.parquet")
    return "compas.parquet"  # short, for lines are wrapped and the folder's name may be long


def measured(compas: str, *more: str) -> Said:
    return tolbooth("measure", "fairness", compas, *COLUMNS, "--groups", "race", *more)


def flat(said: Said) -> str:
    return " ".join(said.out.split())


def test_equalized_odds_under_tests_tell_the_bootstrap_of_the_widest_gap_once(compas: str) -> None:
    said = measured(compas, "--metric", "equalized_odds", "--mode", "simultaneous")
    told = re.findall(r"Widest gap over both rates: 39\.7 points \[(\d+\.\d), (\d+\.\d)\] by bootstrap", flat(said))
    assert len(told) == 1
    low, high = map(float, told[0])
    assert 31 < low < 34
    assert 46 < high < 49
    assert "No verdict rests on it." in flat(said)


def test_any_rate_has_a_bootstrap_where_it_is_asked_for(compas: str) -> None:
    assert "bootstrap" not in flat(measured(compas))
    assert "Widest gap: 30.1 points [" in flat(measured(compas, "--bootstrap"))
    ratio = measured(compas, "--metric", "selection_rate", "--statistic", "ratio", "--bootstrap", "--output", "json")
    (answer,) = json.loads(ratio.out)["observations"]
    found = answer["values"]["comparison"]["bootstrap"]
    assert found["low_ppm"] < answer["values"]["comparison"]["worst"]["value"] < found["high_ppm"]
    assert found["replicates"] == 10_000


def test_small_groups_tell_how_many_of_their_own_rows_would_do(compas: str) -> None:
    text = flat(measured(compas))
    assert "make them large enough: 10 of Asian and 50 of Native American." in text


def test_groups_that_tests_can_not_tell_from_the_bound_are_not_called_within_it(compas: str) -> None:
    lines = measured(compas, "--metric", "true_positive_rate", "--mode", "simultaneous").out.splitlines()
    (hispanic,) = [line for line in lines[:12] if line.strip().startswith("Hispanic")]
    assert hispanic.endswith("may be beyond")


def test_the_reference_is_named_and_never_marked(compas: str) -> None:
    said = measured(compas, "--metric", "selection_rate", "--statistic", "ratio", "--reference", "Caucasian")
    assert "African-American and Caucasian ratio 0.59, at least 0.8" in flat(said)
    (line,) = [line for line in said.out.splitlines()[:12] if line.strip().startswith("Caucasian ")]
    assert line.endswith("reference")


def test_a_reference_that_is_no_group_is_refused_with_the_nearest(compas: str) -> None:
    said = measured(compas, "--reference", "Caucassian")
    assert said.code == 2
    assert "did you mean 'Caucasian'?" in said.err


def test_the_page_holds_picture_numbers_and_lines_that_run(compas: str, tmp_path: Path) -> None:
    said = measured(compas, "--html", "fair.html", "--mode", "simultaneous", "--bootstrap")
    assert said.code == 0, said.err
    page = Path("fair.html").read_text(encoding="utf-8")
    assert page.count("<svg ") == 1
    assert "805/1795" in page
    assert "Not by chance" in page
    assert "Widest gap" in page
    assert "<script" not in page
    (program,) = re.findall(r"<pre>(.*?)</pre>", page, flags=re.DOTALL)
    printed = run(program.replace("&#39;", "'").replace("&amp;", "&"), tmp_path)
    assert {"race": "African-American", "counted_sum": 805, "counted_count": 1795} in printed[0]


def test_the_paper_holds_the_numbers_as_a_file(compas: str) -> None:
    pytest.importorskip("typst", reason="typst is not installed")
    said = measured(compas, "--pdf", "fair.pdf")
    assert said.code == 0, said.err
    content = Path("fair.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"measured.json" in content


def test_the_worst_slices_are_ranked_by_what_they_exceed(compas: str) -> None:
    said = tolbooth("measure", "slices", compas, *COLUMNS, "--groups", "race,sex,age_cat", "--output", "json")
    assert said.code == 0, said.err
    document = json.loads(said.out)
    bounds = [each["bound_ppm"] for each in document["ranking"]["slices"]]
    assert document["schema"] == "tolbooth.slices/v1"
    assert bounds == sorted(bounds, reverse=True)
    assert document["ranking"]["slices"][0]["group"] == {"race": "African-American", "age_cat": "Less than 25"}
    gaps = [each["gap_ppm"] for each in document["ranking"]["slices"]]
    assert gaps != sorted(gaps, reverse=True)


def test_the_slices_on_the_screen_say_what_was_cut(compas: str) -> None:
    asked = ("measure", "slices", compas, *COLUMNS, "--groups", "race,sex,age_cat", "--shown", "2")
    said = tolbooth(*asked, "--depth", "2", "--most-slices", "12")
    assert max(map(len, said.out.splitlines()[2:])) <= 80
    assert "2 or more of 9 slices do worse than the rest beyond chance" in flat(said)
    assert "Cut by the cap on work, so not looked at: race & sex; race & age_cat; sex & age_cat." in flat(said)
    assert "1 combination of more features not looked at" in flat(said)
    assert "Cut by" not in flat(tolbooth(*asked))


def test_slices_of_an_unknown_metric_are_refused_with_the_nearest(compas: str) -> None:
    said = tolbooth("measure", "slices", compas, *COLUMNS, "--groups", "race", "--metric", "acuracy")
    assert said.code == 2
    assert "did you mean 'accuracy'?" in said.err


def run(program: str, folder: Path) -> list[Any]:
    """What a program prints, one value a line."""
    import ast  # noqa: PLC0415 - only for what another Python prints
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    printed = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    return [ast.literal_eval(line) for line in printed.stdout.splitlines()]
