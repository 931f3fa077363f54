"""Births, deaths, leaving home, partnering, marriage and separation: the events of families, month by month."""

from __future__ import annotations

import numpy as np

from mobility.synthetic.atlas import Map
from mobility.synthetic.changes import depart, found, go_out, join, log_change
from mobility.synthetic.days import AnyInts, Bools, Floats, Ints
from mobility.synthetic.market import draw_destinations, find_dwellings
from mobility.synthetic.population import set_parents
from mobility.synthetic.world import CHILD, HEAD, NOBODY, OTHER, PARTNER, World

STUDENT_SHARE = 0.45  # of those who leave home before 21
BIRTH_LEVEL = 0.80
ADULT = 18

_DEATH_SLOPE, _DEATH_LEVEL = 0.103, -11.30  # Gompertz: log of the yearly chance = level + slope x age
_BIRTH_AGES = np.array([17, 20, 25, 30, 34, 38, 42, 45])
_BIRTH_RATES = np.array([0.0, 0.05, 0.17, 0.26, 0.20, 0.10, 0.025, 0.0])  # a year, women with a partner
_BIRTH_BY_CHILDREN = np.array([1.15, 1.1, 0.35, 0.2, 0.1])
_LEAVE_AGES = np.array([16, 17, 18, 20, 22, 24, 26, 30, 35, 60])
_LEAVE_RATES = np.array([0.0, 0.01, 0.08, 0.11, 0.19, 0.33, 0.36, 0.22, 0.10, 0.03])
_PAIR_AGES = np.array([17, 20, 25, 30, 40, 55, 70, 90])
_PAIR_RATES = np.array([0.0, 0.12, 0.30, 0.28, 0.15, 0.06, 0.015, 0.0])
_SPLIT_MARRIED, _SPLIT_UNMARRIED = 0.013, 0.038
_MARRY = 0.07


def bury_the_dead(world: World) -> None:
    """Deaths; the day of death is the last day of residence. A lone parent of young children does not die."""
    people = world.people
    persons = _present(world)
    chance = np.exp(_DEATH_LEVEL + _DEATH_SLOPE * world.ages(persons)) * np.where(people.sex[persons] == 1, 1.2, 0.85)
    chosen = persons[world.rng.random(len(persons)) < np.minimum(chance, 0.9) / 12]
    chosen = _one_per_household(world, chosen[~lone_parents(world, chosen)])
    days = world.days(len(chosen))
    people.death[chosen] = days
    go_out(world, chosen, days + 1)


def lone_parents(world: World, persons: Ints) -> Bools:
    """Who of the persons is the only adult in a household with children."""
    people, homes = world.people, world.homes
    of = people.household[persons]
    members = world.members(of[~homes.institution[of]])
    minors = world.ages(members) < ADULT
    with_minors = np.isin(of, people.household[members[minors]])
    adults = np.bincount(people.household[members[~minors]], minlength=homes.used + 1)
    return np.asarray(with_minors & (adults[of] <= 1))


def bear_children(world: World) -> None:
    """Births to women with a partner, and a few to others."""
    people, homes = world.people, world.homes
    adults = _present(world)
    adults = adults[(people.sex[adults] == 2) & ((people.role[adults] == HEAD) | (people.role[adults] == PARTNER))]
    adults = adults[(world.today - people.birth[adults] < 46 * 365) & (people.used < len(people.birth))]
    of = people.household[adults]
    present = _present(world)
    children = present[people.role[present] == CHILD]
    parity = np.bincount(people.household[children], minlength=homes.used + 1)[of]
    rate = np.interp(world.ages(adults), _BIRTH_AGES, _BIRTH_RATES) * _BIRTH_BY_CHILDREN[np.minimum(parity, 4)]
    rate *= np.where(homes.partner[of] >= 0, 1.0, 0.12) * BIRTH_LEVEL
    # Nobody bears a child within ten months of another: the youngest child of the household tells.
    youngest = np.full(homes.used + 1, -(10**6))
    np.maximum.at(youngest, people.household[children], people.birth[children])
    rate[world.today - youngest[of] < 400] = 0.0
    mothers = adults[world.rng.random(len(adults)) < rate / 12]
    mothers = mothers[homes.touched[people.household[mothers]] != world.month][: len(people.birth) - people.used]
    babies, days = world.take_people(len(mothers)), world.days(len(mothers))
    people.birth[babies] = days
    people.sex[babies] = (world.rng.random(len(babies)) < 0.49) + 1
    people.ability[babies] = 0.45 * people.ability[mothers] + world.rng.normal(0, 0.89, len(babies))
    of = people.household[mothers]
    set_parents(world, babies, mothers, np.where(homes.head[of] == mothers, homes.partner[of], homes.head[of]))
    world.touch(people.household[mothers])
    join(world, babies, people.household[mothers], np.full(len(babies), CHILD, dtype=np.int8), days)


