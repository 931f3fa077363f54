"""Method 1: from registrations to one address on every day."""

import datetime as dt

from mobility.residence import reside
from tests.lib.tables import assert_table, persons, spells

CUT_OFF = dt.date(2023, 12, 31)
NOBODY_DIES = persons("person\n1\n2\n3")


def resided(drawn, people=NOBODY_DIES, slack_days=31):
    return reside(spells(drawn), people, slack_days, CUT_OFF).spells


def test_the_registration_that_started_last_wins_and_the_earlier_one_resumes():
    found = resided("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2010-01-01 | 7
        1      | 2004-03-01 | 2005-03-01 | 8
        1      | 2010-01-01 |            | 9
    """)
    assert_table(
        found,
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2004-03-01 | 7
        1      | 2004-03-01 | 2005-03-01 | 8
        1      | 2005-03-01 | 2010-01-01 | 7
        1      | 2010-01-01 |            | 9
    """,
    )


def test_of_two_that_start_together_the_one_that_ends_last_wins():
    found = resided("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2001-01-01 | 1
        1      | 2000-01-01 | 2002-01-01 | 9
        1      | 2002-01-01 |            | 3
    """)
    assert_table(
        found,
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2002-01-01 | 9
        1      | 2002-01-01 |            | 3
    """,
    )


def test_of_two_with_the_same_dates_the_smallest_object_wins():
    found = resided("""
        person | start_date | end_date | object
        1      | 2000-01-01 |          | 8
        1      | 2000-01-01 |          | 2
    """)
    assert_table(found, "person | start_date | end_date | object\n1 | 2000-01-01 | | 2")


def test_contiguous_spells_at_one_object_are_one_spell():
    found = resided("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2001-01-01 | 5
        1      | 2001-01-01 | 2002-06-01 | 5
        1      | 2002-06-01 |            | 5
    """)
    assert_table(found, "person | start_date | end_date | object\n1 | 2000-01-01 | | 5")


def test_a_hole_of_31_days_is_no_absence_and_one_of_32_days_is():
    found = resided("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2001-01-01 | 5
        1      | 2001-02-01 |            | 6
        2      | 2000-01-01 | 2001-01-01 | 5
        2      | 2001-02-02 |            | 6
    """)
    assert_table(
        found,
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2001-02-01 | 5
        1      | 2001-02-01 |            | 6
        2      | 2000-01-01 | 2001-01-01 | 5
        2      | 2001-01-01 | 2001-02-02 |
        2      | 2001-02-02 |            | 6
    """,
    )


def test_a_short_hole_at_the_same_object_is_bridged():
    found = resided("""
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2001-01-01 | 5
        1      | 2001-01-20 |            | 5
    """)
    assert_table(found, "person | start_date | end_date | object\n1 | 2000-01-01 | | 5")


def test_the_day_of_death_is_the_last_day_and_nothing_follows():
    found = resided(
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2005-01-01 | 5
        1      | 2005-01-01 |            | 6
        2      | 2000-01-01 |            | 5
        """,
        people=persons("person | death_date\n1 | 2003-05-10\n2 | 2000-01-01"),
    )
    assert_table(
        found,
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2003-05-11 | 5
        2      | 2000-01-01 | 2000-01-02 | 5
    """,
    )


def test_who_is_never_registered_again_is_away_until_death_or_the_cut_off():
    found = resided(
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2005-01-01 | 5
        2      | 2000-01-01 | 2005-01-01 | 5
        """,
        people=persons("person | death_date\n1 | 2006-07-01\n2 |"),
    )
    assert_table(
        found,
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2005-01-01 | 5
        1      | 2005-01-01 | 2006-07-02 |
        2      | 2000-01-01 | 2005-01-01 | 5
        2      | 2005-01-01 |            |
    """,
    )


def test_a_last_spell_that_ends_on_the_cut_off_is_followed_by_nothing():
    found = resided("person | start_date | end_date | object\n1 | 2000-01-01 | 2024-01-01 | 5")
    assert_table(found, "person | start_date | end_date | object\n1 | 2000-01-01 | 2024-01-01 | 5")


def test_registrations_that_end_before_the_day_of_death_are_counted():
    """Person 1 left in 2010 and died in 2015; 2 is registered until death; 3 came back before dying."""
    drawn = """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2010-01-01 | 1
        2      | 2000-01-01 |            | 2
        3      | 2000-01-01 | 2010-01-01 | 3
        3      | 2012-01-01 |            | 4
    """
    died = persons("person | death_date\n1 | 2015-06-01\n2 | 2015-06-01\n3 | 2015-06-01")
    steps = reside(spells(drawn), died, 31, CUT_OFF).steps
    assert (steps["ended_before_death"], steps["absences"]) == (1, 2)
