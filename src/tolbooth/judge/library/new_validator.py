"""The text of a rule in Python to begin with: the same small rule as ``new_rule``, as a function with its tests."""

from __future__ import annotations

from string import Template

VALIDATOR = Template('''\
"""$title."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


$metadata
def $name(input: dict[str, Any], parameters: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Deny or pass, with the number that decided."""
    words = len(input["declared"].get("purpose", "").split())
    minimum = parameters["minimum_words"]
    values = {"words": words, "minimum": minimum}
    if words < minimum:
        yield "deny", {"msg": f"words in the purpose: {words}, at least {minimum} are asked", "values": values}
    else:
        yield "passed", {"msg": f"words in the purpose: {words}", "values": values}
''')

TEST = Template('''\
"""Tests of $code: each is run in a fenced process, as the rule is."""

from __future__ import annotations

from $name import $name


def test_as_many_words_as_are_asked_pass() -> None:
    found = list($name({"declared": {"purpose": "score loan applications"}}, {"minimum_words": 3}))
    assert found == [("passed", {"msg": "words in the purpose: 3", "values": {"words": 3, "minimum": 3}})]


def test_fewer_words_are_denied() -> None:
    ((outcome, result),) = $name({"declared": {"purpose": "loans"}}, {"minimum_words": 2})
    assert outcome == "deny"
    assert result["values"] == {"words": 1, "minimum": 2}


def test_no_purpose_has_no_words() -> None:
    ((outcome, result),) = $name({"declared": {}}, {"minimum_words": 1})
    assert (outcome, result["values"]["words"]) == ("deny", 0)
''')
