"""Indicators E2, E3 and E5 to E7 (method 7): who lives in a dwelling after whom, and what new dwellings set going."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.indicators import dwellings, housing_stock
from mobility.indicators.occupancy import (
    NOBODY,
    OPEN,
    ZERO,
    find_tenancies,
    follow_chains,
    freed_by,
    multipliers,
    next_tenancy,
    occupying,
)
from mobility.indicators.table import TOTAL
from mobility.indicators.zones import with_total, zoned
from mobility.panel.lookup import TENURES
from mobility.residence import reside
from tests.lib.indicators import drawn_zones, values
from tests.lib.tables import PERSON, assert_table, spells, table

END = dt.date(2019, 12, 31)


def tenancies(drawn, births=None, classes=0):
    """Tenancies of drawn lives; everybody is of one class and, unless told, of unknown age."""
    registered = spells(drawn)
    people = registered.select("person").unique().sort("person")
    people = people.with_columns(birth_date=pl.Series([(births or {}).get(p) for p in people["person"]], dtype=pl.Date))
    people = people.with_columns(death_date=pl.lit(None, pl.Date)).select(*PERSON)
    residence = reside(registered, people, 31, END).spells
    place = people["person"].search_sorted(residence["person"])
    class_of = np.full((people.height, 5), classes, dtype=np.uint8)
    found = occupying(residence.with_columns(place.alias("place")), people["birth_date"].gather(place), class_of, 2015)
    return find_tenancies(found)


def dated(found):
    """With dates for days; an open end is null."""
    day = [(pl.col(name) - ZERO).cast(pl.Int32).cast(pl.Date).alias(name) for name in ("start", "end")]
    return found.with_columns(end=pl.when(pl.col("end") < OPEN).then("end")).with_columns(day)


def test_a_tenancy_lasts_until_nobody_is_left_and_the_oldest_stands_for_it():
    found = tenancies(
        """
        person | start_date | end_date   | object
        1      | 2010-01-01 | 2016-01-01 | 7
        2      | 2012-01-01 | 2017-01-01 | 7
        3      | 2017-01-01 | 2018-01-01 | 7
        4      | 2017-01-01 | 2018-01-01 | 7
        5      | 2018-06-01 |            | 7
    """,
        {3: dt.date(1990, 1, 1), 4: dt.date(1960, 1, 1)},
    )
    # 2 moved in with 1 and stayed on; 3 and 4 came on the day 2 left; 5 after half a year.
    assert_table(
        dated(found),
        """
        object | start      | end        | persons_in | persons_out
        7      | 2010-01-01 | 2017-01-01 | 1          | 1
        7      | 2017-01-01 | 2018-01-01 | 2          | 2
        7      | 2018-06-01 |            | 1          | 1
    """,
    )
    assert next_tenancy(found).tolist() == [1, 2, NOBODY]


def test_classes_are_those_of_the_years_of_entry_and_of_leaving():
    residence = spells("person | start_date | end_date | object\n1 | 2015-05-01 | 2016-05-01 | 7").with_columns(
        place=pl.lit(0)
    )
    found = occupying(residence, pl.Series([None], dtype=pl.Date), np.array([[1, 2]], dtype=np.uint8), 2015)
    assert found.select("class_in", "class_out").row(0) == (1, 2)


# A new dwelling 9: 1 leaves dwelling 1 for it, 2 leaves dwelling 2 for that, a child leaves home for 2.
CHAIN = """
    person | start_date | end_date   | object
    1      | 2010-01-01 | 2015-03-01 | 1
    1      | 2015-03-01 |            | 9
    2      | 2010-01-01 | 2015-05-01 | 2
    2      | 2015-05-01 |            | 1
    3      | 2010-01-01 |            | 3
    4      | 2010-01-01 | 2015-08-01 | 3
    4      | 2015-08-01 |            | 2
