"""Incomes: persistent earning power, household income, national percentile, and what the register records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mobility.synthetic.days import Bools, Floats, Ints, Smalls
from mobility.synthetic.dwellings import rank_in
from mobility.synthetic.world import NOBODY, OWNER, RESIDENT, SOCIAL, World

INCOME_SINCE = 2011  # first year of INHATAB; before it there was IHI
EARLY_INCOME_SINCE = 2003  # first year of IHI with a link from persons
NO_INCOME_HOUSEHOLD_RATE = 0.015  # quirk 16: persons in no income household
UNKNOWN_INCOME_RATE = 0.006  # quirk 14: percentile -1, euros all nines
NO_INCOME_RATE = 0.003  # quirk 14: percentile -3, household without income
_PERSISTENCE = 0.985  # of earning power from year to year
_PASSING = 0.15  # standard deviation of what lasts one year

PRIVATE_INCOME, STUDENT, INSTITUTIONAL, NO_INCOME = 1, 2, 3, 7  # population of the income register (INHPOPIIV)
UNKNOWN_EUROS = 9_999_999_999
EARLY_UNKNOWN_EUROS = 999_999_999  # IHI writes nine nines


@dataclass
class IncomeYear:
    """The income register of one year: persons and households on 1 January, before 2011 on 31 December.

    `persons` and `payers` say who belongs to the income household of whom, `unlinked` how many belong to none; all else has one
    element per household.
    """

    year: int
    persons: Ints
    payers: Ints
    payer: Ints
    percentile: Ints
    percentile_without_students: Ints
    population: Smalls
    disposable_eur: Ints
    standardised_eur: Ints
    poverty: Ints
    tenure_code: Smalls
    source: Smalls
    size: Ints
    unlinked: int


def age_incomes(world: World) -> None:
    """In January: earning power drifts, household percentiles follow; register nothing."""
    people, homes, rng = world.people, world.homes, world.rng
    drift = np.sqrt(1 - _PERSISTENCE**2)
    people.ability[: people.used] = _PERSISTENCE * people.ability[: people.used] + drift * rng.normal(0, 1, people.used)
    households = world.active_households()
    score = income_scores(world, households) + rng.normal(0, _PASSING, len(households))
    students = is_student_household(world, households)
    earners = ~students
    homes.percentile[households[earners]] = _percentiles(score[earners])
    # Students are placed among the others, which makes them low without being in the ranking.
    place = np.searchsorted(np.sort(score[earners]), score[students]) / max(int(earners.sum()), 1)
    homes.percentile[households[students]] = np.clip(np.ceil(place * 100), 1, 100)


def _percentiles(score: Floats) -> Smalls:
    return np.clip(np.ceil(rank_in(score) * 100), 1, 100).astype(np.int8)


def income_scores(world: World, households: Ints) -> Floats:
    """Standardised household income on a log scale, before what passes."""
    people, homes = world.people, world.homes
    head, partner = homes.head[households], homes.partner[households]
    own = people.ability[head]
    other = np.where(partner >= 0, people.ability[partner], own)
    age = world.ages(head)
    by_age = np.interp(age, [18, 23, 30, 50, 62, 67, 90], [-0.9, -0.4, 0.1, 0.3, 0.2, -0.15, -0.25])
    alone = np.where(partner >= 0, 0.2, -0.2)
    return np.asarray(0.7 * np.maximum(own, other) + 0.3 * np.minimum(own, other) + by_age + alone)


def is_student_household(world: World, households: Ints) -> Bools:
    """Heads who study and live without a partner."""
    people, homes = world.people, world.homes
    return np.asarray((people.student_until[homes.head[households]] > world.today) & (homes.partner[households] < 0))


def record_year_end(world: World, year: int, quirks: bool, rng: np.random.Generator) -> IncomeYear:
    """The income register of a year before 2011: households as on its 31 December, the day before this one.

    What passes is drawn anew: the two registers measure income in two ways, so that nobody's percentile of 2010 and of
    2011 should be compared. A stream of its own keeps the lives the same whether the register is written or not.
    """
    homes = world.homes
    households = world.active_households()
    score = income_scores(world, households) + rng.normal(0, _PASSING, len(households))
    percentile = homes.percentile.copy()
    percentile[households] = _percentiles(score)
    return record_incomes(world, year, quirks, rng, percentile)


def record_incomes(
    world: World, year: int, quirks: bool, rng: np.random.Generator, household_percentile: Smalls
) -> IncomeYear:
    """The income register of the year, households as on this day; remembers what is recorded of each person.

    Args:
        world: the block.
        year: the income year.
        quirks: whether some incomes and links are unknown.
        rng: random stream.
        household_percentile: percentile of each household.
    """
    people, homes = world.people, world.homes
    persons = np.flatnonzero(people.household[: people.used] != NOBODY).astype(np.int32)
    of = people.household[persons]
    institutional = people.role[persons] == RESIDENT
    payers = np.where(institutional, persons, _payer(world)[of]).astype(np.int32)
    payer, size = np.unique(payers, return_counts=True)
    home = people.household[payer]
    resides = people.role[payer] == RESIDENT
    population = np.where(
        resides, INSTITUTIONAL, np.where(is_student_household(world, home), STUDENT, PRIVATE_INCOME)
    ).astype(np.int8)
    percentile = np.where(resides, -2, household_percentile[home]).astype(np.int32)
    euros = np.round(
        np.exp(10.05 + 0.5 * _probit(np.clip(percentile, 1, 100) / 101)) + rng.normal(0, 40, len(payer))
    ).astype(np.int64)
    if quirks:
        draw = rng.random(len(payer))
        percentile[(draw < UNKNOWN_INCOME_RATE) & ~resides] = -1
        without = (draw > 1 - NO_INCOME_RATE) & (population == PRIVATE_INCOME)
        percentile[without], population[without], euros[without] = -3, NO_INCOME, 0
    unknown = percentile == -1
    children = np.maximum(size - 1 - (homes.partner[home] >= 0), 0)
    factor = np.where(resides, 1.0, 1 + 0.37 * (homes.partner[home] >= 0) + 0.25 * children)
    low = (percentile > 0) & (percentile <= 25)
    tenure = world.stock.tenure[homes.dwelling[home]]
    rents = np.where(low & (tenure == SOCIAL), 3, 2)
    linked = ~(rng.random(len(persons)) < NO_INCOME_HOUSEHOLD_RATE) if quirks else np.ones(len(persons), dtype=bool)
    counted = (percentile > 0) & (population == PRIVATE_INCOME)
    recorded = np.where(counted, percentile, 0)[np.searchsorted(payer, payers)]
    people.percentile[persons, year - world.first_year] = np.where(linked, recorded, 0)
    return IncomeYear(
        year=year,
        persons=persons[linked],
        payers=payers[linked],
        payer=payer,
        percentile=percentile,
        percentile_without_students=np.where(population == STUDENT, -1, percentile).astype(np.int32),
        population=population,
        disposable_eur=np.where(unknown, UNKNOWN_EUROS, np.round(euros * factor)).astype(np.int64),
        standardised_eur=np.where(unknown, UNKNOWN_EUROS, euros),
        poverty=np.where(percentile > 0, np.clip(euros * 100 // 13_500, 0, 9999), -1).astype(np.int32),
        tenure_code=np.where(resides, 8, np.where(tenure == OWNER, 1, rents)).astype(np.int8),
        source=_sources(world, payer, population, low, rng),
        size=size.astype(np.int32),
        unlinked=int((~linked).sum()),
    )


def _payer(world: World) -> Ints:
    """The main earner of each household: head or partner, whoever earns more."""
    people, homes = world.people, world.homes
    head, partner = homes.head[: homes.used], homes.partner[: homes.used]
    partner_earns_more = (partner >= 0) & (people.ability[partner] > people.ability[head])
    return np.where(partner_earns_more, partner, head).astype(np.int32)


def _probit(share: Floats) -> Floats:
    """Normal quantile, near enough (Tukey's lambda)."""
    return np.asarray((share**0.135 - (1 - share) ** 0.135) / 0.1975)


def _sources(world: World, payer: Ints, population: Smalls, low: Bools, rng: np.random.Generator) -> Smalls:
    draw = rng.random(len(payer))
    works = np.where(draw < 0.84, 11, np.where(draw < 0.88, 12, np.where(draw < 0.97, 13, 14)))
    benefits = np.where(draw < 0.15, 21, np.where(draw < 0.75, 22, 24))
    source = np.where(low & (rng.random(len(payer)) < 0.55), benefits, works)
    source = np.where(world.ages(payer) > 66, 25, source)
    return np.where(population == STUDENT, 26, source).astype(np.int8)


def low_on_average(world: World, persons: Ints, year: int) -> Bools:
    """Whose mean recorded percentile of the three years before `year` is at most 20, with two years observed."""
    columns = [y - world.first_year for y in range(max(year - 3, world.first_year), year)]
    recorded = world.people.percentile[persons][:, columns].astype(np.float64)
    observed = (recorded > 0).sum(axis=1)
    mean = recorded.sum(axis=1) / np.maximum(observed, 1)
    return np.asarray((observed >= 2) & (mean <= 20))
