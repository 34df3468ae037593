"""Mistakes that a rule's author makes: each a folder of rules with one thing wrong, and the code that lint gives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PATH = "rules/review/rows/rows.rego"
TEST_PATH = "rules/review/rows/rows_test.rego"

RULE = """\
package review

# METADATA
# title: Training data have enough rows
# description: Asks that every training data set has at least so many rows.
# custom:
#   short_name: rows
#   severity: medium
#   solution: Collect more data.
#   controls: [eu-ai-act:10.2.f]
#   collections: [house]
#   evidence: [artifact]
#   parameters:
#     - name: bound
#       type: integer
#       minimum: 1
#       default: 1000
#       unit: rows
#       loosens: down
#       description: The fewest rows that pass.
deny contains {
	"code": "review.rows",
	"msg": sprintf("has %v rows, at least %v are needed", [rows, bound]),
	"term": artifact.name,
	"values": {"rows": rows},
} if {
	some artifact in input.artifacts
	artifact.role == "training"
	rows := object.get(artifact, "row_count", 0)
	bound := data.parameters.review.rows.bound
	rows < bound
}
"""

TEST = """\
package review_rows_test

test_fail_few_rows if {
	document := {"artifacts": [{"name": "a", "role": "training", "row_count": 3}]}
	count(data.review.deny) == 1 with input as document with data.parameters.review.rows as {"bound": 4}
}
"""


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What is changed in the rule, or the files there are instead; and the code of the finding."""

    name: str
    code: str
    old: str = ""
    new: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def write(self, project: Path) -> None:
        """Write the rule, its test and the mistake."""
        assert not self.old or self.old in RULE
        rule = RULE.replace(self.old, self.new) if self.old else RULE
        for path, text in {PATH: rule, TEST_PATH: TEST, **self.files}.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text, encoding="utf-8")


def change(name: str, code: str, old: str, new: str) -> Mistake:
    return Mistake(name=name, code=code, old=old, new=new)


COMPARED = "\trows < bound\n"
MESSAGE = '\t"msg": sprintf("has %v rows, at least %v are needed", [rows, bound]),\n'
MEMBER = "some artifact in input.artifacts"
DIVIDED = "\trows / bound < 0.8\n"
MISSING = "\tnot artifact.row_count >= bound\n\trows < bound\n"
WALKED = "\trows < bound\n\t[_, value] := walk(artifact.digest)\n\tvalue == 1\n"
MATCHED = "regex.match(`^train\\w+$`, artifact.role)"
ASKED = '\thttp.send({"method": "get", "url": "x"}).status_code == 200\n\trows < bound\n'
DEFAULTS = "package review\n\ndefault quick := false\n\ndefault quick := true\n"
LONE = {"rules/review/rows/row_test.rego": TEST}
AGAIN = {"rules/review/lines/lines.rego": RULE}

MISTAKES = (
    change("built-in-misspelt", "profile.unknown-function", "object.get(artifact", "objekt.get(artifact"),
    change("built-in-of-opa-alone", "profile.unknown-function", COMPARED, '\tcrypto.sha256("a") != artifact.name\n'),
    change("argument-too-few", "profile.arity", 'object.get(artifact, "row_count", 0)', "object.get(artifact)"),
    change("variable-without-a-value", "profile.unsafe", COMPARED, "\trows < bond\n"),
    change("variable-never-used", "profile.unused", COMPARED, f"{COMPARED}\tname := artifact.name\n"),
    change("deny-without-contains", "profile.contains", "deny contains {", "deny := {"),
    change("metadata-without-solution", "policy.metadata.missing-key", "#   solution: Collect more data.\n", ""),
    change("unknown-control", "policy.metadata.control", "eu-ai-act:10.2.f", "eu-ai-act:10.2.ff"),
    change("unknown-evidence", "policy.metadata.evidence", "[artifact]", "[artefact]"),
    change("parameter-of-no-type", "policy.metadata.value", "type: integer", "type: number"),
    change("parameter-that-loosens-nowhere", "policy.metadata.missing-key", "#       loosens: down\n", ""),
    change("code-that-is-no-rule", "profile.code", '"code": "review.rows"', '"code": "review.row"'),
    change("result-without-a-message", "profile.result", MESSAGE, ""),
    change("walk-as-a-value", "profile.walk-form", COMPARED, WALKED),
    change("not-over-a-missing-field", "profile.negation", COMPARED, MISSING),
    change("result-that-a-member-lacks", "profile.head", '"rows": rows}', '"rows": rows, "day": artifact.dated}'),
    change("rate-by-division", "profile.decimals", COMPARED, DIVIDED),
    change("ascii-class", "profile.regex", 'artifact.role == "training"', MATCHED),
    change("verb-with-a-width", "profile.sprintf", '"has %v rows', '"has %5d rows'),
    change("object-as-a-pattern", "profile.object-pattern", MEMBER, f'{MEMBER}\n\t{{"sha256": _}} := artifact.digest'),
    change("clock", "policy.banned", COMPARED, f"{COMPARED}\ttime.now_ns() > 0\n"),
    change("network", "policy.banned", COMPARED, ASKED),
    change("bracket-never-closed", "policy.syntax", f"{COMPARED}}}", COMPARED),
    change("input-field-misspelt", "profile.input-path", "input.artifacts", "input.artefacts"),
    change("field-of-a-member-misspelt", "profile.input-path", '"row_count"', '"rows_count"'),
    change("two-defaults", "profile.default-conflict", "package review\n", DEFAULTS),
    Mistake(name="test-without-its-rule", code="profile.lone-test", files=LONE),
    Mistake(name="code-declared-twice", code="policy.metadata.duplicate", files=AGAIN),
    change("package-of-another-folder", "profile.folder", "package review\n", "package revue\n"),
)
