"""Tolbooth: the gate, the review board and the evidence room for machine-learning releases.

From Python, ``tolbooth.require("release")`` goes on only if the gate allows; ``gate`` returns the decision, and
``standing`` tells what it would be by the approvals known now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tolbooth.enforce.calling import gate, require, standing
    from tolbooth.enforce.release import GateDenied, GatePending, GateUndecided, Release

__version__ = "0.1.0"
__all__ = ["GateDenied", "GatePending", "GateUndecided", "Release", "gate", "require", "standing"]


def __getattr__(name: str) -> object:
    """The names of the Python interface, loaded when they are first asked for: ``import tolbooth`` stays cheap."""
    if name not in __all__:
        raise AttributeError(f"module 'tolbooth' has no attribute '{name}'")
    from importlib import import_module  # noqa: PLC0415 - see above

    place = "calling" if name in {"gate", "require", "standing"} else "release"
    return getattr(import_module(f"tolbooth.enforce.{place}"), name)
