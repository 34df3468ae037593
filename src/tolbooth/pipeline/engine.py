"""Which engine judges a project, made ready before anything is recorded; and whether two engines decide alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import assert_never

from tolbooth.config.environment import Environment
from tolbooth.config.load import Project
from tolbooth.config.settings import EngineName
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.judge.interface import Engine
from tolbooth.judge.judge import Judgement
from tolbooth.judge.rego.embedded import EmbeddedEngine
from tolbooth.judge.rego.extension import find_extension, require_proven
from tolbooth.model.decision import Decision
from tolbooth.model.errors import ConfigError, Problem, VerificationError
from tolbooth.model.rule import RuleResult
from tolbooth.model.wire import as_json

_MOST_DIFFERENCES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """An engine that can be opened: nothing about it is wrong, as far as that can be told without starting it."""

    name: EngineName
    open: Callable[[], AbstractContextManager[Engine]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """The engine that judges, and one that must decide alike, if that was asked for."""

    judging: EngineChoice
    comparing: EngineChoice | None = None


EMBEDDED = EngineChoice(name=EngineName.EMBEDDED, open=EmbeddedEngine)


def project_engines(project: Project, variables: Mapping[str, str], verify_with: EngineName | None = None) -> Engines:
    """The engine that ``tolbooth.yaml`` names, and the one to compare with.

    Args:
        project: its settings say where OPA is.
        variables: the environment's, for OPA's token.
        verify_with: the engine to compare with, if any.

    Raises:
        ConfigError: ``gate.same-engine`` if the project judges on ``verify_with`` anyway, ``judge.opa-*`` for what is
            wrong with how OPA is named.
        JudgeError: ``judge.opa-missing`` if the program is not there, ``judge.engine-unproven`` for a version of the
            embedded engine that has not passed the suite of divergences and is not asked for by name.
    """
    environment = Environment.read(variables)
    name = project.settings.policy.engine
    if verify_with is name:
        others = " or ".join(each.value for each in EngineName if each is not name)
        raise ConfigError.of(
            "gate.same-engine",
            f"the gate judges on the engine '{name}' already",
            place=project.place("policy", "engine"),
            hint=f"compare with {others}",
        )
    comparing = None if verify_with is None else _choice(verify_with, project, environment)
    return Engines(judging=_choice(name, project, environment), comparing=comparing)


def require_alike(judgement: Judgement, decision: Decision, other: Judgement, again: Decision) -> None:
    """Compare the decision documents of two engines by their bytes.

    Raises:
        VerificationError: ``gate.engines-differ``, with every rule, term and field that differ, and both values.
    """
    if canonical_bytes(decision) == canonical_bytes(again):
        return
    differences = list(_differences(judgement, other)) or ["the decision documents differ, though no result does"]
    told = differences[:_MOST_DIFFERENCES]
    if len(told) < len(differences):
        told.append(f"and {len(differences) - len(told)} more")
    problems = [Problem(code="gate.engines-differ", message=f"the engines differ: {each}") for each in told]
    failed = judgement.errors or other.errors
    advice = "see why an engine failed" if failed else "'tolbooth policy lint' names what they understand differently"
    hint = f"nothing was decided; {advice}"
    raise VerificationError([*problems[:-1], replace(problems[-1], hint=hint)])


def _choice(name: EngineName, project: Project, environment: Environment) -> EngineChoice:
    match name:
        case EngineName.EMBEDDED:
            require_proven(find_extension().version, asked_for=environment.allow_engine)
            return EMBEDDED
        case EngineName.OPA:
            return EngineChoice(name=name, open=_opa(project, environment))
        case _:
            assert_never(name)


def _opa(project: Project, environment: Environment) -> Callable[[], AbstractContextManager[Engine]]:
    from tolbooth.judge.rego.opa.client import endpoint_of  # noqa: PLC0415 - sockets are loaded where they are used
    from tolbooth.judge.rego.opa.engine import local_engine, server_engine  # noqa: PLC0415
    from tolbooth.judge.rego.opa.local import LocalOpa, find_opa  # noqa: PLC0415

    opa = project.settings.policy.opa
    if opa.url is None:
        named = opa.binary
        inside = named is not None and "/" in named
        binary = find_opa(project.folder / named if inside and named is not None else named)
        return lambda: local_engine(LocalOpa(binary), version=opa.version)
    if opa.binary is not None:
        text = "OPA is named twice: as a server and as a program"
        place = project.place("policy", "opa", "binary", key=True)
        raise ConfigError.of("judge.opa-twice", text, place=place, hint="keep url or binary")
    ca_file = None if opa.ca_file is None else project.folder / opa.ca_file
    try:
        endpoint = endpoint_of(opa.url, token=_token(environment), ca_file=ca_file)
    except ConfigError as error:
        if error.code == "judge.opa-token":
            raise
        key = "ca_file" if error.code == "judge.opa-ca-file" else "url"
        place = project.place("policy", "opa", key)
        raise ConfigError.of(error.code, error.problems[0].message, place=place, hint=error.hint) from error
    return lambda: server_engine(endpoint, version=opa.version)


def _token(environment: Environment) -> str | None:
    path = environment.opa_token_file
    if path is None:
        return environment.opa_token
    if environment.opa_token is not None:
        text = "OPA's token is given twice: in TOLBOOTH_OPA_TOKEN and in TOLBOOTH_OPA_TOKEN_FILE"
        raise ConfigError.of("judge.opa-token", text, hint="unset one of them")
    return _read_token(path)


def _read_token(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        text = f"the file that TOLBOOTH_OPA_TOKEN_FILE names can't be read: {reason}"
        raise ConfigError.of("judge.opa-token", text) from error


def _differences(judgement: Judgement, other: Judgement) -> Iterator[str]:
    for said in (judgement, other):
        for code, message in dict.fromkeys((each.code, each.message) for each in said.errors):
            yield f"{_name(said)} said: {message} ({code})"
    mine, its = _by_rule(judgement), _by_rule(other)
    for key in sorted(mine.keys() | its.keys()):
        one, two = mine.get(key, []), its.get(key, [])
        if one == two:
            continue
        where = f"{key[0]}, {key[1]}" if key[1] else key[0]
        if len(one) == len(two) == 1:
            told = list(_fields(one[0], two[0], _name(judgement), _name(other)))
        else:
            told = [f"{_outcomes(one)} on {_name(judgement)}, {_outcomes(two)} on {_name(other)}"]
        yield from (f"{where}: {each}" for each in told)


def _by_rule(judgement: Judgement) -> dict[tuple[str, str], list[RuleResult]]:
    found: dict[tuple[str, str], list[RuleResult]] = {}
    for result in judgement.results:
        found.setdefault((result.rule, result.term or ""), []).append(result)
    return found


def _fields(one: RuleResult, two: RuleResult, name: str, other: str) -> Iterator[str]:
    for each in fields(RuleResult):
        mine, its = (canonical_bytes(as_json(getattr(result, each.name))).decode() for result in (one, two))
        if mine != its:
            yield f"{each.name} is {mine} on {name}, {its} on {other}"


def _outcomes(results: list[RuleResult]) -> str:
    return ", ".join(result.outcome.value for result in results) or "nothing"


def _name(judgement: Judgement) -> str:
    return f"{judgement.engine.name} {judgement.engine.version}"
