"""Step 5, ``views.*``: the rendered views are those that the sealer saw."""

from __future__ import annotations

from collections.abc import Mapping

from tolbooth.evidence.container import VIEWS
from tolbooth.evidence.seal import Seal
from tolbooth.evidence.verify_steps.refusal import refuse
from tolbooth.model.digest import sha256_hex


def check_views(files: Mapping[str, bytes], seal: Seal) -> int:
    """Check every view's digest; gives how many there are.

    Raises:
        VerificationError: ``views.missing``, ``views.altered`` or ``views.unnamed``.
    """
    for view in seal.views:
        if view.path not in files:
            refuse("views.missing", "the seal names this view, and it is not there", view.path)
        if sha256_hex(files[view.path]) != view.sha256:
            refuse("views.altered", "not the view that was sealed: its digest differs", view.path)
    named = {view.path for view in seal.views}
    for path in sorted(files):
        if path.startswith(VIEWS) and path not in named:
            refuse("views.unnamed", "the seal does not name this view", path)
    return len(named)
