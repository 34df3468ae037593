"""``tolbooth policy lint``: what engines would decide differently, and what a rule's author got wrong."""

from __future__ import annotations

from pathlib import Path

import click

from tolbooth.cli.exits import Exit
from tolbooth.cli.problems import render_error
from tolbooth.cli.session import Session, pass_session
from tolbooth.judge.library.profile.finding import Level
from tolbooth.model.errors import JudgeError
from tolbooth.pipeline.linting import Linted, lint_paths, lint_project
from tolbooth.report.lint import render_lint_github, render_lint_json, render_lint_sarif
from tolbooth.report.words import plural

RENDERERS = {"json": render_lint_json, "sarif": render_lint_sarif, "github": render_lint_github}


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option(
    "--output",
    "output_format",
    type=click.Choice(["text", *RENDERERS]),
    default="text",
    show_default=True,
    help="Text for people, versioned JSON, SARIF 2.1.0, or annotations for GitHub.",
)
@pass_session
def command(session: Session, *, paths: tuple[Path, ...], output_format: str) -> int:
    """Look for what engines decide differently, and for mistakes.

    Without a path, looks at the folders under policy.sources; with paths,
    at these files and folders. Every finding names its line, why, and the
    portable rewriting; docs/policy-profile.md explains them. A gate refuses
    rules with errors; warnings are for their author.

    \b
    Exit codes: 0 nothing found; 1 errors or warnings found; 2 no such path,
    or a mistake in tolbooth.yaml.
    """
    linted = lint_paths(paths) if paths else lint_project(session.project())
    problems = [(finding.problem, finding.level.value) for finding in linted.findings]
    if output_format in RENDERERS:
        click.echo(RENDERERS[output_format](problems), nl=False)
    elif problems:
        click.echo(_text(linted))
    else:
        click.echo(f"{plural(linted.files, 'file')}: nothing found")
    return int(Exit.DENY if problems else Exit.ALLOW)


def _text(linted: Linted) -> str:
    blocks = [render_error(JudgeError(finding.problem)) for finding in linted.findings]
    counts = [(Level.ERROR, linted.count(Level.ERROR)), (Level.WARNING, linted.count(Level.WARNING))]
    told = ", ".join(plural(number, level.value) for level, number in counts if number)
    return "\n\n".join([*blocks, f"{plural(linted.files, 'file')}: {told}."])
