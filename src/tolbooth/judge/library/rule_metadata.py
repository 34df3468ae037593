"""What a rule says about itself: the single source of its code, title, severity, controls, evidence and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tolbooth.judge.library.parameters import Parameter
from tolbooth.model.errors import Place
from tolbooth.model.rule import Enforcement, Severity
from tolbooth.model.wire import JsonObject

ARTIFACT, DECLARED = "artifact", "declared"

EVIDENCE_KINDS = (
    "alias-history", ARTIFACT, "ci", "commitment", DECLARED, "environment", "fairness", "last-release", "lineage",
    "model-card", "model-format", "model-version", "performance", "pii", "population", "request", "run", "sbom",
    "source-control",
)  # fmt: skip
"""Kinds of fact that a rule may need.

``artifact`` is any collected object; ``declared`` is what the owner declares, which is always there, though it may say
nothing; the others are kinds of observation.
"""

EACH_DATA_SET = frozenset({"pii"})
"""Kinds of which every collected data set needs a fact of its own."""

QUESTION_KINDS = ("fairness", "performance")
"""Kinds of question that a measure can answer; each is also the kind of the observation that answers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMetadata:
    """A rule's METADATA.

    ``code`` is ``<package>.<short_name>`` and never reused for another meaning. ``level`` is the most that a failing
    result does: deny, or warn for a rule whose results stand in ``warn``. ``evidence`` is what the rule always needs;
    ``evidence_for`` what it needs besides for each word of a list parameter, by parameter and word. ``question``
    names what is asked of a measure and ``asks`` the constants of that question. ``effective_on`` and
    ``effective_until`` are half-open.
    """

    code: str
    package: str
    title: str
    description: str
    severity: Severity
    solution: str
    level: Enforcement
    controls: tuple[str, ...]
    collections: tuple[str, ...]
    evidence: tuple[str, ...]
    place: Place
    evidence_for: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    question: str | None = None
    asks: JsonObject = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    moving_values: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    effective_on: datetime | None = None
    effective_until: datetime | None = None

    def parameter(self, name: str) -> Parameter | None:
        """A declared parameter by name."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageMetadata:
    """A package's METADATA: what its rules have in common."""

    package: str
    title: str
    description: str | None
    place: Place
