"""Counts of combinations, added up over batches whose codes mean something else each time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable

import numpy as np
import pyarrow as pa
import pytest

from tolbooth.measure.fairness import cells
from tolbooth.measure.fairness.cells import Cells
from tolbooth.measure.fairness.columns import CodedColumn, IntArray

COLUMNS = 3


class Poured(Counter[tuple[Hashable, ...]]):
    def take(self, values: tuple[Hashable, ...], n: int) -> None:
        self[values] += n


def add(target: Cells, dictionaries: list[list[str | None]], rows: list[tuple[int, ...]]) -> None:
    """A batch: each row's codes, and what they stand for."""
    codes = np.array(rows, dtype=np.int32).reshape(len(rows), COLUMNS).T
    columns = [
        CodedColumn(np.ascontiguousarray(column), len(each), len(each))
        for column, each in zip(codes, dictionaries, strict=True)
    ]

    def name(column: int, codes: IntArray) -> list[str | None]:
        return [dictionaries[column][code] for code in codes]

    target.add([pa.array(each, pa.string()) for each in dictionaries], columns, name)


@pytest.mark.parametrize("kernel", ["on", "off"])
@pytest.mark.parametrize("room", [1, 30, 300, 1 << 18])
@pytest.mark.parametrize("seed", range(5))
def test_the_sums_are_those_of_the_rows_however_little_room_there_is(
    seed: int, room: int, kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLBOOTH_KERNEL", kernel)
    monkeypatch.setattr(cells, "DENSE_CELLS", room)
    chance = random.Random(seed)
    poured, wanted = Poured(), Counter[tuple[Hashable, ...]]()
    target = Cells(COLUMNS, poured.take)
    for _ in range(20):
        letters = [chance.choices("abcdefghij", k=chance.randint(1, 6)) for _ in range(COLUMNS)]
        dictionaries = [[*each, None] for each in letters]  # a category may stand in it twice
        for _ in range(chance.randint(1, 3)):
            rows = [tuple(chance.randrange(len(each)) for each in dictionaries) for _ in range(chance.randint(0, 50))]
            wanted.update(tuple(names[code] for names, code in zip(dictionaries, row, strict=True)) for row in rows)
            add(target, dictionaries, rows)
    target.gather()
    assert poured or target.most == len(wanted)
    target.empty()
    assert poured == wanted
    assert target.most == 0


def test_only_values_that_have_rows_are_asked_for_and_once() -> None:
    poured, asked = Poured(), []

    def name(column: int, codes: IntArray) -> list[str]:
        asked.append((column, codes.tolist()))
        return [f"value {code}" for code in codes]

    target = Cells(1, poured.take)
    same = [pa.array(["a", "b", "c"])]
    for codes in ([1, 1], [1], [0, 1, 0, 0]):
        target.add(same, [CodedColumn(np.array(codes), 3, 3)], name)
    target.empty()
    assert asked == [(0, [0, 1])]
    assert poured == {("value 0",): 3, ("value 1",): 4}


def test_a_value_that_may_be_refused_is_asked_for_in_its_own_batch() -> None:
    asked = []

    def name(column: int, codes: IntArray) -> list[str]:
        asked.append((column, codes.tolist()))
        return [f"value {code}" for code in codes]

    target = Cells(1, Poured().take)
    for codes in ([1, 1], [1], [0, 1]):
        target.add([pa.array([b"a", b"\xff", b"c"])], [CodedColumn(np.array(codes), 3, 3)], name)
    assert asked == [(0, [1]), (0, [0])]
