"""Everybody knows how many people live in a place: what that tells of the numbers of a release."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mobility.disclosure.cells import offer
from mobility.disclosure.protect import protect
from mobility.release.declarations import load_declaration
from mobility.release.residents import read_residents
from mobility.run.workspace import Workspace
from mobility.settings import Mode, Settings
from tests.lib.tables import assert_table, table
from tests.release.conftest import disclosure
from tests.release.reader import propagate, told

PLACES = 150


def exact_or(mode: Mode, number: int | None) -> tuple[int, int]:
    return told(number) if mode == "round" or number is None else (number, number)


def nearly_all_left(seed: int = 1) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two destinations for everybody from every place but a few: the cells of `flows`, and the residents."""
    dice = np.random.default_rng(seed)
    rows = []
    for place in range(PLACES):
        for destination in ("GM9001", "GM9002"):
            count = int(dice.integers(30, 70))
            rows.append((f"GM{place:04}", destination, count, int(dice.integers(1 << 40))))
    cells = pl.DataFrame(rows, schema=["origin", "destination", "persons", "cell_key"], orient="row").with_columns(
        level=pl.lit("gemeente"), count=pl.lit("transitions"), year=pl.lit(2015, pl.Int64), income_class=pl.lit("q1"),
        households="persons", unit_persons="persons", unit_households="persons",
    )  # fmt: skip
    stay = pl.Series("stayed", dice.integers(0, 4, PLACES))
    residents = (
        cells.group_by("level", "year", place="origin")
        .agg(pl.col("persons").sum())
        .sort("place")
        .with_columns(stay)
        .select(pl.lit("start").alias("at"), "level", "place", "year", residents=pl.col("persons") + pl.col("stayed"))
    )
    return cells, residents


def narrowed(numbers: pl.DataFrame, residents: pl.DataFrame, mode: Mode) -> list[str]:
    """The places of which a reader tells fewer than five numbers of people who stayed, or who went somewhere."""
    shown = {(origin, end): number for origin, end, number in numbers.select("origin", "destination", "persons").rows()}
    found = []
    for place, population in residents.select("place", "residents").rows():
        start = {end: exact_or(mode, shown.get((place, end))) for end in ("GM9001", "GM9002")}
        start |= {"stayed": (0, population), "all": (population, population)}
        after = propagate(start, [("all", ["GM9001", "GM9002", "stayed"])])
        hidden = [cell for cell, (least, most) in after.items() if cell != "all" and most - least < 4]
        found += [place] if (hidden if mode == "round" else [cell for cell in hidden if cell == "stayed"]) else []
    return found


@pytest.mark.parametrize("mode", ["round", "suppress"])
def test_who_stayed_is_not_the_population_less_who_left(mode: Mode) -> None:
    cells, residents = nearly_all_left()
    given = [offer(load_declaration("flows_total", {"flows_total": mode}), cells, low=("q1",))]
    (naive,) = protect(given, profile=disclosure(), secret=bytes(32), blocks={})
    (ours,) = protect(given, profile=disclosure(), secret=bytes(32), blocks={}, residents=residents)
    assert len(narrowed(naive.safe.frame, residents, mode)) > 1
    few = residents.join(cells.group_by(place="origin").agg(pl.col("persons").sum()), on="place")
    stayed = pl.col("residents") - pl.col("persons")
    # in exact numbers it may be told that nobody stayed, as of every cell
    at_risk = set(few.filter((stayed > 0) | (mode == "round"))["place"])
    assert not at_risk & set(narrowed(ours.safe.frame, residents, mode))
    assert ours.safe.frame.height > 100, "the rest is still shown"


@pytest.mark.parametrize("mode", ["round", "suppress"])
def test_a_place_of_two_residents_stops_no_release(mode: Mode) -> None:
    """That at most two moved out of it is known without the release, and is no reason to withhold anything, or to refuse."""
    cells, residents = nearly_all_left()
    hamlet = pl.col("origin") == "GM0000"
    one = pl.when(hamlet).then(1).otherwise("persons").cast(pl.Int64).alias("persons")
    cells = cells.with_columns(one).with_columns(
        households="persons", unit_persons="persons", unit_households="persons"
    )
    residents = residents.with_columns(residents=pl.when(pl.col("place") == "GM0000").then(2).otherwise("residents"))
    given = offer(load_declaration("flows_total", {"flows_total": mode}), cells, low=("q1",))
    (ours,) = protect([given], profile=disclosure(), secret=bytes(32), blocks={}, residents=residents)
    shown = ours.safe.frame["origin"].unique()
    assert "GM0000" not in shown
    assert ours.safe.frame.height > 100, "the rest is still shown"


