"""What a CI system's environment claims, and what of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tolbooth.collect.ci import collect_ci
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.people import AliasSystem
from tolbooth.review.people import UNDECLARED

NOW = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)

OCTOCAT = "p-0123456789abcdef"

GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_WORKFLOW": "release",
    "GITHUB_RUN_ID": "1658821493",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "octo-org/credit",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_TOKEN": "canary-token",
}
GITLAB = {
    "CI": "true",
    "GITLAB_CI": "true",
    "CI_PIPELINE_NAME": "release",
    "CI_JOB_NAME": "gate",
    "CI_PIPELINE_ID": "9001",
    "CI_PIPELINE_URL": "https://gitlab.example.com/credit/-/pipelines/9001",
    "GITLAB_USER_LOGIN": "octocat",
    "GITLAB_USER_EMAIL": "canary@example.org",
    "CI_COMMIT_REF_NAME": "main",
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_JOB_TOKEN": "canary-token",
}
JENKINS = {
    "JENKINS_URL": "https://jenkins.example.com/",
    "JOB_NAME": "credit/release",
    "BUILD_NUMBER": "153",
    "BUILD_URL": "https://jenkins.example.com/job/credit/153/",
    "BRANCH_NAME": "PR-7",
    "GIT_BRANCH": "origin/main",
    "CHANGE_ID": "7",
    "CHANGE_AUTHOR": "octocat",
    "CHANGE_AUTHOR_EMAIL": "canary@example.org",
}


def claimed(variables: Mapping[str, str]) -> Mapping[str, Any]:
    (found,) = collect_ci(variables, now=NOW, who=who).observations
    return found.values


def who(system: AliasSystem, alias: str | None) -> str:
    return OCTOCAT if (system, alias) == (AliasSystem.CI, "octocat") else UNDECLARED


def test_github_actions_is_told_from_its_variables() -> None:
    assert claimed(GITHUB) == {
        "claimed_by": "environment",
        "system": "github-actions",
        "workflow": "release",
        "run_id": "1658821493",
        "run_url": "https://github.com/octo-org/credit/actions/runs/1658821493",
        "actor": OCTOCAT,
        "ref": "refs/heads/main",
        "event": "push",
    }


def test_gitlab_ci_is_told_from_its_variables() -> None:
    assert claimed(GITLAB) == {
        "claimed_by": "environment",
        "system": "gitlab-ci",
        "workflow": "release",
        "run_id": "9001",
        "run_url": "https://gitlab.example.com/credit/-/pipelines/9001",
        "actor": OCTOCAT,
        "ref": "main",
        "event": "merge_request_event",
    }


def test_jenkins_is_told_from_its_variables() -> None:
    assert claimed(JENKINS) == {
        "claimed_by": "environment",
        "system": "jenkins",
        "workflow": "credit/release",
        "run_id": "153",
        "run_url": "https://jenkins.example.com/job/credit/153/",
        "actor": OCTOCAT,
        "ref": "PR-7",
        "event": "change-request",
    }


def test_pipeline_without_a_name_is_called_by_its_job() -> None:
    assert claimed({**GITLAB, "CI_PIPELINE_NAME": ""})["workflow"] == "gate"


def test_shell_that_only_says_that_it_is_ci_claims_nothing_else() -> None:
    assert claimed({"CI": "1", "USER": "canary"}) == {"claimed_by": "environment", "system": "shell"}


@pytest.mark.parametrize("variables", [{}, {"CI": ""}, {"CI": "false"}, {"CI": "0"}, {"GITHUB_ACTIONS": "false"}])
def test_where_no_ci_is_claimed_there_is_nothing(variables: Mapping[str, str]) -> None:
    found = collect_ci(variables, now=NOW)
    assert (found.artifacts, found.observations, found.gaps) == ((), (), ())


def test_claims_are_about_the_project_of_this_moment() -> None:
    (found,) = collect_ci(GITHUB, now=NOW, about="credit").observations
    assert (found.kind, found.about, found.dates.collected, found.reads) == ("ci", "credit", NOW, ())


@pytest.mark.parametrize("variables", [GITHUB, GITLAB, JENKINS])
def test_no_token_and_no_address_is_kept(variables: Mapping[str, str]) -> None:
    assert b"canary" not in canonical_bytes(collect_ci(variables, now=NOW))


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://ana:canary@gitlab.example.com:8443/p/1", "https://gitlab.example.com:8443/p/1"),
        ("https://gitlab.example.com/p/1?private=canary#canary", "https://gitlab.example.com/p/1"),
        ("https://[2001:db8::1]:8443/p/1", "https://[2001:db8::1]:8443/p/1"),
        ("file:///home/canary", None),
        ("canary", None),
        ("https://[canary", None),
        ("https://host:canary/p", None),
    ],
)
def test_url_is_kept_without_user_info_query_and_fragment(url: str, kept: str | None) -> None:
    found = claimed({**GITLAB, "CI_PIPELINE_URL": url})
    assert found.get("run_url") == kept
    assert b"canary" not in canonical_bytes(found)


@pytest.mark.parametrize(
    ("variable", "claim", "value"),
    [
        ("GITHUB_REF", "ref", "refs/heads/for-ana@example.org"),
        ("GITHUB_WORKFLOW", "workflow", "deploy with ghp_" + "a1B2" * 9),
        ("GITHUB_WORKFLOW", "workflow", "x" * 201),
        ("GITHUB_WORKFLOW", "workflow", "two\nlines"),
    ],
)
def test_claim_that_may_hold_a_secret_or_a_person_is_withheld_whole(variable: str, claim: str, value: str) -> None:
    found = claimed({**GITHUB, variable: value})
    assert claim not in found
    assert found["withheld"] == [claim]


def test_run_without_a_repository_has_no_address() -> None:
    assert "run_url" not in claimed({**GITHUB, "GITHUB_REPOSITORY": ""})


def test_a_login_that_nobody_declared_is_not_kept() -> None:
    found = claimed({**GITHUB, "GITHUB_ACTOR": "eve@example.org"})
    assert found["actor"] == UNDECLARED
    assert "eve@" not in str(found)
