"""``tolbooth measure pii``: which columns hold personal data or secrets, without a gate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import display, progress_bar


@click.command("pii")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--full", is_flag=True, help="Scan every row, however long it takes.")
@click.option(
    "--budget",
    "budget_seconds",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Seconds for the random sample of each data set.",
)
@output_option
def pii(paths: tuple[Path, ...], full: bool, budget_seconds: float, output_format: str) -> None:
    """Which columns hold personal data or secrets, with masked examples.

    PATH is a Parquet or CSV file, or a folder of them. Up to 20,000 random
    rows are scanned, as far as the budget allows, and what that may miss is
    printed. Nothing is recorded, and no value is shown whole.

    \b
      tolbooth measure pii customers.parquet
      tolbooth measure pii data/ --full
    """
    import secrets

    from tolbooth.measure.pii.run import data_sets, scan
    from tolbooth.model.withholding import Withheld
    from tolbooth.pipeline.collecting import Unit, Work

    # A key of this run alone: its hashes choose the examples and can't be compared with any others.
    key = secrets.token_bytes(32)
    answers: list[dict[str, Any]] = []
    others = 0
    with progress_bar() as progress:
        for path in paths:
            found = data_sets(path)
            others += found.others
            for data_set in found.paths:
                # What was found in a folder was named by others; what was typed is told as it was typed.
                shown = str(data_set) if data_set == path else Withheld().text(str(data_set))
                name = Path(shown).name

                def tell(what: str, done: int, total: int | None, name: str = name) -> None:
                    progress(Work(f"{what} of {name}", Unit.ROWS), done, total)

                scanned = scan(data_set, key=key, full=full, budget_seconds=budget_seconds, progress=tell)
                answers.append({"kind": "pii", "about": shown, "values": scanned.values})
    _print(answers, others, output_format)


def _print(answers: list[dict[str, Any]], others: int, output_format: str) -> None:
    from tolbooth.report.pii_table import render_pii_table

    if output_format == "json":
        document = {"version": 1, "observations": answers, "files_not_scanned": others}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    shown = display()
    for answer in answers:
        text = render_pii_table(
            answer["values"], about=answer["about"], width=shown.width, color=shown.color, ascii_only=shown.ascii_only
        )
        click.echo(text, color=shown.color)
    if others:
        ending = (
            "file is neither Parquet nor CSV and was" if others == 1 else "files are neither Parquet nor CSV and were"
        )
        click.echo(f"{others} {ending} not scanned.")
