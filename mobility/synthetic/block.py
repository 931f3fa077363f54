"""One block of the country, lived through month by month."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mobility.settings import Synthetic
from mobility.synthetic.atlas import Map, load_map
from mobility.synthetic.concentrations import exchange_homes
from mobility.synthetic.days import Ints, Smalls, month_starts
from mobility.synthetic.dwellings import (
    VACANT_SHARE,
    add_institutions,
    build_for_growth,
    build_stock,
    plan_ordinary_demolition,
)
from mobility.synthetic.family import bear_children, bury_the_dead, find_partners, leave_home, marry, separate
from mobility.synthetic.income import (
    EARLY_INCOME_SINCE,
    INCOME_SINCE,
    IncomeYear,
    age_incomes,
    record_incomes,
    record_year_end,
)
from mobility.synthetic.market import destination_odds
from mobility.synthetic.migration import come_back, emigrate, enter_care, immigrate, leave_care
from mobility.synthetic.moving import move_freely, set_move_rates
from mobility.synthetic.population import (
    PERSONS_PER_HOUSEHOLD,
    fill_institutions,
    found_institutions,
    settle_population,
)
from mobility.synthetic.restructuring import (
    REMOVED_SHARE,
    carry_out_plans,
    impoverish,
    original_households,
    plan_programmes,
    plan_redirection,
    plan_trend,
    rehouse,
    spared_buurten,
)
from mobility.synthetic.world import NO_TENURE, NOBODY, Log, World, new_households, new_people

BLOCK_PERSONS = 100_000
START_SHARE = 0.62  # of the persons ever registered, present at the start
YEARLY_SHARE = 0.0105  # births and first immigration a year are planned so that the block fills exactly


@dataclass
class OwnershipYear:
    """Dwellings that stand on 1 January of a year: number, tenure and residents."""

    year: int
    dwelling: Ints
    tenure: Smalls
    residents: Ints


@dataclass
class Block:
    """A finished block: its last state, its log and its yearly registers."""

    world: World
    incomes: list[IncomeYear] = field(default_factory=list)
    ownership: list[OwnershipYear] = field(default_factory=list)


def block_sizes(persons: int) -> list[int]:
    """Persons of each block: as even as possible and none above `BLOCK_PERSONS`."""
    count = -(-persons // BLOCK_PERSONS)
    return [persons // count + (number < persons % count) for number in range(count)]


def live(settings: Synthetic, number: int, persons: int) -> Block:
    """Simulate one block."""
    country = load_map()
    world, institutions = _begin(settings, number, persons, country)
    block = Block(world)
    odds = destination_odds(country)
    for month in range(len(world.months) - 1):
        world.month = month
        if month % 12 == 0:
            _year_end(block, settings, number)
            _january(block, country, settings)
        if settings.effect in ("excess", "removal"):
            plan_redirection(world, country)
        if settings.effect == "trend":
            plan_trend(world, country)
        rehouse(world, country)
        carry_out_plans(world, country, REMOVED_SHARE if settings.effect == "removal" else 0.0)
        bury_the_dead(world)
        bear_children(world)
        leave_care(world, country)
        enter_care(world, institutions)
        leave_home(world, country, odds)
        separate(world, country)
        find_partners(world)
        marry(world)
        emigrate(world)
        come_back(world, country)
        immigrate(world, country, _arrivals(world))
        originals = original_households(world, country) if settings.effect == "income_change" else None
        move_freely(world, country, odds)
        if settings.effect == "excess":
            exchange_homes(world, country)
        if originals is not None:
            impoverish(world, country, originals)
    world.month = len(world.months) - 1
    _year_end(block, settings, number)
    return block


def _begin(settings: Synthetic, number: int, persons: int, country: Map) -> tuple[World, Ints]:
    rng = np.random.default_rng([settings.seed, number, 0])
    months = month_starts(settings.first_year, settings.last_year)
    start_count = int(persons * START_SHARE)
    dwellings = int(start_count / PERSONS_PER_HOUSEHOLD / (1 - VACANT_SHARE))
    world = World(
        people=new_people(persons, settings.last_year - settings.first_year + 1),
        homes=new_households(persons * 2),
        stock=build_stock(rng, country, dwellings, int(dwellings * 1.6), int(months[0])),
        log=Log(),
        rng=rng,
        months=months,
        first_year=settings.first_year,
    )
    settle_population(world, country, int(start_count * 0.99))
    institutions = found_institutions(world, add_institutions(world, country, persons))
    fill_institutions(world, institutions, start_count)
    plan_ordinary_demolition(world, spared_buurten())
    plan_programmes(world, country)
    return world, institutions


def _year_end(block: Block, settings: Synthetic, number: int) -> None:
    """On 1 January: the income register of the year before, while that was counted on 31 December."""
    year = settings.first_year + block.world.month // 12 - 1
    if max(settings.first_year, EARLY_INCOME_SINCE) <= year < INCOME_SINCE:
        rng = np.random.default_rng([settings.seed, number, 1, year])
        block.incomes.append(record_year_end(block.world, year, settings.flaws == "quirks", rng))


def _january(block: Block, country: Map, settings: Synthetic) -> None:
    world = block.world
    year = settings.first_year + world.month // 12
    age_incomes(world)
    if year >= INCOME_SINCE:
        block.incomes.append(record_incomes(world, year, settings.flaws == "quirks", world.rng, world.homes.percentile))
    block.ownership.append(_ownership(world, year))
    set_move_rates(world)
    build_for_growth(world, country)


def _ownership(world: World, year: int) -> OwnershipYear:
    stock, people, homes = world.stock, world.people, world.homes
    used = slice(0, stock.used)
    stands = (stock.start[used] <= world.today) & (stock.end[used] > world.today) & (stock.tenure[used] != NO_TENURE)
    dwelling = np.flatnonzero(stands).astype(np.int32)
    present = people.household[: people.used]
    residents = np.bincount(homes.dwelling[present[present != NOBODY]], minlength=stock.used)
    return OwnershipYear(year, dwelling, stock.tenure[dwelling].copy(), residents[dwelling].astype(np.int32))


def _arrivals(world: World) -> int:
    """First immigrants of this month: an even part of the persons not yet used, less the births to come."""
    people = world.people
    left = len(world.months) - 1 - world.month
    room = len(people.birth) - people.used
    if left == 1:
        return room
    births = int(np.count_nonzero(people.household[: people.used] != NOBODY) * YEARLY_SHARE / 12 * left)
    even = (room - births) / left
    return int(max(0.0, even) + world.rng.random())
