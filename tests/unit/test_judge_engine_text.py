"""Where the embedded engine's errors stand: it counts bytes, we count characters."""

from __future__ import annotations

import pytest

from tolbooth.judge.interface import Module, PolicyBundle
from tolbooth.judge.rego.embedded import EmbeddedEngine
from tolbooth.model.errors import JudgeError


@pytest.mark.parametrize(
    "line",
    ["1 ]", "\t1 ]", "\t\t1 ]", " \t1 ]", '"é"; 1 ]', '\t"日"; 1 ]', '\t\t"é日😀"; 1 ]', '\t"e\u0301"; 1 ]',
     '\t"a\u2028b"; 1 ]'],
)  # fmt: skip
def test_a_mistake_stands_at_its_character(line: str) -> None:
    text = f"package p\n\nr if {{\n{line}\n}}\n"
    with EmbeddedEngine() as engine, pytest.raises(JudgeError) as raised:
        engine.load(PolicyBundle(modules=(Module(path="p.rego", text=text),), data={}, packages=()))
    place = raised.value.problems[0].place
    assert place is not None
    assert (place.path, place.line, place.column) == ("p.rego", 4, line.index("]") + 1)
