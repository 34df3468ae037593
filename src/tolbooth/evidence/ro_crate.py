"""``ro-crate-metadata.json``: what is in ``data/``, for archives that read RO-Crate 1.2.

Format: https://w3id.org/ro/crate/1.2. It is a view: nothing is verified by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.evidence.decision_record import file_digest
from tolbooth.evidence.uri import quote
from tolbooth.model.decision import Decision
from tolbooth.model.instant import format_instant

PROFILE = "https://w3id.org/ro/crate/1.2"
_RIGHTS = "Evidence of a governance decision. No licence is granted by this pack; ask the organisation that sealed it."
_MEDIA_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".rego": "text/plain",
}


def crate_metadata(files: Mapping[str, bytes], decision: Decision, *, root: str, sealed_at: datetime) -> bytes:
    """The canonical metadata of a crate; ``files`` are those below ``data/``, by path relative to it."""
    case = decision.case
    crate = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Evidence of {case.subject.project}/{case.subject.label} at gate {case.gate}",
        "description": f"Verdict {decision.verdict} for environment {case.environment} as of "
        f"{format_instant(case.as_of)}; the root over data/core is {root}.",
        "datePublished": format_instant(sealed_at),
        "license": _RIGHTS,
        "identifier": f"urn:tolbooth:pack:{root}",
        "hasPart": [{"@id": _id(path)} for path in sorted(files, key=str.encode)],
    }
    descriptor = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": PROFILE},
    }
    entities = [_entity(path, files[path]) for path in sorted(files, key=str.encode)]
    return canonical_bytes({"@context": f"{PROFILE}/context", "@graph": [descriptor, crate, *entities]})


def _entity(path: str, content: bytes) -> dict[str, Any]:
    digest = file_digest(path, content)
    suffix = path[path.rfind(".") :] if "." in path else ""
    return {
        "@id": _id(path),
        "@type": "File",
        "name": path.rpartition("/")[2],
        "encodingFormat": _MEDIA_TYPES.get(suffix, "application/octet-stream"),
        "contentSize": str(digest.size_bytes),
        "identifier": f"sha256:{digest.sha256}",
    }


def _id(path: str) -> str:
    return quote(path, keep="/@")
