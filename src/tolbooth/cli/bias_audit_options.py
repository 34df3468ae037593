"""The options of a bias audit: what the rules leave to the auditor, and what a summary says besides the numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from tolbooth.cli.bound_option import share_ppm
from tolbooth.cli.option_groups import with_options

if TYPE_CHECKING:
    from tolbooth.measure.fairness.impact_ratio import AuditSettings

_CHOICES: tuple[Callable[..., Any], ...] = (
    click.option(
        "--exclude-under",
        default="0.02",
        show_default=True,
        callback=lambda _ctx, _param, value: share_ppm(value, "--exclude-under", example="0.02"),
        help="Categories of a smaller share get no impact ratio; 0 excludes none.",
    ),
    click.option(
        "--share-of",
        type=click.Choice(["known", "all"]),
        default="known",
        show_default=True,
        help="What that share is of: people whose category is known, or all.",
    ),
    click.option(
        "--exclude-in",
        type=click.Choice(["sex", "race", "intersections"]),
        multiple=True,
        help="The tables in which it applies; may be given several times.  [default: all]",
    ),
    click.option(
        "--excluded-may-lead", is_flag=True, help="An excluded category may be the one that others are divided by."
    ),
    click.option("--unknown", multiple=True, help="A category that means unknown, besides missing; may be repeated."),
    click.option(
        "--ties",
        type=click.Choice(["below", "above"]),
        default="below",
        show_default=True,
        help="Whether a score equal to the median counts as above it.",
    ),
    click.option(
        "--median-of",
        type=click.Choice(["all", "known"]),
        default="all",
        show_default=True,
        help="Whose median counts: all people's, or those of known categories.",
    ),
)

_SUMMARY: tuple[Callable[..., Any], ...] = (
    click.option("--tool", help="The summary's name of the tool."),
    click.option("--audit-date", help="The summary's date of the audit."),
    click.option("--data-source", help="Source and explanation of the data."),
    click.option("--distribution-date", help="Since when the tool is in use."),
    click.option("--justification", default="", help="Why categories were excluded."),
)

NEEDED = ("tool", "audit_date", "data_source", "distribution_date")
"""What a page cannot be without."""


def choice_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what the rules leave open."""
    return with_options(command, _CHOICES)


def summary_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what the public summary says besides."""
    return with_options(command, _SUMMARY)


def settings_of(sex: str, race: str, chosen: Mapping[str, Any]) -> AuditSettings:
    """The settings as chosen on the command line."""
    from tolbooth.measure.fairness.impact_ratio import AuditSettings, ShareOf, Ties

    tables = {"sex": (sex,), "race": (race,), "intersections": (sex, race)}
    return AuditSettings(
        exclude_under=chosen["exclude_under"],
        share_of=ShareOf(chosen["share_of"]),
        exclude_in=tuple(tables[name] for name in chosen["exclude_in"]) or None,
        excluded_may_lead=chosen["excluded_may_lead"],
        unknown=frozenset(chosen["unknown"]),
        ties=Ties(chosen["ties"]),
        median_of=ShareOf(chosen["median_of"]),
    )
