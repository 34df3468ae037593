"""What is counted: which columns play which part. Small and picklable, so it travels to any engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from tolbooth.measure.fairness.columns import (
    check_binary_type,
    check_class_type,
    check_feature_type,
    require_columns,
)
from tolbooth.measure.fairness.score_bins import ScoreBins
from tolbooth.measure.fairness.score_columns import check_score_type
from tolbooth.model.errors import ConfigError, Problem

CELL_LIMIT = 5_000
"""How many cells a count table may have unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountSettings:
    """The columns of a count table.

    Args:
        features: columns that make the groups; none counts labels and predictions only.
        label: the column with the true class.
        prediction: the column with the predicted class; it may be the label's column.
        score: how a score column is cut into bins, if it is counted too.
        multiclass: whether labels and predictions are names of any number of classes, not 0 and 1.
        cell_limit: how many cells the table may have.

    Raises:
        ConfigError: ``measure.feature-twice``, or ``measure.score-of-classes`` for a score beside several classes.
    """

    features: tuple[str, ...]
    label: str
    prediction: str
    score: ScoreBins | None = None
    multiclass: bool = False
    cell_limit: int = CELL_LIMIT

    def __post_init__(self) -> None:
        if len(set(self.features)) < len(self.features) or {self.label, self.prediction} & set(self.features):
            raise ConfigError.of(
                "measure.feature-twice",
                f"the features {', '.join(self.features)} name a column twice, or the label or the prediction",
            )
        if self.multiclass and self.score is not None:
            raise ConfigError.of(
                "measure.score-of-classes",
                f"the score '{self.score.column}' can't be counted beside several classes",
                hint="count the class that the score is of as a label of 0 and 1",
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, each once."""
        score = () if self.score is None else (self.score.column,)
        return tuple(dict.fromkeys((*self.features, self.label, self.prediction, *score)))

    def check(self, schema: pa.Schema, constants: Sequence[str] = ()) -> None:
        """Check that every column is there once and of a type that can be counted.

        Args:
            schema: names and Arrow types of the data's columns.
            constants: columns that the rows do not hold, since their text follows from where the rows lie.

        Raises:
            ConfigError: ``measure.column-missing``, ``measure.column-twice`` or ``measure.column-type`` for every
                column that is wrong, together.
        """
        problems: list[Problem] = []
        names = [*schema.names, *constants]
        for name in self.columns:
            try:
                require_columns([name], names)
                if name not in constants:
                    for check in self._checks(name):
                        check(name, schema.field(name).type)
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(problems)

    def _checks(self, name: str) -> list[Callable[[str, pa.DataType], None]]:
        checks: list[Callable[[str, pa.DataType], None]] = []
        if name in self.features:
            checks.append(check_feature_type)
        if name in {self.label, self.prediction}:
            checks.append(check_class_type if self.multiclass else check_binary_type)
        if self.score is not None and name == self.score.column:
            checks.append(check_score_type)
        return checks
