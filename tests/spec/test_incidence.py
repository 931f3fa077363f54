"""Method 6.4 (c): on which day an event happens, in which month it counts, and the cumulative incidence counted by hand."""

import datetime as dt

import polars as pl
import pytest

from mobility.chains.programmes import follow
from mobility.days import add_months, months_after, months_until, whole_months
from mobility.estimates.events import first_events, first_returns, on_clock
from mobility.estimates.incidence import incidence_table, pooled_strata
from mobility.estimates.itineraries import STATES, itinerary_table, yearly_states
from mobility.estimates.leaving import by_household, chain_rates, find_leaving
from mobility.places import zone_areas
from tests.lib.tables import assert_table, table
from tests.spec.test_chains import AREAS, FOLLOWED, OTHER_G, RULES, ZONING, G, R

END = dt.date(2021, 1, 2)


def episodes(drawn):
    return table(drawn, person=pl.UInt32).with_columns(pl.col("end_date").fill_null(END))


def event(drawn):
    return first_events(episodes(drawn), RULES).row(0, named=True)


def test_a_settled_arrival_happens_on_the_day_the_stay_has_lasted_twelve_months():
    found = event(f"""
        person | state | start_date | end_date
        1      | home  | 2008-01-01 | 2010-03-01
        1      | {G}   | 2010-03-01 |
    """)
    assert (found["first_event"], found["first_date"], found["first_destination"]) == (
        "arrival",
        dt.date(2011, 3, 1),
        "GM0002",
    )


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2011-03-02", "arrival"),  # died on 1 March: lived through the day on which twelve months were over
        ("2011-03-01", "arrival"),  # died on 28 February: the year was full
        ("2011-02-28", "dead"),  # one day short: no arrival, and none of the months in the growth core was immortal
    ],
)
def test_dying_before_the_stay_has_lasted_is_death_and_not_arrival(end, expected):
    found = event(f"""
        person | state | start_date | end_date
        1      | home  | 2008-01-01 | 2010-03-01
        1      | {G}   | 2010-03-01 | {end}
        1      | dead  | {end}      |
    """)
    assert found["first_event"] == expected


def test_a_stay_that_still_runs_at_the_end_and_has_not_lasted_is_censored():
    found = event(f"person | state | start_date | end_date\n1 | home | 2008-01-01 | 2020-01-03\n1 | {G} | 2020-01-03 |")
    assert found["first_event"] is None
    found = event(f"person | state | start_date | end_date\n1 | home | 2008-01-01 | 2020-01-02\n1 | {G} | 2020-01-02 |")
    assert found["first_event"] == "arrival"


@pytest.mark.parametrize(
    ("state", "months", "expected"),
    [("away", "2011-01-01", "away"), ("away", "2010-12-31", "arrival"), ("institution", "2010-02-01", "institution")],
)
def test_away_competes_once_it_has_lasted_a_year_and_an_institution_at_once(state, months, expected):
    found = event(f"""
        person | state   | start_date | end_date
        1      | home    | 2008-01-01 | 2010-01-01
        1      | {state} | 2010-01-01 | {months}
        1      | {G}     | {months}   |
    """)
    assert found["first_event"] == expected


def test_a_growth_core_left_within_the_year_is_no_arrival_and_the_next_may_be():
    found = event(f"""
        person | state     | start_date | end_date
        1      | home      | 2008-01-01 | 2010-01-01
        1      | {G}       | 2010-01-01 | 2010-06-01
        1      | {OTHER_G} | 2010-06-01 |
    """)
    assert (found["first_date"], found["first_destination"]) == (dt.date(2011, 6, 1), "GM0003")


def test_return_has_its_own_clock_from_the_exit_and_happens_when_home_has_lasted_ninety_days():
    found = first_returns(
        episodes("""
            person | state     | start_date | end_date
            1      | home      | 2008-01-01 | 2010-01-01
            1      | satellite | 2010-01-01 | 2012-01-01
            1      | home      | 2012-01-01 |
            2      | home      | 2008-01-01 | 2010-01-01
            2      | satellite | 2010-01-01 | 2012-01-01
            2      | home      | 2012-01-01 | 2012-03-30
            2      | dead      | 2012-03-30 |
            3      | home      | 2008-01-01 |
        """),
        RULES,
    )
    assert_table(
        found,
        """
        person | exit_date  | return_event | return_date
        1      | 2010-01-01 | return       | 2012-03-31
        2      | 2010-01-01 | dead         | 2012-03-30
    """,
    )


