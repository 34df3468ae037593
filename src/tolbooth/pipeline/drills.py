"""Drills: known-bad cases that a gate must refuse, tried on the policy of today, and the proof recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tolbooth.collect.files import require_there
from tolbooth.config.load import Project
from tolbooth.config.mistakes import nearest
from tolbooth.config.settings import DrillSettings
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.statement import ResourceDescriptor
from tolbooth.evidence.strict_json import parse
from tolbooth.judge.input_document import as_of_ns, validate_input
from tolbooth.judge.library.policy import Policy
from tolbooth.model.decision import Decision, Verdict
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError, ConfigError, JudgeError, Place, Problem, VerificationError
from tolbooth.model.instant import format_instant, instant
from tolbooth.model.rule import Enforcement, Outcome
from tolbooth.model.wire import as_json
from tolbooth.pipeline.collecting import Progress
from tolbooth.pipeline.engine import Engines, project_engines
from tolbooth.pipeline.policy import policy_of
from tolbooth.pipeline.recording import attest, telling_what_was_kept
from tolbooth.pipeline.situation import gather
from tolbooth.pipeline.verdict import Judged, judge_case, judge_situation
from tolbooth.pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedCase:
    """One known-bad case as it was tried.

    ``refused`` says that the gate would deny it, and by the rules that must. ``failing`` are the rules that denied;
    ``lacking`` those that had to and did not, each with the outcome that came instead.
    """

    name: str
    input_sha256: str
    verdict: Verdict
    refused: bool
    failing: tuple[str, ...]
    lacking: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """All known-bad cases of a gate, tried at one instant; ``position`` is the proof's place in the log."""

    gate: str
    policy_sha256: str
    as_of: datetime
    cases: tuple[TriedCase, ...]
    position: int

    @property
    def held(self) -> bool:
        """Whether every case was refused."""
        return all(case.refused for case in self.cases)


def run_drill(workspace: Workspace, gate: str, *, variables: Mapping[str, str], progress: Progress) -> Drill:
    """Try every known-bad case of a gate, and record what came of it, whatever it was.

    Nothing else is recorded: a drill decides about no subject.

    Raises:
        ConfigError: ``drill.none`` if the gate names no case, ``drill.*`` and others for cases that can't be tried.
        JudgeError: ``input.*`` for an input document that does not fit the schema.
    """
    project = workspace.project
    policy = check_drills(project, gate)
    engines = project_engines(project, variables)
    now = instant(workspace.clock())
    with telling_what_was_kept(workspace):
        judged = {
            name: _try(workspace, gate, policy, engines, name, variables=variables, progress=progress, as_of=now)
            for name in project.settings.gates[gate].drills
        }
        for each in judged.values():
            workspace.store.blobs.put(each.input_bytes)
        cases = tuple(
            _tried(name, project.settings.gates[gate].drills[name], each.input_bytes, each.decision)
            for name, each in judged.items()
        )
        about = [ResourceDescriptor(name=f"{project.settings.project}/{gate}", digest={"sha256": policy.sha256})]
        engine = next(iter(judged.values())).judgement.engine
        predicate = {
            "gate": gate,
            "point": policy.point.value,
            "as_of": format_instant(now),
            "policy_sha256": policy.sha256,
            "engine": as_json(engine),
            "held": all(case.refused for case in cases),
            "cases": as_json(cases),
        }
        entry = attest(workspace, Kind.DRILL, about, predicate).entry
    return Drill(gate=gate, policy_sha256=policy.sha256, as_of=now, cases=cases, position=entry.position)


def check_drills(project: Project, gate: str) -> Policy:
    """Check the cases of a gate before any is tried, and give the policy that they are tried on.

    Raises:
        ConfigError: with every mistake, at its line of ``tolbooth.yaml``.
    """
    settings = project.settings.gates[gate]
    if not settings.drills:
        raise ConfigError.of(
            "drill.none",
            f"the gate '{gate}' names no known-bad case",
            place=project.place("gates", gate, key=True),
            hint="name one under 'drills': an input document from 'tolbooth policy input' with one thing made bad",
        )
    policy = policy_of(project, settings.point)
    problems = [each for name, case in settings.drills.items() for each in _problems(project, gate, policy, name, case)]
    if problems:
        raise ConfigError(problems)
    return policy


