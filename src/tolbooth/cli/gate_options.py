"""The options that say how ``tolbooth gate`` is to decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import click

from tolbooth.cli.option_groups import Command, with_options
from tolbooth.config.settings import EngineName
from tolbooth.model.instant import parse_instant
from tolbooth.model.rule import Point
from tolbooth.pipeline.workspace import utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How a gate is asked to decide; the fields are the options."""

    as_of: datetime | None
    verify_with: str | None
    drill: bool
    dry_run: bool
    point: str | None
    once: str | None

    @property
    def engine(self) -> EngineName | None:
        """The other engine, on which the decision must be the same."""
        return None if self.verify_with is None else EngineName(self.verify_with)

    def supposed_at(self) -> datetime | None:
        """The instant of a hypothetical decision; None for one that is recorded.

        Raises:
            click.UsageError: for a key with a decision that is not recorded.
        """
        if self.once is not None and (self.dry_run or self.as_of is not None):
            raise click.UsageError("a hypothetical decision is not recorded, so --once has nothing to give again")
        return self.as_of if self.as_of is not None or not self.dry_run else utc_now()

    def refuse_beside_drill(self, *others: object) -> None:
        """Refuse everything that a drill does not know.

        Raises:
            click.UsageError: if anything else was asked.
        """
        if any((self.as_of, self.dry_run, self.verify_with, self.point, self.once is not None, *others)):
            raise click.UsageError("--drill goes with --output text or json, and with nothing else")


def deciding_options(command: Command) -> Command:
    """Add the options to a command, which takes them as keywords for ``Asked``."""
    return with_options(command, _OPTIONS)


def _instant(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return parse_instant(value)
    except ValueError as error:
        raise click.BadParameter(f"'{value}' is no instant: write it as 2026-11-23T09:00:00Z") from error


_OPTIONS = (
    click.option(
        "--as-of",
        callback=_instant,
        metavar="INSTANT",
        help="Decide hypothetically as of another instant (RFC 3339). Nothing is recorded.",
    ),
    click.option("--dry-run", is_flag=True, help="Decide hypothetically, on what is here now. Nothing is recorded."),
    click.option(
        "--verify-with",
        type=click.Choice([each.value for each in EngineName]),
        help="Judge on this engine too, and decide only if both say the same, byte for byte.",
    ),
    click.option(
        "--drill",
        is_flag=True,
        help="Prove instead that the gate still refuses its known-bad cases, and record the proof.",
    ),
    click.option(
        "--point",
        type=click.Choice([each.value for each in Point]),
        help="The gate must stand there; the only one that does needs no name.",
    ),
    click.option(
        "--once",
        metavar="KEY",
        help="Decide once for this key, such as a run's id: again with it, the first decision is given.",
    ),
)
