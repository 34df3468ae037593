"""replay: compute a pack's decision again, from its counts, rules and input, and compare the bytes.

Nothing from a pack runs but Rego, in the engine's worker process. A validator whose very bytes are installed here runs
as installed; the results of the others are taken as recorded, and the replay is then partial.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tolbooth.config.load import Project
from tolbooth.decide.gate import decide
from tolbooth.decide.order import ordered
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.pack import DECISION_PATH
from tolbooth.evidence.people_files import read_applied
from tolbooth.evidence.trust import Trust
from tolbooth.evidence.verify import examine
from tolbooth.judge.interface import EngineDescription
from tolbooth.judge.judge import judge
from tolbooth.judge.library.policy import Policy
from tolbooth.judge.questions import questions
from tolbooth.judge.rego.embedded import EmbeddedEngine
from tolbooth.judge.rego.extension import suite_of
from tolbooth.judge.validators.installed import installed_validators
from tolbooth.judge.validators.interface import Validator
from tolbooth.judge.validators.reading import matching
from tolbooth.measure.fairness.counts import FairnessCounts
from tolbooth.model.decision import Decision
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import VerificationError
from tolbooth.model.rule import Outcome, RuleResult
from tolbooth.pipeline.case_file import CaseFile, case_file, counts_path
from tolbooth.pipeline.measuring import Assessed, CountTable, assess_all
from tolbooth.pipeline.pack_files import read_pack
from tolbooth.pipeline.policy import project_library

_ASSESSED = ("fairness", "performance")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRule:
    """A rule and term whose result is another one when computed again; None where one side has no such result."""

    rule: str
    term: str | None
    recorded: RuleResult | None
    computed: RuleResult | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of computing a decision again.

    ``broken`` is the first broken link of the pack, if it does not verify; ``unchecked`` are its files that could not
    be checked. ``identical`` compares the bytes of the two decision documents. A replay proves something only if the
    pack verifies and the bytes are identical. ``recorded_only`` are the rules whose results were not computed again but
    taken as recorded, since their validators are not installed here: of them it proves nothing. ``proven`` says whether
    the engine here has passed the suite of divergences; a replay on one that has not is made, and says so.
    """

    recorded: Decision
    computed: Decision
    identical: bool
    changed: tuple[ChangedRule, ...]
    broken: VerificationError | None
    unchecked: tuple[str, ...]
    recorded_engine: EngineDescription
    engine: EngineDescription
    recorded_only: tuple[str, ...] = ()
    proven: bool = True

    @property
    def holds(self) -> bool:
        """Whether the pack verifies and its decision was computed again to the byte, from what can run here."""
        return self.identical and self.broken is None and not self.unchecked


def installed_here(project: Project | None) -> Sequence[Validator]:
    """The validators of installed packages and of the project's own sources.

    Raises:
        ConfigError, JudgeError: if a source can't be read.
    """
    own = () if project is None else project_library(project).validators.values()
    return (*installed_validators(), *own)


def replay(
    pack: Path,
    key: PublicKey | None,
    *,
    installed: Callable[[], Sequence[Validator]] = tuple,
    trust: Trust | None = None,
) -> Replay:
    """Verify a pack, then compute its decision again at its own ``as_of``.

    ``installed`` gives the validators that may run; it is only asked for a pack that has some. ``trust`` pins people
    and the log's key.

    Without a key the sealer's signatures are not checked, and the replay says so. A pack whose break lies in
    ``links.*`` or later is still computed, so that it can be said what differs.

    Raises:
        VerificationError: if the pack is broken before ``links.*``, so that nothing in it can be relied on.
        JudgeError: if the pack's policy can't be loaded.
    """
    examination = examine(read_pack(pack), key, trust=trust)
    if examination.content is None:
        assert examination.broken is not None
        raise examination.broken
    core = examination.content.core
    case = case_file(core)
    recorded = case.decision
    input_bytes = _input_again(case)
    policy = _with_installed(case.policy, installed)
    recorded_only = _recorded_only(policy, recorded)
    asked = tuple(rule for rule in policy.rules if rule.code not in recorded_only)
    with EmbeddedEngine() as engine:
        judgement = judge(replace(policy, rules=asked), engine, input_bytes, as_of=recorded.case.as_of)
    told = (result for result in recorded.results if result.rule in recorded_only)
    results = list(ordered((*judgement.results, *told)))
    again = replace(recorded.case, policy_sha256=case.policy.sha256, input_sha256=sha256_hex(input_bytes))
    applied = read_applied(core)
    computed = decide(
        again, tuple(results), waivers=applied.waivers, approvals=applied.approvals, required=applied.required
    )
    return Replay(
        recorded=recorded,
        computed=computed,
        identical=canonical_bytes(computed) == core[DECISION_PATH],
        changed=_changes(recorded.results, computed.results),
        broken=examination.broken,
        unchecked=examination.unchecked,
        recorded_engine=case.engine,
        engine=judgement.engine,
        recorded_only=recorded_only,
        proven=suite_of(judgement.engine.version) is not None,
    )


def _with_installed(policy: Policy, installed: Callable[[], Sequence[Validator]]) -> Policy:
    """The policy with each validator that is installed here, to the byte, in place of the pack's."""
    if not policy.library.validators:
        return policy
    return replace(policy, library=replace(policy.library, validators=matching(policy.library.validators, installed())))


def _recorded_only(policy: Policy, recorded: Decision) -> tuple[str, ...]:
    """The rules that were judged then and can't run here."""
    judged = {result.rule for result in recorded.results if result.outcome is not Outcome.SKIP}
    return tuple(code for code, each in policy.library.validators.items() if not each.installed and code in judged)


def _input_again(case: CaseFile) -> bytes:
    """The input document with every measured fact assessed again from the stored counts, by the pack's policy."""
    document = case.input_document
    observations: Mapping[str, Any] = document["observations"]
    measured = [each for kind in _ASSESSED for each in observations.get(kind, [])]
    answers = assess_all(_tables(case.core, measured), questions(case.policy))
    again = {kind: [_entry(answer, measured) for answer in answers if answer.kind == kind] for kind in _ASSESSED}
    return canonical_bytes({**document, "observations": {**observations, **{k: v for k, v in again.items() if v}}})


def _tables(core: Mapping[str, bytes], measured: Sequence[Mapping[str, Any]]) -> list[CountTable]:
    named = {each["about"]: each["values"]["counts_sha256"] for each in measured}
    return [
        CountTable(about=about, counts=FairnessCounts.from_bytes(core[counts_path(sha256)]))
        for about, sha256 in named.items()
    ]


def _entry(answer: Assessed, measured: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """An answer in the input document's form; what does not depend on the question stays as recorded."""
    recorded = next(each for each in measured if each["about"] == answer.about)
    return {**recorded, "question": answer.question, "values": answer.values}


def _changes(recorded: Sequence[RuleResult], computed: Sequence[RuleResult]) -> tuple[ChangedRule, ...]:
    before = {(result.rule, result.term or ""): result for result in recorded}
    after = {(result.rule, result.term or ""): result for result in computed}
    return tuple(
        ChangedRule(rule=key[0], term=key[1] or None, recorded=before.get(key), computed=after.get(key))
        for key in sorted(before.keys() | after.keys())
        if canonical_bytes(before.get(key)) != canonical_bytes(after.get(key))
    )
