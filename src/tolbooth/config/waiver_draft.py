"""The draft of a request for a waiver, as people fill it in: a small YAML file, with every mistake at its line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from tolbooth.config.load import in_order, read_document
from tolbooth.config.mistakes import problems_of
from tolbooth.config.settings import Day, Name, ParameterValue, RuleCode, Section
from tolbooth.config.yaml_source import YamlDocument, parse_yaml
from tolbooth.model.errors import ConfigError

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12,64}$")]


class WaiverDraft(Section):
    """A whole draft."""

    version: Literal[1] = Field(description="The version of this file's format.")
    decision: Digest = Field(description="The decision that it answers.")
    rule: RuleCode = Field(description="The rule that is waived.")
    term: Line | None = Field(default=None, description="What exactly; left out, whatever the rule is about.")
    pattern: Line | None = Field(
        default=None, description="Subjects by name, such as credit-*; left out, the decision's digest alone."
    )
    matches_at_most: int | None = Field(default=None, description="How many subjects the pattern may match.")
    until: Day = Field(default=None, description="The last day.")
    begins: Day = Field(default=None, alias="from", description="The first day; left out, at once.")
    reason: Line = Field(default="", description="One of the reasons of the workflow file.")
    because: Line = Field(default="", description="Why, in a sentence.")
    harmed: Line = Field(default="", description="Who may be harmed.")
    risk: Line = Field(default="", description="The inherent risk: likelihood x impact, such as 3x4.")
    treatment: Line = Field(default="", description="What is done about it: mitigate: every denial is reviewed.")
    controls: tuple[RuleCode, ...] = Field(default=(), description="Rules that must pass for the waiver to hold.")
    limit: ParameterValue | None = Field(default=None, description="The worst value that is covered.")
    ticket: Line | None = Field(default=None, description="Where it is tracked.")
    renews: Name | None = Field(default=None, description="The waiver that it renews.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFile:
    """A draft that is right by itself, and the document that it was read from."""

    draft: WaiverDraft
    document: YamlDocument


def read_draft_file(path: Path) -> DraftFile:
    """Read a draft.

    Raises:
        ConfigError: with every mistake, in the order of the file's lines.
    """
    return _checked(read_document(path))


def read_draft_text(text: str) -> DraftFile:
    """Read a draft that was edited and not saved anywhere.

    Raises:
        ConfigError: with every mistake, in the order of its lines.
    """
    return _checked(parse_yaml(text, "draft"))


def _checked(document: YamlDocument) -> DraftFile:
    if not isinstance(document.value, dict):
        message, hint = "the draft should be a mapping of keys", "'tolbooth waiver request --draft FILE' writes one"
        raise ConfigError.of("config.type", message, place=document.place(()), hint=hint)
    known = {field.alias or name for name, field in WaiverDraft.model_fields.items()}
    filled = {key: value for key, value in document.value.items() if value is not None or key not in known}
    try:
        draft = WaiverDraft.model_validate(filled)
    except ValidationError as error:
        raise ConfigError(in_order(problems_of(document, error, model=WaiverDraft))) from error
    return DraftFile(draft=draft, document=document)
