"""Built-in functions that no rule may use: they would give a rule a clock, a network, chance or its host."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tolbooth.judge.interface import Module
from tolbooth.model.errors import Place, Problem

BANNED: Mapping[str, str] = {
    "http.send": "facts enter a gate only by collecting and measuring: read 'input.observations'",
    "net.lookup_ip_addr": "facts enter a gate only by collecting and measuring: read 'input.observations'",
    "opa.runtime": "a rule's result must not depend on where it runs",
    "rand.intn": "the same input must give the same result",
    "rego.parse_module": "a rule judges facts, not rules",
    "time.now_ns": "a rule has no clock: read 'input.context.as_of_ns'",
    "trace": "write what matters to the result's 'values'",
    "uuid.rfc4122": "the same input must give the same result",
}
"""By name: why, and what to write instead."""

_TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*)
      | (?P<text>"(?:\\.|[^"\\\n])*"|`[^`]*`)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


def banned_uses(module: Module) -> Iterator[Problem]:
    """Every use of a banned function, outside comments and strings, however its name is written.

    ``http["send"](…)`` names the same function as ``http.send(…)``. A field called ``trace`` is no use of it.
    """
    for name, offset, is_call in _references(module.text):
        known = name if name in BANNED else ".".join(name.split(".")[:2])
        if known not in BANNED or (known == "trace" and not is_call):
            continue
        before = module.text[:offset]
        place = Place(
            path=module.path,
            line=before.count("\n") + 1,
            column=offset - (before.rfind("\n") + 1) + 1,
            width=len(known),
        )
        yield Problem(code="policy.banned", message=f"'{known}' may not be used", place=place, hint=BANNED[known])


def _references(text: str) -> Iterator[tuple[str, int, bool]]:
    """Dotted references with their offset, and whether a parenthesis follows."""
    tokens = [
        (found.lastgroup or "", found[0], found.start()) for found in _TOKEN.finditer(text) if found.lastgroup != "skip"
    ]
    ends = [("other", "", len(text))] * 3
    padded = [*tokens, *ends]
    at = 0
    while at < len(tokens):
        kind, word, offset = tokens[at]
        at += 1
        if kind != "word":
            continue
        parts = [word]
        while (step := _step(padded[at : at + 3])) is not None:
            part, length = step
            parts.append(part)
            at += length
        yield ".".join(parts), offset, padded[at][1] == "("


def _step(following: list[tuple[str, str, int]]) -> tuple[str, int] | None:
    """The next part of a reference (``.name`` or ``["name"]``) and how many tokens it takes."""
    (_, first, _), (kind, second, _), (_, third, _) = following
    if first == "." and kind == "word":
        return second, 2
    if first == "[" and kind == "text" and third == "]":
        return second[1:-1], 3
    return None
