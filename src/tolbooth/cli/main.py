"""``tolbooth``: the commands in the order of the way; each is loaded only when it is called."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from tolbooth import __version__
from tolbooth.cli.ending import AskedToEnd, take_requests_to_end
from tolbooth.cli.exits import Exit, exit_of_error
from tolbooth.cli.nearest import NearestGroup
from tolbooth.cli.problems import NOTHING_RECORDED, kept, render_error, render_usage
from tolbooth.cli.session import Session
from tolbooth.model.errors import TolboothError


class Entry(NamedTuple):
    """A command's section and its one-line help (a test holds the line to the command's own).

    ``records`` says that it appends to the log, so that an error tells what was kept.
    """

    section: str
    help: str
    records: bool = False


COMMANDS: Mapping[str, Entry] = {
    "init": Entry("Begin", "Write a tolbooth.yaml for the files that are here."),
    "demo": Entry("Begin", "Train a real model and take it through the gate, step by step."),
    "config": Entry("Begin", "Check tolbooth.yaml, commit its bounds, or print its JSON Schema."),
    "policy": Entry("Begin", "Write, check and test rules."),
    "measure": Entry("Decide", "Measure data by itself, without a gate."),
    "gate": Entry("Decide", "Decide whether a subject may be released, and record it.", records=True),
    "explain": Entry("Decide", "Tell what a rule asks, what it found and what to do."),
    "seal": Entry("Evidence", "Seal a decision as an evidence pack.", records=True),
    "verify": Entry("Evidence", "Verify a pack offline, with a public key and nothing else."),
    "replay": Entry("Evidence", "Compute a pack's decision again and compare the bytes."),
    "report": Entry("Evidence", "Render a recorded decision for people or programs."),
    "trace": Entry("Evidence", "Walk from controls and rules to evidence, decisions, people and packs."),
    "people": Entry("People", "Who the people are: their keys and roles, as a steward signed them."),
    "approve": Entry("People", "Approve a decision with your own key.", records=True),
    "reject": Entry("People", "Reject a decision with your own key.", records=True),
    "revoke": Entry("People", "Take back what you said on a decision.", records=True),
    "approvals": Entry("People", "List the decisions that wait for people, and what was said."),
    "waiver": Entry("People", "Ask for time, and say yes or no to it."),
    "promote": Entry("Release", "Move an alias to a version that a decision allows.", records=True),
    "reconcile": Entry("Release", "Find what runs without a decision, and record it.", records=True),
    "serving": Entry("Release", "Tell which version stood at an alias on a day, and by which decision."),
    "log": Entry("Records", "List what is recorded, oldest first."),
    "store": Entry("Records", "Check, rebuild and tidy what is stored."),
    "lineage": Entry("Records", "Take OpenLineage events into a file, or tell a decision again."),
    "key": Entry("Records", "Make, list and export signing keys."),
}

_FIRST_FOUR = """\
Tolbooth decides whether a machine-learning release may pass, and proves it.

  tolbooth init      write a tolbooth.yaml for the files that are here
  tolbooth gate      decide, and record the decision
  tolbooth explain   tell why, and what to do: a rule's code, or --last
  tolbooth seal      make the evidence pack

'tolbooth --help' lists every command; 'tolbooth demo FOLDER' shows the whole way."""


class WayGroup(NearestGroup):
    """Lists commands by the way of the data, and imports a command only when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the way."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"tolbooth.cli.{cmd_name}_command")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; one that records and fails before its journey began has recorded nothing, and says so."""
        try:
            return super().invoke(ctx)
        except BaseException as error:
            entry = COMMANDS.get(ctx.invoked_subcommand or "")
            if entry is not None and entry.records and not kept(error):
                error.add_note(NOTHING_RECORDED)
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One block a section, without importing any command."""
        del ctx
        for section in dict.fromkeys(entry.section for entry in COMMANDS.values()):
            with formatter.section(section):
                formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items() if entry.section == section])


@click.group(cls=WayGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The project's tolbooth.yaml; default: the nearest one, from here upwards.",
)
@click.option("--debug", is_flag=True, help="Show the trace of an error; may stand anywhere.")
@click.version_option(__version__, prog_name="tolbooth")
@click.pass_context
def tolbooth(ctx: click.Context, /, config_file: Path | None, **_debug: bool) -> None:
    """The gate, the review board and the evidence room for machine-learning releases.

    \b
    Exit codes: 0 allow or clean, 1 deny, 2 usage or configuration, 3 undecided,
    4 pending approval, 5 verification failed, 6 the store refused, 70 a bug,
    130 interrupted, 143 ended by SIGTERM.
    """
    ctx.obj = Session(config_file=config_file)
    if ctx.invoked_subcommand is None:
        click.echo(_FIRST_FOUR)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; the entry point of the ``tolbooth`` script."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    take_requests_to_end()
    sys.exit(run(given))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; errors are printed to stderr and turned into exit codes."""
    debug = "--debug" in arguments
    # NOTE: people add --debug to the end of the line that failed, so it is taken wherever it stands.
    given = [argument for argument in arguments if argument != "--debug"]
    try:
        result: Any = tolbooth.main(args=given, prog_name="tolbooth", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        click.echo(render_usage(error), err=True)
        return int(Exit.USAGE)
    except (KeyboardInterrupt, click.Abort) as error:
        # NOTE: click raises Abort from the interrupt, which carries the note of what was kept.
        cause = error.__cause__ or error
        asked = cause if isinstance(cause, AskedToEnd) else None
        click.echo(" ".join([f"Ended by {asked}." if asked else "Interrupted.", *kept(cause)]), err=True)
        return asked.exit_code if asked else int(Exit.INTERRUPTED)
    except BrokenPipeError:
        # NOTE: the reader of our pipe has gone; Python would complain again when it flushes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.ALLOW)
    except TolboothError as error:
        _show_trace(debug=debug)
        click.echo(render_error(error), err=True)
        return int(exit_of_error(error))
    except Exception as error:  # noqa: BLE001 - the last door: a bug is named as one, with its own exit code
        _show_trace(debug=debug)
        hint = [] if debug else ["Run again with --debug to see where."]
        broke = _withheld(f"Tolbooth broke: {type(error).__name__}: {error}.")
        click.echo(" ".join([broke, *kept(error), *hint]), err=True)
        return int(Exit.BUG)
    return result if isinstance(result, int) else int(Exit.ALLOW)


def _show_trace(*, debug: bool) -> None:
    if debug:
        click.echo(_withheld(traceback.format_exc()), err=True)


def _withheld(text: str) -> str:
    """A foreign exception may quote an address with its password, or a cell."""
    from tolbooth.model.withholding import Withheld

    return Withheld().text(text)
