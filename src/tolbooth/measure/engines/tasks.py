"""What a task on another machine does, and how its answer comes back: for every engine that runs Python tasks.

Errors travel as values: they name their problems, and nothing of a worker's traceback reaches a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tolbooth.measure.engines.parts import Part, count_part
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.model.errors import ConfigError, MeasureError, Problem, TolboothError

TASKS_PER_WORKER = 4
"""How many tasks each worker gets, so that an unlucky one does not hold up the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a part could not be counted."""

    config: bool
    problems: tuple[Problem, ...]

    def error(self) -> TolboothError:
        """The error, to be raised where the count was asked for."""
        return (ConfigError if self.config else MeasureError)(self.problems)


Answer = tuple[FairnessCounter, int] | Refused
"""What a task counted, and how many rows; or why it could not."""


def run(part: Part, settings: CountSettings) -> Answer:
    """Count one part, anywhere."""
    rows = 0

    def goes_on(more: int) -> bool:
        nonlocal rows
        rows += more
        return True

    try:
        return count_part(part, settings, goes_on), rows
    except (ConfigError, MeasureError) as error:
        return Refused(config=isinstance(error, ConfigError), problems=error.problems)


def merged(answers: Iterable[Answer], counter: FairnessCounter) -> Iterable[int]:
    """Merge answers into ``counter`` as they come; gives the rows done after each.

    Raises:
        ConfigError: what a task raised.
        MeasureError: what a task raised, or ``measure.too-many-cells``.
    """
    done = 0
    for answer in answers:
        if isinstance(answer, Refused):
            raise answer.error()
        part, rows = answer
        counter.merge(part)
        done += rows
        yield done
