"""A new rule in a project's folder: written whole or not at all, over nothing that is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tolbooth.config.load import Project
from tolbooth.judge.interface import Module
from tolbooth.judge.library.load import BUILT_IN, built_in_library
from tolbooth.judge.library.new_rule import DEFAULT_TITLE, new_rule
from tolbooth.judge.proving.suites import package_of
from tolbooth.model.errors import ConfigError
from tolbooth.store.durable import write_whole

DEFAULT_FOLDER = "policies"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRule:
    """What was written, by its path below the project. ``sources`` is the line that ``tolbooth.yaml`` still lacks."""

    code: str
    files: tuple[str, ...]
    folder: str
    sources: str | None


def write_rule(
    project: Project, code: str, *, folder: str | None = None, title: str | None = None, python: bool = False
) -> NewRule:
    """Write rule, test and page.

    Args:
        project: in whose folder it is written.
        code: the new rule's code.
        folder: where, below the project; default: the first folder of ``policy.sources``, else ``policies``.
        title: what it asks, in one line; default: what the rule asks that is written.
        python: write a validator in place of Rego.

    Raises:
        ConfigError: ``policy.new-code``, ``policy.new-title``, ``policy.new-folder`` for a folder outside the project,
            ``policy.new-taken`` where a file, or another source's package, has that name already.
        StoreError: ``store.write`` if the disk refuses.
    """
    texts = new_rule(code, title=DEFAULT_TITLE if title is None else title, python=python)
    named = [name for name in project.settings.policy.sources if name != BUILT_IN]
    chosen = (folder if folder is not None else next(iter(named), DEFAULT_FOLDER)).rstrip("/")
    root = project.folder / chosen
    if root == project.folder or not root.resolve().is_relative_to(project.folder.resolve()):
        hint = "name a folder below tolbooth.yaml"
        raise ConfigError.of("policy.new-folder", f"'{chosen}' is no folder of the project", hint=hint)
    _refuse_taken(project, code, texts, root)
    for path, text in texts.items():
        write_whole(root / path, text.encode())
    lacking = chosen not in [name.rstrip("/") for name in named]
    line = f"sources: [{', '.join([*project.settings.policy.sources, chosen])}]" if lacking else None
    return NewRule(code=code, files=tuple(f"{chosen}/{path}" for path in texts), folder=chosen, sources=line)


def _refuse_taken(project: Project, code: str, texts: dict[str, str], root: Path) -> None:
    there = [path for path in texts if (root / path).exists()]
    if there:
        shown = (root / there[0]).relative_to(project.folder)
        raise ConfigError.of("policy.new-taken", f"{shown} is there already; nothing was written")
    package = code.rpartition(".")[0]
    built_in = built_in_library().modules if BUILT_IN in project.settings.policy.sources else ()
    if any(package_of(module) == package for module in built_in):
        hint = "choose a package of your own, such as the name of your team"
        raise ConfigError.of("policy.new-taken", f"the package '{package}' is the built-in library's", hint=hint)
    rule = next((path for path in texts if path.endswith(".rego")), None)
    if rule is None:
        return
    others = [file for file in root.rglob("*.rego") if root.is_dir() and file != root / rule]
    tests = package_of(Module(path="", text=texts[rule.replace(".rego", "_test.rego")]))
    for file in others:
        if package_of(Module(path=file.name, text=file.read_text(encoding="utf-8", errors="replace"))) == tests:
            raise ConfigError.of("policy.new-taken", f"the package '{tests}' of its test is that of {file} already")
