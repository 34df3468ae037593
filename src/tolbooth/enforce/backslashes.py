"""Markdown for pages that read no numeric entity: those of Prefect show ``&#64;`` as it is written."""

from __future__ import annotations

import re

_NUMERIC = re.compile(r"&#([0-9]+);")


def with_backslashes(markdown: str) -> str:
    """The same text with each escaped character behind a backslash, which every Markdown reads (CommonMark §2.4)."""
    return _NUMERIC.sub(lambda found: f"\\{chr(int(found[1]))}", markdown)
