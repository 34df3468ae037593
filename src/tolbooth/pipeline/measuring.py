"""measure: from data sets to count tables, and from counts and questions to assessed facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from tolbooth.config.load import Project
from tolbooth.judge.questions import Question as AskedQuestion
from tolbooth.measure.engines.choose import Engine, count_on
from tolbooth.measure.engines.local import count
from tolbooth.measure.fairness.assess import assess, assess_performance
from tolbooth.measure.fairness.bootstrap import worst_interval
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.measure.fairness.groups import count_groups
from tolbooth.measure.fairness.question import FairnessQuestion, Question, question_from_parameters
from tolbooth.model.errors import CollectError, ConfigError, MeasureError, Place, Problem
from tolbooth.model.observation import Artifact, Gap
from tolbooth.model.wire import JsonObject
from tolbooth.pipeline.checking import at_columns
from tolbooth.pipeline.collecting import Collection, Progress, Unit, Work
from tolbooth.pipeline.references import require_reference

_WRONG_COLUMN = {"measure.label-not-binary"}
"""What only counting finds, and yet means that another column was meant: the settings are wrong, not the facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountTable:
    """The count table of one data set: what an auditor needs to compute every verdict again."""

    about: str
    counts: FairnessCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """One answer to one rule's question about one data set: the input document's form of a measured fact."""

    kind: str
    about: str
    question: JsonObject
    values: JsonObject
    counts_sha256: str


def measure(
    collection: Collection, project: Project, *, progress: Progress
) -> tuple[tuple[CountTable, ...], tuple[Gap, ...]]:
    """Count every data set that declares a label and a prediction; what can't be counted becomes a gap.

    Raises:
        ConfigError: if a declared column is not there, has the wrong type, or is a label or prediction that holds
            something else than 0, 1 and null; at the line that names the column.
        CollectError: ``collect.changed`` if a file is no longer the one that was digested.
    """
    tables: list[CountTable] = []
    gaps: list[Gap] = []
    for artifact in collection.artifacts:
        settings = collection.data.get(artifact.name)
        if settings is None or settings.label is None or settings.prediction is None:
            continue
        try:
            counts = count(
                collection.paths[artifact.name],
                settings.groups,
                label=settings.label,
                prediction=settings.prediction,
                progress=_counting(settings.path, progress, artifact.row_count),
            )
        except ConfigError as error:
            raise ConfigError(at_columns(project, artifact.name, error.problems)) from error
        except MeasureError as error:
            if error.code in _WRONG_COLUMN:
                raise ConfigError(at_columns(project, artifact.name, error.problems)) from error
            gaps += _gaps(artifact, error.problems)
        else:
            tables.append(CountTable(about=artifact.name, counts=counts))
        if not collection.unchanged(artifact.name):
            raise CollectError.of(
                "collect.changed",
                f"{settings.path} changed between its digest and its count",
                place=project.place("data", artifact.name, "path"),
                hint="wait until it is written whole, then run the command again",
            )
    return tuple(tables), tuple(gaps)


def assess_all(tables: Sequence[CountTable], questions: Iterable[AskedQuestion]) -> tuple[Assessed, ...]:
    """Answer every rule's question from the counts alone; the same for a gate and for its replay.

    A fairness question is asked for each feature of each table, and for every combination of as many as its
    ``intersections`` allows; a performance question once a table. Two rules with the same question share one answer.
    """
    answers: dict[tuple[str, bytes], Assessed] = {}
    for asked in questions:
        for table in tables:
            for by in _asked_by(table.counts.features, asked):
                answer = _assessed(table, asked, by)
                answers.setdefault((table.about, repr(sorted(answer.question.items())).encode()), answer)
    return tuple(answers[key] for key in sorted(answers))


def _asked_by(features: Sequence[str], asked: AskedQuestion) -> Iterator[tuple[str, ...]]:
    if asked.kind != "fairness":
        yield ()
        return
    for width in range(1, min(asked.parameters.get("intersections", 1), len(features)) + 1):
        yield from combinations(features, width)


def fairness_of_file(
    file: Path,
    groups: Sequence[str],
    *,
    label: str,
    prediction: str,
    asked: Mapping[str, object],
    progress: Progress,
    engine: Engine = Engine.AUTO,
    intersections: bool = False,
    bootstrap: bool = False,
) -> tuple[Assessed, ...]:
    """Count one data set and ask one fairness question for each feature; nothing is recorded.

    Args:
        file: a file or folder that the engine reads.
        groups: the features.
        label: the column with the true class.
        prediction: the column with the predicted class.
        asked: the question's parameters, with rates in ppm.
        progress: told of the rows counted.
        engine: where counting runs.
        intersections: whether the question is also asked for every combination of two features and more.
        bootstrap: whether each answer also holds the bootstrap interval of the widest gap, whatever the question;
            there is none where the gap is to a reference.

    Raises:
        ConfigError: for a wrong column or a wrong parameter.
        MeasureError: if the file can't be counted.
    """
    question = AskedQuestion(code="measure.fairness", kind="fairness", parameters=asked)
    widest = len(groups) if intersections else 1
    asked_by = [by for width in range(1, widest + 1) for by in combinations(groups, width)]
    for by in asked_by:
        question_from_parameters("fairness", asked, by=by)
    settings = CountSettings(features=tuple(groups), label=label, prediction=prediction)
    try:
        counts = count_on(engine, file, settings, progress=_counting(str(file), progress))
    except (ConfigError, MeasureError) as error:
        place = Place(path=str(file))
        raise type(error)([replace(problem, place=place) for problem in error.problems]) from error
    require_reference(counts, {**asked, "intersections": widest})
    table = CountTable(about=str(file), counts=counts)
    answers = tuple(_assessed(table, question, by) for by in asked_by)
    return tuple(_with_bootstrap(counts, answer) for answer in answers) if bootstrap else answers


def _with_bootstrap(counts: FairnessCounts, answer: Assessed) -> Assessed:
    asked = {name: value for name, value in answer.question.items() if name not in {"kind", "by"}}
    question = question_from_parameters("fairness", asked, by=answer.question["by"])
    assert isinstance(question, FairnessQuestion)
    comparison = answer.values["comparison"] | worst_interval(counts, count_groups(counts, question.by), question)
    return replace(answer, values={**answer.values, "comparison": comparison})


def _assessed(table: CountTable, asked: AskedQuestion, by: tuple[str, ...]) -> Assessed:
    question = question_from_parameters(asked.kind, asked.parameters, by=by)
    return Assessed(
        kind=asked.kind,
        about=table.about,
        question=question.as_json(),
        values=_answer(table.counts, question),
        counts_sha256=table.counts.sha256,
    )


def _answer(counts: FairnessCounts, question: Question) -> JsonObject:
    if isinstance(question, FairnessQuestion):
        return assess(counts, question)
    return assess_performance(counts, question)


def _counting(path: str, progress: Progress, rows: int | None = None) -> Callable[[int, int | None], None]:
    """Tell how far counting is; ``rows`` is the total where the file itself states none."""

    def report(done: int, total: int | None) -> None:
        progress(Work(f"counting {path}", Unit.ROWS), done, total if total is not None else rows)

    return report


def _gaps(artifact: Artifact, problems: Iterable[Problem]) -> list[Gap]:
    return [
        Gap(kind=kind, about=artifact.name, code=problem.code, message=problem.message)
        for problem in problems
        for kind in ("fairness", "performance")
    ]
