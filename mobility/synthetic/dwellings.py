"""The dwelling stock of one block: what stands at the start, what is built and demolished, who may move in."""

from __future__ import annotations

import numpy as np

from mobility.synthetic.atlas import Map
from mobility.synthetic.days import FOREVER, Floats, Ints, day_number, year_of
from mobility.synthetic.geography import CELL_M, EDGE_M
from mobility.synthetic.world import NEVER, NO_TENURE, NOBODY, OWNER, PRIVATE, SOCIAL, Stock, World

VACANT_SHARE = 0.055  # of the stock at the start, and aimed at by building
DWELLINGS_PER_BUILDING = 4
PERSONS_PER_INSTITUTION = 1_500
CLOSED_MONTHS = 18  # before demolition nobody is admitted
OLD_DEMOLISHED_SHARE = 0.02  # ordinary demolition before the BAG existed (2012): historical objects
NEW_DEMOLISHED_SHARE = 0.006  # ordinary demolition since
_BAG_YEAR = 2012
GROWTH_WEIGHT = {"growth_core": 1.8, "satellite": 1.1, "rest_of_region": 1.0, "city": 0.8, "elsewhere": 1.0}


def build_stock(rng: np.random.Generator, country: Map, count: int, capacity: int, first_day: int) -> Stock:
    """The dwellings that stand on the first day."""
    stock = _empty(capacity)
    buurten = rng.choice(len(country.share), count, p=country.share).astype(np.int32)
    buurten.sort()
    built = rng.integers(1920, year_of(np.array([first_day]))[0], count).astype(np.int32)
    _add(stock, rng, country, buurten, draw_tenures(rng, country, buurten), np.zeros(count, dtype=np.int32), built)
    stock.start[:count] = day_number(np.datetime64("1980-01-01").astype(object))
    return stock


def _empty(capacity: int) -> Stock:
    def numbers(value: int) -> Ints:
        return np.full(capacity, value, dtype=np.int32)

    return Stock(
        buurt=numbers(0),
        tenure=np.full(capacity, NO_TENURE, dtype=np.int8),
        quality=np.zeros(capacity),
        start=numbers(0),
        end=numbers(FOREVER),
        closed_from=numbers(FOREVER),
        evict_month=numbers(NEVER),
        sale_from=numbers(FOREVER),
        sold=numbers(FOREVER),
        occupant=numbers(NOBODY),
        free_from=numbers(0),
        floor_m2=numbers(0),
        east=numbers(0),
        north=numbers(0),
        built_year=numbers(0),
    )


def draw_tenures(rng: np.random.Generator, country: Map, buurten: Ints) -> Ints:
    """Tenure of dwellings in these buurten."""
    draw = rng.random(len(buurten))
    social = country.social[buurten]
    rented = social + country.private[buurten]
    return np.where(draw < social, SOCIAL, np.where(draw < rented, PRIVATE, OWNER)).astype(np.int32)


def _add(
    stock: Stock, rng: np.random.Generator, country: Map, buurten: Ints, tenures: Ints, starts: Ints, built: Ints
) -> Ints:
    """Add dwellings, in buildings of a few; returns their numbers."""
    count = len(buurten)
    numbers = np.arange(stock.used, stock.used + count, dtype=np.int32)
    if stock.used + count > len(stock.buurt):
        _double(stock)
    stock.used += count
    stock.buurt[numbers] = buurten
    stock.tenure[numbers] = tenures
    shift = np.choose(tenures, [0.8, -0.9, -0.2])
    stock.quality[numbers] = country.appeal[buurten] + shift + rng.normal(0, 0.4, count)
    stock.start[numbers] = starts
    stock.free_from[numbers] = starts
    stock.built_year[numbers] = built
    stock.floor_m2[numbers] = np.clip(rng.normal(np.choose(tenures, [125, 75, 80]), 20), 20, 400)
    # A building is a run of dwellings of one buurt; all stand on its spot.
    place = rng.random((2, count))
    run = np.arange(count) // DWELLINGS_PER_BUILDING
    lead = np.unique(run.astype(np.int64) * 100_000 + buurten, return_index=True, return_inverse=True)
    place = place[:, lead[1][lead[2]]]
    stock.east[numbers] = country.west[buurten] + EDGE_M + place[0] * (country.width[buurten] - 2 * EDGE_M)
    stock.north[numbers] = country.south[buurten] + EDGE_M + place[1] * (CELL_M - 2 * EDGE_M)
    return numbers


