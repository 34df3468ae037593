"""Who wrote a project's own rules, as git says: duties hold authors of rules and approvers apart."""

from __future__ import annotations

from tolbooth.collect.git import run_git
from tolbooth.config.load import Project
from tolbooth.judge.library.load import BUILT_IN
from tolbooth.model.errors import TolboothError
from tolbooth.model.people import AliasSystem
from tolbooth.pipeline.people import PeopleInForce
from tolbooth.review.people import UNDECLARED


def rule_authors(project: Project, people: PeopleInForce) -> tuple[str, ...]:
    """The persons who committed to the folders of the project's own rules, sorted; nobody for Tolbooth's own rules.

    ``undeclared`` stands for whom no alias names, and for everybody where git can't tell.
    """
    folders = [name for name in project.settings.policy.sources if name != BUILT_IN]
    if not folders:
        return ()
    try:
        status, listing = run_git(project.folder, "log", "--format=%ae", "--", *folders)
    except TolboothError:
        return (UNDECLARED,)
    addresses = sorted(set(listing.split())) if not status else []
    return tuple(sorted({people.who(AliasSystem.GIT, address) for address in addresses})) or (UNDECLARED,)
