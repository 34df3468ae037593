"""Observes a registered model's version, and the model folder that it or a run names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from tolbooth import __version__
from tolbooth.collect.digest import digest_of_digests, file_digests
from tolbooth.collect.files import FOLDER_MEDIA_TYPE
from tolbooth.collect.interface import Progress
from tolbooth.collect.mlflow.artifacts import Place, fetched, listed
from tolbooth.collect.mlflow.client import Source
from tolbooth.collect.mlflow.ipe import record
from tolbooth.collect.mlflow.run import identifier, milliseconds
from tolbooth.model.observation import Artifact, ArtifactRole, Dates, IpeRecord, Observation
from tolbooth.model.withholding import Withheld

KIND = "model-version"
ENVIRONMENT_FILES = ("conda.yaml", "python_env.yaml", "requirements.txt")

_MLMODEL = "MLmodel"
_LARGEST_MLMODEL = 5_000_000
_MOST_COLUMNS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A model's folder: the artifact, where it is on this machine, and what its ``MLmodel`` file says."""

    artifact: Artifact
    path: Path
    described: Mapping[str, Any]


def collect_model_folder(
    source: Source,
    place: Place,
    *,
    name: str,
    uri: str,
    into: Path,
    now: datetime,
    progress: Progress | None,
) -> ModelFolder:
    """Fetch and digest a model's folder: its digest is the ``dirHash`` over its files, wherever they are kept.

    Raises:
        CollectError: as ``listed``, ``fetched`` and ``file_digests``.
    """
    files = listed(source, place)
    paths = fetched(source, place, files, into, progress)
    digests = file_digests(paths)
    digest = digest_of_digests(digests)
    keys = [source.withheld.text(path) for path in digests]
    ipe = record(
        source,
        query=f"list_artifacts and download of {uri}",
        unit="files",
        keys=keys,
        counted=len(files),
        response=digest,
        check="Every file that was listed was read to its end; sizes were compared where they are stated.",
        complete=len(digests) == len(files),
        transformations=(),
        blind_spots=("What was done to the files between the run and their collection.", "Empty folders and times."),
    )
    artifact = Artifact(
        name=name,
        role=ArtifactRole.MODEL,
        uri=uri,
        digest={"dirHash": digest},
        size_bytes=sum(path.stat().st_size for path in paths.values()),
        media_type=FOLDER_MEDIA_TYPE,
        dates=Dates(collected=now, received=now),
        ipe=ipe,
    )
    folder = into if place.folder is None else place.folder / place.below
    described = _described(source.withheld, folder)
    described["environment_files"] = [
        {"path": each, "sha256": digests[each]} for each in ENVIRONMENT_FILES if each in digests
    ]
    return ModelFolder(artifact=artifact, path=folder, described=described)


def observe_version(
    source: Source, version: Any, registered: Any, folder: ModelFolder | None, *, about: str, now: datetime
) -> Observation:
    """Observe a model version as the registry has it, with what the model folder says of its form.

    ``aliases`` are those of now: MLflow keeps no history of them. Descriptions, tags and who made it are not kept.
    """
    withheld = source.withheld
    before = withheld.count
    told: dict[str, Any] = {
        "system": "mlflow",
        "model": withheld.identifier(str(version.name)),
        "version": str(version.version),
        "aliases": sorted(withheld.identifier(alias) for alias in version.aliases or ()),
        "run_id": identifier(version.run_id, withheld) if version.run_id else None,
        "model_id": identifier(version.model_id, withheld) if getattr(version, "model_id", None) else None,
        "stage": withheld.text(version.current_stage) if version.current_stage not in {None, "None"} else None,
        "status": withheld.text(str(version.status)) if version.status else None,
        "created_at": milliseconds(version.creation_timestamp),
        "updated_at": milliseconds(version.last_updated_timestamp),
        "registered_at": milliseconds(registered.creation_timestamp),
        "has_description": bool(version.description or registered.description),
        "flavors": [],
    }
    told |= folder.described if folder is not None else {}
    values = {name: value for name, value in told.items() if value is not None}
    values["withheld"] = withheld.count - before
    created = version.creation_timestamp
    return Observation(
        kind=KIND,
        about=about,
        values=values,
        dates=Dates(
            collected=now, received=now, about=datetime.fromtimestamp(created // 1000, UTC) if created else None
        ),
        origin=f"collect.mlflow {__version__}",
        reads=(folder.artifact.digest["dirHash"],) if folder is not None else (),
        ipe=_ipe(source, version, values),
    )


def _ipe(source: Source, version: Any, values: Mapping[str, Any]) -> IpeRecord:
    name = source.withheld.identifier(str(version.name))
    return record(
        source,
        query=f"get_model_version(name={name!r}, version={str(version.version)!r})",
        unit="model-versions",
        keys=[f"{name}/{version.version}"],
        counted=1,
        response=values,
        check="Asked by name and version: one came, with that name and version.",
        complete=True,
        blind_spots=(
            "Aliases are those of this moment: MLflow keeps no history of them.",
            "Descriptions and tags can be changed at any time without trace.",
        ),
    )


def _described(withheld: Withheld, folder: Path) -> dict[str, Any]:
    """Flavours and signature, as the folder's ``MLmodel`` states them; nothing is loaded or run."""
    path = folder / _MLMODEL
    if not path.is_file() or path.stat().st_size > _LARGEST_MLMODEL:
        return {}
    try:
        stated = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (YAMLError, ValueError, RecursionError):
        return {}
    if not isinstance(stated, dict):
        return {}
    flavors = stated.get("flavors")
    described: dict[str, Any] = {
        "flavors": sorted(withheld.text(str(name)) for name in flavors) if isinstance(flavors, dict) else []
    }
    signature = stated.get("signature")
    if isinstance(signature, dict):
        described["signature"] = {side: _columns(withheld, signature.get(side)) for side in ("inputs", "outputs")}
    return described


def _columns(withheld: Withheld, written: object) -> list[dict[str, str]]:
    """The columns of one side of a signature: names, where they have any, and MLflow's types in its words."""
    try:
        columns = json.loads(written) if isinstance(written, str) else []
    except (ValueError, RecursionError):
        return []
    found: list[dict[str, str]] = []
    for column in columns[:_MOST_COLUMNS] if isinstance(columns, list) else []:
        if not isinstance(column, dict):
            continue
        spec = column.get("tensor-spec")
        type_ = f"tensor({spec.get('dtype')})" if isinstance(spec, dict) else column.get("type")
        found.append({"name": withheld.text(str(column.get("name", ""))), "type": withheld.text(str(type_))})
    return found
