"""Indicators A1 to A6 (method 7): who leaves and enters, and where low incomes go. Countries of a handful of persons."""

import math

import polars as pl
import pytest

from mobility.indicators import selective
from mobility.indicators.blocks import CROSSINGS, count_crossings
from mobility.indicators.passing import TENURE_MOVES, count_tenure_moves
from mobility.indicators.table import TOTAL, add_up
from mobility.indicators.zones import at_places
from mobility.panel.lookup import TENURES
from tests.lib.indicators import coded, drawn_moves, drawn_zones, values
from tests.lib.tables import assert_table, table

LOW = ("q1",)
LEVELS = ("gemeente", "region")
MOVES = drawn_moves("""
    year | origin_area | destination_area | income_class | times
    2015 | A1          | B1               | q1           | 4
    2015 | A1          | A2               | q1           | 2
    2015 | A2          | B1               | q3           | 1
    2015 | B1          | A2               | q3           | 2
    2015 | B1          | unplaceable      | q1           | 7
""")
RESIDENTS = coded(
    table("""
    year | area | income_class | age | persons | households
    2015 | A1   | q1           | 0   | 30      | 20
    2015 | A2   | q1           | 0   | 10      | 10
    2015 | A2   | q3           | 0   | 40      | 20
    2015 | B1   | q3           | 0   | 20      | 10
    """)
)


def crossings(moves=MOVES):
    counted = count_crossings(moves, drawn_zones(), LEVELS)
    return add_up([counted, counted.with_columns(cut=pl.lit(TOTAL))], CROSSINGS)


def stocks(residents=RESIDENTS):
    return at_places(residents, drawn_zones(), LEVELS, ("year", "income_class", "age"))


def test_a_move_is_out_of_or_within_the_place_left_and_into_the_place_entered():
    found = add_up(
        [crossings().filter(pl.col("cut") == TOTAL).drop("income_class", "age", "cut")],
        ["level", "place", "year", "side"],
    )
    assert_table(
        found,
        """
        level    | place | side   | persons
        gemeente | A     | out    | 5
        gemeente | A     | within | 2
        gemeente | A     | in     | 2
        gemeente | B     | out    | 2
        gemeente | B     | in     | 5
        region   | R     | within | 9
    """,
    )


def test_a_move_with_an_unplaceable_end_is_in_no_rate():
    assert "unplaceable" not in crossings()["place"]


def test_cuts_add_up_to_the_total():
    cuts = crossings().filter(pl.col("cut") != TOTAL).drop("cut")
    whole = crossings().filter(pl.col("cut") == TOTAL).drop("cut")
    keys = [name for name in CROSSINGS if name != "cut"]
    assert add_up([cuts], keys).equals(add_up([whole], keys))


def test_a1_rates_are_moves_per_100_residents_of_the_same_place_cut_and_class():
    found = selective.rates(crossings(), stocks(), LOW)
    low = values(found, place="A", level="gemeente", income_class="low", detail="out", year=2015)
    # Inside: 4 of 30 leave A. The ring: nobody of 10 does. All: 4 of 40.
    assert low == {"inside": pytest.approx(100 * 4 / 30), "ring": 0, TOTAL: 10}
    into = values(found, place="A", level="gemeente", cut=TOTAL, detail="in", year=2015)
    assert into["not_low"] == 5  # 2 enter, 40 live there
    assert into["all"] == 2.5  # 2 enter, 80 live there
    assert not values(found, level="region", detail="out").get(("R", TOTAL, 2015, "all"))  # nobody leaves the region


def test_a1_who_moves_where_nobody_of_the_class_lived_is_counted_without_a_rate():
    found = selective.rates(crossings(), stocks(RESIDENTS.filter(pl.col("area") != 3)), LOW)
    row = found.filter(place="B", level="gemeente", cut=TOTAL, income_class="not_low", detail="out")
    assert row.select("value", "numerator", "denominator").row(0) == (None, 2, 0)


def test_a2_selectivity_is_the_ratio_of_two_rates_with_its_interval():
    found = values(
        selective.selectivity(crossings(), stocks(), LOW),
        place="A",
        level="gemeente",
        cut=TOTAL,
        year=2015,
        income_class="low",
    )
    rate = (4 / 40) / (1 / 40)
    reach = math.exp(1.959963985 * math.sqrt(1 / 4 + 1 / 1))
    assert found["out"] == pytest.approx(rate)
    assert found["out_lower"] == pytest.approx(rate / reach)
    assert found["out_upper"] == pytest.approx(rate * reach)
    assert "in" not in found  # no low income enters A


