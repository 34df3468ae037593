"""measure: the bias audit of New York City's Local Law 144 over one data set; nothing is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tolbooth.measure.bias_audit.run import count_scores
from tolbooth.measure.engines.choose import Engine, count_on
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.four_fifths import four_fifths
from tolbooth.measure.fairness.impact_ratio import AuditSettings, BiasAudit, audit_scored, audit_selected
from tolbooth.model.errors import ConfigError, MeasureError, Place
from tolbooth.model.wire import JsonObject
from tolbooth.pipeline.collecting import Progress, Unit, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """A bias audit as plain values, and the four-fifths rule beside it.

    ``adverse`` holds for each table every category that is not excluded beside the most selected one: its ratio, and
    whether that is practically and statistically a difference. ``without_score`` are people whom a scoring tool left
    without score; ``counts_sha256`` is the digest of what was counted.
    """

    audit: JsonObject
    adverse: Mapping[str, Sequence[JsonObject]]
    counts_sha256: str
    without_score: int = 0

    def as_json(self) -> JsonObject:
        """The versioned contract ``tolbooth.bias-audit/v1``."""
        return {
            "schema": "tolbooth.bias-audit/v1",
            "audit": self.audit,
            "four_fifths": {name: list(rows) for name, rows in self.adverse.items()},
            "counts_sha256": self.counts_sha256,
            "without_score": self.without_score,
        }


def audit_selections(
    file: Path,
    *,
    sex: str,
    race: str,
    selected: str,
    favourable: int = 1,
    settings: AuditSettings,
    progress: Progress,
) -> Audited:
    """Audit a tool that selects: one row a person, ``selected`` 0 or 1, null for people it did not assess.

    Args:
        file: Parquet, CSV, Arrow IPC, a folder, or with DuckDB a .sql file.
        sex: the column with the sex categories.
        race: the column with the race and ethnicity categories.
        selected: the column that says who was selected.
        favourable: the value that selects.
        settings: what the rules leave open.
        progress: told of the rows counted.

    Raises:
        ConfigError: for a wrong column.
        MeasureError: if the file can't be counted.
    """
    with_place = _at(file)
    try:
        columns = CountSettings(features=(sex, race), label=selected, prediction=selected)
        counts = count_on(Engine.AUTO, file, columns, progress=_counting(file, progress))
    except (ConfigError, MeasureError) as error:
        raise with_place(error) from error
    audit = audit_selected(counts, sex=sex, race=race, favourable=favourable, settings=settings)
    return Audited(audit=audit.as_json(), adverse=_adverse(audit), counts_sha256=counts.sha256)


def audit_scores(
    file: Path, *, sex: str, race: str, score: str, settings: AuditSettings, progress: Progress
) -> Audited:
    """Audit a tool that scores: one row a person, whose exact score is compared with the sample's median.

    Args:
        file: Parquet, CSV, Arrow IPC, or a folder.
        sex: the column with the sex categories.
        race: the column with the race and ethnicity categories.
        score: the column with the scores; null is a person without score, who is left out.
        settings: what the rules leave open.
        progress: told of the rows counted.

    Raises:
        ConfigError: for a wrong column.
        MeasureError: if the file can't be counted.
    """
    with_place = _at(file)
    try:
        counted = count_scores(file, (sex, race), score, progress=_counting(file, progress))
    except (ConfigError, MeasureError) as error:
        raise with_place(error) from error
    audit = audit_scored(counted.people, sex=sex, race=race, settings=settings)
    return Audited(
        audit=audit.as_json(),
        adverse=_adverse(audit),
        counts_sha256=counted.sha256,
        without_score=counted.without_score,
    )


def _adverse(audit: BiasAudit) -> dict[str, Sequence[JsonObject]]:
    return {
        " & ".join(table.features): [
            found.as_json()
            for found in four_fifths({each.name: each.rate for each in table.categories if not each.excluded})
        ]
        for table in audit.tables
    }


def _at(file: Path) -> Callable[[ConfigError | MeasureError], ConfigError | MeasureError]:
    def placed(error: ConfigError | MeasureError) -> ConfigError | MeasureError:
        return type(error)([replace(problem, place=Place(path=str(file))) for problem in error.problems])

    return placed


def _counting(file: Path, progress: Progress) -> Callable[[int, int | None], None]:
    def report(done: int, total: int | None) -> None:
        progress(Work(f"counting {file}", Unit.ROWS), done, total)

    return report
