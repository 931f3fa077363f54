"""Linking: what stays, what is left out, and that nothing is lost in between."""

import datetime as dt
import pickle
import traceback

import polars as pl
import pytest

from mobility.contracts import require
from mobility.errors import DataError
from mobility.panel import objects, people
from mobility.panel.partitions import by_number, by_text, exchanged, partitions_for, range_bounds
from mobility.panel.tables import HouseholdSpell, Person, Registration
from tests.lib.tables import HOUSEHOLD, SPELL, assert_table, table

CUT_OFF = dt.date(2023, 12, 31)


def test_registrations_after_the_cut_off_and_exact_copies_are_left_out_and_later_ends_are_opened():
    tidied = people.tidy_registrations(
        table(
            """
            person | start_date | end_date   | object
            2      | 2001-01-01 | 2024-01-02 | 7
            1      | 2000-01-01 | 2001-01-01 | 5
            1      | 2000-01-01 | 2001-01-01 | 5
            2      | 2024-01-01 |            | 8
            3      | 2001-01-01 | 2024-01-01 | 9
            """,
            **SPELL,
        ),
        CUT_OFF,
    )
    assert_table(
        tidied.kept,
        """
        person | start_date | end_date   | object
        1      | 2000-01-01 | 2001-01-01 | 5
        2      | 2001-01-01 |            | 7
        3      | 2001-01-01 | 2024-01-01 | 9
    """,
    )
    assert_table(tidied.refused, "person | rule\n1 | exact_duplicate\n2 | after_cut_off")
    assert tidied.repaired == {"end_after_cut_off": 1}
    Registration.validate(tidied.kept)


def test_of_household_spells_that_start_on_one_day_the_longest_stays_and_overlaps_are_clipped():
    rows = table("""
        person | start_date | end_date   | household
        1      | 2000-01-01 | 2002-01-01 | 10
        1      | 2000-01-01 | 2001-01-01 | 11
        1      | 2001-06-01 |            | 12
    """).with_columns(household_size=pl.lit(1), household_type=pl.lit(1), reference_person=pl.lit(True))
    rows = rows.with_columns(is_child=pl.lit(False), children=pl.lit(0))
    tidied = people.tidy_households(rows.select(*HOUSEHOLD).cast(HOUSEHOLD), CUT_OFF)
    assert_table(
        tidied.kept,
        """
        start_date | end_date   | household
        2000-01-01 | 2001-06-01 | 10
        2001-06-01 |            | 12
    """,
    )
    assert_table(tidied.refused, "household | rule\n11 | key_repeated")
    assert tidied.repaired["households_overlap"] == 1
    HouseholdSpell.validate(tidied.kept)


def test_income_is_dense_so_that_a_look_up_needs_no_key():
    rows = table(
        """
        person | year | percentile | population
        5      | 2012 | 30         | 1
        5      | 2011 | 10         | 1
        9      | 2012 |            | 3
        9      | 2012 | 77         | 3
        """,
        person=pl.UInt32, year=pl.Int16, percentile=pl.UInt8, population=pl.UInt8,
    )  # fmt: skip
    tidied = people.dense_income(rows, pl.Series([5, 9], dtype=pl.UInt32), (2011, 2012))
    # person 5 in 2011 and 2012, then person 9 in 2011 and 2012
    assert tidied.kept["percentile"].to_list() == [10, 30, None, 77]
    assert tidied.kept["population"].to_list() == [1, 1, 0, 3]
    assert_table(tidied.refused, "person | rule\n9 | key_repeated")


def test_who_is_registered_only_after_the_cut_off_is_told_from_who_never_is():
    known = people.Known(*(pl.Series([person], dtype=pl.UInt32) for person in (5, 9)))
    found = known.only(table("person | year\n5 | 2011\n7 | 2011\n9 | 2012", person=pl.UInt32))
    assert_table(found.kept, "person | year\n5 | 2011")
    assert_table(found.refused, "person | rule\n7 | person_without_registration\n9 | after_cut_off")


def test_objects_are_numbered_in_the_order_of_type_and_number():
    one = table("object_type | object_number\nH | a\nB | b")
    two = table("object_type | object_number\nB | a\nB | b")
    assert_table(
        objects.number_objects(one, two),
        """
        object | object_type | object_number
        0      | B           | a
        1      | B           | b
        2      | H           | a
    """,
    )


