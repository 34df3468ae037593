"""The options of a fairness question, shared by the commands that ask one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from tolbooth.cli.bound_option import bound_ppm, share_ppm
from tolbooth.cli.option_groups import with_options

_DATA: tuple[Callable[..., Any], ...] = (
    click.option("--label", required=True, help="The column with what was true: 0 or 1."),
    click.option("--prediction", required=True, help="The column with what the model said: 0 or 1."),
)

_METRIC: tuple[Callable[..., Any], ...] = (
    click.option("--metric", default="false_positive_rate", show_default=True, help="The rate that is compared."),
)

_QUESTION: tuple[Callable[..., Any], ...] = (
    click.option(
        "--statistic",
        type=click.Choice(["difference", "ratio"]),
        default="difference",
        show_default=True,
        help="How two groups are compared: the higher rate less the lower, or the lower over the higher.",
    ),
    click.option("--bound", help="The largest difference (default 0.1) or the smallest ratio (default 0.8)."),
    click.option(
        "--mode",
        type=click.Choice(["point", "simultaneous"]),
        default="point",
        show_default=True,
        help="Whether the number as counted decides, or tests that allow for chance.",
    ),
    click.option("--reference", multiple=True, help="The group that others are compared with; one for each feature."),
    click.option("--bootstrap", is_flag=True, help="Also give a bootstrap interval of the widest gap."),
)

_CHANCE: tuple[Callable[..., Any], ...] = (
    click.option(
        "--alpha", default="0.05", show_default=True, help="1 minus the confidence of the intervals; the tests' level."
    ),
    click.option(
        "--minimum-denominator",
        type=click.IntRange(min=1),
        default=30,
        show_default=True,
        help="The fewest people in a rate's denominator; smaller groups are not compared.",
    ),
    click.option(
        "--favourable",
        type=click.IntRange(0, 1),
        default=1,
        show_default=True,
        help="The prediction that selection rate counts.",
    ),
)


def data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the columns of label and prediction, and the metric."""
    return with_options(command, (*_DATA, *_METRIC))


def question_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add how two groups are compared, and how a bound is met."""
    return with_options(command, _QUESTION)


def chance_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the level, the least denominator and the favourable prediction."""
    return with_options(command, _CHANCE)


def alpha_of(written: str) -> int:
    """The level in ppm."""
    return share_ppm(written, "--alpha", example="0.05")


def asked_of(chosen: Mapping[str, Any]) -> dict[str, object]:
    """The question's parameters as chosen on the command line, with rates in ppm."""
    names = ("statistic", "metric", "minimum_denominator", "favourable", "mode")
    asked: dict[str, object] = {name: chosen[name] for name in names}
    asked |= {"bound": bound_ppm(chosen["bound"], chosen["statistic"]), "alpha": alpha_of(chosen["alpha"])}
    return {**asked, "reference": list(chosen["reference"])} if chosen["reference"] else asked


def features_of(groups: str) -> list[str]:
    """The features that are named by commas.

    Raises:
        click.BadParameter: if none is named.
    """
    features = [name.strip() for name in groups.split(",") if name.strip()]
    if not features:
        raise click.BadParameter("name at least one feature", param_hint="--groups")
    return features
