"""The ``--key`` and ``--trust`` options of commands that read packs."""

from __future__ import annotations

from pathlib import Path

import click

from tolbooth.cli.session import Session
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.trust import Trust
from tolbooth.pipeline.verify import read_public_key, read_trust
from tolbooth.pipeline.workspace import own_public_key

key_option = click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The sealer's public key (PEM); default: this machine's own.",
)

trust_option = click.option(
    "--trust",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that pins people and the log's key; default: the sealer vouches for them.",
)


def trust_of(path: Path | None) -> Trust | None:
    """What the trust file pins; None without one."""
    return None if path is None else read_trust(path)


def key_or_own(session: Session, key: Path | None) -> PublicKey | None:
    """The named public key, or the public half of the key that seals here; None if there is neither."""
    return read_public_key(key) if key is not None else own_public_key(session.environment)
