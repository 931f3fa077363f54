"""Counting moves between areas, once, and adding the counts up to every level. Pure.

A cell is known by one whole number, of which year, origin, destination, value and class are bit fields: grouping by one number
is several times as fast as by five columns, and the order of the numbers is that of the cells. Levels are climbed: what is
counted by buurt is added up by wijk, that by gemeente, and so on: each has fewer cells to add up than the one before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.income import CLASSES
from mobility.places import UNPLACEABLE
from mobility.records import record_hash
from mobility.stocks import Ints

FLOW_KEYS = ("level", "count", "year", "origin", "destination", "income_class")
FLOW_BY_KEYS = ("level", "count", "year", "origin", "destination", "dimension", "value", "income_class")
# Beside the counts, for the gate only: different persons and households that stand behind a cell at least, and its key.
MEASURES = ("persons", "households", "unit_persons", "unit_households", "cell_key")
_BITS = {"year": 15, "origin": 18, "destination": 18, "value": 6, "income_class": 4}
_ORDERED_CLASSES = sorted(CLASSES)
_RANK = np.array([_ORDERED_CLASSES.index(name) for name in CLASSES])  # place of a class in the order of names


def count_by_area(moves: pl.DataFrame, years: range) -> pl.DataFrame:
    """Moves of one partition, counted.

    One row per `cell`, a number that stands for year, areas of origin and destination, value and income class; sorted by it:
    `persons`, `households` (household moves, in the class of their carrier), `unit_persons` and `unit_households` (first moves
    of the year among them, so at least so many different persons and carriers) and `cell_key`. Administrative relocations are
    no moves.

    Args:
        moves: linked moves or transitions, with `carrier`, `is_carrier`, `is_first_of_year`, `income_class` and, where they are
            counted by a further dimension, `value` (a small whole number).
        years: calendar years that count.
    """
    year = moves["move_date"].dt.year()
    counts = year.is_between(years.start, years.stop - 1) & ~moves["is_administrative"]
    counted = moves.select(
        *("origin_area", "destination_area", "income_class", "carrier", "is_carrier", "is_first_of_year"),
        *(["value"] if "value" in moves.columns else []),
        year=year,
    ).filter(counts)
    cell = _pack(
        {
            "year": counted["year"].to_numpy(),
            "origin": counted["origin_area"].to_numpy(),
            "destination": counted["destination_area"].to_numpy(),
            "value": counted["value"].to_numpy() if "value" in counted.columns else np.zeros(1, dtype=np.int64),
            "income_class": _RANK[counted["income_class"].to_numpy()],
        }
    )
    is_carrier, is_first = counted["is_carrier"], counted["is_first_of_year"]
    flags = {
        "persons": pl.Series([1]).new_from_index(0, counted.height),
        "households": is_carrier,
        "unit_persons": is_first,
        "unit_households": is_carrier & is_first,
        "cell_key": record_hash(counted["carrier"], counted["year"]),
    }
    return _summed(cell, {name: flag.cast(pl.Int64).to_numpy() for name, flag in flags.items()})


def add_up(parts: pl.DataFrame) -> pl.DataFrame:
    """Counts of several partitions, one below the other, as one; sorted by cell."""
    return _summed(parts["cell"].to_numpy(), _measures(parts))


def batch_by_year(counts: pl.DataFrame, years: range) -> Ints:
    """The place of the year of each row among the years."""
    return _unpack(counts["cell"].to_numpy())["year"] - years.start


def _measures(counts: pl.DataFrame) -> dict[str, Ints]:
    return {name: counts[name].to_numpy() for name in MEASURES}


def _summed(cell: Ints, measures: dict[str, Ints]) -> pl.DataFrame:
    order = np.argsort(cell)
    cell = cell[order]
    starts = np.flatnonzero(np.concatenate((np.ones(min(1, len(cell)), dtype=bool), cell[1:] != cell[:-1])))
    if not len(starts):
        return pl.DataFrame(schema=dict.fromkeys(("cell", *MEASURES), pl.Int64))
    sums = {name: np.add.reduceat(measures[name][order], starts) for name in MEASURES}
    return pl.DataFrame({"cell": cell[starts], **sums})


def _pack(fields: Mapping[str, npt.NDArray[np.integer]]) -> Ints:
    cell: Ints = np.zeros(1, dtype=np.int64)
    for name, bits in _BITS.items():
        cell = (cell << bits) | fields[name].astype(np.int64)
    return cell


def _unpack(cell: Ints) -> dict[str, Ints]:
    fields = {}
    for name, bits in reversed(_BITS.items()):
        fields[name] = cell & ((1 << bits) - 1)
        cell = cell >> bits
    return fields


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


@dataclass(frozen=True)
class Rung:
    """One level of a climb.

    Attributes:
        level: whose table is made here.
        group: group of every group of the rung below, of every area for the first. Areas of one group are in one place at this
            level and at all that follow.
        place: place of every group at this level.
    """

    level: Level
    group: Ints
    place: Ints


def climb(areas: pl.DataFrame, names: tuple[str, ...]) -> list[Rung]:
    """The levels from the one with most places to the one with fewest, each with the way to it from the one before.

    Args:
        areas: of `places.zone_areas`.
        names: of the levels.
    """
    levels = sorted((level_of(areas, name) for name in names), key=lambda level: (-len(level.places), level.name))
    rungs, below = [], np.arange(areas.height)  # an area of every group of the rung below
    for number, level in enumerate(levels):
        further = [pl.Series(each.name, each.of_area) for each in levels[number:]]
        # Numbered in the order of this level's places, so that groups that are places need no sorting.
        group = (
            pl.DataFrame(further).select(pl.struct(pl.all()).rank("dense")).to_series().to_numpy().astype(np.int64) - 1
        )
        _, first = np.unique(group, return_index=True)
        rungs.append(Rung(level, group[below], level.of_area.to_numpy()[first].astype(np.int64)))
        below = first
    return rungs


def roll_up(counts: pl.DataFrame, rungs: list[Rung]) -> Iterator[tuple[Level, pl.DataFrame]]:
    """Counts by the places of every level, one row per cell as in `count_by_area`, sorted; areas are places of the level.

    Args:
        counts: of `count_by_area`; several may stand one below the other.
        rungs: of `climb`.
    """
    for rung in rungs:
        counts = _moved(counts, rung.group)
        is_place = len(np.unique(rung.place)) == len(rung.place)
        yield rung.level, counts if is_place else _moved(counts, rung.place)


def _moved(counts: pl.DataFrame, to: Ints) -> pl.DataFrame:
    """Counts with other origins and destinations."""
    fields = _unpack(counts["cell"].to_numpy())
    ends = {name: to[fields[name]] for name in ("origin", "destination")}
    return _summed(_pack(fields | ends), _measures(counts))


def name_cells(counts: pl.DataFrame, level: Level, count: str) -> pl.DataFrame:
    """The flow table of one level: one row per `FLOW_KEYS`, with `MEASURES`; sorted by its keys; words are Enums.

    Args:
        counts: of `roll_up`, without a further dimension.
        level: of the same.
        count: `events` or `transitions`, written into the table.
    """
    return _named(counts, level, count, {}).select(*FLOW_KEYS, *MEASURES)


def name_cells_by(counts: pl.DataFrame, level: Level, count: str, dimension: str, values: pl.Series) -> pl.DataFrame:
    """The flow table of one level by a further dimension: one row per `FLOW_BY_KEYS`, with `MEASURES`; sorted by its keys.

    Args:
        counts: of `roll_up`, with `value`.
        level: of the same.
        count: `events` or `transitions`.
        dimension: its name.
        values: word of every `value`, in alphabetical order.
    """
    words = {"dimension": pl.Series([dimension]), "value": values}
    return _named(counts, level, count, words).select(*FLOW_BY_KEYS, *MEASURES)


def _named(counts: pl.DataFrame, level: Level, count: str, words: dict[str, pl.Series]) -> pl.DataFrame:
    fields = _unpack(counts["cell"].to_numpy())
    words = {
        "level": pl.Series([level.name]),
        "count": pl.Series([count]),
        "origin": level.places,
        "destination": level.places,
        "income_class": pl.Series(_ORDERED_CLASSES),
        **words,
    }
    nothing = np.zeros(counts.height, dtype=np.uint32)
    named = {
        name: pl.Series(fields.get(name, nothing).astype(np.uint32)).cat.to(pl.Enum(of_place))
        for name, of_place in words.items()
    }
    return counts.select(
        pl.Series("year", fields["year"]), *(series.alias(name) for name, series in named.items()), *MEASURES
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
