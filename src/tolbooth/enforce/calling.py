"""The gate from Python: for scripts, notebooks and every orchestrator. One call, one recorded decision."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from tolbooth.config.environment import Environment
from tolbooth.config.load import FILE_NAME, Project, find_project_file
from tolbooth.enforce.release import Release, refusal_of, release_of
from tolbooth.pipeline.case_file import CaseFile
from tolbooth.pipeline.checking import open_project
from tolbooth.pipeline.collecting import Work
from tolbooth.pipeline.foreseeing import foresee
from tolbooth.pipeline.people_report import handles
from tolbooth.pipeline.reporting import report_on
from tolbooth.pipeline.running import gate_at, run_gate
from tolbooth.pipeline.transcripts import machine_keys
from tolbooth.pipeline.workspace import existing_records, open_records, utc_now

_LOG = logging.getLogger(__name__)


def gate(
    name: str | None = None,
    *,
    project: str | Path | None = None,
    point: str | None = None,
    once: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Release:
    """Run a gate, record the decision, and return it; a no is returned too.

    Args:
        name: the gate; may be left out where the project has only one, or only one stands at ``point``.
        project: the project's folder or its ``tolbooth.yaml``; default: what ``TOLBOOTH_CONFIG`` names, else the
            nearest one from the working directory upwards.
        point: where the gate must stand: ``pre-commit``, ``ci``, ``promote`` or ``serve``. A gate that the settings put
            elsewhere is refused; which rules deny there is the settings' word alone.
        once: a key that names this run, such as an orchestrator's run and task id. A second call with it, at the same
            gate, returns the decision that was recorded first, with ``repeated`` set, and appends nothing.
        variables: the environment variables; default: this process's.

    Returns:
        The recorded decision.

    Raises:
        TolboothError: if the gate could not answer: ``ConfigError`` for mistakes in the settings, ``StoreError`` if
            the store refuses, and others by what failed. A no is none.
    """
    environment = os.environ if variables is None else variables
    opened = _project(project, environment)
    run = run_gate(opened, gate_at(opened, name, point), variables=environment, progress=_silent, once=once)
    _tell_lineage(opened, run.case, environment)
    return _release(opened, run.case)


def require(
    name: str | None = None,
    *,
    project: str | Path | None = None,
    point: str | None = None,
    once: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Release:
    """Run a gate as :func:`gate` does, and go on only if it allows.

    Args:
        name: as :func:`gate`.
        project: as :func:`gate`.
        point: as :func:`gate`.
        once: as :func:`gate`.
        variables: as :func:`gate`.

    Returns:
        The recorded decision, which allows.

    Raises:
        GateDenied: for a no, with the reasons; its children ``GatePending`` and ``GateUndecided`` say which no. The
            decision is recorded all the same.
        TolboothError: as :func:`gate`.
    """
    release = gate(name, project=project, point=point, once=once, variables=variables)
    if not release.allowed:
        raise refusal_of(release)
    return release


def standing(
    decision: Release | str,
    *,
    project: str | Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Release:
    """What a recorded decision would be by the approvals and waivers known now; nothing is recorded.

    For whoever waits for people: no fact is read again. When it is no longer ``pending``, run the gate once more,
    with a key of its own, so that the answer is a recorded decision.

    Args:
        decision: the recorded one, or the beginning of its digest.
        project: as :func:`gate`.
        variables: as :func:`gate`.

    Returns:
        The verdict as of now. ``decision`` and ``position`` are those of the record.

    Raises:
        ConfigError: if no decision, or more than one, is meant.
        TolboothError: if the store or a record can't be read.
    """
    environment = os.environ if variables is None else variables
    opened = _project(project, environment)
    store = open_records(opened)
    sha256 = decision if isinstance(decision, str) else decision.decision
    machines = machine_keys(Environment.read(environment), store)
    return _release(opened, foresee(opened, store, sha256, machines, now=utc_now()))


def _project(named: str | Path | None, variables: Mapping[str, str]) -> Project:
    path = Path(named) if named is not None else Environment.read(variables).config_file
    if path is None:
        return open_project(find_project_file(Path.cwd()))
    return open_project(path / FILE_NAME if path.is_dir() else path)


def _tell_lineage(project: Project, case: CaseFile, variables: Mapping[str, str]) -> None:
    """Tell the decision as OpenLineage events, if the settings ask; that it failed is logged, and changes nothing."""
    if project.settings.output.openlineage is not None and not case.repeated:
        from tolbooth.enforce.openlineage import tell_decision  # noqa: PLC0415 - HTTP is loaded only if it is asked for

        warning = tell_decision(project, case, variables)
        if warning is not None:
            _LOG.warning("OpenLineage was not told", extra={"why": warning})


def _release(project: Project, case: CaseFile) -> Release:
    report = report_on(case, handles(project, existing_records(project)))
    return release_of(report, repeated=case.repeated)


def _silent(_work: Work, _done: int, _total: int | None) -> None:
    return
