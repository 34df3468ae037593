"""Links between the project's pages lead somewhere: the file is there, and so is the heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

PROJECT = Path(__file__).parents[2]
OTHERS = {"vendor"}
"""Folders of pages that others wrote."""


def pages(root: Path) -> list[Path]:
    parts = ((path, path.relative_to(root).parts) for path in root.rglob("*.md"))
    return sorted(path for path, names in parts if names[0] not in OTHERS and not any(n.startswith(".") for n in names))


def links(text: str) -> Iterator[str]:
    for token in MarkdownIt().enable("table").parse(text):
        for inner in token.children or ():
            target = inner.attrGet("href") or inner.attrGet("src")
            if target is not None:
                yield str(target)


def anchors(text: str) -> set[str]:
    """Names of the headings as GitHub makes them: lower case, no punctuation, a number after the second of a name."""
    found: list[str] = []
    tokens = MarkdownIt().parse(text)
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            words = "".join(inner.content for inner in tokens[at + 1].children or ())
            name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            found.append(f"{name}-{found.count(name)}" if name in found else name)
    return set(found)


def broken(root: Path, page: Path) -> list[str]:
    """The links of a page that lead nowhere inside ``root``; those to other sites are not followed."""
    wrong = []
    for link in links(page.read_text(encoding="utf-8")):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        inside = target.exists() and target.is_relative_to(root)
        if not inside or (parts.fragment and parts.fragment not in anchors(target.read_text(encoding="utf-8"))):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("page", pages(PROJECT), ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(PROJECT, page) == []


def test_every_page_of_docs_is_linked_from_its_index_or_another_page() -> None:
    docs = PROJECT / "docs"
    linked = {
        (page.parent / unquote(urlsplit(link).path)).resolve()
        for page in pages(PROJECT)
        for link in links(page.read_text(encoding="utf-8"))
        if not urlsplit(link).scheme
    }
    linked |= {path for folder in linked if folder.is_dir() for path in folder.glob("*.md")}
    assert [str(path.relative_to(docs)) for path in pages(docs) if path not in linked] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[a](there.md) [b](there.md#two-words-it-is) [c](folder) [d](https://example.org/x.md)", []),
        ("[a](gone.md)", ["gone.md"]),
        ("[a](there.md#three-words)", ["there.md#three-words"]),
        ("[a](#here)\n\n# There", ["#here"]),
        ("[a](../outside.md)", ["../outside.md"]),
        ("| a |\n|---|\n| [x](gone.md) |", ["gone.md"]),
        ("`[a](gone.md)`\n\n    [b](gone.md)", []),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, text: str, wrong: list[str]) -> None:
    root = tmp_path / "project"
    (root / "folder").mkdir(parents=True)
    (tmp_path / "outside.md").write_text("# Outside", encoding="utf-8")
    (root / "there.md").write_text("# `Two` words, it is!", encoding="utf-8")
    (root / "page.md").write_text(text, encoding="utf-8")
    assert broken(root, root / "page.md") == wrong
