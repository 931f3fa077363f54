"""The status of buurten (method 7), and the ladder that movers and residents climb (A7, A8, A9, E4)."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.income import CLASSES
from mobility.indicators import reproduction
from mobility.indicators.passing import count_status_moves
from mobility.indicators.status import FIFTHS, NO_STATUS, ladder_of
from mobility.indicators.trajectories import (
    STAYS,
    Years,
    count_climbs,
    count_exposures,
    count_stays,
    count_times,
    count_transitions,
    stay_lengths,
)
from mobility.residence import reside
from mobility.stocks import take_stocks
from tests.lib.indicators import values
from tests.lib.tables import HOUSEHOLD, PERSON, assert_table, spells

CODES = pl.Series([None, "B1", "B2", "B3", "B4"])
REGIONS = pl.Series(["R"])
HOME = np.zeros(5, dtype=np.int64)  # every area lies in region R


def percentiles(**persons):
    """Persons by area (row) and percentile (column): `a1={10: 2}` is two persons with percentile 10 in area 1."""
    table = np.zeros((5, 101))
    for name, counts in persons.items():
        for percentile, number in counts.items():
            table[int(name[1:]), percentile] = number
    return table


# Means 10, 30 (two buurten, by code) and 60.
COUNTRY = percentiles(a1={60: 10}, a2={30: 10}, a3={20: 5, 40: 5}, a4={10: 10})


def test_buurten_stand_by_their_mean_percentile_and_ties_by_code():
    ladder = ladder_of(COUNTRY, CODES, 10)
    assert CODES.gather(ladder.area).to_list() == ["B4", "B2", "B3", "B1"]
    assert ladder.mean.tolist() == [10, 30, 30, 60]


def test_a_buurt_with_fewer_residents_has_no_status():
    few = percentiles(a1={60: 9}, a2={30: 10})
    assert ladder_of(few, CODES, 10).of_areas(5, FIFTHS).tolist() == [-1, -1, 2, -1, -1]


def test_the_middle_person_of_a_buurt_decides_its_part_and_parts_hold_about_as_many_persons():
    # 10 of 40 each: the middles lie at 12.5, 37.5, 62.5 and 87.5 %.
    assert ladder_of(COUNTRY, CODES, 10).of_areas(5, FIFTHS).tolist() == [NO_STATUS, 4, 1, 3, 0]


def test_a_movers_household_is_left_out_of_the_buurt_it_lives_in():
    ladder = ladder_of(COUNTRY, CODES, 10)
    area = np.array([3, 3, 0])
    part, rank = ladder.without(area, np.array([40, 0, 40]), np.array([5, 5, 1]), FIFTHS)
    # Without its five of percentile 40, B3 has mean 20 and stands between B4 and B2: 10 below it, and 5 of 35 in it.
    assert rank[0] == pytest.approx((10 + 2.5) / 35)
    assert part[0] == 1
    assert part[1] == 3  # no percentile: nobody is left out
    assert part[2] == NO_STATUS


MOVE = {"region": pl.UInt32, "year": pl.Int32, "income_class": pl.UInt8, "left": pl.UInt8, "entered": pl.UInt8}


def test_a7_reproduction():
    rows = [(0, 2015, 0, 0, 0, 6, 6, 0), (0, 2015, 0, 0, 9, 2, 2, 0), (0, 2015, 0, 9, 9, 2, 2, 0)]
    measures = dict.fromkeys(("persons", "households", "rank_change"), pl.Int64)
    moves = pl.DataFrame(rows, schema=MOVE | measures, orient="row")
    found = values(
        reproduction.status_of_destination(moves, REGIONS, ("q1",)),
        place="R", level="region", cut="total", year=2015, income_class="low",
    )  # fmt: skip
    assert found["d1>d1"] == 75
    assert found["d1>d10"] == 25
    assert found["bottom_fifth"] == 60
    # x = 0 eight times and 9 twice; y = 0 six times: covariance 10 x 162 - 18 x 36, variance 10 x 162 - 18 x 18.
    assert found["slope"] == pytest.approx((10 * 162 - 18 * 36) / (10 * 162 - 18**2))


def test_moves_between_buurten_with_a_status_count_with_their_change_of_rank():
    moves = pl.DataFrame(
        {
            "year": pl.Series([2015, 2015], dtype=pl.Int32),
            "income_class": pl.Series([0, 0], dtype=pl.UInt8),
            "origin_area": pl.Series([4, 0], dtype=pl.UInt32),
            "destination_area": pl.Series([1, 1], dtype=pl.UInt32),
            "household_size": pl.Series([1, 1], dtype=pl.UInt32),
            "is_carrier": [True, True],
        }
    )
    ladder = ladder_of(COUNTRY, CODES, 10)
    counted = count_status_moves(moves, np.array([0, 0]), {2015: ladder}, pl.Series([0] * 5, dtype=pl.UInt32))
    assert_table(counted, "left | entered | persons | rank_change\n1 | 8 | 1 | 750000")


# ---- from year to year -----------------------------------------------------------------------------------------

AREA = pl.Series([1, 2, 3, 4], dtype=pl.UInt32)  # of four dwellings
FIFTH = np.array([NO_STATUS, 0, 0, 4, NO_STATUS])  # buurten B1 and B2 are of the bottom fifth, B3 of the top


def lived(drawn, first=2015, last=2016, fifth=FIFTH):
    """Residents of a drawn country on 31 December before the first year and of every year; all q1, heads of a household."""
    registered = spells(drawn)
    everybody = registered.select("person").unique().sort("person").with_columns(
        birth_date=pl.lit(None, pl.Date), death_date=pl.lit(None, pl.Date)
    ).select(*PERSON)  # fmt: skip
    residence = reside(registered, everybody, 31, dt.date(last, 12, 31)).spells
    days = [dt.date(year, 12, 31) for year in range(first - 1, last + 1)]
    stocks = take_stocks(residence, everybody, pl.DataFrame(schema=HOUSEHOLD), days)
    classes = np.full((everybody.height, len(days)), CLASSES.index("q1"), dtype=np.int64)
    fifths = np.tile(fifth[:, None], (1, len(days)))
    return (
        Years(stocks, stocks.area(AREA), classes, fifths, HOME, range(first, last + 1)),
        residence,
        everybody["person"],
    )


LIVES = """
    person | start_date | end_date   | object
    1      | 2010-06-01 |            | 0
    2      | 2010-06-01 | 2015-03-01 | 0
    2      | 2015-03-01 |            | 2
    3      | 2014-01-01 | 2016-05-01 | 1
    3      | 2016-05-01 |            | 0
    4      | 2010-01-01 | 2015-07-01 | 1
