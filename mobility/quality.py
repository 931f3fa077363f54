"""How well a panel is linked: the coverage table that leaves with every release (contract: `quality`). Pure."""

from __future__ import annotations

import polars as pl

from mobility.flows.account import Classes
from mobility.flows.counts import MEASURES
from mobility.income import UNKNOWN
from mobility.records import record_hash
from mobility.stocks import Ints, Stocks

QUALITY_KEYS = ("measure", "year")
COVERAGES = ("with_geography", "with_household", "with_income_class")


def count_coverage(stocks: Stocks, area: Ints, classes: Classes, persons: pl.DataFrame, years: range) -> pl.DataFrame:
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
    rows = []
    for column, year in enumerate(years):
        there = stocks.is_there[:, column]
        key = record_hash(persons["person"], pl.Series([year]).new_from_index(0, persons.height)).to_numpy()
        linked = {
            "population": there,
            "with_geography": area[:, column] > 0,
            "with_household": there & stocks.has_household[:, column],
            "with_income_class": there & (classes[:, column] != UNKNOWN),
        }
        heads = there & stocks.is_reference[:, column]
        for measure in ("population", *COVERAGES):
            chosen = linked[measure]
            number, households = int(chosen.sum()), int((chosen & heads).sum())
            rows.append((measure, year, number, households, number, households, int((key * chosen).sum())))
    columns = {"measure": pl.String} | dict.fromkeys(("year", *MEASURES), pl.Int64)
    return pl.DataFrame(rows, schema=columns, orient="row")
