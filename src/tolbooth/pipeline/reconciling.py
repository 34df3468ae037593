"""reconcile: what runs is held against what was decided, and what differs is told and recorded, each thing once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tolbooth.decide.drift import Cover, alias_findings, deleted_versions, deployment_findings
from tolbooth.evidence.canonical import canonical_sha256
from tolbooth.evidence.kinds import Kind
from tolbooth.evidence.moves import Finding, Seen, Sighting
from tolbooth.evidence.statement import ResourceDescriptor
from tolbooth.model.deployment import AliasPlace
from tolbooth.model.digest import DigestSet
from tolbooth.model.errors import CollectError
from tolbooth.model.instant import instant
from tolbooth.pipeline.decisions_now import DecisionsNow, decisions_now
from tolbooth.pipeline.looking import (
    Governed,
    Looked,
    Unread,
    Watched,
    look_at_aliases,
    look_at_files,
    registries,
    unread,
    with_digests,
)
from tolbooth.pipeline.moves import RecordedSighting, read_moves
from tolbooth.pipeline.recording import attest, telling_what_was_kept
from tolbooth.pipeline.registry_door import OpenRegistry
from tolbooth.pipeline.settling import Settled, refuse_transcript, settle
from tolbooth.pipeline.transcripts import known_signers
from tolbooth.pipeline.workspace import Workspace
from tolbooth.store.locks import move_lock

_REGISTRY = "the registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundNow:
    """A finding; ``since`` is when the log saw it first without a break, None for one that is new."""

    finding: Finding
    since: datetime | None

    @property
    def counts(self) -> bool:
        """Whether it is to be put right, or told for the first time."""
        return self.finding.lasting or self.since is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a reconciliation saw and found.

    ``position`` is the sighting's place in the log, from 0; None where nothing differs from the last one.
    ``ungoverned`` are aliases of the same models that no gate is declared for, and ``left_out`` counts objects of a
    cluster that are no deployments of models.
    """

    as_of: datetime
    seen: tuple[Seen, ...]
    found: tuple[FoundNow, ...]
    settled: tuple[Settled, ...]
    unread: tuple[Unread, ...]
    ungoverned: tuple[AliasPlace, ...]
    left_out: int
    position: int | None

    @property
    def is_clean(self) -> bool:
        """Whether nothing is to be put right, and nothing is new."""
        return not any(each.counts for each in self.found)


def reconcile(workspace: Workspace, *, open_registry: OpenRegistry, variables: Mapping[str, str]) -> Reconciled:
    """Read the registry and the deployments, settle open promotions, and find what no decision covers.

    A source that can't be read is told as such, and what was known of it stays as it was.

    Raises:
        ConfigError: for mistakes of an inventory, of the workflow file or of ``people.yaml``.
        StoreError: if the log of record refuses.
    """
    refuse_transcript(variables)
    with telling_what_was_kept(workspace):
        looked = Looked()
        settled: list[Settled] = []
        for tracking, watched in registries(workspace.project).items():
            settled += _registry(workspace, open_registry, tracking, watched, looked)
        look_at_files(workspace.project, looked)
        return _held_against(workspace, looked, tuple(settled))


def _registry(
    workspace: Workspace, open_registry: OpenRegistry, tracking: str, watched: list[Watched], looked: Looked
) -> tuple[Settled, ...]:
    """Look at one registry; while it is read, nobody moves an alias through us."""
    settled: tuple[Settled, ...] = ()
    try:
        with open_registry(tracking) as registry:
            with move_lock(workspace.store.folder):
                unsettled = (
                    each for each in read_moves(workspace.store).open() if each.said.place.registry == registry.name
                )
                settled = settle(workspace, unsettled, registry.model)
                moves = read_moves(workspace.store)
                found = look_at_aliases(workspace.project, registry, watched, moves, looked)
            looked.governed += list(with_digests(registry, found))
            looked.registries.append(registry.name)
    except CollectError as error:
        looked.unread.append(unread(_REGISTRY, error))
    return settled