@pytest.mark.parametrize(
    ("day", "months"),
    [("2008-01-31", 0), ("2008-02-01", 1), ("2008-02-29", 1), ("2008-03-01", 2), ("2008-03-31", 2), ("2009-01-31", 12)],
)
def test_the_month_of_an_event_is_the_first_month_from_the_start_that_reaches_it(day, months):
    start, found = pl.lit(dt.date(2008, 1, 31)), pl.lit(dt.date.fromisoformat(day))
    assert pl.select(months_until(start, found)).item() == months


@pytest.mark.parametrize(
    ("end", "months"), [("2008-02-28", 0), ("2008-02-29", 1), ("2008-03-30", 1), ("2008-03-31", 2)]
)
def test_only_whole_months_are_seen(end, months):
    start, found = pl.lit(dt.date(2008, 1, 31)), pl.lit(dt.date.fromisoformat(end))
    assert pl.select(whole_months(start, found)).item() == months


def test_an_event_in_a_month_that_is_not_seen_to_its_end_is_not_looked_at():
    drawn = table("""
        person | first_event | first_date
        1      | arrival | 2010-02-01
        2      | arrival | 2010-02-02
        3      |         |
    """)
    start, end = dt.date(2008, 1, 1), dt.date(2010, 2, 15)
    found = drawn.select(on_clock("first", pl.lit(start), pl.lit(end)))
    assert_table(found, "first_left | first_cause\n25 | arrival\n25 |\n25 |")


# --- ten persons, counted by hand ------------------------------------------------------------------------------------

KEYS = {"programme": "p", "area": "R", "region": "delta", "cohort_year": 2010, "exposure": "area", "r_in_g": False,
        "is_carrier": True}  # fmt: skip


def members(drawn):
    return table(drawn).with_columns(pl.lit(value).alias(name) for name, value in KEYS.items())


TEN = """
    income_class | first_left | first_cause | first_destination | return_left | return_cause
    q1           | 12         | arrival     | GM0002            |             |
    q1           | 12         | arrival     | GM0003            |             |
    q1           | 12         | dead        | -                 |             |
    q1           | 20         |             | -                 |             |
    q1           | 20         |             | -                 |             |
    q1           | 24         | arrival     | GM0002            |             |
    q1           | 24         | away        | -                 |             |
    q1           | 30         |             | -                 | 6           | return
    q1           | 30         |             | -                 | 10          |
    q1           | 30         |             | -                 | 10          | dead
"""


def curve(rows, event, destination):
    return {row[0]: row[1:] for row in rows.filter(event=event, destination=destination)
            .select("month", "at_risk", "events", "incidence").iter_rows()}  # fmt: skip


def test_incidence_counted_by_hand():
    rows = incidence_table(members(TEN).with_columns(group=pl.lit("cohort")))
    arrival = curve(rows, "arrival", "all")
    # Ten at risk at month 12, where two arrive and one dies: 2/10. Two are censored at 20: five at risk at 24, where one
    # arrives of the seven tenths that are left: 0.2 + 0.7 x 1/5 = 0.34. Taking death and away for censoring would give 1 -
    # 8/10 x 4/5 = 0.36.
    assert arrival[11] == (10, 0, 0)
    assert arrival[12] == (10, 2, pytest.approx(0.2))
    assert arrival[20] == (7, 0, pytest.approx(0.2))
    assert arrival[24] == (5, 1, pytest.approx(0.34))
    assert arrival[30] == (3, 0, pytest.approx(0.34))
    assert max(arrival) == 30
    assert curve(rows, "arrival", "GM0002")[30] == (3, 0, pytest.approx(0.1 + 0.7 / 5))
    assert curve(rows, "arrival", "GM0003")[30] == (3, 0, pytest.approx(0.1))
    assert curve(rows, "dead", "-")[24] == (5, 0, pytest.approx(0.1))
    assert curve(rows, "away", "-")[24] == (5, 1, pytest.approx(0.14))
    # Return: three left; one is back in month 6, one dies and one is censored in month 10.
    assert curve(rows, "return", "-")[10] == (2, 0, pytest.approx(1 / 3))


