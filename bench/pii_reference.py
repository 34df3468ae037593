"""The PII reference: recall and precision on public data, and its throughput.

Run ``python bench/pii_reference.py``; without the public data (TOLBOOTH_TEST_DATA) it measures throughput alone.
Sentences: a hit has the labelled type and exactly the labelled span. Columns: those at odd places of
``open_data_columns.parquet``; a column is told by its most frequent entity where its verdict is personal. Its labels
name one type a column and leave many columns without any, so "without that label" isn't all wrong.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tolbooth.measure.pii.assess import assess
from tolbooth.measure.pii.reference import scan_text
from tolbooth.measure.pii.scanner import PiiScanner

POOLED = ("CREDIT_CARD", "PHONE_NUMBER", "EMAIL_ADDRESS", "IBAN_CODE", "US_SSN", "IP_ADDRESS")
COLUMN_TYPES = {"EMAIL": "EMAIL_ADDRESS", "TELEPHONE": "PHONE_NUMBER"}


def shares(hits: int, missed: int, wrong: int) -> str:
    recall = f"{hits / (hits + missed):.3f}" if hits + missed else "–"
    precision = f"{hits / (hits + wrong):.3f}" if hits + wrong else "–"
    return (
        f"labelled {hits + missed:>4}  hits {hits:>4}  wrong {wrong:>3}  recall {recall:>5}  precision {precision:>5}"
    )


def sentences(path: Path) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for sentence in json.loads(path.read_text(encoding="utf-8")):
        truth = {(s["entity_type"], s["start_position"], s["end_position"]) for s in sentence["spans"]}
        truth = {span for span in truth if span[0] in POOLED}
        answer = {(s.entity_type.value, s.start, s.end) for s in scan_text(sentence["full_text"])}
        answer = {span for span in answer if span[0] in POOLED}
        for what, spans in (("hits", truth & answer), ("missed", truth - answer), ("wrong", answer - truth)):
            counts.update((span[0], what) for span in spans)
    print(path.name)
    for entity in POOLED:
        print(f"  {entity:<14}", shares(*(counts[entity, what] for what in ("hits", "missed", "wrong"))))
    pooled = (sum(counts[entity, what] for entity in POOLED) for what in ("hits", "missed", "wrong"))
    print(f"  {'pooled':<14}", shares(*pooled))


def verdict(header: str, values: list[str]) -> tuple[str, str | None]:
    scanner = PiiScanner(key=secrets.token_bytes(32))
    scanner.update(pa.RecordBatch.from_arrays([pa.array(values)], names=[header]))
    column: dict[str, Any] = assess(scanner.finish(), rows=len(values))["columns"][0]
    if column["verdict"] != "personal":
        return column["verdict"], None
    most = max(column["entities"], key=lambda entity: 2 * entity["whole"] + entity["values"])
    return column["verdict"], most["entity_type"]


def columns(path: Path) -> None:
    table = pq.read_table(path, columns=["header", "semantic_type", "values"])
    counts: Counter[tuple[str, str]] = Counter()
    verdicts: Counter[str] = Counter()
    number = 0
    started = time.perf_counter()
    for place in range(1, table.num_rows, 2):
        (row,) = table.slice(place, 1).to_pylist()
        number += len(row["values"])
        truth = COLUMN_TYPES.get(row["semantic_type"])
        judged, answer = verdict(row["header"] or "", row["values"])
        verdicts[judged] += 1
        if truth is not None:
            counts[truth, "hits" if answer == truth else "missed"] += 1
        if answer is not None and answer != truth:
            counts[answer, "other label" if row["semantic_type"] else "no label"] += 1
    seconds = time.perf_counter() - started
    print(f"{path.name}, odd rows: {sum(verdicts.values()):,} columns, {number:,} values, {seconds:.0f} s")
    print("  verdicts", ", ".join(f"{name} {count}" for name, count in sorted(verdicts.items())))
    for entity in sorted({entity for entity, _ in counts}):
        hits, missed = counts[entity, "hits"], counts[entity, "missed"]
        recall = f"{hits / (hits + missed):.3f}" if hits + missed else "–"
        others = (
            f"with another label {counts[entity, 'other label']:>3}  without a label {counts[entity, 'no label']:>3}"
        )
        print(f"  {entity:<14} labelled {hits + missed:>4}  told {hits:>4}  recall {recall:>5}  told {others}")


def throughput() -> None:
    kinds = {
        "e-mail addresses": "ana.muster{}@example.org",
        "bare ids": "1000{}",
        "telephone numbers": "+41 44 668 {:02} 00",
        "sentences": "Order {} was sent to Ana, who may be reached at the office or by mail on any working day.",
    }
    for name, form in kinds.items():
        texts = [form.format(number % 100) for number in range(20_000)]
        started = time.perf_counter()
        for text in texts:
            scan_text(text)
        seconds = time.perf_counter() - started
        size = sum(len(text) for text in texts) / 1e6
        print(f"  {name:<18} {len(texts) / seconds:>9,.0f} values/s  {size / seconds:6.2f} MB/s")


def main() -> None:
    folder = Path(os.environ.get("TOLBOOTH_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")) / "pii"
    if folder.is_dir():
        for name in ("synth_dataset_v2.json", "generated_large.json"):
            sentences(folder / name)
        columns(folder / "open_data_columns.parquet")
    else:
        print("no public data: set TOLBOOTH_TEST_DATA")
    print("throughput of scan_text, one core")
    throughput()


if __name__ == "__main__":
    main()
