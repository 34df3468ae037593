"""What the reference pages are made with: the tutorial's blocks, its masks, and click's help as Markdown."""

from __future__ import annotations

import pytest

from scripts.reference.examples import examples
from scripts.reference.help_text import read_help
from scripts.reference.markdown import page, table
from scripts.reference.tutorial import Call, Console, Edit, Program, differing_line, read_blocks

PAGE = """
```python
# train.py
print("trained")
```

```diff train.py
-print("trained")
+print("trained well")
```

```sh
rm -rf never-run
```

```console
$ tolbooth gate release
May be released.

$ echo $?
0
```
"""


def test_blocks_are_read_in_order_and_those_for_reading_are_left_out() -> None:
    assert list(read_blocks(PAGE)) == [
        Program(name="train.py", text='# train.py\nprint("trained")\n'),
        Edit(name="train.py", old='print("trained")\n', new='print("trained well")\n'),
        Console(
            calls=(
                Call(command="tolbooth gate release", output=("May be released.", "")),
                Call(command="echo $?", output=("0",)),
            )
        ),
    ]


@pytest.mark.parametrize("text", ["```python\nprint()\n```\n", "```console\nMay be released.\n```\n"])
def test_a_block_that_nobody_could_follow_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="begins with a"):
        list(read_blocks(text))


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        (["decision … · log entry 4"], ["decision ea4fb295517d · log entry 4"]),
        (["as of …"], ["as of 2026-11-23 08:13:45Z"]),
        (["committed … before"], ["committed 16 s before"]),
        (["  pack   …/a.zip"], ["  pack   /home/ana/progression/a.zip"]),
        (["a", "…", "z"], ["a", "b", "", "c", "z"]),
        (["…"], ["a", "b"]),
        ([], []),
    ],
)
def test_what_differs_between_two_runs_is_masked(said: list[str], printed: list[str]) -> None:
    assert differing_line(tuple(said), tuple(printed)) is None


@pytest.mark.parametrize(
    ("said", "printed", "difference"),
    [
        (["15/48  31.3 %"], ["16/48  33.3 %"], "15/48"),
        (["May be …"], ["May be released."], "May be"),
        (["… rules pass"], ["10 rules pass"], "rules pass"),
        (["a", "z"], ["a", "b", "z"], "'z'"),
        (["a", "…"], ["a"], "…"),
        (["a"], ["a", "b"], "more is printed"),
        ([], ["warning"], "more is printed"),
        (["a"], [], "'a'"),
    ],
)
def test_what_the_page_says_otherwise_is_named(said: list[str], printed: list[str], difference: str) -> None:
    assert difference in (differing_line(tuple(said), tuple(printed)) or "")


def test_an_example_is_the_first_call_of_its_command_cut_where_it_is_long() -> None:
    long = "\n".join(f"line {n}" for n in range(20))
    text = f"```console\n$ tolbooth log verify a\nfirst\n$ tolbooth log verify b\n$ tolbooth gate\n{long}\n```\n"
    found = examples(text)
    assert found["log verify"] == "$ tolbooth log verify a\nfirst"
    assert found["gate"].splitlines()[-2:] == ["line 11", "…"]
    assert "verify" not in found


def test_help_becomes_paragraphs_blocks_and_exit_codes() -> None:
    text = read_help(
        "Decide it.\n\nLonger text that\nclick wraps, with <angles>.\n\n\b\n  tolbooth gate\n    --output json\n\n"
        "\b\nExit codes: 0 clean, harmless may be listed; 5 not clean,\n6 can't be read."
    )
    assert text.blocks == (
        "Decide it.",
        r"Longer text that click wraps, with \<angles\>.",
        "```text\ntolbooth gate\n  --output json\n```",
    )
    assert text.exit_codes == ((0, "clean, harmless may be listed"), (5, "not clean"), (6, "can't be read"))


def test_a_bar_in_a_cell_ends_no_cell() -> None:
    assert table(("a",), [("x|y",)]).splitlines()[-1] == r"| x\|y |"


def test_empty_blocks_leave_no_gap() -> None:
    assert page("# A", "", "b\n", "c") == "# A\n\nb\n\nc\n"
