"""Observes what a CI system says of the run that we are in, from its documented environment variables.

Whoever starts us sets these variables, so they are claims of the environment and are named so. Each system's list is
its own documentation's: GitHub Actions "Variables reference", GitLab "Predefined CI/CD variables", Jenkins "Using
environment variables".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from tolbooth import __version__
from tolbooth.collect.interface import Collected, Who, nobody_declared
from tolbooth.model.observation import Dates, Observation
from tolbooth.model.people import AliasSystem
from tolbooth.model.withholding import Withheld

KIND = "ci"

Variables = Mapping[str, str]

_ACTOR = "actor"
_LONGEST = 200
_NO = frozenset({"", "0", "false", "no"})


def collect_ci(variables: Variables, *, now: datetime, about: str = "project", who: Who = nobody_declared) -> Collected:
    """Observe the CI run that the environment claims.

    Args:
        variables: the environment's variables by name.
        now: when they are read.
        about: what the observation says it is about.
        who: tells whose a login is.

    Returns:
        Nothing where no CI is claimed. Else one observation of kind ``ci`` with ``claimed_by`` (``environment``),
        ``system`` (``github-actions``, ``gitlab-ci``, ``jenkins``, or ``shell`` where only ``CI`` is set) and, where
        the system names them, ``workflow``, ``run_id``, ``run_url`` (without user info, query and fragment),
        ``actor`` (the id of a person, or ``undeclared``; no login), ``ref`` and ``event``. A value that looks
        like a secret or like personal data is left out and its name stands in ``withheld``.
    """
    found = _system(variables)
    if found is None:
        return Collected()
    name, claims = found
    values: dict[str, str | list[str]] = {"claimed_by": "environment", "system": name}
    withheld = []
    for claim, written in claims.items():
        text = _without_user_info(written) if claim == "run_url" else written.strip()
        if not text:
            continue
        if claim == _ACTOR:
            values[claim] = who(AliasSystem.CI, text)
            continue
        if len(text) > _LONGEST or not text.isprintable() or Withheld().text(text) != text:
            withheld.append(claim)
        else:
            values[claim] = text
    if withheld:
        values["withheld"] = sorted(withheld)
    observation = Observation(
        kind=KIND,
        about=about,
        values=values,
        dates=Dates(collected=now, received=now),
        origin=f"collect.ci {__version__}",
    )
    return Collected(observations=(observation,))


def claims_of(variables: Variables) -> Mapping[str, str] | None:
    """What the environment claims of its CI run, as it is written there; None where no CI is claimed."""
    found = _system(variables)
    return None if found is None else found[1]


def _system(variables: Variables) -> tuple[str, Mapping[str, str]] | None:
    found = next((system for system in _SYSTEMS if system[1](variables)), None)
    return None if found is None else (found[0], dict(found[2](variables)))


def _github(variables: Variables) -> Iterator[tuple[str, str]]:
    server, repository, run = (variables.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    yield "workflow", variables.get("GITHUB_WORKFLOW", "")
    yield "run_id", run
    yield "run_url", f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
    yield _ACTOR, variables.get("GITHUB_ACTOR", "")
    yield "ref", variables.get("GITHUB_REF", "")
    yield "event", variables.get("GITHUB_EVENT_NAME", "")


def _gitlab(variables: Variables) -> Iterator[tuple[str, str]]:
    yield "workflow", variables.get("CI_PIPELINE_NAME", "") or variables.get("CI_JOB_NAME", "")
    yield "run_id", variables.get("CI_PIPELINE_ID", "")
    yield "run_url", variables.get("CI_PIPELINE_URL", "")
    yield _ACTOR, variables.get("GITLAB_USER_LOGIN", "")
    yield "ref", variables.get("CI_COMMIT_REF_NAME", "")
    yield "event", variables.get("CI_PIPELINE_SOURCE", "")


def _jenkins(variables: Variables) -> Iterator[tuple[str, str]]:
    # Jenkins names nobody who started a build; the author of a change is in CHANGE_AUTHOR, for a multibranch project.
    yield "workflow", variables.get("JOB_NAME", "")
    yield "run_id", variables.get("BUILD_NUMBER", "")
    yield "run_url", variables.get("BUILD_URL", "")
    yield _ACTOR, variables.get("CHANGE_AUTHOR", "")
    yield "ref", variables.get("BRANCH_NAME", "") or variables.get("GIT_BRANCH", "")
    yield "event", "change-request" if variables.get("CHANGE_ID") else ""


def _shell(_: Variables) -> Iterator[tuple[str, str]]:
    return iter(())


_SYSTEMS: tuple[
    tuple[str, Callable[[Variables], bool], Callable[[Variables], Iterator[tuple[str, str]]]],
    ...,
] = (
    ("github-actions", lambda variables: variables.get("GITHUB_ACTIONS") == "true", _github),
    ("gitlab-ci", lambda variables: variables.get("GITLAB_CI") == "true", _gitlab),
    ("jenkins", lambda variables: bool(variables.get("JENKINS_URL")), _jenkins),
    ("shell", lambda variables: variables.get("CI", "").strip().lower() not in _NO, _shell),
)


def _without_user_info(written: str) -> str:
    """The URL's scheme, host, port and path; nothing for what is no URL of the web."""
    try:
        parts = urlsplit(written.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return urlunsplit((parts.scheme, f"{host}{port}", parts.path, "", ""))
