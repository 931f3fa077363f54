"""New concentrations planted in the fictitious country: who goes where is exchanged, and nothing else."""

import numpy as np
import polars as pl

from mobility.synthetic.atlas import load_map
from mobility.synthetic.concentrations import BUURTEN, YEARS, exchange_destinations, true_concentrations
from mobility.synthetic.geography import programme_areas


class Drawn:
    """Four households that move in one month: where they live, what they found and how poor they are."""

    def __init__(self, month: int, percentile: list[int], lives_in: list[int], finds: list[int]) -> None:
        buurten = np.array([*lives_in, *finds], dtype=np.int32)
        self.months, self.month = np.zeros(12 * 20 + 1), month
        self.stock = type("Stock", (), {"buurt": buurten})
        self.homes = type("Homes", (), {"percentile": np.array(percentile), "dwelling": np.arange(len(lives_in))})


def exchanged(month: int = 239, percentile=(60, 10, 70, 15), lives_in=None, finds=None) -> list[int]:
    """Places of the dwellings of four movers, in the order in which they were found."""
    country = load_map()
    planted = country.buurt_codes.index(BUURTEN[0])
    ordinary = country.buurt_codes.index("91040101")  # a satellite of the same region
    world = Drawn(month, list(percentile), lives_in or [ordinary] * 4, finds or [planted, ordinary, ordinary, ordinary])
    found = exchange_destinations(world, country, np.arange(4), np.arange(4, 8))
    return (found - 4).tolist()


def test_a_dwelling_in_a_planted_buurt_goes_to_the_first_poor_household_that_moves_in_the_region() -> None:
    assert exchanged() == [1, 0, 2, 3]


def test_nothing_is_exchanged_before_the_last_years_or_without_a_poor_mover() -> None:
    assert exchanged(month=239 - 12 * YEARS) == [0, 1, 2, 3]
    assert exchanged(percentile=(60, 40, 70, 50)) == [0, 1, 2, 3]
    assert exchanged(percentile=(5, 10, 70, 15)) == [0, 1, 2, 3]  # a poor household has found it already


def test_who_leaves_a_programme_area_or_goes_to_a_growth_core_is_left_alone() -> None:
    country = load_map()
    ordinary, planted = country.buurt_codes.index("91040101"), country.buurt_codes.index(BUURTEN[0])
    treated = country.buurt_codes.index(f"{programme_areas()[0].code}01")
    core = country.buurt_codes.index("91020301")
    assert exchanged(lives_in=[ordinary, treated, ordinary, ordinary]) == [3, 1, 2, 0]
    assert exchanged(finds=[planted, core, ordinary, ordinary]) == [3, 1, 2, 0]
    other_region = country.buurt_codes.index("92040101")
    assert exchanged(finds=[planted, other_region, ordinary, other_region]) == [0, 1, 2, 3]


def test_the_truth_names_buurten_outside_programmes_and_only_where_they_are_planted() -> None:
    programmes = {area.code for area in programme_areas()}
    found = true_concentrations("excess", 2023)
    assert found["buurt"].to_list() == [f"BU{code}" for code in sorted(BUURTEN)]
    assert set(BUURTEN) <= set(load_map().buurt_codes)
    assert not {code[:6] for code in BUURTEN} & programmes
    assert found.select(pl.col("first_year", "last_year").unique()).rows() == [(2016, 2023)]
    assert true_concentrations("null", 2023).is_empty()
