"""A rule of a project's own: its folder, as a team would write it, and the settings that name it."""

from __future__ import annotations

from pathlib import Path

from tests.project_sample import SETTINGS

RULE = """\
package house

# METADATA
# title: The purpose is declared
# description: Asks that somebody wrote down what the subject is for.
# custom:
#   short_name: purpose
#   severity: low
#   solution: Write it into tolbooth.yaml as subjects.NAME.purpose.
#   controls: [eu-ai-act:17.1.m]
#   collections: [house]
#   evidence: [declared]
deny contains {"code": "house.purpose", "msg": "no purpose is declared"} if {
\tnot "purpose" in object.keys(input.declared)
}
"""

TEST = """\
package house_purpose_test

test_fail_no_purpose if {
\tcount(data.house.deny) == 1 with input.declared as {}
}
"""

OWN_SETTINGS = SETTINGS.replace("policy:\n", "policy:\n  sources: [built-in, rules]\n")


def write_rules(project: Path, folder: str = "rules") -> Path:
    """Write the rule and its test below a project; gives the rule's file."""
    path = project / folder / "house" / "purpose" / "purpose.rego"
    path.parent.mkdir(parents=True)
    path.write_text(RULE, encoding="utf-8")
    path.with_name("purpose_test.rego").write_text(TEST, encoding="utf-8")
    return path
