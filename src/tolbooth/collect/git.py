"""Observes which commit the project stands at, and whether anything differs from it, by asking ``git``.

Reads only: no lock is taken, no hook or monitor of the repository runs. Author and committer become person ids of the
people record at once; names and e-mail addresses are never kept.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

from tolbooth import __version__
from tolbooth.collect.interface import Collected, Who, nobody_declared
from tolbooth.model.errors import CollectError, TolboothError
from tolbooth.model.observation import Dates, Gap, Observation
from tolbooth.model.people import AliasSystem
from tolbooth.model.withholding import Withheld

KIND = "source-control"

_TIMEOUT_SECONDS = 20
_STORE_FOLDER = ".tolbooth"
_PACK_SUFFIX = ".evpack.zip"
_MOST_RECORD_COMMITS = 1000

# NOTE: a hook that runs us sets these; they would point git at the hook's own repository and index.
_LOCATING = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    }
)

_ARMOURS = {
    "-----BEGIN SSH SIGNATURE-----": "ssh",
    "-----BEGIN PGP SIGNATURE-----": "gpg",
    "-----BEGIN SIGNED MESSAGE-----": "x509",
}

_REFUSALS = (
    (
        "dubious ownership",
        "collect.git-ownership",
        "git does not trust the folder, since another user owns it; add it to git's safe.directory",
    ),
    ("not a git repository", "collect.no-repository", "the project's folder is in no git repository"),
    ("must be run in a work tree", "collect.no-work-tree", "the repository has no work tree"),
)


def collect_git(
    project_folder: Path,
    *,
    now: datetime,
    about: str = "project",
    who: Who = nobody_declared,
    records: str | None = None,
) -> Collected:
    """Observe the state of the git repository that holds the project.

    What people sign about a release can't be in the commit that they sign about. So commits that change nothing but
    the records folder are passed over, as changes in it are; and packs, which stand for themselves, are no change.

    Args:
        project_folder: a folder in the work tree; the state is that of the whole repository.
        records: the folder of signed records, from ``project_folder`` on; each record is verified by itself.
        now: when it is read.
        about: what the observation says it is about.
        who: tells whose an e-mail address is.

    Returns:
        One observation of kind ``source-control`` with ``system`` (``git``), ``commit`` (the full id of HEAD, or of
        its nearest first parent that changed something besides records), ``tree_clean`` (nothing tracked differs from
        it and nothing untracked is there, but for ignored files, the store in ``.tolbooth``, records and new packs),
        ``signature`` (of which kind the commit carries one: ``ssh``, ``gpg``,
        ``x509``, ``unknown`` or ``none``; by whom, and whether it holds, is not checked), ``author`` and ``committer``
        of the commit (ids of persons, or ``undeclared``; git takes any word for them), ``tag`` (one that names the
        commit exactly, if any) and ``branch`` (unless HEAD is detached), of which secrets and personal data are
        withheld. Or one gap: ``collect.no-git``, ``collect.no-repository``, ``collect.no-work-tree``,
        ``collect.no-commit``, ``collect.git-ownership``, ``collect.git-timeout`` or ``collect.git-failed``.
    """
    try:
        values = _state(project_folder, who, records)
    except TolboothError as error:
        problem = error.problems[0]
        return Collected(gaps=(Gap(kind=KIND, about=about, code=problem.code, message=problem.message),))
    observation = Observation(
        kind=KIND,
        about=about,
        values=values,
        dates=Dates(collected=now, received=now),
        origin=f"collect.git {__version__}",
    )
    return Collected(observations=(observation,))


def own_address(project_folder: Path) -> str | None:
    """The e-mail address that git would put under a commit made here, for an alias to be found; None if it has none."""
    try:
        status, address = run_git(project_folder, "config", "--get", "user.email")
    except TolboothError:
        return None
    return None if status else address.strip() or None


def _state(folder: Path, who: Who, records: str | None) -> dict[str, str | bool]:
    status, listing = run_git(folder, "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal")
    if status:
        raise CollectError.of("collect.git-failed", f"git status ended with {status}")
    status, commit = run_git(folder, "rev-parse", "--quiet", "--verify", "HEAD^{commit}")
    if status:
        raise CollectError.of("collect.no-commit", "the repository has no commit yet")
    below = _in_repository(folder, records) if records is not None else None
    commit = _source_commit(folder, commit.strip(), below)
    values: dict[str, str | bool] = {"system": "git", "commit": commit, "tree_clean": _is_clean(listing, below)}
    status, content = run_git(folder, "cat-file", "commit", commit)
    if status:
        raise CollectError.of("collect.git-failed", f"git cat-file ended with {status}")
    values["signature"] = _signature(content)
    for part in ("author", "committer"):
        values[part] = who(AliasSystem.GIT, _address(content, part))
    status, tag = run_git(folder, "describe", "--tags", "--exact-match", "HEAD")
    if not status:
        values["tag"] = Withheld().text(tag.strip())
    status, branch = run_git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    if not status:
        values["branch"] = Withheld().text(branch.strip())
    return values


def _address(content: str, part: str) -> str | None:
    """The address of the author or the committer, from a commit object's header."""
    header, _, _ = content.partition("\n\n")
    found = re.search(rf"^{part} .*<([^<>\n]*)> \d+ [+-]\d+$", header, re.MULTILINE)
    return None if found is None else found[1]


