"""Imports what an extra brings, and says which extra is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tolbooth.model.errors import ConfigError


def imported(module: str, *, extra: str, what: str) -> Any:
    """A module that an extra of Tolbooth brings.

    Raises:
        ConfigError: ``measure.engine-missing``, which names the extra.
    """
    try:
        return import_module(module)
    except ImportError:
        raise ConfigError.of(
            "measure.engine-missing",
            f"{what} needs {module.partition('.')[0]}, which is not installed",
            hint=f"install it: pip install 'tolbooth[{extra}]'",
        ) from None
