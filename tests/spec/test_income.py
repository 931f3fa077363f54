"""Method 4: the income class of a person in a year."""

import polars as pl
import pytest

from mobility.income import CLASSES, class_in_year, income_classes, mean_class
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
    found = mean_class(
        incomes(*years), pl.Series([0], dtype=pl.UInt32), pl.Series([2013]), INCOME_YEARS, over=3, observed=2
    )
    assert CLASSES[found[0]] == expected
