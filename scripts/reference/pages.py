"""All reference pages by their path below ``docs/``, and how they get into the tree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scripts.reference.command_pages import command_pages
from scripts.reference.examples import examples
from scripts.reference.rule_pages import rule_pages
from tolbooth.judge.library.load import built_in_library

DOCS = Path(__file__).parents[2] / "docs"
FOLDERS = ("rules", "commands")
"""Folders of ``docs/`` that hold reference pages and nothing else."""


def made_pages() -> Mapping[str, str]:
    """Every page by its path, made anew from the library's METADATA, click's commands and the tutorial's examples."""
    tutorial = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    return {**rule_pages(built_in_library()), **command_pages(examples(tutorial))}


def changed(pages: Mapping[str, str], docs: Path) -> tuple[str, ...]:
    """Paths of pages that are missing in ``docs``, differ there, or are no pages any more; sorted."""
    there = {path.relative_to(docs).as_posix(): path for folder in FOLDERS for path in (docs / folder).rglob("*.md")}
    differing = {name for name in pages if name not in there or there[name].read_text(encoding="utf-8") != pages[name]}
    return tuple(sorted(differing | (set(there) - set(pages))))


def write(pages: Mapping[str, str], docs: Path) -> None:
    """Write the pages that differ, and remove those that are none any more."""
    for name in changed(pages, docs):
        path = docs / name
        if name not in pages:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages[name], encoding="utf-8")
