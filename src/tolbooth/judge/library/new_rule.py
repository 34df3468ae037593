"""The text of a rule to begin with: a small one that works, with tests that notice every change of it, and its page.

Its author changes what it asks, step by step, with ``tolbooth policy test`` at hand.
"""

from __future__ import annotations

import keyword
import re
from string import Template

from tolbooth.judge.library.new_validator import TEST as VALIDATOR_TEST
from tolbooth.judge.library.new_validator import VALIDATOR
from tolbooth.model.errors import ConfigError

DEFAULT_TITLE = "The purpose is declared in so many words"
_CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_KEYWORDS = frozenset({
    "as", "contains", "data", "default", "else", "every", "false", "if", "import", "in", "input", "not", "null",
    "package", "some", "true", "with",
})  # fmt: skip

_METADATA = Template("""\
# METADATA
# title: $title
# description: >-
#   Asks that tolbooth.yaml says what the subject is for, in no fewer words than the parameter names.
# custom:
#   short_name: $name
#   severity: medium
#   solution: >-
#     Write what the subject is for into tolbooth.yaml, as subjects.NAME.purpose.
#   controls: []
#   collections: [$collection]
#   evidence: [declared]
#   parameters:
#     - name: minimum_words
#       type: integer
#       minimum: 1
#       default: 3
#       unit: words
#       loosens: down
#       description: The fewest words that a purpose has.""")

_RULE = Template("""\
package $package

$metadata
deny contains {
	"code": "$code",
	"msg": sprintf("words in the purpose: %v, at least %v are asked", [${name}_words, minimum]),
	"values": {"words": ${name}_words, "minimum": minimum},
	"facts": [],
} if {
	minimum := data.parameters.$code.minimum_words
	${name}_words < minimum
}

passed contains {
	"code": "$code",
	"msg": sprintf("words in the purpose: %v", [${name}_words]),
	"values": {"words": ${name}_words, "minimum": minimum},
	"facts": [],
} if {
	minimum := data.parameters.$code.minimum_words
	${name}_words >= minimum
}

${name}_words := count([word | some word in split(object.get(input.declared, "purpose", ""), " "); word != ""])
""")

_TEST = Template("""\
package ${package_name}_${name}_test

denied(declared, minimum) := found if {
	all := data.$package.deny with input.declared as declared
		with data.parameters.$code.minimum_words as minimum
	found := [result | some result in all; result.code == "$code"]
}

passed(declared, minimum) := found if {
	all := data.$package.passed with input.declared as declared
		with data.parameters.$code.minimum_words as minimum
	found := [result | some result in all; result.code == "$code"]
}

test_success_as_many_words_as_are_asked if {
	count(denied({"purpose": "score loan applications"}, 3)) == 0
	passed({"purpose": "score loan applications"}, 3) == [{
		"code": "$code",
		"msg": "words in the purpose: 3",
		"values": {"words": 3, "minimum": 3},
		"facts": [],
	}]
}

test_success_more_blanks_are_not_more_words if {
	[result] := passed({"purpose": " score  loans "}, 2)
	result.values.words == 2
}

test_fail_fewer_words_than_are_asked if {
	denied({"purpose": "loans"}, 2) == [{
		"code": "$code",
		"msg": "words in the purpose: 1, at least 2 are asked",
		"values": {"words": 1, "minimum": 2},
		"facts": [],
	}]
	count(passed({"purpose": "loans"}, 2)) == 0
}

test_fail_no_purpose_has_no_words if {
	[result] := denied({}, 1)
	result.values.words == 0
	count(passed({}, 1)) == 0
}
""")

_PAGE = Template("""\
# $code

## What it asks

That `tolbooth.yaml` says what the subject is for, in no fewer words than the parameter names.

- **pass**: there are as many words, or more.
- **fail**: there are fewer, or none.

## Why

Who doesn't know what a model is for can't say for what it must not be used.

## How to fix

Say in `tolbooth.yaml` what the subject is for:

    subjects:
      credit: {purpose: score loan applications of private customers}

## Examples

Passes:

    $code
    words in the purpose: 6

Fails:

    $code
    words in the purpose: 0, at least 3 are asked
""")


def new_rule(code: str, *, title: str = DEFAULT_TITLE, python: bool = False) -> dict[str, str]:
    """Rule, test and page by their path in a source folder; Rego is formatted as ``opa fmt`` would.

    Args:
        code: ``<package>.<short_name>``; the package may have several parts.
        title: what the rule asks, in one line.
        python: write a validator, a Python function, in place of Rego; its package has one part.

    Raises:
        ConfigError: ``policy.new-code`` for a code that no rule can have, ``policy.new-title`` for such a title.
    """
    parts = code.split(".")
    if _CODE.fullmatch(code) is None:
        hint = "a package and a name, such as credit.purpose: letters a to z, digits and underscores"
        raise ConfigError.of("policy.new-code", f"'{code}' can't be the code of a rule", hint=hint)
    words = sorted(_KEYWORDS.intersection(parts))
    if words:
        raise ConfigError.of("policy.new-code", f"'{code}' can't be the code of a rule: '{words[0]}' is a word of Rego")
    if not title.strip() or not title.isprintable() or ": " in title or " #" in title or title[0] in "\"'>|&*!%@`[{-?":
        hint = "one line of plain words, without a colon"
        raise ConfigError.of("policy.new-title", f"'{title}' can't be the title of a rule", hint=hint)
    package, name = ".".join(parts[:-1]), parts[-1]
    names = {
        "code": code,
        "package": package,
        "package_name": package.replace(".", "_"),
        "collection": package.replace(".", "_"),
        "name": name,
        "title": title.strip(),
    }
    if python:
        _refuse_for_python(code, parts)
    rule, test, suffix = (VALIDATOR, VALIDATOR_TEST, "py") if python else (_RULE, _TEST, "rego")
    texts = {f"{name}.{suffix}": rule, f"{name}_test.{suffix}": test, f"{name}.md": _PAGE}
    names["metadata"] = _METADATA.substitute(names)
    return {f"{'/'.join(parts)}/{file}": template.substitute(names) for file, template in texts.items()}


def _refuse_for_python(code: str, parts: list[str]) -> None:
    if len(parts) != 2:  # noqa: PLR2004 - a package and a name
        hint = "one package and a name, such as credit.purpose"
        raise ConfigError.of("policy.new-code", f"'{code}' can't be the code of a validator", hint=hint)
    if keyword.iskeyword(parts[-1]):
        text = f"'{code}' can't be the code of a validator: '{parts[-1]}' is a word of Python"
        raise ConfigError.of("policy.new-code", text)