"""


def test_a8_transitions_between_fifths_of_two_stocks():
    counted = count_transitions(lived(LIVES)[0])
    # Person 4 is away at the end of 2015: in state `other` (5).
    assert_table(
        counted,
        """
        year | left | entered | persons
        2015 | 0    | 0       | 2
        2015 | 0    | 4       | 1
        2015 | 0    | 5       | 1
        2016 | 0    | 0       | 2
        2016 | 4    | 4       | 1
    """,
    )


def test_a8_times_are_of_those_who_are_there_on_every_stock_day():
    times = count_times(lived(LIVES)[0])
    assert times["persons"].unique().to_list() == [3]
    assert_table(times.select("state", "years").filter(pl.col("years") > 0), "state | years\n0 | 7\n4 | 2")
    # Person 2 spent one of three in the bottom and two in the top fifth; the others do not vary.
    entropy = -(1 / 3 * np.log(1 / 3) + 2 / 3 * np.log(2 / 3))
    assert times["entropy"].to_list() == [round(entropy * 1e6)] * 6


def test_a8_programme_areas_lived_in():
    years, residence, everybody = lived(LIVES)
    programme = pl.Series([7, None, 8, None], dtype=pl.UInt32)  # dwellings 0 and 2 lie in one each
    counted = count_exposures(years, residence, everybody, programme)
    assert_table(counted, "areas | persons\n0 | 1\n1 | 2\n2 | 1")


def test_the_length_of_a_stay_goes_on_through_moves_within_the_buurt_and_ends_with_an_absence():
    years, residence, everybody = lived("""
        person | start_date | end_date   | object
        1      | 2010-06-01 |            | 0
        2      | 2014-12-31 |            | 0
        3      | 2010-01-01 | 2012-01-01 | 0
        3      | 2013-01-01 |            | 0
        4      | 2011-12-31 |            | 0
    """)
    lengths = stay_lengths(residence, AREA, everybody, years.stocks)
    assert lengths[:, 0].tolist() == [4, 0, 1, 3]


def test_a9_who_is_at_risk_and_who_leaves():
    years, residence, everybody = lived(LIVES)
    counted = count_stays(years, stay_lengths(residence, AREA, everybody, years.stocks))
    # 2015: persons 1 and 2 came in 2010, person 3 in 2014; person 4 is censored. 2016: 3 goes to the other bottom buurt.
    assert_table(
        counted,
        """
        year | duration | persons | left | shifted
        2015 | 0        | 1       | 0    | 0
        2015 | 4        | 2       | 1    | 0
        2016 | 1        | 1       | 0    | 1
        2016 | 5        | 1       | 0    | 0
    """,
    )


RISKS = ("persons", "households", "left", "shifted", "left_households", "shifted_households")


def test_a9_the_median_stay_from_hazards():
    # 20 % leave in every year: 0.8, 0.64, 0.512, 0.4096; half has left 3 + (0.512 - 0.5) / (0.512 - 0.4096) years after coming.
    assert reproduction.median_stay([0, 1, 2, 3], [10, 10, 10, 10], [2, 2, 2, 2]) == pytest.approx(3 + 0.012 / 0.1024)
    assert reproduction.median_stay([0, 2], [10, 10], [2, 9]) is None  # nobody was seen in the second year of a stay
    found = values(
        reproduction.staying_behind(
            pl.DataFrame(
                [(0, 2015, 0, 0, 10, 10, 5, 1, 5, 1)],
                schema=dict.fromkeys(STAYS, pl.Int32) | dict.fromkeys(RISKS, pl.Int64),
                orient="row",
            ), REGIONS, ("q1",),
        ),
        place="R", level="region", cut="total", year=2015, income_class="low",
    )  # fmt: skip
    assert found == {"hazard:0": 50, "shifted": 10, "median_stay": 1}


@given(st.lists(st.tuples(st.integers(2008, 2014), st.integers(2015, 2019)), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_delayed_entry_against_a_slow_reading(stays):
    """Persons of area 1 who came on 1 July of one year and left on 1 July of another: year by year, person by person."""
    drawn = "\n".join(
        f"{n} | {came}-07-01 | {left}-07-01 | 0\n{n} | {left}-07-01 | | 2" for n, (came, left) in enumerate(stays)
    )
    years, residence, everybody = lived(f"person | start_date | end_date | object\n{drawn}", 2015, 2019)
    counted = count_stays(years, stay_lengths(residence, AREA, everybody, years.stocks))
    expected = {}
    for came, left in stays:
        for year in range(2015, left + 1):  # at risk on 1 January of every year until the one of leaving
            risk, gone = expected.get((year, year - came - 1), (0, 0))
            expected[year, year - came - 1] = (risk + 1, gone + (year == left))
    assert {
        (row[0], min(row[1], 10)): row[2:] for row in counted.select("year", "duration", "persons", "left").rows()
    } == expected


def test_e4_a_climber_rose_20_points_and_held_them_for_two_years():
    years, _, _ = lived(
        """
        person | start_date | end_date   | object
        1      | 2010-01-01 | 2016-06-01 | 0
        1      | 2016-06-01 |            | 2
        2      | 2010-01-01 | 2016-06-01 | 0
        2      | 2016-06-01 |            | 3
        3      | 2010-01-01 |            | 0
        4      | 2010-01-01 |            | 0
    """,
        first=2014,
    )
    # Of 2014, 2015 and 2016, the year of the stock last.
    steps = np.array([[10, 30, 35, 0], [10, 30, 29, 0], [10, 40, 40, 0], [10, 40, 0, 0]])
    is_heavy = np.tile(np.array([0, 1, 0, 0, 0])[:, None], (1, 4))
    first_used = np.array([1990, 1990, 2014, 1990], dtype=np.int16)
    counted = count_climbs(years, steps, is_heavy, first_used, 20, 2, 5)
    # Person 1 climbed and went to a new dwelling; 2 did not hold it, and went to an old one; 4 has no percentile in one year.
    assert_table(
        counted,
        """
        year | climber | exit | persons
        2016 | 1       | 1    | 1
        2016 | 0       | 2    | 1
        2016 | 1       | 0    | 1
    """,
    )
    found = values(
        reproduction.climbers(counted, REGIONS), place="R", level="region", cut="total", year=2016, income_class="all"
    )
    assert found == {"climbers": 50, "climbers:new": 50, "others": 100, "others:existing": 100}
