"""One compiled pass over the sorted spells of a partition, person after person (numba, the extra `fast`). Pure.

It does what stocks, moves, account and coverage do with arrays, one after the other: those are the oracle, and what runs where
numba is not installed. This module imports numba: `at_once` asks for it only where it is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numba
import numpy as np

from mobility.flows.account import BLOCK, MOVES, OTHER_CLASSES
from mobility.income import UNKNOWN

if TYPE_CHECKING:
    from mobility.at_once import Known, Migrations, Numbers, Tables, Wide

F = TypeVar("F", bound=Callable[..., Any])
RE_ENTRY, REMOVAL = 1, 2
_NEVER = np.iinfo(np.int32).max
_NAMES = [name for unit, name in BLOCK if unit == "persons"]
_HOUSEHOLDS, _PERSONS = (next(i for i, key in enumerate(BLOCK) if key[0] == unit) for unit in ("households", "persons"))
_BIRTHS, _DEATHS, _FORMED, _DISSOLVED = map(_NAMES.index, ("births", "deaths", "formed", "dissolved"))
_IMMIGRATION, _EMIGRATION = map(_NAMES.index, ("immigration", "emigration"))
_COVERAGE_IN, _COVERAGE_OUT = map(_NAMES.index, ("coverage_in", "coverage_out"))
_CLASS_IN, _CLASS_OUT, _STOCK_START, _STOCK_END = map(
    _NAMES.index, ("class_in", "class_out", "stock_start", "stock_end")
)


def compiled(function: F) -> F:
    """The function compiled when it is first called; the machine code is kept beside the module, where that can be written."""
    try:
        return numba.njit(function, cache=True, nogil=True)  # type: ignore[no-any-return]
    except RuntimeError:  # nowhere to keep it
        return numba.njit(function, nogil=True)  # type: ignore[no-any-return]


@compiled
def _row(start: Numbers, end: Numbers, first: int, last: int, day: int) -> int:
    """Row, of some of one person, that covers a day; -1: none."""
    row = last - 1
    while row >= first and start[row] > day:
        row -= 1
    return row if row >= first and day < end[row] else -1


@compiled
def _class(known: Known, place: int, year: int) -> int:
    column = year - known.first_year
    return np.int64(known.classes[place, column]) if 0 <= column < known.classes.shape[1] else UNKNOWN


@compiled
def _near(given: Migrations, first: int, last: int, day: int, slack: int, kind: int) -> bool:
    for row in range(first, last):  # noqa: SIM110 - numba compiles no generator
        if given.kind[row] == kind and abs(given.day[row] - day) <= slack:
            return True
    return False


@compiled
def _hash(person: int, year: int) -> int:
    """`records.record_hash`."""
    mixed = ((np.uint64(person) << np.uint64(16)) ^ np.uint64(year)) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.int64((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(28))


@compiled
def _step(unit: int, what: int, year: int, origin: int, destination: int, was: int, becomes: int) -> int:
    """`account._pack_step`."""
    return (((((unit << 1) | what) << 8) | year) << 44) | (origin << 26) | (destination << 8) | (was << 4) | becomes


@compiled
def _after(column: Numbers, row: int, person: int) -> int:
    """The first row from this one on whose person is not smaller."""
    while row < len(column) and column[row] < person:
        row += 1
    return row


@compiled
def follow(tables: Tables, known: Known, tally: Numbers, covered: Wide) -> tuple[Numbers, Numbers, Wide]:  # noqa: C901
    """Moves and transitions (columns of both: `at_once.MOVE`), and steps between areas.

    Entered in `tally`, by area, class, place in `BLOCK` and year (of the stocks at its end only the last), and in `covered`, by
    year and measure of `quality.count_coverage`: persons, reference persons and the sum of keys.
    """
    people, lived, kept, migrated = tables
    rows, years, final, first_day = len(lived.start), tally.shape[3], known.days[-1], known.days[0] + 1
    moved, passed, steps = np.empty((rows, 8), np.int32), np.empty((rows, 8), np.int32), np.empty(4 * rows, np.int64)
    r = h = m = moves = transitions = stepped = 0
    for place in range(len(people.person)):
        person, past, died = people.person[place], people.person[place] + 1, people.death[place]
        r0, h0, m0 = _after(lived.person, r, person), _after(kept.person, h, person), _after(migrated.person, m, person)
        r, h, m = _after(lived.person, r0, past), _after(kept.person, h0, past), _after(migrated.person, m0, past)
        year_before = -1_000_000
        for i in range(r0, r):  # entries, moves and exits
            here, start, end = lived.object[i], lived.start[i], lived.end[i]
            if here < 0:
                continue
            before = lived.object[i - 1] if i > r0 else -1
            after = lived.object[i + 1] if i + 1 < r else -1
            area = np.int64(known.area[here])
            if before < 0 and first_day <= start <= final:
                year, kind = known.year_of[start - known.from_day], _IMMIGRATION
                if i == r0 and people.birth[place] <= start < people.second_month[place]:
                    kind = _BIRTHS
                elif (i == r0 and start <= known.register_day) or _near(migrated, m0, m, start, known.slack, RE_ENTRY):
                    kind = _COVERAGE_IN
                of, home = _class(known, place, year), _row(kept.start, kept.end, h0, h, start)
                tally[area, of, _PERSONS + kind, year - known.year] += 1
                tally[area, of, _HOUSEHOLDS + kind, year - known.year] += home >= 0 and kept.is_reference[home]
            elif before >= 0 and before != here:
                year, home = known.year_of[start - known.from_day], _row(kept.start, kept.end, h0, h, start - 1)
                of, origin = _class(known, place, year), np.int64(known.area[before])
                move, first = moved[moves], year != year_before
                move[0], move[1], move[2], move[3], move[4], move[5] = place, start, start - 1, before, here, home
                move[6], move[7], moves, year_before = of, first, moves + 1, year
                if first_day <= start <= final and origin != area:
                    now = _row(kept.start, kept.end, h0, h, start)
                    heads = home >= 0 and now >= 0 and kept.is_reference[home] and kept.is_reference[now]
                    for unit in range(2 if heads else 1):
                        steps[stepped] = _step(unit, MOVES, year - known.year, origin, area, of, of)
                        stepped += 1
            if after < 0 and end <= final + 1:
                dies = died + 1 == end
                date = end - 1 if dies else end
                if first_day <= date <= final:
                    removed, year = (
                        _near(migrated, m0, m, end, known.slack, REMOVAL),
                        known.year_of[date - known.from_day],
                    )
                    kind = _DEATHS if dies else _COVERAGE_OUT if removed else _EMIGRATION
                    of, home = _class(known, place, year), _row(kept.start, kept.end, h0, h, end - 1)
                    tally[area, of, _PERSONS + kind, year - known.year] += 1
                    tally[area, of, _HOUSEHOLDS + kind, year - known.year] += home >= 0 and kept.is_reference[home]
        since = np.int64(_NEVER)  # end of the reference spell before, which another may follow at once
        for k in range(h0, h + 1):
            if k < h and not kept.is_reference[k]:
                continue
            begins = np.int64(kept.start[k]) if k < h else np.int64(_NEVER)
            for formed in range(2):
                date = begins if formed else since
                if begins != since and first_day <= date <= final:
                    there = _row(lived.start, lived.end, r0, r, date)
                    was = _row(lived.start, lived.end, r0, r, date - 1)
                    if there >= 0 and was >= 0 and lived.object[there] >= 0 and lived.object[was] >= 0:
                        year, area = (
                            known.year_of[date - known.from_day],
                            known.area[lived.object[there if formed else was]],
                        )
                        kind = _HOUSEHOLDS + (_FORMED if formed else _DISSOLVED)
                        tally[area, _class(known, place, year), kind, year - known.year] += 1
            since = np.int64(kept.end[k]) if k < h else since
        i, k, was_home, was_there, was_head, was_settled = r0, h0, -1, False, False, False
        before = at_before = of_before = np.int64(-1)
        for column in range(years + 1):  # stocks
            day = known.days[column]
            while i < r and lived.end[i] <= day:
                i += 1
            while k < h and kept.end[k] <= day:
                k += 1
            here = np.int64(lived.object[i]) if i < r and lived.start[i] <= day and died != day else np.int64(-1)
            home = k if k < h and kept.start[k] <= day else -1
            there, of = here >= 0, _class(known, place, known.after[column])
            is_head = there and home >= 0 and kept.is_reference[home]
            settled = there and home >= 0 and kept.is_private[home]
            at = np.int64(known.area[here]) if there else np.int64(-1)
            for unit in range((2 if is_head else 1) if there else 0):
                base = _HOUSEHOLDS if unit else _PERSONS
                name, year = (_STOCK_START, column) if column < years else (_STOCK_END, column - 1)
                tally[at, of, base + name, year] += 1
                if column and of != of_before:
                    stayed = was_head if unit else was_there
                    tally[at, of_before, base + (_CLASS_OUT if stayed else _COVERAGE_OUT), column - 1] += 1
                    tally[at, of, base + (_CLASS_IN if stayed else _COVERAGE_IN), column - 1] += 1
                    if stayed and at != at_before:
                        steps[stepped] = _step(unit, OTHER_CLASSES, column - 1, at_before, at, of_before, of)
                        stepped += 1
            if there and column < years:
                key = _hash(person, known.year + column)
                for measure in range(4):
                    if measure == 0 or (at > 0 if measure == 1 else home >= 0 if measure == 2 else of != UNKNOWN):
                        covered[column, measure, 0] += 1
                        covered[column, measure, 1] += is_head
                        covered[column, measure, 2] += key
            if settled and was_settled and here != before:
                move, start = passed[transitions], known.days[column - 1]
                move[0], move[1], move[2], move[3], move[4], move[5] = place, day, start, before, here, was_home
                move[6], move[7], transitions = of_before, True, transitions + 1
            was_there, was_head, was_settled, was_home = there, is_head, settled, home
            before, at_before, of_before = here, at, of
    return moved[:moves], passed[:transitions], steps[:stepped]
