"""People who come to the country, leave it and sometimes return; and people who enter and leave institutions."""

from __future__ import annotations

import numpy as np

from mobility.synthetic.atlas import Map
from mobility.synthetic.changes import depart, found, go_out, join
from mobility.synthetic.days import AnyInts, Ints
from mobility.synthetic.dwellings import free_dwellings
from mobility.synthetic.family import lone_parents
from mobility.synthetic.market import find_dwellings
from mobility.synthetic.population import admit, set_parents
from mobility.synthetic.world import CHILD, HEAD, NEVER, NOBODY, PARTNER, RESIDENT, World

_LEAVE_AGES = np.array([18, 25, 35, 50, 65, 90])
_LEAVE_RATES = np.array([0.024, 0.034, 0.020, 0.009, 0.004, 0.001])  # households a year
_RETURN_SHARE = 0.25  # of emigrated households, after 4 to 84 months
_CARE_AGES = np.array([70, 75, 80, 85, 90, 100])
_CARE_RATES = np.array([0.0, 0.006, 0.02, 0.055, 0.11, 0.2])
_SHORT_CARE_RATE = 0.0010  # adults under 70, for some months
_DISCHARGE_RATE = 0.9  # a year, of residents under 70


def emigrate(world: World) -> None:
    """Whole households leave the country."""
    people, homes, rng = world.people, world.homes, world.rng
    households = world.untouched(world.active_households())
    rate = np.interp(world.ages(homes.head[households]), _LEAVE_AGES, _LEAVE_RATES)
    leaving = households[rng.random(len(households)) < rate / 12]
    leaving = leaving[homes.plan[leaving] == 0]
    day_of = np.zeros(homes.used, dtype=np.int32)
    day_of[leaving] = world.days(len(leaving))
    persons = world.members(leaving)
    of = people.household[persons]
    people.left_household[persons] = of
    homes.return_dwelling[leaving] = homes.dwelling[leaving]
    go_out(world, persons, day_of[of])
    back = rng.random(len(leaving)) < _RETURN_SHARE
    homes.return_month[leaving] = np.where(back, world.month + rng.integers(4, 84, len(leaving)), NEVER)


def come_back(world: World, country: Map) -> None:
    """Emigrated households return, mostly to the gemeente they left."""
    people, homes = world.people, world.homes
    due = np.flatnonzero(homes.return_month[: homes.used] == world.month).astype(np.int32)
    if not len(due):
        return
    homes.return_month[due] = NEVER
    abroad = (people.left_household[: people.used] != NOBODY) & (people.household[: people.used] == NOBODY)
    persons = np.flatnonzero(abroad & np.isin(people.left_household[: people.used], due)).astype(np.int32)
    wishes = country.gemeente_of[world.stock.buurt[homes.return_dwelling[due]]]
    _settle(world, country, persons, people.left_household[persons], wishes, due)


def immigrate(world: World, country: Map, count: int) -> None:
    """About `count` persons arrive for the first time: singles, couples and families, most of them young."""
    people, rng = world.people, world.rng
    if count <= 0:
        return
    sizes = rng.choice([1, 2, 3, 4], count, p=[0.66, 0.16, 0.10, 0.08])
    ends = np.cumsum(sizes)
    number = int(np.searchsorted(ends, count, side="right"))
    sizes = sizes[:number]
    if int(sizes.sum()) < count:
        sizes = np.append(sizes, count - int(sizes.sum()))
    group = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    persons = world.take_people(len(group))
    head_age = np.clip(18 + rng.gamma(2.2, 5.5, len(sizes)), 18, 75)
    age = np.where(
        place == 0,
        head_age[group],
        np.where(place == 1, head_age[group] + rng.normal(0, 2, len(group)), rng.uniform(0, 14, len(group))),
    )
    people.birth[persons] = np.floor(world.today - np.maximum(age, 0.1) * 365.25)
    first_sex = rng.integers(1, 3, len(sizes))
    people.sex[persons] = np.where(
        place == 0, first_sex[group], np.where(place == 1, 3 - first_sex[group], rng.integers(1, 3, len(group)))
    )
    heads = persons[np.searchsorted(group, group)]
    child = place >= 2
    set_parents(world, persons[child], heads[child], heads[child] + 1)  # the partner follows the head
    people.ability[persons] = rng.normal(-0.45, 1.05, len(persons))
    people.role[persons] = np.choose(np.minimum(place, 2), [HEAD, PARTNER, CHILD])
    pull = country.gemeente_share * np.array([1.6 if role == "city" else 0.7 for role in country.gemeente_role])
    wishes = rng.choice(len(pull), len(sizes), p=pull / pull.sum()).astype(np.int32)
    _settle(world, country, persons, group, wishes, np.arange(len(sizes)))