def _double(stock: Stock) -> None:
    fresh = _empty(len(stock.buurt))
    for name, values in vars(fresh).items():
        if isinstance(values, np.ndarray):
            setattr(stock, name, np.concatenate([getattr(stock, name), values]))


def add_dwellings(world: World, country: Map, buurten: Ints, starts: Ints) -> None:
    """New dwellings, mostly for owners."""
    rng = world.rng
    tenures = np.where(rng.random(len(buurten)) < 0.7, OWNER, draw_tenures(rng, country, buurten))
    numbers = _add(world.stock, rng, country, buurten, tenures.astype(np.int32), starts, year_of(starts))
    world.stock.quality[numbers] += 0.4


def add_institutions(world: World, country: Map, persons: int) -> Ints:
    """Objects in which many persons live; returns their numbers."""
    count = max(3, persons // PERSONS_PER_INSTITUTION)
    rng = world.rng
    buurten = np.sort(rng.choice(len(country.share), count, p=country.share)).astype(np.int32)
    numbers = _add(
        world.stock,
        rng,
        country,
        buurten,
        np.full(count, OWNER, dtype=np.int32),
        np.zeros(count, dtype=np.int32),
        np.full(count, 1985),
    )
    world.stock.tenure[numbers] = NO_TENURE
    world.stock.closed_from[numbers] = 0
    return numbers


def plan_demolition(world: World, dwellings: Ints, ends: Ints) -> None:
    """These dwellings are to be demolished on these days: closed long before, the last residents out in time."""
    stock = world.stock
    stock.end[dwellings] = ends
    stock.closed_from[dwellings] = ends - CLOSED_MONTHS * 30
    notice = world.rng.integers(2, 10, len(dwellings))
    month_of_end = np.searchsorted(world.months, ends, side="right") - 1
    stock.evict_month[dwellings] = np.maximum(month_of_end - notice, 0)


def plan_ordinary_demolition(world: World, spared: Ints) -> None:
    """A little demolition anywhere but in the spared buurten, before and after 2012."""
    stock, rng = world.stock, world.rng
    ordinary = np.flatnonzero((stock.tenure[: stock.used] != NO_TENURE) & ~np.isin(stock.buurt[: stock.used], spared))
    bag = int(np.searchsorted(world.months, day_number(np.datetime64(f"{_BAG_YEAR}-01-01").astype(object))))
    last = len(world.months) - 1
    for share, first_month, last_month in (
        (OLD_DEMOLISHED_SHARE, 24, min(bag, last)),
        (NEW_DEMOLISHED_SHARE, max(bag, 24), last),
    ):
        if last_month - first_month < 12:
            continue
        chosen = rng.choice(ordinary, int(share * len(ordinary)), replace=False).astype(np.int32)
        ends = rng.integers(world.months[first_month], world.months[last_month], len(chosen)).astype(np.int32)
        plan_demolition(world, chosen, ends)


def free_dwellings(world: World) -> Ints:
    """Dwellings into which somebody may move this month: they stand empty since before the month and are not closed."""
    stock, today = world.stock, world.today
    used = slice(0, stock.used)
    free = (stock.occupant[used] < 0) & (stock.free_from[used] <= today) & (stock.closed_from[used] > today + 31)
    return np.flatnonzero(free).astype(np.int32)


def build_for_growth(world: World, country: Map) -> None:
    """In January: build enough to keep the wanted share of vacant dwellings, most in growth cores."""
    households = len(world.active_households())
    free = len(free_dwellings(world))
    wanted = int(max(0.0, VACANT_SHARE * households - free) + 0.003 * households)
    weight = country.share * np.array([GROWTH_WEIGHT[country.gemeente_role[g]] for g in country.gemeente_of])
    buurten = np.sort(world.rng.choice(len(weight), wanted, p=weight / weight.sum())).astype(np.int32)
    starts = world.rng.integers(world.today, world.today + 330, wanted).astype(np.int32)
    add_dwellings(world, country, buurten, starts)


def rank_in(values: Floats) -> Floats:
    """Ranks from 0 to 1."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = (np.arange(len(values)) + 0.5) / max(len(values), 1)
    return ranks
