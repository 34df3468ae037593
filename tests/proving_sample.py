"""A rule with good tests and with weak ones, and short ways to prove them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tolbooth.judge.interface import Module
from tolbooth.judge.proving.equivalents import read_equivalents
from tolbooth.judge.proving.interface import MutationRun, SuiteRun
from tolbooth.judge.proving.mutation import mutate
from tolbooth.judge.proving.running import run_suite
from tolbooth.judge.proving.session import ProvingSession
from tolbooth.judge.proving.suites import Suite, suites_of

RULE = """\
package loans

deny contains {"code": "loans.age", "age": input.age} if {
\tinput.age < 18
\tnot input.guardian
}
"""

GOOD = """\
package loans_test

test_fail_a_minor if {
\tdata.loans.deny == {{"code": "loans.age", "age": 17}} with input as {"age": 17}
}

test_success_of_age if {
\tcount(data.loans.deny) == 0 with input as {"age": 18}
}

test_success_with_a_guardian if {
\tcount(data.loans.deny) == 0 with input as {"age": 17, "guardian": true}
}
"""

WEAK = """\
package loans_test

test_fail_a_minor if {
\tcount(data.loans.deny) == 1 with input as {"age": 7}
}
"""


def suite(test: str = GOOD, rule: str = RULE, **others: str) -> Suite:
    """The rule's folder with one file of tests; ``others`` are modules elsewhere, by name."""
    own = [Module(path="loans/age.rego", text=rule), Module(path="loans/age_test.rego", text=test)]
    pool = [*own, *(Module(path=f"lib/{name}.rego", text=text) for name, text in others.items())]
    suites, _ = suites_of(own, pool)
    return suites[0]


def ran(chosen: Suite, *, seconds: float = 10.0) -> SuiteRun:
    """Run the suite's tests."""
    with ProvingSession(deadline_seconds=seconds) as session:
        return run_suite(chosen, session)


def mutated(chosen: Suite, *, jobs: int = 1, max_seconds: float | None = None) -> MutationRun:
    """Try the suite's mutants."""
    declared = {chosen.name: read_equivalents(chosen.tests)}
    found = mutate([chosen], declared, jobs=jobs, max_seconds=max_seconds, progress=lambda _what, _done, _total: None)
    return found[chosen.name]


def changes(run: MutationRun) -> list[str]:
    """The survivors' lines."""
    return [mutant.after for mutant in run.survivors]


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder
