"""``tolbooth policy show``: one rule whole, with its parameters as they are in force."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from tolbooth.cli.output import output_option
from tolbooth.cli.policy_list import listed_json
from tolbooth.cli.session import Session, pass_session
from tolbooth.model.wire import as_json

if TYPE_CHECKING:
    from tolbooth.pipeline.policy_reading import ShownParameter, ShownRule


@click.command()
@click.argument("code")
@output_option
@pass_session
def command(session: Session, code: str, output_format: str) -> None:
    """Show one rule: METADATA, parameters in force, clauses, file and page.

    Each parameter is shown with where its value comes from: the rule's default
    or the project's tolbooth.yaml. A rate is in parts per million, as a rule
    reads it.
    """
    from tolbooth.pipeline.policy_reading import shown_rule

    shown = shown_rule(code, session.project_if_any())
    if output_format == "json":
        click.echo(json.dumps({"version": 1, **_json(shown)}, indent=2, ensure_ascii=False))
        return
    for line in _lines(shown):
        click.echo(line)


def _lines(shown: ShownRule) -> Iterator[str]:
    rule, listed = shown.listed.rule, shown.listed
    asked = "not asked here" if listed.enforcement is None else listed.enforcement.value
    yield f"{rule.code}  {rule.title}"
    yield ""
    yield f"  file         {listed.file}:{rule.place.line} ({listed.source})"
    yield f"  enforcement  {asked}"
    yield f"  severity     {rule.severity.value}"
    yield f"  collections  {', '.join(rule.collections) or '-'}"
    yield f"  evidence     {', '.join(rule.evidence) or '-'}"
    if rule.depends_on:
        yield f"  depends on   {', '.join(rule.depends_on)}"
    for name, title in shown.controls:
        yield f"  control      {name}  {title or 'in no catalogue'}"
    for each in shown.parameters:
        yield f"  parameter    {_parameter(each)}"
    yield f"\n{shown.page.rstrip()}" if shown.page is not None else "\nIt has no page."


def _parameter(shown: ShownParameter) -> str:
    parameter = shown.parameter
    if shown.value is None:
        return f"{parameter.name}: {'optional, not declared' if parameter.optional else 'the project must declare it'}"
    value = ", ".join(shown.value) if isinstance(shown.value, tuple) else str(shown.value)
    unit = " ppm" if parameter.type == "rate" else f" {parameter.unit}" if parameter.unit else ""
    return f"{parameter.name} = {value or 'none'}{unit} ({_origin(shown)})"


def _origin(shown: ShownParameter) -> str:
    return "project" if shown.from_project else "default"


def _json(shown: ShownRule) -> dict[str, object]:
    rule = shown.listed.rule
    return {
        **listed_json(shown.listed),
        "line": rule.place.line,
        "description": rule.description,
        "solution": rule.solution,
        "evidence": list(rule.evidence),
        "depends_on": list(rule.depends_on),
        "effective_on": as_json(rule.effective_on),
        "effective_until": as_json(rule.effective_until),
        "controls": [{"id": name, "title": title} for name, title in shown.controls],
        "parameters": [
            {
                "name": each.parameter.name,
                "type": each.parameter.type.value,
                "value": as_json(each.value),
                "default": as_json(each.parameter.default),
                "from": None if each.value is None else _origin(each),
                "unit": "ppm" if each.parameter.type == "rate" else each.parameter.unit,
                "loosens": None if each.parameter.loosens is None else each.parameter.loosens.value,
                "optional": each.parameter.optional,
                "description": each.parameter.description,
            }
            for each in shown.parameters
        ],
        "page": shown.page,
    }
