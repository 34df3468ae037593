"""What changed between two bases, in words: why an approval of one says nothing about the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tolbooth.decide.basis import basis_document
from tolbooth.model.decision import Decision
from tolbooth.model.digest import short

_Key = tuple[str, str | None]


def basis_difference(before: Decision, after: Decision) -> tuple[str, ...]:
    """Each difference as a sentence: subject, place, policy, rules and terms with their values and facts, waivers.

    Nothing, if the bases are the same; never nothing, if they differ.
    """
    first, second = _document(before), _document(after)
    return (
        *_subject(first["subject"], second["subject"]),
        *(
            f"the {name} is '{second[name]}', and was '{first[name]}'"
            for name in ("gate", "environment")
            if first[name] != second[name]
        ),
        *_policy(first["policy_sha256"], second["policy_sha256"]),
        *_results(_by_term(first), _by_term(second)),
        *_waivers(before, after),
    )


def _document(decision: Decision) -> dict[str, Any]:
    return basis_document(decision.case, decision.results, decision.waivers)


def _subject(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    if before["digest"] != after["digest"]:
        old, new = (short(next(iter(each["digest"].values()))) for each in (before, after))
        yield f"the subject is {after['name']} with digest {new}, and was {before['name']} with digest {old}"
    for name in sorted((before.keys() | after.keys()) - {"digest"}):
        if before.get(name) != after.get(name):
            yield f"the subject's {name} is '{after.get(name)}', and was '{before.get(name)}'"


def _policy(before: str, after: str) -> Iterator[str]:
    if before != after:
        yield f"the policy is {short(after)}, and was {short(before)}: a rule, a parameter or an enforcement changed"


def _by_term(document: Mapping[str, Any]) -> dict[_Key, list[dict[str, Any]]]:
    found: dict[_Key, list[dict[str, Any]]] = {}
    for result in document["results"]:
        found.setdefault((result["rule"], result.get("term")), []).append(result)
    return found


def _results(before: Mapping[_Key, Any], after: Mapping[_Key, Any]) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys(), key=lambda each: (each[0], each[1] or "")):
        old, new = before.get(key, []), after.get(key, [])
        if old == new:
            continue
        name = _name(key)
        if not old:
            yield f"{name} is judged now ({_outcomes(new)}), and was not"
        elif not new:
            yield f"{name} is not judged any more, and was ({_outcomes(old)})"
        else:
            yield from _changed(name, old, new)


def _changed(name: str, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[str]:
    told = False
    if _outcomes(old) != _outcomes(new):
        told = True
        yield f"{name}: {_outcomes(new)}, and was {_outcomes(old)}"
    measured = [_measured(each) for each in (old, new)]
    if measured[0] != measured[1]:
        told = True
        yield f"{name}: measured {measured[1]}, and was {measured[0]}"
    for value, first, second in _values(old, new):
        told = True
        yield f"{name}: {value} is {second}, and was {first}"
    if [each["facts"] for each in old] != [each["facts"] for each in new]:
        told = True
        yield f"{name}: it read other content"
    if not told:
        yield f"{name}: what it found is another"


def _values(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Plain values that differ; longer ones are told by the outcome and the facts."""
    for first, second in zip(old, new, strict=False):
        values = [each["values"] if isinstance(each.get("values"), Mapping) else {} for each in (first, second)]
        for name in sorted(values[0].keys() | values[1].keys()):
            pair = [each.get(name, "nothing") for each in values]
            if pair[0] != pair[1] and all(isinstance(each, (str, int, float)) for each in pair):
                yield name, str(pair[0]), str(pair[1])


def _outcomes(results: list[dict[str, Any]]) -> str:
    return ", ".join(f"{each['outcome']}{_because(each)}" for each in results)


def _because(result: Mapping[str, Any]) -> str:
    reason = result.get("reason") or result.get("error_code")
    return f" ({reason})" if reason else ""


def _measured(results: list[dict[str, Any]]) -> str:
    found = [each["measured"] for each in results if each.get("measured")]
    return ", ".join(f"{each['value']} {each['unit']} against {each['bound']}" for each in found) or "nothing"


def _waivers(before: Decision, after: Decision) -> Iterator[str]:
    old, new = ({(w.waiver_sha256, w.rule, w.term): w.waiver_id for w in each.waivers} for each in (before, after))
    for key in sorted(new.keys() - old.keys(), key=str):
        yield f"the waiver {new[key]} covers {_name(key[1:])} now, and did not"
    for key in sorted(old.keys() - new.keys(), key=str):
        yield f"the waiver {old[key]} covers {_name(key[1:])} no more"


def _name(key: tuple[str, str | None]) -> str:
    return f"{key[0]} on {key[1]}" if key[1] is not None else key[0]
