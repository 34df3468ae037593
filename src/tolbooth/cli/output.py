"""The options that choose a report's format, and printing or writing a report in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tolbooth.cli.session import display
from tolbooth.report.formats import FORMATS, to_bytes

if TYPE_CHECKING:
    from tolbooth.model.wire import JsonObject
    from tolbooth.report.model import Report

output_option = click.option(
    "--output",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, or versioned JSON for programs.",
)

_LISTED = "\n".join(["\b", "Formats:", *(f"  {name:<13}{each.help}" for name, each in FORMATS.items())])
"""Every format with its line of help, as click shows it without wrapping."""


def formats_epilog() -> str:
    """What stands at the end of a command's help: the formats that it knows."""
    return _LISTED


report_output_option = click.option(
    "--output",
    "output_format",
    type=click.Choice([name for name, each in FORMATS.items() if not each.binary]),
    metavar="FORMAT",
    default="text",
    show_default=True,
    help="What is printed; the formats are listed below.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A report that is written to a file."""

    format: str
    file: Path


def _wanted(_ctx: click.Context, _param: click.Parameter, values: Sequence[str]) -> tuple[Wanted, ...]:
    found = tuple(_read(value) for value in values)
    files = [wanted.file.absolute() for wanted in found]
    twice = next((file for file in files if files.count(file) > 1), None)
    if twice is not None:
        raise click.BadParameter(f"{twice.name} is named twice")
    return found


def _read(value: str) -> Wanted:
    name, separator, file = value.partition("=")
    if not separator or not file:
        raise click.BadParameter(f"'{value}' is not FORMAT=FILE, such as sarif=report.sarif")
    if name not in FORMATS:
        raise click.BadParameter(f"there is no format '{name}'; there are {', '.join(FORMATS)}")
    refuse_missing(name)
    if Path(file).is_dir():
        raise click.BadParameter(f"'{file}' is a folder")
    return Wanted(format=name, file=Path(file))


def refuse_missing(name: str) -> None:
    """Refuse a format whose package is not installed, before anything is done.

    Raises:
        click.UsageError: with what to type to get it.
    """
    remedy = FORMATS[name].missing
    if remedy is not None:
        raise click.UsageError(f"{name} needs a package that is not installed: {remedy}")


report_files_option = click.option(
    "--report",
    "wanted",
    multiple=True,
    callback=_wanted,
    metavar="FORMAT=FILE",
    help="Also write a report to a file; may be given several times.",
)


def _before(_ctx: click.Context, _param: click.Parameter, value: Path | None) -> JsonObject | None:
    """Read now, so that a file that is none stops the command before anything is done."""
    from tolbooth.report.output_reading import read_output

    return None if value is None else read_output(value.read_bytes(), path=str(value))


since_option = click.option(
    "--since",
    "before",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=_before,
    metavar="FILE",
    help="Tell what changed since a decision, whose JSON output this is; the format 'comment' shows it.",
)


def since(report: Report, before: JsonObject | None) -> Report:
    """The report with what changed since another decision's output."""
    if before is None:
        return report
    from tolbooth.report.changes import changes_between
    from tolbooth.report.json_format import json_document

    return replace(report, changes=changes_between(before, json_document(report)))


def print_report(report: Report, output_format: str) -> None:
    """Print a report to stdout in a format that is text."""
    shown = display()
    rendered = FORMATS[output_format].render(report, shown)
    assert isinstance(rendered, str)
    click.echo(rendered, nl=False, color=shown.color)


def write_reports(report: Report, wanted: Sequence[Wanted]) -> None:
    """Write reports to their files, each whole or not at all; all are rendered before the first is written.

    Raises:
        StoreError: ``store.write`` if the disk refuses.
    """
    from tolbooth.store.durable import write_whole

    rendered = [(each, to_bytes(report, each.format)) for each in wanted]
    for each, content in rendered:
        write_whole(each.file, content)
        click.echo(f"Report: {each.file}", err=True)
