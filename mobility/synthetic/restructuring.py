"""Restructuring: demolition and sale in programme areas, the rehousing of who lives there, and the planted effect.

Rehousing alone must not raise the number that reaches a growth core: residents who must leave are rehoused in their
own wijk or elsewhere in the city, and part of the latter come back. The planted effect comes on top, for low-income
original residents only.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from mobility.synthetic.atlas import Map, load_map
from mobility.synthetic.changes import go_out, move
from mobility.synthetic.days import Ints, add_months, day_number
from mobility.synthetic.dwellings import add_dwellings, plan_demolition
from mobility.synthetic.geography import Wijk, programme_areas, wijken
from mobility.synthetic.income import low_on_average
from mobility.synthetic.market import find_anywhere
from mobility.synthetic.world import DIRECT, NEVER, RETURN, SECOND_STEP, SOCIAL, STEP, World

LOW_PERCENTILE = 20
LEAD_MONTHS = 24  # original residents are those who live there this long before the start
DEMOLISHED_SHARE = 0.30  # of corporation dwellings
SOLD_SHARE = 0.12
REBUILT_SHARE = 0.8
REHOUSED_NEARBY = 0.75  # in the same wijk
RETURN_SHARE = 0.5  # of those rehoused elsewhere in the city
DIRECT_SHARE = 0.12  # of low-income original households: straight to a growth core
STEP_SHARE = 0.072  # the same with one stop in between
REVERSED_SHARE = 0.05  # of the redirected: back after one to three years
REMOVED_SHARE = 0.5  # of the redirected, where the register loses them
TREND_START = day_number(date(2013, 1, 1))
TREND_RATE = 0.003  # a month, of low-income households of the central cities: to a growth core
FALL = 1.2  # of earning power, in standard deviations, after the move
_SETTLED_MONTHS = 30


def plan_programmes(world: World, country: Map) -> None:
    """At the start: which corporation dwellings are demolished or sold, and when; new dwellings follow later."""
    stock, rng = world.stock, world.rng
    codes = [wijk.code for wijk in wijken()]
    last_day = int(world.months[-1])
    for area in programme_areas():
        if area.start is None:
            continue
        begin = day_number(area.start)
        inside = country.wijk_of[stock.buurt[: stock.used]] == codes.index(area.code)
        social = rng.permutation(np.flatnonzero(inside & (stock.tenure[: stock.used] == SOCIAL))).astype(np.int32)
        demolished = social[: int(DEMOLISHED_SHARE * len(social))]
        for_sale = social[len(demolished) : len(demolished) + int(SOLD_SHARE * len(social))]
        ends = rng.integers(begin, day_number(add_months(area.start, 48)), len(demolished)).astype(np.int32)
        plan_demolition(world, demolished, ends)
        stock.sale_from[for_sale] = begin
        rebuilt = demolished[: int(REBUILT_SHARE * len(demolished))]
        starts = ends[: len(rebuilt)] + rng.integers(400, 900, len(rebuilt)).astype(np.int32)
        known = starts < last_day
        add_dwellings(world, country, stock.buurt[rebuilt[known]], starts[known])


def plan_redirection(world: World, country: Map) -> None:
    """In the month of the cohort date: some low-income original households plan to go to a growth core."""
    for area in programme_areas():
        if area.start is None or not area.redirects:
            continue
        cohort_date = add_months(area.start, -LEAD_MONTHS)
        if day_number(cohort_date) == world.today:
            _plan_area(world, country, area)


def _plan_area(world: World, country: Map, area: Wijk) -> None:
    homes, stock, rng = world.homes, world.stock, world.rng
    households = world.active_households()
    codes = [wijk.code for wijk in wijken()]
    inside = country.wijk_of[stock.buurt[homes.dwelling[households]]] == codes.index(area.code)
    year = world.first_year + world.month // 12
    settled = homes.since[households] <= world.months[max(world.month - 12, 0)]
    adult = world.ages(homes.head[households]) >= 23
    eligible = households[inside & settled & adult]
    eligible = eligible[low_on_average(world, homes.head[eligible], year)]
    chosen = rng.permutation(eligible)
    direct = round(DIRECT_SHARE * len(chosen) + rng.random() - 0.5)
    steps = round(STEP_SHARE * len(chosen) + rng.random() - 0.5)
    homes.plan[chosen[:direct]] = DIRECT
    homes.plan_month[chosen[:direct]] = world.month + rng.integers(3, 66, direct)
    homes.plan[chosen[direct : direct + steps]] = STEP
    homes.plan_month[chosen[direct : direct + steps]] = world.month + rng.integers(3, 54, steps)


def plan_trend(world: World, country: Map) -> None:
    """From `TREND_START` on, low-income households all over the central cities plan to go to a growth core at once."""
    if world.today < TREND_START:
        return
    homes = world.homes
    households = world.active_households()
    in_city = np.array([role == "city" for role in country.gemeente_role])
    inside = in_city[country.gemeente_of[world.stock.buurt[homes.dwelling[households]]]]
    free = (homes.plan[households] == 0) & (homes.settled_until[households] < world.month)
    low = households[inside & free & (homes.percentile[households] <= LOW_PERCENTILE)]
    going = low[world.rng.random(len(low)) < TREND_RATE]
    homes.plan[going] = DIRECT
    homes.plan_month[going] = world.month


def original_households(world: World, country: Map) -> Ints:
    """Households that live in a programme area after its cohort date."""
    codes = [wijk.code for wijk in wijken()]
    prepared = [
        codes.index(area.code)
        for area in programme_areas()
        if area.start is not None and day_number(add_months(area.start, -LEAD_MONTHS)) <= world.today
    ]
    households = world.active_households()
    inside = np.isin(country.wijk_of[world.stock.buurt[world.homes.dwelling[households]]], prepared)
    return households[inside]


def impoverish(world: World, country: Map, households: Ints) -> None:
    """Those of the households that live in a growth core now earn less from now on."""
    homes, people = world.homes, world.people
    there = households[homes.head[households] >= 0]
    is_core = np.array([role == "growth_core" for role in country.gemeente_role])
    moved = there[is_core[country.gemeente_of[world.stock.buurt[homes.dwelling[there]]]]]
    since = homes.since[moved] >= world.today  # others have lived in a growth core all along: some areas lie in one
    persons = world.members(moved[since])
    people.ability[persons] -= FALL


def carry_out_plans(world: World, country: Map, removed_share: float) -> None:
    """Households whose plan is due move as planned; who finds no dwelling tries again next month.

    Args:
        world: the block.
        country: the map.
        removed_share: of those due to go to a growth core, so many disappear from the register instead.
    """
    homes = world.homes
    due = np.flatnonzero((homes.plan_month[: homes.used] <= world.month) & (homes.head[: homes.used] >= 0)).astype(
        np.int32
    )
    for plan in (DIRECT, STEP, SECOND_STEP, RETURN):
        households = world.untouched(due[homes.plan[due] == plan])
        if removed_share and plan in (DIRECT, SECOND_STEP):
            lost = world.rng.random(len(households)) < removed_share
            _remove(world, households[lost])
            households = households[~lost]
        if len(households):
            _carry_out(world, country, plan, households)


def _remove(world: World, households: Ints) -> None:
    """The households disappear from the register."""
    persons = world.members(households)
    world.people.planted[persons] = True
    day_of = np.zeros(world.homes.used, dtype=np.int32)
    day_of[households] = world.days(len(households))
    world.homes.plan[households] = 0
    world.homes.plan_month[households] = NEVER
    go_out(world, persons, day_of[world.people.household[persons]])


def _carry_out(world: World, country: Map, plan: int, households: Ints) -> None:
    homes, stock, people, rng = world.homes, world.stock, world.people, world.rng
    buurten = stock.buurt[homes.dwelling[households]]
    gemeenten = country.gemeente_of[buurten]
    regions = country.gemeente_region[gemeenten]
    wijk_wish: Ints | None = None
    if plan in (DIRECT, SECOND_STEP):
        wishes = np.array([_one_of(world, country, region, ("growth_core",), -1) for region in regions], dtype=np.int32)
    elif plan == STEP:
        roles = ("city", "city", "satellite", "rest_of_region")
        wishes = np.array([_one_of(world, country, region, roles, -1) for region in regions], dtype=np.int32)
    else:
        wijk_wish = homes.return_wijk[households]
        wishes = gemeenten
    found = find_anywhere(world, country, wishes, homes.percentile[households] / 100, wijk_wish)
    places = country.gemeente_of[stock.buurt[found]]
    if plan == RETURN and wijk_wish is not None:
        fits = (found >= 0) & (country.wijk_of[stock.buurt[found]] == wijk_wish)
    elif plan == STEP:
        core = np.array([role == "growth_core" for role in country.gemeente_role])
        in_home = country.wijk_of[stock.buurt[found]] == country.wijk_of[buurten]
        fits = (found >= 0) & (country.gemeente_region[places] == regions) & ~core[places] & ~in_home
    else:
        fits = (found >= 0) & (places == wishes)
    late = households[~fits]
    homes.plan_month[late] = world.month + 1
    households, found = households[fits], found[fits]
    if plan != RETURN:
        homes.return_wijk[households] = np.where(
            plan == SECOND_STEP, homes.return_wijk[households], country.wijk_of[buurten[fits]]
        )
    persons = move(world, households, found, world.days(len(households)))
    homes.plan[households] = 0
    homes.plan_month[households] = NEVER
    homes.settled_until[households] = world.month + _SETTLED_MONTHS
    if plan == STEP:
        homes.plan[households] = SECOND_STEP
        homes.plan_month[households] = world.month + rng.integers(5, 30, len(households))
    if plan in (DIRECT, SECOND_STEP):
        people.planted[persons] = True
        back = households[rng.random(len(households)) < REVERSED_SHARE]
        homes.plan[back] = RETURN
        homes.plan_month[back] = world.month + rng.integers(14, 40, len(back))


def _one_of(world: World, country: Map, region: int, roles: tuple[str, ...], fallback: int) -> int:
    """A gemeente of the region with one of the roles, drawn by size."""
    fits = [g for g, role in enumerate(country.gemeente_role) if role in roles and country.gemeente_region[g] == region]
    if not fits:
        return fallback
    share = country.gemeente_share[fits]
    return int(world.rng.choice(fits, p=share / share.sum()))


def rehouse(world: World, country: Map) -> None:
    """Residents of dwellings soon to be demolished are rehoused, most in their own wijk."""
    homes, stock, rng = world.homes, world.stock, world.rng
    due = np.flatnonzero((stock.evict_month[: stock.used] <= world.month) & (stock.occupant[: stock.used] >= 0))
    households = world.untouched(stock.occupant[due].astype(np.int32))
    if not len(households):
        return
    buurten = stock.buurt[homes.dwelling[households]]
    nearby = rng.random(len(households)) < REHOUSED_NEARBY
    wijk = country.wijk_of[buurten]
    wishes = np.where(nearby, wijk, -1).astype(np.int32)
    found = find_anywhere(world, country, country.gemeente_of[buurten], homes.percentile[households] / 100, wishes)
    households, wijk, found = households[found >= 0], wijk[found >= 0], found[found >= 0]
    move(world, households, found, world.days(len(households)))
    away = (country.wijk_of[stock.buurt[found]] != wijk) & (homes.plan[households] == 0)
    returns = households[away & (rng.random(len(households)) < RETURN_SHARE)]
    homes.return_wijk[returns] = wijk[away & np.isin(households, returns)]
    homes.plan[returns] = RETURN
    homes.plan_month[returns] = world.month + rng.integers(6, 40, len(returns))


def spared_buurten() -> Ints:
    """Buurten of programme areas, where ordinary demolition does not happen."""
    country = load_map()
    codes = [wijk.code for wijk in wijken()]
    areas = [codes.index(area.code) for area in programme_areas()]
    return np.flatnonzero(np.isin(country.wijk_of, areas)).astype(np.int32)
