"""The report as a PDF: PDF/A-3a and PDF/UA-1 through typst, the decision attached, the same bytes for the same report.

Owns the file; the words are ``paper``'s and the page is ``templates/report.typ``'s. Everything reaches typst as JSON,
nothing as markup, so a name can't become code.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tolbooth.evidence.canonical import canonical_bytes
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import ConfigError
from tolbooth.model.wire import JsonObject
from tolbooth.report.comparison import Comparison
from tolbooth.report.glyphs import legible
from tolbooth.report.measured_paper import measured_paper
from tolbooth.report.model import Report
from tolbooth.report.paper import paper

RENDERER = "pdf/3"
"""Name and version of this format, for the seal statement; raised when the same report would give other bytes."""

STANDARDS: Final = ("a-3a", "ua-1")
"""Archivable with attachments and accessible; typst refuses a document that breaks either."""

_TEMPLATES = Path(__file__).with_name("templates")


def render_pdf(report: Report, *, decision_json: bytes | None = None) -> bytes:
    """Render the report as one PDF file.

    The same report gives the same bytes on every machine that has the same version of typst: the date is the
    decision's, the fonts are typst's own, and nothing is fetched.

    Args:
        report: the report.
        decision_json: the canonical bytes of its decision, to attach as ``decision.json``; made from the report's
            decision where they aren't given.

    Raises:
        ConfigError: ``report.no-pdf`` if the package typst isn't installed.
        ValueError: if ``decision_json`` isn't the decision that the report is about.
        typst.TypstError: if the document breaks a standard that it claims, which is a defect of Tolbooth.
    """
    attached = canonical_bytes(report.decision) if decision_json is None else decision_json
    digest = sha256_hex(attached)
    if decision_json is not None and digest != report.head.decision_sha256:
        raise ValueError(f"the decision to attach has the digest {digest}, the report's {report.head.decision_sha256}")
    document = paper(report, attached_sha256=digest, renderer=RENDERER)
    return _compiled(document, attached, report.head.as_of)


def render_measured_pdf(
    comparisons: Sequence[Comparison], *, about: str, made: datetime, measured_json: bytes
) -> bytes:
    """Render compared rates as a file of their own, without a decision around them.

    Args:
        comparisons: what was measured over one data set; at least one.
        about: the data set's path.
        made: when it was measured.
        measured_json: what was measured, as JSON, to attach as ``measured.json``.

    Raises:
        ConfigError: ``report.no-pdf`` if the package typst isn't installed.
    """
    document = measured_paper(comparisons, about=about, made=made, renderer=RENDERER)
    return _compiled(document, measured_json, made)


def _compiled(document: JsonObject, attached: bytes, made: datetime) -> bytes:
    try:
        import typst  # noqa: PLC0415 - only the PDF needs this extra
    except ImportError as error:
        message = "a PDF needs the package typst, which isn't installed"
        raise ConfigError.of("report.no-pdf", message, hint="pip install 'tolbooth[pdf]'") from error
    return typst.compile(
        _TEMPLATES / "report.typ",
        root=_TEMPLATES,
        sys_inputs={"report": json.dumps(_legible(document), sort_keys=True), "attached": attached.decode("utf-8")},
        ignore_system_fonts=True,
        format="pdf",
        pdf_standards=[*STANDARDS],
        timestamp=int(made.timestamp()),
    )


def _legible(value: Any) -> Any:
    """The document with every text made fit for the embedded fonts, but for pictures, whose texts are already."""
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, list):
        return [_legible(item) for item in value]
    if isinstance(value, dict):
        return {name: item if name == "svg" else _legible(item) for name, item in value.items()}
    return value
