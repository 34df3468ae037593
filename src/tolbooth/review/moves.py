"""The moves on a decision: say yes or no, abstain, take back. An illegal one names the precondition that it lacks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NoReturn

from tolbooth.model.approval import Verb
from tolbooth.model.decision import Decision
from tolbooth.model.errors import ReviewError
from tolbooth.model.instant import format_instant
from tolbooth.model.words import DecisionWord, Revocation
from tolbooth.review.approvals import REJECTIONS, duty_check, standing
from tolbooth.review.duties import DutyConflict
from tolbooth.review.spoken import Spoken
from tolbooth.review.standing import Matter, WordStanding
from tolbooth.review.withdrawal import require_author

YESES = frozenset({Verb.APPROVE, Verb.APPROVE_WITH_CONDITIONS})

REASONS = (
    "reviewed",
    "risk-accepted",
    "conditions-met",
    "evidence-insufficient",
    "risk-too-high",
    "out-of-scope",
    "other",
)
"""The taxonomy of reasons; what else is to be said, the comment says."""


def say(
    matter: Matter,
    decision: Decision,
    words: Sequence[Spoken[DecisionWord]],
    revocations: Sequence[Spoken[Revocation]],
    new: Spoken[DecisionWord],
) -> WordStanding:
    """Check a new word on ``decision``, which is the latest of its subject at this gate, and give its standing.

    Raises:
        DutyConflict: for a yes that breaks segregation of duties, with rule and persons.
        ReviewError: ``approval.*``, ``people.*`` or ``duties.unchecked``: the precondition that does not hold.
    """
    word = new.said
    _require_form(word, decision, matter)
    if word.verb in YESES:
        _require_open(decision)
    before = standing(matter, words, revocations)
    for each in before.words:
        same = (each.word.person, each.word.role, each.word.on_behalf_of) == (word.person, word.role, word.on_behalf_of)
        if each.counts and same and _is_same(each.word.verb, word.verb):
            hint = f"'tolbooth revoke {each.sha256[:12]}' takes it back"
            _refuse("approval.said-already", f"{word.person} said it at {format_instant(each.word.signed_at)}", hint)
    found = next(each for each in standing(matter, [*words, new], revocations).words if each.sha256 == new.sha256)
    if found.problem is not None:
        conflicts = duty_check(matter, word).conflicts if found.problem.code.startswith("duties.") else ()
        raise DutyConflict.between(conflicts) if conflicts else ReviewError(found.problem)
    return found


def take_back(
    matter: Matter,
    words: Sequence[Spoken[DecisionWord]],
    revocations: Sequence[Spoken[Revocation]],
    new: Spoken[Revocation],
) -> Spoken[DecisionWord]:
    """Check a revocation, and give the word that it takes back.

    Raises:
        ReviewError: ``revocation.unknown``, ``revocation.not-author``, ``revocation.already``, or ``people.*``.
    """
    word = next((each for each in words if each.sha256 == new.said.revokes_sha256), None)
    if word is None:
        hint = "'tolbooth approvals' lists what was said"
        _refuse("revocation.unknown", f"nobody said {new.said.revokes_sha256[:12]}", hint)
    require_author(matter.chain, word, new)
    for each in revocations:
        if each.said.revokes_sha256 == word.sha256 and _stands(matter, word, each):
            message = f"{word.said.person} took it back at {format_instant(each.said.signed_at)} already"
            _refuse("revocation.already", message, "nothing is left to take back")
    return word


def _stands(matter: Matter, word: Spoken[DecisionWord], revocation: Spoken[Revocation]) -> bool:
    try:
        require_author(matter.chain, word, revocation)
    except ReviewError:
        return False
    return True


def _is_same(before: Verb, after: Verb) -> bool:
    return (before in YESES and after in YESES) or (before in REJECTIONS and after in REJECTIONS)


def _require_form(word: DecisionWord, decision: Decision, matter: Matter) -> None:
    _require_meaning(word)
    if word.verb is Verb.APPROVE_WITH_CONDITIONS and not word.conditions:
        hint = "give each as --condition 'TEXT; OWNER; DUE'"
        _refuse("approval.condition-missing", "an approval with conditions names at least one", hint)
    if word.verb is not Verb.APPROVE_WITH_CONDITIONS and word.conditions:
        _refuse("approval.condition-stray", f"'{word.verb}' takes no conditions", "approve with conditions instead")
    _require_conditions(word, {result.rule for result in decision.results}, matter)


def _require_meaning(word: DecisionWord) -> None:
    if word.reason not in REASONS:
        _refuse("approval.reason", f"'{word.reason}' is no reason", f"one of: {', '.join(REASONS)}")
    if not word.meaning.strip():
        _refuse("approval.meaning", "a word says what it means", "such as 'I approve for release'")
    if word.reason == "other" and not (word.comment or "").strip():
        _refuse("approval.reason", "the reason 'other' needs a comment", "say why in --comment")


def _require_conditions(word: DecisionWord, rules: Collection[str], matter: Matter) -> None:
    version = matter.chain.at(matter.as_of)
    for each in word.conditions:
        if not each.due > word.signed_at:
            message = f"the condition '{each.text}' is due at {format_instant(each.due)}, before it is made"
            _refuse("approval.condition-due", message, "give a day that is still to come")
        if version is not None and version.people.person(each.owner) is None:
            message = f"the condition '{each.text}' is owned by '{each.owner}', whom nobody knows"
            _refuse("approval.condition-owner", message, "an owner is somebody in people.yaml")
        if each.rule is not None and each.rule not in rules:
            message = f"the condition '{each.text}' is checked by '{each.rule}', which this gate does not evaluate"
            _refuse("approval.condition-rule", message, f"one of: {', '.join(sorted(rules))}")


def _require_open(decision: Decision) -> None:
    """A yes needs a decision that nothing but people's words holds back."""
    obstacle = next((each for each in decision.reasons if not each.code.startswith("approval.")), None)
    if obstacle is None:
        return
    about = f" ({obstacle.rule})" if obstacle.rule is not None else ""
    message = f"the decision is '{decision.verdict}' for another reason than people's words: {obstacle.code}{about}"
    hint = "no yes changes that: mend it, or ask for a waiver with 'tolbooth waiver request'"
    _refuse("approval.blocked", message, hint)


def _refuse(code: str, message: str, hint: str) -> NoReturn:
    raise ReviewError.of(code, message, hint=hint)
