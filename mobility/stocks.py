"""Everybody of a partition on every stock day, as arrays (method 3): the ground of transitions, account and coverage. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.panel.lookup import rows_of

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
ABSENT = -1
INSTITUTIONAL = 8  # TYPHH
_FOREVER = np.iinfo(np.int32).max  # stands for an open end


@dataclass(frozen=True)
class Stocks:
    """Persons (rows, in the order of the partition) by stock days (columns).

    A stock holds who lives in the country on its day, without those who died that day.

    Attributes:
        days: the stock days, in order.
        object: lived in; `ABSENT` when not in the stock.
        has_household: in a BRP household on that day.
        is_reference: its reference person.
        is_private: in a private household.
    """

    days: tuple[dt.date, ...]
    object: npt.NDArray[np.int32]
    has_household: Flags
    is_reference: Flags
    is_private: Flags

    @property
    def is_there(self) -> Flags:
        """In the stock."""
        there: Flags = self.object != ABSENT
        return there

    def area(self, area: pl.Series) -> Ints:
        """Area of the object of everybody; `ABSENT` when not in the stock.

        Args:
            area: of every object.
        """
        of_object = np.append(area.to_numpy().astype(np.int64), ABSENT)  # the last is that of ABSENT, -1
        areas = np.empty(self.object.shape, dtype=np.int64, order="F")
        for column in range(len(self.days)):
            np.take(of_object, self.object[:, column], out=areas[:, column], mode="wrap")
        return areas


def take_stocks(
    residence: pl.DataFrame, persons: pl.DataFrame, households: pl.DataFrame, days: list[dt.date]
) -> Stocks:
    """The stocks of one partition.

    Args:
        residence: contract `tables.Residence`.
        persons: contract `tables.Person`.
        households: contract `tables.HouseholdSpell`.
        days: stock days, in order.
    """
    shape = (persons.height, len(days))
    # Stock after stock in memory: they are filled and read one at a time.
    objects = np.full(shape, ABSENT, dtype=np.int32, order="F")
    member, reference, private = (np.zeros(shape, dtype=bool, order="F") for _ in range(3))
    numbers = np.array([(day - dt.date(1970, 1, 1)).days for day in days], dtype=np.int32)
    lived = _Spells(residence.drop_nulls("object"), persons, numbers)
    kept = _Spells(households, persons, numbers)
    where = lived.spells["object"].to_numpy().astype(np.int32)
    heads = kept.spells["reference_person"].to_numpy()
    at_home = kept.spells["household_type"].is_between(1, INSTITUTIONAL - 1).fill_null(False).to_numpy()
    died = persons["death_date"].to_physical().fill_null(_FOREVER).to_numpy()
    for column, number in enumerate(numbers):
        there = lived.covering(column)
        objects[lived.place[there], column] = where[there]
        objects[died == number, column] = ABSENT
        there = kept.covering(column)
        member[kept.place[there], column] = True
        reference[kept.place[there], column] = heads[there]
        private[kept.place[there], column] = at_home[there]
    return Stocks(tuple(days), objects, member, reference, private)


class _Spells:
    """Spells of persons of the partition, with the first stock each covers and the first it does not."""

    def __init__(self, spells: pl.DataFrame, persons: pl.DataFrame, days: npt.NDArray[np.int32]) -> None:
        place = rows_of(persons["person"], spells["person"])
        start = spells["start_date"].to_physical().to_numpy()
        end = spells["end_date"].to_physical().fill_null(_FOREVER).to_numpy()
        first, after = _at_or_after(days, start), _at_or_after(days, end)
        covers = np.flatnonzero((first < after) & (place >= 0))  # few spells of those before the study cover any
        self.spells, self.place = spells.select(pl.all().gather(covers)), place[covers]
        self._first, self._after = first[covers], after[covers]

    def covering(self, column: int) -> Ints:
        """Rows of the spells that cover a stock; of a person at most one."""
        return np.flatnonzero((self._first <= column) & (self._after > column))


def _at_or_after(days: npt.NDArray[np.int32], asked: npt.NDArray[np.int32]) -> npt.NDArray[np.int16]:
    """Place of the first stock on or after each day: a table of all days between the first stock and the last."""
    table = np.searchsorted(days, np.arange(days[0], days[-1] + 2)).astype(np.int16)
    place: npt.NDArray[np.int16] = table[np.clip(asked, days[0], days[-1] + 1) - days[0]]
    return place
