"""``tolbooth key``: make, list and export signing keys."""

from __future__ import annotations

import click

from tolbooth.cli.nearest import NearestGroup
from tolbooth.cli.session import Session, pass_session
from tolbooth.model.digest import short
from tolbooth.signing.key_files import KeyRole, export_public, list_keys, new_key


@click.group(cls=NearestGroup)
def command() -> None:
    """Make, list and export signing keys.

    Keys are Ed25519 files in your own configuration folder, readable by you
    alone. One key collects and seals, another keeps the log; approvers have
    their own. A CI runner names its keys in TOLBOOTH_KEY_FILE and
    TOLBOOTH_LOG_KEY_FILE.
    """


@command.command("new")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in KeyRole]),
    default=KeyRole.SEAL.value,
    show_default=True,
    help="What the key is for.",
)
@click.option("--encrypt", is_flag=True, help="Ask for a passphrase and encrypt the key with it.")
@pass_session
def new(session: Session, name: str, role: str, encrypt: bool) -> None:
    """Make a new key called NAME. An existing key is never overwritten."""
    passphrase = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True) if encrypt else None
    made = new_key(session.environment.keys_folder, name, KeyRole(role), passphrase=passphrase)
    click.echo(f"Made key {short(made.public_key.key_id)} for role {made.role.value}: {made.path}")


@command.command("list")
@pass_session
def list_(session: Session) -> None:
    """List the keys of this user."""
    folder = session.environment.keys_folder
    keys = list_keys(folder)
    click.echo(f"{len(keys)} keys in {folder}")
    for key in keys:
        click.echo(f"  {key.name:<16}  {key.role.value:<8}  {short(key.public_key.key_id)}")


@command.command("export")
@click.argument("name")
@pass_session
def export(session: Session, name: str) -> None:
    """Print the public half of key NAME (PEM), for those who verify."""
    click.echo(export_public(session.environment.keys_folder, name), nl=False)
