"""A page for each rule: what METADATA says, joined with the rule's own page; and their index.

Each fact has one source. METADATA gives title, description, severity, parameters, clauses and solution; the page in the
rule's folder gives the rest, section by section, and repeats none of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from importlib.resources import files

from scripts.reference.markdown import code, codes, page, table
from tolbooth.judge.library.load import Library
from tolbooth.judge.library.parameters import PPM, Direction, Parameter, ParameterType
from tolbooth.judge.library.rule_metadata import ARTIFACT, DECLARED, RuleMetadata
from tolbooth.model.instant import format_instant
from tolbooth.model.rule import Enforcement

SECTIONS = ("What it asks", "Why", "Law", "How to fix", "Examples")
"""Sections that a rule's own page may have, in this order."""

REQUIRED = ("What it asks", "Why", "Examples")
"""Sections that it must have: METADATA knows nothing of them."""

_SOURCE = "../../src/tolbooth"
_LOOSENS = {Direction.UP: "up", Direction.DOWN: "down", Direction.ANY: "any change", Direction.NONE: "–"}


def rule_pages(library: Library) -> Mapping[str, str]:
    """The pages of a library's rules and their index, by path below ``docs/``."""
    made = {f"rules/{rule.code}.md": _page(rule, library) for rule in library.rules.values()}
    return {"rules/README.md": _index(library), **made}


def own_sections(rule: RuleMetadata) -> Mapping[str, str]:
    """The sections of the page in the rule's folder, by title."""
    text = files("tolbooth.policies").joinpath(_own_path(rule)).read_text(encoding="utf-8")
    _, *parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], (part.strip("\n") for part in parts[1::2]), strict=True))


def _own_path(rule: RuleMetadata) -> str:
    return rule.place.path.removesuffix(".rego") + ".md"


def _page(rule: RuleMetadata, library: Library) -> str:
    own = own_sections(rule)
    return page(
        "<!-- Made by 'make docs' from the rule's METADATA and the page in its folder: change those. -->",
        f"# {rule.title}",
        _glance(rule, library),
        "## What it asks",
        _asks(rule.description),
        own["What it asks"],
        "## Why",
        own["Why"],
        *_parameters(rule),
        "## Law",
        _clauses(rule, library),
        own.get("Law", ""),
        "## How to fix",
        rule.solution,
        own.get("How to fix", ""),
        "## Examples",
        own["Examples"],
    )


def _asks(description: str) -> str:
    """A description reads by itself, 'Asks that …'; under the heading the verb would stand twice."""
    said = description.removeprefix("Asks ")
    return said[:1].upper() + said[1:]


def _glance(rule: RuleMetadata, library: Library) -> str:
    folder = rule.place.path.rpartition("/")[0]
    tests = rule.place.path.removesuffix(".rego") + "_test.rego"
    links = [f"[rule]({_SOURCE}/policies/{rule.place.path})"]
    if any(test.path == tests for test in library.tests):
        links.append(f"[tests]({_SOURCE}/policies/{tests})")
    links.append(f"[folder]({_SOURCE}/policies/{folder})")
    depends = [f"[{code(name)}]({name}.md)" for name in rule.depends_on]
    denies = "the release is denied" if rule.level is Enforcement.DENY else "it warns only"
    rows = [
        ("Code", code(rule.code)),
        ("Severity", rule.severity.value),
        ("If it fails", f"{denies}, unless `policy.enforcement` says otherwise"),
        ("Collections", codes(rule.collections)),
        ("Reads", _reads(rule)),
        *([("Shown under", ", ".join(depends))] if depends else []),
        *([("Not part of the basis", codes(rule.moving_values))] if rule.moving_values else []),
        *([("From", format_instant(rule.effective_on))] if rule.effective_on is not None else []),
        *([("Until", format_instant(rule.effective_until))] if rule.effective_until is not None else []),
        ("Source", ", ".join(links)),
    ]
    return table(("", ""), rows)


