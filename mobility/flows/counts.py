"""Counting moves between areas, once, and adding the counts up to every level. Pure.

A cell is known by one whole number, of which year, origin, destination, value and class are bit fields: grouping by one number
is several times as fast as by five columns, and the order of the numbers is that of the cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from mobility.income import CLASSES
from mobility.places import UNPLACEABLE
from mobility.records import record_hash

FLOW_KEYS = ("level", "count", "year", "origin", "destination", "income_class")
FLOW_BY_KEYS = ("level", "count", "year", "origin", "destination", "dimension", "value", "income_class")
# Beside the counts, for the gate only: different persons and households that stand behind a cell at least, and its key.
MEASURES = ("persons", "households", "unit_persons", "unit_households", "cell_key")
_CELL = {"year": 16, "origin_area": 18, "destination_area": 18, "value": 6, "income_class": 4}  # bits
_ORDERED_CLASSES = sorted(CLASSES)


def count_by_area(moves: pl.DataFrame, years: range) -> pl.DataFrame:
    """Moves of one partition, counted.

    One row per `year`, `origin_area`, `destination_area`, `value`, `income_class`: `persons`, `households` (household moves, in
    the class of their carrier), `unit_persons` and `unit_households` (first moves of the year among them, so at least so many
    different persons and carriers) and `cell_key`. Administrative relocations are no moves.

    Args:
        moves: linked moves or transitions, with `carrier`, `is_carrier`, `is_first_of_year`, `income_class` and, where they are
            counted by a further dimension, `value` (a small whole number).
        years: calendar years that count.
    """
    value = pl.col("value") if "value" in moves.columns else pl.lit(0)
    counted = moves.with_columns(year=pl.col("move_date").dt.year(), value=value).filter(
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
        )
    )


def add_up(parts: pl.DataFrame) -> pl.DataFrame:
    """Counts of several partitions as one, sorted by cell."""
    summed = _grouped(parts.select(_packed(dict(zip(_CELL, map(pl.col, _CELL), strict=True))), *MEASURES))
    return summed.select(*_unpacked(), *MEASURES)


def _grouped(packed: pl.DataFrame) -> pl.DataFrame:
    return packed.group_by("cell").agg(pl.col(name).cast(pl.Int64).sum() for name in MEASURES).sort("cell")


def _packed(fields: dict[str, pl.Expr]) -> pl.Expr:
    cell = pl.lit(0, pl.UInt64)
    for name, bits in _CELL.items():
        cell = cell * (1 << bits) + fields[name].cast(pl.UInt64)
    return cell.alias("cell")


def _unpacked() -> list[pl.Expr]:
    below, fields = 0, []
    for name, bits in reversed(_CELL.items()):
        fields.append(((pl.col("cell") // (1 << below)) % (1 << bits)).cast(pl.UInt32).alias(name))
        below += bits
    return fields[::-1]


@dataclass(frozen=True)
class Level:
    """The places of one level, in the order of their names.

    Attributes:
        name: of the level.
        places: names.
        of_area: place of every area.
    """

    name: str
    places: pl.Series
    of_area: pl.Series


def level_of(areas: pl.DataFrame, name: str) -> Level:
    """The places of a level.

    Args:
        areas: of `places.zone_areas`.
        name: of the level.
    """
    places = areas[name].unique().sort()
    return Level(name, places, places.search_sorted(areas[name]).cast(pl.UInt32))


def roll_up(counts: pl.DataFrame, level: Level, count: str) -> pl.DataFrame:
    """The flow table of one level: one row per `FLOW_KEYS`, with `MEASURES`; sorted by its keys.

    Args:
        counts: of `count_by_area`, without a further dimension.
        level: of `level_of`.
        count: `events` or `transitions`, written into the table.
    """
    return _rolled(counts, level, count, pl.Series([""])).select(*FLOW_KEYS, *MEASURES)


def roll_up_by(counts: pl.DataFrame, level: Level, count: str, dimension: str, values: pl.Series) -> pl.DataFrame:
    """The flow table of one level by a further dimension: one row per `FLOW_BY_KEYS`, with `MEASURES`; sorted by its keys.

    Args:
        counts: of `count_by_area`, with `value`.
        level: of `level_of`.
        count: `events` or `transitions`.
        dimension: its name.
        values: word of every `value`, in alphabetical order.
    """
    table = _rolled(counts, level, count, values).with_columns(dimension=pl.lit(dimension))
    return table.select(*FLOW_BY_KEYS, *MEASURES)


def _rolled(counts: pl.DataFrame, level: Level, count: str, values: pl.Series) -> pl.DataFrame:
    rank = pl.Series([_ORDERED_CLASSES.index(name) for name in CLASSES])
    fields = {
        "year": pl.col("year"),
        "origin_area": pl.lit(level.of_area.gather(counts["origin_area"])),
        "destination_area": pl.lit(level.of_area.gather(counts["destination_area"])),
        "value": pl.col("value"),
        "income_class": pl.lit(rank.gather(counts["income_class"])),
    }
    summed = _grouped(counts.select(_packed(fields), *MEASURES))
    cells = summed.select(_unpacked())
    return summed.select(
        pl.lit(level.name).alias("level"),
        pl.lit(count).alias("count"),
        cells["year"].cast(pl.Int64),
        level.places.gather(cells["origin_area"]).alias("origin"),
        level.places.gather(cells["destination_area"]).alias("destination"),
        values.gather(cells["value"]).alias("value"),
        pl.Series(_ORDERED_CLASSES).gather(cells["income_class"]).alias("income_class"),
        *MEASURES,
    )


KINDS = ("between_regions", "unplaceable", "within_buurt", "within_gemeente", "within_region", "within_wijk")


def kind_of_move(origin: pl.Series, destination: pl.Series, areas: pl.DataFrame) -> pl.Series:
    """Kind of move between two areas (method 3): the smallest place that both lie in, as a place in `KINDS`.

    `unplaceable` when either end has no gemeente. `elsewhere` counts as a region of its own.

    Args:
        origin: areas left.
        destination: areas entered.
        areas: of `places.zone_areas`.
    """
    ends = pl.DataFrame({"origin": origin, "destination": destination})

    def same(level: str) -> pl.Expr:
        here, there = (pl.lit(areas[level].gather(end)) for end in (ends["origin"], ends["destination"]))
        return (here == there) & (here != UNPLACEABLE)

    lost = pl.any_horizontal(
        pl.lit(areas["gemeente"].gather(ends[end]) == UNPLACEABLE) for end in ("origin", "destination")
    )
    within = [pl.when(same(level)).then(pl.lit(f"within_{level}")) for level in ("buurt", "wijk", "gemeente", "region")]
    words = pl.coalesce(pl.when(lost).then(pl.lit("unplaceable")), *within, pl.lit("between_regions"))
    return ends.select(value=words.replace_strict(KINDS, range(len(KINDS)), return_dtype=pl.UInt8)).to_series()
