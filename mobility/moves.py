"""Moves of persons and of households (method 3). Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.panel.lookup import ByDay, gather, rows_of, rows_or_null
from mobility.stocks import Stocks


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


def find_transitions(stocks: Stocks, persons: pl.DataFrame) -> pl.DataFrame:
    """Persons whose object differs between two consecutive stocks, in a private household at both.

    One row per person and year: `person`, `move_date` (the later stock day), `before_date` (the earlier one),
    `origin_object`, `destination_object`; sorted by person and date.

    Args:
        stocks: of the partition.
        persons: contract `tables.Person`.
    """
    settled = stocks.is_there & stocks.is_private
    before, after = stocks.object[:, :-1], stocks.object[:, 1:]
    row, year = np.nonzero(settled[:, :-1] & settled[:, 1:] & (before != after))
    days = pl.Series(stocks.days, dtype=pl.Date)
    return pl.DataFrame(
        {
            "person": persons["person"].gather(row),
            "move_date": days.gather(year + 1),
            "before_date": days.gather(year),
            "origin_object": pl.Series(before[row, year], dtype=pl.UInt32, strict=False),
            "destination_object": pl.Series(after[row, year], dtype=pl.UInt32, strict=False),
        }
    )


def add_household(moves: pl.DataFrame, households: ByDay, persons: pl.DataFrame) -> pl.DataFrame:
    """Moves with what is needed to see who moves together.

    The rows of `moves` with `household`, `household_size` and `household_type` on `before_date`, and `birth_date`.

    Args:
        moves: of `find_moves` or `find_transitions`.
        households: of contract `tables.HouseholdSpell`.
        persons: contract `tables.Person`.
    """
    row = rows_or_null(households.row(moves["person"], moves["before_date"]))
    place = rows_of(persons["person"], moves["person"])
    return moves.with_columns(
        *households.spells.select(pl.col("household", "household_size", "household_type").gather(row)),
        gather(persons["birth_date"], place),
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

    The rows of `moves`, by pair of objects and group, the carrier first, with three columns more: `carrier` (the oldest of
    those who leave one object for the same other one within `together_days` of the first of them; ties: the smallest person),
    `is_carrier`, and `is_whole` (nobody of the households of the day before stays behind).

    Args:
        moves: of `add_household`; all moves out of an object must be there.
        together_days: days.
    """
    # Two whole numbers hold what rows are sorted by: grouping and sorting by five columns takes several times as long.
    pair = pl.col("origin_object").cast(pl.UInt64) * (1 << 32) + pl.col("destination_object").cast(pl.UInt64)
    born = pl.col("birth_date").to_physical().cast(pl.Int64).fill_null(_LAST_DAY)
    day = pl.col("group_date").to_physical().cast(pl.Int64)
    ordered = (
        _start_of_group(moves, together_days)
        .with_columns(pair=pair, turn=(day + _DAY_ZERO) * (1 << _DAY_BITS) + born + _DAY_ZERO)
        .sort("pair", "turn", "person", "move_date")
    )
    date = pl.col("turn") // (1 << _DAY_BITS)
    is_carrier = ordered.select(
        (pl.col("pair").ne_missing(pl.col("pair").shift()) | date.ne_missing(date.shift())).alias("is_carrier")
    ).to_series()
    starts = np.flatnonzero(is_carrier.to_numpy())
    group = np.cumsum(is_carrier.to_numpy()) - 1
    whole = _is_whole(ordered, starts, group)
    return ordered.drop("pair", "turn", "group_date").with_columns(
        is_carrier, carrier=ordered["person"].gather(starts).gather(group), is_whole=pl.Series(whole).gather(group)
    )


_DAY_BITS = 20
_DAY_ZERO = 1 << 19  # days before 1970 are negative
_LAST_DAY = (1 << 19) - 1  # an unknown birth comes last
_NO_HOUSEHOLD = 1 << 32


def _is_whole(
    ordered: pl.DataFrame, starts: npt.NDArray[np.int64], group: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Whether each group holds all members of the households it comes from; rows stand by group."""
    if not len(starts):
        return np.zeros(0, dtype=bool)
    household = ordered["household"].cast(pl.Int64).fill_null(_NO_HOUSEHOLD).to_numpy()
    known = household != _NO_HOUSEHOLD
    size = ordered["household_size"].cast(pl.Int64).fill_null(0).to_numpy()
    smallest = np.minimum.reduceat(household, starts)
    largest = np.maximum.reduceat(np.where(known, household, -1), starts)
    left = np.add.reduceat(known.astype(np.int64), starts)
    whole: npt.NDArray[np.bool_] = (left > 0) & (np.maximum.reduceat(size, starts) == left)
    several = np.flatnonzero(
        (smallest != largest) & (left > 0)
    )  # rare: people of more than one household move together
    inside = np.isin(group, several) & known
    if inside.any():
        rows = pl.DataFrame({"group": group[inside], "household": household[inside], "size": size[inside]})
        behind = (
            rows.group_by("group", "household")
            .agg(behind=pl.col("size").first() - pl.len().cast(pl.Int64))
            .group_by("group")
            .agg(pl.col("behind").sum())
        )
        whole[behind["group"].to_numpy()] = (behind["behind"] == 0).to_numpy()
    return whole


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
