"""``tolbooth measure slices``: where a model does worst, over every combination of features."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from tolbooth.cli.fairness_options import alpha_of, chance_options, data_options, features_of
from tolbooth.cli.output import output_option
from tolbooth.cli.session import display, progress_bar


@click.command("slices")
@click.argument("file", type=click.Path(path_type=Path))
@data_options
@click.option("--groups", required=True, help="Features, by commas; every combination of them is looked at.")
@click.option(
    "--depth", type=click.IntRange(min=1), default=3, show_default=True, help="At most so many features a slice."
)
@click.option(
    "--most-slices",
    type=click.IntRange(min=1),
    default=5_000,
    show_default=True,
    help="At most so many slices are looked at; what that cuts is said.",
)
@click.option("--shown", type=click.IntRange(min=1), default=10, show_default=True, help="How many are shown.")
@chance_options
@output_option
def slices(file: Path, groups: str, alpha: str, output_format: str, **chosen: Any) -> None:
    """Where a model does worst: slices ranked with chance allowed for.

    Each slice is compared with all other rows. The order is not that of the
    rates, which would put the smallest slices first, but of how much worse a
    slice is at least, for all slices at once. FILE is as for 'measure fairness'.
    Nothing is recorded.

    \b
      tolbooth measure slices predictions.parquet --label y_true \\
        --prediction y_pred --groups race,sex,age
    """
    from tolbooth.measure.fairness.question import rate_named
    from tolbooth.model.wire import as_json
    from tolbooth.pipeline.slicing import SliceLimits, slices_of_file
    from tolbooth.report.slices_table import render_slices_table

    metric, level = rate_named(chosen["metric"]), alpha_of(alpha)
    with progress_bar() as progress:
        found = slices_of_file(
            file,
            features_of(groups),
            label=chosen["label"],
            prediction=chosen["prediction"],
            metric=metric,
            alpha=level,
            minimum_denominator=chosen["minimum_denominator"],
            favourable=chosen["favourable"],
            limits=SliceLimits(depth=chosen["depth"], most_slices=chosen["most_slices"], shown=chosen["shown"]),
            progress=progress,
        )
    ranking = found.ranking.as_json()
    if output_format == "json":
        told = {"row_count": found.row_count, "rows_without_label": found.rows_without_label}
        content = {"schema": "tolbooth.slices/v1", **told, "counts_sha256": found.counts_sha256, "alpha_ppm": level}
        click.echo(json.dumps(as_json({**content, "ranking": ranking}), indent=2, ensure_ascii=False))
        return
    shown = display()
    text = render_slices_table(
        ranking,
        about=str(file),
        row_count=found.row_count,
        alpha=level,
        width=shown.width,
        color=shown.color,
        ascii_only=shown.ascii_only,
    )
    click.echo(text, nl=False, color=shown.color)
