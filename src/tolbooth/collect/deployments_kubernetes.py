"""Reads what a cluster runs, or is told to run: KServe and Seldon objects, and whatever bears our annotations.

From manifests (YAML, several documents a file) and from what ``kubectl get -o json`` printed. Of an object only its
kind, name, name space, time of creation, model addresses and our own annotations are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from tolbooth.collect.deployments_inventory import parsed_digest
from tolbooth.model.deployment import Deployment
from tolbooth.model.digest import DigestSet
from tolbooth.model.errors import CollectError, Place
from tolbooth.model.instant import instant, parse_instant
from tolbooth.model.withholding import Withheld

DIGEST_ANNOTATION = "tolbooth/digest"
VERSION_ANNOTATION = "tolbooth/version"

_GROUPS = {
    "serving.kserve.io": {"InferenceService"},
    "machinelearning.seldon.io": {"SeldonDeployment"},
    "mlops.seldon.io": {"Model"},
}
_ADDRESSES = frozenset({"storageUri", "modelUri"})
_IN_ADDRESS = re.compile(r"@(?P<digest>sha256:[0-9a-f]{64})\Z")
_MODEL_ADDRESS = re.compile(r"models:/(?P<model>[^/@]+)/(?P<version>\d+)\Z")
_DEEPEST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesObjects:
    """What was found: deployments, and how many other objects were left out."""

    deployments: tuple[Deployment, ...]
    others: int


def read_objects(file: Path, *, source: str, shown: str) -> KubernetesObjects:
    """Read every object of a file.

    Raises:
        CollectError: ``collect.deployments-unreadable``, with the line, for what is neither YAML nor JSON.
    """
    objects = [each for document in _documents(file, shown) for each in _items(document)]
    found = [each for each in objects if _is_deployment(each)]
    return KubernetesObjects(
        deployments=tuple(_deployment(each, source, shown) for each in found), others=len(objects) - len(found)
    )


def _documents(file: Path, shown: str) -> list[Any]:
    try:
        # JSON is YAML too; a date stays the text that it was.
        return [each for each in YAML(typ="safe", pure=True).load_all(file.read_text(encoding="utf-8")) if each]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(path=shown, line=mark.line + 1, column=mark.column + 1) if mark else Place(path=shown)
        raise _unreadable(str(error.problem or "not YAML"), place) from error
    except (YAMLError, ValueError, RecursionError, OSError) as error:
        raise _unreadable("neither YAML nor JSON", Place(path=shown)) from error


def _unreadable(what: str, place: Place) -> Exception:
    return CollectError.of("collect.deployments-unreadable", f"the objects can't be read: {what}", place=place)


def _items(document: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a document: itself, or those of a list."""
    if not isinstance(document, dict):
        return
    items = document.get("items")
    if str(document.get("kind", "")).endswith("List") and isinstance(items, list):
        yield from (each for each in items if isinstance(each, dict))
    else:
        yield document


def _is_deployment(each: Mapping[str, Any]) -> bool:
    group = str(each.get("apiVersion", "")).partition("/")[0]
    return each.get("kind") in _GROUPS.get(group, set()) or DIGEST_ANNOTATION in _annotations(each)


def _deployment(each: Mapping[str, Any], source: str, shown: str) -> Deployment:
    withheld = Withheld()
    metadata = _mapping(each.get("metadata"))
    kind, name = withheld.text(str(each.get("kind", "object"))), withheld.text(str(metadata.get("name", "unnamed")))
    space = withheld.text(str(metadata.get("namespace", "default")))
    annotations = _annotations(each)
    addresses = list(_addresses(each.get("spec"), 0))
    model, version = _model(addresses)
    return Deployment(
        place=f"{source}/{space}/{kind}/{name}",
        origin=f"{kind} {space}/{name} in {shown}",
        model=None if model is None else withheld.text(model),
        version=withheld.text(annotations[VERSION_ANNOTATION]) if VERSION_ANNOTATION in annotations else version,
        digest=_digest(annotations, addresses),
        since=_since(metadata.get("creationTimestamp")),
    )


def _annotations(each: Mapping[str, Any]) -> dict[str, str]:
    """Ours, of the object or of the pods that it makes."""
    pods = _mapping(_mapping(_mapping(each.get("spec")).get("template")).get("metadata"))
    found = _mapping(pods.get("annotations")) | _mapping(_mapping(each.get("metadata")).get("annotations"))
    return {name: str(value) for name, value in found.items() if name in {DIGEST_ANNOTATION, VERSION_ANNOTATION}}


def _addresses(value: Any, depth: int) -> Iterator[str]:
    """Every address of a model below ``spec``."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _ADDRESSES and isinstance(inner, str):
                yield inner
            else:
                yield from _addresses(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _addresses(inner, depth + 1)


def _digest(annotations: Mapping[str, str], addresses: list[str]) -> DigestSet:
    """By our annotation; else as an address names it, if all agree on one."""
    if DIGEST_ANNOTATION in annotations:
        return parsed_digest(annotations[DIGEST_ANNOTATION]) or {}
    found = {match["digest"] for address in addresses if (match := _IN_ADDRESS.search(address))}
    return (parsed_digest(found.pop()) or {}) if len(found) == 1 and len(addresses) == 1 else {}


def _model(addresses: list[str]) -> tuple[str | None, str | None]:
    """Name and version, where the only address is one of MLflow's registry."""
    match = _MODEL_ADDRESS.search(addresses[0]) if len(addresses) == 1 else None
    return (match["model"], match["version"]) if match else (None, None)


def _since(written: Any) -> datetime | None:
    try:
        if isinstance(written, datetime):
            return instant(written)
        return parse_instant(written) if isinstance(written, str) else None
    except ValueError:
        return None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
