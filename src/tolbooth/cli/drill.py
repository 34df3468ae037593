"""``tolbooth gate --drill``: what is tried, and how the proof is told."""

from __future__ import annotations

import json

import click

from tolbooth.cli.exits import Exit
from tolbooth.cli.session import Session, progress_bar, tell_transcript
from tolbooth.model.digest import short
from tolbooth.model.instant import format_instant
from tolbooth.model.wire import as_json
from tolbooth.pipeline.drills import Drill, TriedCase, check_drills, run_drill
from tolbooth.pipeline.gate import choose_gate
from tolbooth.pipeline.transcripts import end_run
from tolbooth.pipeline.workspace import open_workspace


def drill_gate(session: Session, name: str | None, output_format: str) -> int:
    """Try the known-bad cases of a gate, and exit 0 only if each was refused."""
    if output_format not in {"text", "json"}:
        raise click.UsageError("--drill goes with --output text or json")
    project = session.project()
    gate = choose_gate(project, name)
    check_drills(project, gate)
    workspace = open_workspace(project, session.environment)
    with progress_bar() as progress:
        drill = run_drill(workspace, gate, variables=session.variables, progress=progress)
    tell_transcript(end_run(workspace, session.environment))
    if output_format == "json":
        click.echo(json.dumps(_document(drill), indent=2, ensure_ascii=False))
    else:
        _tell(drill)
    return int(Exit.ALLOW if drill.held else Exit.DENY)


def _document(drill: Drill) -> dict[str, object]:
    return {
        "version": 1,
        "gate": drill.gate,
        "held": drill.held,
        "as_of": format_instant(drill.as_of),
        "policy_sha256": drill.policy_sha256,
        "log_index": drill.position,
        "cases": as_json(drill.cases),
    }


def _tell(drill: Drill) -> None:
    refused = sum(case.refused for case in drill.cases)
    total = len(drill.cases)
    if drill.held:
        click.echo(
            f"The gate {drill.gate} refused {'its known-bad case' if total == 1 else f'all {total} known-bad cases'}."
        )
    else:
        click.echo(f"The gate {drill.gate} refused {refused} of {total} known-bad cases: a bad release could pass.")
    for case in drill.cases:
        click.echo(f"  {'✓ refused    ' if case.refused else '✗ not refused'}  {case.name}  {_why(case)}")
    click.echo(f"log entry {drill.position + 1} · policy {short(drill.policy_sha256)}")


def _why(case: TriedCase) -> str:
    if case.refused:
        return f"by {', '.join(case.failing)}"
    missing = "; ".join(f"{code}: {outcome}" for code, outcome in case.lacking.items())
    return f"{case.verdict.value}{f' ({missing})' if missing else ''}"
