"""The ``--key`` option of commands that read packs."""

from __future__ import annotations

from pathlib import Path

import click

from tolbooth.cli.session import Session
from tolbooth.evidence.keys import PublicKey
from tolbooth.pipeline.verify import read_public_key
from tolbooth.pipeline.workspace import own_public_key

key_option = click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The sealer's public key (PEM); default: this machine's own.",
)


def key_or_own(session: Session, key: Path | None) -> PublicKey | None:
    """The named public key, or the public half of the key that seals here; None if there is neither."""
    return read_public_key(key) if key is not None else own_public_key(session.environment)
