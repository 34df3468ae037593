"""Packages and exact versions out of the files that tools write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tolbooth.collect.environment_lock import collect_environment_lock
from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError

NOW = datetime(2026, 11, 23, 9, 14, 7, tzinfo=UTC)

MLFLOW = {
    "requirements.txt": "mlflow==3.17.2\nscikit_learn==1.9.0\nnumpy==2.4.6\n",
    "conda.yaml": (
        "channels:\n- conda-forge\ndependencies:\n- python=3.11.9\n- pip<=24.0\n- pip:\n"
        "  - mlflow==3.17.2\n  - scikit-learn==1.9.0\n  - numpy==2.4.6\nname: mlflow-env\n"
    ),
    "python_env.yaml": (
        "python: 3.11.9\nbuild_dependencies:\n- pip==24.0\n- setuptools\n- wheel==0.43.0\n"
        "dependencies:\n- -r requirements.txt\n"
    ),
}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def observed(folder: Path, files: Mapping[str, str]) -> Mapping[str, Any]:
    found = collect_environment_lock([write(folder, files)], now=NOW, about="model")
    assert found.gaps == ()
    return found.observations[0].values


def versions(folder: Path, name: str, text: str) -> dict[str, str | None]:
    values = observed(folder, {name: text})
    return {package["name"]: package.get("version") for package in values["packages"]}


def test_the_files_that_mlflow_writes_agree_and_are_whole(tmp_path: Path) -> None:
    values = observed(tmp_path, MLFLOW)
    assert values["packages"] == [
        {"name": "mlflow", "version": "3.17.2"},
        {"name": "numpy", "version": "2.4.6"},
        {"name": "pip", "version": "24.0"},
        {"name": "scikit-learn", "version": "1.9.0"},
        {"name": "wheel", "version": "0.43.0"},
    ]
    assert (values["pinned"], values["unpinned"], values["python"]) == (5, 0, "3.11.9")
    assert {(each["path"], each["kind"]) for each in values["files"]} == {
        ("conda.yaml", "conda"),
        ("python_env.yaml", "python-env"),
        ("requirements.txt", "requirements"),
    }


def test_observation_reads_the_files(tmp_path: Path) -> None:
    (found,) = collect_environment_lock([write(tmp_path, MLFLOW)], now=NOW, about="model").observations
    assert (found.kind, found.about, found.dates.collected) == ("environment", "model", NOW)
    assert set(found.reads) == {sha256_hex(text.encode()) for text in MLFLOW.values()}


def test_only_one_version_that_fits_is_exact(tmp_path: Path) -> None:
    text = """# a comment
exact==1.2.0        # why
arbitrary===1!2.0.post1
extras[all] == 3.4 ; python_version < "3.13"
bracketed (==5.6)
local==2.1.0+cpu
wild==1.2.*
least>=1.0
several>=1.0,==1.2
bare
url @ https://user:canary@example.org/pkg-1.0.whl
hashed==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
--index-url https://user:canary@pypi.example.org/simple
-r canary.txt
-c canary.txt
"""
    assert versions(tmp_path, "requirements.txt", text) == {
        "arbitrary": "1!2.0.post1",
        "bare": None,
        "bracketed": "5.6",
        "exact": "1.2.0",
        "extras": "3.4",
        "hashed": "1.0",
        "least": None,
        "local": "2.1.0+cpu",
        "several": None,
        "url": None,
        "wild": None,
    }


@pytest.mark.parametrize(
    "line",
    [
        "git+https://user:canary@github.com/octo/pkg@main",
        "-e git+https://github.com/octo/canary",
        "--editable ./canary",
        "./canary/pkg.whl",
        "canary/pkg.whl",
        "AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_line_that_names_no_package_counts_without_a_version_and_is_not_kept(tmp_path: Path, line: str) -> None:
    values = observed(tmp_path, {"requirements.txt": f"numpy==1.0\n{line}\n"})
    assert (values["pinned"], values["unpinned"]) == (1, 1)
    assert [package["name"] for package in values["packages"]] == ["numpy"]
    for canary in (b"canary", b"AKIA"):
        assert canary not in canonical_bytes(values)


def test_nothing_of_a_url_or_a_comment_is_kept(tmp_path: Path) -> None:
    text = "a @ https://user:canary@example.org/a.whl\n--extra-index-url https://canary@example.org\n# canary\n"
    assert b"canary" not in canonical_bytes(observed(tmp_path, {"requirements.txt": text}))


def test_conda_exports_are_exact_with_and_without_a_build(tmp_path: Path) -> None:
    text = """name: canary
