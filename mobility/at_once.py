"""Persons followed by the compiled kernel: from tables to its arrays and back. Pure; only where numba is installed.

The same tables and numbers as stocks, moves, account and coverage make one after the other.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility import kernel
from mobility.flows.account import BLOCK, Frame
from mobility.flows.counts import MEASURES
from mobility.flows.events import Lives
from mobility.income import ClassTable
from mobility.kernel import RE_ENTRY, REMOVAL
from mobility.panel.lookup import rows_or_null
from mobility.quality import COVERAGES
from mobility.stocks import INSTITUTIONAL

_EPOCH = dt.date(1970, 1, 1)
_NEVER = np.iinfo(np.int32).max  # an open end, an unknown birth or death
MOVE = ("place", "move_date", "before_date", "origin_object", "destination_object", "spell", "income_class", "is_first")
Numbers = npt.NDArray[np.int32]
Wide = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class People(NamedTuple):
    """Persons, sorted: birth month, the second month after it, death."""

    person: npt.NDArray[np.uint32]
    birth: Numbers
    second_month: Numbers
    death: Numbers


class Spells(NamedTuple):
    """Residence, sorted by person and start; object -1: away."""

    person: npt.NDArray[np.uint32]
    start: Numbers
    end: Numbers
    object: Numbers


class Households(NamedTuple):
    """Household spells, sorted by person and start."""

    person: npt.NDArray[np.uint32]
    start: Numbers
    end: Numbers
    is_reference: Flags
    is_private: Flags


class Migrations(NamedTuple):
    """Events of GBAMIGRATIEBUS, sorted by person; kind: `RE_ENTRY`, `REMOVAL` or 0."""

    person: npt.NDArray[np.uint32]
    day: Numbers
    kind: Numbers


Tables = tuple[People, Spells, Households, Migrations]


class Known(NamedTuple):
    """What does not depend on a person, and the class of everybody.

    Attributes:
        area: of every object.
        classes: of every person (row) by year (column), from `first_year` on.
        first_year: of the classes.
        days: of the stocks.
        after: year after each stock.
        year: first of the study.
        register_day: first of the address register.
        slack: days within which an event of GBAMIGRATIEBUS belongs to an entry or exit.
        from_day: first of `year_of`.
        year_of: calendar year of every day on which something may begin, or end in the years of the study.
    """

    area: Numbers
    classes: npt.NDArray[np.uint8]
    first_year: int
    days: Numbers
    after: Numbers
    year: int
    register_day: int
    slack: int
    from_day: int
    year_of: Numbers


class AtOnce:
    """Moves of partition after partition, with the account and the coverage of all of them.

    Args:
        area: area of every object.
        days: of the stocks, one more than there are years.
        frame: years and areas.
        register_day: first day of the address register.
        slack_days: of the study.
    """

    def __init__(
        self, area: pl.Series, days: list[dt.date], frame: Frame, register_day: dt.date, slack_days: int
    ) -> None:
        self._area, self._frame = _read_only(area.to_numpy(), np.int32), frame
        self._days = _read_only(np.array([_number(day) for day in days]), np.int32)
        self._after = _read_only(np.array([(day + dt.timedelta(days=1)).year for day in days]), np.int32)
        self._register_day, self._slack = _number(register_day), slack_days
        years, areas, classes = frame.shape
        # What a person touches year after year lies together in memory: several times as fast as in the order of the account.
        self._tally = np.zeros((areas, classes, len(BLOCK), years), dtype=np.int32)
        self._covered = np.zeros((years, 1 + len(COVERAGES), 3), dtype=np.int64)

    def follow(self, lives: Lives, classes: ClassTable) -> tuple[dict[str, pl.DataFrame], npt.NDArray[np.int64]]:
        """Moves and steps between areas of one partition.

        Args:
            lives: of the partition.
            classes: of everybody by year.

        Returns:
            `events` and `transitions`, as `moves.add_household` gives them, with `income_class` and `is_first_of_year`; and
            steps, one number (of the account) for each.
        """
        spells = _spells(lives.residence)
        from_day = int(min(spells.start.min(initial=0), self._days[0]))
        last = int(max(spells.start.max(initial=0), self._days[-1]))
        known = Known(
            self._area,
            _read_only(classes.classes, np.uint8),
            classes.first_year,
            self._days,
            self._after,
            self._frame.years.start,
            self._register_day,
            self._slack,
            from_day,
            _years(from_day, last),
        )
        tables = (
            _people(lives.persons),
            spells,
            _households(lives.households),
            _migrations(lives.migrations),
        )
        moved, passed, steps = kernel.follow(tables, known, self._tally, self._covered)
        return {"events": _moves(moved, lives), "transitions": _moves(passed, lives)}, steps

    @property
    def block(self) -> npt.NDArray[np.int32]:
        """The account of all, as in `account.Counted`; the stocks at the end of a year only for the last."""
        return self._tally.transpose(2, 3, 0, 1)

    @property
    def coverage(self) -> pl.DataFrame:
        """Of all, as of `quality.count_coverage`."""
        rows = [
            (measure, year, persons, households, persons, households, key)
            for year, counts in zip(self._frame.years, self._covered.tolist(), strict=True)
            for measure, (persons, households, key) in zip(("population", *COVERAGES), counts, strict=True)
        ]
        columns = {"measure": pl.String} | dict.fromkeys(("year", *MEASURES), pl.Int64)
        return pl.DataFrame(rows, schema=columns, orient="row")


def _number(day: dt.date) -> int:
    return (day - _EPOCH).days


def _years(first: int, last: int) -> Numbers:
    days = np.arange(first, last + 1).astype("datetime64[D]")
    return _read_only(days.astype("datetime64[Y]").astype(np.int32) + 1970, np.int32)


def _read_only(array: npt.NDArray[Any], kind: type) -> npt.NDArray[Any]:
    """One kind of array for the compiler, wherever it comes from."""
    view: npt.NDArray[Any] = np.ascontiguousarray(array, dtype=kind).view()
    view.flags.writeable = False
    return view


def _days(dates: pl.Series, unknown: int = _NEVER) -> npt.NDArray[Any]:
    return _read_only(dates.to_physical().fill_null(unknown).to_numpy(), np.int32)


def _people(persons: pl.DataFrame) -> People:
    birth = persons["birth_date"]
    return People(
        _read_only(persons["person"].to_numpy(), np.uint32),
        _days(birth),
        _days(birth.dt.offset_by("2mo")),
        _days(persons["death_date"]),
    )


def _spells(residence: pl.DataFrame) -> Spells:
    return Spells(
        _read_only(residence["person"].to_numpy(), np.uint32),
        _days(residence["start_date"]),
        _days(residence["end_date"]),
        _read_only(residence["object"].cast(pl.Int32).fill_null(-1).to_numpy(), np.int32),
    )


def _households(spells: pl.DataFrame) -> Households:
    is_private = spells["household_type"].is_between(1, INSTITUTIONAL - 1).fill_null(False)
    return Households(
        _read_only(spells["person"].to_numpy(), np.uint32),
        _days(spells["start_date"]),
        _days(spells["end_date"]),
        _read_only(spells["reference_person"].to_numpy(), np.bool_),
        _read_only(is_private.to_numpy(), np.bool_),
    )


def _migrations(events: pl.DataFrame) -> Migrations:
    kinds = pl.col("migration_kind").replace_strict(
        {"re_entry": RE_ENTRY, "removal": REMOVAL}, default=0, return_dtype=pl.Int32
    )
    return Migrations(
        _read_only(events["person"].to_numpy(), np.uint32),
        _days(events["migration_date"]),
        _read_only(events.select(kinds).to_series().to_numpy(), np.int32),
    )


def _moves(found: npt.NDArray[np.int32], lives: Lives) -> pl.DataFrame:
    columns = dict(zip(MOVE, (np.ascontiguousarray(column) for column in found.T), strict=True))
    place, row = pl.Series(columns["place"]), rows_or_null(columns["spell"])
    return pl.DataFrame(
        [
            lives.persons["person"].gather(place),
            *(pl.Series(name, columns[name]).cast(pl.Date) for name in ("move_date", "before_date")),
            *(pl.Series(name, columns[name]).cast(pl.UInt32) for name in ("origin_object", "destination_object")),
            *(lives.households[name].gather(row) for name in ("household", "household_size", "household_type")),
            lives.persons["birth_date"].gather(place),
            pl.Series("income_class", columns["income_class"].astype(np.uint8)),
            pl.Series("is_first_of_year", columns["is_first"].astype(np.bool_)),
        ]
    )
