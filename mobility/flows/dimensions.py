"""What moves are counted by beside income class: age, household, tenure and kind (method 5). Pure."""

from __future__ import annotations

from itertools import pairwise

import polars as pl

from mobility.flows.counts import KINDS, kind_of_move
from mobility.panel.lookup import TENURES
from mobility.settings import Dimension

_UNKNOWN = "unknown"
# Words for TYPHH 1 to 8.
_HOUSEHOLDS = {
    1: "single",
    2: "couple_without_children",
    3: "couple_without_children",
    4: "couple_with_children",
    5: "couple_with_children",
    6: "single_parent",
    7: "other",
    8: "institutional",
}


def words_of(dimension: Dimension, age_bands: tuple[int, ...]) -> pl.Series:
    """The values of a dimension, in alphabetical order; moves are counted by their place in it.

    Args:
        dimension: which.
        age_bands: first age of every band but the youngest, in order.
    """
    if dimension == "kind":
        return pl.Series(KINDS)
    if dimension == "age_band":
        return pl.Series(sorted([*_bands(age_bands), _UNKNOWN]))
    return pl.Series(sorted({_UNKNOWN, *(_HOUSEHOLDS.values() if dimension == "household_type" else TENURES)}))


def _bands(age_bands: tuple[int, ...]) -> list[str]:
    """Names of the bands: `0-17`, `18-24`, ..., `65+`."""
    first = [0, *age_bands]
    closed = [f"{start}-{after - 1}" for start, after in pairwise(first)]
    return [*closed, f"{first[-1]}+"]


def value_of(
    moves: pl.DataFrame, dimension: Dimension, age_bands: tuple[int, ...], areas: pl.DataFrame, tenure: pl.DataFrame
) -> pl.Series:
    """The value of every move, as a place in `words_of`.

    The age is that on the day of the move, counted from day 01 of the birth month; the household that of the day before; the
    tenure that of the dwelling left, on 1 January of the year. A household move has the values of its carrier.

    Args:
        moves: linked moves.
        dimension: which.
        age_bands: as in `words_of`.
        areas: of `places.zone_areas`.
        tenure: tenure of every object (row) by year (column), as a place in `TENURES`.
    """
    if dimension == "kind":
        return kind_of_move(moves["origin_area"], moves["destination_area"], areas)
    if dimension == "age_band":
        words = _age_band(moves, age_bands)
    elif dimension == "household_type":
        words = moves["household_type"].replace_strict(_HOUSEHOLDS, default=_UNKNOWN, return_dtype=pl.String)
    else:
        words = _tenure_left(moves, tenure)
    return words_of(dimension, age_bands).search_sorted(words.fill_null(_UNKNOWN)).cast(pl.UInt8)


def _age_band(moves: pl.DataFrame, age_bands: tuple[int, ...]) -> pl.Series:
    born, moved = pl.col("birth_date").dt, pl.col("move_date").dt
    age = moved.year() - born.year() - (moved.month() < born.month()).cast(pl.Int32)
    band = pl.lit(0)
    for first in age_bands:
        band = band + (age >= first).cast(pl.Int32)
    names = dict(enumerate(_bands(age_bands)))
    return moves.select(
        pl.when(age >= 0).then(band.replace_strict(names, return_dtype=pl.String)).alias("value")
    ).to_series()


def _tenure_left(moves: pl.DataFrame, tenure: pl.DataFrame) -> pl.Series:
    year, found = moves["move_date"].dt.year(), pl.Series("tenure", [0], dtype=pl.UInt8)
    found = found.new_from_index(0, moves.height)
    for name in tenure.columns:
        of_year = tenure[name].gather(moves["origin_object"])
        found = pl.select(pl.when(year == int(name)).then(of_year).otherwise(found)).to_series()
    return pl.Series(TENURES).gather(found)
