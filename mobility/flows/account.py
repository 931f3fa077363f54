"""The account of every place, class and year, in persons and in households (method 5). Pure.

Each component is counted from its own events; that nothing remains is a test.

A year runs from one stock to the next. Whoever is in both is booked from the first place to the last by moves in the class of
the year, and at the last place from the class of the year to that of the next. Whoever entered during the year and is then in
another class was not known before: that step is `coverage`. A household stands where its reference person does.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.flows import events
from mobility.flows.events import Lives
from mobility.income import CLASSES
from mobility.moves import find_moves
from mobility.places import UNPLACEABLE
from mobility.stocks import Ints, Stocks

ACCOUNT_KEYS = ("unit", "level", "year", "place", "income_class")
COMPONENTS = (
    *("stock_start", "moves_in", "moves_out", "births", "deaths", "immigration", "emigration"),
    *("class_in", "class_out", "class_in_movers", "class_out_movers", "coverage_in", "coverage_out"),
    *("formed", "dissolved", "stock_end", "residual"),
)
UNITS = ("persons", "households")
NATIONAL = "national"
# Components that simply add up from areas to places; steps between two areas do not.
ADDITIVE = (
    *("stock_start", "births", "deaths", "immigration", "emigration", "class_in", "class_out"),
    *("coverage_in", "coverage_out", "formed", "dissolved", "stock_end"),
)
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

    def count(self, year: Ints, area: Ints, income_class: Ints) -> Ints:
        """Occurrences by year, area and class."""
        cell = (year * self.areas + area) * len(CLASSES) + income_class
        return np.bincount(cell, minlength=int(np.prod(self.shape))).reshape(self.shape)


@dataclass(frozen=True)
class Counted:
    """The account of some persons, by area.

    Attributes:
        additive: unit and component to counts by year, area and class.
        steps: steps between two areas, one row per `cell` (of `_pack_step`) with `count`.
    """

    additive: dict[tuple[str, str], Ints]
    steps: pl.DataFrame

    def plus(self, other: Counted) -> Counted:
        """The account of both, the arrays of this one reused."""
        for key, counts in other.additive.items():
            self.additive[key] += counts
        steps = pl.concat([self.steps, other.steps]).group_by("cell").agg(pl.col("count").sum())
        return Counted(self.additive, steps)


# Fields of a step between two areas, with their bits: one whole number is grouped several times as fast as seven columns.
_STEP = {"unit": 1, "what": 1, "year": 8, "origin": 18, "destination": 18, "was": 4, "becomes": 4}
_MOVES, _CLASSES = 0, 1  # what: a move, or another class in the year after at another place


def _pack_step(fields: dict[str, Ints | int]) -> Ints:
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
    classes: Ints,
    frame: Frame,
    first_day: dt.date,
    slack_days: int,
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
    """
    during = dt.date(frame.years.start, 1, 1), stocks.days[-1]
    arrived = events.entries(lives, first_day, slack_days, during)
    left = events.exits(lives, slack_days, during)
    moved = find_moves(lives.residence).with_columns(date="move_date").filter(pl.col("date").is_between(*during))
    # Within an area a move changes no account.
    moved = moved.filter(area.gather(moved["origin_object"]) != area.gather(moved["destination_object"]))
    changed = events.changes_at_home(lives, during)
    households = lives.households
    book = _Book(lives.persons, area, stocks, classes, frame)
    for found in (arrived, left):
        heads = events.reference_on(households, found["person"], found["day_there"])
        for kind in found["kind"].unique().sort():
            is_kind = found["kind"] == kind
            book.events("persons", kind, found.filter(is_kind))
            book.events("households", kind, found.filter(is_kind & heads))
    for kind in ("formed", "dissolved"):
        book.events("households", kind, changed.filter(changed["kind"] == kind))
    was = events.reference_on(households, moved["person"], moved["before_date"])
    becomes = events.reference_on(households, moved["person"], moved["date"])
    book.moves("persons", moved)
    book.moves("households", moved.filter(was & becomes))
    book.stocks("persons", stocks.is_there)
    book.stocks("households", stocks.is_there & stocks.is_reference)
    return book.closed()


