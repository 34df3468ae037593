"""``tolbooth replay``: compute a pack's decision again."""

from __future__ import annotations

from pathlib import Path

import click

from tolbooth.cli.exits import Exit
from tolbooth.cli.pack_key import key_option, key_or_own, trust_of, trust_option
from tolbooth.cli.session import Session, pass_session
from tolbooth.config.load import Project
from tolbooth.model.errors import ConfigError, VerificationError
from tolbooth.model.rule import RuleResult
from tolbooth.pipeline.replay import ChangedRule, Replay, installed_here, replay


@click.command()
@click.argument("pack", type=click.Path(path_type=Path))
@key_option
@trust_option
@pass_session
def command(session: Session, pack: Path, key: Path | None, trust: Path | None) -> int:
    """Compute a pack's decision again and compare the bytes.

    The pack is verified first. Its verdicts are then assessed again from the
    sealed counts, its rules evaluated again on its input, and the decision
    made again at the same instant. Exit code 5 if anything differs.

    Validators are never run from a pack: those that are installed here, or
    in this project, to the byte, run; of the others the recorded results are
    taken, and the replay says that it is partial.
    """
    own = key_or_own(session, key)
    done = replay(pack, own, installed=lambda: installed_here(_project(session)), trust=trust_of(trust))
    for line in (_verdict(done), *_engine(done), *_partial(done), *_differences(done)):
        click.echo(line)
    return int(Exit.ALLOW if done.holds else Exit.NOT_VERIFIED)


def _project(session: Session) -> Project | None:
    """The project here, if there is one that can be read: a pack is replayed anywhere."""
    try:
        return session.project()
    except ConfigError:
        return None


def _verdict(done: Replay) -> str:
    about = f"{done.recorded.verdict.value} about {done.recorded.case.subject.label}"
    if done.broken is not None:
        return f"Not verified: {_broken(done.broken)}\nComputed again all the same:"
    if done.identical:
        kept = "from counts, rules and recorded results" if done.recorded_only else "from counts and rules"
        return f"Identical: the decision {about} was computed again {kept}, to the byte."
    return f"Not identical: the decision {about} could not be computed again to the byte."


def _broken(error: VerificationError) -> str:
    problem = error.problems[0]
    return f"{problem.code}{f' at {problem.place}' if problem.place is not None else ''}: {problem.message}"


def _engine(done: Replay) -> list[str]:
    used, recorded = done.engine, done.recorded_engine
    same = (used.name, used.version, used.sha256) == (recorded.name, recorded.version, recorded.sha256)
    note = "the recorded one" if same else f"recorded: {recorded.name} {recorded.version}"
    unsigned = ["  not checked: the sealer's signatures, since no --key names the sealer"] if done.unchecked else []
    unproven = [
        "  unproven  this version of the engine has not passed the suite of divergences:",
        "            where the decision differs, that may be the engine's doing",
    ]
    return [f"  engine    {used.name} {used.version} ({note})", *([] if done.proven else unproven), *unsigned]


def _partial(done: Replay) -> list[str]:
    if not done.recorded_only:
        return []
    rules = {result.rule for result in done.recorded.results}
    names = ", ".join(done.recorded_only)
    return [
        f"  partial   {len(done.recorded_only)} of {len(rules)} rules were not run again: {names}",
        "            their validators are not installed here, so their results stand as recorded",
    ]


def _differences(done: Replay) -> list[str]:
    bases = [f"  basis     {done.recorded.basis}"]
    if done.recorded.basis != done.computed.basis:
        bases = [f"  recorded  {done.recorded.basis}", f"  computed  {done.computed.basis}"]
    verdicts = []
    if done.recorded.verdict is not done.computed.verdict:
        verdicts = [f"  verdict   {done.recorded.verdict.value}, computed again {done.computed.verdict.value}"]
    return [*bases, *verdicts, *(_change(change) for change in done.changed)]


def _change(change: ChangedRule) -> str:
    term = f" ({change.term})" if change.term else ""
    return f"  {change.rule}{term}: {_outcome(change.recorded)}, computed again {_outcome(change.computed)}"


def _outcome(result: RuleResult | None) -> str:
    if result is None:
        return "no such result"
    bound = f", bound {result.measured.bound} {result.measured.unit}" if result.measured is not None else ""
    return f"{result.outcome.value}{bound}"
