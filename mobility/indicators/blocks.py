"""The counts that all indicators are made of, taken once per partition of persons; partitions add up. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.income import CLASSES
from mobility.indicators.table import add_up
from mobility.indicators.zones import CUTS, Zones
from mobility.panel.lookup import TENURES
from mobility.stocks import ABSENT, Ints, Stocks

AGE_BANDS = (18, 25, 35, 45, 65)  # first age of every band but the youngest, for standardised rates
_PERCENTILES = 101
RESIDENTS = ("year", "area", "income_class", "age")
PERCENTILES = ("year", "area", "percentile")
DISTANCES = ("year", "region", "income_class", "bin")
TENURE_RESIDENTS = ("year", "area", "tenure", "income_class")
CROSSINGS = ("level", "place", "cut", "year", "income_class", "age", "side")
_TENURE_SCHEMA = {
    "year": pl.Int32,
    "area": pl.UInt32,
    "tenure": pl.UInt8,
    "income_class": pl.UInt8,
    "persons": pl.Int64,
    "households": pl.Int64,
}
SQUARES = ("year", "region", "size", "square", "income_class")
_SQUARE_SCHEMA = {
    "year": pl.Int32,
    "region": pl.Int32,
    "size": pl.String,
    "square": pl.Int64,
    "income_class": pl.UInt8,
    "persons": pl.Int64,
    "households": pl.Int64,
}
OUT, IN, WITHIN = SIDES = ("out", "in", "within")


@dataclass(frozen=True)
class Frame:
    """What the counts are numbered by.

    Attributes:
        years: calendar years; the stock of a year is that of 1 January.
        areas: how many areas there are.
    """

    years: range
    areas: int


def age_bands_on_new_year(birth: pl.Series, year: int | pl.Series) -> pl.Series:
    """Age band on 1 January of a year, as a number; an unknown birth is in the band of 25 to 34.

    Ages count from day 01 of the birth month (method 1).
    """
    age = year - birth.dt.year() - (birth.dt.month() > 1).cast(pl.Int32)
    known = age.fill_null(AGE_BANDS[1])
    return sum(((known >= first).cast(pl.UInt8) for first in AGE_BANDS), pl.Series([0], dtype=pl.UInt8))


def count_residents(stocks: Stocks, area: Ints, classes: Ints, birth: pl.Series, frame: Frame) -> pl.DataFrame:
    """Residents on 1 January by area, class and age: one row per `RESIDENTS` with `persons` and `households`.

    A household is counted where its reference person lives, and in that person's class and age (method 3).

    Args:
        stocks: of the partition; the first is of the eve of the first year.
        area: of everybody in the stocks.
        classes: of everybody in the year after each stock, as a place in `CLASSES`.
        birth: of everybody.
        frame: years and areas.
    """
    ages, tables = len(AGE_BANDS) + 1, []
    for column, year in enumerate(frame.years):
        age = age_bands_on_new_year(birth, year).to_numpy().astype(np.int64)
        cell = (area[:, column] * len(CLASSES) + classes[:, column]) * ages + age
        there, heads = stocks.is_there[:, column], stocks.is_reference[:, column] & stocks.is_there[:, column]
        size = frame.areas * len(CLASSES) * ages
        persons = np.bincount(cell[there], minlength=size)
        households = np.bincount(cell[heads], minlength=size)
        used = np.flatnonzero(persons)
        place, income_class, band = np.unravel_index(used, (frame.areas, len(CLASSES), ages))
        tables.append(_table(year, place, income_class, persons[used], households[used]).with_columns(age=_u8(band)))
    return add_up(tables, RESIDENTS)


def count_percentiles(stocks: Stocks, area: Ints, percentiles: Ints, frame: Frame) -> pl.DataFrame:
    """Residents on 1 January by area and percentile of the year before: one row per `PERCENTILES` with `persons`, `households`.

    Who has no percentile is not counted.

    Args:
        stocks: of the partition.
        area: of everybody in the stocks.
        percentiles: of everybody, as for the class of the year after each stock; 0: none.
        frame: years and areas.
    """
    tables = []
    for column, year in enumerate(frame.years):
        known = stocks.is_there[:, column] & (percentiles[:, column] > 0)
        cell = area[:, column] * _PERCENTILES + percentiles[:, column]
        size = frame.areas * _PERCENTILES
        persons = np.bincount(cell[known], minlength=size)
        households = np.bincount(cell[known & stocks.is_reference[:, column]], minlength=size)
        used = np.flatnonzero(persons)
        place, percentile = np.divmod(used, _PERCENTILES)
        table = _table(year, place, percentile, persons[used], households[used])
        tables.append(table.rename({"income_class": "percentile"}))
    return add_up(tables, PERCENTILES)


def count_distances(
    stocks: Stocks, classes: Ints, metres: pl.Series, region: pl.Series, bin_m: int, frame: Frame
) -> pl.DataFrame:
    """Residents on 1 January by distance: one row per `year`, `region`, `income_class`, `bin` with `persons`, `households`.

    Args:
        stocks: of the partition.
        classes: of everybody in the year after each stock.
        metres: distance of every object to the centre of its region; null: none.
        region: number of the region of every object.
        bin_m: width of a bin.
        frame: years.
    """
    bins = (metres // bin_m).fill_null(-1).cast(pl.Int64).to_numpy()
    regions = region.to_numpy().astype(np.int64)
    tables = []
    for column, year in enumerate(frame.years):
        known = np.flatnonzero(stocks.is_there[:, column])
        objects = stocks.object[known, column]
        table = pl.DataFrame(
            {
                "year": pl.Series([year], dtype=pl.Int32).new_from_index(0, len(known)),
                "region": pl.Series(regions[objects], dtype=pl.Int32),
                "income_class": _u8(classes[known, column]),
                "bin": pl.Series(bins[objects], dtype=pl.Int32),
                "persons": pl.Series(np.ones(len(known), dtype=np.int64)),
                "households": pl.Series(stocks.is_reference[known, column].astype(np.int64)),
            }
        )
        tables.append(add_up([table.filter(pl.col("bin") >= 0)], DISTANCES))
    return add_up(tables, DISTANCES)


def count_squares(
    stocks: Stocks, classes: Ints, squares: dict[str, Ints], region: pl.Series, years: range
) -> pl.DataFrame:
    """Residents with a percentile on 1 January by square: one row per `SQUARES` with `persons` and `households`.

    Args:
        stocks: of the partition.
        classes: of everybody in the year after each stock.
        squares: by size, the number of the square of every object; `ABSENT`: none.
        region: number of the region of every object.
        years: calendar years.
    """
    tables = [pl.DataFrame(schema=_SQUARE_SCHEMA)]
    for size, square in squares.items():
        for column, year in enumerate(years):
            there = np.flatnonzero(stocks.is_there[:, column] & (classes[:, column] < CLASSES.index("student")))
            objects = stocks.object[there, column]
            table = pl.DataFrame(
                {
                    "year": pl.Series([year], dtype=pl.Int32).new_from_index(0, len(there)),
                    "region": region.gather(objects).cast(pl.Int32),
                    "size": pl.Series([size]).new_from_index(0, len(there)),
                    "square": pl.Series(square[objects], dtype=pl.Int64),
                    "income_class": _u8(classes[there, column]),
                    "persons": np.ones(len(there), dtype=np.int64),
                    "households": stocks.is_reference[there, column].astype(np.int64),
                },
                schema=_SQUARE_SCHEMA,
            )
            tables.append(add_up([table.filter(pl.col("square") != ABSENT)], SQUARES))
    return add_up(tables, SQUARES)


def count_tenures(stocks: Stocks, area: Ints, classes: Ints, tenure: pl.DataFrame, frame: Frame) -> pl.DataFrame:
    """Residents on 1 January by tenure of their dwelling: one row per `TENURE_RESIDENTS` with `persons` and `households`.

    Args:
        stocks: of the partition.
        area: of everybody in the stocks.
        classes: of everybody in the year after each stock.
        tenure: of every object (row) by year (column), as a place in `TENURES`; a year that is not there gives no rows.
        frame: years and areas.
    """
    tables = [pl.DataFrame(schema=_TENURE_SCHEMA)]
    for column, year in enumerate(frame.years):
        if str(year) not in tenure.columns:
            continue
        there = np.flatnonzero(stocks.is_there[:, column])
        of_dwelling = tenure[str(year)].to_numpy()[stocks.object[there, column]].astype(np.int64)
        cell = (area[there, column] * len(TENURES) + of_dwelling) * len(CLASSES) + classes[there, column]
        size = frame.areas * len(TENURES) * len(CLASSES)
        heads = stocks.is_reference[there, column]
        persons, households = np.bincount(cell, minlength=size), np.bincount(cell[heads], minlength=size)
        used = np.flatnonzero(persons)
        place, kind, income_class = np.unravel_index(used, (frame.areas, len(TENURES), len(CLASSES)))
        table = _table(year, place, income_class, persons[used], households[used]).with_columns(tenure=_u8(kind))
        tables.append(table.select(list(_TENURE_SCHEMA)))
    return add_up(tables, TENURE_RESIDENTS)


def count_crossings(moves: pl.DataFrame, zones: Zones, levels: Sequence[str]) -> pl.DataFrame:
    """Moves by what they are to a place: one row per `CROSSINGS` (`cut` without the total) with `persons` and `households`.

    `out` and `within` stand at the place and in the cut of the address left, `in` at those of the address entered. At each
    level a move of a resident is either `out` or `within`. Moves with an unplaceable end are left out.

    Args:
        moves: linked moves with `year`, `age`, `origin_area`, `destination_area`, `income_class`, `is_carrier`.
        zones: of the study.
        levels: names.
    """
    measures = {"persons": pl.lit(1, pl.Int64), "households": pl.col("is_carrier").cast(pl.Int64)}
    cuts = pl.Series("cut", CUTS)
    tables = []
    for name in levels:
        ends = {end: zones.place(name, moves[f"{end}_area"]) for end in ("origin", "destination")}
        lost = zones.lost(name)
        placed = (ends["origin"] != lost) & (ends["destination"] != lost)
        crosses = ends["origin"] != ends["destination"]
        for side, end, chosen in (
            (OUT, "origin", placed & crosses),
            (IN, "destination", placed & crosses),
            (WITHIN, "origin", placed & ~crosses),
        ):
            rows = moves.select(
                pl.lit(name).alias("level"),
                ends[end].alias("place"),
                cuts.gather(zones.cut.gather(moves[f"{end}_area"])),
                pl.col("year", "income_class", "age"),
                pl.lit(side).alias("side"),
                **measures,
            )
            tables.append(add_up([rows.filter(chosen)], CROSSINGS))
    named = add_up(tables, CROSSINGS)
    return pl.concat(
        [
            part.with_columns(zones.levels[name].places.gather(part["place"]).alias("place"))
            for name in levels
            for part in (named.filter(level=name),)
        ]
    )


def percentiles_after(
    incomes: pl.DataFrame, persons: int, years: tuple[int, int] | None, days: list[dt.date], lag_years: int
) -> Ints:
    """Percentile of every person (row) for the year of the day after each stock (column); 0: none.

    Args:
        incomes: contract `tables.PersonYear`.
        persons: how many the partition has.
        years: first and last income year of the dense table.
        days: stock days.
        lag_years: of the study.
    """
    found = np.zeros((persons, len(days)), dtype=np.int64, order="F")
    if years is None or not incomes.height:
        return found
    dense = incomes["percentile"].fill_null(0).to_numpy().reshape(persons, years[1] - years[0] + 1)
    for column, day in enumerate(days):
        place = (day + dt.timedelta(days=1)).year - lag_years - years[0]
        if 0 <= place < dense.shape[1]:
            found[:, column] = dense[:, place]
    return found


def _table(year: int, area: Ints, income_class: Ints, persons: Ints, households: Ints) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "year": pl.Series([year], dtype=pl.Int32).new_from_index(0, len(area)),
            "area": pl.Series(area, dtype=pl.UInt32),
            "income_class": _u8(income_class),
            "persons": persons,
            "households": households,
        }
    )


def _u8(values: Ints) -> pl.Series:
    return pl.Series(values, dtype=pl.UInt8)
