"""Everybody of a partition on every stock day, as arrays: the ground of the account and of the coverage. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.moves import stock_on

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
ABSENT = -1


@dataclass(frozen=True)
class Stocks:
    """Persons (rows, in the order of the partition) by stock days (columns).

    Attributes:
        days: the stock days, in order.
        area: area of the object lived in; `ABSENT` when not in the stock.
        has_household: in a BRP household on that day.
        is_reference: its reference person.
        income_class: of the year that begins the day after, as a place in `income.CLASSES`.
    """

    days: tuple[dt.date, ...]
    area: Ints
    has_household: Flags
    is_reference: Flags
    income_class: Ints

    @property
    def is_there(self) -> Flags:
        """In the stock."""
        there: Flags = self.area != ABSENT
        return there


def take_stocks(
    residence: pl.DataFrame,
    persons: pl.DataFrame,
    households: pl.DataFrame,
    area: pl.Series,
    income_class: Ints,
    days: list[dt.date],
) -> Stocks:
    """The stocks of one partition.

    Args:
        residence: contract `tables.Residence`.
        persons: contract `tables.Person`.
        households: contract `tables.HouseholdSpell`.
        area: area of every object.
        income_class: persons by stock days.
        days: stock days, in order.
    """
    shape = (persons.height, len(days))
    places = np.full(shape, ABSENT, dtype=np.int64)
    member, reference = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    spells = households.select("person", "start_date", "end_date", "reference_person")
    for column, day in enumerate(days):
        stock = stock_on(residence, persons, day)
        places[_rows(persons, stock["person"]), column] = area.gather(stock["object"]).to_numpy()
        covering = (pl.col("start_date") <= day) & (pl.col("end_date").is_null() | (pl.col("end_date") > day))
        there = spells.filter(covering)
        rows, known = _rows(persons, there["person"]), there["person"].is_in(persons["person"].implode()).to_numpy()
        member[rows[known], column] = True
        reference[rows[known], column] = there["reference_person"].to_numpy()[known]
    return Stocks(tuple(days), places, member, reference, income_class)


def _rows(persons: pl.DataFrame, asked: pl.Series) -> Ints:
    return persons["person"].search_sorted(asked).to_numpy().astype(np.int64)
