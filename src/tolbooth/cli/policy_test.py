"""``tolbooth policy test``: run the rules' tests, and see whether they would notice a change."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tolbooth.cli.exits import Exit
from tolbooth.cli.session import Session, pass_session

if TYPE_CHECKING:
    from tolbooth.judge.proving.interface import Progress, Proof


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("--built-in", is_flag=True, help="Test the rules that are shipped.")
@click.option("--mutation/--no-mutation", default=True, show_default=True, help="Try changed rules against the tests.")
@click.option("--max-seconds", type=click.FloatRange(min=0, min_open=True), help="Begin no mutant after this time.")
@click.option("--jobs", type=click.IntRange(min=1, max=64), help="How many workers try mutants; default: one a core.")
@click.option(
    "--output",
    "output_format",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="Text for people, versioned JSON for programs, JUnit XML for CI.",
)
@pass_session
def command(
    session: Session,
    paths: tuple[Path, ...],
    *,
    built_in: bool,
    mutation: bool,
    max_seconds: float | None,
    jobs: int | None,
    output_format: str,
) -> int:
    """Run the tests of rules, and change the rules to see if a test notices.

    Without a PATH, the tests of the project's own folders run. A rule's tests
    lie beside it, in a file that ends in _test.rego.

    Each rule is then changed in one place at a time (a comparison, a constant,
    a dropped expression, a negation). A changed rule, a mutant, that passes
    every test is shown: there is something that the tests don't ask. One that
    decides alike is declared in a comment of the test file, with the reason.

    \b
    Exit codes: 0 all tests pass and no mutant survives; 1 a test fails, a
    mutant survives, or a rule has no test; 2 there are no tests.
    """
    if built_in and paths:
        raise click.UsageError("Name PATHs, or say --built-in, not both.")
    from tolbooth.pipeline.policy_tests import Mutating, prove

    mutating = Mutating(max_seconds=max_seconds, **({} if jobs is None else {"jobs": jobs})) if mutation else None
    with _progress() as progress:
        project = None if built_in else session.project_if_any()
        proof = prove(project, paths=paths, built_in=built_in, mutating=mutating, progress=progress)
    _print(proof, output_format)
    return int(Exit.ALLOW if proof.holds else Exit.DENY)


def _print(proof: Proof, output_format: str) -> None:
    from tolbooth.cli.proof_documents import proof_document, proof_junit
    from tolbooth.cli.proof_text import proof_lines

    if output_format == "json":
        click.echo(json.dumps(proof_document(proof), indent=2, ensure_ascii=False))
    elif output_format == "junit":
        click.echo(proof_junit(proof), nl=False)
    else:
        for line in proof_lines(proof):
            click.echo(line)


@contextmanager
def _progress() -> Iterator[Progress]:
    """One line on a terminal that can move its cursor; nothing in a pipe."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _what, _done, _total: None
        return

    def show(what: str, done: int, total: int) -> None:
        click.echo(f"\r\x1b[K{what}: {done:,} of {total:,}", err=True, nl=False)

    try:
        yield show
    finally:
        click.echo("\r\x1b[K", err=True, nl=False)
