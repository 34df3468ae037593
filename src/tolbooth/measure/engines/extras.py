"""The border to engines that extras bring: importing them, and what their errors become here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from tolbooth.model.errors import ConfigError, MeasureError, TolboothError


def imported(module: str, *, extra: str, what: str) -> Any:
    """A module that an extra of Tolbooth brings.

    Raises:
        ConfigError: ``measure.engine-missing``, which names the extra, or what an installed engine lacks itself.
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ImportError as error:
        absent = (error.name or package).partition(".")[0]
        problem = "is not installed" if absent == package else f"could not be imported: {absent} is missing or broken"
        raise ConfigError.of(
            "measure.engine-missing",
            f"{what} needs {package}, which {problem}",
            hint=f"install it: pip install 'tolbooth[{extra}]'",
        ) from None


@contextmanager
def refusing(code: str, message: str, *, hint: str) -> Iterator[None]:
    """Turns whatever an engine raises into a ``MeasureError`` with this code.

    Of the engine's error only its class is told, and Spark's name of the condition: its text may quote cells.
    """
    try:
        yield
    except TolboothError:
        raise
    except Exception as error:  # noqa: BLE001 - engines share no error family, and none may leave here
        raise MeasureError.of(code, f"{message} ({_kind(error)})", hint=hint) from None


def _kind(error: Exception) -> str:
    names = [type(error).__name__]
    condition = getattr(error, "getCondition", None)
    if callable(condition) and condition():
        names.append(str(condition()))
    return ", ".join(names)
