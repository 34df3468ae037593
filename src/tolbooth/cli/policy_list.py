"""``tolbooth policy list``: the rules that there are, and which of them are asked here."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.session import Session, pass_session

if TYPE_CHECKING:
    from tolbooth.pipeline.policy_reading import ListedRule


@click.command()
@output_option
@pass_session
def command(session: Session, output_format: str) -> None:
    """List the rules, and which of them are asked here.

    One line for each rule, by package: its code, what a failing result does
    (a dash: the project does not ask it), its title, its collections, and the
    folder that it comes from. Without a project, the shipped rules.
    """
    from tolbooth.pipeline.policy_reading import listed_rules

    rules = listed_rules(session.project_if_any())
    if output_format == "json":
        document = {"version": 1, "rules": [listed_json(each) for each in rules]}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for line in _lines(rules):
        click.echo(line)


def listed_json(listed: ListedRule) -> dict[str, object]:
    """A rule of the list as versioned JSON."""
    rule = listed.rule
    return {
        "code": rule.code,
        "package": rule.package,
        "title": rule.title,
        "severity": rule.severity.value,
        "level": rule.level.value,
        "asked": listed.enforcement is not None,
        "enforcement": None if listed.enforcement is None else listed.enforcement.value,
        "collections": list(rule.collections),
        "source": listed.source,
        "file": listed.file,
    }


def _lines(rules: Sequence[ListedRule]) -> Iterator[str]:
    width = max((len(each.rule.code) for each in rules), default=0)
    for package, members in itertools.groupby(rules, key=lambda each: each.rule.package):
        yield package
        for each in members:
            level = "-" if each.enforcement is None else each.enforcement.value
            about = f"[{', '.join(each.rule.collections)}] {each.source}"
            yield f"  {each.rule.code:<{width}}  {level:<7}  {each.rule.title}  {about}"
    asked = sum(each.enforcement is not None for each in rules)
    yield f"{len(rules)} rules, {asked} asked"
