"""``tolbooth measure bias-audit``: the audit of New York City's Local Law 144, and its public summary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tolbooth.cli.bias_audit_options import NEEDED, choice_options, settings_of, summary_options
from tolbooth.cli.output import output_option
from tolbooth.cli.session import display, progress_bar

if TYPE_CHECKING:
    from tolbooth.pipeline.auditing import Audited


@click.command("bias-audit")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--sex", required=True, help="The column with the sex categories.")
@click.option("--race", required=True, help="The column with the race and ethnicity categories.")
@click.option("--selected", help="A tool that selects: the column that says who was, 0 or 1.")
@click.option("--score", help="A tool that scores: the column with the scores.")
@click.option("--favourable", type=click.IntRange(0, 1), default=1, show_default=True, help="The value that selects.")
@choice_options
@click.option("--html", type=click.Path(path_type=Path), help="Also write the public summary as a page.")
@click.option("--csv", type=click.Path(path_type=Path), help="Also write its tables as CSV.")
@summary_options
@output_option
def bias_audit(file: Path, output_format: str, html: Path | None, csv: Path | None, **chosen: Any) -> None:
    """Impact ratios by sex and race, as New York City's Local Law 144 asks.

    FILE has a row for each person. Rates are counted by sex, by race and
    ethnicity, and by both; people of an unknown category are counted and left
    out. With --score a rate is the share above the sample's median score.

    Beside each table stands what the four-fifths rule of the federal guidelines
    adds. The law sets no ratio that must be reached, so nothing passes or fails
    here, and nothing is recorded.

    \b
      tolbooth measure bias-audit applicants.parquet \\
        --sex sex --race race --selected hired
    """
    if (chosen["selected"] is None) == (chosen["score"] is None):
        raise click.UsageError("name the column of a tool that selects with --selected, or of one that scores --score")
    missing = [f"--{name.replace('_', '-')}" for name in NEEDED if html is not None and not chosen[name]]
    if missing:
        raise click.UsageError(f"the public summary needs {', '.join(missing)} too (6 RCNY § 5-303)")
    audited = _audited(file, chosen)
    _write(audited, html, csv, chosen)
    if output_format == "json":
        click.echo(json.dumps(audited.as_json(), indent=2, ensure_ascii=False))
        return
    from tolbooth.report.bias_audit_text import render_bias_audit_text

    shown = display()
    text = render_bias_audit_text(
        audited.audit,
        audited.adverse,
        about=str(file),
        without_score=audited.without_score,
        width=shown.width,
        color=shown.color,
        ascii_only=shown.ascii_only,
    )
    click.echo(text, nl=False, color=shown.color)


def _audited(file: Path, chosen: dict[str, Any]) -> Audited:
    from tolbooth.pipeline.auditing import audit_scores, audit_selections

    sex, race = chosen["sex"], chosen["race"]
    settings = settings_of(sex, race, chosen)
    with progress_bar() as progress:
        if chosen["score"] is not None:
            return audit_scores(file, sex=sex, race=race, score=chosen["score"], settings=settings, progress=progress)
        return audit_selections(
            file,
            sex=sex,
            race=race,
            selected=chosen["selected"],
            favourable=chosen["favourable"],
            settings=settings,
            progress=progress,
        )


def _write(audited: Audited, html: Path | None, csv: Path | None, chosen: dict[str, Any]) -> None:
    from tolbooth.report.bias_audit import AuditAbout, render_bias_audit_csv, render_bias_audit_html
    from tolbooth.store.durable import write_whole

    if html is not None:
        about = AuditAbout(justification=chosen["justification"], **{name: chosen[name] for name in NEEDED})
        write_whole(html, render_bias_audit_html(audited.audit, about).encode())
        click.echo(f"Summary: {html}", err=True)
    if csv is not None:
        write_whole(csv, render_bias_audit_csv(audited.audit).encode())
        click.echo(f"Tables: {csv}", err=True)