def leave_home(world: World, country: Map, odds: Floats) -> None:
    """Grown children and others who are neither head nor partner start a household of their own."""
    people, homes, stock = world.people, world.homes, world.stock
    persons = _present(world)
    persons = persons[(people.role[persons] == CHILD) | (people.role[persons] == OTHER)]
    rate = np.interp(world.ages(persons), _LEAVE_AGES, _LEAVE_RATES)
    leavers = _one_per_household(world, persons[world.rng.random(len(persons)) < rate / 12])
    origins = country.gemeente_of[stock.buurt[homes.dwelling[people.household[leavers]]]]
    scores = 0.3 + 0.2 * people.ability[leavers]
    wishes = draw_destinations(world, odds, origins, np.zeros(len(leavers), dtype=np.int8), scores)
    dwellings = find_dwellings(world, country, wishes, scores)
    leavers, dwellings = leavers[dwellings >= 0], dwellings[dwellings >= 0]
    days = world.days(len(leavers))
    depart(world, leavers, days)
    found(world, leavers, dwellings, days)
    young = world.ages(leavers) < 21
    studies = young & (world.rng.random(len(leavers)) < STUDENT_SHARE)
    people.student_until[leavers[studies]] = people.birth[leavers[studies]] + world.rng.integers(
        8000, 9300, int(studies.sum())
    )


def find_partners(world: World) -> None:
    """Single heads pair; the household of one moves in with the other."""
    people, homes, rng = world.people, world.homes, world.rng
    singles = world.untouched(world.active_households())
    singles = singles[(homes.partner[singles] < 0) & (homes.plan[singles] == 0)]
    heads = homes.head[singles]
    seeking = rng.random(len(heads)) < np.interp(world.ages(heads), _PAIR_AGES, _PAIR_RATES) / 12
    heads = heads[seeking]
    taste = people.birth[heads] + rng.normal(0, 500, len(heads))
    order = heads[np.argsort(taste, kind="stable")]
    men, women = order[people.sex[order] == 1], order[people.sex[order] == 2]
    pairs = min(len(men), len(women))
    # Where one sex is more numerous, an even selection over age keeps the couples close in age.
    men = men[np.linspace(0, len(men) - 1, pairs).astype(np.int64)] if pairs else men[:0]
    women = women[np.linspace(0, len(women) - 1, pairs).astype(np.int64)] if pairs else women[:0]
    quality = world.stock.quality[homes.dwelling[people.household[np.concatenate([men, women])]]]
    his = quality[:pairs] + rng.normal(0, 0.5, pairs) > quality[pairs:]
    keepers, movers = np.where(his, men, women), np.where(his, women, men)
    move_in(world, people.household[keepers], people.household[movers], movers)


def move_in(world: World, keepers: Ints, others: Ints, new_partners: AnyInts) -> None:
    """Each of the other households moves in with its keeper; its head becomes the partner."""
    people, homes = world.people, world.homes
    days = world.days(len(keepers))
    persons = world.members(others)
    position = np.zeros(homes.used, dtype=np.int64)
    position[others] = np.arange(len(others))
    at = position[people.household[persons]]
    depart(world, persons, days[at])
    roles = people.role[persons].copy()
    roles[roles == HEAD] = PARTNER
    homes.partner[keepers] = new_partners
    world.touch(keepers)
    join(world, persons, keepers[at], roles, days[at])


def marry(world: World) -> None:
    """Some couples marry: the household's type changes."""
    homes = world.homes
    couples = world.untouched(world.active_households())
    couples = couples[(homes.partner[couples] >= 0) & ~homes.married[couples]]
    couples = couples[world.rng.random(len(couples)) < _MARRY / 12]
    homes.married[couples] = True
    world.touch(couples)
    log_change(world, couples, world.days(len(couples)))


def separate(world: World, country: Map) -> None:
    """Couples part: one of them leaves, sometimes with the children."""
    people, homes, stock, rng = world.people, world.homes, world.stock, world.rng
    couples = world.untouched(world.active_households())
    couples = couples[homes.partner[couples] >= 0]
    age = world.ages(homes.head[couples])
    rate = np.where(homes.married[couples], _SPLIT_MARRIED, _SPLIT_UNMARRIED) * np.clip((70 - age) / 30, 0.05, 1.0)
    couples = couples[rng.random(len(couples)) < rate / 12]
    gemeenten = country.gemeente_of[stock.buurt[homes.dwelling[couples]]]
    scores = homes.percentile[couples] / 100 - 0.25
    dwellings = find_dwellings(world, country, gemeenten, scores)
    couples, dwellings = couples[dwellings >= 0], dwellings[dwellings >= 0]
    leaver = np.where(rng.random(len(couples)) < 0.5, homes.head[couples], homes.partner[couples])
    takes_children = (people.sex[leaver] == 2) & (rng.random(len(couples)) < 0.5)
    days = world.days(len(couples))
    members = world.members(couples)
    position = np.zeros(homes.used, dtype=np.int64)
    position[couples] = np.arange(len(couples))
    at = position[people.household[members]]
    minor_child = (people.role[members] == CHILD) & (world.ages(members) < ADULT)
    goes_along = minor_child & takes_children[at]
    children, at = members[goes_along], at[goes_along]
    depart(world, np.concatenate([leaver, children]), np.concatenate([days, days[at]]))
    founded = found(world, leaver.astype(np.int32), dwellings, days)
    join(world, children, founded[at], np.full(len(children), CHILD, dtype=np.int8), days[at])


def _present(world: World) -> Ints:
    people = world.people
    return np.flatnonzero(people.household[: people.used] != NOBODY).astype(np.int32)


def _one_per_household(world: World, persons: Ints) -> Ints:
    """One person per household that has met no event this month; institutions do not count as households."""
    people, homes = world.people, world.homes
    of = people.household[persons]
    institution = homes.institution[of]
    private = persons[~institution & (homes.touched[of] != world.month)]
    _, first = np.unique(people.household[private], return_index=True)
    return np.sort(np.concatenate([private[first], persons[institution]]))
