"""Rules as they are declared: sets of results, defaults, and definitions that don't go together."""

from __future__ import annotations

from collections.abc import Iterator

from tolbooth.judge.interface import RESULT_SETS
from tolbooth.judge.library.profile.finding import Finding, Level
from tolbooth.judge.library.profile.scope import WILDCARD
from tolbooth.judge.library.profile.syntax import Node, Rule
from tolbooth.judge.library.profile.view import View

_KEYWORDS = frozenset({"contains", "every", "if", "in"})


def findings(view: View) -> Iterator[Finding]:
    """How the module's rules are declared."""
    yield from _imports(view)
    for name, rules in view.names.rules(view.source.package).items():
        here = [rule for rule in rules if any(rule is own for own in view.source.rules)]
        for rule in here:
            yield from _shape(view, name, rule)
        yield from _defaults(view, name, rules, here)
        yield from _kinds(view, name, rules, here)
        yield from _twice(view, name, rules, here)
    yield from _shadowed(view)


def _imports(view: View) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for each in view.source.imports:
        if each.alias in seen and each.path not in {"rego.v1", "future.keywords"}:
            text = f"'{each.alias}' is imported already, as {seen[each.alias]}: OPA refuses it, the embedded engine not"
            yield view.finding("import-conflict", each.node, text, f"write: import {each.path} as another_name")
        seen.setdefault(each.alias, each.path)


def _shape(view: View, name: str, rule: Rule) -> Iterator[Finding]:
    if name in RESULT_SETS and rule.shape != "set" and not view.source.is_test:
        text = f"'{name}' is a set of results: one that is no set is not read"
        hint = f'write {name} contains {{"code": "…", "msg": "…"}} if {{ … }}'
        yield view.finding("contains", rule.reference, text, hint)
    if rule.shape == "set" and any(node.kind == "RefBrack" and node.one("index").kind == "Var" for node in
                                   rule.reference.walk()):  # fmt: skip
        text = "a set under a name that varies is joined with others by OPA, and lost by the embedded engine"
        yield view.finding("set-name", rule.reference, text, f"write {name} contains [key, member], in one set")
    if name in _KEYWORDS and rule.reference.kind == "Var":
        text = f"'{name}' is a keyword: OPA refuses a rule of that name, the embedded engine takes it"
        yield view.finding("reserved-name", rule.reference, text, "give the rule another name")


def _defaults(view: View, name: str, rules: list[Rule], here: list[Rule]) -> Iterator[Finding]:
    defaults = [rule for rule in rules if rule.shape == "default"]
    for rule in defaults[1:]:
        if rule in here:
            text = f"'{name}' has a default already: OPA refuses a second one, the embedded engine takes the first"
            yield view.finding("default-conflict", rule.node, text, "keep one of them")


def _kinds(view: View, name: str, rules: list[Rule], here: list[Rule]) -> Iterator[Finding]:
    """Definitions of one name that are of different kinds, or functions with different numbers of arguments."""
    plain = [rule for rule in rules if rule.reference.kind == "Var"]
    kinds = [(rule.shape, len(rule.node.many("args"))) for rule in plain]
    for rule, kind in zip(plain, kinds, strict=True):
        first = next(each for each in kinds if each[0] != "default" or all(k[0] == "default" for k in kinds))
        if rule not in here or kind in {first, ("default", first[1])}:
            continue
        what = f"a {first[0]}" + (f" of {first[1]} arguments" if first[0] == "function" else " rule")
        hint = "give it another name" + ("" if kind[0] != "function" else ", or the same number of arguments")
        yield view.finding("rule-conflict", rule.reference, f"'{name}' is {what} already", hint)


def _twice(view: View, name: str, rules: list[Rule], here: list[Rule]) -> Iterator[Finding]:
    """A definition that says nothing new, or contradicts another one always."""
    constants = [
        rule for rule in rules if rule.shape == "complete" and not rule.bodies and rule.reference.kind == "Var"
    ]
    for rule in constants[1:]:
        if rule in here and _value(view, rule) != _value(view, constants[0]):
            text = f"'{name}' has a value already that depends on nothing: two values are an error"
            yield view.finding("duplicate-rule", rule.node, text, "keep one of them, or give it another name")
    written: set[str] = set()
    for rule in here:
        text = view.text(rule.node)
        if text in written:
            message = f"this definition of '{name}' stands here twice"
            yield view.finding("duplicate-rule", rule.node, message, "take one of them out", Level.WARNING)
        written.add(text)


def _value(view: View, rule: Rule) -> str:
    return "".join(view.text(value) for value in rule.node.many("value"))


def _shadowed(view: View) -> Iterator[Finding]:
    """A local name that hides a rule or an import."""
    rules, imports = view.names.rules(view.source.package), {each.alias for each in view.source.imports}
    told: set[Node] = set()
    for query in view.queries:
        for binding in query.scope.names.values():
            name = str(binding.name.value)
            if name == WILDCARD or binding.name in told or name not in {*rules, *imports}:
                continue
            told.add(binding.name)
            what = "rule" if name in rules else "import"
            text = f"this '{name}' hides the {what} of that name"
            yield view.finding("shadowed", binding.name, text, "give it another name", Level.WARNING)
