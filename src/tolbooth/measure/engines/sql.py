"""Counting written as one SQL query, and reading what it gives: compute goes to the data, only counts come back.

The query groups by the raw features, so categories become text by the same code as anywhere else (``columns``), and
two engines can't name a group differently. Labels and scores are coded in SQL: a label or score of too many values
would make as many groups. Knows no engine; ``duckdb`` and ``spark`` run it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import types

from tolbooth.measure.engines.parts import Constants, with_constants
from tolbooth.measure.fairness.columns import MISSING, code_binary, code_class, code_feature, is_text, not_binary, texts
from tolbooth.measure.fairness.count_settings import CountSettings
from tolbooth.measure.fairness.counter import FairnessCounter
from tolbooth.measure.fairness.counts import PowerSums
from tolbooth.measure.fairness.score_bins import LARGEST_UNIT, POWERS, ScoreBins
from tolbooth.measure.fairness.score_columns import score_outside
from tolbooth.model.errors import ConfigError, Problem

_OTHER = 2
"""What a label that is neither 0, 1 nor missing becomes."""

_OUTSIDE = -1
"""The bin of a score that can't be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How an engine writes names, and what it calls text and its widest exact integer (at least 126 bits)."""

    quote: str
    wide: str
    text: str

    def name(self, name: str) -> str:
        """A column's name, quoted."""
        return f"{self.quote}{name.replace(self.quote, self.quote * 2)}{self.quote}"


DUCKDB = Dialect(quote='"', wide="HUGEINT", text="VARCHAR")
SPARK = Dialect(quote="`", wide="DECIMAL(38,0)", text="STRING")


def count_query(
    settings: CountSettings, schema: pa.Schema, source: str, dialect: Dialect, constants: Iterable[str] = ()
) -> str:
    """The query that counts.

    Its columns: ``f0``, ``f1``, … the features; ``y`` and ``p``, label and prediction; with a score ``b``, its bin;
    ``n``, the rows; for probabilities ``s1`` to ``s4``, the power sums as text.

    Args:
        settings: what is counted; ``settings.check`` has passed.
        schema: the columns' Arrow types.
        source: a table, a view or a query in parentheses, as it stands after FROM.
        dialect: how the engine writes.
        constants: columns that the source does not have; they are not in the query.

    Raises:
        ConfigError: ``measure.engine-columns`` where the names of columns differ by case alone.
    """
    refuse_case_alone(settings, schema)
    absent = set(constants)
    keys = {
        f"f{place}": _raw(dialect.name(name), schema.field(name).type, dialect)
        for place, name in enumerate(settings.features)
        if name not in absent
    }
    for alias, name in (("y", settings.label), ("p", settings.prediction)):
        if name not in absent:
            raw = settings.multiclass or _is_raw(schema.field(name).type)
            column = dialect.name(name)
            kind = schema.field(name).type
            keys[alias] = _raw(column, kind, dialect) if raw else _binary(column, kind)
    score = settings.score
    keys = keys or {"one": "1"}
    chosen = [f"{expression} AS {alias}" for alias, expression in keys.items()]
    if score is None:
        return _grouped(settings, _select(chosen, f"{source} AS rows_"), [*keys], [])
    double = f"CAST({dialect.name(score.column)} AS DOUBLE)"
    number = f"CASE WHEN ISNAN({double}) THEN NULL ELSE {double} END AS d"
    numbered = _select([*chosen, number], f"{source} AS rows_")
    units = f"CASE WHEN {_inside(score)} THEN CAST(FLOOR(d * {_double(score.scale)} + {_double(0.5)}) AS BIGINT) END"
    cut = _select([*keys, "d", f"{units} AS u"], f"({numbered}) AS numbered_")
    binned = _select([*keys, "u", f"{_bin(score)} AS b"], f"({cut}) AS cut_")
    return _grouped(settings, binned, [*keys, "b"], _sums(dialect) if score.probability else [])


def case_alone(settings: CountSettings, schema: pa.Schema) -> list[tuple[str, str]]:
    """Each needed column that SQL takes for another one, with that one: their names differ by case alone."""
    names = [name for name in settings.columns if name in schema.names]
    return [(name, each) for name in names for each in schema.names if each != name and _folded(each) == _folded(name)]


def refuse_case_alone(settings: CountSettings, schema: pa.Schema) -> None:
    """Refuse columns that SQL can't tell apart.

    Raises:
        ConfigError: ``measure.engine-columns`` for each needed column whose name differs from another's by case alone.
    """
    if mistaken := case_alone(settings, schema):
        raise ConfigError([_mistaken(*names) for names in mistaken])


def _folded(name: str) -> str:
    return name.casefold()


def _mistaken(name: str, other: str) -> Problem:
    return Problem(
        code="measure.engine-columns",
        message=f"the data has the columns '{name}' and '{other}', which this engine does not tell apart",
        hint="rename one, or count with --engine local",
        about=name,
    )


def _grouped(settings: CountSettings, inner: str, keys: list[str], sums: list[str]) -> str:
    """The query around the rows with their keys.

    The limit keeps a column of ids out of this process; what it cuts off is refused. At most two raw values of a key
    fall together (NaN and null; 0.0 and -0.0), so more groups than this are more cells than allowed.
    """
    most = (settings.cell_limit + 1) << len(keys)
    grouped = _select([*keys, "COUNT(*) AS n", *sums], f"({inner}) AS keyed_")
    return f"{grouped} GROUP BY {', '.join(keys)} LIMIT {most}"


