"""Indicators F2, F3, F6, G1 and G2 (method 7): family, services, and what became of people and of places."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.indicators import after, family, outcomes, services
from mobility.indicators.outcomes import NO_OUTCOME
from mobility.indicators.table import TOTAL
from mobility.stocks import ABSENT, Stocks
from tests.lib.indicators import coded, drawn_moves, drawn_zones, values
from tests.lib.tables import assert_table, table

REGIONS = pl.Series(["R"])
HERE = {"place": "R", "level": "region", "cut": TOTAL, "year": 2015}
DAYS = (dt.date(2014, 12, 31), dt.date(2015, 12, 31))


def stocks(objects):
    """Persons by stock day; everybody heads a household."""
    where = np.array(objects, dtype=np.int32)
    there = where != ABSENT
    return Stocks(DAYS[: where.shape[1]], where, there, there, there)


# ---- family ----------------------------------------------------------------------------------------------------

PARENTS = table("""
    person | father | mother
    1      | 8      | 9
    2      | 8      |
    3      | 1      |
    4      |        |
""").cast(dict.fromkeys(("person", "father", "mother"), pl.UInt32))


def test_relatives_are_parents_children_and_who_shares_a_parent():
    found = family.relatives(pl.Series([1], dtype=pl.UInt32), PARENTS)
    assert_table(
        found,
        """
        person | relative | relation
        1      | 8        | parents
        1      | 9        | parents
        1      | 3        | children
        1      | 2        | siblings
    """,
    )


def test_f2_the_nearest_relative_in_another_dwelling_before_and_after():
    kinds = {"person": pl.UInt32, "object": pl.UInt32}
    before = table("person | object\n1 | 0\n3 | 0\n8 | 1\n9 | 3\n2 | 2").cast(kinds)
    after = table("person | object\n1 | 2\n3 | 0\n8 | 1\n2 | 2").cast(kinds)  # the mother died, the child stayed behind
    places = pl.DataFrame({"x_m": [0, 1000, 16000, None], "y_m": [0, 0, 0, None]})
    movers = pl.DataFrame(
        {"person": [1], "region": [0], "year": [2015], "income_class": [0], "is_reference": [True]}
    ).cast({"person": pl.UInt32, "region": pl.Int32, "year": pl.Int32, "income_class": pl.UInt8})
    kin = family.relatives(movers["person"], PARENTS)
    counted = family.count_near(movers, kin, before, after, places, (1, 5, 15))
    found = values(family.family_near(counted, REGIONS, (1, 5, 15), ("q1",)), **HERE, income_class="low")
    assert found == {
        "parents:1km:before": 100, "parents:5km:before": 100, "parents:15km:before": 100,
        "siblings:1km:before": 0, "siblings:5km:before": 0, "siblings:15km:before": 0,
        # From 16 km: the father is 15 km away; the child 16; who lives in the same dwelling (2) is not elsewhere.
        "parents:1km:after": 0, "parents:5km:after": 0, "parents:15km:after": 100,
        "children:1km:after": 0, "children:5km:after": 0, "children:15km:after": 0,
    }  # fmt: skip


# ---- services --------------------------------------------------------------------------------------------------

SCHOOL = {
    2015: np.array([500, 2000, 900, services.UNKNOWN], dtype=np.int32),
    2016: np.array([500, 2600, 3500, 100], dtype=np.int32),
}


def test_f3_the_mover_part_and_the_place_part():
    moves = drawn_moves("""
        year | origin_area | destination_area | income_class
        2015 | A1          | A2               | q1
        2015 | A1          | A2               | q1
        2015 | A1          | A2               | q1
    """).with_columns(
        origin_object=pl.Series([0, 2, 3], dtype=pl.UInt32), destination_object=pl.Series([1, 1, 0], dtype=pl.UInt32)
    )
    moved = services.count_service_moves(moves, {"school": SCHOOL}, pl.Series([0] * 4, dtype=pl.UInt32))
    found = values(services.service_changes(moved, REGIONS, ("q1",)), **HERE, income_class="low")
    # By moving +1500 and +1100; around the new dwelling 600 for both. The third left from where nothing is known.
    assert found == {"school:mover": 1300, "school:place": 600}


def test_f6_a_service_came_to_lie_too_far_from_the_same_dwelling():
    lived = stocks([[0], [1], [2], [2], [3], [ABSENT]])
    classes = np.zeros((6, 1), dtype=np.int64)
    area = np.where(lived.object == ABSENT, ABSENT, 0).astype(np.int64)
    counted = services.count_closures(
        lived, area, classes, {"school": SCHOOL}, np.zeros(4, dtype=np.int64), range(2016, 2017), 3000
    )
    found = values(
        services.closures(counted, REGIONS, ("q1",)),
        place="R",
        level="region",
        cut=TOTAL,
        year=2016,
        income_class="low",
    )
    assert found == {"school": 500}  # two of the four for whom both years are known


# ---- outcomes --------------------------------------------------------------------------------------------------


def test_g1_trajectories():
    members = table("""
        outcome   | path
        stayed    | -
        chain     | direct
        chain     | stepwise
        reversed  | direct
        temporary | -
        left      | -
    """)
    found = members.select(outcomes.trajectory()).to_series().to_list()
    assert found == ["stayer", "direct", "stepwise", "returner", "returner", "other"]


def test_g1_means_by_trajectory_and_years_since():
    counted = table("""
        place  | region | year | income_class | outcome | trajectory | since | persons | households | total
        Plan 1 | R      | 2015 | 0            | income  | stayer     | 2     | 2       | 1          | 30
        Plan 2 | R      | 2015 | 0            | income  | stayer     | 2     | 1       | 1          | 30
    """).cast({"year": pl.Int32, "since": pl.Int32, "income_class": pl.UInt8})
    found = outcomes.by_trajectory(counted, ("q1",))
    assert values(found, place="Plan 1", level="programme", cut=TOTAL, year=2015, income_class="low") == {
        "income:stayer:2": 15
    }
    assert values(found, **HERE, income_class="low") == {"income:stayer:2": 20}


# A1 is in gemeente A, B1 in B. Person 1 stays and rises from 20 to 40, 2 leaves A with 60, 3 comes to A with 10, 4 with 70.
LIVED = stocks([[1, 1], [1, 3], [3, 1], [ABSENT, 1]])
OUTCOME = np.array([[20, 40], [60, 60], [10, 10], [NO_OUTCOME, 70]])


def test_g2_the_gap_of_a_place_is_split_between_moving_and_staying():
    counted = outcomes.count_gaps(
        LIVED, LIVED.object.astype(np.int64), OUTCOME, "income", drawn_zones(), ("gemeente",), range(2015, 2016)
    )
    found = values(outcomes.area_gap(counted), place="A", level="gemeente", cut=TOTAL, year=2015, income_class="all")
    # From (20 + 60) / 2 = 40 to (40 + 10 + 70) / 3 = 40: the stayer +20, by who left 20 - 40, by who came 40 - 40.
    assert found == {"income:change": 0, "income:stayers": 20, "income:leavers": -20, "income:entrants": 0}


@given(
    st.lists(st.tuples(*[st.sampled_from([ABSENT, 1, 2, 3])] * 2, *[st.integers(1, 100)] * 2), min_size=1, max_size=12)
)
@settings(max_examples=60, deadline=None)
def test_the_parts_of_a_gap_add_up_to_it(rows):
    lived = stocks([row[:2] for row in rows])
    outcome = np.array([row[2:] for row in rows])
    counted = outcomes.count_gaps(
        lived, lived.object.astype(np.int64), outcome, "x", drawn_zones(), ("gemeente", "region"), range(2015, 2016)
    )
    for (place,), group in outcomes.area_gap(counted).group_by(["place"]):
        told = dict(group.select("detail", "value").iter_rows())
        assert told["x:stayers"] + told["x:leavers"] + told["x:entrants"] == pytest.approx(
            told["x:change"], abs=1e-6
        ), place


def test_f1_how_far_from_home_five_years_later_by_the_way_people_went():
    gone = coded(
        table("""
        place | region | year | income_class | trajectory | bin | persons | households
        W1    | R      | 2015 | q1           | stayer     | 0   | 8       | 4
        W1    | R      | 2015 | q1           | direct     | 120 | 2       | 1
        W2    | R      | 2015 | q1           | direct     | 140 | 3       | 2
        W2    | R      | 2015 | q3           | direct     | 20  | 4       | 2
        """)
    ).with_columns(pl.col("bin").cast(pl.Int32))
    found = after.distance_by_trajectory(gone, 100, ("q1",))
    rows = {"level": "region", "place": "R", "cut": "total", "year": 2015}
    # the second of five is the first quarter reached (4 x 2 >= 5), and the third the middle
    assert values(found, **rows, income_class="low") == {
        "direct:q25": 12.05, "direct:median": 14.05, "direct:q75": 14.05,
        "stayer:q25": 0.05, "stayer:median": 0.05, "stayer:q75": 0.05,
    }  # fmt: skip
    assert values(found, **rows, income_class="all")["direct:q25"] == 2.05
    assert (
        values(found, level="programme", place="W1", cut="total", year=2015, income_class="low")["direct:median"]
        == 12.05
    )
