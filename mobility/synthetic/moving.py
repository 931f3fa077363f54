"""Households that move of their own accord: by age, tenure and income."""

from __future__ import annotations

import numpy as np

from mobility.synthetic.atlas import Map
from mobility.synthetic.changes import move
from mobility.synthetic.days import Floats
from mobility.synthetic.market import WITHIN_WIJK, draw_destinations, find_dwellings
from mobility.synthetic.world import World

MOVE_LEVEL = 0.95
_AGES = np.array([18, 21, 24, 27, 30, 35, 42, 50, 60, 70, 80, 95])
_RATES = np.array([0.17, 0.24, 0.32, 0.27, 0.19, 0.125, 0.075, 0.052, 0.042, 0.035, 0.035, 0.03])  # households a year
_BY_TENURE = np.array([0.75, 1.05, 1.55, 1.0])
_FAMILY_AGE, _OLD_AGE = 30, 55


def set_move_rates(world: World) -> None:
    """In January: how readily each household moves and what places appeal to it."""
    homes, stock = world.homes, world.stock
    households = world.active_households()
    age = world.ages(homes.head[households])
    tenure = stock.tenure[homes.dwelling[households]]
    homes.move_rate[households] = MOVE_LEVEL * np.interp(age, _AGES, _RATES) * _BY_TENURE[tenure]
    homes.phase[households] = np.where(age < _FAMILY_AGE, 0, np.where(age < _OLD_AGE, 1, 2))


def move_freely(world: World, country: Map, odds: Floats) -> None:
    """Moves of households that want to; who finds nothing stays."""
    homes, stock, rng = world.homes, world.stock, world.rng
    households = world.untouched(world.active_households())
    households = households[(homes.settled_until[households] < world.month) & (homes.plan[households] == 0)]
    movers = households[rng.random(len(households)) < homes.move_rate[households] / 12]
    buurten = stock.buurt[homes.dwelling[movers]]
    origins = country.gemeente_of[buurten]
    scores = homes.percentile[movers] / 100
    wishes = draw_destinations(world, odds, origins, homes.phase[movers], scores)
    nearby = (wishes == origins) & (rng.random(len(movers)) < WITHIN_WIJK)
    wijken = np.where(nearby, country.wijk_of[buurten], -1).astype(np.int32)
    dwellings = find_dwellings(world, country, wishes, scores, wijken)
    movers, dwellings = movers[dwellings >= 0], dwellings[dwellings >= 0]
    move(world, movers, dwellings, world.days(len(movers)))
