"""measure: the slices of one data set in which a model does worst; nothing is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tolbooth.measure.engines.choose import Engine, count_on
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.rates import Metric
from tolbooth.measure.fairness.slices import WorstSlices, worst_slices
from tolbooth.model.errors import ConfigError, MeasureError, Place
from tolbooth.pipeline.collecting import Progress, Unit, Work

MOST_CELLS = 50_000
"""How many cells are counted at most: more than a table that is kept as evidence may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sliced:
    """The ranking, how many rows it is of, and the digest of their counts."""

    ranking: WorstSlices
    row_count: int
    rows_without_label: int
    counts_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceLimits:
    """What bounds the search: see ``worst_slices``."""

    depth: int
    most_slices: int
    shown: int


def slices_of_file(
    file: Path,
    groups: Sequence[str],
    *,
    label: str,
    prediction: str,
    metric: Metric,
    alpha: int,
    minimum_denominator: int,
    favourable: int,
    limits: SliceLimits,
    progress: Progress,
    engine: Engine = Engine.AUTO,
) -> Sliced:
    """Count one data set and rank its slices.

    Raises:
        ConfigError: for a wrong column or limit.
        MeasureError: if the file can't be counted.
    """
    settings = CountSettings(features=tuple(groups), label=label, prediction=prediction, cell_limit=MOST_CELLS)

    def report(done: int, total: int | None) -> None:
        progress(Work(f"counting {file}", Unit.ROWS), done, total)

    try:
        counts = count_on(engine, file, settings, progress=report)
    except (ConfigError, MeasureError) as error:
        place = Place(path=str(file))
        raise type(error)([replace(problem, place=place) for problem in error.problems]) from error
    ranking = worst_slices(
        counts,
        metric,
        alpha=alpha,
        minimum_denominator=minimum_denominator,
        favourable=favourable,
        depth=limits.depth,
        most_slices=limits.most_slices,
        shown=limits.shown,
    )
    return Sliced(
        ranking=ranking,
        row_count=counts.row_count,
        rows_without_label=counts.rows_without_label,
        counts_sha256=counts.sha256,
    )
