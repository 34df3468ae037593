"""The slices in which a model does worst, on a terminal: its rate, the rest's, and by how much it is worse at least."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tolbooth.model.wire import JsonObject
from tolbooth.report import words
from tolbooth.report.screen import Sheet, Style, pad_left

_MOST_CUT = 5


def render_slices_table(
    ranking: JsonObject, *, about: str, row_count: int, alpha: int, width: int, color: bool, ascii_only: bool
) -> str:
    """Render a ranking of slices in text of at most ``width`` columns, of which 80 suffice.

    Args:
        ranking: the plain values of a ranking.
        about: the name of the predictions.
        row_count: how many rows were counted.
        alpha: 1 minus the confidence of all bounds together, in ppm.
        width: columns to keep within.
        color: whether to style with ANSI sequences.
        ascii_only: whether to write ASCII only.
    """
    sheet = Sheet(width=width, color=color, ascii_only=ascii_only)
    metric = ranking["metric"]
    sheet.paragraph(
        f"{about}: worst slices by {words.metric_name(metric)}, {words.plural(row_count, 'row')}", style=Style.STRONG
    )
    sheet.paragraph(_verdict(ranking, alpha))
    sheet.paragraph(f"{words.capital(words.metric_counts(metric))}, beside all other rows.", style=Style.QUIET)
    sheet.line()
    _write_slices(sheet, ranking["slices"])
    for sentence in _left_out(ranking):
        sheet.paragraph(sentence, hang=2)
    return sheet.text()


def _verdict(ranking: JsonObject, alpha: int) -> str:
    if not ranking["compared"]:
        return "No slice has enough rows to be compared with the rest."
    confidence = f"{words.exact_percent(1_000_000 - alpha)} % for all at once"
    # The slices are ranked by that bound, so those with evidence lead.
    worse = sum(1 for each in ranking["slices"] if each["bound_ppm"] > 0)
    most = " or more" if worse and worse == len(ranking["slices"]) < ranking["compared"] else ""
    compared = words.plural(ranking["compared"], "slice")
    if not worse:
        return f"No slice of {compared} does worse than the rest beyond chance ({confidence})."
    verb = "does" if worse == 1 and not most else "do"
    return f"{words.number(worse)}{most} of {compared} {verb} worse than the rest beyond chance ({confidence})."


def _write_slices(sheet: Sheet, slices: list[Mapping[str, Any]]) -> None:
    counts = [words.fraction(each["numerator"], each["denominator"]) for each in slices]
    size = max((len(text) for text in counts), default=0)
    for number, (each, counted) in enumerate(zip(slices, counts, strict=True), start=1):
        beyond = each["bound_ppm"] > 0
        sheet.line(f"{number:>3}. {slice_name(each)}", style=Style.REFUSAL if beyond else Style.PLAIN)
        rate = words.percent(_ppm(each["numerator"], each["denominator"]))
        rest = words.percent(_ppm(each["rest_numerator"], each["rest_denominator"]))
        told = f"worse by {words.points(each['gap_ppm'])}"
        at_least = f"at least {words.points(each['bound_ppm'])}" if beyond else "may be chance"
        sheet.paragraph(f"{pad_left(counted, size)}  {rate}, rest {rest}: {told}, {at_least}", indent=5, hang=size + 2)


def slice_name(raw: Mapping[str, Any]) -> str:
    """The slice by its features: ``race=Asian, sex=Male``."""
    named = (
        f"{words.visible(feature)}={'(missing)' if value is None else words.visible(value)}"
        for feature, value in raw["group"].items()
    )
    return ", ".join(named)


def _ppm(numerator: int, denominator: int) -> int:
    return (2 * numerator * 1_000_000 + denominator) // (2 * denominator)


def _left_out(ranking: JsonObject) -> list[str]:
    told = []
    more = ranking["compared"] - len(ranking["slices"])
    if more:
        told.append(f"{words.plural(more, 'further slice')} compared and not shown: --shown shows more.")
    if ranking["insufficient"]:
        few = words.plural(ranking["insufficient"], "slice")
        told.append(f"{few} not compared, since they or their rest have too few rows: --minimum-denominator.")
    if ranking["cut"]:
        shown = [" & ".join(words.visible(name) for name in features) for features in ranking["cut"][:_MOST_CUT]]
        further = len(ranking["cut"]) - len(shown)
        names = "; ".join([*shown, *([f"{further} more"] if further else [])])
        told.append(f"Cut by the cap on work, so not looked at: {names}. --most-slices lifts it.")
    if ranking["deeper"]:
        combinations = words.plural(ranking["deeper"], "combination")
        told.append(f"{combinations} of more features not looked at: --depth looks deeper.")
    return told