def test_residents_of_a_class_are_not_the_public_number_less_the_other_classes() -> None:
    """All but a few are of one class; the number of all is withheld or rounded, and known all the same."""
    dice = np.random.default_rng(2)
    rows = []
    for place in range(PLACES):
        for name, count in (
            ("q1", 5 * int(dice.integers(6, 12)) + 1),
            ("student", 5 * int(dice.integers(4, 8)) + 1),
            ("q3", 3),
        ):
            rows.append((f"GM{place:04}", name, count, int(dice.integers(1 << 40))))
    cells = pl.DataFrame(rows, schema=["place", "income_class", "persons", "cell_key"], orient="row").with_columns(
        level=pl.lit("gemeente"), component=pl.lit("stock_start"), year=pl.lit(2015, pl.Int64),
        households="persons", unit_persons="persons", unit_households="persons",
    )  # fmt: skip
    residents = cells.group_by("level", "place", "year").agg(residents=pl.col("persons").sum()).sort("place")
    residents = residents.select(pl.lit("start").alias("at"), "level", "place", "year", "residents")
    given = [offer(load_declaration("account"), cells, low=("q1",))]
    tight = {}
    for how, known in (("naive", None), ("ours", residents)):
        (part,) = protect(given, profile=disclosure(), secret=bytes(32), blocks={}, residents=known)
        shown = {
            (place, name): number
            for place, name, number in part.safe.frame.select("place", "income_class", "persons").rows()
        }
        tight[how] = 0
        for place, population in residents.select("place", "residents").rows():
            start = {name: told(shown.get((place, name))) for name in ("q1", "student", "q3")}
            after = propagate(start | {"all": (population, population)}, [("all", ["q1", "student", "q3"])])
            tight[how] += any(most - least < 4 for cell, (least, most) in after.items() if cell != "all")
        assert len(shown) > 150
    assert tight["naive"] > 0
    assert tight["ours"] == 0


def test_the_cohort_of_an_area_is_part_of_its_residents() -> None:
    """Of an area of 100 residents 97 are original residents, in exact numbers: three are not."""
    cells = table(
        """
        programme | area   | region | cohort_year | exposure | income_class | persons | households
        ----------+--------+--------+-------------+----------+--------------+---------+-----------
        p         | WK0001 | r      | 2014        | sold     | q1           | 60      | 30
        p         | WK0001 | r      | 2014        | sold     | q2           | 37      | 20
        p         | WK0002 | r      | 2014        | sold     | q1           | 60      | 30
        p         | WK0002 | r      | 2014        | sold     | q2           | 37      | 20
        """
    ).with_columns(unit_persons="persons", unit_households="households", cell_key=pl.int_range(4) * 12345)
    residents = pl.DataFrame(
        {"at": "cohort", "level": "wijk", "place": ["WK0001", "WK0002"], "year": 2014, "residents": [100, 140]}
    )
    given = [offer(load_declaration("cohort", {"cohort": "suppress"}), cells, low=("q1",))]
    (naive,) = protect(given, profile=disclosure(), secret=bytes(32), blocks={})
    assert naive.safe.frame.filter(pl.col("area") == "WK0001")["persons"].sum() == 97
    (ours,) = protect(given, profile=disclosure(), secret=bytes(32), blocks={}, residents=residents)
    assert ours.safe.frame.filter(pl.col("area") == "WK0001").height < 2
    assert ours.safe.frame.filter(pl.col("area") == "WK0002").height == 2


def test_public_totals_are_the_stocks_of_the_account(settings: Settings, tmp_path: Path) -> None:
    assert read_residents(Workspace(settings.place.root), settings.study) is None
    account = table(
        """
        unit       | level | year | place  | income_class | stock_start | stock_end
        -----------+-------+------+--------+--------------+-------------+----------
        persons    | wijk  | 2014 | WK0001 | q1           | 60          | 50
        persons    | wijk  | 2014 | WK0001 | q2           | 40          | 45
        households | wijk  | 2014 | WK0001 | q1           | 30          | 25
        """
    )
    place = dataclasses.replace(settings.place, root=tmp_path / "other")
    workspace = Workspace(place.root)
    workspace.aggregate("account").parent.mkdir(parents=True)
    account.write_parquet(workspace.aggregate("account"))
    found = read_residents(workspace, settings.study)
    assert found is not None
    assert_table(
        found,
        """
        at     | level | place  | year | residents
        -------+-------+--------+------+----------
        start  | wijk  | WK0001 | 2014 | 100
        end    | wijk  | WK0001 | 2014 | 95
        cohort | wijk  | WK0001 | 2016 | 100
        """,
    )
