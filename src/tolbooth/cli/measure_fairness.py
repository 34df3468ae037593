"""``tolbooth measure fairness``: rates by group with intervals, without a gate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tolbooth.cli.fairness_options import asked_of, chance_options, data_options, features_of, question_options
from tolbooth.cli.output import output_option, refuse_missing
from tolbooth.cli.session import display, progress_bar
from tolbooth.measure.engines.choose import Engine
from tolbooth.model.wire import as_json
from tolbooth.pipeline.measuring import Assessed, fairness_of_file
from tolbooth.report.comparison import compared_in
from tolbooth.report.fairness_table import render_fairness_table

if TYPE_CHECKING:
    from tolbooth.report.comparison import Comparison


@click.command("fairness")
@click.argument("file", type=click.Path(path_type=Path))
@data_options
@click.option("--groups", required=True, help="Sensitive features, by commas; each is compared on its own.")
@click.option("--intersections", is_flag=True, help="Compare every combination of features too, such as race & sex.")
@question_options
@chance_options
@click.option(
    "--engine",
    type=click.Choice([engine.value for engine in Engine]),
    default=Engine.AUTO.value,
    show_default=True,
    help="Where counting runs; the counts are the same on each.",
)
@click.option("--html", type=click.Path(path_type=Path), help="Also write one page with pictures.")
@click.option("--pdf", type=click.Path(path_type=Path), help="Also write a PDF, the numbers attached.")
@output_option
def fairness(
    file: Path, groups: str, engine: str, output_format: str, html: Path | None, pdf: Path | None, **chosen: Any
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
    if pdf is not None:
        refuse_missing("pdf")
    with progress_bar() as progress:
        answers = fairness_of_file(
            file,
            features_of(groups),
            label=chosen["label"],
            prediction=chosen["prediction"],
            asked=asked_of(chosen),
            progress=progress,
            engine=Engine(engine),
            intersections=chosen["intersections"],
            bootstrap=chosen["bootstrap"],
        )
    content = json.dumps({"version": 1, "observations": as_json(answers)}, indent=2, ensure_ascii=False)
    _write(answers, file, content, html=html, pdf=pdf)
    if output_format == "json":
        click.echo(content)
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


def _write(answers: Sequence[Assessed], file: Path, content: str, *, html: Path | None, pdf: Path | None) -> None:
    if html is None and pdf is None:
        return
    from tolbooth.pipeline.workspace import utc_now
    from tolbooth.report.html import render_measured_html
    from tolbooth.report.pdf import render_measured_pdf
    from tolbooth.store.durable import write_whole

    found: list[Comparison] = [
        each for answer in answers for each in compared_in(answer.values, answer.question, about=str(file))
    ]
    about, made = str(file), utc_now().replace(microsecond=0)
    if html is not None:
        write_whole(html, render_measured_html(found, about=about, made=made).encode())
        click.echo(f"Page: {html}", err=True)
    if pdf is not None:
        write_whole(pdf, render_measured_pdf(found, about=about, made=made, measured_json=content.encode()))
        click.echo(f"PDF: {pdf}", err=True)
