"""Indicators B1, B2, B6 and B7, E1 and F1 (method 7): roles, distances, new concentrations, corporations."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from mobility.income import CLASSES
from mobility.indicators import after, corporations, living, sorting
from mobility.indicators.blocks import count_squares
from mobility.indicators.concentrations import find_trends, new_concentrations
from mobility.indicators.passing import count_social_moves
from mobility.indicators.table import TOTAL
from mobility.indicators.zones import at_places, near_each, near_inside
from mobility.panel.lookup import TENURES
from mobility.settings import Concentrations
from mobility.stocks import Stocks
from tests.lib.indicators import coded, drawn_moves, drawn_zones, values
from tests.lib.tables import assert_table, table

LOW = ("q1",)
REGIONS = pl.Series(["R"])
HERE = {"place": "R", "level": "region", "cut": TOTAL, "year": 2015}


def test_b1_a_role_has_a_share_of_the_low_incomes_of_its_region_and_an_index():
    residents = coded(
        table("""
        year | area | income_class | age | persons | households
        2015 | A1   | q1           | 0   | 40      | 30
        2015 | A2   | q3           | 0   | 40      | 20
        2015 | B1   | q1           | 0   | 10      | 10
        2016 | A1   | q1           | 0   | 30      | 20
        2016 | B1   | q1           | 0   | 30      | 20
        """)
    )
    stocks = at_places(residents, drawn_zones(), ["role"], ("year", "income_class", "age"))
    found = living.suburbanisation(stocks, LOW)
    core = values(found, place="R/core", level="role", cut=TOTAL, income_class="low")
    assert core == {
        (2015, "share_of_region"): 25, (2016, "share_of_region"): 50,
        (2015, "index"): 100, (2016, "index"): 200,
        (2015, "low_share"): 100, (2016, "low_share"): 100,
    }  # fmt: skip
    assert values(found, place="R/city", level="role", cut=TOTAL, income_class="low", year=2015)["low_share"] == 50


def histogram(drawn):
    frame = coded(table(drawn)).with_columns(pl.col("bin").cast(pl.Int32))
    number = pl.lit(0, pl.Int32 if "kind" not in frame.columns else pl.UInt32)
    return frame.with_columns(region=number, households=pl.col("persons"))


def test_b2_quartiles_of_the_distance_and_centralisation():
    distances = histogram("""
        year | income_class | bin | persons
        2015 | q1           | 0   | 3
        2015 | q1           | 10  | 1
        2015 | q3           | 10  | 4
    """)
    found = living.distance_to_centre(distances, REGIONS, 100, LOW)
    low = values(found, **HERE, income_class="low")
    assert (low["q25"], low["median"], low["q75"]) == (0.05, 0.05, 0.05)
    assert values(found, **HERE, income_class="not_low")["median"] == 1.05
    # Cumulated shares of low 3/4, 1 and of the others 0, 1: 3/4 x 1 - 1 x 0.
    assert low["centralisation"] == 0.75


def test_centralisation_is_1_where_all_of_one_group_live_nearer_and_minus_1_where_further():
    nearer, further = np.array([5, 0]), np.array([0, 7])
    assert living.centralisation(nearer, further) == 1
    assert living.centralisation(further, nearer) == -1
    assert living.centralisation(nearer + further, 2 * (nearer + further)) == 0


def test_b3_units_are_buurten_with_enough_residents_with_a_percentile():
    residents = coded(
        table("""
        year | area | income_class | age | persons | households
        2015 | A1   | q1           | 0   | 100     | 50
        2015 | A2   | q3           | 0   | 100     | 50
        2015 | B1   | q1           | 0   | 9       | 9
        2015 | B1   | student      | 0   | 500     | 9
        """)
    )
    units = living.units_of(residents, drawn_zones(), 4, 10)
    percentiles = {2015: np.zeros((4, 101))}
    percentiles[2015][1, 10], percentiles[2015][2, 50] = 100, 100
    found = sorting.segregated(units, percentiles, drawn_zones(), ["region"], LOW, 3)
    low, every = (values(found, **HERE, income_class=name) for name in ("low", "all"))
    assert (low["D"], low["isolation"], low["exposure"], every["H"]) == (1, 1, 0, 1)
    assert every["rank_order_H"] == 1
    assert every["M"] == pytest.approx(np.log(2))
    assert 0 <= low["D_by_chance"] < 0.3
    assert values(found, place="A1", level="buurt", cut=TOTAL, year=2015, income_class="low") == {
        "location_quotient": 2
    }
    row = found.filter(pl.col("detail") == "D")
    assert row.select("persons", "households").row(0) == (200, 100)
    nested = values(sorting.at_scales(units, drawn_zones()), **HERE, income_class="all")
    assert (nested["M:gemeente"], nested["M:wijk"]) == (0, 0)
    assert nested["M:buurt"] == nested["M"] == pytest.approx(np.log(2))


def test_b4_segregation_between_squares_beside_chance():
    lived = np.array([[0], [0], [1], [1], [2], [3]], dtype=np.int32)
    there = np.ones((6, 1), dtype=bool)
    stocks = Stocks((dt.date(2014, 12, 31),), lived, there, there, there)
    classes = np.array([[0], [0], [2], [2], [2], [CLASSES.index("student")]])
    # Objects 1 and 2 lie in one square; a student has no percentile.
    squares = {"square_500m": np.array([11112222, 11122222, 11122222, 11112222])}
    region = pl.Series([0, 0, 0, 0], dtype=pl.UInt32)
    counted = count_squares(stocks, classes, squares, region, range(2015, 2016))
    assert_table(counted, "square | income_class | persons\n11112222 | 0 | 2\n11122222 | 2 | 3")
    found = values(sorting.at_squares(counted, REGIONS), **HERE, income_class="all")
    assert found["H:square_500m"] == 1
    assert found["M:square_500m"] == pytest.approx(-(0.4 * np.log(0.4) + 0.6 * np.log(0.6)))
    assert found["H:square_500m_by_chance"] <= 1


def country(seed, planted):
    """400 buurten of 200 residents over six years, each around its own low share; some rise by 6 points a year."""
    random = np.random.default_rng(seed)
    known = np.full((400, 6), 200.0)
    share = np.clip(random.normal(0.2, 0.05, (400, 1)) + random.normal(0, 0.01, (400, 6)), 0.02, 0.9)
    share[:planted] += 0.06 * np.arange(6)
    return random.binomial(200, share).astype(float), known


def test_where_nothing_rises_nothing_is_flagged_and_a_planted_rise_is_found():
    flagged = [(find_trends(*country(seed, 0)).q <= 0.05).sum() for seed in range(20)]
    assert (
        sum(flag > 0 for flag in flagged) <= 3
    )  # nominally 1 of 20 countries; 4 or more would come by chance in 1.6 %
    trends = find_trends(*country(1, 10))
    assert (trends.q[:10] <= 0.05).all()
    assert (trends.q[10:] <= 0.05).sum() <= 2


def test_a_region_that_rises_as_a_whole_has_no_new_concentration():
    low, known = country(3, 400)
    assert (find_trends(low, known).q <= 0.05).sum() <= 2


def test_b6_a_new_concentration_rises_by_inflow_and_stands_out():
    low, known = country(5, 2)
    net = np.zeros_like(low)
    net[0, :5] = 20  # 100 come in
    rules = Concentrations(years=5, inflow_share=0.5, location_quotient=1.5)
    names = pl.Series([f"B{number}" for number in range(400)])
    region, outside = pl.Series(["R"]).new_from_index(0, 400), np.ones(400)
    outside[399] = 0
    found = new_concentrations(low, known, low, net, region, outside, range(2015, 2021), names, 100, rules)
    first = values(found, place="B0", level="buurt", cut=TOTAL, year=2020, income_class="low")
    assert first["flagged"] == 1
    assert first["inflow_share"] == pytest.approx(100 / (low[0, 5] - low[0, 0]))
    # As steep, but without inflow: whoever lives there became poorer.
    assert values(found, place="B1", level="buurt", cut=TOTAL, year=2020, income_class="low")["flagged"] == 0
    whole = found.filter(pl.col("level") == "region")
    assert whole.select("numerator", "denominator").row(0) == (1, 399)


def test_the_ring_has_an_address_within_the_distance_of_one_inside():
    objects = table("""
        area | x_m | y_m
        0    | 0   | 0
        1    | 250 | 0
        2    | 251 | 0
        3    | 0   | -250
        4    |     |
    """)
    inside = pl.Series([True, False, False, False, False])
    assert near_inside(objects, inside, 250).tolist() == [False, True, False, True, False]
    # of several sets at once, each as by itself
    sets = [np.array([number in chosen for number in range(5)]) for chosen in ((0,), (1,), (0, 3), (2, 4), ())]
    each = near_each(objects, sets, 250)
    assert [near.tolist() for near in each] == [near_inside(objects, pl.Series(one), 250).tolist() for one in sets]


def test_b7_bands_of_corporation_share_hold_their_lower_bound():
    social, known = np.array([0, 1, 2, 4, 5, 0]), np.array([5, 5, 5, 5, 5, 0])
    assert corporations.bands_of(social, known).tolist() == [0, 1, 2, 4, 4, -1]
    assert corporations.heavy(social, known, 0.6).tolist() == [0, 0, 0, 1, 1, 0]


def test_b7_social_rent_stands_in_bands_and_movers_change_band():
    dwellings = {2015: (np.array([0, 30, 10, 0]), np.array([0, 30, 100, 50]))}
    living_there = coded(
        table("year | area | tenure | income_class | persons | households\n2015 | A1 | 2 | q1 | 50 | 30")
    ).with_columns(pl.col("tenure").cast(pl.UInt8))
    moves = table("""
        region | year | income_class | left | entered | persons | households
        0      | 2015 | 0            | 4    | 0       | 3       | 3
        0      | 2015 | 0            | 4    | 4       | 1       | 1
    """).cast({"region": pl.UInt32, "year": pl.Int32, "income_class": pl.UInt8, "left": pl.UInt8, "entered": pl.UInt8})
    region = pl.Series([0] * 4, dtype=pl.UInt32)
    found = corporations.concentration(dwellings, living_there, moves, region, REGIONS, LOW)
    stock = values(found, **HERE, income_class="all")
    assert (stock["stock:80-100"], stock["stock:0-20"]) == (75, 25)
    low = values(found, **HERE, income_class="low")
    assert low == {"moves:80-100>0-20": 75, "moves:80-100>80-100": 25, "moves_down": 75}
    assert values(found, place="national", level="national", cut=TOTAL, year=2015, income_class="low") == low


def test_e1_entrants_leavers_and_sitting_tenants():
    moves = coded(
        table("""
        level    | place | cut   | year | income_class | side     | how           | persons | households
        gemeente | A     | total | 2015 | q1           | entrants | household     | 6       | 3
        gemeente | A     | total | 2015 | q1           | entrants | new_household | 2       | 2
        gemeente | A     | total | 2015 | q3           | entrants | household     | 2       | 1
        gemeente | A     | total | 2015 | q3           | leavers  | household     | 4       | 4
        gemeente | A     | total | 2015 | q1           | from     | R/core        | 8       | 5
        gemeente | A     | total | 2015 | q1           | source   | work          | 1       | 1
        gemeente | A     | total | 2015 | q1           | source   | pension       | 3       | 1
        """)
    )
    sitting = coded(
        table(
            "level | place | cut | year | income_class | persons | households\ngemeente | A | total | 2015 | q1 | 9 | 9"
        )
    )
    found = corporations.entrants(moves, sitting, LOW)
    low = values(found, place="A", level="gemeente", cut=TOTAL, year=2015, income_class="low")
    assert low == {
        "entrants": 80, "sitting": 100, "entrants:household": 75, "entrants:new_household": 25, "from:R/core": 100,
        "source:work": 25, "source:pension": 75,
    }  # fmt: skip
    assert values(found, place="A", level="gemeente", cut=TOTAL, year=2015, income_class="not_low")["leavers"] == 100


def test_e1_the_role_that_entrants_come_from_and_their_source_where_it_is_known():
    social = TENURES.index("social")
    moves = drawn_moves("""
        year | origin_area | destination_area | income_class
        2015 | B1          | A1               | q1
        2015 | A2          | A1               | q1
    """).with_columns(
        left=pl.lit(0), entered=pl.lit(social), is_whole=pl.lit(value=True), source=pl.Series(["work", None])
    )
    counted = count_social_moves(moves, drawn_zones(), ["gemeente"])
    assert_table(
        counted,
        """
        place | cut    | side     | how       | persons
        A     | inside | entrants | household | 2
        A     | inside | from     | R/core    | 1
        A     | inside | from     | R/city    | 1
        A     | inside | source   | work      | 1
    """,
    )


def test_f1_quartiles_of_the_distance_moved_from_bins():
    moved = histogram("""
        year | income_class | kind           | bin | persons
        2015 | q1           | within_wijk    | 1   | 2
        2015 | q1           | within_region  | 90  | 1
        2015 | q1           | between_regions | 500 | 1
    """)
    found = values(after.distance_moved(moved, REGIONS, 100, LOW), **HERE, income_class="low")
    assert found == {
        "q25": 0.15, "median": 0.15, "q75": 9.05,
        "median:within_wijk": 0.15, "median:within_region": 9.05, "median:between_regions": 50.05,
    }  # fmt: skip


def test_the_classes_and_tenures_that_the_tests_write_as_numbers():
    assert (CLASSES[0], TENURES[2]) == ("q1", "social")
