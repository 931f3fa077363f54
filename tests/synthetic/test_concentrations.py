"""New concentrations planted in the fictitious country: some homes are exchanged, and nothing else."""

import dataclasses

import numpy as np
import polars as pl
import pytest

from mobility.settings import Synthetic, read_settings
from mobility.synthetic import block
from mobility.synthetic.atlas import load_map
from mobility.synthetic.concentrations import BUURTEN, YEARS, exchange_homes, true_concentrations
from mobility.synthetic.geography import programme_areas
from mobility.synthetic.restructuring import LOW_PERCENTILE
from mobility.synthetic.world import World
from tests.lib.compose import composed


@pytest.fixture(scope="module")
def begun() -> World:
    """A block on its first day, with the calendar set to the last year."""
    given: Synthetic = read_settings(composed("synthesise")).synthetic
    world, _ = block._begin(dataclasses.replace(given, persons=40_000), 0, 40_000, load_map())
    world.month = len(world.months) - 8
    block.age_incomes(world)
    return world


def test_who_gives_way_and_who_takes_over(begun: World) -> None:
    country, homes, stock = load_map(), begun.homes, begun.stock
    before, occupant = homes.dwelling.copy(), stock.occupant.copy()
    start = begun.rng.bit_generator.state
    for month in range(6):
        begun.month += month > 0
        exchange_homes(begun, country)
    moved = np.flatnonzero(before != homes.dwelling)
    assert begun.rng.bit_generator.state == start  # no draw
    assert len(moved) > 4
    planted = [country.buurt_codes.index(code) for code in BUURTEN]
    came = np.isin(stock.buurt[homes.dwelling[moved]], planted)
    assert came.sum() * 2 == len(moved)
    assert (homes.percentile[moved[came]] <= LOW_PERCENTILE).all()
    assert (homes.percentile[moved[~came]] > LOW_PERCENTILE).all()
    # the same dwellings are lived in, by others
    assert sorted(before[moved]) == sorted(homes.dwelling[moved])
    assert ((stock.occupant >= 0) == (occupant >= 0)).all()
    assert (stock.occupant[homes.dwelling[moved]] == moved).all()
    codes = [country.buurt_codes[number] for number in stock.buurt[before[moved]]]
    programmes = {area.code for area in programme_areas()}
    assert not {code[:6] for code in codes} & programmes
    assert not any(country.gemeente_role[country.gemeente_of[stock.buurt[d]]] == "growth_core" for d in before[moved])


def test_nothing_is_exchanged_before_the_last_years(begun: World) -> None:
    before, month = begun.homes.dwelling.copy(), begun.month
    begun.month = len(begun.months) - 2 - 12 * YEARS
    exchange_homes(begun, load_map())
    begun.month = month
    assert (begun.homes.dwelling == before).all()


def test_the_truth_names_buurten_outside_programmes_and_only_where_they_are_planted() -> None:
    found = true_concentrations("excess", 2023)
    assert found["buurt"].to_list() == [f"BU{code}" for code in sorted(BUURTEN)]
    assert set(BUURTEN) <= set(load_map().buurt_codes)
    assert not {code[:6] for code in BUURTEN} & {area.code for area in programme_areas()}
    assert found.select(pl.col("first_year", "last_year").unique()).rows() == [(2016, 2023)]
    assert true_concentrations("null", 2023).is_empty()
