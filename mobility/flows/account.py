"""The account of every place, class and year, in persons and in households (method 5). Pure.

Each component is counted from its own events; that nothing remains is a test.

A year runs from one stock to the next. Whoever is in both is booked from the first place to the last by moves in the class of
the year, and at the last place from the class of the year to that of the next. Whoever entered during the year and is then in
another class was not known before: that step is `coverage`. A household stands where its reference person does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.flows import events
from mobility.flows.events import Lives
from mobility.income import CLASSES
from mobility.moves import find_moves
from mobility.panel.lookup import rows_of
from mobility.places import UNPLACEABLE
from mobility.stocks import ABSENT, Flags, Ints, Stocks

ACCOUNT_KEYS = ("unit", "level", "year", "place", "income_class")
COMPONENTS = (
    *("stock_start", "moves_in", "moves_out", "births", "deaths", "immigration", "emigration"),
    *("class_in", "class_out", "class_in_movers", "class_out_movers", "coverage_in", "coverage_out"),
    *("formed", "dissolved", "stock_end", "residual"),
)
UNITS = ("persons", "households")
Classes = npt.NDArray[np.integer]
NATIONAL = "national"
# Components that simply add up from areas to places; steps between two areas do not.
ADDITIVE = (
    *("stock_start", "births", "deaths", "immigration", "emigration", "class_in", "class_out"),
    *("coverage_in", "coverage_out", "formed", "dissolved", "stock_end"),
)
# Unit and component in the order in which their counts lie in `Counted.block`.
BLOCK = tuple(sorted(product(("persons", "households"), ADDITIVE)))
_ADDED = ("stock_start", "moves_in", "births", "immigration", "class_in", "coverage_in", "formed")
_TAKEN = ("moves_out", "deaths", "emigration", "class_out", "coverage_out", "dissolved", "stock_end")


@dataclass(frozen=True)
class Frame:
    """What the counts of an account are numbered by.

    Attributes:
        years: calendar years.
        areas: how many areas there are.
    """

    years: range
    areas: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Years, areas, classes."""
        return len(self.years), self.areas, len(CLASSES)


@dataclass(frozen=True)
class Counted:
    """The account of some persons, by area.

    Attributes:
        block: counts by unit and component (`BLOCK`), year, area and class.
        steps: steps between two areas, one row per `cell` (of `_pack_step`) with `count`.
    """

    block: npt.NDArray[np.int32]
    steps: pl.DataFrame

    @property
    def additive(self) -> dict[tuple[str, str], npt.NDArray[np.int32]]:
        """Unit and component to counts by year, area and class: views of the block."""
        return dict(zip(BLOCK, self.block, strict=True))

    def plus(self, other: Counted) -> Counted:
        """The account of both, the block of this one reused."""
        self.block[...] += other.block
        return Counted(self.block, add_steps([self.steps, other.steps]))


