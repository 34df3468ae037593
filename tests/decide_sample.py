"""A case, a rule that passes, one that fails on a term, and a waiver that covers the fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tolbooth.model.decision import Case
from tolbooth.model.rule import Enforcement, Loosens, Measured, Outcome, RuleResult, Severity
from tolbooth.model.subject import Subject, SubjectKind
from tolbooth.model.waiver import RiskAssessment, RiskLevel, SubjectScope, Treatment, Waiver, WaiverApproval

AS_OF = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)
SUBJECT = Subject(project="p", name="credit", version="7", kind=SubjectKind.MODEL, digest={"sha256": "a" * 64})
CASE = Case(
    subject=SUBJECT, gate="release", environment="ci", as_of=AS_OF, policy_sha256="b" * 64, input_sha256="c" * 64
)
PASS = RuleResult(
    rule="performance.minimum",
    title="t",
    outcome=Outcome.PASS,
    enforcement=Enforcement.DENY,
    severity=Severity.HIGH,
    message="m",
)
FAIL = replace(
    PASS,
    rule="fairness.difference",
    outcome=Outcome.FAIL,
    term="race: a / b",
    measured=Measured(value=214_000, bound=100_000, unit="ppm", loosens=Loosens.UP),
)
WAIVER = Waiver(
    sha256="d" * 64,
    id="W-3",
    rule="fairness.difference",
    term="race: a / b",
    scope=SubjectScope(digest="a" * 64),
    gate="release",
    environment="ci",
    requested_by="ana",
    reason="remediation",
    risk=RiskAssessment(
        harmed="applicants",
        inherent=RiskLevel(likelihood=3, impact=3),
        treatment=Treatment.MITIGATE,
        treatment_text="every denial is reviewed by a person",
    ),
    effective_on=AS_OF - DAY,
    effective_until=AS_OF + DAY,
    approvals=(WaiverApproval(statement_sha256="d" * 64, person="ben", role="risk", signed_at=AS_OF - DAY),),
)
