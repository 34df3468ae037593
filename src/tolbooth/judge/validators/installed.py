"""Validators that installed packages bring: found by their entry points, read as text, never imported here.

The entry point's name is the rules' package, its value a module: ``acme = "acme_rules.checks"``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from tolbooth.judge.validators.interface import Validator
from tolbooth.judge.validators.reading import validators_in
from tolbooth.model.errors import JudgeError

GROUP = "tolbooth.validators"
SOURCE = "entry-points"
"""The name that asks for them under ``policy.sources``; also the first part of their paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledModule:
    """A module that an entry point names: its path in the library, its source, and the package that brought it."""

    path: str
    name: str
    source: bytes
    distribution: str | None
    version: str | None


def installed_modules() -> tuple[InstalledModule, ...]:
    """Every module that an entry point of the group names, sorted by path.

    Raises:
        JudgeError: ``policy.validator.entry-point`` for one whose source can't be found or read.
    """
    found = (_module(entry) for entry in entry_points(group=GROUP))
    return tuple(sorted(found, key=lambda each: each.path))


def installed_validators() -> tuple[Validator, ...]:
    """The validators of those modules that can be read; a module with mistakes brings none.

    Raises:
        JudgeError: as ``installed_modules``.
    """
    found = validators_in({each.path: each.source for each in installed_modules()})
    return tuple(with_origins(found.validators).values())


def with_origins(validators: Mapping[str, Validator]) -> dict[str, Validator]:
    """The same validators; those of entry points with module, distribution and version."""
    if not any(each.path.startswith(f"{SOURCE}/") for each in validators.values()):
        return dict(validators)
    modules = {each.path: each for each in installed_modules()}
    return {code: _with_origin(each, modules.get(each.path)) for code, each in validators.items()}


def _with_origin(validator: Validator, module: InstalledModule | None) -> Validator:
    if module is None:
        return validator
    return replace(validator, module=module.name, distribution=module.distribution, version=module.version)


def _module(entry: EntryPoint) -> InstalledModule:
    name = entry.value.partition(":")[0].strip()
    last = name.rpartition(".")[2]
    try:
        spec = _find(name)
        source = Path(spec.origin).read_bytes() if spec is not None and spec.origin is not None else None
    except (OSError, ImportError, ValueError) as error:
        raise _refusal(entry, str(error)) from error
    if source is None or spec is None or not str(spec.origin).endswith(".py"):
        raise _refusal(entry, "there is no Python file of it")
    return InstalledModule(
        path=f"{SOURCE}/{entry.name}/{last}/{last}.py",
        name=name,
        source=source,
        distribution=entry.dist.name if entry.dist is not None else None,
        version=entry.dist.version if entry.dist is not None else None,
    )


def _find(name: str) -> ModuleSpec | None:
    """Find a module's file part by part; unlike ``importlib.util.find_spec`` this imports no parent package."""
    spec: ModuleSpec | None = None
    path = None
    parts = name.split(".")
    for number in range(1, len(parts) + 1):
        whole = ".".join(parts[:number])
        finders = (finder.find_spec(whole, path) for finder in sys.meta_path)
        spec = next((found for found in finders if found is not None), None)
        if spec is None:
            return None
        path = spec.submodule_search_locations
    return spec


def _refusal(entry: EntryPoint, why: str) -> JudgeError:
    text = f"the entry point '{entry.name}' of {GROUP} names the module '{entry.value}': {why}"
    error = JudgeError.of("policy.validator.entry-point", text)
    assert isinstance(error, JudgeError)
    return error
