"""The workflow file, which ``tolbooth.yaml`` names: who must agree to what. Each section has a module of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from tolbooth.config.approvals_section import ApprovalsSection
from tolbooth.config.load import Project, in_order, read_document
from tolbooth.config.mistakes import problems_of
from tolbooth.config.settings import Section
from tolbooth.config.waivers_section import WaiversSection
from tolbooth.config.yaml_source import YamlDocument
from tolbooth.model.errors import ConfigError, Place

FILE_NAME = "workflow.yaml"


class WorkflowSettings(Section):
    """A whole workflow file."""

    version: Literal[1] = Field(description="The version of this file's format.")
    approvals: ApprovalsSection = Field(
        default_factory=dict, description="Who must agree to a release: by gate, then by risk tier."
    )
    waivers: WaiversSection | None = Field(default=None, description="Who must agree to a waiver, and its bounds.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowFile:
    """A workflow file that is right by itself: where it is, what it says, and the document that it was read from."""

    path: Path
    settings: WorkflowSettings
    document: YamlDocument

    def place(self, *path: str | int, key: bool = False) -> Place:
        """Where something stands in the file."""
        return self.document.place(path, key=key)


def workflow_path(project: Project) -> Path | None:
    """Where the project's workflow file is: the declared place, or the default if it is there.

    Raises:
        ConfigError: ``workflow.not-found`` if it is declared and not there.
    """
    declared = project.settings.workflow
    path = project.folder / (declared or FILE_NAME)
    if path.is_file():
        return path
    if declared is None:
        return None
    hint = "write it, or take the key out: without one, the defaults hold"
    raise ConfigError.of(
        "workflow.not-found", f"there is no file {declared}", place=project.place("workflow"), hint=hint
    )


def load_workflow_file(path: Path) -> WorkflowFile:
    """Read and check a workflow file.

    Raises:
        ConfigError: with every independent mistake of the file, in the order of its lines.
    """
    document = read_document(path)
    if not isinstance(document.value, dict):
        message, hint = "the file should be a mapping of keys", "it begins with 'version: 1'"
        raise ConfigError.of("config.type", message, place=document.place(()), hint=hint)
    try:
        settings = WorkflowSettings.model_validate(document.value)
    except ValidationError as error:
        raise ConfigError(in_order(problems_of(document, error, model=WorkflowSettings))) from error
    return WorkflowFile(path=path, settings=settings, document=document)


def read_workflow(project: Project) -> WorkflowFile | None:
    """The project's workflow file, or None where there is none.

    Raises:
        ConfigError: as ``workflow_path`` and ``load_workflow_file``.
    """
    path = workflow_path(project)
    return None if path is None else load_workflow_file(path)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a workflow file (draft 2020-12), for editors."""
    schema = WorkflowSettings.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "workflow.yaml"}
