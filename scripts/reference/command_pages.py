"""A page for each command and subcommand, from click, and their index by section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import click

from scripts.reference.help_text import HelpText, prose, read_help
from scripts.reference.markdown import code, fenced, page, table
from tolbooth.cli.main import COMMANDS
from tolbooth.cli.main import tolbooth as root_command

PROGRAM = "tolbooth"
_NOTE = "<!-- Made by 'make docs' from the command's own help: change that. -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    """A command with its words after ``tolbooth``."""

    words: tuple[str, ...]
    command: click.Command
    context: click.Context

    @property
    def title(self) -> str:
        return " ".join((PROGRAM, *self.words))

    @property
    def file(self) -> str:
        return f"{'-'.join(self.words)}.md"


def command_pages(examples: Mapping[str, str]) -> Mapping[str, str]:
    """The pages of all commands and their index, by path below ``docs/``.

    Args:
        examples: a call and what it printed, by a command's words.
    """
    root = click.Context(root_command, info_name=PROGRAM)
    found = list(_walk(root_command, root, ()))
    made = {f"commands/{each.file}": _page(each, found, examples) for each in found}
    return {"commands/README.md": _index(found, root), **made}


def _walk(group: click.Group, context: click.Context, words: tuple[str, ...]) -> Iterator[_Command]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, parent=context, info_name=name)
        yield _Command(words=(*words, name), command=command, context=inner)
        if isinstance(command, click.Group):
            yield from _walk(command, inner, (*words, name))


def _page(each: _Command, all_commands: list[_Command], examples: Mapping[str, str]) -> str:
    text = read_help(each.command.help or "")
    epilog = read_help(each.command.epilog or "")
    below = [other for other in all_commands if other.words[:-1] == each.words]
    example = examples.get(" ".join(each.words))
    return page(
        _NOTE,
        f"# {each.title}",
        fenced(f"{each.title} {' '.join(each.command.collect_usage_pieces(each.context))}"),
        *text.blocks,
        *(["## Commands", _listed(below)] if below else []),
        *_options(each),
        *epilog.blocks,
        "## Exit codes",
        _exit_codes(text),
        *(
            ["## Example", "From the [tutorial](../tutorial.md), which the acceptance suite runs:", fenced(example)]
            if example is not None
            else []
        ),
        _up(each),
    )


def _listed(commands: list[_Command]) -> str:
    rows = [(f"[{code(each.title)}]({each.file})", _line_of(each)) for each in commands]
    return table(("command", "does"), rows)


def _line_of(each: _Command) -> str:
    return prose(each.command.get_short_help_str(limit=120))


def _options(each: _Command) -> tuple[str, ...]:
    rows = [_option(each, parameter) for parameter in each.command.params if isinstance(parameter, click.Option)]
    shown = [row for row in rows if row is not None]
    return ("## Options", table(("option", "default", "meaning"), shown)) if shown else ()


def _option(each: _Command, parameter: click.Option) -> tuple[str, str, str] | None:
    record = parameter.get_help_record(each.context)
    if record is None:
        return None
    extra = parameter.get_help_extra(each.context)
    meaning = prose(parameter.help or "")
    notes = [
        *(["may be given several times"] if parameter.multiple and "several times" not in meaning else []),
        *[f"environment: {code(name)}" for name in _environment(parameter)],
        *([extra["range"]] if "range" in extra else []),
        *(["required"] if extra.get("required") else []),
    ]
    default = code(extra["default"]) if "default" in extra else "–"
    return code(record[0]), default, f"{meaning} ({'; '.join(notes)})" if notes else meaning


def _environment(option: click.Option) -> list[str]:
    named = option.envvar
    return [named] if isinstance(named, str) else list(named or ())


def _exit_codes(text: HelpText) -> str:
    general = "[What every command can give](README.md#exit-codes)."
    if not text.exit_codes:
        return general
    return page(
        table(("code", "means"), [(code(str(n)), prose(meaning)) for n, meaning in sorted(text.exit_codes)]), general
    )


def _up(each: _Command) -> str:
    group = [f"[{PROGRAM} {each.words[0]}]({each.words[0]}.md)"] if len(each.words) > 1 else []
    return " · ".join([*group, "[all commands](README.md)"])


def _index(found: list[_Command], root: click.Context) -> str:
    sections = dict.fromkeys(entry.section for entry in COMMANDS.values())
    blocks: list[str] = []
    for section in sections:
        names = {name for name, entry in COMMANDS.items() if entry.section == section}
        blocks += [f"## {section}", _listed([each for each in found if each.words[0] in names])]
    text = read_help(root_command.help or "")
    whole = _Command(words=(), command=root_command, context=root)
    return page(
        _NOTE,
        "# Commands",
        *text.blocks,
        *blocks,
        *_options(whole),
        "They stand before the command. `--help`, or `-h`, may follow any command.",
        "## Exit codes",
        table(("code", "means"), [(code(str(n)), prose(meaning)) for n, meaning in text.exit_codes]),
    )
