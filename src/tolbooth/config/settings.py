"""The shape of ``tolbooth.yaml``: frozen types, parsed by pydantic; its JSON Schema is made from them.

Rule parameters stand under ``policy.parameters`` as written; what they mean is the rule's METADATA, and the judge
checks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from tolbooth.model.observation import ArtifactRole
from tolbooth.model.rule import Enforcement, Point
from tolbooth.model.subject import SubjectKind

RULE_CODE_PATTERN = r"^[a-z0-9_]+(\.[a-z0-9_]+)+$"
NAME_HINT = "letters, digits, '.', '_' and '-', at most 100; a letter or digit first"
RULE_CODE_HINT = "a rule's code is like 'fairness.difference'"

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
RuleCode = Annotated[str, StringConstraints(pattern=RULE_CODE_PATTERN)]


def _plain_path(path: str) -> str:
    if "\x00" in path or "\\" in path:
        raise PydanticCustomError(
            "path", "holds a backslash or a zero byte", {"hint": "write folders with '/', on every system"}
        )
    return path


def _known_zone(name: str) -> str:
    if name in available_timezones():
        return name
    close = get_close_matches(name, sorted(available_timezones()), n=1)
    hint = f"did you mean '{close[0]}'?" if close else "a name such as Europe/Berlin, or UTC"
    message = "can't be '{name}': the IANA database has no such time zone"
    raise PydanticCustomError("zone", message, {"name": name, "hint": hint})


def _day(value: object) -> object:
    """A day, or an instant with its zone; numbers and other texts are refused, whatever they could stand for."""
    if isinstance(value, datetime) and value.tzinfo is None:
        message = "is a time without a zone"
        hint = f"write the day alone ({value.date()}), or add the zone: {value.isoformat()}Z"
        raise PydanticCustomError("day", message, {"hint": hint})
    if value is None or isinstance(value, date):
        return value
    shown = value if isinstance(value, (str, int, Decimal)) else "that"
    hint = "a day such as 2026-11-23, or an instant such as 2026-11-23T09:00:00Z"
    raise PydanticCustomError("day", "can't be '{shown}': no such day", {"shown": str(shown), "hint": hint})


def _plain_value(value: object) -> object:
    is_words = isinstance(value, list) and all(isinstance(item, str) for item in value)
    if isinstance(value, (bool, int, Decimal, str)) or is_words:
        return value
    raise PydanticCustomError("parameter", "should be a number, a word, or a list of words")


def _event_destination(to: str) -> str:
    """A file of events, a server, or the word for what the environment says; a slip of the pen is none of them."""
    scheme, separator, rest = to.partition("://")
    if to == "environment" or (not separator and to.endswith((".json", ".jsonl", ".ndjson"))):
        return _plain_path(to)
    if separator and scheme in {"http", "https"} and rest and "@" not in rest:
        return to
    hint = "a file that ends in .ndjson, http://HOST:PORT, or environment for what OPENLINEAGE_URL says"
    if "@" in rest:
        hint = "take the user out; a key belongs into OPENLINEAGE_API_KEY"
    elif get_close_matches(to, ["environment"], n=1):
        hint = "did you mean 'environment'?"
    raise PydanticCustomError("destination", "is no place that events can be told to", {"hint": hint})


RelativePath = Annotated[str, StringConstraints(min_length=1), AfterValidator(_plain_path)]
EventDestination = Annotated[str, AfterValidator(_event_destination)]
Day = Annotated[date | datetime | None, BeforeValidator(_day)]
ParameterValue = Annotated[bool | int | Decimal | str | list[str], BeforeValidator(_plain_value)]


def _as_written(value: object) -> object:
    """A version such as 7 or 1.10 needs no quotes in YAML."""
    return str(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else value


Version = Annotated[Name, BeforeValidator(_as_written)]


class EngineName(StrEnum):
    """The engines that judge Rego."""

    EMBEDDED = "embedded"
    OPA = "opa"


class Section(BaseModel):
    """A mapping of the file; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Declaration(Section):
    """What the project says about its own things: a fact that rules read, and no setting of Tolbooth's."""


class LineageDataSettings(Declaration):
    """What OpenLineage events call a data set or a model of ours."""

    namespace: str = Field(min_length=1, description="The data set's namespace in the events, such as s3://bucket.")
    name: str = Field(min_length=1, description="The data set's name in the events, such as credit/train.parquet.")


class LineageSettings(Declaration):
    """The OpenLineage run that made a subject, and what its events call our data."""

    events: RelativePath = Field(
        description="A file of run events, one a line or a list (JSON), or a folder of such files."
    )
    namespace: str | None = Field(default=None, min_length=1, description="The job's namespace in the events.")
    job: str | None = Field(
        default=None, min_length=1, description="The job that made the subject; its last run to begin counts."
    )
    run: str | None = Field(
        default=None, min_length=1, description="The id of the run that counts, in place of the last."
    )
    data: Mapping[Name, LineageDataSettings] = Field(
        default_factory=dict, description="What the events call our data sets, and the subject itself, by our names."
    )

    @model_validator(mode="after")
    def _job_or_run(self) -> LineageSettings:
        if (self.job is None) != (self.namespace is None) or (self.job is None and self.run is None):
            hint = "give 'namespace' and 'job', or 'run', the id of one run"
            raise PydanticCustomError("lineage", "names no run", {"hint": hint})
        return self


