"""What the demo changes in ``tolbooth.yaml``, as its user would by hand: lines in, lines out, shown as a difference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from tolbooth.model.errors import ConfigError
from tolbooth.store.durable import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Lines that ``init`` wrote, and what stands there instead; nothing takes them out."""

    old: str
    new: str = ""


OWN_BOUNDS = (
    Change(old="    privacy.undeclared: warn\n"),
    Change(
        old="  # parameters:\n  #   performance.minimum: {metric: accuracy, bound: 0.7}\n",
        new="  parameters:\n    performance.minimum: {metric: accuracy, bound: 0.7}\n",
    ),
)
"""Before any gate: undeclared personal data block, and accuracy has a bound."""

DECLARED = (
    Change(
        old="    # owner: the team that answers for it\n    # purpose: what it is for\n",
        new="    owner: whoever runs this demo\n    purpose: to show a release gate; it must not decide about people\n"
        "    risk_tier: demonstration\n",
    ),
    Change(old="    documentation.card: warn\n"),
    Change(old="    ownership.owner: warn\n"),
    Change(old="    ownership.tier: warn\n"),
)
"""After the first gate: who answers for it, what for, on which tier; the rules that ask for it block from now on."""


def change(path: Path, changes: Iterable[Change]) -> tuple[str, ...]:
    """Make all changes or none, and give the lines that went (``-``) and came (``+``).

    Raises:
        ConfigError: ``demo.settings`` if lines to change are not there as ``init`` writes them.
    """
    before = path.read_text(encoding="utf-8")
    after = before
    for each in changes:
        if after.count(each.old) != 1:
            raise ConfigError.of(
                "demo.settings",
                f"{path} does not hold '{each.old.splitlines()[0].strip()}' as 'tolbooth init' writes it",
            )
        after = after.replace(each.old, each.new)
    write_whole(path, after.encode())
    shown = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return tuple(line for line in shown if not line.startswith(("---", "+++", "@@")))
