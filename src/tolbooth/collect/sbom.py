"""Observes a declared bill of materials or vulnerability report: counts by severity, no names.

Which formats there are, and where each keeps what is counted, is ``sbom_formats``'s.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from tolbooth import __version__
from tolbooth.collect.interface import Collected
from tolbooth.collect.sbom_formats import FORMATS, read_report
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError
from tolbooth.model.observation import Artifact, Dates, Gap, Observation

KIND = "sbom"

_MOST_BYTES = 64 << 20


def collect_sbom(path: Path, artifact: Artifact, *, now: datetime, about: str) -> Collected:
    """Observe how many components a bill of materials names, and how many vulnerabilities a report, by severity.

    Args:
        path: the file.
        artifact: the same file as it was collected; the observation is valid as long.
        now: when it is read.
        about: what the observation says it is about.

    Returns:
        One observation of kind ``sbom`` with ``format`` and, where the format states them, ``spec_version``,
        ``components`` (at any depth), ``vulnerabilities``: by severity, of which the worst rating counts, and those
        without one as ``unknown``; and ``skipped``, components that the scanner could not look at. Without
        ``vulnerabilities`` the file says nothing of them; an empty mapping says only that it lists none. Or one gap
        ``collect.sbom-unreadable``.

    Raises:
        CollectError: ``collect.unreadable``, or ``collect.changed`` if the file is not the one that was collected.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= _MOST_BYTES else b""
    except OSError as error:
        raise CollectError.of("collect.unreadable", f"{path.name} could not be read: {error.strerror}") from error
    digest = sha256_hex(content)
    if content and digest not in artifact.digest.values():
        raise CollectError.of("collect.changed", f"{path.name} changed after it was collected")
    values = read_report(_parsed(content))
    if values is None:
        message = f"the file is no report in JSON of {', '.join(FORMATS)}"
        return Collected(gaps=(Gap(kind=KIND, about=about, code="collect.sbom-unreadable", message=message),))
    observation = Observation(
        kind=KIND,
        about=about,
        values=values,
        dates=Dates(collected=now, received=now, about=artifact.dates.about, valid_until=artifact.dates.valid_until),
        origin=f"collect.sbom {__version__}",
        reads=(digest,),
    )
    return Collected(observations=(observation,))


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
