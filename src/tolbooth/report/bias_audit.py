"""The public summary of a bias audit under New York City's Local Law 144, as an HTML page and as CSV.

What 6 RCNY § 5-303 asks to publish: the date of the audit, its source and explanation of data, how many people fall in
unknown categories, and for every category its people, rate and impact ratio; besides, when the tool came into use. It
reads plain values and says nothing of passing, for the rules set no mark.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from tolbooth.model.wire import JsonObject
from tolbooth.report import words

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula."""

NO_MARK = "Neither the law nor its rules set an impact ratio that a tool must reach; this summary judges none."


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAbout:
    """What the summary says beside the numbers, in the auditor's own words; dates as they are to be read.

    ``justification`` is why categories were excluded; the rules ask for it wherever one was.
    """

    tool: str
    audit_date: str
    data_source: str
    distribution_date: str
    justification: str = ""


def render_bias_audit_html(audit: JsonObject, about: AuditAbout) -> str:
    """Render the summary as one self-contained page.

    Args:
        audit: the plain values of a bias audit: ``kind``, ``people``, ``unknown`` by table, ``rows``, ``settings``.
        about: what stands beside the numbers.
    """
    style = _resource("report.css")
    return (
        _environment()
        .get_template("bias_audit.html.j2")
        .render(
            about=about,
            facts=_facts(audit, about),
            tables=[
                {
                    "name": name,
                    "rows": [row for row in audit["rows"] if row["table"] == name],
                    "unknown": unknown_text(name, count),
                }
                for name, count in audit["unknown"].items()
            ],
            counted="Selected" if audit["kind"] == "selected" else "Above the median",
            rate_name="Selection rate" if audit["kind"] == "selected" else "Scoring rate",
            notes=[*setting_notes(audit, justification=about.justification), NO_MARK],
            style=Markup(style),  # noqa: S704 - our own file, hashed below
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
    )


def render_bias_audit_csv(audit: JsonObject) -> str:
    """Render the categories as CSV (RFC 4180): one row a category, one row for the unknown people of each table.

    Rates and ratios have six decimals. A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    rate = "selection_rate" if audit["kind"] == "selected" else "scoring_rate"
    counted = "selected" if audit["kind"] == "selected" else "above_median"
    writer.writerow(["table", "category", "people", counted, rate, "impact_ratio", "excluded"])
    for name, unknown in audit["unknown"].items():
        for row in audit["rows"]:
            if row["table"] == name:
                numbers = [row["people"], row["counted"], _decimal(row["rate_ppm"]), _decimal(row["impact_ratio_ppm"])]
                writer.writerow([_cell(name), _cell(row["category"]), *numbers, "yes" if row["excluded"] else "no"])
        writer.writerow([_cell(name), "(unknown, left out)", unknown, "", "", "", ""])
    return out.getvalue()


def _cell(text: str) -> str:
    shown = words.visible(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _decimal(ppm: int | None) -> str:
    return "" if ppm is None else f"{ppm // 1_000_000}.{ppm % 1_000_000:06d}"


def _facts(audit: JsonObject, about: AuditAbout) -> list[tuple[str, str]]:
    facts = [
        ("Date of the audit", about.audit_date),
        ("Tool in use since", about.distribution_date),
        ("Source and explanation of the data", about.data_source),
        ("People assessed", words.number(audit["people"])),
    ]
    if "median" in audit:
        facts.append(("Median score of the sample", median_text(audit["median"])))
    return facts


def median_text(median: Mapping[str, int | str]) -> str:
    """The median score, as short as tells its double: ``4.5``."""
    exact = Fraction(int(median["numerator"]), int(median["denominator"]))
    return str(exact) if exact.denominator == 1 else repr(float(exact))


def unknown_text(table: str, count: int) -> str:
    """How many people are left out of a table, as a sentence."""
    verb = "is" if count == 1 else "are"
    return (
        f"{words.plural(count, 'person', 'people')} of an unknown category of {words.visible(table)} {verb} left out."
    )


def setting_notes(audit: JsonObject, *, justification: str | None = None) -> Iterator[str]:
    """What was chosen where the rules leave it open, as sentences.

    Args:
        audit: the plain values of a bias audit.
        justification: why categories were excluded; empty says that none is given, None says nothing of it.
    """
    settings = audit["settings"]
    if any(row["excluded"] for row in audit["rows"]):
        share = words.exact_percent(settings["exclude_under_ppm"])
        of = "people with a known category" if settings["share_of"] == "known" else "all people"
        tables = settings["exclude_in"]
        where = "" if tables is None else f" by {words.listed([words.visible(name) for name in tables])}"
        whose = f"Categories{where} of less than {share} % of {of}"
        yield f"{whose} are excluded from the impact ratios; their people are shown."
        if justification is not None:
            yield f"Justification: {words.visible(justification) or 'none is given.'}"
        if settings["excluded_may_lead"]:
            yield "An excluded category may be the one that others are divided by."
    if settings["unknown"]:
        yield f"Named unknown: {words.listed([words.visible(name) for name in settings['unknown']])}."
    if "ties" in settings:
        of = "all people" if settings["median_of"] == "all" else "people of known categories"
        yield f"The median is that of {of}; a score equal to it counts as {settings['ties']} it."


def impact_text(row: Mapping[str, Any]) -> str:
    """An impact ratio with the three decimals of the rules' own example."""
    if row["excluded"]:
        return "excluded"
    ppm = row["impact_ratio_ppm"]
    return "undefined" if ppm is None else f"{(ppm + 500) // 1_000_000}.{(ppm + 500) // 1_000 % 1_000:03d}"


def _resource(name: str) -> str:
    return files("tolbooth.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "capital": words.capital,
        "impact": impact_text,
        "number": words.number,
        "percent": words.percent,
        "visible": words.visible,
    }
    return environment
