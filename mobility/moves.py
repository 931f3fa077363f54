"""Moves of persons and of households (method 3), and what is only a new number on the door (method 1, step 6). Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from mobility.panel.lookup import on_day

INSTITUTIONAL = 8  # TYPHH
_GROUP = ("origin_object", "destination_object", "group_date")


def find_moves(residence: pl.DataFrame) -> pl.DataFrame:
    """Changes of residence object between consecutive spells.

    One row per move: `person`, `move_date` (first day at the new address), `before_date` (the day before),
    `origin_object`, `destination_object`; in the order of `residence`. Going away and coming back are no moves.

    Args:
        residence: contract `tables.Residence`.
    """
    same_person = pl.col("person") == pl.col("person").shift()
    changes_object = pl.col("object") != pl.col("object").shift()  # null, so dropped, when either is away
    return (
        residence.with_columns(origin_object=pl.col("object").shift())
        .filter(same_person, changes_object)
        .select(
            "person",
            move_date="start_date",
            before_date=pl.col("start_date").dt.offset_by("-1d"),
            origin_object="origin_object",
            destination_object="object",
        )
    )


def find_transitions(
    residence: pl.DataFrame, households: pl.DataFrame, persons: pl.DataFrame, stock_days: list[dt.date]
) -> pl.DataFrame:
    """Persons whose object differs between two consecutive stocks, in a private household at both.

    One row per person and year: `person`, `move_date` (the later stock day), `before_date` (the earlier one),
    `origin_object`, `destination_object`.

    Args:
        residence: contract `tables.Residence`.
        households: contract `tables.HouseholdSpell`.
        persons: contract `tables.Person`.
        stock_days: days of the stocks, in order: 31 December of consecutive years.
    """
    stocks = [private(stock_on(residence, persons, day), households, day) for day in stock_days]
    pairs = [
        before.join(after, on="person", suffix="_after")
        .filter(pl.col("object") != pl.col("object_after"))
        .select(
            "person",
            move_date=pl.lit(day),
            before_date=pl.lit(earlier),
            origin_object="object",
            destination_object="object_after",
        )
        for before, after, earlier, day in zip(stocks, stocks[1:], stock_days, stock_days[1:], strict=False)
    ]
    return pl.concat([find_moves(residence.clear()), *pairs]).sort("person", "move_date")


def stock_on(residence: pl.DataFrame, persons: pl.DataFrame, day: dt.date) -> pl.DataFrame:
    """Residents on a day without those who died that day: `person`, `object`; sorted by person."""
    lives_there = (pl.col("start_date") <= day) & (pl.col("end_date").is_null() | (pl.col("end_date") > day))
    there = residence.filter(lives_there, pl.col("object").is_not_null()).select("person", "object")
    death = persons["death_date"].gather(persons["person"].search_sorted(there["person"]))
    return there.filter((death != day).fill_null(True))


def private(stock: pl.DataFrame, households: pl.DataFrame, day: dt.date) -> pl.DataFrame:
    """Those of a stock who live in a private household on its day."""
    days = pl.Series("day", [day], dtype=pl.Date).new_from_index(0, stock.height)
    kind = households["household_type"].gather(on_day(households, stock["person"], days))
    return stock.filter(kind.is_between(1, INSTITUTIONAL - 1).fill_null(False))


def add_household(moves: pl.DataFrame, households: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """Moves with what is needed to see who moves together.

    The rows of `moves` with `household`, `household_size` and `household_type` on `before_date`, and `birth_date`.

    Args:
        moves: of `find_moves` or `find_transitions`.
        households: contract `tables.HouseholdSpell`.
        persons: contract `tables.Person`.
    """
    row = on_day(households, moves["person"], moves["before_date"])
    place = persons["person"].search_sorted(moves["person"], side="left")
    return moves.with_columns(
        *(households[name].gather(row).alias(name) for name in ("household", "household_size", "household_type")),
        persons["birth_date"].gather(place).alias("birth_date"),
    )


def first_of_year(moves: pl.DataFrame) -> pl.Series:
    """Whether each move is the first of its person in its calendar year.

    Behind a count of moves stand at least as many different persons as it holds first moves, and that number adds up over
    places and classes, which the number of different persons does not.

    Args:
        moves: all moves of some persons, sorted by person and date.
    """
    year = pl.col("move_date").dt.year()
    again = (pl.col("person") == pl.col("person").shift()) & (year == year.shift())
    return moves.select(is_first_of_year=again.fill_null(False).not_()).to_series()


def group_household_moves(moves: pl.DataFrame, together_days: int) -> pl.DataFrame:
    """Who moves together, whether anybody stays behind, and who carries the household in the counts.

    The rows of `moves`, sorted, with three columns more: `carrier` (the oldest of those who leave one object for the same
    other one within `together_days` of the first of them; ties: the smallest person), `is_carrier`, and `is_whole` (nobody of
    the households of the day before stays behind).

    Args:
        moves: of `add_household`; all moves out of an object must be there.
        together_days: days.
    """
    grouped = _start_of_group(moves, together_days)
    behind = (
        grouped.drop_nulls("household")
        .group_by(*_GROUP, "household")
        .agg(left=pl.len().cast(pl.Int64), size=pl.col("household_size").first().cast(pl.Int64))
        .group_by(_GROUP)
        .agg(behind=(pl.col("size") - pl.col("left")).sum())
    )
    ordered = grouped.sort(*_GROUP, "birth_date", "person", "move_date", nulls_last=True)
    is_carrier = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in _GROUP) | (
        pl.int_range(pl.len()) == 0
    )
    carried = ordered.with_columns(is_carrier=is_carrier).with_columns(
        carrier=pl.when("is_carrier").then("person").forward_fill()
    )
    return (
        carried.join(behind, on=list(_GROUP), how="left", maintain_order="left")
        .with_columns(is_whole=(pl.col("behind") == 0).fill_null(False))
        .drop("behind", "group_date")
        .sort("origin_object", "move_date", "person")
    )


def _start_of_group(moves: pl.DataFrame, together_days: int) -> pl.DataFrame:
    """Moves with `group_date`, the day of the first move of the group each belongs to."""
    if together_days == 0:
        return moves.with_columns(group_date=pl.col("move_date"))
    pair = ["origin_object", "destination_object"]
    open_rows, done = moves, []
    while open_rows.height:  # each round settles the earliest group of every pair of objects
        marked = open_rows.with_columns(group_date=pl.col("move_date").min().over(pair))
        inside = (pl.col("move_date") - pl.col("group_date")).dt.total_days() <= together_days
        done.append(marked.filter(inside))
        open_rows = marked.filter(~inside).drop("group_date")
    return pl.concat(done) if done else moves.with_columns(group_date=pl.col("move_date"))


@dataclass(frozen=True)
class Relocation:
    """When moves are administrative.

    Attributes:
        min_objects: pairs of objects of one buurt on one day.
        max_distance_m: between the objects of a pair.
    """

    min_objects: int
    max_distance_m: int


def object_use(residence: pl.DataFrame) -> pl.DataFrame:
    """First and last use of each object by one partition of persons; see `merge_object_use`.

    One row per object: `object`, `first_start`, `arrivals` (spells that start that day), `last_end` (null: still in use),
    `departures` (spells that end that day).
    """
    spells = residence.filter(pl.col("object").is_not_null())
    return merge_object_use(
        spells.select(
            "object",
            first_start="start_date",
            arrivals=pl.lit(1, pl.Int64),
            last_end="end_date",
            departures=pl.when(pl.col("end_date").is_not_null()).then(pl.lit(1, pl.Int64)).otherwise(0),
        )
    )


def merge_object_use(parts: pl.DataFrame) -> pl.DataFrame:
    """Uses of objects by several partitions as one: earliest start, latest end, and the spells on those days."""
    first = pl.col("first_start").min()
    in_use = pl.col("last_end").is_null().any()
    last = pl.col("last_end").max()
    return (
        parts.group_by("object")
        .agg(
            first_start=first,
            arrivals=pl.col("arrivals").filter(pl.col("first_start") == first).sum(),
            last_end=pl.when(~in_use).then(last),
            departures=pl.when(~in_use)
            .then(pl.col("departures").filter(pl.col("last_end") == last).sum())
            .otherwise(0),
        )
        .sort("object")
    )


def mark_administrative(
    moves: pl.DataFrame, use: pl.DataFrame, objects: pl.DataFrame, rule: Relocation
) -> pl.DataFrame:
    """Moves with `is_administrative` and `maybe_administrative`.

    On one day, at least `rule.min_objects` pairs of objects of one buurt, one to one: all residents of the first go to the
    second, the first is never lived in again, the second never was before, the pair lies within `rule.max_distance_m`, the
    first was not demolished and nobody involved lives in an institution. Where coordinates are missing it stays a move and is
    `maybe_administrative`.

    Args:
        moves: of `add_household`; all moves out of the objects of a buurt must be there.
        use: `object_use` of all objects.
        objects: contract `tables.Object`.
        rule: the thresholds.
    """
    pair = ["move_date", "origin_object", "destination_object"]
    pairs = moves.group_by(pair).agg(
        movers=pl.len().cast(pl.Int64), institutional=(pl.col("household_type") == INSTITUTIONAL).fill_null(False).any()
    )
    known = pairs.join(_renamed(use, "origin_object"), on="origin_object", how="left").join(
        _renamed(use, "destination_object"), on="destination_object", how="left", suffix="_2"
    )
    known = known.with_columns(
        *(
            objects[name].gather(known["origin_object"]).alias(name)
            for name in ("area", "x_m", "y_m", "demolished_date")
        ),
        *(objects[name].gather(known["destination_object"]).alias(f"{name}_2") for name in ("area", "x_m", "y_m")),
    )
    emptied = (pl.col("last_end") == pl.col("move_date")) & (pl.col("departures") == pl.col("movers"))
    filled = (pl.col("first_start_2") == pl.col("move_date")) & (pl.col("arrivals_2") == pl.col("movers"))
    same_buurt = (pl.col("area") == pl.col("area_2")) & (pl.col("area") > 0)
    standing = pl.col("demolished_date").is_null() & ~pl.col("institutional")
    far = ((pl.col("x_m") - pl.col("x_m_2")) ** 2 + (pl.col("y_m") - pl.col("y_m_2")) ** 2) > rule.max_distance_m**2
    likely = known.filter(emptied, filled, same_buurt, standing, far.fill_null(False).not_()).with_columns(
        is_near=(~far)
    )
    bundle = ["move_date", "area"]
    enough = likely.with_columns(
        sure=pl.col("is_near").fill_null(False).sum().over(bundle), possible=pl.len().over(bundle)
    )
    marks = enough.select(
        *pair,
        is_administrative=pl.col("is_near").fill_null(False) & (pl.col("sure") >= rule.min_objects),
        maybe_administrative=pl.col("is_near").is_null() & (pl.col("possible") >= rule.min_objects),
    )
    marked = moves.join(marks, on=pair, how="left", maintain_order="left")
    return marked.with_columns(pl.col("is_administrative", "maybe_administrative").fill_null(False))


def mark_renumbered(transitions: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Transitions with the columns of `mark_administrative`.

    One between two objects of which the second is only the new number of the first is administrative too.

    Args:
        transitions: of `group_household_moves`.
        pairs: `origin_object`, `destination_object` of the administrative relocations.
    """
    known = pairs.unique().with_columns(is_administrative=pl.lit(True), maybe_administrative=pl.lit(False))
    marked = transitions.join(known, on=["origin_object", "destination_object"], how="left", maintain_order="left")
    return marked.with_columns(pl.col("is_administrative", "maybe_administrative").fill_null(False))


def _renamed(use: pl.DataFrame, key: str) -> pl.DataFrame:
    return use.rename({"object": key})
