"""New concentrations (B6), planted with the effect `excess`: buurten outside every programme that low incomes come to live in.

In the last years households that live there and are not poor exchange homes with poor households of the region, a few each month.
No draw is made, and who lives in a programme area or in a growth core is left alone, so that nothing is added to wegsijpel chains
or taken from them.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from mobility.synthetic.atlas import Map
from mobility.synthetic.changes import move
from mobility.synthetic.days import Bools, Ints
from mobility.synthetic.geography import programme_areas, wijken
from mobility.synthetic.restructuring import LOW_PERCENTILE
from mobility.synthetic.world import World

BUURTEN = ("91040101", "91040301", "92040101", "92040301", "93040101", "93040301")
"""In suburbs that are satellites: few poor people live there at first."""
YEARS = 8  # the last ones
YEARLY_SHARE = 0.12  # of the households of such a buurt: so many a year give way to poor ones
_DAY = 14  # of the month, on which homes are exchanged


def exchange_homes(world: World, country: Map) -> None:
    """Households of the planted buurten that are not poor exchange homes with the poorest of the region that may."""
    if world.month < len(world.months) - 1 - 12 * YEARS:
        return
    homes, stock = world.homes, world.stock
    active = world.active_households()
    buurt = stock.buurt[homes.dwelling[active]]
    poor = homes.percentile[active] <= LOW_PERCENTILE
    codes = [wijk.code for wijk in wijken()]
    programmes = [codes.index(area.code) for area in programme_areas()]
    core = np.array([role == "growth_core" for role in country.gemeente_role])
    planted = np.isin(buurt, [country.buurt_codes.index(code) for code in BUURTEN])
    left_alone = np.isin(country.wijk_of[buurt], programmes) | core[country.gemeente_of[buurt]]
    may = _may_move(world, active) & ~left_alone
    region = country.gemeente_region[country.gemeente_of[buurt]]
    for code in BUURTEN:
        here = buurt == country.buurt_codes.index(code)
        number = _of_this_month(int(here.sum()), world.month)
        giving = np.flatnonzero(here & may & ~poor)
        taking = np.flatnonzero((region == region[giving[0]]) & may & poor & ~planted) if len(giving) else giving
        pairs = min(number, len(giving), len(taking))
        if not pairs:
            continue
        # Who has lived there longest gives way to the poorest.
        giving = giving[np.argsort(homes.since[active[giving]], kind="stable")[:pairs]]
        taking = taking[np.argsort(homes.percentile[active[taking]], kind="stable")[:pairs]]
        both = active[np.concatenate([giving, taking])]
        there = homes.dwelling[active[np.concatenate([taking, giving])]]
        move(world, both, there, np.full(len(both), world.today + _DAY, dtype=np.int32))
        may[giving], may[taking] = False, False


def _may_move(world: World, households: Ints) -> Bools:
    """Households that met nothing this month, plan nothing, and whose dwelling stays what it is."""
    homes, stock = world.homes, world.stock
    dwelling = homes.dwelling[households]
    free = (homes.touched[households] != world.month) & (homes.plan[households] == 0) & ~homes.institution[households]
    free &= homes.settled_until[households] < world.month
    # A corporation sells on vacancy, and nobody moves into what will be demolished.
    stays = (stock.closed_from[dwelling] > world.months[-1]) & (stock.sale_from[dwelling] > world.months[-1])
    return np.asarray(free & stays)


def _of_this_month(households: int, month: int) -> int:
    """How many of a buurt exchange homes in a month, so that the share of a year comes out."""
    rate = households * YEARLY_SHARE / 12
    return int((month + 1) * rate) - int(month * rate)


def true_concentrations(effect: str, last_year: int) -> pl.DataFrame:
    """One row per planted buurt, sorted: `buurt` and the first and last year in which it is planted; none without the effect."""
    codes = [f"BU{code}" for code in sorted(BUURTEN)] if effect == "excess" else []
    return pl.DataFrame(
        {"buurt": codes, "first_year": [last_year - YEARS + 1] * len(codes), "last_year": [last_year] * len(codes)},
        schema={"buurt": pl.String, "first_year": pl.Int64, "last_year": pl.Int64},
    )
