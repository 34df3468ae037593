"""What was found in the columns of a data set, as terminal lines: verdict, entity, share, masked examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from tolbooth.model.wire import JsonObject
from tolbooth.report import words
from tolbooth.report.screen import Sheet, Style, pad, pad_left

_NAME_LIMIT = 28
_GAP = "  "
_INDENT = 2
_NAMES_SHOWN = 12
_STYLES = {"personal": Style.REFUSAL, "possible": Style.WAITS, "none": Style.PLAIN}
_HEADINGS = ("column", "verdict", "entity", "rows")
_ASCII = str.maketrans({"…": "..", "•": "*"})


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the table; a column's further entities leave its name and verdict out."""

    name: str
    verdict: str
    entity: str
    share: str
    rest: str
    style: Style

    @property
    def cells(self) -> tuple[str, str, str, str]:
        return self.name, self.verdict, self.entity, self.share


def render_pii_table(values: JsonObject, *, about: str, width: int, color: bool, ascii_only: bool) -> str:
    """Render the values of one ``pii`` observation.

    Columns that hold something come first, personal before possible; those without are named in a sentence.

    Args:
        values: the observation's values, as in ``docs/pii.md``.
        about: the name of the data set.
        width: columns to keep within.
        color: whether to style with ANSI sequences.
        ascii_only: whether to write ASCII only.
    """
    sheet = Sheet(width=width, color=color, ascii_only=ascii_only)
    sheet.paragraph(f"{about}: {_scanned(values)}")
    for sentence in _bounds(values):
        sheet.paragraph(sentence, hang=2)
    columns: Sequence[Mapping[str, Any]] = values["columns"]
    shown = [column for verdict in ("personal", "possible") for column in columns if column["verdict"] == verdict]
    if shown:
        sheet.line()
        _write(sheet, [line for column in shown for line in _lines(column, ascii_only=ascii_only)])
    silent = [str(column["name"]) for column in columns if column["verdict"] == "none"]
    if silent:
        sheet.line()
        more = len(silent) - _NAMES_SHOWN
        names = silent[:_NAMES_SHOWN] + ([f"{words.number(more)} more"] if more > 0 else [])
        sheet.paragraph(f"Nothing was recognised in {words.listed(names)}.", hang=2)
    return sheet.text()


def _scanned(values: JsonObject) -> str:
    rows = words.plural(values["rows"], "row")
    if values["mode"] == "full":
        return f"{rows}, every one scanned"
    return f"{rows}, {words.number(values['scanned_rows'])} of them scanned, drawn at random"


def _bounds(values: JsonObject) -> Iterator[str]:
    if values["mode"] != "full":
        share = words.exact_percent(values["bound_ppm"])
        yield f"What was found in no scanned row may still be in up to {share} % of the rows (95 % confidence)."


def _lines(column: Mapping[str, Any], *, ascii_only: bool) -> Iterator[_Line]:
    style = _STYLES.get(column["verdict"], Style.PLAIN)
    first = True
    for entity in column["entities"]:
        examples = ", ".join(dict.fromkeys(entity["examples"]))
        rest = examples.translate(_ASCII) if ascii_only else examples
        name, verdict = (column["name"], column["verdict"]) if first else ("", "")
        yield _Line(name, verdict, entity["entity_type"], words.percent(entity["rows_ppm"]), rest, style)
        first = False
    if first:
        yield _Line(column["name"], column["verdict"], "", "", _why(column), style)


def _why(column: Mapping[str, Any]) -> str:
    """Why a column in which nothing was found is possible all the same."""
    if column.get("unscanned"):
        return f"{words.plural(column['unscanned'], 'value')} of a type that is not scanned"
    return f"its name says {words.listed(column.get('header_hint', []))}"


def _write(sheet: Sheet, lines: Sequence[_Line]) -> None:
    visible = [(words.visible(line.name), *line.cells[1:]) for line in lines]
    widest = [max(cell_len(cells[place]) for cells in (*visible, _HEADINGS)) for place in range(len(_HEADINGS))]
    room = sheet.width - _INDENT - sum(widest[1:]) - len(_GAP) * (len(widest) - 1)
    sizes = [min(widest[0], _NAME_LIMIT, max(room, len(_HEADINGS[0]))), *widest[1:]]
    sheet.line(_row(_HEADINGS, sizes), indent=_INDENT, style=Style.QUIET)
    taken = _INDENT + sum(sizes) + len(_GAP) * len(sizes)
    for line, (name, *others) in zip(lines, visible, strict=True):
        is_long = cell_len(name) > sizes[0]
        if is_long:
            sheet.line(name, indent=_INDENT, style=line.style)
        cells = ("" if is_long else name, *others)
        fits = taken + cell_len(line.rest) <= sheet.width
        sheet.line(_row(cells, sizes) + (_GAP + line.rest if fits else ""), indent=_INDENT, style=line.style)
        if line.rest and not fits:
            sheet.paragraph(line.rest, indent=_INDENT + sizes[0] + len(_GAP))


def _row(cells: Sequence[str], sizes: Sequence[int]) -> str:
    *texts, share = cells
    padded = [pad(text, size) for text, size in zip(texts, sizes, strict=False)]
    return _GAP.join([*padded, pad_left(share, sizes[-1])])
