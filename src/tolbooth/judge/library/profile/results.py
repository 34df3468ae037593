"""The results that a rule writes: with the code of its METADATA, in a package that its folder names, and tested."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from tolbooth.judge.interface import RESULT_SETS
from tolbooth.judge.library.fields import did_you_mean
from tolbooth.judge.library.profile.finding import Finding
from tolbooth.judge.library.profile.syntax import Node, Rule
from tolbooth.judge.library.profile.view import View
from tolbooth.judge.library.rule_metadata import RuleMetadata

_REQUIRED = ("code", "msg")
_TEST = "_test.rego"


def findings(view: View, rules: Mapping[str, RuleMetadata], paths: Sequence[str]) -> Iterator[Finding]:
    """``profile.code``, ``profile.result``, ``profile.folder`` and ``profile.lone-test``.

    Args:
        view: the module.
        rules: the METADATA of all rules by code.
        paths: of all modules that are there.
    """
    if view.source.is_test:
        yield from _lone(view, paths)
        return
    known = [code for code, rule in rules.items() if rule.package == view.source.package]
    for rule in view.source.rules:
        if rule.name in RESULT_SETS and rule.shape == "set":
            yield from _result(view, rule, known)
    if known and any(rule.name in RESULT_SETS for rule in view.source.rules):
        yield from _folder(view)


def _result(view: View, rule: Rule, known: Sequence[str]) -> Iterator[Finding]:
    (member,) = rule.node.many("key")
    if member.kind != "Object":
        return
    fields = {str(key.value): value for key, value in zip(member.many("keys"), member.many("values"), strict=True)}
    absent = [name for name in _REQUIRED if name not in fields]
    if absent:
        text = f"a result has a code and a message, and this one lacks '{absent[0]}'"
        hint = f'write {rule.name} contains {{"code": "{next(iter(known), "…")}", "msg": "…"}}'
        yield view.finding("result", member, text, hint)
    code = fields.get("code")
    if code is not None and code.kind == "String" and known and code.value not in known:
        text = f"'{code.value}' is no rule of this package: a code is '<package>.<short_name>' of the METADATA"
        yield view.finding("code", code, text, did_you_mean(str(code.value), known))


def _folder(view: View) -> Iterator[Finding]:
    folders = PurePosixPath(view.source.path).parent.parts
    package = view.source.package.split(".")
    if len(folders) > 1 and list(folders[-1 - len(package) : -1]) != package:
        text = f"the folder of a rule is '<package>/<rule>': this one says '{'/'.join(folders[-2:])}'"
        hint = f"write package {folders[-2]}, or move the file to {'/'.join(package)}/{folders[-1]}"
        yield view.finding("folder", view.source.package_node, text, hint)


def _lone(view: View, paths: Sequence[str]) -> Iterator[Finding]:
    """A test whose rule is not beside it: it proves nothing."""
    wanted = f"{view.source.path.removesuffix(_TEST)}.rego"
    if wanted in paths:
        return
    folder = PurePosixPath(view.source.path).parent
    beside = [path for path in paths if PurePosixPath(path).parent == folder and not path.endswith(_TEST)]
    hint = did_you_mean(wanted, beside) if beside else f"write {PurePosixPath(wanted).name}, or take the test out"
    first: Node = view.source.package_node
    yield view.finding("lone-test", first, f"this tests {wanted}, which is not there", hint)
