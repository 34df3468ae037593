"""Which registered model, alias and gate a promotion means, by what ``tolbooth.yaml`` declares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tolbooth.config.load import Project
from tolbooth.config.mistakes import nearest
from tolbooth.config.settings import DeploymentSettings, SubjectSettings
from tolbooth.model.deployment import AliasPlace
from tolbooth.model.errors import ConfigError
from tolbooth.model.withholding import Withheld
from tolbooth.pipeline.gate import choose_gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be moved where. ``gate`` and ``environment`` may be left out where only one fits."""

    model: str
    version: str
    alias: str
    gate: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a wish comes to. ``model`` is the registry's own name, ``tracking`` where MLflow keeps it."""

    model: str
    version: str
    alias: str
    gate: str
    environment: str
    tracking: str

    def place(self, registry: str) -> AliasPlace:
        """The place, as records name it."""
        return place_of(registry, self.model, self.alias)


def place_of(registry: str, model: str, alias: str) -> AliasPlace:
    """A place as records name it, and as the registry does.

    Raises:
        ConfigError: ``promote.name-withheld`` if a name has the form of a secret: no record may hold it, and one that
            withholds it could not say which alias it is about.
    """
    for what, name in (("model", model), ("alias", alias)):
        if (shown := Withheld().identifier(name)) != name:
            message = f"the name of the {what} '{shown}' has the form of a secret or of personal data"
            hint = f"records never hold it, so none could say which {what} was moved: give the {what} another name"
            raise ConfigError.of("promote.name-withheld", message, hint=hint)
    return AliasPlace(registry=registry, model=model, alias=alias)


def registered_name(subject: SubjectSettings) -> str | None:
    """The registered model that a subject is a version of; None for a file or a run."""
    if not subject.path.startswith("models:/"):
        return None
    rest = subject.path.removeprefix("models:/")
    return rest.partition("@")[0] if "@" in rest else rest.rpartition("/")[0]


def tracking_of(project: Project, deployed: DeploymentSettings) -> str:
    """Where MLflow keeps a declared alias."""
    settings = project.settings
    return str(deployed.tracking or settings.subjects[settings.gates[deployed.gate].subject].tracking)


def registry_model(project: Project, model: str) -> str:
    """The registry's name of a model that is called so here: a subject's name stands for the model that it is of."""
    subject = project.settings.subjects.get(model)
    return (registered_name(subject) if subject is not None else None) or model


def goal_of(project: Project, wish: Wish) -> Goal:
    """Find the gate whose decision counts.

    An alias that is declared under ``deployments`` is governed by its own gate alone. Else it is the gate that was
    named, or the only one whose subject is this model and whose environment was named.

    Raises:
        ConfigError: ``promote.*`` or ``gate.unknown`` where no gate, or more than one, is meant.
    """
    model = registry_model(project, wish.model)
    declared = next(
        (each for each in project.settings.deployments.values() if each.alias == f"models:/{model}@{wish.alias}"), None
    )
    gate = _declared_gate(declared, wish) if declared is not None else _gate(project, wish, model)
    environment = project.settings.gates[gate].environment
    if wish.environment not in {None, environment}:
        hint = f"a decision for '{wish.environment}' needs a gate with 'environment: {wish.environment}'"
        message = f"the gate '{gate}' decides for environment '{environment}', not for '{wish.environment}'"
        raise ConfigError.of("promote.environment", message, place=project.place("gates", gate, key=True), hint=hint)
    subject = project.settings.subjects[project.settings.gates[gate].subject]
    tracking = tracking_of(project, declared) if declared is not None else subject.tracking
    if tracking is None:
        message = f"the subject of gate '{gate}' is a file, and not a model in MLflow"
        raise ConfigError.of("promote.no-registry", message, place=project.place("gates", gate, "subject"))
    return Goal(
        model=model,
        version=wish.version,
        alias=wish.alias,
        gate=gate,
        environment=environment,
        tracking=tracking,
    )


def _declared_gate(declared: DeploymentSettings, wish: Wish) -> str:
    if wish.gate not in {None, declared.gate}:
        message = f"the alias '{wish.alias}' is governed by the gate '{declared.gate}', not by '{wish.gate}'"
        hint = "'deployments' of tolbooth.yaml says so; leave --gate out"
        raise ConfigError.of("promote.other-gate-declared", message, hint=hint)
    return declared.gate


def _gate(project: Project, wish: Wish, model: str) -> str:
    if wish.gate is not None:
        return choose_gate(project, wish.gate)
    fitting = list(_fitting(project, model))
    environments = {name: project.settings.gates[name].environment for name in fitting}
    found = [name for name in fitting if wish.environment in {None, environments[name]}]
    if len(found) == 1:
        return found[0]
    if found:
        message = f"several gates decide about '{model}': {', '.join(found)}"
        raise ConfigError.of("promote.which-gate", message, hint="name one with --gate")
    if fitting:
        hint = f"there are: {', '.join(dict.fromkeys(environments.values()))}"
        message = f"no gate decides about '{model}' for environment '{wish.environment}'"
        raise ConfigError.of("promote.environment", message, hint=hint)
    models = [name for each in project.settings.subjects.values() if (name := registered_name(each)) is not None]
    near = nearest(wish.model, [*models, *project.settings.subjects])
    hint = near or f"models in MLflow that gates decide about: {', '.join(models) or 'none'}"
    raise ConfigError.of("promote.no-gate", f"no gate decides about a model '{wish.model}'", hint=hint)


def _fitting(project: Project, model: str) -> Iterator[str]:
    for name, gate in project.settings.gates.items():
        if registered_name(project.settings.subjects[gate.subject]) == model:
            yield name