def add_steps(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Steps between areas of several countings as one."""
    return pl.concat(parts).group_by("cell").agg(pl.col("count").sum())


NO_STEPS = pl.DataFrame(schema={"cell": pl.Int64, "count": pl.Int64})
# Fields of a step between two areas, with their bits: one whole number is grouped several times as fast as seven columns.
_STEP = {"unit": 1, "what": 1, "year": 8, "origin": 18, "destination": 18, "was": 4, "becomes": 4}
MOVES, OTHER_CLASSES = 0, 1  # what: a move, or another class in the year after at another place


def _pack_step(fields: Mapping[str, Classes | int]) -> Ints:
    cell: Ints = np.zeros(1, dtype=np.int64)
    for name, bits in _STEP.items():
        cell = cell * (1 << bits) + fields[name]
    return cell


def _unpack_step(cell: Ints) -> dict[str, Ints]:
    fields = {}
    for name, bits in reversed(_STEP.items()):
        fields[name] = cell % (1 << bits)
        cell = cell // (1 << bits)
    return fields


def count_account(
    lives: Lives,
    area: pl.Series,
    stocks: Stocks,
    classes: Classes,
    frame: Frame,
    first_day: dt.date,
    slack_days: int,
    onto: Counted | None = None,
) -> Counted:
    """The account of one partition of persons.

    Args:
        lives: of the partition.
        area: area of every object.
        stocks: one more than there are years; the last is on the last day that counts.
        classes: of every person (row) in the year after each stock (column), as a place in `income.CLASSES`.
        frame: years and areas.
        first_day: of the address register.
        slack_days: of the study.
        onto: the account of other partitions, to which this one is added; its arrays are reused.
    """
    during = dt.date(frame.years.start, 1, 1), stocks.days[-1]
    book = _Book(lives.persons, area, classes, frame, onto or no_account(frame))
    households = lives.household_on
    for found in (
        events.entries(lives, first_day, slack_days, during),
        events.exits(lives, slack_days, during),
    ):
        book.events(found, events.reference_on(households, found["person"], found["day_there"]))
    book.events(events.changes_at_home(lives, during), None)
    moved = find_moves(lives.residence).filter(pl.col("move_date").is_between(*during))
    # Within an area a move changes no account.
    moved = moved.filter(area.gather(moved["origin_object"]) != area.gather(moved["destination_object"]))
    was = events.reference_on(households, moved["person"], moved["before_date"])
    becomes = events.reference_on(households, moved["person"], moved["move_date"])
    book.moves(moved, was & becomes)
    book.stocks(stocks)
    return book.closed()


def no_account(frame: Frame) -> Counted:
    """The account of nobody."""
    return Counted(np.zeros((len(BLOCK), *frame.shape), dtype=np.int32), NO_STEPS)


def with_year_ends(block: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The block with the stocks at the end of every year, of which only the last was entered: the next year starts with them."""
    for unit in UNITS:
        start, end = (block[BLOCK.index((unit, name))] for name in ("stock_start", "stock_end"))
        end[:-1] = start[1:]
    return block


def count_steps(cells: Sequence[Ints]) -> pl.DataFrame:
    """Steps between areas, one number (of `_pack_step`) for each, counted: one row per `cell` with `count`."""
    return pl.DataFrame({"cell": np.concatenate(cells)}).group_by("cell").agg(count=pl.len().cast(pl.Int64))


class _Book:
    """Entries are made here, by area; `closed` gives what was entered."""

    def __init__(self, persons: pl.DataFrame, area: pl.Series, classes: Classes, frame: Frame, onto: Counted) -> None:
        self._persons, self._area, self._frame, self._classes = persons, area, frame, classes
        self._onto, self._additive = onto, onto.additive
        self._steps: list[Ints] = []

    def closed(self) -> Counted:
        """All that was entered."""
        steps = add_steps([self._onto.steps, count_steps(self._steps)])
        return Counted(with_year_ends(self._onto.block), steps)

    def _year_and_class(self, persons: pl.Series, dates: pl.Series) -> tuple[Ints, Ints]:
        """Place of the year of each date, and class of each person in that year."""
        year = events.year_place(dates, self._frame.years.start)
        row = rows_of(self._persons["person"], persons)
        return year, self._classes[row, year].astype(np.int64)

    def _areas(self, objects: pl.Series) -> Ints:
        return self._area.gather(objects).to_numpy().astype(np.int64)

    def events(self, found: pl.DataFrame, heads: pl.Series | None) -> None:
        """Events at one object, in the class of their year: of persons, and of those among them who head a household.

        Args:
            found: `person`, `date`, `object`, `kind`.
            heads: whether each is a reference person; None: these are events of households only.
        """
        year, income_class = self._year_and_class(found["person"], found["date"])
        _, areas, classes = self._frame.shape
        cell = (year * areas + self._areas(found["object"])) * classes + income_class
        for kind in found["kind"].unique().sort():
            chosen = (found["kind"] == kind).to_numpy()
            if heads is not None:
                np.add.at(self._additive["persons", kind].reshape(-1), cell[chosen], 1)
                chosen = chosen & heads.to_numpy()
            np.add.at(self._additive["households", kind].reshape(-1), cell[chosen], 1)

    def moves(self, moved: pl.DataFrame, heads: pl.Series) -> None:
        """Moves between areas: of persons, and of those among them who head a household."""
        year, income_class = self._year_and_class(moved["person"], moved["move_date"])
        step: dict[str, Classes | int] = {
            "what": MOVES,
            "year": year,
            "origin": self._areas(moved["origin_object"]),
            "destination": self._areas(moved["destination_object"]),
            "was": income_class,
            "becomes": income_class,
        }
        self._steps.append(_pack_step({"unit": UNITS.index("persons"), **step}))
        self._steps.append(_pack_step({"unit": UNITS.index("households"), **step})[heads.to_numpy()])

    def stocks(self, stocks: Stocks) -> None:
        """Stocks at both ends of each year, and those of another class at its end."""
        years = len(self._frame.years)
        area, before = stocks.area(self._area), {unit: np.zeros(0, dtype=bool) for unit in UNITS}
        for column in range(years + 1):
            there = stocks.object[:, column] != ABSENT
            for unit, present in (("persons", there), ("households", there & stocks.is_reference[:, column])):
                rows = np.flatnonzero(present)
                cell = area[rows, column] * len(CLASSES) + self._classes[rows, column]
                if column < years:
                    self._add(unit, "stock_start", column, cell)
                else:  # every other is the one with which the next year starts
                    self._add(unit, "stock_end", column - 1, cell)
                if column:
                    self._changes(unit, column - 1, rows, before[unit], area)
                before[unit] = present

    def _add(self, unit: str, name: str, year: int, cell: Ints) -> None:
        """Occurrences by area and class in one year."""
        counts = self._additive[unit, name][year].reshape(-1)
        counts += np.bincount(cell, minlength=len(counts)).astype(np.int32)

    def _changes(self, unit: str, year: int, last: Ints, before: Flags, area: Ints) -> None:
        """Those who are in another class at the end of the year: who was there at its beginning, and who was not."""
        was, becomes = self._classes[:, year], self._classes[:, year + 1]
        changed = last[was[last] != becomes[last]]
        was_there = before[changed]
        stays, new = changed[was_there], changed[~was_there]
        end = area[:, year + 1]
        for rows, into, out in ((stays, "class_in", "class_out"), (new, "coverage_in", "coverage_out")):
            cell = end[rows] * len(CLASSES)
            self._add(unit, out, year, cell + was[rows])
            self._add(unit, into, year, cell + becomes[rows])
        start = area[:, year]
        moved = stays[start[stays] != end[stays]]
        step: dict[str, Classes | int] = {
            "origin": start[moved],
            "destination": end[moved],
            "was": was[moved],
            "becomes": becomes[moved],
        }
        self._steps.append(_pack_step({"unit": UNITS.index(unit), "what": OTHER_CLASSES, "year": year, **step}))


def roll_up_account(counted: Counted, frame: Frame, areas: pl.DataFrame, levels: tuple[str, ...]) -> pl.DataFrame:
    """The account at every level and for the country: one row per `ACCOUNT_KEYS`, with `COMPONENTS`; sorted by its keys.

    Cells in which nothing happened and nobody was are left out.

    Args:
        counted: of all partitions, added up.
        frame: years and areas.
        areas: of `places.zone_areas`.
        levels: which.
    """
    steps = _unpack_step(counted.steps["cell"].to_numpy()), counted.steps["count"].to_numpy()
    tables = []
    for level in (*levels, NATIONAL):
        names = areas[level] if level != NATIONAL else pl.Series([NATIONAL]).new_from_index(0, areas.height)
        places = names.unique().sort()
        number = names.replace_strict(places, np.arange(len(places)), return_dtype=pl.Int64).to_numpy()
        lost = places.to_list().index(UNPLACEABLE) if UNPLACEABLE in places else -1
        for unit in UNITS:
            book = _at_level(counted, steps, frame, unit, number, len(places), lost)
            tables.append(_table(book, frame, unit, level, places))
    return pl.concat(tables).sort(ACCOUNT_KEYS)


def _at_level(
    counted: Counted, steps: tuple[dict[str, Ints], Ints], frame: Frame, unit: str, number: Ints, places: int, lost: int
) -> dict[str, Ints]:
    shape = (len(frame.years), places, len(CLASSES))
    book: dict[str, Ints] = {name: np.zeros(shape, dtype=np.int64) for name in COMPONENTS}
    order = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[order], np.arange(places))
    for name in ADDITIVE:
        book[name] = np.add.reduceat(counted.additive[unit, name][:, order], starts, axis=1, dtype=np.int64)
    if lost >= 0:  # any step to or from `unplaceable` is coverage, whoever comes from abroad included
        for kind, coverage in (("immigration", "coverage_in"), ("emigration", "coverage_out")):
            book[coverage][:, lost] += book[kind][:, lost]
            book[kind][:, lost] = 0
    step, count = steps
    origin, destination = number[step["origin"]], number[step["destination"]]
    elsewhere = (origin != destination) & (step["unit"] == UNITS.index(unit))
    placed = (origin != lost) & (destination != lost)
    moves = step["what"] == MOVES

    def enter(name: str, chosen: Flags, place: Ints, income_class: Ints) -> None:
        cell = (step["year"][chosen] * places + place[chosen]) * len(CLASSES) + income_class[chosen]
        # Sums of whole numbers below 2**53 are exact as fractions too, and several times as fast as `np.add.at`.
        added = np.bincount(cell, weights=count[chosen], minlength=book[name].size)
        book[name] += added.astype(np.int64).reshape(shape)

    for chosen, into, out in (
        (moves & elsewhere & placed, "moves_in", "moves_out"),
        (moves & elsewhere & ~placed, "coverage_in", "coverage_out"),
    ):
        enter(into, chosen, destination, step["was"])
        enter(out, chosen, origin, step["was"])
    movers = ~moves & elsewhere
    enter("class_in_movers", movers, destination, step["becomes"])
    enter("class_out_movers", movers, destination, step["was"])
    for sign, names in ((1, _ADDED), (-1, _TAKEN)):
        for name in names:
            book["residual"] += sign * book[name]
    return book


def _table(book: dict[str, Ints], frame: Frame, unit: str, level: str, places: pl.Series) -> pl.DataFrame:
    used = np.flatnonzero(sum(np.abs(counts) for counts in book.values()))
    year, place, income_class = np.unravel_index(used, book["stock_start"].shape)
    return pl.DataFrame(
        {
            "unit": pl.Series([unit]).new_from_index(0, len(used)),
            "level": pl.Series([level]).new_from_index(0, len(used)),
            "year": pl.Series(year.astype(np.int64) + frame.years.start),
            "place": places.gather(place),
            "income_class": pl.Series(CLASSES).gather(income_class),
            **{name: counts.reshape(-1)[used] for name, counts in book.items()},
        }
    )