def _held_against(workspace: Workspace, looked: Looked, settled: tuple[Settled, ...]) -> Reconciled:
    now = instant(workspace.clock())
    moves = read_moves(workspace.store)
    machines = known_signers(workspace)
    decisions = decisions_now(workspace.project, workspace.store, machines, as_of=now)
    last = moves.sightings[-1] if moves.sightings else None
    seen, findings = _carried(last, looked)
    for each in sorted(looked.governed, key=lambda each: each.name):
        cover = _cover(each, decisions)
        seen.append(_seen(each, cover))
        before = moves.seen_last(each.name)
        findings += [replace(one, message=decisions.named(one.message)) for one in _findings(each, before, cover)]
    sighting = Sighting(
        at=now,
        seen=tuple(sorted(seen, key=lambda one: one.place)),
        findings=tuple(sorted(findings, key=lambda one: (one.place, one.code, one.id))),
    )
    since = _since(moves.sightings)
    return Reconciled(
        as_of=now,
        seen=sighting.seen,
        found=tuple(FoundNow(finding=each, since=since.get(each.id)) for each in sighting.findings),
        settled=settled,
        unread=tuple(looked.unread),
        ungoverned=tuple(looked.ungoverned),
        left_out=looked.left_out,
        position=_recorded(workspace, sighting, last),
    )


def _recorded(workspace: Workspace, sighting: Sighting, last: RecordedSighting | None) -> int | None:
    """Record a sighting that differs from the last one; one of nothing at all is none."""
    same = sighting.sha256 == last.said.sha256 if last is not None else not sighting.seen
    if same:
        return None
    name = f"{workspace.project.settings.project}/deployments"
    about = [ResourceDescriptor(name=name, digest={"sha256": canonical_sha256(sighting.seen)})]
    return attest(workspace, Kind.SIGHTING, about, sighting).entry.position


def _cover(each: Governed, decisions: DecisionsNow) -> Cover:
    digest = _digest(each)
    held = decisions.held(gate=each.gate, environment=each.environment, digest=digest) if digest else None
    return Cover(gate=each.gate, environment=each.environment, held=held, others=decisions.others() if not held else ())


def _digest(each: Governed) -> DigestSet:
    if each.alias is not None:
        return each.alias.digest
    return each.deployment.digest if each.deployment is not None else {}


def _findings(each: Governed, before: Seen | None, cover: Cover) -> Iterator[Finding]:
    if each.alias is not None:
        yield from alias_findings(each.name, each.alias, each.promoted, before, cover)
        yield from deleted_versions(each.name, each.alias, each.earlier)
    elif each.deployment is not None:
        yield from deployment_findings(each.deployment, cover)


def _seen(each: Governed, cover: Cover) -> Seen:
    decision = cover.held.decision_sha256 if cover.held is not None and cover.held.allows else None
    if each.alias is not None:
        place = each.alias.place
        return Seen(
            place=each.name,
            origin=f"mlflow {place.registry}",
            alias=place,
            version=each.alias.version,
            digest=each.alias.digest,
            model_created_ms=each.alias.registered.created_ms,
            decision_sha256=decision,
        )
    assert each.deployment is not None
    return Seen(
        place=each.name,
        origin=each.deployment.origin,
        version=each.deployment.version,
        digest=each.deployment.digest,
        since=each.deployment.since,
        decision_sha256=decision,
    )


def _since(sightings: Iterable[RecordedSighting]) -> dict[str, datetime]:
    """Since when each finding of the last sighting stands without a break, by its id."""
    found: dict[str, datetime] = {}
    for each in sightings:
        ids = {finding.id for finding in each.said.findings}
        found = {one: found.get(one, each.entry.appended_at) for one in ids}
    return found


def _carried(last: RecordedSighting | None, looked: Looked) -> tuple[list[Seen], list[Finding]]:
    """What was seen and found before at places that can't be read now: it stays as it was."""
    if last is None or not looked.unread:
        return [], []
    silent = {each.place for each in looked.unread}
    seen = [each for each in last.said.seen if _is_silent(each, silent, looked)]
    places = {each.place for each in seen}
    return seen, [each for each in last.said.findings if each.place in places]


def _is_silent(each: Seen, silent: set[str], looked: Looked) -> bool:
    if each.alias is not None:
        return _REGISTRY in silent and each.alias.registry not in looked.registries
    return each.place.partition("/")[0] in silent
