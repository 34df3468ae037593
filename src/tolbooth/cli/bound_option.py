"""A bound as people write it on a command line, exactly."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import click

_PPM = 1_000_000
_BOUNDS = {"difference": "0.1", "ratio": "0.8"}


def bound_ppm(bound: str | None, statistic: str) -> int:
    """A bound on a ``difference`` or ``ratio`` as written, in ppm; if none is written, .1 or .8.

    Raises:
        click.BadParameter: for anything but a rate in [0, 1] with at most six decimals; a ratio is above 0.
    """
    bound = _BOUNDS[statistic] if bound is None else bound
    least = 1 if statistic == "ratio" else 0
    try:
        exact = Decimal(bound) * _PPM
    except InvalidOperation as error:
        raise click.BadParameter(f"'{bound}' is no rate such as 0.1", param_hint="--bound") from error
    if not exact.is_finite() or not least <= exact <= _PPM:
        hint = "four fifths are 0.8" if least else "ten points are 0.1"
        text = f"'{bound}' is no rate from 0 to 1: {hint}"
        raise click.BadParameter(text, param_hint="--bound")
    if exact != exact.to_integral_value():
        raise click.BadParameter(f"'{bound}' has more than six decimals", param_hint="--bound")
    return int(exact)


def share_ppm(written: str, option: str, *, example: str) -> int:
    """A share as written, in ppm.

    Raises:
        click.BadParameter: for anything but a number from 0 to below 1 with at most six decimals.
    """
    try:
        exact = Decimal(written) * _PPM
    except InvalidOperation as error:
        raise click.BadParameter(f"'{written}' is no share such as {example}", param_hint=option) from error
    if not exact.is_finite() or not 0 <= exact < _PPM or exact != exact.to_integral_value():
        text = f"'{written}' is no share from 0 to below 1 of at most six decimals, such as {example}"
        raise click.BadParameter(text, param_hint=option)
    return int(exact)
