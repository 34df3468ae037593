"""``tolbooth people``: who the people are, a new one, and signing what changed."""

from __future__ import annotations

import json

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.model.people import AliasSystem


@click.group()
def command() -> None:
    """Who the people are: their keys and roles, as a steward signed them.

    people.yaml says who they are; what counts is the version that a steward
    signed. The first one is signed by a steward whom it names itself.

    \b
      tolbooth people new ana --key ~/.ssh/id_ed25519.pub --role steward
      tolbooth people sign --key ~/.ssh/id_ed25519
    """


def _aliases(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[AliasSystem, list[str]]:
    found: dict[AliasSystem, list[str]] = {}
    for value in values:
        system, _, alias = value.partition("=")
        if system not in set(AliasSystem) or not alias:
            raise click.BadParameter(
                f"'{value}' is not SYSTEM=NAME, such as git=ana@example.org ({', '.join(AliasSystem)})"
            )
        found.setdefault(AliasSystem(system), []).append(alias)
    return found


@command.command("new")
@click.argument("handle")
@click.option("--key", required=True, metavar="FILE", help="The person's public key: a .pub file, or a PEM of ours.")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role, such as steward or approver; repeatable.")
@click.option("--name", help="The person's full name; default: the handle.")
@click.option(
    "--alias",
    "aliases",
    multiple=True,
    callback=_aliases,
    metavar="SYSTEM=NAME",
    help="What the person is called in git, mlflow or ci; repeatable.",
)
@pass_session
def new(
    session: Session,
    handle: str,
    key: str,
    roles: tuple[str, ...],
    name: str | None,
    aliases: dict[AliasSystem, list[str]],
) -> None:
    """Write person HANDLE into people.yaml, with a fresh random id.

    Nobody counts before a steward has signed the file.
    """
    from tolbooth.pipeline.people_new import add_person

    project = session.project()
    added = add_person(project, handle, key=key, name=name, roles=roles, aliases=aliases)
    click.echo(f"Wrote {added.handle} ({added.id}) into {added.path.relative_to(project.folder)}")
    click.echo(f"  key {added.key.fingerprint}")
    click.echo("Look at the entry, then have a steward sign it: tolbooth people sign")


@command.command("sign")
@click.option("--key", metavar="KEY", help="The steward's key: an SSH key file, or the name of one of your own keys.")
@click.option(
    "--onto", metavar="DIGEST", help="Settle a fork: the version that counts, by the beginning of its digest."
)
@pass_session
def sign(session: Session, key: str | None, onto: str | None) -> None:
    """Sign people.yaml as the next version of the people record.

    Says what changes, appends the record to the log, and writes it into the
    records folder, which travels by git.
    """
    from tolbooth.cli.people_text import signed_lines
    from tolbooth.pipeline.people import sign_people
    from tolbooth.pipeline.person_key import person_signer
    from tolbooth.pipeline.workspace import open_workspace

    project, environment = session.project(), session.environment
    signer = person_signer(environment, key, notice=lambda text: click.echo(text, err=True))
    signed = sign_people(open_workspace(project, environment), signer, onto=onto)
    for line in signed_lines(signed, project.folder):
        click.echo(line)


@command.command("show")
@output_option
@pass_session
def show(session: Session, output_format: str) -> None:
    """Show who the people are, by the version that counts now."""
    from tolbooth.cli.people_text import people_document, people_lines
    from tolbooth.model.instant import instant
    from tolbooth.pipeline.people import people_in_force
    from tolbooth.pipeline.workspace import existing_records, utc_now

    project, as_of = session.project(), instant(utc_now())
    people = people_in_force(project, existing_records(project), as_of=as_of)
    if output_format == "json":
        click.echo(json.dumps(people_document(people, as_of), indent=2, ensure_ascii=False))
        return
    for line in people_lines(people, as_of):
        click.echo(line)
