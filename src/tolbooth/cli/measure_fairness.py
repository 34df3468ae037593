"""``tolbooth measure fairness``: rates by group of one data set, without a gate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from tolbooth.cli.bound_option import bound_ppm
from tolbooth.cli.output import output_option
from tolbooth.cli.session import display, progress_bar
from tolbooth.measure.engines.choose import Engine
from tolbooth.model.wire import as_json
from tolbooth.pipeline.measuring import Assessed, fairness_of_file
from tolbooth.report.fairness_table import render_fairness_table


@click.command("fairness")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--label", required=True, help="The column with what was true: 0 or 1.")
@click.option("--prediction", required=True, help="The column with what the model said: 0 or 1.")
@click.option("--groups", required=True, help="Sensitive features, by commas; each is compared on its own.")
@click.option("--intersections", is_flag=True, help="Compare every combination of features too, such as race & sex.")
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
@click.option(
    "--engine",
    type=click.Choice([engine.value for engine in Engine]),
    default=Engine.AUTO.value,
    show_default=True,
    help="Where counting runs; the counts are the same on each.",
)
@output_option
def fairness(
    file: Path,
    label: str,
    prediction: str,
    groups: str,
    intersections: bool,
    metric: str,
    statistic: str,
    bound: str | None,
    minimum_denominator: int,
    favourable: int,
    engine: str,
    output_format: str,
) -> None:
    """Rates by group with intervals, and how far they are apart.

    FILE is Parquet, CSV or Arrow IPC, or a folder of Parquet files, whose
    name=value folders are columns; or, with DuckDB, a .sql file that holds one
    SELECT. Prints a table for each feature; nothing is recorded.

    Ray, Dask and Spark count on the cluster that RAY_ADDRESS,
    DASK_SCHEDULER_ADDRESS or Spark's own settings name, else on this machine.
    Each engine but local comes with the extra of its name.

    \b
      tolbooth measure fairness predictions.parquet \\
        --label y_true --prediction y_pred --groups race,sex
    """
    asked = {
        "statistic": statistic,
        "metric": metric,
        "bound": bound_ppm(bound, statistic),
        "minimum_denominator": minimum_denominator,
        "favourable": favourable,
    }
    features = [name.strip() for name in groups.split(",") if name.strip()]
    with progress_bar() as progress:
        answers = fairness_of_file(
            file,
            features,
            label=label,
            prediction=prediction,
            asked=asked,
            progress=progress,
            engine=Engine(engine),
            intersections=intersections,
        )
    if output_format == "json":
        click.echo(json.dumps({"version": 1, "observations": as_json(answers)}, indent=2, ensure_ascii=False))
        return
    _tell(answers, file)


def _tell(answers: Sequence[Assessed], file: Path) -> None:
    """A table for each feature."""
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
