"""What every test may use, and the rule that a heavy component is never skipped where it must be there."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("tolbooth", settings(), deadline=None)  # a busy machine is no failure
settings.load_profile("tolbooth")

HEAVY = (
    "actionlint",
    "airflow",
    "chromium",
    "compiler",
    "dagster",
    "dask",
    "duckdb",
    "kubeflow",
    "mlflow",
    "opa",
    "openlineage",
    "polars",
    "poppler",
    "precommit",
    "prefect",
    "ray",
    "spark",
    "ssh",
    "verapdf",
)
"""Markers of tests that need a real component; ``.ci/run`` installs each and sets TOLBOOTH_HEAVY=required."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data; its README names sources and licences."""
    folder = Path(os.environ.get("TOLBOOTH_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no public data at {folder}: set TOLBOOTH_TEST_DATA")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A heavy test that skips although its component is required has failed."""
    report = yield
    required = os.environ.get("TOLBOOTH_HEAVY") == "required"
    if required and report.skipped and any(item.get_closest_marker(name) for name in HEAVY):
        report.outcome = "failed"
        report.longrepr = f"skipped where its component is required: {report.longrepr}"
    return report


def _ours(name: str) -> bool:
    """A setting of whoever runs the tests, or a claim of the CI system that they run in."""
    if name.startswith("TOLBOOTH_"):
        return name != "TOLBOOTH_HEAVY" and not name.startswith("TOLBOOTH_TEST")
    return name in {"CI", "JENKINS_URL"} or name.startswith(("GITHUB_", "GITLAB_", "MLFLOW_", "OPENLINEAGE_"))


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> Iterator[None]:
    """No test, and no fixture of a module either, sees this user's settings or where it runs."""
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if _ours(name)]:
            patched.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _a_machine_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees this user's keys."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("NO_COLOR", "1")
