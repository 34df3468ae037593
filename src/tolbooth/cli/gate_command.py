"""``tolbooth gate``: decide, and record the decision."""

from __future__ import annotations

from datetime import datetime

import click

from tolbooth.cli.exits import exit_of_verdict
from tolbooth.cli.output import (
    Wanted,
    formats_epilog,
    print_report,
    report_files_option,
    report_output_option,
    write_reports,
)
from tolbooth.cli.session import Session, pass_session, progress_bar, tell_transcript
from tolbooth.config.load import Project
from tolbooth.config.settings import EngineName
from tolbooth.model.digest import short
from tolbooth.model.instant import parse_instant
from tolbooth.pipeline.case_file import CaseFile
from tolbooth.pipeline.checking import check_project
from tolbooth.pipeline.collecting import Progress
from tolbooth.pipeline.engine import project_engines
from tolbooth.pipeline.gate import choose_gate, gate, suppose
from tolbooth.pipeline.people_report import handles
from tolbooth.pipeline.reporting import report_on
from tolbooth.pipeline.transcripts import end_run
from tolbooth.pipeline.workspace import existing_records, known_keys, open_workspace, utc_now


def _instant(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return parse_instant(value)
    except ValueError as error:
        raise click.BadParameter(f"'{value}' is no instant: write it as 2026-11-23T09:00:00Z") from error


@click.command(epilog=formats_epilog())
@click.argument("name", required=False)
@click.option(
    "--as-of",
    callback=_instant,
    metavar="INSTANT",
    help="Decide hypothetically as of another instant (RFC 3339). Nothing is recorded.",
)
@click.option(
    "--verify-with",
    type=click.Choice([each.value for each in EngineName]),
    help="Judge on this engine too, and decide only if both say the same, byte for byte.",
)
@click.option(
    "--drill", is_flag=True, help="Prove instead that the gate still refuses its known-bad cases, and record the proof."
)
@report_output_option
@report_files_option
@pass_session
def command(
    session: Session,
    name: str | None,
    as_of: datetime | None,
    verify_with: str | None,
    drill: bool,
    output_format: str,
    wanted: tuple[Wanted, ...],
) -> int:
    """Decide whether a subject may be released, and record it.

    Reads the files that tolbooth.yaml names, measures them, evaluates the
    policy and records every step. NAME is the gate; it is needed only when
    there are several.

    \b
    Exit codes: 0 may be released, 1 may not, 3 can't be decided,
    4 waits for approval, 2 a mistake in the settings, 5 the engines differ,
    6 the store refused.
    """
    if drill:
        from tolbooth.cli.drill import drill_gate

        if as_of is not None or verify_with is not None or wanted:
            raise click.UsageError("--drill goes with --output text or json, and with nothing else")
        return drill_gate(session, name, output_format)
    project = session.project()
    other = EngineName(verify_with) if verify_with is not None else None
    with progress_bar() as progress:
        case = (
            _decide(session, project, name, other, progress)
            if as_of is None
            else suppose(
                project,
                name,
                as_of=as_of,
                store=existing_records(project),
                clock=utc_now,
                variables=session.variables,
                progress=progress,
                verify_with=other,
                machines=known_keys(session.environment),
            )
        )
    _tell(case)
    report = report_on(case, handles(project, existing_records(project)))
    try:
        print_report(report, output_format)
        write_reports(report, wanted)
    except BaseException as error:
        if not case.decision.case.hypothetical:
            error.add_note(f"The decision {short(case.decision_sha256)} was recorded.")
        raise
    return int(exit_of_verdict(case.decision.verdict))


def _decide(
    session: Session, project: Project, name: str | None, other: EngineName | None, progress: Progress
) -> CaseFile:
    """Decide for the record; a store is made only where nothing is wrong with the settings."""
    check_project(project, [choose_gate(project, name)])
    project_engines(project, session.variables, other)
    workspace = open_workspace(project, session.environment)
    case = gate(workspace, name, variables=session.variables, progress=progress, verify_with=other)
    tell_transcript(end_run(workspace, session.environment))
    return case


def _tell(case: CaseFile) -> None:
    """What happened beside the decision, on stderr."""
    if case.verified_with is not None:
        names = " and ".join(f"{each.name} {each.version}" for each in (case.engine, case.verified_with))
        click.echo(f"Both engines decide alike, to the byte: {names}.", err=True)
    for waiver in case.retired:
        click.echo(f"Waiver {waiver} retired itself: its rule passes again.", err=True)
