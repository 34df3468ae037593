"""``tolbooth explain``: what a rule asks, what it found, what to do."""

from __future__ import annotations

import click

from tolbooth.cli.session import Session, display, pass_session
from tolbooth.config.load import nearest
from tolbooth.model.errors import ConfigError
from tolbooth.model.rule import Outcome
from tolbooth.pipeline.records import recorded_case
from tolbooth.pipeline.reporting import report_on
from tolbooth.pipeline.workspace import open_records
from tolbooth.report.explain import render_explain


@click.command()
@click.argument("rule", required=False)
@click.option("--decision", help="The beginning of a decision's digest; default: the latest.")
@pass_session
def command(session: Session, rule: str | None, decision: str | None) -> None:
    """Tell what a rule asks, what it found and what to do.

    RULE is the rule's code, such as fairness.difference; without one, every
    rule that did not pass is explained.
    """
    case = recorded_case(open_records(session.project()), decision)
    known = list(dict.fromkeys(result.rule for result in case.decision.results))
    if rule is not None and rule not in known:
        hint = nearest(rule, known) or f"one of: {', '.join(known)}"
        raise ConfigError.of("explain.unknown-rule", f"the decision has no rule '{rule}'", hint=hint)
    open_rules = {r.rule for r in case.decision.results if r.outcome not in {Outcome.PASS, Outcome.SKIP}}
    report, shown = report_on(case), display()
    wanted = [rule] if rule is not None else [code for code in known if code in open_rules]
    texts = [
        render_explain(report, code, width=shown.width, color=shown.color, ascii_only=shown.ascii_only)
        for code in wanted
    ]
    click.echo("\n".join(texts) or "Every rule passed; name one to see what it asks.\n", nl=False, color=shown.color)
