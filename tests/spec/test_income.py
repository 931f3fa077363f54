"""Method 4: the income class of a person in a year."""

import polars as pl
import pytest

from mobility.income import CLASSES, MeanPercentile, break_year, class_in_year, class_table, income_classes
from tests.lib.tables import table

INCOME_YEARS = (2011, 2013)


def incomes(*person_years):
    """One (percentile, population) for each year of each person."""
    return pl.DataFrame(person_years, schema={"percentile": pl.UInt8, "population": pl.UInt8}, orient="row")


@pytest.mark.parametrize(
    ("percentile", "population", "expected"),
    [
        (1, 1, "q1"),
        (20, 1, "q1"),
        (21, 1, "q2"),
        (40, 1, "q2"),
        (41, 1, "q3"),
        (80, 1, "q4"),
        (81, 1, "q5"),
        (100, 1, "q5"),
        (5, 2, "student"),
        (50, 3, "institutional"),
        (None, 8, "institutional"),
        (None, 1, "unknown"),
        (None, 7, "unknown"),
        (None, 0, "unknown"),
    ],
)
def test_class_of_a_percentile_and_a_kind_of_household(percentile, population, expected):
    assert CLASSES[income_classes(incomes((percentile, population)))[0]] == expected


def test_the_class_of_a_mover_is_that_of_the_year_before_the_move():
    classes = income_classes(incomes((10, 1), (30, 1), (50, 1)))  # q1 in 2011, q2 in 2012, q3 in 2013
    moves = table("move_year | expected\n2012 | q1\n2013 | q2\n2014 | q3\n2011 | unknown\n2015 | unknown")
    lag_years = 1
    place = pl.Series([0] * moves.height, dtype=pl.UInt32)
    found = class_in_year(classes, place, moves["move_year"] - lag_years, INCOME_YEARS)
    assert [CLASSES[one] for one in found] == moves["expected"].to_list()


def test_each_person_has_the_years_of_that_person():
    classes = income_classes(incomes((10, 1), (10, 1), (10, 1), (90, 1), (90, 1), (90, 1)))
    found = class_in_year(classes, pl.Series([0, 1], dtype=pl.UInt32), pl.Series([2013, 2011]), INCOME_YEARS)
    assert [CLASSES[one] for one in found] == ["q1", "q5"]


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ([(10, 1), (20, 1), (30, 1)], "q1"),  # (10 + 20 + 30) / 3 = 20
        ([(10, 1), (20, 1), (31, 1)], "q2"),  # 61 / 3 = 20.33: above 20
        ([(10, 1), (None, 1), (30, 1)], "q1"),  # (10 + 30) / 2 = 20
        ([(10, 1), (None, 1), (None, 1)], "unknown"),  # one year of the three is too few
        ([(100, 1), (100, 1), (100, 1)], "q5"),
        ([(1, 2), (1, 2), (90, 1)], "unknown"),  # years as a student are not observed
        ([(1, 2), (90, 1), (90, 1)], "q5"),
    ],
)
def test_the_frozen_class_of_a_cohort_is_the_mean_of_three_years_of_which_two_are_observed(years, expected):
    person, last = pl.Series([0], dtype=pl.UInt32), pl.Series([2013])
    found = MeanPercentile.of(incomes(*years), person, last, INCOME_YEARS, over=3, observed=2).income_class()
    assert CLASSES[found[0]] == expected


# ---- Schemes ------------------------------------------------------------------------------------------------


def by_scheme(scheme, drawn, wealth=None, **columns):
    """The classes of one person from 2012 to 2014, drawn as income years 2011 to 2013."""
    person_years = table(drawn, percentile=pl.UInt8, population=pl.UInt8, **columns)
    found = class_table(person_years, 1, INCOME_YEARS, scheme, lag_years=1, wealth=wealth)
    return [CLASSES[one] for one in found.in_years([2012, 2013, 2014])[0]]


def test_the_class_of_a_year_is_that_of_the_income_year_before_and_unknown_outside():
    found = class_table(incomes((10, 1), (30, 1), (50, 1)), 1, INCOME_YEARS, "quintiles", lag_years=1)
    assert [CLASSES[one] for one in found.in_years([2011, 2012, 2013, 2014, 2015])[0]] == [
        *("unknown", "q1", "q2", "q3", "unknown")
    ]
    place, year = pl.Series([0, 0]).to_numpy(), pl.Series([2013, 2016]).to_numpy()
    assert [CLASSES[one] for one in found.of(place, year)] == ["q2", "unknown"]


def test_mean3_is_the_mean_of_three_income_years_of_which_two_are_observed():
    """2012 has one year; 2013: (10 + 35) / 2 = 22.5; 2014: (10 + 35 + 15) / 3 = 20."""
    drawn = "percentile | population\n10 | 1\n35 | 1\n15 | 1"
    assert by_scheme("mean3", drawn) == ["unknown", "q2", "q1"]


def test_mean3_leaves_out_years_as_a_student_and_a_student_of_the_last_year_is_one():
    """2013 follows a student year; in 2014 the two other years count: (10 + 50) / 2 = 30."""
    drawn = "percentile | population\n10 | 1\n99 | 2\n50 | 1"
    assert by_scheme("mean3", drawn) == ["unknown", "student", "q2"]


def test_mean3_still_knows_the_year_after_the_last_income_year_but_one():
    found = class_table(incomes((10, 1), (20, 1), (30, 1)), 1, INCOME_YEARS, "mean3", lag_years=1)
    assert [CLASSES[one] for one in found.in_years([2015, 2016])[0]] == ["q2", "unknown"]  # (20 + 30) / 2 = 25


def test_excluding_students_ranks_among_other_households():
    drawn = """
        percentile | population | percentile_without_students
        21         | 1          | 19
        10         | 2          |
        22         | 1          |
    """
    found = by_scheme("excluding_students", drawn, percentile_without_students=pl.UInt16)
    assert found == ["q1", "student", "unknown"]


def test_threshold_is_an_absolute_line_and_exactly_on_it_is_below():
    drawn = """
        percentile | population | threshold_pct
        50         | 1          | 100
        5          | 1          | 101
        5          | 1          |
    """
    assert by_scheme("threshold", drawn, threshold_pct=pl.UInt16) == ["below_line", "above_line", "unknown"]
    care = "percentile | population | threshold_pct\n5 | 3 | 90\n5 | 2 | 90\n5 | 1 | 90"
    assert by_scheme("threshold", care, threshold_pct=pl.UInt16) == ["institutional", "student", "below_line"]


def test_q1_no_wealth_divides_the_lowest_fifth_by_the_median_of_wealth():
    drawn = "percentile | population\n20 | 1\n20 | 1\n21 | 1"
    assert by_scheme("q1_no_wealth", drawn, wealth=pl.Series([50, 51, 1])) == ["q1_no_wealth", "q1_wealth", "q2"]
    assert by_scheme("q1_no_wealth", drawn, wealth=pl.Series([None, 1, None]))[0] == "unknown"


def test_a_table_breaks_where_its_classes_pass_from_income_year_2010_to_2011():
    assert break_year(range(2008, 2015), lag_years=1) == 2012
    assert break_year(range(2008, 2015), lag_years=2) == 2013
    assert break_year(range(2012, 2015), lag_years=1) is None
    assert break_year(range(2005, 2012), lag_years=1) is None
