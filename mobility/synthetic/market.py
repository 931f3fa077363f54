"""Who gets which dwelling: a household wishes for a place, and inside it the better-off get the better dwellings."""

from __future__ import annotations

import numpy as np

from mobility.synthetic.atlas import Map
from mobility.synthetic.days import AnyInts, Floats, Ints
from mobility.synthetic.dwellings import free_dwellings
from mobility.synthetic.world import NOBODY, World

AWAY_LOWEST, AWAY_HIGHEST = 0.25, 0.43  # of moves: to another gemeente, by income
LOW_CITY_PULL, HIGH_CITY_PULL = 1.9, 0.6  # what the city means to the poorer and the richer half
WITHIN_WIJK = 0.30  # of moves within the gemeente
WITHIN_REGION = 0.62  # of moves to another gemeente
TASTE = 0.10  # noise in the match of income and dwelling, in ranks

# Appeal of a role to the young, families and older people.
_APPEAL = {
    "city": (2.2, 0.6, 0.7),
    "growth_core": (0.8, 1.3, 1.0),
    "satellite": (0.6, 1.3, 1.1),
    "rest_of_region": (0.4, 1.1, 1.2),
    "elsewhere": (0.9, 1.0, 1.1),
}


def destination_odds(country: Map) -> Floats:
    """Chance of each other gemeente as destination of a move: (income half, phase of life) x origin x destination."""
    count = len(country.gemeente_share)
    region = country.gemeente_region
    same = (region[:, None] == region[None, :]) & (region >= 0)[:, None]
    itself = np.eye(count, dtype=bool)
    is_city = np.array([role == "city" for role in country.gemeente_role])
    odds = np.zeros((6, count, count))
    for group in range(6):
        half, phase = divmod(group, 3)
        pull = country.gemeente_share * np.array([_APPEAL[role][phase] for role in country.gemeente_role])
        pull = pull * np.where(is_city, (LOW_CITY_PULL, HIGH_CITY_PULL)[half], 1.0)
        near = np.where(same & ~itself, pull, 0.0)
        far = np.where(~same & ~itself, pull, 0.0)
        for part, share in ((near, WITHIN_REGION), (far, 1 - WITHIN_REGION)):
            total = part.sum(axis=1, keepdims=True)
            odds[group] += share * np.divide(part, total, out=np.zeros_like(part), where=total > 0)
    return np.asarray(odds / odds.sum(axis=2, keepdims=True))


def draw_destinations(world: World, odds: Floats, origins: Ints, phases: AnyInts, scores: Floats) -> Ints:
    """A wished gemeente for each: the present one or, less often and more so with a high income (score), another."""
    draw = world.rng.random((2, len(origins)))
    away = draw[0] < AWAY_LOWEST + (AWAY_HIGHEST - AWAY_LOWEST) * np.clip(scores, 0, 1)
    chances = np.cumsum(odds[phases + 3 * (scores > 0.5), origins], axis=1)
    other = np.minimum((draw[1][:, None] > chances).sum(axis=1), chances.shape[1] - 1)
    return np.where(away, other, origins).astype(np.int32)


def allocate(
    rng: np.random.Generator,
    markets: AnyInts,
    scores: Floats,
    dwellings: Ints,
    dwelling_markets: AnyInts,
    quality: Floats,
) -> Ints:
    """A dwelling in its market for each seeker, or NOBODY.

    Inside a market, seekers in order of score (0 to 1, with noise) meet dwellings in order of quality. When there are
    fewer dwellings than seekers, chance decides who is disappointed.
    """
    given = np.full(len(markets), NOBODY, dtype=np.int32)
    order = np.lexsort((quality, dwelling_markets))
    sorted_markets = dwelling_markets[order]
    tasted = scores + rng.normal(0, TASTE, len(scores))
    luck = rng.random(len(scores))
    for market in np.unique(markets):
        low, high = np.searchsorted(sorted_markets, [market, market + 1])
        seekers = np.flatnonzero(markets == market)
        room = int(high - low)
        if len(seekers) > room:
            seekers = seekers[np.argsort(luck[seekers], kind="stable")[:room]]
        if not len(seekers):
            continue
        seekers = seekers[np.argsort(tasted[seekers], kind="stable")]
        steps = np.arange(len(seekers))
        spots = np.clip(tasted[seekers] * room, 0, room - 1).astype(np.int64)
        spots = np.maximum.accumulate(spots - steps) + steps
        spots = np.minimum(spots, room - len(seekers) + steps)
        given[seekers] = dwellings[order[low + spots]]
    return given


def find_dwellings(world: World, country: Map, gemeenten: Ints, scores: Floats, wijken: Ints | None = None) -> Ints:
    """A free dwelling for each seeker: in the wished wijk if given, else in the gemeente, else in its region."""
    stock, rng = world.stock, world.rng
    found = np.full(len(gemeenten), NOBODY, dtype=np.int32)
    free = free_dwellings(world)
    region = country.gemeente_region
    attempts = [(country.gemeente_of, gemeenten), (region[country.gemeente_of], region[gemeenten])]
    if wijken is not None:
        attempts.insert(0, (country.wijk_of, wijken))
    for market_of_buurt, wishes in attempts:
        seeking = np.flatnonzero((found < 0) & (wishes >= 0))
        if not len(seeking):
            continue
        free = free[~np.isin(free, found)]
        places = market_of_buurt[stock.buurt[free]]
        found[seeking] = allocate(rng, wishes[seeking], scores[seeking], free, places, stock.quality[free])
    return found


def find_anywhere(world: World, country: Map, gemeenten: Ints, scores: Floats, wijken: Ints | None = None) -> Ints:
    """As `find_dwellings`, but whoever is left gets any free dwelling in the country."""
    found = find_dwellings(world, country, gemeenten, scores, wijken)
    left = np.flatnonzero(found < 0)
    if len(left):
        free = free_dwellings(world)
        free = free[~np.isin(free, found)]
        chosen = world.rng.permutation(free)[: len(left)]
        found[left[: len(chosen)]] = chosen
    return found