def test_a2_standardised_rates_have_the_ages_of_all_residents():
    moves = drawn_moves("""
        year | origin_area | destination_area | income_class | age | times
        2015 | A1          | B1               | q1           | 0   | 4
        2015 | A1          | B1               | q1           | 1   | 1
        2015 | A1          | B1               | q3           | 0   | 1
        2015 | A1          | B1               | q3           | 1   | 3
    """)
    residents = coded(
        table("""
        year | area | income_class | age | persons | households
        2015 | A1   | q1           | 0   | 40      | 1
        2015 | A1   | q1           | 1   | 10      | 1
        2015 | A1   | q3           | 0   | 10      | 1
        2015 | A1   | q3           | 1   | 30      | 1
        """)
    )
    found = values(
        selective.selectivity(crossings(moves), stocks(residents), LOW),
        place="A",
        level="gemeente",
        cut=TOTAL,
        income_class="low",
        year=2015,
    )
    # In each age 10 % of both leave: not selective at equal age, though 5 of 50 against 4 of 40 already says so here.
    assert found["out_standardised"] == pytest.approx((50 * 4 / 40 + 40 * 1 / 10) / (50 * 1 / 10 + 40 * 3 / 30))
    assert found["out"] == pytest.approx((5 / 50) / (4 / 40))


def test_a3_through_flow_is_what_stays_within_and_where_each_tenure_goes():
    social, owner = TENURES.index("social"), TENURES.index("owner")
    moves = MOVES.filter(pl.col("income_class") == 0, pl.col("destination_area") > 0).with_columns(
        left=pl.lit(social), entered=pl.when(pl.col("destination_area") == 3).then(owner).otherwise(social)
    )
    counted = count_tenure_moves(moves, drawn_zones(), LEVELS)
    tenures = add_up([counted, counted.with_columns(cut=pl.lit(TOTAL))], TENURE_MOVES)
    found = selective.through_flow(crossings(moves), tenures, LOW)
    assert values(found, place="A", level="gemeente", cut=TOTAL, year=2015, income_class="low") == {
        "within": pytest.approx(100 * 2 / 6),
        "social>owner": pytest.approx(100 * 4 / 6),
        "social>social": pytest.approx(100 * 2 / 6),
    }


FLOWS = table("""
    year | origin | destination | income_class | persons | households
    2015 | A      | B           | q1           | 6       | 3
    2015 | A      | C           | q1           | 2       | 2
    2015 | B      | A           | q1           | 2       | 1
    2015 | A      | B           | q3           | 1       | 1
    2015 | A      | C           | q3           | 3       | 2
    2015 | A      | A           | q3           | 9       | 9
    2015 | A      | unplaceable | q1           | 9       | 9
""")


def test_a4_a_pair_of_roles_has_a_share_a_net_a_gross_an_effectiveness_and_a_comparison():
    found = values(
        selective.between_roles(FLOWS, LOW), place="A", year=2015, income_class="low", cut=TOTAL, level="role"
    )
    assert found["share>B"] == 75  # 6 of the 8 low who leave A
    assert (found["net>B"], found["gross>B"], found["effectiveness>B"]) == (4, 8, 50)
    assert found["against>B"] == 3  # 75 % of low, 25 % of not low


def test_a5_a_pair_is_a_share_of_what_leaves_and_of_what_enters():
    expected = table(
        "year | income_class | model | origin | destination | expected\n2015 | low | doubly_constrained | A | B | 2"
    )
    found = values(
        selective.overflow_pairs(FLOWS, expected, ["A>B"], LOW),
        place="A>B",
        income_class="low",
        year=2015,
        cut=TOTAL,
        level="gemeente",
    )
    assert found == {"moves": 6, "share_of_outflow": 75, "share_of_inflow": 100, "reverse": 2, "excess": 1.5}


def test_a6_net_export_of_low_income_households_adds_up_over_counter_gemeenten():
    account = table("""
        unit       | level    | year | place | income_class | stock_start
        households | gemeente | 2015 | A     | q1           | 100
        households | gemeente | 2015 | B     | q1           | 50
        persons    | gemeente | 2015 | A     | q1           | 999
    """)
    found = values(
        selective.shifted_burden(FLOWS, account, LOW), year=2015, income_class="low", cut=TOTAL, level="gemeente"
    )
    assert found == {
        ("A", "all"): 40,
        ("A", "with>B"): 20,
        ("A", "with>C"): 20,
        ("B", "all"): -40,
        ("B", "with>A"): -40,
    }
