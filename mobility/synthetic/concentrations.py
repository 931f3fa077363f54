"""New concentrations (B6), planted with the effect `excess`: buurten outside every programme that low incomes come to live in.

In the last years, households that move to one of them and are not poor change places with poor households that move elsewhere in
the region in the same month. Nobody moves more or less than before, no draw is made, and who leaves a programme area or goes to a
growth core is left alone, so that wegsijpel chains are what they were.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from mobility.synthetic.atlas import Map
from mobility.synthetic.days import Ints
from mobility.synthetic.geography import programme_areas, wijken
from mobility.synthetic.restructuring import LOW_PERCENTILE
from mobility.synthetic.world import World

BUURTEN = ("91011001", "91011201", "92011001", "92011201", "93011001", "93011201")
"""In the centres of the cities, where people come and go: few of them poor at first."""
YEARS = 8  # the last ones


def exchange_destinations(world: World, country: Map, movers: Ints, dwellings: Ints) -> Ints:
    """The dwellings of the movers, with those in planted buurten given to poor ones as far as there are any.

    Args:
        world: the block.
        country: the map.
        movers: households that move in this month.
        dwellings: that they found.
    """
    homes, stock = world.homes, world.stock
    if world.month < len(world.months) - 1 - 12 * YEARS:
        return dwellings
    codes = [wijk.code for wijk in wijken()]
    programmes = [codes.index(area.code) for area in programme_areas()]
    core = np.array([role == "growth_core" for role in country.gemeente_role])
    buurt = stock.buurt[dwellings]
    gemeente = country.gemeente_of[buurt]
    planted = np.isin(buurt, [country.buurt_codes.index(code) for code in BUURTEN])
    poor = homes.percentile[movers] <= LOW_PERCENTILE
    concerned = np.isin(country.wijk_of[stock.buurt[homes.dwelling[movers]]], programmes) | core[gemeente]
    region = country.gemeente_region[gemeente]
    exchanged = dwellings.copy()
    for number in np.unique(region[planted]):
        here = region == number
        coming = np.flatnonzero(here & planted & ~poor & ~concerned)
        going = np.flatnonzero(here & ~planted & poor & ~concerned)
        pairs = min(len(coming), len(going))
        exchanged[coming[:pairs]], exchanged[going[:pairs]] = dwellings[going[:pairs]], dwellings[coming[:pairs]]
    return exchanged


def true_concentrations(effect: str, last_year: int) -> pl.DataFrame:
    """One row per planted buurt, sorted: `buurt` and the first and last year in which it is planted; none without the effect."""
    codes = [f"BU{code}" for code in sorted(BUURTEN)] if effect == "excess" else []
    return pl.DataFrame(
        {"buurt": codes, "first_year": [last_year - YEARS + 1] * len(codes), "last_year": [last_year] * len(codes)},
        schema={"buurt": pl.String, "first_year": pl.Int64, "last_year": pl.Int64},
    )