def _settle(world: World, country: Map, persons: Ints, group: AnyInts, wishes: Ints, groups: AnyInts) -> None:
    """Groups of persons from abroad found households; the eldest of a group without a head becomes head."""
    people, homes = world.people, world.homes
    order = persons[np.lexsort((people.birth[persons], people.role[persons] != HEAD, group))]
    group = group[np.lexsort((people.birth[persons], people.role[persons] != HEAD, group))]
    present, first = np.unique(group, return_index=True)
    wishes = wishes[np.searchsorted(groups, present)]
    scores = 0.35 + 0.2 * people.ability[order[first]]
    dwellings = find_dwellings(world, country, wishes, scores)
    # Who finds nothing in the wished region takes whatever is free; without any they stay away.
    dwellings = _any_left(world, dwellings)
    housed = dwellings >= 0
    days = world.days(len(present))
    heads = order[first]
    numbers = np.full(len(present), NOBODY, dtype=np.int32)
    people.role[heads] = HEAD
    numbers[housed] = found(world, heads[housed], dwellings[housed], days[housed])
    is_head = np.zeros(len(order), dtype=bool)
    is_head[first] = True
    at = np.searchsorted(present, group)
    others, at = order[~is_head & housed[at]], at[~is_head & housed[at]]
    partner = people.role[others] == PARTNER
    homes.partner[numbers[at[partner]]] = others[partner]
    homes.married[numbers[at[partner]]] = True
    people.role[others[(people.role[others] == HEAD) | (people.role[others] == RESIDENT)]] = CHILD
    join(world, others, numbers[at], people.role[others], days[at])
    people.left_household[order] = NOBODY


def _any_left(world: World, dwellings: Ints) -> Ints:
    left = np.flatnonzero(dwellings < 0)
    free = free_dwellings(world)
    free = world.rng.permutation(free[~np.isin(free, dwellings)])[: len(left)]
    dwellings[left[: len(free)]] = free
    return dwellings


def enter_care(world: World, institutions: Ints) -> None:
    """Old people move to institutions for good, some others for months."""
    people, homes, rng = world.people, world.homes, world.rng
    persons = np.flatnonzero(people.household[: people.used] != NOBODY).astype(np.int32)
    persons = persons[people.role[persons] <= PARTNER]
    ages = world.ages(persons)
    rate = np.interp(ages, _CARE_AGES, _CARE_RATES) + np.where((ages > 18) & (ages < 70), _SHORT_CARE_RATE, 0.0)
    chosen = persons[rng.random(len(persons)) < rate / 12]
    of = people.household[chosen]
    chosen = chosen[(homes.touched[of] != world.month) & (homes.plan[of] == 0)]
    chosen = chosen[~lone_parents(world, chosen)]
    _, first = np.unique(people.household[chosen], return_index=True)
    chosen = chosen[first]
    days = world.days(len(chosen))
    depart(world, chosen, days)
    admit(world, chosen, rng.choice(institutions, len(chosen)).astype(np.int32), days)


def leave_care(world: World, country: Map) -> None:
    """Residents under 70 leave again and live on their own."""
    people, homes, stock, rng = world.people, world.homes, world.stock, world.rng
    persons = np.flatnonzero(people.household[: people.used] != NOBODY).astype(np.int32)
    persons = persons[people.role[persons] == RESIDENT]
    leaving = (rng.random(len(persons)) < _DISCHARGE_RATE / 12) & (world.ages(persons) < 70)
    persons = persons[leaving]
    gemeenten = country.gemeente_of[stock.buurt[homes.dwelling[people.household[persons]]]]
    dwellings = find_dwellings(world, country, gemeenten, np.full(len(persons), 0.2))
    persons, dwellings = persons[dwellings >= 0], dwellings[dwellings >= 0]
    days = world.days(len(persons))
    depart(world, persons, days)
    found(world, persons, dwellings, days)
