"""Taking a word back: only its author may, with a key of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tolbooth.model.approval import Verb
from tolbooth.model.errors import Problem, ReviewError
from tolbooth.model.words import DecisionWord, Revocation
from tolbooth.review.people_chain import PeopleChain
from tolbooth.review.spoken import Spoken

_NO = frozenset({Verb.REJECT, Verb.REQUEST_CHANGES})


def withdrawals(
    chain: PeopleChain, words: Sequence[Spoken[DecisionWord]], revocations: Sequence[Spoken[Revocation]]
) -> tuple[dict[str, datetime], dict[str, Problem]]:
    """When each word was taken back, by its digest; and why a revocation of one of these words takes nothing back."""
    by_digest = {each.sha256: each for each in words}
    withdrawn: dict[str, datetime] = {}
    dismissed: dict[str, Problem] = {}
    for each in sorted(revocations, key=lambda one: one.sha256):
        word = by_digest.get(each.said.revokes_sha256)
        if word is None:
            continue
        try:
            require_author(chain, word, each)
        except ReviewError as error:
            dismissed[each.sha256] = error.problems[0]
            continue
        earlier = withdrawn.get(word.sha256, each.said.signed_at)
        withdrawn[word.sha256] = min(earlier, each.said.signed_at)
    return withdrawn, dismissed


def require_author(chain: PeopleChain, word: Spoken[DecisionWord], revocation: Spoken[Revocation]) -> None:
    """That a revocation is by the word's author, who holds the key; of a rejection, still when the log saw it first.

    Raises:
        ReviewError: ``revocation.not-author``, ``revocation.key-of-another``, or as ``PeopleChain.holder``.
    """
    said = revocation.said
    if said.person != word.said.person:
        message = f"{word.said.person} said it, and {said.person} can't take it back"
        raise ReviewError.of("revocation.not-author", message, hint=f"ask {word.said.person} to take it back")
    instants = [said.signed_at]
    if word.said.verb in _NO:
        # Taking back a no brings a release nearer, so a clock that was set back must gain nothing here.
        instants.append(max(said.signed_at, revocation.first_seen))
    for at in instants:
        holder = chain.holder(revocation.fingerprint, at)
        if holder.id != said.person:
            message = f"it speaks for {said.person}, and {holder.id} signed it"
            raise ReviewError.of("revocation.key-of-another", message, hint="everybody signs with their own key")
