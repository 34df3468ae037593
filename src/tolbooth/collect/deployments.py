"""Collects what runs where: from a declared inventory, and from manifests or lists of a Kubernetes cluster.

It reads files and judges nothing. Aliases of a registry are read by ``collect.mlflow.registry_state``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tolbooth.collect.deployments_inventory import read_inventory
from tolbooth.collect.deployments_kubernetes import KubernetesObjects, read_objects
from tolbooth.model.deployment import Deployment
from tolbooth.model.errors import CollectError

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_LARGEST_BYTES = 50_000_000


def collect_inventory(name: str, path: str, *, project_folder: Path, zone: str) -> tuple[Deployment, ...]:
    """Read a declared inventory.

    Args:
        name: what the project calls this source; places begin with it.
        path: the file, relative to the project's folder or absolute.
        project_folder: where relative paths start.
        zone: the time zone of bare days.

    Raises:
        CollectError: ``collect.deployments-missing`` or ``collect.deployments-unreadable``.
        ConfigError: with every mistake of the file, by line.
    """
    file = project_folder / path
    _require(file, path)
    return read_inventory(file, source=name, shown=path, zone=zone)


def collect_manifests(name: str, paths: Sequence[str], *, project_folder: Path) -> KubernetesObjects:
    """Read manifests and lists of objects from files, and from all YAML and JSON files of folders.

    Args:
        name: what the project calls this source; places begin with it.
        paths: files and folders, relative to the project's folder or absolute.
        project_folder: where relative paths start.

    Raises:
        CollectError: ``collect.deployments-missing`` or ``collect.deployments-unreadable``.
    """
    found: list[Deployment] = []
    others = 0
    for path in paths:
        for file, shown in _files(project_folder / path, path):
            read = read_objects(file, source=name, shown=shown)
            found += read.deployments
            others += read.others
    return KubernetesObjects(deployments=tuple(found), others=others)


def _files(target: Path, declared: str) -> list[tuple[Path, str]]:
    if not target.is_dir():
        _require(target, declared)
        return [(target, declared)]
    inside = sorted(path for path in target.rglob("*") if path.is_file() and path.suffix.lower() in _SUFFIXES)
    if not inside:
        raise CollectError.of("collect.deployments-missing", f"the folder {declared} holds no YAML or JSON file")
    for path in inside:
        _require(path, declared)
    return [(path, f"{declared.rstrip('/')}/{path.relative_to(target).as_posix()}") for path in inside]


def _require(file: Path, declared: str) -> None:
    if not file.is_file():
        raise CollectError.of("collect.deployments-missing", f"there is no file {declared}")
    if file.stat().st_size > _LARGEST_BYTES:
        message = f"{declared} is larger than {_LARGEST_BYTES // 1_000_000} MB"
        raise CollectError.of("collect.deployments-unreadable", message)
