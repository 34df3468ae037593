"""Laws of people: a person counts once, a word more never counts for less, and nothing that is lent is lent on."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tests.people_sample import NOON, people, person
from tolbooth.model.instant import in_force
from tolbooth.model.people import Delegation, HeldRole, People
from tolbooth.review.duties import distinct_voices
from tolbooth.review.people import Capacity, capacities, own_roles

IDS = tuple(f"p-{number:016x}" for number in range(5))
ids = st.sampled_from(IDS)
voices = st.builds(
    Capacity, person=ids, role=st.sampled_from(["approver", "board"]), on_behalf_of=st.none() | ids
).filter(lambda each: each.person != each.on_behalf_of)
hours = st.integers(-3, 3).map(lambda hour: NOON + timedelta(hours=hour))


def uses(voice: Capacity) -> set[str]:
    return {voice.person, voice.on_behalf_of or voice.person}


def largest(said: list[Capacity]) -> int:
    """By trying every set of voices: the most of them in which nobody is twice, and who speaks alone always counts."""
    return max(
        len(chosen)
        for count in range(len(said) + 1)
        for chosen in combinations(said, count)
        if sum(len(uses(each)) for each in chosen) == len(set().union(*map(uses, chosen)))
    )


@given(st.lists(voices, max_size=7))
def test_nobody_counts_twice_and_no_voice_is_lost_without_need(said: list[Capacity]) -> None:
    kept = distinct_voices(said)
    counted = [each for voice in kept for each in uses(voice)]
    assert len(counted) == len(set(counted))
    assert set(kept) <= set(said)
    assert len(kept) == largest(list(set(said)))


@given(st.lists(voices, max_size=7), voices)
def test_one_word_more_never_counts_for_less(said: list[Capacity], more: Capacity) -> None:
    assert len(distinct_voices([*said, more])) >= len(distinct_voices(said))


@given(st.lists(voices, max_size=7), st.randoms())
def test_the_order_of_words_makes_no_difference(said: list[Capacity], random: object) -> None:
    shuffled = sorted(said, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert distinct_voices(shuffled) == distinct_voices(said)


@st.composite
def records(draw: st.DrawFn) -> People:
    """Five persons who hold and lend roles at random times, whatever the laws of a record say of it."""
    roles = st.builds(HeldRole, role=st.sampled_from("ab"), effective_on=st.none() | hours, effective_until=hours)
    lent = st.builds(
        Delegation,
        to=ids,
        roles=st.sampled_from([("a",), ("b",), ("a", "b")]),
        effective_on=hours,
        effective_until=hours,
    )
    return people(
        *(
            person(
                each,
                *draw(st.lists(roles, max_size=2)),
                delegations=tuple(draw(st.lists(lent, max_size=2))),
            )
            for each in IDS
        )
    )


@given(records(), hours)
def test_what_is_lent_is_the_lenders_own_and_never_lent_on(record: People, as_of: object) -> None:
    for each in IDS:
        for held in capacities(record, each, as_of):  # type: ignore[arg-type]
            holder = record.person(held.on_behalf_of or held.person)
            assert holder is not None
            assert held.role in own_roles(holder, as_of)  # type: ignore[arg-type]
            assert held.on_behalf_of != held.person


@given(hours, st.none() | hours, st.none() | hours)
def test_a_role_is_in_force_exactly_as_the_one_function_says(as_of: object, start: object, end: object) -> None:
    held = HeldRole(role="a", effective_on=start, effective_until=end)  # type: ignore[arg-type]
    wanted = in_force(as_of, effective_on=start, effective_until=end)  # type: ignore[arg-type]
    assert (own_roles(person(IDS[0], held), as_of) == ("a",)) is wanted  # type: ignore[arg-type]
