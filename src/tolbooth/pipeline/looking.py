"""What runs where, read from every place that ``tolbooth.yaml`` declares or that a promotion named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from tolbooth.collect.deployments import collect_inventory, collect_manifests
from tolbooth.config.load import Project
from tolbooth.config.settings import DeploymentSettings
from tolbooth.evidence.moves import Promotion
from tolbooth.model.deployment import AliasPlace, AliasState, Deployment, RegisteredModel
from tolbooth.model.digest import DigestSet
from tolbooth.model.errors import CollectError, TolboothError
from tolbooth.pipeline.moves import Moves
from tolbooth.pipeline.promotion_goal import place_of, tracking_of
from tolbooth.pipeline.registry_door import Registry

_NO_ANSWER = frozenset(
    f"collect.mlflow-{each}" for each in ("stalled", "dropped", "failed", "deadline", "refused", "schema", "old-server")
)
"""Of these the registry may recover; anything else is about the version's own files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    """A place and the gate that must have allowed what runs there.

    ``model`` is the registry's own name of the model; ``promoted`` the last promotion there, and ``earlier`` those
    of other versions before it.
    """

    name: str
    gate: str
    environment: str
    model: str = ""
    promoted: Promotion | None = None
    earlier: tuple[Promotion, ...] = ()
    alias: AliasState | None = None
    deployment: Deployment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A source that could not be read: the deployment that names it, or a registry."""

    place: str
    code: str
    message: str


@dataclass(slots=True, kw_only=True)
class Looked:
    """What was found so far. ``left_out`` counts objects of a cluster that are no deployments of models.

    ``registries`` are those that answered.
    """

    registries: list[str] = field(default_factory=list)
    governed: list[Governed] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    ungoverned: list[AliasPlace] = field(default_factory=list)
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An alias that is to be looked at; ``gate`` is None where a promotion alone named it."""

    model: str
    alias: str
    name: str | None = None
    gate: str | None = None


def registries(project: Project) -> dict[str, list[Watched]]:
    """The addresses of all registries that the project names, each with the aliases that it declares there."""
    settings = project.settings
    found: dict[str, list[Watched]] = {}
    for subject in settings.subjects.values():
        if subject.in_mlflow and subject.tracking is not None:
            found.setdefault(subject.tracking, [])
    for name, each in settings.deployments.items():
        if each.alias is not None:
            watched = Watched(model=each.model, alias=each.alias_name, name=name, gate=each.gate)
            found.setdefault(tracking_of(project, each), []).append(watched)
    return found


def look_at_aliases(
    project: Project, registry: Registry, watched: Sequence[Watched], moves: Moves, looked: Looked
) -> list[Governed]:
    """Where every declared alias of a registry points, and every one that was promoted there; digests come later.

    Whoever calls it holds the lock on moves, so that ``moves`` and the registry belong together.

    Raises:
        CollectError: if the registry does not answer.
    """
    places = {place_of(registry.name, each.model, each.alias): each for each in watched}
    for place in moves.places():
        if place.registry == registry.name:
            places.setdefault(place, Watched(model=place.model, alias=place.alias))
    models = {name: registry.model(name) for name in dict.fromkeys(each.model for each in places.values())}
    for model in models.values():
        known = (AliasPlace(registry=registry.name, model=model.model, alias=alias) for alias in model.aliases)
        looked.ungoverned += [place for place in known if place not in places]
    return [_governed(project, place, each, models[each.model], moves) for place, each in places.items()]


def with_digests(registry: Registry, governed: Sequence[Governed]) -> Iterator[Governed]:
    """The same places with the digests of what lies there; each version is read once.

    Raises:
        CollectError: if the registry does not answer. Files that can't be had are a ``problem`` of the place.
    """
    known: dict[tuple[str, str], tuple[DigestSet, str | None]] = {}
    for each in governed:
        state = each.alias
        if state is None or state.version is None:
            yield each
            continue
        key = (each.model, state.version)
        if key not in known:
            known[key] = _digest(registry, *key)
        digest, problem = known[key]
        yield replace(each, alias=replace(state, digest=digest, problem=problem))


def _governed(
    project: Project, place: AliasPlace, watched: Watched, registered: RegisteredModel, moves: Moves
) -> Governed:
    gate, environment = _governing(project, watched, place, moves)
    version = registered.aliases.get(place.alias)
    return Governed(
        name=alias_name(place, watched.name),
        gate=gate,
        environment=environment,
        model=watched.model,
        alias=AliasState(place=place, registered=registered, version=version),
        promoted=moves.standing(place),
        earlier=moves.earlier(place),
    )


def alias_name(place: AliasPlace, declared: str | None) -> str:
    """What findings call an alias: as ``deployments`` does, with the alias itself."""
    return f"{declared} ({place.label})" if declared is not None else place.label


def look_at_files(project: Project, looked: Looked) -> None:
    """Read declared inventories and manifests; what can't be read is kept as such.

    Raises:
        ConfigError: with every mistake of an inventory, by line.
    """
    for name, each in project.settings.deployments.items():
        environment = project.settings.gates[each.gate].environment
        try:
            found = list(_listed(project, name, each, looked))
        except CollectError as error:
            looked.unread.append(unread(name, error))
            continue
        looked.governed += [
            Governed(name=one.place, gate=each.gate, environment=environment, deployment=one) for one in found
        ]


def unread(place: str, error: TolboothError) -> Unread:
    """A source that could not be read, and why."""
    problem = error.problems[0]
    at = f"{problem.place}: " if problem.place is not None else ""
    return Unread(place=place, code=problem.code, message=f"{at}{problem.message}")


def _listed(project: Project, name: str, each: DeploymentSettings, looked: Looked) -> Iterator[Deployment]:
    if each.inventory is not None:
        zone = project.settings.timezone
        yield from collect_inventory(name, each.inventory, project_folder=project.folder, zone=zone)
    elif each.manifests:
        read = collect_manifests(name, each.manifests, project_folder=project.folder)
        looked.left_out += read.others
        yield from read.deployments


def _governing(project: Project, watched: Watched, place: AliasPlace, moves: Moves) -> tuple[str, str]:
    """Gate and environment: those declared, else those of the last promotion there."""
    if watched.gate is not None:
        return watched.gate, project.settings.gates[watched.gate].environment
    last = next(each.said for each in reversed(moves.promotions) if each.said.place == place)
    return last.gate, last.environment


def _digest(registry: Registry, model: str, version: str) -> tuple[DigestSet, str | None]:
    try:
        return registry.digest(model, version), None
    except CollectError as error:
        if error.code in _NO_ANSWER:
            raise
        return {}, error.problems[0].message
