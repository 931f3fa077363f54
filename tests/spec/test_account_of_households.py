"""Method 5: the account in households, which stand where their reference person does."""

import datetime as dt

import pytest

from tests.lib.accounts import account, assert_account


def test_a_household_moves_when_its_reference_person_does_and_its_other_members_do_not_count():
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-06-01 | 1
        1      | 2015-06-01 |            | 3
        2      | 2012-01-01 | 2015-06-01 | 1
        2      | 2015-06-01 |            | 3
    """,
        heads="""
        person | start_date | end_date
        1      | 2012-01-01 | 2015-06-01
        1      | 2015-06-01 |
    """,  # the register begins a household anew at every address
    )
    drawn = """
        place | stock_start | moves_in | moves_out | stock_end
        A     | {0}         | 0        | {0}       | 0
        B     | 0           | {0}      | 0         | {0}
    """
    assert_account(found, drawn.format(1), unit="households")
    assert_account(found, drawn.format(2), unit="persons")


def test_a_child_that_leaves_home_forms_a_household_at_its_new_address():
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2012-01-01 |            | 1
        2      | 2012-01-01 | 2015-09-01 | 1
        2      | 2015-09-01 |            | 3
    """,
        heads="person | start_date | end_date\n1 | 2012-01-01 |\n2 | 2015-09-01 |",
    )
    assert_account(
        found,
        "place | stock_start | formed | stock_end\nA | 1 | 0 | 1\nB | 0 | 1 | 1",
        unit="households",
    )


def test_who_moves_in_with_somebody_dissolves_the_household_at_the_old_address():
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2012-01-01 |            | 1
        2      | 2012-01-01 | 2015-09-01 | 3
        2      | 2015-09-01 |            | 1
    """,
        heads="person | start_date | end_date\n1 | 2012-01-01 |\n2 | 2012-01-01 | 2015-09-01",
    )
    assert_account(
        found,
        "place | stock_start | dissolved | stock_end\nA | 1 | 0 | 1\nB | 1 | 1 | 0",
        unit="households",
    )


@pytest.mark.parametrize("takes_over", ["2015-05-10", "2015-05-11"])
def test_when_a_reference_person_dies_the_partner_forms_the_household_that_goes_on(takes_over):
    found = account(
        "person | start_date | end_date | object\n1 | 2012-01-01 | | 1\n2 | 2012-01-01 | | 1",
        people="person | death_date\n1 | 2015-05-10",
        heads=f"person | start_date | end_date\n1 | 2012-01-01 | 2015-05-11\n2 | {takes_over} |",
    )
    assert_account(found, "place | stock_start | deaths | formed | stock_end\nA | 1 | 1 | 1 | 1", unit="households")


def test_between_a_death_on_31_december_and_a_partner_who_takes_over_on_1_january_the_household_is_in_no_stock():
    found = account(
        "person | start_date | end_date | object\n1 | 2012-01-01 | | 1\n2 | 2012-01-01 | | 1",
        people="person | death_date\n1 | 2015-12-31",
        heads="person | start_date | end_date\n1 | 2012-01-01 | 2016-01-01\n2 | 2016-01-01 |",
        last=dt.date(2016, 12, 31),
    )
    assert_account(found, "place | stock_start | deaths\nA | 1 | 1", unit="households", year=2015)
    assert_account(found, "place | formed | stock_end\nA | 1 | 1", unit="households", year=2016)


def test_another_reference_person_from_the_day_of_a_move_on_dissolves_one_household_and_forms_another():
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2012-01-01 | 2015-06-01 | 1
        1      | 2015-06-01 |            | 3
        2      | 2012-01-01 | 2015-06-01 | 1
        2      | 2015-06-01 |            | 3
    """,
        heads="person | start_date | end_date\n1 | 2012-01-01 | 2015-06-01\n2 | 2015-06-01 |",
    )
    assert_account(
        found,
        "place | stock_start | formed | dissolved | stock_end\nA | 1 | 0 | 1 | 0\nB | 0 | 1 | 0 | 1",
        unit="households",
    )


def test_a_reference_person_who_comes_or_goes_takes_the_household_along_and_a_member_does_not():
    found = account(
        """
        person | start_date | end_date   | object
        1      | 2015-02-01 |            | 1
        2      | 2015-02-01 |            | 1
        3      | 2012-01-01 | 2015-06-01 | 3
    """,
        heads="person | start_date | end_date\n1 | 2015-02-01 |\n3 | 2012-01-01 | 2015-06-01",
    )
    assert_account(
        found,
        "place | stock_start | immigration | emigration | stock_end\nA | 0 | 1 | 0 | 1\nB | 1 | 0 | 1 | 0",
        unit="households",
    )


def test_a_household_is_in_the_class_of_its_reference_person_and_one_just_formed_was_not_known_before():
    """Person 1 heads all year and rises; person 2 heads from June on, and rises too."""
    found = account(
        "person | start_date | end_date | object\n1 | 2012-01-01 | | 1\n2 | 2012-01-01 | | 1",
        heads="person | start_date | end_date\n1 | 2012-01-01 |\n2 | 2015-06-01 |",
        classes="person | 2015 | 2016\n1 | q1 | q2\n2 | q1 | q2",
    )
    assert_account(
        found,
        """
        place | income_class | stock_start | formed | class_in | class_out | coverage_in | coverage_out | stock_end
        A     | q1           | 1           | 1      | 0        | 1         | 0           | 1            | 0
        A     | q2           | 0           | 0      | 1        | 0         | 1           | 0            | 2
    """,
        unit="households",
    )
