"""The people and households with which a block starts."""

from __future__ import annotations

import numpy as np

from mobility.synthetic.atlas import Map
from mobility.synthetic.changes import log_address, log_change, log_member
from mobility.synthetic.days import HOUSEHOLDS_START, REGISTER_START, AnyInts, Floats, Ints
from mobility.synthetic.dwellings import rank_in
from mobility.synthetic.income import income_scores
from mobility.synthetic.market import allocate
from mobility.synthetic.world import CHILD, HEAD, NOBODY, PARTNER, RESIDENT, SOCIAL, World

PERSONS_PER_HOUSEHOLD = 2.2
MEAN_STAY_YEARS = 11.0  # of a household at its address when the simulation starts
INSTITUTION_START_SHARE = 0.008

_AGES = np.array([18, 22, 30, 45, 60, 70, 80, 95])
_HEADS = np.array([0.15, 0.8, 1.45, 1.4, 1.15, 0.85, 0.55, 0.02])  # relative number of household heads by age
_PAIRED = np.array([0.08, 0.22, 0.60, 0.70, 0.70, 0.64, 0.42, 0.08])  # share with a partner
_PARENTS = np.array([0.01, 0.05, 0.48, 0.82, 0.16, 0.0, 0.0, 0.0])  # share of couples with children at home


def settle_population(world: World, country: Map, count: int) -> None:
    """About `count` persons in households at addresses, some since before the register began."""
    heads, partners, children = _draw_households(world, count)
    homes, people = world.homes, world.people
    households = world.take_households(len(heads))
    homes.head[households] = heads
    homes.partner[households] = partners
    homes.married[households] = (partners >= 0) & (world.rng.random(len(heads)) < 0.75)
    everybody = np.concatenate([heads, partners[partners >= 0], children[0]])
    people.household[everybody] = np.concatenate([households, households[partners >= 0], households[children[1]]])
    people.role[heads], people.role[partners[partners >= 0]], people.role[children[0]] = HEAD, PARTNER, CHILD
    _house(world, country, households)
    _log_start(world, households, everybody)


def _draw_households(world: World, count: int) -> tuple[Ints, Ints, tuple[Ints, Ints]]:
    """Heads, their partners (NOBODY without) and children with the position of their household."""
    rng, people = world.rng, world.people
    number = int(count / PERSONS_PER_HOUSEHOLD)
    ages = np.arange(18, 96)
    weights = np.interp(ages, _AGES, _HEADS)
    age = rng.choice(ages, number, p=weights / weights.sum()) + rng.random(number)
    paired = rng.random(number) < np.interp(age, _AGES, _PAIRED)
    heads = world.take_people(number)
    people.birth[heads] = _birth(world, age)
    people.sex[heads] = np.where(paired, rng.random(number) < 0.2, rng.random(number) < 0.55) + 1
    partners = np.full(number, NOBODY, dtype=np.int32)
    partners[paired] = world.take_people(int(paired.sum()))
    partner_age = np.clip(
        age[paired] + np.where(people.sex[heads[paired]] == 1, -2.0, 2.0) + rng.normal(0, 3, int(paired.sum())), 18, 98
    )
    people.birth[partners[paired]] = _birth(world, partner_age)
    people.sex[partners[paired]] = 3 - people.sex[heads[paired]]
    mother_age = age.copy()
    mother_age[paired] = np.where(people.sex[heads[paired]] == 1, partner_age, age[paired])
    parent = np.interp(age, _AGES, _PARENTS) * np.where(paired, 1.0, np.where(people.sex[heads] == 2, 0.35, 0.06))
    is_parent = rng.random(number) < parent
    wished = np.where(is_parent, rng.choice([1, 2, 3, 4], number, p=[0.33, 0.45, 0.17, 0.05]), 0)
    home = np.repeat(np.arange(number), wished)
    child_age = mother_age[home] - rng.uniform(21, 38, len(home))
    fits = (child_age > 0) & (child_age < 23)
    home, child_age = home[fits], child_age[fits]
    children = world.take_people(len(home))
    people.birth[children] = _birth(world, child_age)
    people.sex[children] = (rng.random(len(home)) < 0.49) + 1
    set_parents(world, children, heads[home], partners[home])
    return heads, partners, (children, home.astype(np.int32))


