"""Populations: two passes that must agree, duplicates, circles, and what the record says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tolbooth.collect.mlflow.asking import Asking
from tolbooth.collect.mlflow.client import Source
from tolbooth.collect.mlflow.population import Population, model_versions, runs
from tolbooth.collect.mlflow.wanted import Patience
from tolbooth.model.digest import sha256_hex
from tolbooth.model.errors import CollectError
from tolbooth.model.withholding import Withheld


class Page(list[Any]):
    def __init__(self, rows: list[Any], token: str | None) -> None:
        super().__init__(rows)
        self.token = token


class Registry:
    """A client over version numbers; ``spoil`` is given each page and may change it."""

    def __init__(self, versions: list[int], spoil: Any = None) -> None:
        self._versions = versions
        self._spoil = spoil or (lambda order, start, page: page)
        self.asked: list[str | None] = []

    def search_model_versions(
        self, *, filter_string: str, max_results: int, order_by: list[str], page_token: str | None
    ) -> Page:
        self.asked.append(page_token)
        order = order_by[0].split()[1]
        rows = sorted(self._versions, reverse=order == "DESC")
        start = int(page_token or 0)
        found = [SimpleNamespace(version=row) for row in rows[start : start + max_results]]
        after = start + max_results
        page: Page = self._spoil(order, start, Page(found, str(after) if after < len(rows) else None))
        return page

    def search_runs(self, ids: list[str], **more: Any) -> Page:
        def run(number: int) -> Any:
            stage = "deleted" if number == 1 else "active"
            return SimpleNamespace(info=SimpleNamespace(run_id=f"{number:032x}", lifecycle_stage=stage))

        assert more["run_view_type"] == 3
        return Page([run(number) for number in self._versions], None)


def source(client: Any) -> Source:
    return Source(
        client=client,
        asking=Asking(Patience(attempts=3, pause_seconds=0.0), remote=False),
        withheld=Withheld(),
        uri="http://example.org",
        instance="http://example.org",
        identity="none",
        folder=Path(),
        trusted_files=False,
        client_version="3.17.2",
    )


def listed(versions: list[int], spoil: Any = None, pages: tuple[int, int] = (3, 2)) -> Population:
    return model_versions(source(Registry(versions, spoil)), "m", about="m", page_sizes=pages)


def test_a_whole_list_is_complete_with_totals_over_sorted_ids() -> None:
    found = listed([1, 2, 3, 5, 10])
    assert found.ids == ("1", "2", "3", "5", "10")
    assert found.removed == 5
    assert found.gap is None
    ipe = found.ipe
    assert (ipe.returned, ipe.reported_total, ipe.pages, ipe.complete, ipe.unit) == (5, 5, 2, True, "model-versions")
    assert ipe.totals.keys_sha256 == sha256_hex(b"1\n10\n2\n3\n5\n")
    assert (ipe.parameters["rounds"], ipe.parameters["duplicates"]) == (1, 0)
    assert ipe.query == "search_model_versions(filter_string=\"name='m'\", order_by=['version_number ASC'])"


def test_an_empty_list_is_complete_and_empty() -> None:
    found = listed([])
    assert (found.ids, found.removed, found.gap, found.ipe.complete) == ((), 0, None, True)
    assert (found.ipe.totals.count, found.ipe.totals.first) == (0, None)


def test_a_row_lost_in_one_direction_only_is_missed_by_the_other() -> None:
    def loses(order: str, start: int, page: Page) -> Page:
        return Page(page[1:], page.token) if order == "ASC" and start == 3 else page

    found = listed([1, 2, 3, 4, 5, 6], loses)
    assert found.gap is not None
    assert (found.ipe.returned, found.ipe.reported_total, found.ipe.complete) == (5, 6, False)
    assert found.ipe.parameters["only_backwards"] == ["4"]
    assert "3 times" in found.gap.message
    assert "5 forwards and 6 backwards of 6" in found.gap.message


def test_a_page_that_comes_twice_is_never_complete_even_if_nothing_seems_missing() -> None:
    def doubles(order: str, start: int, page: Page) -> Page:
        return Page([*page, *page], page.token)

    found = listed([1, 2, 3], doubles)
    assert found.gap is not None
    assert found.ipe.complete is False
    assert (found.ipe.returned, found.ipe.parameters["rows_forwards"]) == (3, 6)


def test_a_list_that_grew_between_the_passes_is_listed_again_and_then_complete() -> None:
    versions = [1, 2, 3]

    def grows(order: str, start: int, page: Page) -> Page:
        if order == "ASC" and len(versions) == 3:
            versions.append(4)
        return page

    found = listed(versions, grows, pages=(9, 9))
    assert found.gap is None
    assert (found.ids, found.ipe.parameters["rounds"]) == (("1", "2", "3", "4"), 2)


def test_a_token_that_leads_in_circles_ends() -> None:
    registry = Registry([1, 2, 3, 4, 5], lambda order, start, page: Page(page, "3"))
    found = model_versions(source(registry), "m", about="m", page_sizes=(3, 2))
    assert found.gap is not None
    assert len(registry.asked) < 30


def test_a_list_without_an_end_is_refused() -> None:
    def endless(order: str, start: int, page: Page) -> Page:
        rows = [SimpleNamespace(version=start * 10_000 + number) for number in range(10_000)]
        return Page(rows, str(start + 1))

    with pytest.raises(CollectError) as caught:
        listed([1], endless)
    assert caught.value.code == "collect.mlflow-many-rows"


def test_deleted_runs_are_in_the_population_and_counted() -> None:
    found = runs(source(Registry([1, 2, 3])), "0", about="m")
    assert (len(found.ids), found.removed, found.gap) == (3, 1, None)
    assert found.values == {"system": "mlflow", "of": "runs", "count": 3, "removed": 1, "complete": True}


def test_a_quote_in_a_models_name_stays_inside_the_filter() -> None:
    asked: list[str] = []

    class Listening(Registry):
        def search_model_versions(self, **more: Any) -> Page:
            asked.append(more["filter_string"])
            return super().search_model_versions(**more)

    model_versions(source(Listening([1])), "it's", about="m")
    assert asked[0] == "name='it\\'s'"
