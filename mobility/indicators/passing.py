"""One pass over the moves of a partition, with what they lead from and to. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from mobility.indicators.blocks import age_bands_on_new_year
from mobility.indicators.table import add_up
from mobility.indicators.zones import CUTS, Zones
from mobility.panel.lookup import TENURES

TENURE_MOVES = ("level", "place", "cut", "year", "income_class", "left", "entered")


def dated_moves(moves: pl.DataFrame, years: range) -> pl.DataFrame:
    """The moves of the years of a study, with `year` and `age` (band on 1 January); administrative relocations are none.

    Args:
        moves: linked moves.
        years: calendar years that count.
    """
    kept = moves.with_columns(year=pl.col("move_date").dt.year().cast(pl.Int32)).filter(
        pl.col("year").is_between(years.start, years.stop - 1), ~pl.col("is_administrative")
    )
    return kept.with_columns(age_bands_on_new_year(kept["birth_date"], kept["year"]).alias("age"))


def tenure_in(tenure: pl.DataFrame, objects: pl.Series, year: pl.Series) -> pl.Series:
    """Tenure of each object on 1 January of a year of its own, as a place in `TENURES`; 0 where it is not known.

    Args:
        tenure: of every object (row) by year (column).
        objects: asked for.
        year: one for each.
    """
    found = pl.Series("tenure", [0], dtype=pl.UInt8).new_from_index(0, len(objects))
    for name in tenure.columns:
        asked = year == int(name)
        if asked.any():
            found = tenure[name].gather(objects).zip_with(asked, found)
    return found.alias("tenure")


def tenures_of_moves(moves: pl.DataFrame, tenure: pl.DataFrame) -> pl.DataFrame:
    """Moves with `left` and `entered`, places in `TENURES`.

    The dwelling left has its tenure of 1 January of the year, the dwelling entered that of the year after, when its new
    residents are in it; where that is not known (the registers end), that of the year itself.
    """
    after = tenure_in(tenure, moves["destination_object"], moves["year"] + 1)
    same = tenure_in(tenure, moves["destination_object"], moves["year"])
    return moves.with_columns(
        tenure_in(tenure, moves["origin_object"], moves["year"]).alias("left"),
        after.zip_with(after > 0, same).alias("entered"),
    )


def count_tenure_moves(moves: pl.DataFrame, zones: Zones, levels: Sequence[str]) -> pl.DataFrame:
    """Moves by tenure left and entered: one row per `TENURE_MOVES` (without the cut `total`) with `persons`, `households`.

    Args:
        moves: of `tenures_of_moves`.
        zones: of the study; a move stands where it leaves.
        levels: names.
    """
    names = pl.Series(TENURES)
    tables = [
        moves.select(
            pl.lit(level).alias("level"),
            zones.levels[level].places.gather(zones.place(level, moves["origin_area"])).alias("place"),
            pl.Series("cut", CUTS).gather(zones.cut.gather(moves["origin_area"])),
            pl.col("year", "income_class"),
            names.gather(moves["left"]).alias("left"),
            names.gather(moves["entered"]).alias("entered"),
            persons=pl.lit(1, pl.Int64),
            households=pl.col("is_carrier").cast(pl.Int64),
        )
        for level in levels
    ]
    return pl.concat([add_up([table], TENURE_MOVES) for table in tables])
