"""A uniform random sample of rows, drawn while they stream by: rows, never row groups, since PII comes in clusters.

Each row has a rank that depends on its position and a fixed seed alone; the rows with the smallest ranks are the
sample. Read in the order of their ranks, every beginning of the sample is itself a uniform sample, so a scan may stop
where its time is over. The same data gives the same sample on any machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from tolbooth.measure.arrays import arrow_of

SEED = 0x746F6C62
"""Fixed, so that a scan can be repeated. Who writes the data on purpose around it is found by a full scan only."""

Ranks = npt.NDArray[np.uint64]


def ranks(start: int, count: int, *, seed: int = SEED) -> Ranks:
    """The ranks of ``count`` rows from position ``start``: distinct 64-bit numbers.

    SPEC: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), a bijection, over position + seed · 2^32.
    """
    mixed: Ranks = np.arange(start, start + count, dtype=np.uint64) + np.uint64((seed << 32) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


class RowSample:
    """Keeps the rows with the smallest ranks of all that are offered; memory is bounded by twice the size of it."""

    def __init__(self, size: int, *, seed: int = SEED) -> None:
        self._size = size
        self._seed = seed
        self._seen = 0
        self._kept = 0
        self._limit = np.uint64(2**64 - 1)
        self._pieces: list[tuple[Ranks, pa.RecordBatch]] = []

    @property
    def seen(self) -> int:
        """How many rows were offered."""
        return self._seen

    def offer(self, batch: pa.RecordBatch) -> None:
        """Look at the next rows of the data set, in its order."""
        batch = _takeable(batch)
        ranked = ranks(self._seen, batch.num_rows, seed=self._seed)
        self._seen += batch.num_rows
        self._keep(ranked, batch)
        if self._kept > 2 * self._size:
            self._trim()

    def chunks(self, rows: int) -> Iterator[list[pa.RecordBatch]]:
        """The sample in order of rank, so many rows at a time; a chunk holds one batch for each schema among them."""
        self._trim()
        tables = [_sorted(pieces) for pieces in self._by_schema()]
        order = np.sort(np.concatenate([ranked for ranked, _ in tables])) if tables else np.empty(0, dtype=np.uint64)
        for start in range(0, len(order), rows):
            last = order[min(start + rows, len(order)) - 1]
            chunk: list[pa.RecordBatch] = []
            for ranked, batch in tables:
                begin = int(np.searchsorted(ranked, order[start]))
                end = int(np.searchsorted(ranked, last, side="right"))
                chunk += [batch.slice(begin, end - begin)] if end > begin else []
            yield chunk

    def _keep(self, ranked: Ranks, batch: pa.RecordBatch) -> None:
        chosen = np.flatnonzero(ranked <= self._limit)
        if len(chosen):
            self._kept += len(chosen)
            self._pieces.append((ranked[chosen], batch.take(arrow_of(chosen))))

    def _trim(self) -> None:
        if self._kept <= self._size:
            return
        everything = np.concatenate([ranked for ranked, _ in self._pieces])
        self._limit = np.partition(everything, self._size - 1)[self._size - 1]
        pieces, self._pieces, self._kept = self._pieces, [], 0
        for ranked, batch in pieces:
            self._keep(ranked, batch)

    def _by_schema(self) -> list[list[tuple[Ranks, pa.RecordBatch]]]:
        groups: list[tuple[Any, list[tuple[Ranks, pa.RecordBatch]]]] = []
        for piece in self._pieces:
            schema = piece[1].schema
            same = next((pieces for known, pieces in groups if known.equals(schema)), None)
            if same is None:
                groups.append((schema, [piece]))
            else:
                same.append(piece)
        return [pieces for _, pieces in groups]


def _takeable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch without the few layouts from which Arrow can't take rows: views and run ends."""
    if not any(_is_odd(kind) for kind in batch.schema.types):
        return batch
    columns = [_laid_out(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _is_odd(kind: pa.DataType) -> bool:
    return bool(types.is_run_end_encoded(kind) or types.is_string_view(kind) or types.is_binary_view(kind))


def _laid_out(column: pa.Array) -> pa.Array:
    if types.is_run_end_encoded(column.type):
        return _laid_out(pc.run_end_decode(column))
    if types.is_string_view(column.type):
        return column.cast(pa.large_string())
    return column.cast(pa.large_binary()) if types.is_binary_view(column.type) else column


def _sorted(pieces: list[tuple[Ranks, pa.RecordBatch]]) -> tuple[Ranks, pa.RecordBatch]:
    ranked = np.concatenate([piece for piece, _ in pieces])
    order = np.argsort(ranked)
    table = pa.Table.from_batches([batch for _, batch in pieces]).take(arrow_of(order))
    return ranked[order], table.combine_chunks().to_batches()[0]
