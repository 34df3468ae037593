"""promote: an alias moves only with a decision that allows it now, with a record before the move and one after it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tolbooth.collect.request import collect_request
from tolbooth.config.load import Project
from tolbooth.config.mistakes import nearest
from tolbooth.decide.promotion import Held, Wanted, refusals
from tolbooth.evidence.keys import PublicKey
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.moves import Outcome, Promotion, Result
from tolbooth.model.deployment import AliasPlace, RegisteredModel
from tolbooth.model.digest import DigestSet
from tolbooth.model.errors import CollectError, ConfigError, Problem, ReviewError, StoreError
from tolbooth.model.instant import instant
from tolbooth.pipeline.decisions_now import DecisionsNow, decisions_now
from tolbooth.pipeline.moves import Moves, RecordedPromotion, read_moves
from tolbooth.pipeline.promotion_goal import Goal, Wish, goal_of
from tolbooth.pipeline.recording import attest, telling_what_was_kept
from tolbooth.pipeline.records_folder import append_records
from tolbooth.pipeline.registry_door import MoveFailedError, OpenRegistry, Registry
from tolbooth.pipeline.settling import Settled, about, as_refusals, record_outcome, refuse_transcript, settle
from tolbooth.pipeline.transcripts import known_signers
from tolbooth.pipeline.workspace import Workspace
from tolbooth.store.embedded import EmbeddedStore
from tolbooth.store.locks import move_lock

_NO_FILES = frozenset({"collect.mlflow-missing", "collect.mlflow-no-model"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """What a promotion did, or would do.

    ``result`` is None for a dry run. ``position`` is the outcome's place in the log, from 0; None where nothing was
    recorded, since the alias stood there already by a promotion on the same decision. ``settled`` are promotions to
    this place that had been open; ``open`` are those that a dry run leaves so.
    """

    place: AliasPlace
    goal: Goal
    digest: DigestSet
    from_version: str | None
    decision_sha256: str
    decided_at: datetime
    requester: str
    claimed_by: str
    as_of: datetime
    result: Result | None = None
    position: int | None = None
    settled: tuple[Settled, ...] = ()
    open: tuple[RecordedPromotion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """Everything that was checked before the move."""

    place: AliasPlace
    goal: Goal
    registered: RegisteredModel
    digest: DigestSet
    held: Held
    moves: Moves
    requester: str
    claimed_by: str
    as_of: datetime

    @property
    def from_version(self) -> str | None:
        """Where the alias points now."""
        return self.registered.aliases.get(self.place.alias)

    @property
    def stands(self) -> bool:
        """Whether the alias is there already, by a promotion of the same content on the same decision."""
        last, tenures = self.moves.standing(self.place), self.moves.tenures(self.place)
        return (
            last is not None
            and tenures[-1].how != "seen"
            and self.from_version == self.goal.version == last.to_version
            and dict(last.digest) == dict(self.digest)
            and last.decision_sha256 == self.held.decision_sha256
            and last.model_created_ms == self.registered.created_ms
        )

    def promoted(
        self,
        result: Result | None,
        position: int | None,
        settled: tuple[Settled, ...] = (),
        still_open: tuple[RecordedPromotion, ...] = (),
    ) -> Promoted:
        """What became of it."""
        return Promoted(
            place=self.place,
            goal=self.goal,
            digest=self.digest,
            from_version=self.from_version,
            decision_sha256=self.held.decision_sha256,
            decided_at=self.held.decision.case.as_of,
            requester=self.requester,
            claimed_by=self.claimed_by,
            as_of=self.as_of,
            result=result,
            position=position,
            settled=settled,
            open=still_open,
        )


def promote(workspace: Workspace, wish: Wish, *, open_registry: OpenRegistry, variables: Mapping[str, str]) -> Promoted:
    """Move an alias to a version whose digest a decision allows.

    In this order: open promotions to the place are settled; the decision is held against what is known now; a
    promotion is recorded; the alias is moved; the registry is asked where it points; the outcome is recorded.

    Raises:
        ReviewError: ``promote.*`` where no decision allows it; nothing moved, and nothing was recorded.
        ConfigError: if no model, version or gate is meant.
        StoreError: if the log of record or the registry refuses. ``promote.not-moved``: the registry said no, which is
            recorded; ``promote.open``: nobody knows yet, and the next promotion or reconciliation says what became.
    """
    refuse_transcript(variables)
    goal = goal_of(workspace.project, wish)
    with telling_what_was_kept(workspace), as_refusals(), open_registry(goal.tracking) as registry:
        digest = _digest(registry, goal)
        with move_lock(workspace.store.folder):
            place = goal.place(registry.name)
            unsettled = (each for each in read_moves(workspace.store).open() if each.said.place == place)
            settled = settle(workspace, unsettled, lambda _: registry.model(goal.model))
            decisions = _decisions(workspace.project, workspace.store, known_signers(workspace), workspace.clock())
            ready = _ready(registry, goal, digest, decisions, variables)
            append_records(workspace, decisions.heard.new)
            if ready.stands:
                return ready.promoted(Result.KEPT, None, settled)
            result, position = _move(workspace, registry, ready)
            return ready.promoted(result, position, settled)


def rehearse(
    project: Project,
    store: EmbeddedStore,
    machines: Sequence[PublicKey],
    wish: Wish,
    *,
    now: datetime,
    open_registry: OpenRegistry,
    variables: Mapping[str, str],
) -> Promoted:
    """Check everything that ``promote`` would, and move and record nothing.

    Raises:
        ReviewError, ConfigError, StoreError: as ``promote``.
    """
    refuse_transcript(variables)
    goal = goal_of(project, wish)
    with as_refusals(), open_registry(goal.tracking) as registry:
        digest = _digest(registry, goal)
        ready = _ready(registry, goal, digest, _decisions(project, store, machines, now), variables)
        still_open = tuple(each for each in ready.moves.open() if each.said.place == ready.place)
        return ready.promoted(None, None, still_open=still_open)


def _decisions(project: Project, store: EmbeddedStore, machines: Sequence[PublicKey], now: datetime) -> DecisionsNow:
    return decisions_now(project, store, machines, as_of=instant(now))


def _digest(registry: Registry, goal: Goal) -> DigestSet:
    """The digest of the version's files as they are now.

    Raises:
        ConfigError: ``promote.unknown-model`` or ``promote.unknown-version``.
        ReviewError: ``promote.no-digest`` if its files can't be had, so that no decision can be about them.
    """
    registered = registry.model(goal.model)
    if not registered.is_there:
        raise ConfigError.of("promote.unknown-model", f"the registry has no model '{goal.model}'")
    if goal.version not in registered.versions:
        message = f"'{goal.model}' has no version {goal.version}"
        hint = nearest(goal.version, registered.versions) or f"there are: {', '.join(registered.versions) or 'none'}"
        raise ConfigError.of("promote.unknown-version", message, hint=hint)
    try:
        return registry.digest(goal.model, goal.version)
    except CollectError as error:
        if error.code not in _NO_FILES:
            raise
        message = f"the files of version {goal.version} are not there, so no decision can be about them"
        raise ReviewError.of("promote.no-digest", message) from error


def _ready(
    registry: Registry, goal: Goal, digest: DigestSet, decisions: DecisionsNow, variables: Mapping[str, str]
) -> _Ready:
    """Hold the wish against the decisions.

    Raises:
        ReviewError: with every reason why it may not be moved.
    """
    held = decisions.held(gate=goal.gate, environment=goal.environment, digest=digest)
    wanted = Wanted(gate=goal.gate, environment=goal.environment, digest=digest, version=goal.version)
    others = decisions.others() if held is None else ()
    if (refused := refusals(wanted, held, others)) or held is None:
        raise ReviewError([decisions.by_handle(each) for each in refused])
    folder, who = decisions.project.folder, decisions.heard.people.who
    asked = collect_request(folder, variables, now=decisions.as_of, who=who).observations[0].values
    return _Ready(
        place=goal.place(registry.name),
        goal=goal,
        registered=registry.model(goal.model),
        digest=digest,
        held=held,
        moves=read_moves(decisions.store),
        requester=str(asked["requester"]),
        claimed_by=str(asked["claimed_by"]),
        as_of=decisions.as_of,
    )


def _move(workspace: Workspace, registry: Registry, ready: _Ready) -> tuple[Result, int]:
    goal, place = ready.goal, ready.place
    if ready.registered.created_ms is None:
        raise ConfigError.of("promote.unknown-model", f"the registry has no model '{goal.model}' any more")
    said = Promotion(
        id=secrets.token_hex(16),
        place=place,
        model_created_ms=ready.registered.created_ms,
        from_version=ready.from_version,
        to_version=goal.version,
        digest=ready.digest,
        gate=goal.gate,
        environment=goal.environment,
        decision_sha256=ready.held.decision_sha256,
        basis=ready.held.decision.basis,
        as_of=ready.as_of,
        requester=ready.requester,
        claimed_by=ready.claimed_by,
    )
    intent = attest(workspace, Kind.PROMOTION, about(workspace, place, ready.digest), said)
    failure = _attempted(registry, ready) if ready.from_version != goal.version else None
    found = _found(registry, goal, failure)
    if found != goal.version and failure is not None and not failure.is_final:
        raise _still_open(goal, failure.problems)
    result = _result(ready, found)
    outcome = Outcome(
        promotion_sha256=intent.entry.envelope_sha256,
        place=place,
        result=result,
        from_version=ready.from_version,
        to_version=goal.version,
        found_version=found,
        at=instant(workspace.clock()),
        reason=None if result.is_there else failure.code if failure is not None else "promote.moved-on",
    )
    position = record_outcome(workspace, said, outcome).entry.position
    if not result.is_there:
        told = failure.problems[0].message if failure is not None else "somebody else moved it at the same time"
        points = f"it points to version {found}" if found is not None else "it points nowhere"
        message = f"the alias '{goal.alias}' was not moved to version {goal.version}: {told}; {points}"
        raise StoreError.of("promote.not-moved", message)
    return result, position


def _attempted(registry: Registry, ready: _Ready) -> MoveFailedError | None:
    try:
        registry.move(ready.goal.model, ready.goal.alias, ready.goal.version)
    except MoveFailedError as error:
        return error
    return None


def _found(registry: Registry, goal: Goal, failure: MoveFailedError | None) -> str | None:
    """Where the alias points after the move.

    Raises:
        StoreError: ``promote.open`` if the registry does not say.
    """
    try:
        now = registry.model(goal.model)
    except CollectError as error:
        raise _still_open(goal, failure.problems if failure is not None else error.problems) from error
    return now.aliases.get(goal.alias)


def _result(ready: _Ready, found: str | None) -> Result:
    if found != ready.goal.version:
        return Result.NOT_MOVED
    return Result.KEPT if ready.from_version == found else Result.MOVED


def _still_open(goal: Goal, problems: Sequence[Problem]) -> StoreError:
    message = (
        f"nobody knows yet whether the alias '{goal.alias}' moved to version {goal.version}: {problems[0].message}; "
        "the promotion stays open in the log"
    )
    hint = "run it again, or 'tolbooth reconcile': it asks the registry where the alias points, and records that"
    return StoreError(Problem(code="promote.open", message=message, hint=hint))
