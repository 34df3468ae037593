"""Lists whole populations, such as all versions of a model, and shows that none is missing.

MLflow states no total. So the population is listed twice, forwards and backwards with pages of different sizes: a page
that comes twice, or rows that are lost between pages, make the two differ, and it is listed again, within a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tolbooth.collect.mlflow.asking import Asking
from tolbooth.collect.mlflow.client import Source
from tolbooth.collect.mlflow.ipe import record
from tolbooth.collect.mlflow.run import experiment_identifier, identifier
from tolbooth.model.errors import CollectError
from tolbooth.model.observation import Gap, IpeRecord
from tolbooth.model.wire import JsonObject

KIND = "population"

_PAGE_SIZES = (200, 173)
_MOST_ROWS = 50_000
_SHOWN = 20

AskPage = Callable[[str, int, str | None], Any]
"""Asks for one page: the order (``ASC`` or ``DESC``), the page's size, its token; gives objects and ``token``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """All objects of one kind, by id in their order; ``gap`` says why it may not be all.

    ``removed`` are those that MLflow still lists as deleted, or, for versions, numbers that are no longer given.
    """

    of: str
    ids: tuple[str, ...]
    removed: int
    ipe: IpeRecord
    gap: Gap | None

    @property
    def values(self) -> JsonObject:
        """What an observation says of it."""
        return {
            "system": "mlflow",
            "of": self.of,
            "count": len(self.ids),
            "removed": self.removed,
            "complete": self.ipe.complete is True,
        }


@dataclass(frozen=True, slots=True)
class _Pass:
    ids: frozenset[str]
    received: int
    pages: int

    @property
    def duplicates(self) -> int:
        return self.received - len(self.ids)


def model_versions(source: Source, model: str, *, about: str, page_sizes: tuple[int, int] = _PAGE_SIZES) -> Population:
    """All versions of a registered model.

    Versions are numbered one by one, so numbers that are missing below the highest were deleted, or are hidden.

    Raises:
        SourceError: if a page can't be had.
    """
    condition = "name='{}'".format(model.replace("'", "\\'"))

    def page(order: str, size: int, token: str | None) -> Any:
        return source.client.search_model_versions(
            filter_string=condition, max_results=size, order_by=[f"version_number {order}"], page_token=token
        )

    query = f"search_model_versions(filter_string={source.withheld.text(condition)!r}, order_by=['version_number ASC'])"
    first, second, rounds = _two_passes(source, page, lambda each: source.withheld.text(str(each.version)), page_sizes)
    ids = tuple(sorted(first.ids | second.ids, key=_number))
    highest = max((_number(each)[0] for each in ids), default=0)
    return _population(
        source,
        of="model-versions",
        about=about,
        query=query,
        ids=ids,
        passes=(first, second),
        rounds=rounds,
        page_sizes=page_sizes,
        removed=max(0, highest - len(ids)),
        blind_spots=("Deleted versions are not listed; numbers that are missing show how many.",),
    )


def runs(source: Source, experiment_id: str, *, about: str, page_sizes: tuple[int, int] = _PAGE_SIZES) -> Population:
    """All runs of an experiment, the deleted ones among them as far as MLflow still has them.

    Raises:
        SourceError: if a page can't be had.
    """
    deleted: set[str] = set()

    def page(order: str, size: int, token: str | None) -> Any:
        found = source.client.search_runs(
            [experiment_id],
            run_view_type=_ALL_RUNS,
            max_results=size,
            order_by=[f"attributes.start_time {order}"],
            page_token=token,
        )
        deleted.update(each.info.run_id for each in found if each.info.lifecycle_stage == "deleted")
        return found

    named = experiment_identifier(experiment_id, source.withheld)
    query = f"search_runs([{named!r}], run_view_type=ALL, order_by=['attributes.start_time ASC'])"
    first, second, rounds = _two_passes(
        source, page, lambda each: identifier(each.info.run_id, source.withheld), page_sizes
    )
    return _population(
        source,
        of="runs",
        about=about,
        query=query,
        ids=tuple(sorted(first.ids | second.ids)),
        passes=(first, second),
        rounds=rounds,
        page_sizes=page_sizes,
        removed=len(deleted),
        blind_spots=("Runs that were removed for good (mlflow gc) leave no trace.",),
    )


_ALL_RUNS = 3  # mlflow.entities.ViewType.ALL, part of its wire format


def _two_passes(
    source: Source, page: AskPage, key: Callable[[Any], str], page_sizes: tuple[int, int]
) -> tuple[_Pass, _Pass, int]:
    """List forwards and backwards until both agree without a duplicate, as often as our patience allows."""
    attempts = source.asking.patience.attempts
    for rounds in range(1, attempts + 1):
        if rounds > 1:
            source.asking.pause(rounds)
        first = _one_pass(source.asking, page, key, "ASC", page_sizes[0])
        second = _one_pass(source.asking, page, key, "DESC", page_sizes[1])
        if rounds == attempts or (first.ids == second.ids and not first.duplicates and not second.duplicates):
            break
    return first, second, rounds


def _one_pass(asking: Asking, page: AskPage, key: Callable[[Any], str], order: str, size: int) -> _Pass:
    ids: list[str] = []
    pages = 0
    for found in _pages(asking, page, order, size):
        pages += 1
        ids += [key(each) for each in found]
        if len(ids) > _MOST_ROWS:
            raise CollectError.of("collect.mlflow-many-rows", f"MLflow lists more than {_MOST_ROWS} objects")
    return _Pass(frozenset(ids), len(ids), pages)


def _pages(asking: Asking, page: AskPage, order: str, size: int) -> Iterator[Any]:
    token: str | None = None
    seen: set[str] = set()
    while True:
        found = asking.ask("a page of a list", lambda token=token: page(order, size, token))  # type: ignore[misc]
        yield found
        token = found.token
        # A token that comes again would lead round in circles; what is lost by stopping, the other pass shows.
        if not token or token in seen:
            return
        seen.add(token)


def _number(version: str) -> tuple[int, str]:
    return (int(version), version) if version.isdecimal() else (0, version)


def _population(
    source: Source,
    *,
    of: str,
    about: str,
    query: str,
    ids: tuple[str, ...],
    passes: tuple[_Pass, _Pass],
    rounds: int,
    page_sizes: tuple[int, int],
    removed: int,
    blind_spots: tuple[str, ...],
) -> Population:
    first, second = passes
    complete = first.ids == second.ids and not first.duplicates and not second.duplicates
    ipe = record(
        source,
        query=query,
        unit=of,
        keys=sorted(first.ids),
        counted=len(ids),
        response=list(ids),
        check="Listed forwards, and again backwards with pages of another size; the two were compared by id.",
        complete=complete,
        pages=first.pages,
        parameters={
            "page_sizes": list(page_sizes),
            "rounds": rounds,
            "rows_forwards": first.received,
            "rows_backwards": second.received,
            "duplicates": first.duplicates + second.duplicates,
            "only_forwards": sorted(first.ids - second.ids)[:_SHOWN],
            "only_backwards": sorted(second.ids - first.ids)[:_SHOWN],
        },
        transformations=("Only ids were kept.",),
        blind_spots=blind_spots,
    )
    gap = None if complete else _gap(about, of, passes, ids, rounds)
    return Population(of=of, ids=ids, removed=removed, ipe=ipe, gap=gap)


def _gap(about: str, of: str, passes: tuple[_Pass, _Pass], ids: tuple[str, ...], rounds: int) -> Gap:
    first, second = passes
    message = (
        f"MLflow's list of {of} is not reliable: listed {rounds} times in both directions, last "
        f"{len(first.ids)} forwards and {len(second.ids)} backwards of {len(ids)} that it named in all, with "
        f"{first.duplicates + second.duplicates} named twice"
    )
    return Gap(kind=KIND, about=about, code="collect.mlflow-population", message=message)