def test_the_variance_without_censoring_is_that_of_a_share():
    rows = incidence_table(members(TEN).with_columns(group=pl.lit("cohort")))
    at_12 = rows.filter(event="arrival", destination="all", month=12)["variance"].item()
    assert at_12 == pytest.approx(0.2 * 0.8 / 10)


def test_pooled_strata_leave_out_areas_inside_a_growth_core_and_keep_exposures_apart():
    drawn = table("""
        programme | area | region | cohort_year | exposure | income_class | r_in_g
        p         | R    | delta  | 2010        | dwelling | q1           | false
        p         | R    | delta  | 2010        | area     | q4           | false
        p         | Q    | delta  | 2012        | area     | q1           | true
    """)
    counted = (
        pooled_strata(drawn, ("q1",))
        .group_by("area", "region", "cohort_year", "exposure", "income_class")
        .len("persons")
    )
    assert_table(
        counted,
        """
        area | region | cohort_year | exposure | income_class | persons
        R    | delta  | 2010        | all      | low          | 1
        R    | delta  | 2010        | all      | not_low      | 1
        Q    | delta  | 2012        | all      | low          | 1
        all  | delta  | 0           | dwelling | low          | 1
        all  | delta  | 0           | area     | not_low      | 1
        all  | delta  | 0           | all      | low          | 1
        all  | delta  | 0           | all      | not_low      | 1
        all  | all    | 0           | dwelling | low          | 1
        all  | all    | 0           | area     | not_low      | 1
        all  | all    | 0           | all      | low          | 1
        all  | all    | 0           | all      | not_low      | 1
        all  | all    | 0           | dwelling | q1           | 1
        all  | all    | 0           | area     | q4           | 1
        all  | all    | 0           | all      | q1           | 1
        all  | all    | 0           | all      | q4           | 1
    """,
    )


# --- leaving ---------------------------------------------------------------------------------------------------------


def test_where_somebody_went_first_and_where_they_live_sixty_months_after_the_start():
    found = find_leaving(
        episodes(f"""
            person | state     | start_date | end_date
            1      | home      | 2008-01-01 | 2010-01-01
            1      | same_city | 2010-01-01 | 2012-01-01
            1      | {G}       | 2012-01-01 |
            2      | home      | 2008-01-01 | 2010-01-01
            2      | satellite | 2010-01-01 | 2012-01-01
            2      | home      | 2012-01-01 |
            3      | home      | 2008-01-01 | 2015-01-02
            3      | satellite | 2015-01-02 |
            4      | home      | 2008-01-01 | 2015-01-01
            4      | satellite | 2015-01-01 |
            5      | home      | 2008-01-01 | 2012-01-01
            5      | dead      | 2012-01-01 |
        """),
        FOLLOWED,
    )
    assert_table(
        found,
        f"""
        person | exit | first_state | later_state
        1      | yes  | same_city   | {G}
        2      | yes  | satellite   | home
        3      | no   | -           | -
        4      | yes  | satellite   | satellite
        5      | no   | -           | -
    """,
    )


def test_who_is_not_followed_for_sixty_months_may_still_leave():
    short = follow(R, zone_areas(AREAS, ZONING), RULES, dt.date(2014, 12, 31))
    drawn = episodes("""
        person | state     | start_date | end_date
        1      | home      | 2008-01-01 | 2015-01-01
        2      | home      | 2008-01-01 | 2010-01-01
        2      | satellite | 2010-01-01 | 2015-01-01
    """)
    found = find_leaving(drawn, short)
    assert_table(
        found, "person | exit | first_state | later_state\n1 | censored | - | -\n2 | yes | satellite | censored"
    )


