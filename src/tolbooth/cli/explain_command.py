"""``tolbooth explain``: what a rule asks, what it found, what to do."""

from __future__ import annotations

import click

from tolbooth.cli.session import Session, display, pass_session
from tolbooth.config.load import Project
from tolbooth.model.errors import ConfigError
from tolbooth.model.rule import Outcome
from tolbooth.pipeline.case_file import CaseFile
from tolbooth.pipeline.explaining import asked_rule, unknown_rule
from tolbooth.pipeline.records import recorded_case
from tolbooth.pipeline.reporting import report_on
from tolbooth.pipeline.workspace import open_records, utc_now
from tolbooth.report.explain import render_asked, render_explain

_NOTHING_YET = {"store.none", "log.no-decision"}
_NO_PROJECT = "config.not-found"


@click.command()
@click.argument("rule", required=False)
@click.option("--last", is_flag=True, help="Explain every rule of the latest decision that did not pass.")
@click.option("--decision", metavar="DIGEST", help="The beginning of a decision's digest; default: the latest.")
@pass_session
def command(session: Session, rule: str | None, last: bool, decision: str | None) -> None:
    """Tell what a rule asks, what it found and what to do.

    RULE is the rule's code. Before any decision, and without a project, it is
    told what the rule asks.

    \b
      tolbooth explain fairness.difference
      tolbooth explain --last
    """
    if (rule is None) is not last:
        raise click.UsageError("Name a RULE, or say --last for every rule that did not pass.")
    if last and decision is not None:
        raise click.UsageError("--last is the latest decision; --decision goes with a RULE.")
    if rule is None:
        _explain_last(recorded_case(open_records(session.project()), None))
    else:
        _explain(session, rule, decision)


def _explain_last(case: CaseFile) -> None:
    calm = {Outcome.PASS, Outcome.SKIP}
    wanted = list(dict.fromkeys(result.rule for result in case.decision.results if result.outcome not in calm))
    _print_found(case, wanted)
    if not wanted:
        about = case.decision.case.subject.label
        click.echo(f"Every rule that was asked about {about} passed; name one to see what it asks.")


def _explain(session: Session, rule: str, decision: str | None) -> None:
    project = _project(session)
    case = _case(project, decision) if project is not None else None
    known = [] if case is None else [result.rule for result in case.decision.results]
    if case is not None and rule in known:
        _print_found(case, [rule])
    elif decision is not None:
        raise unknown_rule(rule, list(dict.fromkeys(known)), "the decision")
    else:
        _print_asked(rule, project)


def _project(session: Session) -> Project | None:
    try:
        return session.project()
    except ConfigError as error:
        if error.code != _NO_PROJECT:
            raise
        return None


def _case(project: Project, decision: str | None) -> CaseFile | None:
    """The recorded case; None where nothing was asked for and nothing is recorded yet."""
    try:
        return recorded_case(open_records(project), decision)
    except ConfigError as error:
        if decision is not None or error.code not in _NOTHING_YET:
            raise
        return None


def _print_found(case: CaseFile, rules: list[str]) -> None:
    report, shown = report_on(case), display()
    texts = [
        render_explain(report, code, width=shown.width, color=shown.color, ascii_only=shown.ascii_only)
        for code in rules
    ]
    click.echo("\n".join(texts), nl=False, color=shown.color)


def _print_asked(rule: str, project: Project | None) -> None:
    shown = display()
    asked = asked_rule(rule, project, as_of=utc_now())
    text = render_asked(asked, width=shown.width, color=shown.color, ascii_only=shown.ascii_only)
    click.echo(text, nl=False, color=shown.color)
