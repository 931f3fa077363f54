"""Counting moves between areas, once, and adding the counts up to every level. Pure."""

from __future__ import annotations

import polars as pl

from mobility.income import CLASSES
from mobility.records import record_hash

FLOW_KEYS = ("level", "count", "year", "origin", "destination", "income_class")
# Beside the counts, for the gate only: different persons and households that stand behind a cell at least, and its key.
MEASURES = ("persons", "households", "unit_persons", "unit_households", "cell_key")
_CELL = ("year", "origin_area", "destination_area", "income_class")


def count_by_area(moves: pl.DataFrame, years: range) -> pl.DataFrame:
    """Moves of one partition, counted.

    One row per `year`, `origin_area`, `destination_area`, `income_class`: `persons`, `households` (household moves, in the
    class of their carrier), `unit_persons` and `unit_households` (first moves of the year among them, so at least so many
    different persons and carriers) and `cell_key`. Administrative relocations are no moves.

    Args:
        moves: linked moves or transitions, with `carrier`, `is_carrier`, `is_first_of_year` and `income_class`.
        years: calendar years that count.
    """
    counted = moves.with_columns(year=pl.col("move_date").dt.year()).filter(
        pl.col("year").is_between(years.start, years.stop - 1), ~pl.col("is_administrative")
    )
    counted = counted.with_columns(record_hash(counted["carrier"], counted["year"]))
    return add_up(
        counted.select(
            *_CELL,
            persons=pl.lit(1, pl.Int64),
            households=pl.col("is_carrier").cast(pl.Int64),
            unit_persons=pl.col("is_first_of_year").cast(pl.Int64),
            unit_households=(pl.col("is_carrier") & pl.col("is_first_of_year")).cast(pl.Int64),
            cell_key="cell_key",
        ),
        _CELL,
    )


def add_up(parts: pl.DataFrame, cell: tuple[str, ...]) -> pl.DataFrame:
    """Counts of several partitions as one, sorted by cell."""
    sums = (pl.col(name).cast(pl.Int64).sum() for name in MEASURES)
    return parts.group_by(cell).agg(*sums).sort(cell)


def roll_up(counts: pl.DataFrame, areas: pl.DataFrame, levels: tuple[str, ...], count: str) -> pl.DataFrame:
    """The flow table: one row per `FLOW_KEYS`, with `MEASURES`; sorted by all keys.

    Args:
        counts: of `count_by_area`, all partitions added up.
        areas: of `places.zone_areas`.
        levels: which levels.
        count: `events` or `transitions`, written into the table.
    """
    classes = pl.Series(CLASSES)
    tables = []
    for level in levels:
        place = areas[level]
        named = counts.select(
            pl.lit(level).alias("level"),
            pl.lit(count).alias("count"),
            pl.col("year").cast(pl.Int64),
            place.gather(counts["origin_area"]).alias("origin"),
            place.gather(counts["destination_area"]).alias("destination"),
            classes.gather(counts["income_class"]).alias("income_class"),
            *MEASURES,
        )
        tables.append(add_up(named, FLOW_KEYS))
    return pl.concat(tables).sort(FLOW_KEYS)