def _problems(project: Project, gate: str, policy: Policy, name: str, case: DrillSettings) -> Iterator[Problem]:
    where = ("gates", gate, "drills", name)
    if (case.input is None) == (not case.data):
        text = f"the case '{name}' needs 'input' or 'data', and not both"
        yield Problem(code="drill.input-or-data", message=text, place=project.place(*where, key=True))
    asked = [rule.code for rule in policy.rules if policy.enforcement_of(rule) is Enforcement.DENY]
    for position, code in enumerate(case.refused_by):
        if code not in asked:
            yield Problem(
                code="drill.rule",
                message=f"'{code}' can't refuse here: no rule of that name denies at this gate",
                place=project.place(*where, "refused_by", position),
                hint=nearest(code, asked) or f"one of: {', '.join(asked)}",
            )
    for data in case.data.keys() - project.settings.data.keys():
        hint = nearest(data, project.settings.data) or f"declared: {', '.join(project.settings.data)}"
        text = f"there is no data set '{data}' to stand in for"
        place = project.place(*where, "data", data, key=True)
        yield Problem(code="drill.data", message=text, place=place, hint=hint)
    paths = {("input",): case.input} if case.input is not None else {("data", key): p for key, p in case.data.items()}
    for key, path in paths.items():
        try:
            require_there(project.folder / path, declared=path, project_folder=project.folder)
        except (ConfigError, CollectError) as error:
            yield from (replace(problem, place=project.place(*where, *key)) for problem in error.problems)


def _try(
    workspace: Workspace,
    gate: str,
    policy: Policy,
    engines: Engines,
    name: str,
    *,
    variables: Mapping[str, str],
    progress: Progress,
    as_of: datetime,
) -> Judged:
    project = workspace.project
    case = project.settings.gates[gate].drills[name]
    if case.input is not None:
        return judge_case(policy, engines, _input_bytes(project, gate, policy, case.input, as_of), as_of=as_of)
    declared = project.settings.data
    stand_in = {key: data.model_copy(update={"path": case.data.get(key, data.path)}) for key, data in declared.items()}
    changed = replace(project, settings=project.settings.model_copy(update={"data": stand_in}))
    situation = gather(
        changed, gate, store=workspace.store, clock=workspace.clock, variables=variables, progress=progress
    )
    return judge_situation(replace(situation, as_of=as_of), engines, hypothetical=True)


def _input_bytes(project: Project, gate: str, policy: Policy, path: str, as_of: datetime) -> bytes:
    """A known-bad input document, as it would be if the gate met it now."""
    try:
        content = (project.folder / path).read_bytes()
        parse(content, path=path)
        document = validate_input(content)
    except OSError as error:
        raise ConfigError.of("drill.unreadable", f"{path}: {error.strerror}") from error
    except VerificationError as error:
        raise ConfigError(error.problems) from error
    except JudgeError as error:
        raise JudgeError([replace(problem, place=Place(path=path)) for problem in error.problems]) from error
    here = {
        "gate": gate,
        "environment": project.settings.gates[gate].environment,
        "point": policy.point.value,
        "context": {"as_of": format_instant(as_of), "as_of_ns": as_of_ns(as_of)},
    }
    return canonical_bytes({**document, **here})


def _tried(name: str, case: DrillSettings, input_bytes: bytes, decision: Decision) -> TriedCase:
    denying = [each for each in decision.results if each.enforcement is Enforcement.DENY]
    failing = sorted({each.rule for each in denying if each.outcome is Outcome.FAIL})
    lacking = {
        code: next((each.outcome.value for each in decision.results if each.rule == code), "not asked")
        for code in case.refused_by
        if code not in failing
    }
    return TriedCase(
        name=name,
        input_sha256=sha256_hex(input_bytes),
        verdict=decision.verdict,
        refused=decision.verdict is Verdict.DENY and bool(failing) and not lacking,
        failing=tuple(failing),
        lacking=lacking,
    )
