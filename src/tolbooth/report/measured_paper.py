"""Compared rates as a document for paper, without a decision around them; the page is ``templates/report.typ``'s."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tolbooth.model.instant import instant
from tolbooth.report import words
from tolbooth.report.comparison import Comparison
from tolbooth.report.paper_blocks import Block, command, facts, mono, paragraph, plain
from tolbooth.report.paper_details import compared
from tolbooth.report.reproduction import reproductions_of
from tolbooth.report.sentences import headline


def measured_paper(comparisons: Sequence[Comparison], *, about: str, made: datetime, renderer: str) -> Block:
    """The whole document as JSON, in the form of ``paper``.

    Args:
        comparisons: what was measured over one data set; at least one.
        about: the data set's path.
        made: when it was measured.
        renderer: name and version of the format.
    """
    first = comparisons[0]
    counts = first.counts_sha256 or ""
    again = reproductions_of(comparisons, dict.fromkeys((each.about for each in comparisons), about))
    return {
        "kind": "measured by itself, without a gate",
        "title": f"Fairness of {about}",
        "description": f"{headline(first)}.",
        "about": f"measured {words.when(made)}; it decides nothing, and nothing was recorded",
        "verdict": {"text": f"{headline(first)}.", "tone": "plain"},
        "notice": None,
        "running": {"left": about, "of": "counts", "right": counts[:12]},
        "attachment": {"name": "measured.json", "description": "What was measured, as JSON"},
        "as_of": list(instant(made).timetuple()[:6]),
        "sections": [
            {"title": "What was read", "blocks": [_read(first)]},
            {"title": "Rates by group", "blocks": list(compared(comparisons, "m"))},
            {
                "title": "How to check this yourself",
                "blocks": [
                    paragraph(plain("The same counts in Python, with pyarrow:")),
                    *(command(line) for lines in again for line in lines),
                ],
            },
        ],
        "closing": f"Measured by Tolbooth and rendered by {renderer}; measured.json in this file holds the numbers.",
    }


def _read(comparison: Comparison) -> Block:
    return facts(
        [
            ("Rows", [plain(words.number(comparison.row_count))]),
            ("Without label", [plain(words.number(comparison.rows_without_label))]),
            ("Label", [mono(comparison.label or "")]),
            ("Prediction", [mono(comparison.prediction or "")]),
            ("Counts", [plain("sha256 "), mono(comparison.counts_sha256 or "")]),
        ]
    )
