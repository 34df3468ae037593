"""What a report says beyond the decision and its input: where they are recorded, who vouches, what rules mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tolbooth.model.observation import Artifact
from tolbooth.model.rule import Loosens
from tolbooth.model.wire import JsonObject
from tolbooth.report.people import PeopleShown


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A control of a catalogue: its title, and in words whether it is in force (None where that isn't known)."""

    title: str
    in_force: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleParameter:
    """An effective parameter of a rule. A number of unit ``rate`` is in ppm."""

    name: str
    value: str | int | bool
    unit: str | None = None
    loosens: Loosens | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNote:
    """What a rule's metadata says, for explaining it.

    ``question`` is what the rule asks of a measure: every key and value that an observation's question must carry to
    be this rule's (``by`` and other keys may be left out). None for a rule that asks nothing of a measure.
    """

    description: str
    solution: str | None = None
    parameters: tuple[RuleParameter, ...] = ()
    question: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProblem:
    """The text of an error met while judging; ``rule`` is None where it concerned more than one."""

    code: str
    text: str
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPack:
    """The evidence pack that holds the decision: its file name, its root and the key that sealed it."""

    name: str
    root_sha256: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """The surroundings of one decision.

    ``log_index`` counts entries from 0 (people are shown one more) and is None for what was not appended; ``signer``
    names the key that signed the decision's attestation; ``clauses`` are the controls of the catalogues in use, by id;
    ``rules`` are the notes of the policy's rules, by code; ``people`` what people said about it.
    """

    decision_sha256: str
    policy_name: str
    engine: str
    log_index: int | None = None
    signer: str | None = None
    sealed: SealedPack | None = None
    artifacts: tuple[Artifact, ...] = ()
    problems: tuple[RuleProblem, ...] = ()
    clauses: Mapping[str, Clause] = field(default_factory=dict)
    rules: Mapping[str, RuleNote] = field(default_factory=dict)
    people: PeopleShown = field(default_factory=PeopleShown)
