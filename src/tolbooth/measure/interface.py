"""What a measure is: it maps record batches to a summary that merges exactly.

A measure never judges and its summary never holds a row: integer counts only, one division at the very end, by
whoever assesses the summary. So any partitioning of the rows, in any order, on any engine, gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self, TypeVar

import pyarrow as pa

Summary_co = TypeVar("Summary_co", covariant=True)

Progress = Callable[[int, int | None], None]
"""Called with rows done and rows in all (None where the source does not say)."""


class Measure(Protocol[Summary_co]):
    """Counts rows, batch by batch; partial measures of the same kind and settings merge.

    ``update`` and ``merge`` change the measure in place; both are associative and commutative in their effect on what
    ``finish`` returns. Rows of no batch at all give the empty summary.
    """

    def update(self, batch: pa.RecordBatch) -> None:
        """Count the rows of one batch.

        Raises:
            ConfigError: if a declared column is missing or of a type that this measure can't count.
            MeasureError: if the rows can't be counted; the text never holds a cell.
        """

    def merge(self, other: Self) -> None:
        """Add what another measure of the same kind and settings has counted.

        Raises:
            ValueError: if ``other`` was made with other settings.
        """

    def finish(self) -> Summary_co:
        """What was counted so far, as an immutable value."""
