"""``tolbooth gate``: decide, and record the decision."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from tolbooth.cli.exits import exit_of_verdict
from tolbooth.cli.gate_options import Asked, deciding_options
from tolbooth.cli.output import (
    Wanted,
    formats_epilog,
    print_report,
    report_files_option,
    report_output_option,
    since,
    since_option,
    write_reports,
)
from tolbooth.cli.session import Session, pass_session, progress_bar, tell_transcript
from tolbooth.config.load import Project
from tolbooth.config.settings import EngineName
from tolbooth.model.digest import short
from tolbooth.model.wire import JsonObject
from tolbooth.pipeline.case_file import CaseFile
from tolbooth.pipeline.gate import suppose
from tolbooth.pipeline.people_report import handles
from tolbooth.pipeline.reporting import report_on
from tolbooth.pipeline.running import gate_at, run_gate
from tolbooth.pipeline.transcripts import machine_keys
from tolbooth.pipeline.workspace import existing_records, utc_now


@click.command(epilog=formats_epilog())
@click.argument("name", required=False)
@deciding_options
@report_output_option
@report_files_option
@since_option
@pass_session
def command(
    session: Session,
    /,
    name: str | None,
    output_format: str,
    wanted: tuple[Wanted, ...],
    before: JsonObject | None,
    **options: Any,
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
    asked = Asked(**options)
    if asked.drill:
        from tolbooth.cli.drill import drill_gate

        asked.refuse_beside_drill(wanted, before)
        return drill_gate(session, name, output_format)
    supposed_at = asked.supposed_at()
    project = session.project()
    chosen = gate_at(project, name, asked.point)
    if supposed_at is None:
        case = _decide(session, project, chosen, asked)
    else:
        case = _suppose(session, project, chosen, asked.engine, as_of=supposed_at)
    _tell(case)
    report = report_on(case, handles(project, existing_records(project)))
    try:
        report = since(report, before)
        print_report(report, output_format)
        write_reports(report, wanted)
    except BaseException as error:
        if not case.decision.case.hypothetical:
            error.add_note(f"The decision {short(case.decision_sha256)} was recorded.")
        raise
    return int(exit_of_verdict(case.decision.verdict))


def _decide(session: Session, project: Project, gate: str, asked: Asked) -> CaseFile:
    """Decide for the record."""
    variables = session.variables
    with progress_bar() as progress:
        run = run_gate(project, gate, variables=variables, progress=progress, verify_with=asked.engine, once=asked.once)
    tell_transcript(run.transcript)
    if not run.case.repeated:
        _tell_lineage(session, project, run.case)
    return run.case


def _suppose(session: Session, project: Project, gate: str, engine: EngineName | None, *, as_of: datetime) -> CaseFile:
    """Decide hypothetically; nothing is recorded."""
    store = existing_records(project)
    with progress_bar() as progress:
        return suppose(
            project,
            gate,
            as_of=as_of,
            store=store,
            clock=utc_now,
            variables=session.variables,
            progress=progress,
            verify_with=engine,
            machines=machine_keys(session.environment, store),
        )


def _tell_lineage(session: Session, project: Project, case: CaseFile) -> None:
    """Tell the decision as OpenLineage events, if the settings ask; that it failed changes nothing but stderr."""
    if project.settings.output.openlineage is not None:
        from tolbooth.enforce.openlineage import tell_decision

        warning = tell_decision(project, case, session.variables)
        if warning is not None:
            click.echo(warning, err=True)


def _tell(case: CaseFile) -> None:
    """What happened beside the decision, on stderr."""
    if case.verified_with is not None:
        names = " and ".join(f"{each.name} {each.version}" for each in (case.engine, case.verified_with))
        click.echo(f"Both engines decide alike, to the byte: {names}.", err=True)
    if case.repeated:
        click.echo(f"Decision {short(case.decision_sha256)} was recorded before under this key.", err=True)
    for waiver in case.retired:
        click.echo(f"Waiver {waiver} retired itself: its rule passes again.", err=True)