def _signature(content: str) -> str:
    """Which kind of signature a commit object carries in its header, unverified: a person's name is behind it."""
    header, _, _ = content.partition("\n\n")
    found = re.search(r"^gpgsig(?:-sha256)? (.*)$", header, re.MULTILINE)
    return "none" if found is None else _ARMOURS.get(found[1].strip(), "unknown")


def _in_repository(folder: Path, records: str) -> str:
    """The records folder as git lists paths: from the top of the work tree, with a slash at its end."""
    _, prefix = run_git(folder, "rev-parse", "--show-prefix")
    return f"{Path(prefix.strip()) / records}/"


def _source_commit(folder: Path, head: str, records: str | None) -> str:
    """The nearest commit, by first parents, that changed something besides records, or whose parent is not here."""
    at = head
    for _ in range(_MOST_RECORD_COMMITS if records is not None else 0):
        status, changed = run_git(folder, "diff-tree", "-r", "-z", "--name-only", f"{at}~1", at)
        if status or not changed or not all(path.startswith(str(records)) for path in _listed(changed)):
            break
        _, parent = run_git(folder, "rev-parse", f"{at}~1")
        at = parent.strip()
    return at


def _listed(output: str) -> list[str]:
    return [each for each in output.split("\0") if each]


def _is_clean(listing: str, records: str | None) -> bool:
    return all(_is_ours(entry[:2], entry[3:], records) for entry in _listed(listing))


def _is_ours(status: str, path: str, records: str | None) -> bool:
    """Whether it is in the store or the records folder, or a pack that nobody has added."""
    if _STORE_FOLDER in Path(path).parts or (records is not None and path.startswith(records)):
        return True
    return status == "??" and path.endswith(_PACK_SUFFIX)


def run_git(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run git; a refusal that concerns the whole repository is raised, any other status is returned."""
    program = shutil.which("git")
    if program is None:
        raise CollectError.of("collect.no-git", "there is no program git on the path")
    command = [program, "-C", str(folder), "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"]
    environment = {name: value for name, value in os.environ.items() if name not in _LOCATING}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        ended = subprocess.run(  # noqa: S603 - a fixed program with fixed arguments, without a shell
            [*command, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"git {arguments[0]} took more than {_TIMEOUT_SECONDS} seconds"
        raise CollectError.of("collect.git-timeout", message) from None
    except OSError as error:
        raise CollectError.of("collect.git-failed", f"git could not be run: {error.strerror}") from error
    complaint = ended.stderr.decode(errors="replace")
    for sign, code, message in _REFUSALS:
        if ended.returncode and sign in complaint:
            raise CollectError.of(code, message)
    return ended.returncode, ended.stdout.decode(errors="replace")