"""


def test_a_chain_ends_where_somebody_comes_who_leaves_no_empty_dwelling():
    found = tenancies(CHAIN)
    freed, following = freed_by(found), next_tenancy(found)
    begun = np.flatnonzero((found["object"] == 9).to_numpy())
    in_two = (found["object"] == 2).to_numpy()
    length, is_open, reaches = follow_chains(begun, freed, following, in_two)
    assert (length.tolist(), is_open.tolist(), reaches.tolist()) == ([2], [False], [True])


def test_a_chain_is_censored_while_its_last_dwelling_is_empty():
    found = tenancies("\n".join(CHAIN.strip().splitlines()[:5]))  # nobody has come to dwelling 2 yet
    begun = np.flatnonzero((found["object"] == 9).to_numpy())
    length, is_open, _ = follow_chains(begun, freed_by(found), next_tenancy(found), np.zeros(found.height, dtype=bool))
    assert (length.tolist(), is_open.tolist()) == ([2], [True])


def test_the_multiplier_of_two_sectors_by_hand():
    # Of the vacancies in the first sector half free one in the second, of those in the second a quarter one in the first.
    filled = np.array([[0, 2, 2], [1, 0, 3]])
    # m1 = 1 + m2 / 2, m2 = 1 + m1 / 4, so m1 = 12 / 7 and m2 = 10 / 7.
    assert multipliers(filled) == pytest.approx([12 / 7, 10 / 7])


def test_a_sector_without_vacancies_has_no_multiplier():
    assert np.isnan(multipliers(np.array([[0, 0, 2], [0, 0, 0]]))[1])


@given(st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_multiplier_of_one_sector_is_that_of_a_geometric_series(freed):
    assert multipliers(np.array([[freed, 100 - freed]])) == pytest.approx([1 / (1 - freed / 100)])


def test_vacancies_filled_by_sector_and_what_was_freed_for_them():
    found = tenancies(CHAIN)
    social, owner = dwellings.SECTORS.index("social"), dwellings.SECTORS.index("owner")
    sector = np.where(found["object"].to_numpy() == 1, social, owner)
    year = dated(found)["start"].dt.year().to_numpy()
    counts = dwellings.filled_vacancies(next_tenancy(found), freed_by(found), sector, year, range(2015, 2016))[2015]
    assert counts[social, owner] == 1  # dwelling 1 was filled by who freed 2
    assert counts[owner, -1] == 1  # dwelling 2 was filled by a child who freed none
    assert counts.sum() == 2


DAYS = st.integers(0, 60)


@given(st.lists(st.tuples(st.integers(0, 2), DAYS, st.integers(1, 30)), min_size=1, max_size=10))
@settings(max_examples=60, deadline=None)
def test_tenancies_against_a_walk_through_the_days(stays):
    """A dwelling that is lived in on a day and was not on the day before, or from which all left that day, begins a tenancy."""
    rows = [(n, o, ZERO + s, ZERO + s + d, 0, 0, 0, NOBODY, NOBODY) for n, (o, s, d) in enumerate(stays)]
    names = ["person", "object", "start", "end", "born", "class_in", "class_out", "from_object", "to_object"]
    found = find_tenancies(pl.DataFrame(rows, schema=names, orient="row"))
    expected = []
    for dwelling in range(3):
        here = [(s, s + d) for o, s, d in stays if o == dwelling]
        for day in range(120):
            stayed = any(s < day < e for s, e in here)
            if any(s == day for s, _ in here) and not stayed:
                expected.append((dwelling, day))
    assert found.select("object", pl.col("start") - ZERO).rows() == expected


# ---- stocks ------------------------------------------------------------------------------------------------------

SOCIAL, OWNER = TENURES.index("social"), TENURES.index("owner")
AREA = pl.Series([1, 1, 3, 3], dtype=pl.UInt32)
# Sold; stays; demolished; new.
TENURE = pl.DataFrame(
    {"2015": [SOCIAL, SOCIAL, SOCIAL, 0], "2016": [OWNER, SOCIAL, 0, OWNER]},
    schema={"2015": pl.UInt8, "2016": pl.UInt8},
)
DEMOLISHED = pl.Series([None, None, dt.date(2015, 7, 1), None])
FIRST_USED = np.array([1995, 1995, 1995, 2015], dtype=np.int16)


def placed(rows_and_table, keys):
    rows, counted = rows_and_table
    return with_total(zoned(counted, AREA.gather(rows), drawn_zones(), ("gemeente", "region"), keys), keys)


def test_e5_dwellings_change_tenure_are_demolished_and_built():
    residents = np.array([2, 1, 0, 0])
    steps = placed(
        housing_stock.stock_steps(TENURE, 2015, DEMOLISHED, FIRST_USED, residents), housing_stock.STOCK_FLOWS
    )
    found = housing_stock.stock_flows(steps)
    of_a = values(found, place="A", level="gemeente", cut=TOTAL, year=2015, income_class="all")
    assert of_a == {"social>owner": 50, "social>social": 50}
    of_b = values(found, place="B", level="gemeente", cut=TOTAL, year=2015, income_class="all")
    assert of_b == {"social>demolished": 100, "new>owner": 100}
    whole = steps.filter(pl.col("cut") == TOTAL)
    zones = whole.filter(pl.col("level") == "gemeente")["dwellings"].sum()
    assert zones == whole.filter(pl.col("level") == "region")["dwellings"].sum() == 4


def test_e6_persons_per_dwelling_of_former_social_stock():
    rows = housing_stock.lived_in(TENURE, 2016, np.array([6, 1, 0, 2]))
    counted = placed(rows, housing_stock.CROWDING)
    kinds = counted.select(*housing_stock.CROWDING, households=pl.col("households"), non_family=pl.lit(0, pl.Int64))
    found = housing_stock.crowding(counted, kinds)
    of_a = values(found, place="A", level="gemeente", cut=TOTAL, year=2016, income_class="all")
    assert of_a["owner:former_social:persons"] == 6
    assert of_a["owner:former_social:five_or_more"] == 100
    assert of_a["social:other:persons"] == 1
    of_b = values(found, place="B", level="gemeente", cut=TOTAL, year=2016, income_class="all")
    assert of_b["owner:other:persons"] == 2  # never social, so not former social


def test_e2_successors_by_class_and_how_soon():
    left = table("""
        year | tenure | class_out | persons_out | next_class | end | next_start | is_demolished | area
        2015 | social | 0         | 1           | 0          | 10  | 100        | false         | 1
        2015 | social | 0         | 2           | 2          | 10  | 200        | false         | 1
        2015 | social | 0         | 1           |            | 390 |            | false         | 1
        2015 | social | 0         | 1           |            | 10  |            | true          | 1
    """)
    area, zones, levels = left["area"].cast(pl.UInt32), drawn_zones(), ("gemeente",)
    again = dwellings.reoccupations(left, 400)
    counted, soon = (
        with_total(zoned(rows, where.cast(pl.UInt32), zones, levels, keys), keys)
        for rows, where, keys in (
            (dwellings.successions(left), area, dwellings.SUCCESSIONS),
            (again.drop("area"), again["area"], dwellings.REOCCUPIED),
        )
    )
    found = dwellings.successors(counted, soon, ("q1",))
    low = values(found, place="A", level="gemeente", cut=TOTAL, year=2015, income_class="low")
    assert low == dict.fromkeys(("social:q1", "social:q3", "social:vacant", "social:demolished"), 25)
    # The third was left ten days before the end, too late to be asked about.
    every = values(found, place="A", level="gemeente", cut=TOTAL, year=2015, income_class="all")
    assert (every["social:within_90"], every["social:within_180"], every["social:within_365"]) == (50, 50, 100)


def test_e7_new_tenancies_are_counted():
    counted = table("""
        level    | place | cut   | year | income_class | persons | households
        gemeente | A     | total | 2015 | 0            | 5       | 3
        gemeente | A     | total | 2015 | 2            | 1       | 1
    """).with_columns(pl.col("income_class").cast(pl.UInt8), pl.col("year").cast(pl.Int32))
    found = values(
        dwellings.new_tenancies(counted, ("q1",)), place="A", level="gemeente", cut=TOTAL, year=2015, detail=""
    )
    assert (found["low"], found["not_low"], found["all"]) == (3, 1, 4)


def test_e3_is_told_by_place_of_the_new_dwelling():
    chains = table("""
        level | place | cut   | year | persons | households | freed | is_open | reaches
        role  | R/c   | total | 2015 | 9       | 4          | 6     | 1       | 2
    """)
    found = dwellings.vacancy_chains(chains, {2015: np.zeros((5, 6), dtype=np.int64)})
    assert values(found, place="R/c", level="role", cut=TOTAL, year=2015, income_class="all") == {
        "length": 1.5,
        "censored": 25,
        "reaches_heavy": 50,
    }
