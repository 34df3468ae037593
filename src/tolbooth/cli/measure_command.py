"""``tolbooth measure``: numbers from data, without a gate."""

from __future__ import annotations

import click

from tolbooth.cli.measure_bias_audit import bias_audit
from tolbooth.cli.measure_fairness import fairness
from tolbooth.cli.measure_pii import pii
from tolbooth.cli.measure_slices import slices
from tolbooth.cli.nearest import NearestGroup


@click.group(cls=NearestGroup)
def command() -> None:
    """Measure data by itself, without a gate."""


command.add_command(fairness)
command.add_command(bias_audit)
command.add_command(pii)
command.add_command(slices)