class SubjectSettings(Declaration):
    """A governed thing: where it is, and what its owner declares about it."""

    path: RelativePath = Field(
        description="The model's file or folder (or the data set's), relative to this file; or a model in MLflow: "
        "models:/NAME/VERSION, models:/NAME@ALIAS or runs:/RUN_ID."
    )
    tracking: str | None = Field(
        default=None, description="Where MLflow keeps it: a folder, sqlite:///FILE or http://HOST:PORT."
    )
    kind: SubjectKind = Field(default=SubjectKind.MODEL, description="What is governed.")
    version: Version | None = Field(
        default=None, description="What people call this version; its digest is what counts. MLflow's own, if left out."
    )
    model_card: RelativePath | None = Field(
        default=None, description="The model card, a Markdown file; without one, what MLflow holds as a description."
    )
    sbom: RelativePath | None = Field(
        default=None,
        description="A bill of materials (CycloneDX or SPDX) or a vulnerability report (Grype, Trivy or pip-audit), "
        "in JSON.",
    )
    lineage: LineageSettings | None = Field(
        default=None, description="The OpenLineage run events of the job that made it."
    )
    owner: str | None = Field(default=None, description="Who answers for the subject: a team or a role.")
    purpose: str | None = Field(default=None, description="What it is for.")
    risk_tier: str | None = Field(default=None, description="Its tier on the project's own scale.")

    @property
    def in_mlflow(self) -> bool:
        """Whether the subject is kept by MLflow rather than in a file of the project."""
        return self.path.startswith(("models:/", "runs:/"))


class PersonalData(Declaration):
    """Why a column of personal data may be there."""

    purpose: str = Field(min_length=1, description="What it is kept for.")
    legal_basis: str = Field(min_length=1, description="On which legal basis, such as GDPR Art. 6(1)(b).")


class DataSettings(Declaration):
    """A data set: where it is, what it is to the release, and which of its columns are measured."""

    path: RelativePath = Field(
        description="A Parquet or CSV file, a folder of Parquet files, or run:/PATH, an artifact of the subject's run."
    )
    role: ArtifactRole = Field(description="What the data set is to the release.")
    label: str | None = Field(default=None, description="The column with what was true: 0 or 1.")
    prediction: str | None = Field(default=None, description="The column with what the model said: 0 or 1.")
    groups: tuple[str, ...] = Field(default=(), description="Sensitive features; each is compared on its own.")
    about: Day = Field(default=None, description="The day that the data are about.")
    valid_until: Day = Field(default=None, description="Last day on which they may be used.")
    licence: str | None = Field(default=None, description="The licence of the data.")
    personal_data: Mapping[str, PersonalData] = Field(
        default_factory=dict, description="Columns that hold personal data, each with purpose and legal basis."
    )

    @property
    def run_artifact(self) -> str | None:
        """The path among the artifacts of the subject's run, if the data are kept there."""
        return self.path.removeprefix("run:/") if self.path.startswith("run:/") else None


class DrillSettings(Declaration):
    """A known-bad case that the gate must refuse: an input document, or data in place of the gate's own."""

    input: RelativePath | None = Field(
        default=None, description="A known-bad input document: a JSON file as 'tolbooth policy input' prints it."
    )
    data: Mapping[Name, RelativePath] = Field(
        default_factory=dict, description="Known-bad files or folders, by the data set that each stands in for."
    )
    refused_by: tuple[RuleCode, ...] = Field(
        default=(), description="The rules that must fail; default: any rule that denies."
    )


class GateSettings(Section):
    """A decision point: what passes through it, and where it stands."""

    subject: Name = Field(description="Which of the subjects passes through this gate.")
    environment: Name = Field(default="local", description="Where the subject would go.")
    data: tuple[Name, ...] | None = Field(default=None, description="Which data sets are looked at; default: all.")
    point: Point = Field(default=Point.CI, description="Where the gate stands: pre-commit, ci, promote or serve.")
    drills: Mapping[Name, DrillSettings] = Field(
        default_factory=dict, description="Known-bad cases; 'tolbooth gate --drill' proves that each is refused."
    )


class LevelSettings(Section):
    """A level that holds from a day on; a deny that lies ahead is a warning until then."""

    level: Enforcement = Field(description="What a failing rule does: off, observe, warn or deny.")
    effective_on: Day = Field(default=None, alias="from", description="The day from which a deny denies.")


def _by_point(value: object) -> object:
    """A level alone, with or without a day, stands for every point."""
    if isinstance(value, dict) and value.keys().isdisjoint({"level", "from"}):
        return {point: {"level": each} if isinstance(each, str) else each for point, each in value.items()}
    return {"all": value if isinstance(value, dict) else {"level": value}}