def _reads(rule: RuleMetadata) -> str:
    """The kinds of fact that it needs, and those that only a word of a parameter needs."""
    words = {ARTIFACT: "every collected object", DECLARED: "what the owner declares"}
    always = [words.get(kind, code(kind)) for kind in rule.evidence]
    chosen = [
        f"{code(kind)} if {code(name)} has {codes(word for word, each in kinds.items() if each == kind)}"
        for name, kinds in rule.evidence_for.items()
        for kind in dict.fromkeys(kinds.values())
    ]
    found = [*always, *chosen] or ["every fact that is there"]
    return f"{'; '.join(found)} ([kinds of fact](../facts.md))"


def _parameters(rule: RuleMetadata) -> Iterable[str]:
    if not rule.parameters:
        return ()
    rows = [
        (code(each.name), _legal(each), _default(each), each.description, _LOOSENS[each.loosens or Direction.NONE])
        for each in rule.parameters
    ]
    return (
        "## Parameters",
        f"Set under `policy.parameters.{rule.code}` in `tolbooth.yaml`.",
        table(("name", "may be", "default", "meaning", "lets more pass"), rows),
    )


def _legal(parameter: Parameter) -> str:
    match parameter.type:
        case ParameterType.CHOICE:
            return codes(parameter.choices)
        case ParameterType.LIST:
            return f"a list of {codes(parameter.choices)}" if parameter.choices else "a list of words"
        case ParameterType.STRING:
            return "a text"
        case ParameterType.RATE | ParameterType.INTEGER:
            kind = "a rate" if parameter.type is ParameterType.RATE else "a whole number"
            unit = f" of {parameter.unit}" if parameter.unit else ""
            return f"{kind}{unit}{_range(parameter)}"


def _range(parameter: Parameter) -> str:
    low, high = (_number(parameter, bound) for bound in (parameter.minimum, parameter.maximum))
    if low and high:
        return f", {low} to {high}"
    return f", at least {low}" if low else f", at most {high}" if high else ""


def _number(parameter: Parameter, value: int | None) -> str:
    if value is None:
        return ""
    return f"{(Decimal(value) / PPM).normalize():f}" if parameter.type is ParameterType.RATE else str(value)


def _default(parameter: Parameter) -> str:
    match parameter.default:
        case None:
            return "none: may be left out" if parameter.optional else "**none: declare it**"
        case tuple() as words:
            return code(f"[{', '.join(words)}]")
        case int() as number:
            return code(_number(parameter, number))
        case str() as text:
            return code(text)


def _clauses(rule: RuleMetadata, library: Library) -> str:
    rows = []
    for control_id in rule.controls:
        control = library.catalogs.control(control_id)
        assert control is not None  # the library refuses a clause that no catalogue has
        rows.append((code(control_id), control.title, control.machine_checkable.value))
    cited = dict.fromkeys(control_id.partition(":")[0] for control_id in rule.controls)
    links = ", ".join(f"[{name}]({_SOURCE}/catalogs/{name}.yaml)" for name in cited)
    return page(
        table(("clause", "in our words", "a rule can settle it"), rows),
        f"From which day a clause applies to whom stands in the catalogues: {links}.",
    )


def _index(library: Library) -> str:
    collections = sorted({name for rule in library.rules.values() for name in rule.collections})
    blocks = []
    for package in sorted({rule.package for rule in library.rules.values()}):
        rows = [
            (
                f"[{code(rule.code)}]({rule.code}.md)",
                rule.title,
                rule.severity.value,
                *("yes" if name in rule.collections else "–" for name in collections),
            )
            for rule in library.rules.values()
            if rule.package == package
        ]
        blocks += [f"## {package}", table(("rule", "title", "severity", *map(code, collections)), rows)]
    sizes = [
        f"{code(name)} ({sum(name in rule.collections for rule in library.rules.values())})" for name in collections
    ]
    return page(
        "<!-- Made by 'make docs' from the rules' METADATA: change that. -->",
        "# Rules",
        f"The library that comes with Tolbooth: {len(library.rules)} rules in the collections {', '.join(sizes)}. "
        "`policy.collections` in `tolbooth.yaml` names the collections that a project is judged by, `policy.rules` "
        "single rules, and `policy.enforcement` what a failing rule does: "
        f"{codes(each.value for each in Enforcement)}.",
        "A result is *pass*, *fail* or *undecided*. A fact that is missing, stale or too little is undecided, never a "
        "pass. `tolbooth explain RULE` says the same as these pages, with what was found.",
        *blocks,
    )
