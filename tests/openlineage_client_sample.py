"""Runs as a training script tells them by openlineage-python; needs nothing of ours, so it is a user's script.

Usage: python tests/openlineage_client_sample.py FILE, or with OPENLINEAGE_URL set and no argument. The golden file
``tests/golden/openlineage/openlineage-python.ndjson`` was written by it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import (
    DatasetEvent,
    InputDataset,
    Job,
    JobEvent,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
    StaticDataset,
)
from openlineage.client.facet_v2 import (
    data_quality_assertions_dataset,
    dataset_version_dataset,
    datasource_dataset,
    error_message_run,
    nominal_time_run,
    parent_run,
    schema_dataset,
    source_code_location_job,
    sql_job,
)
from openlineage.client.transport.file import FileConfig, FileTransport

DIGEST = "5f0f2a6a5e0f1cf5c3b1f0d8a6a2a0b4a7c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TRAINED = "0190a1b2-0000-7000-8000-000000000001"
LEFT_OPEN = "0190a1b2-0000-7000-8000-000000000002"
PARENT = "0190a1b2-0000-7000-8000-0000000000ff"

JOB = Job(
    namespace="training",
    name="credit.fit",
    facets={
        "sql": sql_job.SQLJobFacet(query="SELECT * FROM people WHERE mail = 'ana@example.org'"),
        "sourceCodeLocation": source_code_location_job.SourceCodeLocationJobFacet(
            type="git",
            url=f"https://git.example.org/credit/blob/{COMMIT}/fit.py",
            repoUrl="https://ana:hunter2@git.example.org/credit.git?token=hunter2",
            path="fit.py",
            version=COMMIT,
        ),
    },
)
RUN = Run(
    runId=TRAINED,
    facets={
        "nominalTime": nominal_time_run.NominalTimeRunFacet(nominalStartTime="2026-11-22T00:00:00Z"),
        "parent": parent_run.ParentRunFacet(
            run=parent_run.Run(runId=PARENT), job=parent_run.Job(namespace="training", name="credit")
        ),
    },
)
FAILING = Run(
    runId=TRAINED,
    facets={"errorMessage": error_message_run.ErrorMessageRunFacet("Traceback: ana@example.org", "python")},
)
READ = InputDataset(
    namespace="postgres://ana:hunter2@db.example.org:5432",
    name="credit.public.train",
    facets={
        "schema": schema_dataset.SchemaDatasetFacet(
            fields=[
                schema_dataset.SchemaDatasetFacetFields("age", "int64"),
                schema_dataset.SchemaDatasetFacetFields("ana@example.org", "text"),
            ]
        ),
        "dataSource": datasource_dataset.DatasourceDatasetFacet(
            name="warehouse", uri="jdbc:postgresql://ana:hunter2@db.example.org/credit?password=hunter2"
        ),
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=f"sha256:{DIGEST}"),
    },
    inputFacets={
        "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            assertions=[
                data_quality_assertions_dataset.Assertion(assertion="not_null", success=True, column="age"),
                data_quality_assertions_dataset.Assertion(
                    assertion="row_count", success=False, content="SELECT COUNT(*) FROM people"
                ),
            ]
        )
    },
)
WROTE = OutputDataset(namespace="s3://models", name="credit/model.bin")


def events() -> Iterator[RunEvent | JobEvent | DatasetEvent]:
    """A run that trained, told out of order and once twice; one that was left open; and events about no run."""
    ended = RunEvent(
        eventType=RunState.COMPLETE, eventTime="2026-11-22T10:05:00.500Z", run=RUN, job=JOB, inputs=[READ],
        outputs=[WROTE],
    )  # fmt: skip
    yield ended
    yield RunEvent(eventType=RunState.START, eventTime="2026-11-22T11:00:00+01:00", run=RUN, job=JOB, inputs=[READ])
    yield RunEvent(eventType=RunState.RUNNING, eventTime="2026-11-22T10:01:00Z", run=FAILING, job=JOB)
    yield ended
    open_run = Run(runId=LEFT_OPEN)
    other = Job(namespace="training", name="credit.left-open")
    yield RunEvent(eventType=RunState.START, eventTime="2026-11-22T12:00:00Z", run=open_run, job=other)
    yield JobEvent(eventTime="2026-11-22T12:00:00Z", job=other)
    yield DatasetEvent(
        eventTime="2026-11-22T12:00:00Z", dataset=StaticDataset(namespace="s3://models", name="credit/model.bin")
    )


def main(file: str | None) -> None:
    """Send them: to a file, or where OpenLineage's own environment variables say."""
    client = OpenLineageClient() if file is None else OpenLineageClient(
        transport=FileTransport(FileConfig(log_file_path=file, append=True))
    )  # fmt: skip
    for event in events():
        client.emit(event)


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else None)