channels: [https://canary.example.org]
dependencies:
  - python=3.10.4=h12debd9_0
  - numpy=1.26.4=py310_0
  - conda-forge::scipy=1.14.0
  - pandas==2.2.2
  - pytz 2024.1
  - wild=1.2.*
  - least>=1.0
  - bare
  - pip=24.0
  - pip:
    - mlflow==3.0.0
    - --index-url https://canary.example.org
    - loose>=1
prefix: /home/canary
"""
    values = observed(tmp_path, {"environment.yml": text})
    assert {package["name"]: package.get("version") for package in values["packages"]} == {
        "bare": None,
        "least": None,
        "loose": None,
        "mlflow": "3.0.0",
        "numpy": "1.26.4",
        "pandas": "2.2.2",
        "pip": "24.0",
        "pytz": "2024.1",
        "scipy": "1.14.0",
        "wild": None,
    }
    assert (values["python"], values["pinned"], values["unpinned"]) == ("3.10.4", 6, 4)
    assert b"canary" not in canonical_bytes(values)


def test_lock_of_uv_leaves_the_project_itself_out(tmp_path: Path) -> None:
    text = """version = 1
requires-python = ">=3.11"
[[package]]
name = "project"
version = "0.1.0"
source = { editable = "." }
[[package]]
name = "workspace"
source = { virtual = "." }
[[package]]
name = "numpy"
version = "2.4.6"
source = { registry = "https://user:canary@pypi.example.org/simple" }
"""
    values = observed(tmp_path, {"uv.lock": text})
    assert values["packages"] == [{"name": "numpy", "version": "2.4.6"}]
    assert (values["pinned"], values["unpinned"]) == (1, 0)
    assert "python" not in values
    assert b"canary" not in canonical_bytes(values)


def test_package_that_one_file_pins_is_pinned(tmp_path: Path) -> None:
    values = observed(tmp_path, {"requirements.txt": "Num.Py\nother\n", "conda.yaml": "dependencies: [num-py=1.2.3]\n"})
    assert values["packages"] == [{"name": "num-py", "version": "1.2.3"}, {"name": "other"}]
    assert (values["pinned"], values["unpinned"]) == (1, 1)


def test_two_versions_of_one_package_are_both_told_and_count_once(tmp_path: Path) -> None:
    values = observed(tmp_path, {"requirements.txt": "a==1\n", "conda.yaml": "dependencies: [a=2]\n"})
    assert values["packages"] == [{"name": "a", "version": "1"}, {"name": "a", "version": "2"}]
    assert values["pinned"] == 1


def test_python_without_a_point_release_is_a_text(tmp_path: Path) -> None:
    assert observed(tmp_path, {"python_env.yaml": "python: 3.12\n"})["python"] == "3.12"


def test_the_models_own_file_counts_before_the_projects(tmp_path: Path) -> None:
    model = write(tmp_path / "model", {"requirements.txt": "a==1\n"})
    project = write(tmp_path / "project", {"requirements.txt": "a==2\n", "uv.lock": "version = 1\n"})
    (found,) = collect_environment_lock([model, project], now=NOW, about="model").observations
    assert found.values["packages"] == [{"name": "a", "version": "1"}]
    assert [each["kind"] for each in found.values["files"]] == ["requirements", "uv-lock"]


def test_a_file_by_itself_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, {"requirements.txt": "a==1\n"}) / "requirements.txt"
    (found,) = collect_environment_lock([path], now=NOW, about="model").observations
    assert found.values["pinned"] == 1


def test_where_no_file_is_known_there_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, {"packages.txt": "a==1\n"})
    found = collect_environment_lock([tmp_path, tmp_path / "model.bin"], now=NOW, about="model")
    assert found.observations == ()
    assert [(gap.kind, gap.about, gap.code) for gap in found.gaps] == [
        ("environment", "model", "collect.no-environment")
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("uv.lock", b"canary = ["),
        ("conda.yaml", b"canary: [\n"),
        ("requirements.txt", b"canary\xff"),
        ("python_env.yaml", b"a: 1\na: canary\n"),
    ],
)
def test_file_that_is_not_of_its_format_is_a_gap_without_its_words(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    found = collect_environment_lock([tmp_path], now=NOW, about="model")
    assert [gap.code for gap in found.gaps] == ["collect.environment-unreadable"]
    assert found.observations == ()
    assert "canary" not in found.gaps[0].message


@pytest.mark.parametrize("content", ["", "dependencies: none\n", "[1, 2]\n"])
def test_environment_without_packages_says_so(tmp_path: Path, content: str) -> None:
    values = observed(tmp_path, {"requirements.txt": "", "conda.yaml": content})
    assert (values["packages"], values["pinned"], values["unpinned"]) == ([], 0, 0)


def test_file_that_no_tool_writes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tolbooth.collect.environment_lock._MOST_BYTES", 3)
    write(tmp_path, {"uv.lock": "version = 1\n"})
    with pytest.raises(CollectError) as caught:
        collect_environment_lock([tmp_path], now=NOW, about="model")
    assert caught.value.code == "collect.unreadable"
