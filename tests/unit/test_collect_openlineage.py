"""The run that made a subject, out of OpenLineage events: real clients' and broken ones."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tolbooth.collect.interface import Collected
from tolbooth.collect.openlineage import collect_openlineage
from tolbooth.collect.openlineage_events import Job, RunEvent, Unreadable, read_events
from tolbooth.collect.openlineage_gaps import WantedRun
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.errors import CollectError, ConfigError

NOW = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)
GOLDEN = Path(__file__).parents[1] / "golden" / "openlineage"
DIGEST = "5f0f2a6a5e0f1cf5c3b1f0d8a6a2a0b4a7c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5"
RUN = "0190a1b2-0000-7000-8000-000000000001"
OTHER_RUN = "0190a1b2-0000-7000-8000-000000000002"
JOB = Job(namespace="training", name="credit.fit")
TRAIN = Job(namespace="s3://credit", name="train.parquet")


def event(kind: str | None, minute: int, **changes: Any) -> dict[str, Any]:
    """An event of the run, so many minutes after ten."""
    made = {
        "eventTime": f"2026-11-22T10:{minute:02d}:00Z",
        "run": {"runId": RUN},
        "job": {"namespace": JOB.namespace, "name": JOB.name},
        "producer": "https://example.org/producer",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    }
    return {**made, **({} if kind is None else {"eventType": kind}), **changes}


def data_set(version: str | None = None, **facets: Any) -> dict[str, Any]:
    stated = {} if version is None else {"version": {"datasetVersion": version}}
    return {"namespace": TRAIN.namespace, "name": TRAIN.name, "facets": {**stated, **facets}}


def lines(events: Sequence[Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)


def collected(
    folder: Path, content: Sequence[Any] | bytes, *, data: Mapping[str, Job] | None = None, run_id: str | None = None
) -> Collected:
    path = folder / "events.ndjson"
    path.write_bytes(content if isinstance(content, bytes) else lines(content))
    wanted = WantedRun(job=JOB, run_id=run_id, data=data or {})
    return collect_openlineage(path, wanted, shown="events.ndjson", now=NOW, about="credit")


def values(found: Collected) -> dict[str, Any]:
    assert found.gaps == ()
    (observation,) = found.observations
    return dict(observation.values)


def codes(found: Collected) -> list[tuple[str, str]]:
    return [(gap.about, gap.code.removeprefix("collect.lineage-")) for gap in found.gaps]


def golden(name: str, job: Job, data: Mapping[str, Job]) -> Collected:
    wanted = WantedRun(job=job, run_id=None, data=data)
    return collect_openlineage(GOLDEN / name, wanted, shown=name, now=NOW, about="credit")


def test_a_task_of_airflow_is_read_with_its_dag_its_data_and_its_end() -> None:
    model = Job(namespace="s3://credit", name="model.bin")
    found = values(golden("airflow.ndjson", Job(namespace="airflow-prod", name="train_credit.fit"), {"train": TRAIN}))
    assert found["status"] == "complete"
    assert (found["events"], found["duplicates"], found["runs"], found["unfinished"]) == (2, 0, 1, 0)
    assert (found["parent"]["namespace"], found["parent"]["name"]) == ("airflow-prod", "train_credit")
    assert found["nominal_start"] == "2026-11-22T00:00:00Z"
    assert found["producers"] == ["https://github.com/apache/airflow/tree/providers-openlineage/2.20.3"]
    assert found["datasets"] == [
        {
            "direction": "input",
            "namespace": TRAIN.namespace,
            "name": TRAIN.name,
            "digest": {"sha256": DIGEST},
            "columns": [{"name": "age", "type": "int64"}, {"name": "income", "type": "double"}],
            "declared": "train",
        },
        {"direction": "output", "namespace": model.namespace, "name": model.name},
    ]


def test_a_task_of_airflow_that_failed_keeps_no_trace_of_its_error() -> None:
    (found,) = golden("airflow.ndjson", Job(namespace="airflow-prod", name="train_credit.broken"), {}).observations
    assert found.values["status"] == "fail"
    assert b"ana@example.org" in (GOLDEN / "airflow.ndjson").read_bytes()
    assert not any(word in canonical_bytes(found) for word in (b"ana@example.org", b"Traceback", b"RuntimeError"))


def test_a_dag_of_which_only_the_end_was_sent_has_no_start() -> None:
    found = values(golden("airflow.ndjson", Job(namespace="airflow-prod", name="train_credit"), {}))
    assert found["status"] == "fail"
    assert "started_at" not in found


def test_a_run_of_the_python_client_is_put_in_order_and_counted_once() -> None:
    found = values(golden("openlineage-python.ndjson", JOB, {}))
    assert found["run_id"] == RUN
    assert found["status"] == "complete"
    assert (found["started_at"], found["ended_at"]) == ("2026-11-22T10:00:00Z", "2026-11-22T10:05:00Z")
    assert (found["events"], found["duplicates"]) == (3, 1)
    assert found["parent"]["run_id"] == "0190a1b2-0000-7000-8000-0000000000ff"
    assert found["source"]["commit"] == "0123456789abcdef0123456789abcdef01234567"


def test_what_the_python_client_sent_loses_passwords_persons_sql_and_errors() -> None:
    (found,) = golden("openlineage-python.ndjson", JOB, {}).observations
    kept, sent = canonical_bytes(found), (GOLDEN / "openlineage-python.ndjson").read_bytes()
    for secret in (b"hunter2", b"ana@example.org", b"SELECT", b"Traceback"):
        assert secret in sent
        assert secret not in kept
    read = found.values["datasets"][0]
    assert read["namespace"] == "postgres://db.example.org:5432"
    assert read["data_source"] == {"name": "warehouse", "uri": "jdbc:postgresql://db.example.org/credit"}
    assert found.values["source"]["repository"] == "https://git.example.org/credit.git"
    assert read["columns"] == [{"name": "age", "type": "int64"}, {"name": "[withheld: e-mail]", "type": "text"}]
    assert read["assertions"] == [
        {"assertion": "not_null", "column": "age", "success": True},
        {"assertion": "row_count", "success": False},
    ]
    assert found.values["withheld"] == 1
    assert found.values["facets_left_out"] == 3


def test_a_data_set_is_found_by_its_name_with_user_info_and_without() -> None:
    for user in ("", "ana:hunter2@"):
        named = Job(namespace=f"postgres://{user}db.example.org:5432", name="credit.public.train")
        found = values(golden("openlineage-python.ndjson", JOB, {"train": named}))
        assert found["datasets"][0]["declared"] == "train"


def test_the_order_in_the_file_changes_nothing(tmp_path: Path) -> None:
    content = (GOLDEN / "openlineage-python.ndjson").read_bytes().splitlines(keepends=True)
    seen = set()
    for seed in range(8):
        random.Random(seed).shuffle(content)
        (found,) = collected(tmp_path, b"".join(content)).observations
        seen.add(canonical_bytes(found))
    assert len(seen) == 1


def test_an_event_of_another_job_changes_no_digest_of_what_was_read(tmp_path: Path) -> None:
    whole = [event("START", 0), event("COMPLETE", 5)]
    stranger = event("START", 7, job={"namespace": "training", "name": "other"}, run={"runId": OTHER_RUN})
    before, after = (collected(tmp_path, each).observations[0] for each in (whole, [*whole, stranger]))
    assert before.reads == after.reads
    assert before.values == after.values


def test_a_run_that_began_and_did_not_end_is_a_gap_and_no_observation(tmp_path: Path) -> None:
    found = collected(tmp_path, [event("START", 0), event("RUNNING", 3)])
    assert codes(found) == [("credit", "unfinished")]
    assert "2026-11-22T10:03:00Z" in found.gaps[0].message
    assert found.observations == ()


def test_a_run_left_open_beside_the_last_one_is_counted(tmp_path: Path) -> None:
    lost = event("START", 0, run={"runId": OTHER_RUN})
    found = values(collected(tmp_path, [lost, event("START", 1), event("ABORT", 2)]))
    assert (found["run_id"], found["status"], found["runs"], found["unfinished"]) == (RUN, "abort", 2, 1)


def test_the_last_run_to_begin_counts_though_another_ended_later(tmp_path: Path) -> None:
    long = [event(kind, minute, run={"runId": OTHER_RUN}) for kind, minute in (("START", 0), ("FAIL", 30))]
    found = values(collected(tmp_path, [event("COMPLETE", 20), event("START", 10), *long]))
    assert (found["run_id"], found["status"]) == (RUN, "complete")


def test_a_run_that_is_named_counts_in_place_of_the_last(tmp_path: Path) -> None:
    first = [event(kind, minute, run={"runId": OTHER_RUN}) for kind, minute in (("START", 0), ("FAIL", 1))]
    found = values(collected(tmp_path, [event("START", 2), event("COMPLETE", 3), *first], run_id=OTHER_RUN.upper()))
    assert (found["run_id"], found["status"], found["runs"]) == (OTHER_RUN, "fail", 1)


def test_two_kinds_of_end_contradict_each_other(tmp_path: Path) -> None:
    found = collected(tmp_path, [event("COMPLETE", 5), event("FAIL", 5)])
    assert codes(found) == [("credit", "two-ends")]
    assert "COMPLETE and as FAIL" in found.gaps[0].message


def test_two_producers_tell_of_one_run(tmp_path: Path) -> None:
    spark = event("COMPLETE", 6, producer="https://example.org/spark", inputs=[data_set(f"sha256:{DIGEST}")])
    found = values(collected(tmp_path, [event("START", 0), spark, event("COMPLETE", 7, inputs=[data_set()])]))
    assert found["producers"] == ["https://example.org/producer", "https://example.org/spark"]
    assert found["datasets"][0]["digest"] == {"sha256": DIGEST}
    assert found["ended_at"] == "2026-11-22T10:07:00Z"


def test_two_versions_of_an_input_are_a_gap_about_it_and_those_of_an_output_are_none(tmp_path: Path) -> None:
    for direction, gaps in (("inputs", [("train", "versions")]), ("outputs", [])):
        told = [event("START", 0, **{direction: [data_set("1")]}), event("COMPLETE", 5, **{direction: [data_set("2")]})]
        found = collected(tmp_path, told, data={"train": TRAIN})
        assert codes(found) == gaps
        assert found.observations[0].values["datasets"][0]["version"] == "2"


def test_a_facet_that_was_deleted_is_not_there(tmp_path: Path) -> None:
    gone = data_set(dataSource={"_deleted": True})
    told = [event("START", 0, inputs=[data_set("1", dataSource={"name": "lake"})]), event("COMPLETE", 5, inputs=[gone])]
    assert "data_source" not in values(collected(tmp_path, told))["datasets"][0]


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        (f"sha256:{DIGEST}", {"digest": {"sha256": DIGEST}}),
        (DIGEST.upper(), {"digest": {"sha256": DIGEST}}),
        (f"dirHash:{DIGEST}", {"digest": {"dirHash": DIGEST}}),
        ("sha256:5f0f2a", {"version": "sha256:5f0f2a"}),
        ("17", {"version": "17"}),
        ("password=hunter2", {"version": "password=[withheld: credential]"}),
        ("", {}),
        (7, {}),
    ],
)
def test_a_version_is_a_digest_only_if_it_has_the_form_of_one(tmp_path: Path, stated: Any, kept: Any) -> None:
    told = [event("COMPLETE", 5, inputs=[data_set(stated)])]
    plain = {"direction": "input", "namespace": TRAIN.namespace, "name": TRAIN.name}
    assert values(collected(tmp_path, told))["datasets"] == [{**plain, **kept}]


def test_a_declared_data_set_that_the_run_did_not_touch_is_a_gap_with_the_nearest_name(tmp_path: Path) -> None:
    near = Job(namespace=TRAIN.namespace, name="trian.parquet")
    found = collected(tmp_path, [event("COMPLETE", 5, inputs=[data_set()])], data={"train": near})
    assert codes(found) == [("train", "no-data-set")]
    assert found.gaps[0].message.endswith("did you mean 'train.parquet'?")


@pytest.mark.parametrize(
    ("job", "hint"),
    [
        (Job(namespace="training", name="credit.fti"), "; did you mean 'credit.fit'?"),
        (Job(namespace="trainign", name="credit.fit"), "; did you mean 'training'?"),
        (Job(namespace="elsewhere", name="xyz"), "in 'elsewhere'"),
    ],
)
def test_a_job_that_is_not_there_is_a_gap_with_the_nearest_name(job: Job, hint: str) -> None:
    found = golden("openlineage-python.ndjson", job, {})
    assert codes(found) == [("credit", "no-run")]
    assert found.gaps[0].message.endswith(hint)


def test_a_run_id_alone_says_which_run(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_bytes(lines([event("COMPLETE", 5)]))
    for run_id, gaps in ((RUN, []), (OTHER_RUN, [("credit", "no-run")])):
        wanted = WantedRun(job=None, run_id=run_id, data={})
        assert codes(collect_openlineage(path, wanted, shown="e", now=NOW, about="credit")) == gaps


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in event("START", 0).items() if key != name}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"eventTime": "2026-', "it is no JSON"),
        (b'{"a": NaN}', "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"17", "it is no JSON object"),
        (b"{}", "it has no run"),
        (_without("eventTime"), "it has no eventTime"),
        (_without("producer"), "it has no producer"),
        (_without("job"), "it has no job"),
        (event("STARTED", 0), "its eventType is none of the specification's"),
        (event("START", 0, run={"runId": "seven"}), "its runId is no UUID"),
        (event("START", 0, eventTime="2026-11-22T10:00:00"), "its eventTime has no zone"),
        (event("START", 0, eventTime="yesterday"), "its eventTime is no time"),
        (event("START", 0, eventTime="0001-01-01T00:00:00+10:00"), "its eventTime is no time"),
        (event("START", 0, inputs={}), None),
        (event("START", 0, inputs=["x"]), "its inputs are no list of data sets"),
        (event("START", 0, outputs=[{"namespace": "x"}]), "it has no name"),
        (event("START", 0, run={"runId": RUN, "facets": ["x"]}), "its facets are no JSON object"),
    ],
)
def test_a_line_that_is_no_event_is_told_by_its_number(tmp_path: Path, line: Any, why: str | None) -> None:
    bad = line if isinstance(line, bytes) else json.dumps(line).encode()
    found = collected(tmp_path, lines([event("START", 0), event("COMPLETE", 5)]) + bad + b"\n")
    assert [gap.message for gap in found.gaps] == ([] if why is None else [f"events.ndjson:3 is no run event: {why}"])
    assert found.observations[0].values["status"] == "complete"


def test_many_lines_that_are_no_events_are_counted(tmp_path: Path) -> None:
    found = collected(tmp_path, lines([event("COMPLETE", 5)]) + b"x\n" * 9)
    assert [gap.message for gap in found.gaps][4:] == [
        "events.ndjson:6 is no run event: it is no JSON",
        "4 more lines are no run events",
    ]


def test_no_cut_through_the_last_line_reads_as_another_event(tmp_path: Path) -> None:
    first, last = event("START", 0), event("COMPLETE", 5, inputs=[data_set(f"sha256:{DIGEST}")])
    path = tmp_path / "events.ndjson"
    path.write_bytes(lines([first, last]))
    whole = list(read_events(path, shown="e"))
    begin = len(lines([first]))
    for length in range(begin, path.stat().st_size + 1):
        path.write_bytes(lines([first, last])[:length])
        found = list(read_events(path, shown="e"))
        assert found[0] == whole[0]
        assert found[1:] == whole[1:] or all(isinstance(each, Unreadable) for each in found[1:])


def _list(events: Sequence[Any]) -> bytes:
    return json.dumps(events, indent=2).encode()


def _spaced(events: Sequence[Any]) -> bytes:
    return b"\n" + lines(events).replace(b"\n", b"\r\n\r\n")


@pytest.mark.parametrize("form", [lines, _list, _spaced])
def test_lines_and_lists_are_read_alike(tmp_path: Path, form: Callable[[Sequence[Any]], bytes]) -> None:
    found = values(collected(tmp_path, form([event("START", 0), event("COMPLETE", 5)])))
    assert (found["status"], found["events"]) == ("complete", 2)


def test_a_folder_holds_one_event_a_file_as_the_clients_file_transport_writes_them(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    folder.mkdir()
    for number, each in enumerate([event("START", 0), event("COMPLETE", 5)]):
        (folder / f"run-{number}.json").write_text(json.dumps(each, indent=2), encoding="utf-8")
    (folder / "notes.txt").write_text("no event", encoding="utf-8")
    wanted = WantedRun(job=JOB, run_id=None, data={})
    found = collect_openlineage(folder, wanted, shown="events/", now=NOW, about="credit")
    assert values(found)["events"] == 2
    (folder / "run-2.json").write_text("{", encoding="utf-8")
    broken = collect_openlineage(folder, wanted, shown="events/", now=NOW, about="credit")
    assert broken.gaps[0].message == "events/run-2.json:1 is no run event: it is no JSON"


def test_no_file_and_an_empty_folder_are_mistakes(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "x", "there is no file e"), (tmp_path, "the folder e holds no file of events")):
        with pytest.raises(ConfigError, match=message):
            list(read_events(path, shown="e"))


def test_too_many_bytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    with (tmp_path / "e.ndjson").open("wb") as file:
        file.truncate((256 << 20) + 1)
    with pytest.raises(CollectError, match="at most 268,435,456 are read"):
        list(read_events(tmp_path / "e.ndjson", shown="e"))


def test_half_a_surrogate_pair_and_strange_facets_stop_nothing(tmp_path: Path) -> None:
    strange = data_set("\ud800", schema={"fields": ["x", {"type": "int"}, {"name": 7}]}, dataSource=[], other=None)
    job = {"namespace": JOB.namespace, "name": JOB.name, "facets": {"sourceCodeLocation": {"version": ["x"]}}}
    run = {"runId": RUN, "facets": {"parent": {"run": 7, "job": {}}, "nominalTime": {"nominalStartTime": "soon"}}}
    (found,) = collected(tmp_path, [event("COMPLETE", 5, job=job, run=run, inputs=[strange])]).observations
    assert canonical_bytes(found)
    assert found.values["datasets"] == [
        {"direction": "input", "namespace": TRAIN.namespace, "name": TRAIN.name, "version": "?"}
    ]
    assert found.values.keys().isdisjoint({"parent", "source", "nominal_start"})


def test_events_about_a_job_or_a_data_set_alone_are_no_runs(tmp_path: Path) -> None:
    about_job = {key: value for key, value in event(None, 0).items() if key != "run"}
    about_data = {"eventTime": "2026-11-22T10:00:00Z", "producer": "p", "dataset": data_set()}
    path = tmp_path / "e.ndjson"
    path.write_bytes(lines([about_job, about_data, event("START", 0)]))
    (found,) = read_events(path, shown="e")
    assert isinstance(found, RunEvent)
