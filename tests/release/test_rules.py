"""The primary rules, one table each, with the numbers of conf/disclosure/cbs.yaml."""

from __future__ import annotations

import polars as pl
import pytest

from mobility.disclosure.cells import offer
from mobility.disclosure.declaration import Declaration, Group, Rows
from mobility.disclosure.protect import SafeTable, protect
from mobility.disclosure.rules import judge
from mobility.errors import ReleaseError
from mobility.release.tables import csv_text
from mobility.settings import Words
from tests.release.conftest import disclosure

SECRET = b"0" * 32
NO_TEXT = Words("", "")
BY_CLASS = Group(("place",), "income_class", ("q1", "q2", "q3", "q4", "q5"), 2)


def declare(*groups: Group, rows: tuple[Rows, ...] = (Rows(),)) -> Declaration:
    """A table of persons and households by place and class."""
    cells = ("place", "income_class")
    variables = tuple((name, NO_TEXT) for name in (*cells, "persons", "households"))
    return Declaration(
        table="t",
        title=NO_TEXT,
        population=NO_TEXT,
        relation=NO_TEXT,
        source="t",
        where=(),
        recode=(),
        rows=rows,
        cells=cells,
        measures=("persons", "households"),
        rule="counts",
        mode="round",
        groups=groups,
        margins=(),
        parts=(),
        variables=variables,
    )


def cells(rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["place", "income_class", "persons", "households"], orient="row")
    frame = frame.with_columns(unit_persons="persons", unit_households="households")
    return frame.with_columns(cell_key=pl.int_range(1, pl.len() + 1, dtype=pl.Int64) * 1_234_567)


def judged(rows: list[tuple[str, str, int, int]], *groups: Group) -> dict[tuple[str, str], str | None]:
    frame = judge(offer(declare(*groups), cells(rows), low=("q1",)), disclosure())
    return {
        (place, income): reason for place, income, reason in frame.select("place", "income_class", "reason").iter_rows()
    }


@pytest.mark.parametrize(
    ("persons", "households", "reason"),
    [
        (0, 0, "zero"),
        (1, 1, "small"),
        (9, 9, "small"),
        (10, 9, "small"),  # unsafe in one unit: withheld in both
        (30, 9, "small"),
        (10, 10, None),
        (11, 10, None),
    ],
)
def test_a_cell_needs_ten_persons_and_ten_households(persons: int, households: int, reason: str | None) -> None:
    assert judged([("a", "q1", persons, households)]) == {("a", "q1"): reason}


@pytest.mark.parametrize(
    ("unit_persons", "unit_households", "reason"), [(10, 10, None), (9, 9, "small"), (30, 9, "small"), (1, 1, "small")]
)
def test_who_moves_twice_is_one_unit(unit_persons: int, unit_households: int, reason: str | None) -> None:
    given = cells([("a", "q1", 30, 12)]).with_columns(
        unit_persons=pl.lit(unit_persons, pl.Int64), unit_households=pl.lit(unit_households, pl.Int64)
    )
    offered = offer(declare(), given, low=("q1",))
    assert judge(offered, disclosure())["reason"].to_list() == [reason]
    (table,) = protect([offered], profile=disclosure(), secret=SECRET, blocks={})
    assert table.safe.frame.columns == ["place", "income_class", "persons", "households"]


def test_a_total_of_few_units_is_no_visible_total() -> None:
    given = cells([("a", "q1", 30, 30)]).with_columns(unit_persons=pl.lit(9, pl.Int64))
    assert judge(offer(declare(BY_CLASS), given, low=()), disclosure())["reason"].to_list() == ["small"]


def test_an_aggregate_without_units_is_refused_and_named() -> None:
    with pytest.raises(ReleaseError, match="aggregate t has no column unit_persons"):
        offer(declare(), cells([("a", "q1", 30, 30)]).drop("unit_persons"), low=())
    with pytest.raises(ReleaseError, match="more units"):
        offer(declare(), cells([("a", "q1", 30, 30)]).with_columns(unit_households=pl.col("persons") + 1), low=())


@pytest.mark.parametrize(("published", "true"), [(None, 9), (10, 10), (15, 15), (20, 20)])
def test_a_multiple_of_the_base_stays_what_it_is(published: int | None, true: int) -> None:
    given = offer(declare(), cells([("a", "q1", true, true)]), low=("q1",))
    (table,) = protect([given], profile=disclosure(), secret=SECRET, blocks={})
    assert table.safe.frame["persons"].to_list() == ([] if published is None else [published])


@pytest.mark.parametrize(
    ("counts", "reasons"),
    [
        ({"q1": 90, "q3": 10}, {"q1": "group", "q3": "group"}),  # 90 of 100: the whole breakdown goes
        ({"q1": 89, "q3": 11}, {"q1": None, "q3": None}),
        ({"q1": 45, "q2": 45, "q4": 10}, {"q1": "group", "q2": "group", "q4": "group"}),  # two neighbours: 90 of 100
        ({"q1": 45, "q3": 45, "q5": 10}, {"q1": None, "q3": None, "q5": None}),  # no neighbours
        ({"q1": 30, "q2": 30, "q3": 40}, {"q1": None, "q2": None, "q3": None}),  # three of five say too little
        ({"q1": 95, "q2": 5}, {"q1": "group", "q2": "small"}),
        ({"student": 100}, {"student": "group"}),
    ],
)
def test_no_class_holds_nearly_all_of_a_total(counts: dict[str, int], reasons: dict[str, str | None]) -> None:
    found = judged([("a", income, count, count) for income, count in counts.items()], BY_CLASS)
    assert {income: reason for (_, income), reason in found.items()} == reasons


def test_one_unit_is_enough_for_group_disclosure() -> None:
    found = judged([("a", "q1", 80, 45), ("a", "q4", 20, 5), ("a", "q5", 20, 10)], BY_CLASS)
    assert set(found.values()) == {None, "small"}  # 80 of 120 persons, 45 of 60 households
    found = judged([("a", "q1", 80, 90), ("a", "q5", 20, 10)], BY_CLASS)
    assert set(found.values()) == {"group"}  # 80 of 100 persons, but 90 of 100 households


def test_an_exempt_value_discloses_nothing() -> None:
    found = judged([("a", "unknown", 100, 100)], Group(("place",), "income_class", exempt=("unknown",)))
    assert set(found.values()) == {None}


def test_only_the_gate_makes_a_safe_table_and_the_writer_takes_nothing_else(tmp_path) -> None:
    frame = cells([("a", "q1", 11, 11)])
    with pytest.raises(TypeError, match="protect"):
        SafeTable(declare(), frame, disclosure())
    with pytest.raises(TypeError, match="SafeTable"):
        csv_text(frame)
    assert not list(tmp_path.iterdir())
