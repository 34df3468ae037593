"""A bias audit on a terminal: rates and impact ratios by category, then what the four-fifths rule adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len

from tolbooth.model.wire import JsonObject
from tolbooth.report import words
from tolbooth.report.bias_audit import NO_MARK, impact_text, median_text, setting_notes, unknown_text
from tolbooth.report.screen import Sheet, Style, pad, pad_left

_NAME_LIMIT = 34
_CUSTOM = (
    "Four fifths and the tests are those of the Uniform Guidelines (29 CFR 1607.4 D), a custom of employment testing "
    "beside this law: practically, a ratio below four fifths; statistically, tests whose level is 5 %."
)


def render_bias_audit_text(
    audit: JsonObject,
    adverse: Mapping[str, Sequence[JsonObject]],
    *,
    about: str,
    without_score: int = 0,
    width: int,
    color: bool,
    ascii_only: bool,
) -> str:
    """Render an audit in text of at most ``width`` columns, of which 80 suffice.

    Args:
        audit: the plain values of a bias audit.
        adverse: by table, the plain values of each category beside the most selected one.
        about: the name of the data.
        without_score: people whom a scoring tool gave no score.
        width: columns to keep within.
        color: whether to style with ANSI sequences.
        ascii_only: whether to write ASCII only.
    """
    sheet = Sheet(width=width, color=color, ascii_only=ascii_only)
    kind = "selects" if audit["kind"] == "selected" else "scores"
    people = words.plural(audit["people"], "person", "people")
    sheet.paragraph(f"{about}: bias audit of a tool that {kind}, {people}", style=Style.STRONG)
    sheet.paragraph("New York City Local Law 144 of 2021, 6 RCNY § 5-301", style=Style.QUIET)
    if "median" in audit:
        sheet.paragraph(f"Median score of the sample: {median_text(audit['median'])}")
    if without_score:
        sheet.paragraph(f"{words.plural(without_score, 'person', 'people')} without a score left out.")
    for name, unknown in audit["unknown"].items():
        sheet.line()
        sheet.line(words.capital(name), style=Style.STRONG)
        _write_categories(sheet, [row for row in audit["rows"] if row["table"] == name], audit["kind"])
        sheet.paragraph(unknown_text(name, unknown), indent=2, style=Style.QUIET)
        _write_adverse(sheet, adverse.get(name, ()))
    sheet.line()
    for note in [*setting_notes(audit), _CUSTOM, NO_MARK]:
        sheet.paragraph(note, hang=2)
    return sheet.text()


def _write_categories(sheet: Sheet, rows: Sequence[Mapping[str, Any]], kind: str) -> None:
    if not rows:
        sheet.line("no people of a known category", indent=2)
        return
    counted = "selected" if kind == "selected" else "above median"
    cells = [
        (words.visible(row["category"]), words.fraction(row["counted"], row["people"]), _rate(row), impact_text(row))
        for row in rows
    ]
    heads = ("category", counted, "rate", "impact ratio")
    sizes = [max(cell_len(line[place]) for line in (heads, *cells)) for place in range(len(heads))]
    sizes[0] = min(sizes[0], _NAME_LIMIT)
    sheet.line(_columns(heads, sizes), indent=2, style=Style.QUIET)
    for row, line in zip(rows, cells, strict=True):
        leads = "  highest" if row["leads"] else ""
        if cell_len(line[0]) > sizes[0]:
            sheet.line(line[0], indent=2)
            line = ("", *line[1:])  # noqa: PLW2901 - a long name has a line of its own
        sheet.line(f"{_columns(line, sizes)}{leads}", indent=2)


def _rate(row: Mapping[str, Any]) -> str:
    return words.percent(row["rate_ppm"])


def _columns(cells: Sequence[str], sizes: Sequence[int]) -> str:
    name, *figures = cells
    shown = [pad(name, sizes[0]), *(pad_left(text, size) for text, size in zip(figures, sizes[1:], strict=True))]
    return "  ".join(shown)


def _write_adverse(sheet: Sheet, found: Sequence[JsonObject]) -> None:
    if not found:
        return
    reference = words.visible(found[0]["reference"])
    sheet.paragraph(f"Four fifths and significance, beside {reference}:", indent=2)
    for each in found:
        sheet.paragraph(f"{words.visible(each['group'])}: {adverse_text(each)}", indent=4, hang=2)


def adverse_text(found: JsonObject) -> str:
    """One category beside the most selected: ``0.50 [0.29, 0.79], below four fifths; significant (…)``."""
    if "ratio_ppm" not in found:
        return "no ratio, since nobody is counted in any category"
    interval = words.ratio_interval(found.get("low_ppm"), found.get("high_ppm"))
    side = "below four fifths" if found["below"] else "not below"
    ratio = words.ratio(found["ratio_ppm"], beside=800_000)
    tests = [f"Fisher p {_p(found['fisher_p']['approximate'])}"]
    for name, shown in (("z_difference", "Z_D"), ("z_ratio", "Z_IR")):
        if name in found:
            tests.append(f"{shown} {_hundredths(found[name]['millionths'])}")
    return f"{ratio} {interval}, {side}; {_significance(found)} ({', '.join(tests)})"


def _significance(found: JsonObject) -> str:
    told = [found["fisher_significant"]]
    told += [found[f"{name}_significant"] for name in ("z_difference", "z_ratio") if name in found]
    if all(told):
        return "significant"
    if not any(told):
        return "not significant"
    return "significant by some tests"


_LEAST_P = 0.0001


def _p(value: float) -> str:
    return f"below {_LEAST_P}" if value < _LEAST_P else f"{value:.4f}"


def _hundredths(millionths: int) -> str:
    sign = "-" if millionths < 0 else ""
    whole = (abs(millionths) + 5_000) // 10_000
    return f"{sign}{whole // 100}.{whole % 100:02d}"