class _Book:
    """Entries are made here, by area; `closed` gives what was entered."""

    def __init__(self, persons: pl.DataFrame, area: pl.Series, stocks: Stocks, classes: Ints, frame: Frame) -> None:
        self._persons, self._area, self._frame, self._classes = persons, area, frame, classes
        self._stock_area = stocks.area(area)
        self._last = stocks.days[-1]
        self._additive = {(unit, name): np.zeros(frame.shape, dtype=np.int64) for unit in UNITS for name in ADDITIVE}
        self._steps: list[Ints] = [np.zeros(0, dtype=np.int64)]

    def closed(self) -> Counted:
        """All that was entered."""
        cells = pl.DataFrame({"cell": np.concatenate(self._steps)})
        return Counted(self._additive, cells.group_by("cell").agg(count=pl.len().cast(pl.Int64)))

    def _in_years(self, found: pl.DataFrame) -> tuple[pl.DataFrame, Ints, Ints]:
        """Rows within the years and until the last stock, with the place of their year and their class in it."""
        first, last = self._frame.years.start, self._frame.years.stop - 1
        inside = found.filter(pl.col("date").dt.year().is_between(first, last), pl.col("date") <= self._last)
        year = events.year_place(inside["date"], first)
        row = self._persons["person"].search_sorted(inside["person"]).to_numpy()
        return inside, year, self._classes[row, year]

    def events(self, unit: str, kind: str, found: pl.DataFrame) -> None:
        """Events at one object, in the class of their year."""
        inside, year, income_class = self._in_years(found)
        where = self._area.gather(inside["object"]).to_numpy().astype(np.int64)
        self._additive[unit, kind] += self._frame.count(year, where, income_class)

    def moves(self, unit: str, found: pl.DataFrame) -> None:
        """Moves between areas; within one they change no account."""
        inside, year, income_class = self._in_years(found)
        origin = self._area.gather(inside["origin_object"]).to_numpy().astype(np.int64)
        destination = self._area.gather(inside["destination_object"]).to_numpy().astype(np.int64)
        step = _pack_step(
            {
                "unit": UNITS.index(unit),
                "what": _MOVES,
                "year": year,
                "origin": origin,
                "destination": destination,
                "was": income_class,
                "becomes": income_class,
            }
        )
        self._steps.append(step[origin != destination])

    def stocks(self, unit: str, there: npt.NDArray[np.bool_]) -> None:
        """Stocks at both ends of each year, and those of another class at its end."""
        for year in range(len(self._frame.years)):
            before, after = there[:, year], there[:, year + 1]
            start, end = self._stock_area[:, year], self._stock_area[:, year + 1]
            was, becomes = self._classes[:, year], self._classes[:, year + 1]
            first, last = np.flatnonzero(before), np.flatnonzero(after)
            self._add(unit, "stock_start", year, start[first], was[first])
            self._add(unit, "stock_end", year, end[last], becomes[last])
            changed = last[was[last] != becomes[last]]
            was_there = before[changed]
            stays, new = changed[was_there], changed[~was_there]
            for rows, into, out in ((stays, "class_in", "class_out"), (new, "coverage_in", "coverage_out")):
                self._add(unit, out, year, end[rows], was[rows])
                self._add(unit, into, year, end[rows], becomes[rows])
            moved = stays[start[stays] != end[stays]]
            self._steps.append(
                _pack_step(
                    {
                        "unit": UNITS.index(unit),
                        "what": _CLASSES,
                        "year": year,
                        "origin": start[moved],
                        "destination": end[moved],
                        "was": was[moved],
                        "becomes": becomes[moved],
                    }
                )
            )

    def _add(self, unit: str, name: str, year: int, area: Ints, income_class: Ints) -> None:
        counts = self._additive[unit, name]
        cell = area * len(CLASSES) + income_class
        counts[year] += np.bincount(cell, minlength=counts[year].size).reshape(counts[year].shape)


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
    for name in ADDITIVE:
        for year, counts in enumerate(counted.additive[unit, name]):
            np.add.at(book[name][year], number, counts)
    if lost >= 0:  # any step to or from `unplaceable` is coverage, whoever comes from abroad included
        for kind, coverage in (("immigration", "coverage_in"), ("emigration", "coverage_out")):
            book[coverage][:, lost] += book[kind][:, lost]
            book[kind][:, lost] = 0
    step, count = steps
    at, was, becomes = step["year"], step["was"], step["becomes"]
    origin, destination = number[step["origin"]], number[step["destination"]]
    elsewhere = (origin != destination) & (step["unit"] == UNITS.index(unit))
    placed = (origin != lost) & (destination != lost)
    moves = step["what"] == _MOVES
    for chosen, into, out in (
        (moves & elsewhere & placed, "moves_in", "moves_out"),
        (moves & elsewhere & ~placed, "coverage_in", "coverage_out"),
    ):
        np.add.at(book[into], (at[chosen], destination[chosen], was[chosen]), count[chosen])
        np.add.at(book[out], (at[chosen], origin[chosen], was[chosen]), count[chosen])
    movers = ~moves & elsewhere
    np.add.at(book["class_in_movers"], (at[movers], destination[movers], becomes[movers]), count[movers])
    np.add.at(book["class_out_movers"], (at[movers], destination[movers], was[movers]), count[movers])
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
