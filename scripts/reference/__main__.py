"""``make docs``: write the reference pages, and say which ones changed."""

from __future__ import annotations

import sys

from scripts.reference.pages import DOCS, changed, made_pages, write


def main() -> None:
    """Bring the pages in the tree up to date."""
    pages = made_pages()
    names = changed(pages, DOCS)
    write(pages, DOCS)
    for name in names:
        sys.stdout.write(f"docs/{name}\n")
    sys.stdout.write(f"{len(pages)} pages, {len(names)} changed\n")


if __name__ == "__main__":
    main()