def test_an_object_whose_last_period_is_open_stands():
    life = table("""
        object | start_date | end_date
        0      | 2012-01-01 | 2015-01-01
        0      | 2015-01-01 |
        1      | 2012-01-01 | 2014-01-01
        1      | 2014-01-01 | 2016-03-01
    """)
    assert_table(objects.demolished_dates(life, CUT_OFF), "object | demolished_date\n1 | 2016-03-01")


def test_an_object_with_a_gemeente_only_is_placed_at_that_level():
    geography = pl.DataFrame(
        {
            "object_type": "B",
            "object_number": ["a", "b"],
            "gemeente": ["0363", None],
            "wijk": [None, None],
            "buurt": [None, None],
        },
        schema_overrides={"wijk": pl.String, "buurt": pl.String},
    )
    areas = objects.number_areas(geography.select("gemeente", "wijk", "buurt"))
    assert areas.rows() == [("unplaceable",) * 3, ("GM0363", "unplaceable", "unplaceable")]
    assert objects.area_of(geography, areas).sort("object_number")["area"].to_list() == [1, 0]


@pytest.mark.parametrize("partitions", [1, 2, 7, 128])
def test_an_exchange_loses_no_row_whatever_the_number_of_partitions(tmp_path, partitions):
    rows = pl.DataFrame({"person": range(5000), "value": range(5000)}, schema={"person": pl.UInt32, "value": pl.Int64})
    with exchanged([rows.lazy()], rows.height, by_number("person", partitions), tmp_path) as exchange:
        parts = [exchange.read(partition) for partition in range(partitions)]
    assert all((part["person"] % partitions == number).all() for number, part in enumerate(parts))
    assert pl.concat(parts).sort("person").equals(rows)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("partitions", [1, 2, 7, 128])
def test_ranges_follow_the_order_of_the_text(tmp_path, partitions):
    texts = [f"{number * 7919 % 5000:04d}" for number in range(5000)]
    rows = pl.DataFrame({"kind": "B", "text": texts})
    rows.write_parquet(tmp_path / "rows.parquet")
    bounds = range_bounds([tmp_path / "rows.parquet"], rows.height, ("kind", "text"), partitions)
    assert bounds.len() == partitions - 1
    with exchanged([rows.lazy()], rows.height, by_text(("kind", "text"), bounds), tmp_path) as exchange:
        parts = [exchange.read(number).sort("text") for number in range(partitions)]
    assert pl.concat(parts)["text"].to_list() == sorted(texts)
    assert max(part.height for part in parts) <= 5000 // partitions + 1


def test_an_exchange_that_does_not_balance_is_noticed(tmp_path):
    rows = pl.LazyFrame({"person": [1, 2, 3]}, schema={"person": pl.UInt32})
    with pytest.raises(RuntimeError, match="4 rows were sent"), exchanged([rows], 4, by_number("person", 2), tmp_path):
        pass


@pytest.mark.parametrize(
    ("rows", "expected"), [(0, 1), (1_500_000, 1), (1_500_001, 2), (100_000_000, 67), (10**10, 128)]
)
def test_the_number_of_partitions_follows_from_the_number_of_rows(rows, expected):
    assert partitions_for(rows) == expected


CANARY = 987_654_321


def test_a_broken_contract_tells_rule_and_count_and_no_row():
    broken = pl.DataFrame(
        {"person": [CANARY, CANARY, 5], "birth_date": None, "death_date": None},
        schema={"person": pl.UInt32, "birth_date": pl.Date, "death_date": pl.Date},
    )
    with pytest.raises(DataError) as refused:
        require(Person, broken, "panel/persons")
    error = refused.value
    assert str(error) == "panel/persons: Person: sorted_and_unique (2 rows). 3 rows were checked against Person."
    told = "".join(traceback.format_exception(error)) + repr(error) + str(pickle.dumps(error)) + str(error.__context__)
    assert str(CANARY) not in told.replace("987_654_321", "")


def test_a_lazy_table_is_never_taken_for_checked():
    with pytest.raises(TypeError, match="collected"):
        require(Person, pl.LazyFrame({"person": [1]}), "panel/persons")
