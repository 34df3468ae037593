"""From an input document, and the policy, to what the rules said and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tolbooth.decide.gate import decide
from tolbooth.evidence.pack import INPUT_PATH
from tolbooth.evidence.reading import read_value
from tolbooth.judge.input_document import validate_input
from tolbooth.judge.interface import EngineDescription
from tolbooth.judge.judge import Judgement, judge
from tolbooth.judge.library.policy import Policy
from tolbooth.model.decision import Case, Decision
from tolbooth.model.digest import sha256_hex
from tolbooth.model.rule import RuleResult
from tolbooth.model.subject import Subject
from tolbooth.model.wire import JsonObject
from tolbooth.pipeline.engine import Engines, require_alike
from tolbooth.pipeline.presenting import gate_input
from tolbooth.pipeline.situation import Situation
from tolbooth.pipeline.voices import Heeded, Voices


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the rules said about an input document, and what was decided.

    ``heeded`` is the decision with what of people's words it was made with. ``verified_with`` is the other engine that
    gave the same decision, if one was asked.
    """

    input_bytes: bytes
    judgement: Judgement
    heeded: Heeded
    verified_with: EngineDescription | None = None

    @property
    def decision(self) -> Decision:
        """What was decided."""
        return self.heeded.decision


def judge_situation(
    situation: Situation, engines: Engines, *, hypothetical: bool, voices: Voices | None = None
) -> Judged:
    """Judge and decide what one run gathered, with what people said; ``voices`` None is without a word of anybody."""
    input_bytes = gate_input(
        settings=situation.project.settings,
        gate=situation.gate,
        environment=situation.environment,
        point=situation.policy.point,
        as_of=situation.as_of,
        collection=situation.collection,
        assessed=situation.assessed,
        further=situation.further,
        gaps=situation.gaps,
        governance=situation.governance,
    )
    return judge_case(
        situation.policy, engines, input_bytes, as_of=situation.as_of, hypothetical=hypothetical, voices=voices
    )


def judge_case(
    policy: Policy,
    engines: Engines,
    input_bytes: bytes,
    *,
    as_of: datetime,
    hypothetical: bool = True,
    voices: Voices | None = None,
) -> Judged:
    """Judge and decide one input document, which says itself what it is about.

    Raises:
        ConfigError: for mistakes of the workflow file.
        JudgeError: ``input.*`` for a document that breaks its schema or is of another instant.
        VerificationError: ``gate.engines-differ``, where a second engine was asked and decides otherwise.
    """
    document = validate_input(input_bytes)
    with engines.judging.open() as engine:
        judgement = judge(policy, engine, input_bytes, as_of=as_of)
    case = Case(
        subject=read_value(Subject, document["subject"], path=INPUT_PATH),
        gate=document["gate"],
        environment=document["environment"],
        as_of=as_of,
        policy_sha256=policy.sha256,
        input_sha256=sha256_hex(input_bytes),
        hypothetical=hypothetical,
    )
    heeded = _heeded(case, judgement.results, document, voices)
    if engines.comparing is None:
        return Judged(input_bytes=input_bytes, judgement=judgement, heeded=heeded)
    with engines.comparing.open() as engine:
        again = judge(policy, engine, input_bytes, as_of=as_of)
    require_alike(judgement, heeded.decision, again, _heeded(case, again.results, document, voices).decision)
    return Judged(input_bytes=input_bytes, judgement=judgement, heeded=heeded, verified_with=again.engine)


def _heeded(case: Case, results: Sequence[RuleResult], document: JsonObject, voices: Voices | None) -> Heeded:
    return Heeded(decision=decide(case, results)) if voices is None else voices.decide(case, results, document)