_Points = Mapping[Literal["all", "pre-commit", "ci", "promote", "serve"], LevelSettings]
EnforcementSettings = Annotated[
    _Points,
    BeforeValidator(_by_point, json_schema_input_type=Enforcement | LevelSettings | _Points),
]


class OpaSettings(Section):
    """Which OPA judges; the token for a server comes from TOLBOOTH_OPA_TOKEN or TOLBOOTH_OPA_TOKEN_FILE."""

    url: str | None = Field(default=None, description="A server, such as https://opa.example.org:8181.")
    binary: RelativePath | None = Field(
        default=None, description="The program that is started where there is no url; default: opa on the path."
    )
    ca_file: RelativePath | None = Field(default=None, description="The CA that the server's certificate is from.")
    version: Version | None = Field(default=None, description="Accept this version of OPA, and no other.")


class PolicySettings(Section):
    """Which rules, with which parameters, enforced how."""

    sources: tuple[RelativePath, ...] = Field(
        default=("built-in",), min_length=1, description="Where rules come from: built-in, and folders of the project."
    )
    rules: tuple[RuleCode, ...] | None = Field(default=None, description="Rules by code; default: the collections'.")
    collections: tuple[Name, ...] = Field(default=("minimal",), description="Named sets of rules.")
    parameters: Mapping[RuleCode, Mapping[Name, ParameterValue]] = Field(
        default_factory=dict, description="Parameters by rule; see the rule's page."
    )
    enforcement: Mapping[RuleCode, EnforcementSettings] = Field(
        default_factory=dict,
        description="What a failing rule does: off, observe, warn or deny; by enforcement point, and from a day, if "
        "need be.",
    )
    engine: EngineName = Field(default=EngineName.EMBEDDED, description="Which engine judges: embedded or opa.")
    opa: OpaSettings = Field(default_factory=OpaSettings, description="Where OPA is, if it is the engine.")


class DeploymentSettings(Declaration):
    """Something that runs, and the gate that must have allowed what runs there: an alias, an inventory or manifests."""

    gate: Name = Field(description="The gate that must have allowed what runs there.")
    alias: RelativePath | None = Field(
        default=None, description="An alias of MLflow's registry: models:/NAME@ALIAS; 'tolbooth promote' moves it."
    )
    tracking: str | None = Field(
        default=None, description="Where MLflow keeps the alias; default: where the gate's subject is kept."
    )
    inventory: RelativePath | None = Field(
        default=None, description="A YAML or JSON file that lists what runs where; see docs/deployments.md."
    )
    manifests: tuple[RelativePath, ...] = Field(
        default=(),
        description="KServe or Seldon manifests, and what 'kubectl get -o json' printed: files, or folders of them.",
    )

    @property
    def model(self) -> str:
        """The registered model that the alias is of."""
        return str(self.alias).removeprefix("models:/").partition("@")[0]

    @property
    def alias_name(self) -> str:
        """The alias alone."""
        return str(self.alias).partition("@")[2]


class OutputSettings(Section):
    """Where results go."""

    folder: RelativePath = Field(default=".", description="Where packs and reports are written.")
    openlineage: EventDestination | None = Field(
        default=None,
        description="Where each recorded decision is told as OpenLineage events: a file that they are appended to, "
        "http(s)://HOST:PORT, or 'environment' for what OPENLINEAGE_URL says.",
    )


class Settings(Section):
    """A whole ``tolbooth.yaml``."""

    version: Literal[1] = Field(description="The version of this file's format.")
    project: Name = Field(description="The project's name.")
    timezone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default="UTC", description="The zone in which a bare date ends."
    )
    records: RelativePath | None = Field(
        default=None,
        description="A folder of signed envelopes that travel by git; default: governance, if it is there.",
    )
    subjects: Mapping[Name, SubjectSettings] = Field(min_length=1, description="What is governed.")
    data: Mapping[Name, DataSettings] = Field(default_factory=dict, description="What it rests on.")
    gates: Mapping[Name, GateSettings] = Field(min_length=1, description="Where it is decided.")
    deployments: Mapping[Name, DeploymentSettings] = Field(
        default_factory=dict, description="What runs where, and which gate must have allowed it."
    )
    policy: PolicySettings = Field(default_factory=PolicySettings, description="By which rules.")
    people: RelativePath | None = Field(
        default=None, description="The file that says who the people are; default: people.yaml, if it is there."
    )
    workflow: RelativePath | None = Field(
        default=None, description="The file that says who must agree to what; default: workflow.yaml, if it is there."
    )
    output: OutputSettings = Field(default_factory=OutputSettings, description="Where results go.")


NOT_YET: Mapping[str, str] = {
    "log": "a log of record elsewhere",
}
"""Keys of the format that this release refuses, and what they will hold."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of ``tolbooth.yaml`` (draft 2020-12), for editors."""
    schema = Settings.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "tolbooth.yaml"}