def _select(columns: list[str], source: str) -> str:
    return f"SELECT {', '.join(columns)} FROM {source}"  # noqa: S608 - names are quoted, all else is our own


def _is_raw(kind: pa.DataType) -> bool:
    """Whether a label is grouped as it is: bytes have no literal that every engine reads."""
    value = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_binary(value) or types.is_large_binary(value) or types.is_null(value))


def _raw(column: str, kind: pa.DataType, dialect: Dialect) -> str:
    """A column to group by; integers that an engine without unsigned ones takes for decimals become text at once."""
    value = kind.value_type if types.is_dictionary(kind) else kind
    return f"CAST({column} AS {dialect.text})" if types.is_uint64(value) else column


def _binary(column: str, kind: pa.DataType) -> str:
    value = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_boolean(value):
        return f"CASE WHEN {column} THEN 1 WHEN NOT {column} THEN 0 END"
    missing = f"{column} IS NULL"
    if types.is_floating(value):
        missing += f" OR ISNAN({column})"
    zero, one = ("'0'", "'1'") if is_text(value) else ("0", "1")
    return f"CASE WHEN {missing} THEN NULL WHEN {column} = {zero} THEN 0 WHEN {column} = {one} THEN 1 ELSE {_OTHER} END"


def _inside(score: ScoreBins) -> str:
    low, high = (0.0, 1.0) if score.probability else (-LARGEST_UNIT / score.scale, LARGEST_UNIT / score.scale)
    return f"d >= {_double(low)} AND d <= {_double(high)}"


def _bin(score: ScoreBins) -> str:
    edges = " ".join(f"WHEN u < {edge} THEN {place}" for place, edge in enumerate(score.edges))
    return f"CASE WHEN d IS NULL THEN NULL WHEN u IS NULL THEN {_OUTSIDE} {edges} ELSE {len(score.edges)} END"


def _sums(dialect: Dialect) -> list[str]:
    one, two = (f"CAST({product} AS {dialect.wide})" for product in ("u", "u * u"))
    powers = (one, two, f"{one} * {two}", f"{two} * {two}")
    return [f"CAST(SUM({power}) AS {dialect.text}) AS s{place}" for place, power in enumerate(powers, start=1)]


def _double(value: float) -> str:
    """A literal that is a double in every dialect: one with an exponent."""
    written = repr(float(value))
    return written if "e" in written else f"{written}E0"


def add_groups(counter: FairnessCounter, groups: pa.RecordBatch, schema: pa.Schema, constants: Constants = ()) -> None:
    """Add what ``count_query`` gave to a counter.

    Args:
        counter: has the settings of the query.
        groups: rows of the query's result.
        schema: the columns' Arrow types, as given to the query.
        constants: the columns that the query left out, with their values.

    Raises:
        ConfigError: ``measure.column-type`` for a float feature that holds no whole numbers.
        MeasureError: ``measure.label-not-binary``, ``measure.score-outside``, ``measure.not-text`` or
            ``measure.too-many-cells``.
    """
    settings = counter.settings
    absent = dict(constants)
    named = {name: f"f{place}" for place, name in enumerate(settings.features)}
    groups = with_constants(groups, [(named[name], absent[name]) for name in settings.features if name in absent])
    for alias, name in (("y", settings.label), ("p", settings.prediction)):
        groups = with_constants(groups, [(alias, absent[name])] if name in absent else [])
    rows = groups.column("n").to_pylist()
    columns = [_texts(name, groups.column(alias)) for name, alias in named.items()]
    keys = zip(*columns, strict=True) if columns else [()] * len(rows)
    y_true, y_pred = (
        _outcomes(settings, name, groups.column(alias), rows, schema)
        for alias, name in (("y", settings.label), ("p", settings.prediction))
    )
    if settings.score is None:
        for group, label, prediction, n in zip(keys, y_true, y_pred, rows, strict=True):
            counter.add((group, label, prediction), n)
    else:
        bins, sums = _bins(settings.score, groups, rows)
        for group, label, prediction, place, n, powers in zip(keys, y_true, y_pred, bins, rows, sums, strict=True):
            counter.add((group, label, prediction, place), n, powers)
    counter.check_limit()


def _texts(name: str, column: pa.Array) -> list[str | None]:
    coded = code_feature(name, column)
    return texts(name, coded.values, coded.codes)


def _outcomes(
    settings: CountSettings, name: str, column: pa.Array, rows: list[int], schema: pa.Schema
) -> list[str | None] | list[int | None]:
    if settings.multiclass:
        coded = code_class(name, column)
        return texts(name, coded.values, coded.codes)
    if types.is_integer(column.type):
        others = sum(n for code, n in zip(column.to_pylist(), rows, strict=True) if code == _OTHER)
        if others:
            raise not_binary(name, schema.field(name).type, others)
    return [None if code == MISSING else code for code in code_binary(name, column).tolist()]


def _bins(score: ScoreBins, groups: pa.RecordBatch, rows: list[int]) -> tuple[list[int | None], list[PowerSums]]:
    bins = groups.column("b").to_pylist()
    outside = sum(n for place, n in zip(bins, rows, strict=True) if place == _OUTSIDE)
    if outside:
        raise score_outside(score, outside)
    if not score.probability:
        return bins, [()] * len(bins)
    powers = zip(*(groups.column(f"s{place}").to_pylist() for place in range(1, POWERS + 1)), strict=True)
    return bins, [() if place is None else tuple(map(int, each)) for place, each in zip(bins, powers, strict=True)]
