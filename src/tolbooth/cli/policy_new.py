"""``tolbooth policy new``: a rule to begin with, its test and its page."""

from __future__ import annotations

import click

from tolbooth.cli.session import Session, pass_session


@click.command()
@click.argument("code")
@click.option("--folder", metavar="FOLDER", help="Where; default: the project's first folder of rules, else policies.")
@click.option("--title", help="What the rule asks, in one line.")
@click.option("--python", is_flag=True, help="Write a Python function in place of Rego.")
@pass_session
def command(session: Session, code: str, folder: str | None, title: str | None, python: bool) -> None:
    """Write a rule to begin with, its test and its page.

    CODE is the rule's package and name, such as credit.purpose. What is
    written works and passes its tests: change it until it asks what you want.
    Nothing is overwritten.

    \b
      tolbooth policy new credit.purpose
      tolbooth policy test
    """
    from tolbooth.pipeline.authoring import write_rule

    written = write_rule(session.project(), code, folder=folder, title=title, python=python)
    for file in written.files:
        click.echo(f"Wrote {file}")
    if written.sources is not None:
        click.echo("\nIn tolbooth.yaml, so that gates ask it:\n")
        click.echo(f"    policy:\n      {written.sources}")
    click.echo(f"\nThen: tolbooth policy test {written.folder}")
