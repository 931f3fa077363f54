"""The rules of conf/disclosure/cbs.yaml beyond counts, one table each (disclosure 1)."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.disclosure.curves import coarse_steps, incidence
from mobility.disclosure.dominance import contributions, is_dominated
from mobility.disclosure.ratios import (
    in_steps,
    limited,
    may_be_effect,
    may_be_estimate,
    may_be_index,
    may_be_share,
    quantile,
    share,
    share_step,
    supported_digits,
)
from tests.lib.tables import assert_table, table
from tests.release.conftest import disclosure

CBS = disclosure()
TOP_TWO = disclosure(dominance_contributors=2, dominance_share=0.6667)
TEN_PERCENT = disclosure(p_percent=10)


# ---- Dominance ---------------------------------------------------------------------------------------------


def test_a_household_over_several_years_is_one_contributor() -> None:
    records = table("""
        area | household | year | income
        a    | 1         | 2020 | 30
        a    | 1         | 2021 | 30
        a    | 2         | 2020 | 40
        a    | 3         | 2021 | 20
        b    | 4         | 2020 | 10
    """)
    assert_table(
        contributions(records, ("area",), "household", "income", TOP_TWO),
        """
        area | total | largest | second | top
        a    | 120   | 60      | 40     | 100
        b    | 10    | 10      | 0      | 10
    """,
    )


@pytest.mark.parametrize(("column", "profile"), [("half", CBS), ("two_thirds", TOP_TWO)])
def test_the_largest_contributors(column: str, profile) -> None:
    drawn = table("""
        case                | total | largest | second | top | half  | two_thirds
        half exactly        | 120   | 60      | 20     | 80  | false | false
        more than half      | 120   | 61      | 10     | 71  | true  | true
        two hold two thirds | 120   | 40      | 40     | 80  | false | false
        two hold more       | 120   | 41      | 40     | 81  | false | true
    """)
    found = drawn.select(is_dominated(*map(pl.col, ("total", "largest", "second", "top")), profile)).to_series()
    assert found.to_list() == drawn[column].to_list()


@pytest.mark.parametrize(("rest", "dominated"), [(5, False), (4, True)])
def test_the_second_largest_cannot_estimate_the_largest_within_p_percent(rest: int, dominated: bool) -> None:
    # largest 50, second 48, and the rest 5 (a tenth of 50) or 4
    one = pl.DataFrame({"total": [50 + 48 + rest], "largest": [50], "second": [48], "top": [50]})
    found = one.select(is_dominated(*map(pl.col, one.columns), TEN_PERCENT)).item()
    assert found is dominated


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=8), st.integers(1, 4), st.sampled_from([0.5, 0.75, 0.9]))
def test_dominance_by_sorting(amounts: list[int], number: int, part: float) -> None:
    profile = disclosure(dominance_contributors=number, dominance_share=part, p_percent=15)
    records = pl.DataFrame({"cell": ["a"] * len(amounts), "who": range(len(amounts)), "value": amounts})
    cells = contributions(records, ("cell",), "who", "value", profile)
    found = cells.select(is_dominated(*map(pl.col, ("total", "largest", "second", "top")), profile)).item()
    order = sorted(amounts, reverse=True)
    slow = (
        2 * order[0] > sum(order)
        or sum(order[:number]) > Fraction(str(part)) * sum(order)
        or 100 * sum(order[2:]) < 15 * order[0]
    )
    assert found == slow


# ---- Shares ------------------------------------------------------------------------------------------------


def test_numerator_and_complement_of_a_share_are_ten_or_more() -> None:
    drawn = table("""
        numerator | denominator | may
        9         | 100         | false
        10        | 100         | true
        90        | 100         | true
        91        | 100         | false
        10        | 20          | true
        10        | 19          | false
    """)
    found = drawn.select(may_be_share(pl.col("numerator"), pl.col("denominator"), CBS)).to_series()
    assert found.to_list() == drawn["may"].to_list()


def test_three_numerators_fit_in_a_step_of_a_share() -> None:
    # 3 of 100 is 0.03, so steps of 0.05; 3 of 3000 is 0.001 exactly
    drawn = table("""
        denominator | numerator | step   | millionths
        5           | 5         |        |
        20          | 10        | 200000 | 600000
        100         | 15        | 50000  | 150000
        100         | 100       | 50000  | 1000000
        3000        | 1235      | 1000   | 412000
    """)
    found = drawn.select(
        step=share_step(pl.col("denominator"), CBS),
        millionths=(share(pl.col("numerator"), pl.col("denominator"), CBS) * 1_000_000).round().cast(pl.Int64),
    )
    assert found["step"].to_list() == drawn["step"].to_list()
    assert found["millionths"].to_list()[1:] == drawn["millionths"].to_list()[1:]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_a_share_leaves_three_numerators_and_is_the_nearest_step(denominator: int, numerator: int) -> None:
    numerator = min(numerator, denominator)
    one = pl.DataFrame({"n": [numerator], "d": [denominator]})
    step, value = one.select(share_step(pl.col("d"), CBS), v=share(pl.col("n"), pl.col("d"), CBS)).row(0)
    if step is None:
        assert denominator < 6
        return
    assert Fraction(step, 1_000_000) * denominator >= 3
    shown = Fraction(round(value * 1_000_000), 1_000_000)
    assert abs(shown - Fraction(numerator, denominator)) <= Fraction(step, 2_000_000) or shown == 1


# ---- Indices, models, digits -------------------------------------------------------------------------------


def test_an_index_needs_ten_areas_of_which_none_holds_most() -> None:
    drawn = table("""
        areas | largest | whole | may
        2     | 50      | 100   | false
        9     | 20      | 100   | false
        10    | 50      | 100   | true
        10    | 51      | 100   | false
    """)
    found = drawn.select(may_be_index(pl.col("areas"), pl.col("largest"), pl.col("whole"), CBS)).to_series()
    assert found.to_list() == drawn["may"].to_list()


@pytest.mark.parametrize(("degrees", "may"), [(9, False), (10, True)])
def test_a_model_needs_ten_degrees_of_freedom(degrees: int, may: bool) -> None:
    assert pl.select(may_be_estimate(pl.lit(degrees), CBS)).item() is may


def test_a_comparison_needs_enough_in_each_of_its_arms() -> None:
    drawn = table("""
        case                    | areas | largest | persons | households | events | whole | may
        enough                  | 11    | 50      | 10      | 10         | 10     | 100   | true
        one area spent, nine df | 10    | 50      | 10      | 10         | 10     | 100   | false
        one area is most        | 11    | 51      | 10      | 10         | 10     | 100   | false
        nine persons in an arm  | 11    | 50      | 9       | 10         | 9      | 100   | false
        nine households         | 11    | 50      | 10      | 9          | 10     | 100   | false
        nine settled in an arm  | 11    | 50      | 10      | 10         | 9      | 100   | false
    """)
    names = ("areas", "largest", "persons", "households", "events", "whole")
    found = drawn.select(may_be_effect(*map(pl.col, names), CBS)).to_series()
    assert found.to_list() == drawn["may"].to_list()


def test_a_difference_of_shares_is_as_coarse_as_a_share() -> None:
    # Three of 1,472 are 0.00204: steps of 0.005. Of 1,500 they are 0.002: steps of 0.002.
    drawn = pl.DataFrame({"value": [0.0312, -0.0066, 0.0312], "persons": [1472, 1472, 1500]})
    found = drawn.select(in_steps(pl.col("value"), pl.col("persons"), CBS)).to_series()
    assert found.to_list() == pytest.approx([0.03, -0.005, 0.032])


def test_a_result_has_no_more_digits_than_its_count_supports() -> None:
    # in units of the base 5: 2, 24, 200, 5000
    drawn = table("""
        count | digits
        10    | 1
        120   | 1
        1000  | 2
        25000 | 3
    """).with_columns(value=pl.lit(0.123456))
    found = drawn.select(supported_digits(pl.col("count"), CBS), shown=limited(pl.col("value"), pl.col("digits")))
    assert found["count"].to_list() == drawn["digits"].to_list()
    assert found["shown"].to_list() == [0.1, 0.1, 0.12, 0.123]


# ---- Quantiles ---------------------------------------------------------------------------------------------


def test_a_quantile_is_a_bin_with_ten_units_on_each_side() -> None:
    drawn = table("""
        value | below | above | shown
        23456 | 10    | 10    | 23000
        23456 | 9     | 40    |
        23456 | 40    | 9     |
        23999 | 25    | 25    | 23000
    """)
    found = drawn.select(quantile(pl.col("value"), pl.col("below"), pl.col("above"), 1000, CBS)).to_series()
    assert found.to_list() == drawn["shown"].to_list()


# ---- Curves ------------------------------------------------------------------------------------------------


def test_a_curve_steps_once_a_year_and_never_by_fewer_than_ten() -> None:
    events = table("""
        area | month | persons | households
        a    | 1     | 8       | 8
        a    | 12    | 4       | 4
        a    | 13    | 5       | 4
        a    | 30    | 9       | 9
        a    | 40    | 3       | 3
        b    | 5     | 9       | 9
        c    | 5     | 12      | 9
        c    | 20    | 1       | 1
    """)
    # a: year 1 has 12; year 2 has 5, too few, and goes with year 3: 14; the 3 of year 4 go with that step.
    # b never has ten; c has ten households in the second year
    assert_table(
        coarse_steps(events, ("area",), CBS),
        """
        area | month | persons | households
        a    | 12    | 12      | 12
        a    | 48    | 17      | 16
        c    | 24    | 13      | 10
    """,
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 132), st.integers(1, 15)), min_size=1, max_size=30))
def test_no_step_of_a_curve_is_small_and_nobody_is_lost(drawn: list[tuple[int, int]]) -> None:
    events = pl.DataFrame(drawn, schema=["month", "persons"], orient="row").with_columns(
        curve=pl.lit("x"), households=pl.col("persons")
    )
    steps = coarse_steps(events, ("curve",), CBS)
    assert (steps["persons"] >= 10).all()
    assert (steps["month"] % 12 == 0).all()
    total = events["persons"].sum()
    assert steps["persons"].sum() == (total if total >= 10 else 0)


def test_incidence_is_made_of_published_numbers() -> None:
    # month 0 holds everybody followed; after a step that is not shown nothing can be added up
    released = table("""
        area | month | persons_published
        a    | 0     | 100
        a    | 12    | 10
        a    | 48    | 15
        b    | 0     | 40
        b    | 12    |
        b    | 24    | 10
        c    | 0     |
        c    | 12    | 10
    """)
    assert incidence(released, ("area",)).to_list() == [None, 0.1, 0.25, None, None, None, None, None]
