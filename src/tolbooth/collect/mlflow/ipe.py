"""The IPE record of what MLflow answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tolbooth import __version__
from tolbooth.collect.mlflow.client import Source
from tolbooth.evidence.canonical import canonical_sha256
from tolbooth.model.digest import sha256_hex
from tolbooth.model.observation import CollectionMode, ControlTotals, IpeRecord
from tolbooth.model.wire import JsonObject

WITHHOLDING = "Fields off the allow-list were left out, and secrets and personal data withheld, before digesting."


def control_totals(keys: Iterable[str]) -> ControlTotals:
    """Count, first, last and digest of the keys, each once, sorted as text."""
    ordered = sorted(set(keys))
    return ControlTotals(
        count=len(ordered),
        first=ordered[0] if ordered else None,
        last=ordered[-1] if ordered else None,
        keys_sha256=sha256_hex("".join(f"{key}\n" for key in ordered).encode()),
    )


def record(
    source: Source,
    *,
    query: str,
    unit: str,
    keys: Sequence[str],
    counted: int | None,
    response: object,
    check: str,
    complete: bool | None,
    pages: int = 1,
    parameters: JsonObject | None = None,
    transformations: tuple[str, ...] = (WITHHOLDING,),
    blind_spots: tuple[str, ...] = (),
) -> IpeRecord:
    """Make the record of one answer.

    Args:
        source: who answered.
        query: the call of MLflow's client, word for word, but with what is withheld already withheld.
        unit: what ``keys`` are.
        keys: the objects that were received, each once.
        counted: how many objects the source says that there are; None if it does not say.
        response: what was kept of the answer; its canonical form is digested, or its digest if it is one.
        check: what was compared with what.
        complete: whether received and counted agree; None where nothing could be compared.
        pages: answers that the objects came in.
        parameters: what the query does not say.
        transformations: what was done to the answer.
        blind_spots: what MLflow can't show.
    """
    return IpeRecord(
        system="mlflow",
        instance=source.instance,
        query=query,
        collector=f"collect.mlflow with mlflow {source.client_version}",
        collector_version=__version__,
        identity=source.identity,
        mode=CollectionMode.PULL,
        unit=unit,
        returned=len(keys),
        reported_total=counted,
        pages=pages,
        totals=control_totals(keys),
        response_sha256=response if isinstance(response, str) else canonical_sha256(response),
        completeness_check=check,
        complete=complete,
        parameters=parameters or {},
        transformations=transformations,
        blind_spots=blind_spots,
    )
