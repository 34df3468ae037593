"""What names mean across modules: built-in functions, packages, and the rules and functions of each package."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tolbooth.judge.library.profile.syntax import Node, Rule, Source, dotted

VARIADIC = -1
ROOTS = ("input", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """A built-in function: how many arguments it takes (``VARIADIC``: any number) and the JSON type that it gives."""

    name: str
    arguments: int
    returns: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIns:
    """``portable`` are known to both engines; ``opa_only`` are OPA's alone."""

    portable: Mapping[str, BuiltIn]
    opa_only: frozenset[str]


@cache
def built_ins() -> BuiltIns:
    """The table that is shipped; its source stands in the file."""
    content = json.loads(files(__package__).joinpath("functions.json").read_text(encoding="utf-8"))
    portable = {
        name: BuiltIn(name=name, arguments=arguments, returns=returns)
        for name, (arguments, returns) in content["portable"].items()
    }
    return BuiltIns(portable=portable, opa_only=frozenset(content["opa_only"]))


class Names:
    """The packages of all modules that are loaded together, with their rules."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._packages: dict[str, dict[str, list[Rule]]] = {}
        self._paths: dict[str, list[Rule]] = {}
        self._homes: dict[Rule, Source] = {}
        for source in sources:
            rules = self._packages.setdefault(source.package, {})
            for rule in source.rules:
                self._homes[rule] = source
                rules.setdefault(rule.name, []).append(rule)
                self._paths.setdefault(f"{source.package}.{dotted(rule.reference) or rule.name}", []).append(rule)

    def rules(self, package: str) -> Mapping[str, list[Rule]]:
        """The rules of a package by name, each with all its definitions."""
        return self._packages.get(package, {})

    def functions(self, package: str) -> tuple[str, ...]:
        """The names of a package's functions."""
        return tuple(name for name, rules in self.rules(package).items() if _arity(rules) is not None)

    def packages(self) -> tuple[str, ...]:
        """All packages."""
        return tuple(self._packages)

    def full(self, source: Source, node: Node) -> str | None:
        """A reference as a path from ``data``, imports resolved; None where it is none, or not plain words."""
        name = dotted(node)
        if name is None:
            return None
        root, _, rest = name.partition(".")
        if root == "data":
            return rest
        for each in source.imports:
            if each.alias == root and each.path.startswith("data."):
                return ".".join(part for part in (each.path.removeprefix("data."), rest) if part)
        return f"{source.package}.{name}" if root in self.rules(source.package) else None

    def definitions(self, path: str) -> tuple[Rule, ...]:
        """The definitions of the rule at a path from ``data``, such as ``lib.wording.exact``."""
        return tuple(self._paths.get(path, ()))

    def home(self, rule: Rule) -> Source:
        """The module in which a rule stands."""
        return self._homes[rule]

    def function(self, path: str) -> int | None:
        """How many arguments the function at a path takes; None where there is no function."""
        return _arity(self.definitions(path))


def _arity(rules: Iterable[Rule]) -> int | None:
    counts = [len(rule.node.many("args")) for rule in rules if rule.node.many("args") or rule.shape == "function"]
    return counts[0] if counts else None
