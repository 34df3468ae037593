"""``tolbooth policy input``: what a rule reads, from a real decision."""

from __future__ import annotations

import json
import sys

import click

from tolbooth.cli.session import Session, pass_session


@click.command()
@click.argument("decision", required=False)
@click.option("--canonical", is_flag=True, help="The bytes exactly as they were judged and digested.")
@click.option("--schema", is_flag=True, help="The JSON Schema of every input document instead.")
@pass_session
def command(session: Session, decision: str | None, *, canonical: bool, schema: bool) -> None:
    """Print the input document of a recorded decision, or its schema.

    DECISION is the beginning of a decision's digest; default: the latest. An
    author writes a rule against it, and a real OPA checks types with the
    schema:

    \b
      tolbooth policy input > input.json
      tolbooth policy input --schema > input.schema.json
      opa check --strict --schema input.schema.json policies/
    """
    if schema:
        if canonical or decision is not None:
            raise click.UsageError("--schema goes alone: it is the same for every decision.")
        from tolbooth.judge.input_document import input_schema_bytes

        click.echo(input_schema_bytes().decode(), nl=False)
        return
    from tolbooth.pipeline.policy_reading import recorded_input
    from tolbooth.pipeline.workspace import open_records

    content = recorded_input(open_records(session.project()), decision)
    if canonical:
        click.echo(content, nl=False)
        if sys.stdout.isatty():
            click.echo()
        return
    click.echo(json.dumps(json.loads(content), indent=2, ensure_ascii=False))
