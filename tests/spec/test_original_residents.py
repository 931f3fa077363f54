"""Indicators D1 to D4 (method 7): original residents of a programme area, and who replaced them."""

import datetime as dt

import numpy as np
import polars as pl

from mobility.chains.programmes import Followed
from mobility.indicators import residents
from mobility.indicators.blocks import CROSSINGS, count_crossings
from mobility.indicators.table import TOTAL, add_up
from tests.lib.indicators import drawn_moves, drawn_zones, values
from tests.lib.tables import households, persons, spells, table

DAY = dt.date(2015, 6, 1)
# Dwellings 0 and 1 are in the programme area, 2 next to it in another city, 3 further on in its own city, 4 in a core.
AREA = pl.Series([0, 0, 1, 2, 3, 4, 5], dtype=pl.UInt32)
STATES = pl.Series(["home", "city", "same_city", "growth_core:GM1", "other_region", "periphery"])
FOLLOWED = Followed(
    "P", "Plan 1", "R", dt.date(2012, 1, 1), dt.date(2010, 1, 1), DAY, DAY, STATES, False, True, STATES == "home"
)
ADJACENT = np.array([False, True, False, False, False, False])


def test_d1_every_state_and_which_comes_first():
    lived = spells("""
        person | start_date | end_date   | object
        1      | 2005-01-01 |            | 0
        2      | 2005-01-01 | 2012-01-01 | 0
        2      | 2012-01-01 |            | 1
        3      | 2005-01-01 | 2012-01-01 | 0
        3      | 2012-01-01 |            | 2
        4      | 2012-01-01 |            | 3
        5      | 2012-01-01 |            | 4
        6      | 2012-01-01 |            | 5
        7      | 2012-01-01 |            | 6
        8      | 2012-01-01 |            | 4
        9      | 2005-01-01 | 2012-01-01 | 0
    """)
    people = persons("\n".join(["person | death_date", *(f"{n} |" for n in range(1, 9)), "9 | 2011-12-31"]))
    homes = households("person | start_date | end_date | household | household_type\n8 | 2014-01-01 | | 1 | 8")
    members = pl.DataFrame(
        {"person": range(1, 10), "object": [0] * 9}, schema={"person": pl.UInt32, "object": pl.UInt32}
    )
    found = residents.states_on(DAY, members, people, lived, homes, AREA, FOLLOWED, ADJACENT)
    assert found.to_list() == [
        "same_dwelling", "home_area", "adjacent", "same_city", "growth_core", "elsewhere", "other_city", "institution", "dead",
    ]  # fmt: skip
    alive = people.with_columns(death_date=pl.lit(None, pl.Date))
    gone = residents.states_on(DAY, members[8:], alive, lived, homes, AREA, FOLLOWED, ADJACENT)
    assert gone.to_list() == ["away"]


def test_d1_shares_of_a_programme_area_its_region_and_the_country():
    occupied = table("""
        place  | region | year | horizon | income_class | state         | persons | households
        Plan 1 | R      | 2012 | 5       | 0            | same_dwelling | 3       | 2
        Plan 1 | R      | 2012 | 5       | 0            | away          | 1       | 1
        Plan 2 | R      | 2012 | 5       | 0            | away          | 4       | 1
    """)
    found = residents.where_now(occupied.with_columns(pl.col("year", "horizon").cast(pl.Int32)), ("q1",))
    assert values(found, place="Plan 1", level="programme", cut=TOTAL, year=2012, income_class="low") == {
        "5y:away": 25,
        "5y:same_dwelling": 75,
    }
    assert values(found, place="R", level="region", cut=TOTAL, year=2012, income_class="low")["5y:away"] == 62.5


def test_d2_reads_the_months_of_the_incidence():
    incidence = table("""
        area   | region | cohort_year | exposure | income_class | event   | destination | month | incidence | persons | households
        Plan 1 | R      | 2012        | all      | low          | arrival | all         | 60    | 1         | 40      | 20
        Plan 1 | R      | 2012        | all      | low          | arrival | GM1         | 60    | 1         | 40      | 20
        Plan 1 | R      | 2012        | area     | low          | arrival | all         | 60    | 1         | 40      | 20
        Plan 1 | R      | 2012        | all      | low          | return  | -           | 12    | 0         | 40      | 20
        all    | R      | 0           | all      | low          | arrival | all         | 60    | 1         | 90      | 50
        all    | all    | 0           | all      | low          | arrival | all         | 61    | 1         | 90      | 50
    """).with_columns(group=pl.lit("cohort"))
    found = residents.came_back(incidence)
    assert values(found, income_class="low", cut=TOTAL) == {
        ("Plan 1", "programme", 2012, "arrival:60"): 100,
        ("Plan 1", "programme", 2012, "return:12"): 0,
        ("R", "region", 0, "arrival:60"): 100,
    }


def test_d3_outcomes_add_up_to_the_cohort_and_paths_to_the_chains():
    chains = table("""
        area   | region | cohort_year | income_class | outcome | path     | persons | households
        Plan 1 | R      | 2012        | q1           | chain   | direct   | 1       | 1
        Plan 1 | R      | 2012        | q1           | chain   | stepwise | 3       | 2
        Plan 1 | R      | 2012        | q1           | stayed  | -        | 4       | 2
    """)
    found = values(
        residents.seeped_away(chains), place="Plan 1", level="programme", cut=TOTAL, year=2012, income_class="q1"
    )
    assert found == {"outcome:chain": 50, "outcome:stayed": 50, "path:direct": 25, "path:stepwise": 75}


def test_d4_classes_of_who_moves_in_by_year_since_the_start():
    moves = drawn_moves("""
        year | origin_area | destination_area | income_class | times
        2015 | B1          | A1               | q1           | 3
        2015 | B1          | A1               | q5           | 1
        2017 | B1          | A1               | q5           | 2
        2017 | A2          | B1               | q5           | 2
    """)
    counted = count_crossings(moves, drawn_zones(), ["programme"])
    crossings = add_up([counted, counted.with_columns(cut=pl.lit(TOTAL))], CROSSINGS)
    found = residents.replaced_by(crossings, {"Plan 1": 2016}, ("q1",))
    low = values(found, place="Plan 1", level="programme", cut=TOTAL, income_class="low")
    assert low == {(2015, "since:-1"): 75}
    assert values(found, place="Plan 1", level="programme", cut=TOTAL, income_class="q5")[2017, "since:1"] == 100


def test_d3_excess_in_percentage_points_with_its_interval():
    excess = table("""
        area | region | exposure | income_class | destination | estimand   | difference | lower | upper | persons
        all  | all    | all      | low          | all         | difference | 0.031      | 0.014 | 0.052 | 1472
        all  | all    | dwelling | low          | all         | difference | 0.052      | 0.021 | 0.075 | 408
        W1   | R      | all      | low          | all         | difference | 0.10       | -     | -     | 90
        W1   | R      | all      | low          | core        | difference | 0.20       | -     | -     | 90
    """).with_columns(pl.col("difference", "lower", "upper").cast(pl.Float64, strict=False))
    found = residents.more_than_expected(excess)
    everywhere = values(found, place="national", level="national", cut="total", year=0, income_class="low")
    assert everywhere == {"excess:difference": 3.1, "excess:difference:lower": 1.4, "excess:difference:upper": 5.2}
    area = values(found, place="W1", level="programme", cut="total", year=0, income_class="low")
    assert area == {"excess:difference": 10}  # no interval could be made
    assert found["persons"].to_list().count(1472) == 3
