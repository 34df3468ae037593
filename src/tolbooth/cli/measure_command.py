"""``tolbooth measure``: numbers from data, without a gate."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from tolbooth.cli.measure_pii import pii
from tolbooth.cli.nearest import NearestGroup
from tolbooth.cli.output import output_option
from tolbooth.cli.session import display, progress_bar
from tolbooth.model.wire import as_json
from tolbooth.pipeline.measuring import fairness_of_file
from tolbooth.report.fairness_table import render_fairness_table

_PPM = 1_000_000
_BOUNDS = {"difference": "0.1", "ratio": "0.8"}


def _ppm(bound: str, *, least: int) -> int:
    """A rate as written, in ppm, exactly."""
    try:
        exact = Decimal(bound) * _PPM
    except InvalidOperation as error:
        raise click.BadParameter(f"'{bound}' is no rate such as 0.1", param_hint="--bound") from error
    if not exact.is_finite() or not least <= exact <= _PPM:
        hint = "four fifths are 0.8" if least else "ten points are 0.1"
        text = f"'{bound}' is no rate from 0 to 1: {hint}"
        raise click.BadParameter(text, param_hint="--bound")
    if exact != exact.to_integral_value():
        raise click.BadParameter(f"'{bound}' has more than six decimals", param_hint="--bound")
    return int(exact)


@click.group(cls=NearestGroup)
def command() -> None:
    """Measure data by itself, without a gate."""


@command.command("fairness")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--label", required=True, help="The column with what was true: 0 or 1.")
@click.option("--prediction", required=True, help="The column with what the model said: 0 or 1.")
@click.option("--groups", required=True, help="Sensitive features, by commas; each is compared on its own.")
@click.option("--metric", default="false_positive_rate", show_default=True, help="The rate that is compared.")
@click.option(
    "--statistic",
    type=click.Choice(["difference", "ratio"]),
    default="difference",
    show_default=True,
    help="How two groups are compared: the higher rate less the lower, or the lower over the higher.",
)
@click.option("--bound", help="The largest difference (default 0.1) or the smallest ratio (default 0.8).")
@click.option(
    "--minimum-denominator",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="The fewest people in a rate's denominator; smaller groups are not compared.",
)
@click.option("--favourable", type=click.IntRange(0, 1), default=1, show_default=True, help="The favourable outcome.")
@output_option
def fairness(
    file: Path,
    label: str,
    prediction: str,
    groups: str,
    metric: str,
    statistic: str,
    bound: str | None,
    minimum_denominator: int,
    favourable: int,
    output_format: str,
) -> None:
    """Rates by group with intervals, and how far they are apart.

    FILE is Parquet or CSV, or a folder of Parquet files. Prints a table for
    each feature; nothing is recorded.

    \b
      tolbooth measure fairness predictions.parquet \\
        --label y_true --prediction y_pred --groups race,sex
    """
    asked = {
        "statistic": statistic,
        "metric": metric,
        "bound": _ppm(bound if bound is not None else _BOUNDS[statistic], least=1 if statistic == "ratio" else 0),
        "minimum_denominator": minimum_denominator,
        "favourable": favourable,
    }
    features = [name.strip() for name in groups.split(",") if name.strip()]
    with progress_bar() as progress:
        answers = fairness_of_file(file, features, label=label, prediction=prediction, asked=asked, progress=progress)
    if output_format == "json":
        click.echo(json.dumps({"version": 1, "observations": as_json(answers)}, indent=2, ensure_ascii=False))
        return
    shown = display()
    for answer in answers:
        text = render_fairness_table(
            answer.values,
            answer.question,
            about=str(file),
            width=shown.width,
            color=shown.color,
            ascii_only=shown.ascii_only,
        )
        click.echo(text, color=shown.color)


command.add_command(pii)
