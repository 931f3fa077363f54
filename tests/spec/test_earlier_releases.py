"""What an earlier release means for a cell of a new one (disclosure 5)."""

from __future__ import annotations

import dataclasses

import polars as pl
import pytest

from mobility.disclosure.cells import Offer, offer
from mobility.disclosure.declaration import Declaration, Rows
from mobility.disclosure.earlier import Edition, check_periods, difference, states
from mobility.disclosure.members import Members, identity
from mobility.errors import ReleaseError
from mobility.settings import Words
from tests.lib.tables import assert_table, table

NO_TEXT = Words("", "")
LEAST = {"persons": 10, "households": 10}


def declare(*rows: Rows) -> Declaration:
    """Persons and households by place and income class."""
    cells = ("year", "place", "income_class")
    variables = tuple((name, NO_TEXT) for name in (*cells, "persons", "households"))
    return Declaration(
        table="t", title=NO_TEXT, population=NO_TEXT, relation=NO_TEXT, source="stays", where=(), recode=(),
        rows=rows or (Rows(),), cells=cells, measures=("persons", "households"), rule="counts", mode="round", groups=(),
        margins=(), parts=(), variables=variables,
    )  # fmt: skip


def test_two_editions_of_a_cell_differ_by_records_and_by_persons() -> None:
    then = table("""
        identity | record | persons | households
        cell a   | 1      | 2       | 1
        cell a   | 2      | 1       | 1
        cell a   | 3      | 4       | 1
        cell b   | 4      | 1       | 1
    """)
    now = table("""
        identity | record | persons | households
        cell a   | 1      | 2       | 1
        cell a   | 3      | 3       | 1
        cell b   | 4      | 1       | 1
        cell c   | 5      | 6       | 2
    """)
    # a: household 2 (1 person) is gone, household 3 lost one person; b: nothing; c: a record of two moves, new
    assert_table(
        difference(now, then),
        """
        identity | persons | households
        cell a   | 2       | 2
        cell b   | 0       | 0
        cell c   | 6       | 1
    """,
    )


def records(first: int, last: int, place: str, income_class: str = "q1") -> list[tuple]:
    return [(2020, place, income_class, record, 1, 1) for record in range(first, last + 1)]


def members(*parts: list[tuple]) -> Members:
    names = ["year", "place", "income_class", "record", "persons", "households"]
    rows = pl.DataFrame([row for part in parts for row in part], schema=names, orient="row")
    return Members(pl.DataFrame(), (2020,), lambda _: rows)


def offered(people: Members, declaration: Declaration) -> Offer:
    rows = people.read(2020).with_columns(cell_key="record", unit_persons="persons", unit_households="households")
    keys = ["year", "place", "income_class"]
    return offer(declaration, rows.group_by(keys).agg(pl.exclude(keys).sum()).drop("record"), low=("q1",))


EARLIER = [
    # one household per record
    *records(1, 30, "as it was"),
    *records(101, 130, "one gone"),
    *records(201, 240, "ten gone"),
    *records(301, 340, "withheld then"),
    *records(401, 440, "five for five"),
]
NOW = [
    *records(1, 30, "as it was"),
    *records(101, 129, "one gone"),
    *records(201, 230, "ten gone"),
    *records(301, 340, "withheld then"),
    *records(406, 445, "five for five"),
    *records(501, 530, "empty then"),
]


@pytest.mark.parametrize("known", [True, False])
def test_the_state_of_a_cell(known: bool) -> None:
    then, now = members(EARLIER), members(NOW)
    shown = offered(then, declare()).frame
    cells = shown.with_columns(
        identity(declare()), pl.when(pl.col("place") != "withheld then").then("persons").alias("persons")
    ).select("identity", "cell_key", "persons", "households")
    edition = Edition("stays", ("q1",), cells, then if known else None)
    found = states(offered(now, declare()), [edition], now, ("q1",), LEAST)
    # where nobody knows who was behind the earlier cell, every change is too small
    assert_table(
        found.select("place", "state"),
        f"""
        place         | state
        as it was     | public
        one gone      | closed
        ten gone      | {"" if known else "closed"}
        withheld then | closed
        five for five | {"" if known else "closed"}
        empty then    |
    """,
    )


@pytest.mark.parametrize(("then", "now", "is_refused"), [
    ("2020", "2020", False),
    ("2019-2021", "2019-2021", False),
    ("2019-2021", "2020", True),
    ("2019-2021", "2021-2023", True),
    ("2019-2021", "2022", False),
    # years since a start, and totals over the years, are no periods that overlap
    ("start-01", "start+02", False),
    ("start+00", "start+00", False),
    ("0", "2020", False),
    ("-", "2020", False),
])  # fmt: skip
def test_periods_that_overlap_without_being_the_same_are_refused(then: str, now: str, is_refused: bool) -> None:
    def of(period: str) -> Offer:
        people = members(records(1, 30, "a"))
        given = offered(people, declare())
        return dataclasses.replace(given, frame=given.frame.with_columns(year=pl.lit(period)))

    shown = of(then).frame.with_columns(identity(declare())).select("identity", "cell_key", "persons", "households")
    edition = Edition("stays", ("q1",), shown, None)
    if is_refused:
        with pytest.raises(ReleaseError, match="overlaps"):
            check_periods(of(now), [edition])
    else:
        check_periods(of(now), [edition])


def test_a_total_is_the_same_cell_in_a_table_without_the_classes() -> None:
    import dataclasses

    total = declare(Rows(total=("income_class",)))
    plain = dataclasses.replace(declare(), cells=("year", "place"))
    people = members(records(1, 30, "a"), records(31, 50, "a", "q2"))
    shown = offered(people, total).frame.with_columns(identity(total))
    assert shown["identity"].to_list() == ["stays|place=a|year=2020"]
    edition = Edition("stays", ("q1",), shown.select("identity", "cell_key", "persons", "households"), None)
    found = states(offered(people, plain), [edition], people, ("q1",), LEAST)
    assert found.select(pl.col("state")).to_series().to_list() == ["public"]


def test_another_class_bound_under_the_same_name_is_another_edition() -> None:
    """`low` was the lowest fifth and is the lowest two fifths: nine households were added, who can be told by subtracting."""
    low = dataclasses.replace(declare(), recode=(("income_class", "low"),))
    people = members(records(1, 30, "a"), records(31, 39, "a", "q2"), records(40, 80, "a", "q3"))
    keys = people.read(2020).with_columns(cell_key="record", unit_persons="persons", unit_households="households")

    def at(bound: tuple[str, ...]) -> Offer:
        return offer(low, keys.drop("record"), low=bound)

    cells = at(("q1",)).frame.with_columns(identity(low)).select("identity", "cell_key", "persons", "households")
    edition = Edition("stays", ("q1",), cells, people)
    assert_table(
        states(at(("q1", "q2")), [edition], people, ("q1", "q2"), LEAST).select("income_class", "state"),
        """
        income_class | state
        low          | closed
        not_low      | closed
    """,
    )
