"""How well a panel is linked: the coverage table that leaves with every release (contract: `quality`). Pure."""

from __future__ import annotations

import datetime as dt

import polars as pl

from mobility.income import UNKNOWN
from mobility.moves import stock_on
from mobility.panel.lookup import on_day
from mobility.records import record_hash

QUALITY_KEYS = ("measure", "year")
COVERAGES = ("with_geography", "with_household", "with_income_class")


def count_coverage(
    residence: pl.DataFrame,
    persons: pl.DataFrame,
    households: pl.DataFrame,
    area: pl.Series,
    classes: pl.Series,
    stock_day: dt.date,
) -> pl.DataFrame:
    """Residents of one partition on the eve of a year, and how many of them are linked to what a study needs.

    One row per `measure` (`population` and one for each of `COVERAGES`) and `year` (the year after the stock day): `persons`,
    `households` (reference persons of BRP households), `unit_persons` and `unit_households` (the same: nobody is in a stock
    twice) and `cell_key`.

    Args:
        residence: contract `tables.Residence`.
        persons: contract `tables.Person`.
        households: contract `tables.HouseholdSpell`.
        area: area of every object; 0 is unplaceable.
        classes: class of every person of the partition in the year after the stock day.
        stock_day: 31 December.
    """
    stock = stock_on(residence, persons, stock_day)
    place = persons["person"].search_sorted(stock["person"]).cast(pl.UInt32)
    spell = on_day(
        households, stock["person"], pl.Series("day", [stock_day], dtype=pl.Date).new_from_index(0, stock.height)
    )
    year = stock_day.year + 1
    linked = stock.select(
        (area.gather(stock["object"]) > 0).alias("with_geography"),
        spell.is_not_null().alias("with_household"),
        (classes.gather(place) != UNKNOWN).alias("with_income_class"),
        households["reference_person"].gather(spell).fill_null(False).cast(pl.Int64).alias("households"),
        record_hash(stock["person"], pl.Series([year]).new_from_index(0, stock.height)),
        persons=pl.lit(1, pl.Int64),
        population=pl.lit(True),
    )
    counted = [
        linked.filter(measure).select(
            pl.lit(measure).alias("measure"),
            pl.lit(year, pl.Int64).alias("year"),
            pl.col("persons", "households").sum(),
            unit_persons=pl.col("persons").sum(),
            unit_households=pl.col("households").sum(),
            cell_key=pl.col("cell_key").sum(),
        )
        for measure in ("population", *COVERAGES)
    ]
    return pl.concat(counted)
