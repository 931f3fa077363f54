"""True life histories as spells, from the log of a block: where each person lived, and in which household."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mobility.synthetic.days import FOREVER, AnyInts, Bools, Ints, Smalls
from mobility.synthetic.world import CHILD, HEAD, NOBODY, OTHER, PARTNER, RESIDENT, World

_KEY = 200_000  # more than any day number: household and day make one key


@dataclass
class AddressSpells:
    """One element per stay of a person in a dwelling or institution, [start, end), sorted by person and start."""

    person: Ints
    start: Ints
    end: Ints
    dwelling: Ints


@dataclass
class HouseholdSpells:
    """One element per person per period in which household, composition, civil status and address did not change.

    `kind` and `place` are the codes of TYPHH and PLHH.
    """

    person: Ints
    start: Ints
    end: Ints
    household: Ints
    kind: Smalls
    place: Smalls
    is_reference: Bools
    persons: Ints
    children: Ints


def address_spells(world: World) -> AddressSpells:
    """Where everybody lived."""
    person, day, dwelling = (np.concatenate(part) for part in zip(*world.log.address, strict=True))
    order = np.lexsort((day, person))
    person, day, dwelling = person[order], day[order], dwelling[order]
    end = _next_day(person, day)
    real = (dwelling != NOBODY) & (day < end)
    return AddressSpells(person[real], day[real], end[real], dwelling[real])


def household_spells(world: World) -> HouseholdSpells:
    """In which household everybody lived, a new spell at every change of the household."""
    person, day, household, role = (np.concatenate(part) for part in zip(*world.log.member, strict=True))
    order = np.lexsort((day, person))
    person, day, household, role = person[order], day[order], household[order], role[order]
    end = _next_day(person, day)
    real = (household != NOBODY) & (day < end)
    person, day, end, household, role = person[real], day[real], end[real], household[real], role[real]
    private = role != RESIDENT
    split = _split(world, person[private], day[private], end[private], household[private], role[private])
    institutional = _institutional(person[~private], day[~private], end[~private], household[~private])
    names = list(vars(split))
    merged = {name: np.concatenate([getattr(split, name), getattr(institutional, name)]) for name in names}
    order = np.lexsort((merged["start"], merged["person"]))
    return HouseholdSpells(**{name: values[order] for name, values in merged.items()})


def _next_day(person: Ints, day: Ints) -> Ints:
    end = np.full(len(person), FOREVER, dtype=np.int32)
    same = person[1:] == person[:-1]
    end[:-1][same] = day[1:][same]
    return end


def _split(world: World, person: Ints, day: Ints, end: Ints, household: Ints, role: Smalls) -> HouseholdSpells:
    """Cut memberships at every day on which anything in their household changed."""
    changed, change_day, married = (np.concatenate(part) for part in zip(*world.log.change, strict=True))
    ends = end < FOREVER
    keys = np.unique(
        np.concatenate([_key(household, day), _key(household[ends], end[ends]), _key(changed, change_day)])
    )
    first = np.searchsorted(keys, _key(household, day))
    last = np.searchsorted(keys, _key(household, end))
    count = last - first
    source = np.repeat(np.arange(len(person)), count)
    at = np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count) + first[source]
    start = (keys[at] % _KEY).astype(np.int32)
    following = np.append(keys[1:], -1)
    same_household = following // _KEY == keys // _KEY
    next_change = np.where(same_household, following % _KEY, FOREVER).astype(np.int32)
    roles = role[source]
    size = len(keys)
    persons, children, others, partners = (
        np.bincount(at[wanted], minlength=size)
        for wanted in (roles >= 0, roles == CHILD, roles == OTHER, roles == PARTNER)
    )
    is_married = _married_at(keys, changed, change_day, married)
    kind = np.select(
        [others > 0, (partners > 0) & (children > 0), partners > 0, children > 0],
        [7, np.where(is_married, 5, 4), np.where(is_married, 3, 2), 6],
        1,
    ).astype(np.int8)
    return HouseholdSpells(
        person=person[source],
        start=start,
        end=np.minimum(end[source], next_change[at]),
        household=household[source],
        kind=kind[at],
        place=_place(kind[at], roles),
        is_reference=roles == HEAD,
        persons=persons[at].astype(np.int32),
        children=children[at].astype(np.int32),
    )


def _key(household: AnyInts, day: AnyInts) -> AnyInts:
    return household.astype(np.int64) * _KEY + day


def _married_at(keys: AnyInts, changed: Ints, day: Ints, married: Smalls) -> Bools:
    """Civil status after the last change on or before each key; every household's first key is a change."""
    order = np.argsort(_key(changed, day), kind="stable")
    latest = np.searchsorted(_key(changed, day)[order], keys, side="right") - 1
    return np.asarray(married[order][np.maximum(latest, 0)] == 1)


def _place(kind: Smalls, role: Smalls) -> Smalls:
    """PLHH: place of a person in the household."""
    head = np.select([kind == 1, kind == 7, kind == 6], [2, 8, 7], kind + 1)
    return np.select([role == CHILD, role == OTHER, role == HEAD], [1, 9, head], kind + 1).astype(np.int8)


def _institutional(person: Ints, day: Ints, end: Ints, household: Ints) -> HouseholdSpells:
    """Residents of institutions: their spell does not restart when others come and go."""
    starts, ends = np.sort(_key(household, day)), np.sort(_key(household, end))
    floor = _key(household, np.zeros(len(day), dtype=np.int64))
    now = _key(household, day)
    came = np.searchsorted(starts, now, side="right") - np.searchsorted(starts, floor)
    went = np.searchsorted(ends, now, side="right") - np.searchsorted(ends, floor)
    return HouseholdSpells(
        person=person,
        start=day,
        end=end,
        household=household,
        kind=np.full(len(person), 8, dtype=np.int8),
        place=np.full(len(person), 10, dtype=np.int8),
        is_reference=np.zeros(len(person), dtype=bool),
        persons=(came - went).astype(np.int32),
        children=np.zeros(len(person), dtype=np.int32),
    )
