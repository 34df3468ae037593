"""``python -m tolbooth``."""

from __future__ import annotations

from tolbooth.cli.main import main

main()