def set_parents(world: World, children: Ints, first: Ints, second: Ints) -> None:
    """The two adults, of whom the second may be NOBODY, are the parents of the children."""
    people = world.people
    for parents, sex in ((people.mother, 2), (people.father, 1)):
        of_sex = [np.where((adults >= 0) & (people.sex[adults] == sex), adults, NOBODY) for adults in (first, second)]
        parents[children] = np.where(of_sex[0] >= 0, of_sex[0], of_sex[1])


def _birth(world: World, age: Floats) -> Ints:
    return np.floor(world.today - age * 365.25).astype(np.int32)


def _house(world: World, country: Map, households: Ints) -> None:
    """Give each household a dwelling: better-off households live in better dwellings."""
    rng, stock, people, homes = world.rng, world.stock, world.people, world.homes
    people.ability[: people.used] = rng.normal(0, 1, people.used)
    dwellings = np.flatnonzero(stock.tenure[: stock.used] <= SOCIAL + 1).astype(np.int32)
    dwellings = np.sort(rng.permutation(dwellings)[: len(households)])
    # A region is one market, households are spread over regions by chance; the poor end up in the poor wijken.
    region = country.gemeente_region[country.gemeente_of[stock.buurt[dwellings]]]
    score = income_scores(world, households)
    taken = allocate(rng, rng.permutation(region), rank_in(score), dwellings, region, stock.quality[dwellings])
    homes.dwelling[households] = taken
    stock.occupant[taken] = households
    stay = rng.exponential(MEAN_STAY_YEARS * 365, len(households))
    youngest_adult = people.birth[homes.head[households]] + 18 * 365
    since = np.maximum(world.today - stay, youngest_adult)
    homes.since[households] = np.clip(since, REGISTER_START, world.today - 1)


def _log_start(world: World, households: Ints, everybody: Ints) -> None:
    people, homes = world.people, world.homes
    everybody = np.sort(everybody)
    of = people.household[everybody]
    since = np.maximum(homes.since[of], people.birth[everybody])
    log_address(world, everybody, since, homes.dwelling[of])
    # The household register began three months before the address register.
    began = np.where(homes.since[of] == REGISTER_START, np.maximum(HOUSEHOLDS_START, people.birth[everybody]), since)
    log_member(world, everybody, began, of, people.role[everybody])
    first_day = np.where(homes.since[households] == REGISTER_START, HOUSEHOLDS_START, homes.since[households])
    log_change(world, households, first_day)


def found_institutions(world: World, objects: Ints) -> Ints:
    """One institutional household per object; returns their numbers."""
    homes = world.homes
    households = world.take_households(len(objects))
    homes.institution[households] = True
    homes.dwelling[households] = objects
    return households


def fill_institutions(world: World, institutions: Ints, count: int) -> None:
    """Old people who live in institutions when the simulation starts."""
    people, rng = world.people, world.rng
    persons = world.take_people(int(count * INSTITUTION_START_SHARE))
    age = np.clip(rng.normal(84, 7, len(persons)), 60, 101)
    people.birth[persons] = _birth(world, age)
    people.sex[persons] = (rng.random(len(persons)) < 0.7) + 1
    days = world.today - rng.integers(1, 3 * 365, len(persons)).astype(np.int32)
    admit(world, persons, rng.choice(institutions, len(persons)), days)


def admit(world: World, persons: Ints, institutions: AnyInts, days: Ints) -> None:
    """The persons begin to live in the institutions."""
    world.people.household[persons] = institutions
    world.people.role[persons] = RESIDENT
    log_member(world, persons, days, institutions, world.people.role[persons])
    log_address(world, persons, days, world.homes.dwelling[institutions])
