"""The reference pages are those that the product makes of itself now, and say nothing twice."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import click
import pytest

from scripts.reference.pages import DOCS, changed, made_pages, write
from scripts.reference.rule_pages import REQUIRED, SECTIONS, own_sections
from tolbooth.cli.main import tolbooth as root_command
from tolbooth.judge.library.load import built_in_library

RULES = built_in_library().rules
PAGES = made_pages()
SHORTEST = 30
"""Characters from which on a sentence counts as one: shorter ones are words of a table or a command."""


def test_pages_in_the_tree_are_those_that_the_product_makes() -> None:
    differing = changed(PAGES, DOCS)
    assert differing == (), f"run 'make docs': {', '.join(differing)}"


def test_a_page_that_is_missing_altered_or_left_over_is_named_and_mended(tmp_path: Path) -> None:
    write(PAGES, tmp_path)
    assert changed(PAGES, tmp_path) == ()
    (tmp_path / "rules" / "data.digests.md").unlink()
    (tmp_path / "commands" / "gate.md").write_text("# Old\n", encoding="utf-8")
    (tmp_path / "commands" / "gone.md").write_text("# Gone\n", encoding="utf-8")
    named = ("commands/gate.md", "commands/gone.md", "rules/data.digests.md")
    assert changed(PAGES, tmp_path) == named
    write(PAGES, tmp_path)
    assert changed(PAGES, tmp_path) == ()


def test_every_rule_has_a_page_that_the_index_links() -> None:
    assert {f"rules/{code}.md" for code in RULES} == {name for name in PAGES if name.startswith("rules/")} - {
        "rules/README.md"
    }
    assert [code for code in RULES if f"({code}.md)" not in PAGES["rules/README.md"]] == []


@pytest.mark.parametrize("code", RULES)
def test_a_rule_s_page_holds_all_that_metadata_says(code: str) -> None:
    rule, page = RULES[code], PAGES[f"rules/{code}.md"]
    assert page.count(f"\n# {rule.title}\n") == 1
    said = [rule.solution, rule.description.removeprefix("Asks that ")]
    said += [f"| `{each.name}` |" for each in rule.parameters] + [each.description for each in rule.parameters]
    said += [f"`{name}`" for name in (*rule.controls, *rule.collections, *rule.depends_on)]
    assert [text for text in said if text not in page] == []


@pytest.mark.parametrize("code", RULES)
def test_a_rule_s_own_page_has_only_what_metadata_does_not_say(code: str) -> None:
    own = own_sections(RULES[code])
    assert set(REQUIRED) <= set(own) <= set(SECTIONS)
    text = "\n".join(own.values())
    assert [control for control in RULES[code].controls if control in text] == []


@pytest.mark.parametrize("name", [name for name in PAGES if not name.endswith("README.md")])
def test_no_page_says_a_sentence_twice(name: str) -> None:
    prose = re.sub(r"^(?:```.*?^```|    .*?|\|.*?)$", "", PAGES[name], flags=re.DOTALL | re.MULTILINE)
    sentences = (" ".join(each.split()) for each in re.split(r"(?<=[.:;])\s+|\n\n", prose))
    counted = Counter(each for each in sentences if len(each) >= SHORTEST)
    assert [sentence for sentence, count in counted.items() if count > 1] == []


def commands(group: click.Group, context: click.Context, words: tuple[str, ...]) -> dict[str, click.Command]:
    """Every command below a group by its page's name."""
    found: dict[str, click.Command] = {}
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        inner = (*words, name)
        found["-".join(inner)] = command
        if isinstance(command, click.Group):
            found |= commands(command, click.Context(command, parent=context), inner)
    return found


COMMANDS = commands(root_command, click.Context(root_command, info_name="tolbooth"), ())


def test_every_command_has_a_page_that_the_index_links() -> None:
    assert {f"commands/{name}.md" for name in COMMANDS} == {name for name in PAGES if name.startswith("commands/")} - {
        "commands/README.md"
    }
    assert [name for name in COMMANDS if f"({name}.md)" not in PAGES["commands/README.md"]] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_stands_on_its_command_s_page_and_says_what_it_does(name: str) -> None:
    options = [each for each in COMMANDS[name].params if isinstance(each, click.Option) and not each.hidden]
    shown = [each for each in options if f"`{each.opts[0]}" in PAGES[f"commands/{name}.md"]]
    assert shown == options
    assert [each.opts[0] for each in options if not each.help] == []
