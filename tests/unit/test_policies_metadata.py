"""What METADATA says of evidence that only some words of a parameter need, and of parameters that may be left out."""

from __future__ import annotations

import pytest

from tolbooth.judge.interface import Module
from tolbooth.judge.library.catalogs import load_catalogs
from tolbooth.judge.library.load import library_of
from tolbooth.judge.library.metadata import read_metadata
from tolbooth.judge.library.policy import effective_policy
from tolbooth.model.errors import JudgeError

RULE = """package drift

# METADATA
# title: The data have not moved
# description: Asks that the data are like those of training.
# custom:
#   short_name: moved
#   severity: medium
#   solution: Train again.
#   controls: [eu-ai-act:10.2.f]
#   collections: [recommended]
#   evidence: []
#   evidence_for:
#     links: {commit: source-control, run: run}
#   parameters:
#     - name: links
#       type: list
#       choices: [commit, run]
#       default: [commit]
#       loosens: any
#       description: Which links.
#     - name: age
#       type: integer
#       optional: true
#       loosens: up
#       description: How old.
deny contains {"code": "drift.moved", "msg": "moved"} if input.version == 2
"""


def problems(old: str, new: str) -> list[str]:
    assert old in RULE
    with pytest.raises(JudgeError) as raised:
        read_metadata([Module(path="drift.rego", text=RULE.replace(old, new))], load_catalogs())
    return [problem.code for problem in raised.value.problems]


def test_evidence_for_each_word_is_read() -> None:
    rule = read_metadata([Module(path="drift.rego", text=RULE)], load_catalogs()).rules["drift.moved"]
    assert rule.evidence == ()
    assert rule.evidence_for == {"links": {"commit": "source-control", "run": "run"}}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("run: run}", "run: runs}", "policy.metadata.evidence"),
        ("links: {commit", "link: {commit", "policy.metadata.evidence-for"),
        ("links: {commit", "age: {commit", "policy.metadata.evidence-for"),
        (", run: run}", "}", "policy.metadata.evidence-for"),
        ("run: run}", "run: run, tree: source-control}", "policy.metadata.evidence-for"),
        ("links: {commit: source-control, run: run}", "links: [commit]", "policy.metadata.type"),
        ("optional: true", "optional: maybe", "policy.metadata.type"),
        ("optional: true", "optional: true\n#       default: 3", "policy.metadata.type"),
    ],
)
def test_mistake_is_told(old: str, new: str, code: str) -> None:
    assert code in problems(old, new)


def test_optional_parameter_need_not_be_declared_and_is_absent_until_it_is() -> None:
    library = library_of({"drift.rego": RULE.encode()}, load_catalogs())

    def policy(**age: int) -> tuple[tuple[str, ...], dict[str, object]]:
        made = effective_policy(
            library, rules=None, collections=("recommended",), parameters={"drift.moved": age}, enforcement={}
        )
        return made.undeclared(made.rules[0]), dict(made.parameters["drift.moved"])

    assert policy() == ((), {"links": ("commit",)})
    assert policy(age=3) == ((), {"links": ("commit",), "age": 3})


def test_parameter_that_is_not_optional_must_be_declared() -> None:
    library = library_of({"drift.rego": RULE.replace("#       optional: true\n", "").encode()}, load_catalogs())
    made = effective_policy(library, rules=None, collections=("recommended",), parameters={}, enforcement={})
    assert made.undeclared(made.rules[0]) == ("age",)
