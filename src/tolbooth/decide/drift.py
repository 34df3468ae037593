"""What is not as a decision left it: aliases and deployments as they are, held against promotions and decisions.

Pure: what was read and what the log knows come in, findings come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tolbooth.decide.promotion import Held, OnRecord, Wanted, endings, refusals, same_digest
from tolbooth.evidence.moves import Finding, Promotion, Seen
from tolbooth.model.decision import Verdict
from tolbooth.model.deployment import AliasState, Deployment
from tolbooth.model.digest import DigestSet, short
from tolbooth.model.instant import format_instant

_TOLD = frozenset({"waiver-ended", "rejected"})
"""Endings that are told of what runs already: a yes that merely expired was for the move, and that was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What the log knows of a digest at the gate that governs a place.

    ``held`` is the last decision on it; None where there is none. ``others`` are all other decisions.
    """

    gate: str
    environment: str
    held: Held | None = None
    others: Sequence[OnRecord] = field(default=())


def alias_findings(
    name: str, state: AliasState, promoted: Promotion | None, before: Seen | None, cover: Cover
) -> tuple[Finding, ...]:
    """What is wrong with an alias.

    Args:
        name: what findings call the place.
        state: where it points now.
        promoted: the last promotion that put it somewhere; None where there was none.
        before: what the last sighting saw there; None where none looked.
        cover: what the log knows of the digest that lies there now.
    """
    gone = _gone(name, state, promoted, before)
    if gone is not None or state.version is None:
        return () if gone is None else (gone,)
    if not state.digest:
        message = f"version {state.version} can't be told by its content: {state.problem}"
        return (Finding(code="digest-unknown", place=name, message=message, version=state.version),)
    moved = tuple(_moved(name, state, promoted, before, cover))
    return moved or tuple(_uncovered(name, state.version, state.digest, cover))


def deployment_findings(deployment: Deployment, cover: Cover) -> tuple[Finding, ...]:
    """What is wrong with something that runs elsewhere."""
    place, version = deployment.place, deployment.version
    if not deployment.digest:
        message = f"{deployment.origin} names no digest, so nothing says which model runs"
        return (Finding(code="digest-unknown", place=place, message=message, version=version),)
    approved = _approved_otherwise(deployment, cover)
    if approved is not None:
        message = (
            f"version {version} runs with digest {_short(deployment.digest)}; "
            f"the one that was allowed has {short(approved.digest)}"
        )
        return (
            Finding(code="digest-changed", place=place, message=message, version=version, digest=deployment.digest),
        )
    return tuple(_uncovered(place, version, deployment.digest, cover))


def deleted_versions(name: str, state: AliasState, earlier: Sequence[Promotion]) -> tuple[Finding, ...]:
    """Versions that were promoted here once and that the registry has no more: told once, for nothing brings them back.

    The one that should stand here now is not among ``earlier``; those of another model of that name don't count.
    """
    same = [each for each in earlier if each.model_created_ms == state.registered.created_ms]
    lost = {each.to_version: each for each in same if each.to_version not in state.registered.versions}
    return tuple(
        Finding(
            code="version-deleted",
            place=name,
            message=f"version {version}, which stood here once, was deleted from the registry",
            lasting=False,
            version=version,
            digest=each.digest,
            decision_sha256=each.decision_sha256,
        )
        for version, each in lost.items()
    )


def _gone(name: str, state: AliasState, promoted: Promotion | None, before: Seen | None) -> Finding | None:
    """That a place is empty, or belongs to another model of the same name."""
    version = promoted.to_version if promoted is not None else before.version if before is not None else None
    made = promoted.model_created_ms if promoted is not None else before.model_created_ms if before else None
    if version is None or made is None:
        return None
    decision = promoted.decision_sha256 if promoted is not None else None
    there = state.registered

    def finding(code: str, message: str) -> Finding:
        return Finding(
            code=code,
            place=name,
            message=message,
            lasting=promoted is not None,
            version=version,
            decision_sha256=decision,
        )

    if there.created_ms is None:
        return finding("model-deleted", f"the registered model {there.model} is gone, and version {version} with it")
    if there.created_ms != made:
        at = format_instant(datetime.fromtimestamp(there.created_ms // 1000, UTC))
        now = f"version {state.version}" if state.version else "nothing"
        message = f"the registered model {there.model} was made anew at {at}, under the same name; here stands {now}"
        return finding("model-recreated", message)
    if state.version is None and version not in there.versions:
        return finding("version-deleted", f"version {version}, which should stand here, was deleted from the registry")
    if state.version is None:
        return finding("alias-removed", f"the alias was taken away; it should point to version {version}")
    return None


def _moved(
    name: str, state: AliasState, promoted: Promotion | None, before: Seen | None, cover: Cover
) -> Iterator[Finding]:
    """That another version stands here than was promoted, or other files than those of that version."""
    if promoted is not None and state.version != promoted.to_version:
        allowed = f"decision {short(cover.held.decision_sha256)} allows it" if _is_allowed(cover) and cover.held else ""
        told = f"; {allowed}, but nobody promoted it" if allowed else ", and no decision allows it"
        yield Finding(
            code="alias-moved",
            place=name,
            message=f"it points to version {state.version}, not to {promoted.to_version}, which was promoted{told}",
            version=state.version,
            digest=state.digest,
            decision_sha256=cover.held.decision_sha256 if cover.held is not None else None,
        )
        return
    was = promoted.digest if promoted is not None else _digest_before(state, before)
    if was and not same_digest(was, state.digest):
        yield Finding(
            code="digest-changed",
            place=name,
            message=f"the files of version {state.version} were replaced: digest {_short(state.digest)}, "
            f"where {_short(was)} {'was promoted' if promoted is not None else 'was seen before'}",
            lasting=promoted is not None or not _is_allowed(cover),
            version=state.version,
            digest=state.digest,
            decision_sha256=promoted.decision_sha256 if promoted is not None else None,
        )


def _digest_before(state: AliasState, before: Seen | None) -> DigestSet:
    return before.digest if before is not None and before.version == state.version else {}


def _is_allowed(cover: Cover) -> bool:
    return cover.held is not None and cover.held.allows


def _approved_otherwise(deployment: Deployment, cover: Cover) -> OnRecord | None:
    """The last decision that allowed this version with another digest, where none is about the digest that runs."""
    if cover.held is not None or deployment.version is None:
        return None
    about = (cover.gate, cover.environment, deployment.version)
    allowed = [each for each in cover.others if each.verdict is Verdict.ALLOW]
    named = [each for each in allowed if (each.gate, each.environment, each.version) == about]
    return named[-1] if named else None


def _uncovered(name: str, version: str | None, digest: DigestSet, cover: Cover) -> Iterator[Finding]:
    """That no decision allows what runs, or that the one that did has lost a waiver or met a rejection since."""
    held = cover.held
    if held is None or not held.is_signed or held.decision.verdict is not Verdict.ALLOW:
        wanted = Wanted(gate=cover.gate, environment=cover.environment, digest=digest, version=version or "")
        yield Finding(
            code="no-decision" if held is None else "not-allowed",
            place=name,
            message=f"runs {_named(version, digest)}: {refusals(wanted, held, cover.others)[0].message}",
            version=version,
            digest=digest,
            decision_sha256=None if held is None else held.decision_sha256,
        )
        return
    for each in endings(held):
        if each.code in _TOLD or held.revoked:
            yield Finding(
                code=each.code if each.code in _TOLD else "approval-revoked",
                place=name,
                message=f"runs {_named(version, digest)} on decision {short(held.decision_sha256)}: {each.message}",
                version=version,
                digest=digest,
                decision_sha256=held.decision_sha256,
                detail=each.detail,
            )


def _named(version: str | None, digest: DigestSet) -> str:
    return f"version {version}, digest {_short(digest)}" if version else f"digest {_short(digest)}"


def _short(digest: DigestSet) -> str:
    return short(next(iter(digest.values())))