def test_exits_per_hundred_and_chains_per_thousand():
    drawn = table("""
        area | is_seen | is_complete | exit     | outcome  | is_carrier
        R    | true    | true        | yes      | chain    | true
        R    | true    | true        | yes      | left     | false
        R    | true    | true        | no       | stayed   | true
        R    | true    | true        | no       | dead     | true
        Q    | false   | false       | yes      | chain    | true
        Q    | false   | false       | censored | censored | true
    """).with_columns(
        pl.lit(value).alias(name)
        for name, value in (KEYS | {"income_class": "low"}).items()
        if name != "area" and name != "is_carrier"
    )
    assert_table(
        chain_rates(drawn),
        """
        area | rate  | value | persons | households | at_risk | households_at_risk | complete
        Q    | chain | 500   | 1       | 1          | 2       | 2                  | false
        R    | chain | 250   | 1       | 1          | 4       | 3                  | true
        R    | exit  | 50    | 2       | 1          | 4       | 3                  | true
    """,
    )


def test_members_by_age_household_children_and_whether_they_live_with_their_parents():
    drawn = table("""
        person | cohort_date | birth_date | household_type | children | is_child
        1      | 2010-01-01  | 1985-01-01 | 6              | 1        | false
        2      | 2010-01-01  | 1975-02-01 | 5              | 4        | true
    """)
    found = by_household(drawn, (18, 25, 35))
    assert_table(
        found,
        """
        person | dimension      | value
        1      | age_band       | 25-34
        2      | age_band       | 25-34
        1      | household_type | single_parent
        2      | household_type | couple_with_children
        1      | children       | children_1
        2      | children       | children_3+
        1      | position       | own
        2      | position       | at_parents
    """,
    )


# --- itineraries as a whole ------------------------------------------------------------------------------------------


def test_the_state_on_the_cohort_date_and_its_anniversaries():
    drawn = episodes(f"""
        person | state     | start_date | end_date
        1      | home      | 2008-01-01 | 2010-01-01
        1      | {G}       | 2010-01-01 | 2011-06-01
        1      | {OTHER_G} | 2011-06-01 |
    """)
    short = follow(R, zone_areas(AREAS, ZONING), RULES, dt.date(2012, 6, 1))
    drawn = drawn.with_columns(pl.col("end_date").clip(upper_bound=short.end))
    found = yearly_states(drawn, pl.Series([1], dtype=pl.UInt32), short, RULES)
    seen = [None if each[0] is None else STATES[each[0]] for each in found]
    assert seen == ["home", "home", *["growth_core"] * 3, *[None] * 9]  # 2008 to 2012, and not seen until 2021


def test_years_per_state_and_what_follows_what():
    place = {name: str(STATES.index(name)) for name in ("home", "growth_core", "dead")}
    h, g, d = place["home"], place["growth_core"], place["dead"]
    drawn = table(f"""
        person | income_class | state_0 | state_1 | state_2 | state_10
        1      | low          | {h}     | {h}     | {g}     | {g}
        2      | low          | {h}     | {d}     |         |
    """).with_columns(pl.lit(value).alias(name) for name, value in KEYS.items())
    found = itinerary_table(drawn).with_columns(value=(pl.col("value") * 1000).round().cast(pl.Int64))
    assert_table(
        found.filter(pl.col("statistic") != "entropy"),
        """
        statistic  | state       | next_state  | value | count | persons
        mean_years | home        | -           | 1500  | 3     | 2
        mean_years | growth_core | -           | 1000  | 2     | 2
        mean_years | dead        | -           | 500   | 1     | 2
        rate       | home        | home        | 333   | 1     | 2
        rate       | home        | growth_core | 333   | 1     | 2
        rate       | home        | dead        | 333   | 1     | 2
        rate       | growth_core | growth_core | 1000  | 1     | 2
        """,
    )


def test_one_date_and_a_column_of_dates_have_the_same_months():
    days = [dt.date(2007, 12, 31) + dt.timedelta(days=each) for each in range(0, 800, 7)]
    for months in (-60, -36, -1, 0, 1, 11, 12, 60):
        column = pl.Series(days).to_frame("day").select(add_months(pl.col("day"), months)).to_series()
        assert [months_after(day, months) for day in days] == column.to_list()
