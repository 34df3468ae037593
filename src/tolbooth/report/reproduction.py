"""Three lines of Python, without Tolbooth, that count a comparison's numbers from the data itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from tolbooth.model.rule import Outcome
from tolbooth.report.comparison import Comparison
from tolbooth.report.evidence_rows import EvidenceRow

_KEPT = {
    "true_positive_rate": ".cast('int8') == 1",
    "false_negative_rate": ".cast('int8') == 1",
    "false_positive_rate": ".cast('int8') != 1",
    "true_negative_rate": ".cast('int8') != 1",
}
_KEPT_PREDICTED = {"precision": ".cast('int8') == 1", "negative_predictive_value": ".cast('int8') != 1"}
_READERS = {
    ".csv": ("csv", "csv.read_csv({})"),
    ".arrow": ("feather", "feather.read_table({})"),
    ".feather": ("feather", "feather.read_table({})"),
    ".ipc": ("feather", "feather.read_table({})"),
    ".arrows": ("ipc", "ipc.open_stream({}).read_all()"),
}
_PARQUET = ("parquet", "parquet.read_table({})")


def reproductions(comparisons: Iterable[Comparison], evidence: Iterable[EvidenceRow]) -> tuple[tuple[str, ...], ...]:
    """The lines for each rate of each file that was compared, all its features in one; in the order of comparisons."""
    return reproductions_of(comparisons, {row.name: row.uri for row in evidence})


def reproductions_of(comparisons: Iterable[Comparison], uris: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """The same, given where each data set lies."""
    asked: dict[tuple[str, str, int], list[Comparison]] = {}
    for item in comparisons:
        asked.setdefault((item.about, item.metric, item.favourable), []).append(item)
    found = (reproduction(items, uris.get(items[0].about)) for items in asked.values())
    return tuple(lines for lines in found if lines)


def slices_commands(comparisons: Iterable[Comparison], evidence: Iterable[EvidenceRow]) -> tuple[str, ...]:
    """The command that looks for the worst slices, once for each file on this machine in which groups fail a bound."""
    uris = {row.name: row.uri for row in evidence}
    failing: dict[str, list[Comparison]] = {}
    for item in comparisons:
        if item.by:
            failing.setdefault(item.about, []).append(item)
    return tuple(
        _slices_command(items, uris[about])
        for about, items in failing.items()
        if about in uris
        and not uris[about].startswith("runs:/")
        and any(item.outcome is Outcome.FAIL for item in items)
    )


def _slices_command(items: list[Comparison], uri: str) -> str:
    features = dict.fromkeys(feature for item in items for feature in item.by)
    worst = next(item for item in items if item.outcome is Outcome.FAIL)
    options = {
        "--label": worst.label or "",
        "--prediction": worst.prediction or "",
        "--groups": ",".join(features),
        "--metric": worst.metric,
    }
    written = (f"{name} {shlex.quote(value)}" for name, value in options.items())
    favourable = [] if worst.favourable else ["--favourable 0"]
    return " ".join(["tolbooth measure slices", shlex.quote(uri), *written, *favourable])


def reproduction(comparisons: list[Comparison], uri: str | None) -> tuple[str, ...]:
    """Three lines of Python that count one rate of one file by each feature; empty where the file isn't known.

    The file is of Parquet, CSV or Arrow with the label and prediction columns that the comparisons name; 1 is the
    positive class. For an artifact of a run a line before them brings it, from where MLFLOW_TRACKING_URI says.
    """
    comparison = comparisons[0]
    if uri is None or comparison.label is None or comparison.prediction is None:
        return ()
    module, read = next((reader for suffix, reader in _READERS.items() if uri.endswith(suffix)), _PARQUET)
    column, kept = _kept(comparison.metric, comparison.label, comparison.prediction)
    in_mlflow = uri.startswith("runs:/")
    rows = f"{read.format('path' if in_mlflow else repr(uri))}.filter(compute.field({column!r}){kept})"
    fetch = f"from mlflow.artifacts import download_artifacts; path = download_artifacts({uri!r})"
    return (
        *([fetch] if in_mlflow else []),
        f"from pyarrow import compute, {module}; rows = {rows}",
        f"rows = rows.append_column('counted', compute.{_counted(comparison)})",
        _printed([list(item.by) for item in comparisons]),
    )


def _printed(features: list[list[str]]) -> str:
    sums = "[('counted', 'sum'), ('counted', 'count')]"
    if len(features) == 1:
        return f"print(rows.group_by({features[0]!r}).aggregate({sums}).to_pylist())"
    return f"for by in {features!r}: print(rows.group_by(by).aggregate({sums}).to_pylist())"


def _kept(metric: str, label: str, prediction: str) -> tuple[str, str]:
    """The column by which a rate's denominator is chosen, and how."""
    if metric in _KEPT_PREDICTED:
        return prediction, _KEPT_PREDICTED[metric]
    if metric == "selection_rate":
        return prediction, ".is_valid()"
    return label, _KEPT.get(metric, ".is_valid()")


def _counted(comparison: Comparison) -> str:
    """What a rate's numerator counts, as a call of pyarrow's compute functions."""
    prediction, label = (f"rows[{name!r}].cast('int8')" for name in (comparison.prediction, comparison.label))
    match comparison.metric:
        case "accuracy":
            return f"equal({prediction}, {label})"
        case "precision":
            return f"equal({label}, 1)"
        case "negative_predictive_value":
            return f"not_equal({label}, 1)"
        case "false_negative_rate" | "true_negative_rate":
            return f"not_equal({prediction}, 1)"
        case "selection_rate":
            return f"equal({prediction}, {comparison.favourable})"
        case _:
            return f"equal({prediction}, 1)"
