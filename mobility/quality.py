"""How well a panel is linked: the coverage table that leaves with every release (contract: `quality`). Pure."""

from __future__ import annotations

import polars as pl

from mobility.income import UNKNOWN
from mobility.records import record_hash
from mobility.stocks import Ints, Stocks

QUALITY_KEYS = ("measure", "year")
COVERAGES = ("with_geography", "with_household", "with_income_class")


def count_coverage(stocks: Stocks, area: Ints, classes: Ints, persons: pl.DataFrame, years: range) -> pl.DataFrame:
    """Residents of one partition on the eve of each year, and how many of them are linked to what a study needs.

    One row per `measure` (`population` and one for each of `COVERAGES`) and `year` (the year after the stock day): `persons`,
    `households` (reference persons of BRP households), `unit_persons` and `unit_households` (the same: nobody is in a stock
    twice) and `cell_key`.

    Args:
        stocks: of the partition; its first stock is on the eve of the first year.
        area: of everybody in the stocks.
        classes: of everybody in the year after each stock.
        persons: contract `tables.Person`.
        years: calendar years.
    """
    counted = []
    for column, year in enumerate(years):
        there = pl.Series(stocks.is_there[:, column])
        linked = pl.DataFrame(
            {
                "person": persons["person"],
                "population": there,
                "with_geography": area[:, column] > 0,
                "with_household": there & pl.Series(stocks.has_household[:, column]),
                "with_income_class": there & pl.Series(classes[:, column] != UNKNOWN),
                "households": stocks.is_reference[:, column],
            }
        ).filter(there)
        linked = linked.with_columns(
            record_hash(linked["person"], pl.Series([year]).new_from_index(0, linked.height)),
            pl.col("households").cast(pl.Int64),
            persons=pl.lit(1, pl.Int64),
        )
        counted += [
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
