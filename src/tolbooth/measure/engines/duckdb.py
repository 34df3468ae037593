"""Counts with DuckDB: ``GROUP BY`` over Parquet files, a query or a relation; any number of groups, bounded memory.

The only module that imports duckdb (the extra ``duckdb``).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa

from tolbooth.measure.engines.extras import imported, refusing
from tolbooth.measure.engines.queried import count_files_by
from tolbooth.measure.engines.sql import DUCKDB, add_groups, count_query
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.interface import Progress
from tolbooth.model.errors import ConfigError

_MEMORY_LIMIT = "256MB"
_BATCH_GROUPS = 10_000
_GLOB = re.compile(r"[*?\[]")
# NOTE: Parquet statistics leave NaN out, and this optimizer believes them: ISNAN becomes no, y = 0 yes, for a column
# that holds 0 and NaN.
_MISLED = "statistics_propagation"


def count_files(
    path: Path, settings: CountSettings, *, progress: Progress | None = None, threads: int | None = None
) -> FairnessCounts:
    """Count Parquet files, or a ``.sql`` file that holds one SELECT over files or databases.

    DuckDB may use 256 MB, and spills beyond that to a temporary folder. Paths in a query start where the command runs;
    an extension that it needs has to be installed, since DuckDB fetches none here.

    Raises:
        ConfigError: ``measure.engine-missing`` without duckdb; ``measure.query`` for a file of SQL that is not one
            SELECT; else as ``count_files_by``, or for a query as ``count_relation``.
        MeasureError: ``measure.query-failed`` if DuckDB refuses; its text is dropped, since it may quote values.
    """
    with _connected(threads) as connection:
        if path.suffix.lower() == ".sql":
            return _count_selected(_selected(connection, path), settings)

        def read(files: Sequence[str]) -> str:
            # NOTE: DuckDB takes a path for a pattern, and would read each file that fits.
            plain = [_GLOB.sub(r"[\g<0>]", name).replace("'", "''") for name in files]
            names = ", ".join(f"'{name}'" for name in plain)
            return f"read_parquet([{names}], hive_partitioning = false)"

        def ask(query: str) -> Iterable[pa.RecordBatch]:
            with _asking():
                yield from connection.sql(query).to_arrow_reader(_BATCH_GROUPS)

        return count_files_by(path, settings, dialect=DUCKDB, read=read, ask=ask, progress=progress)


def count_relation(relation: Any, settings: CountSettings, connection: Any) -> FairnessCounts:
    """Count the rows of a DuckDB relation, which any query gives: ``connection.sql("SELECT …")``.

    Args:
        relation: is not run before, nor kept in memory.
        settings: what is counted.
        connection: the relation's own; its optimizer is set for this query, and set back.

    Raises:
        ConfigError: ``measure.column-missing``, ``measure.column-twice``, ``measure.column-type`` or
            ``measure.engine-columns``.
        MeasureError: as ``count_files``.
    """
    (before,) = connection.execute("SELECT current_setting('disabled_optimizers')").fetchone()
    connection.execute(f"SET disabled_optimizers = '{','.join(filter(None, [before, _MISLED]))}'")
    try:
        return _count_selected(relation, settings)
    finally:
        connection.execute(f"SET disabled_optimizers = '{before}'")


def _count_selected(relation: Any, settings: CountSettings) -> FairnessCounts:
    counter = FairnessCounter.of(settings)
    with _asking():
        # NOTE: of two columns with one name, DuckDB renames the second as soon as rows are asked for.
        names, kinds = relation.columns, relation.limit(0).to_arrow_reader(_BATCH_GROUPS).schema.types
    schema = pa.schema(list(zip(names, kinds, strict=True)))
    settings.check(schema)
    view = f"tolbooth_{uuid4().hex}"
    asked = count_query(settings, schema, view, DUCKDB)
    with _asking():
        counted = relation.query(view, asked)
        for groups in counted.to_arrow_reader(_BATCH_GROUPS):
            add_groups(counter, groups, schema)
    return counter.finish()


def _selected(connection: Any, path: Path) -> Any:
    duckdb = imported("duckdb", extra="duckdb", what="the engine duckdb")
    if not path.exists():
        raise ConfigError.of("measure.file-missing", f"there is no file {path.name}")
    try:
        statements = connection.extract_statements(path.read_text(encoding="utf-8"))
    except (duckdb.Error, UnicodeDecodeError):
        statements = []
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        message = f"{path.name} does not hold exactly one SELECT that DuckDB can read"
        raise ConfigError.of("measure.query", message, hint="SELECT race, y_true, y_pred FROM 'predictions/*.parquet'")
    with _asking():
        return connection.sql(statements[0].query)


@contextmanager
def _connected(threads: int | None) -> Iterator[Any]:
    duckdb = imported("duckdb", extra="duckdb", what="the engine duckdb")
    with tempfile.TemporaryDirectory(prefix="tolbooth-") as folder:
        settings: dict[str, Any] = {
            "memory_limit": _MEMORY_LIMIT,
            "temp_directory": folder,
            "preserve_insertion_order": False,
            "disabled_optimizers": _MISLED,
            "autoinstall_known_extensions": False,
        }
        if threads is not None:
            settings["threads"] = threads
        with duckdb.connect(":memory:", config=settings) as connection:
            yield connection


def _asking() -> Any:
    hint = "run the query in DuckDB itself to see what it says; what DuckDB can't read, --engine local may"
    return refusing("measure.query-failed", "DuckDB could not count these rows", hint=hint)
