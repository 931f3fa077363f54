"""Residence: from overlapping registrations to one address on every day (method 1). Pure.

Spells are worked through as sorted arrays, each compared with the one before it: nothing is sorted or joined again.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.panel.lookup import pack, rows_of

_KEY = ("person", "start_date", "end_date", "object")
_EPOCH = dt.date(1970, 1, 1)
_FOREVER = (
    dt.date(9999, 12, 31) - _EPOCH
).days  # stands for an open end while days are compared; never leaves this module
Days = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Resided:
    """Residence of one partition and what the steps did.

    Attributes:
        spells: contract `tables.Residence`: from the first registration of a person on, without holes or overlap; object
            null while away (abroad or unregistered). It ends at death.
        steps: step to number of spells it changed, for the quality table.
    """

    spells: pl.DataFrame
    steps: dict[str, int]


class _Spells(NamedTuple):
    """Columns of spells, sorted by person and start; an open end is `_FOREVER`."""

    person: npt.NDArray[np.uint32]
    start: Days
    end: Days
    object: npt.NDArray[np.uint32]

    @property
    def same(self) -> Flags:
        """Whether each spell but the first is of the same person as the one before."""
        same: Flags = self.person[1:] == self.person[:-1]
        return same

    def where(self, chosen: Flags) -> _Spells:
        """The chosen spells."""
        return _Spells(self.person[chosen], self.start[chosen], self.end[chosen], self.object[chosen])


def reside(registrations: pl.DataFrame, persons: pl.DataFrame, slack_days: int, cut_off: dt.date) -> Resided:
    """Where each person lived on every day from the first registration on.

    Args:
        registrations: contract `tables.Registration`.
        persons: contract `tables.Person`.
        slack_days: an unregistered hole of at most so many days is bridged.
        cut_off: last day that counts.
    """
    steps: dict[str, int] = {"registrations": registrations.height}
    disjoint = _resolve_overlaps(_columns(registrations))
    steps["after_overlaps"] = len(disjoint.person)
    merged = _merge_same_object(_bridge_holes(disjoint, slack_days))
    steps["after_merging"] = len(merged.person)
    row = rows_of(persons["person"], merged.person)
    death = persons["death_date"].to_physical().fill_null(_FOREVER - 1).to_numpy()
    died = np.append(death, np.int32(_FOREVER - 1))[row]  # the last is that of a person who is not known, -1
    # The day of death is the last day of residence; nothing after it.
    alive = merged.start <= died
    clipped, died = merged.where(alive), died[alive]
    clipped = clipped._replace(end=np.minimum(clipped.end, died + 1))
    steps["after_death"] = len(clipped.person)
    is_last = np.append(~clipped.same, True)[: len(clipped.person)]
    # Who is said to have left before dying emigrated, or was taken off the register too early.
    steps["ended_before_death"] = int((is_last & (died < _FOREVER - 1) & (clipped.end <= died)).sum())
    whole = _with_absence(clipped, died + 1, (cut_off - _EPOCH).days)
    steps["absences"] = whole.height - steps["after_death"]
    return Resided(whole, steps)


def _columns(spells: pl.DataFrame) -> _Spells:
    return _Spells(
        spells["person"].to_numpy(),
        spells["start_date"].to_physical().to_numpy(),
        spells["end_date"].to_physical().fill_null(_FOREVER).to_numpy(),
        spells["object"].to_numpy(),
    )


def _resolve_overlaps(registrations: _Spells) -> _Spells:
    """One registration at a time: the one that started last; ties: ends last; then the smallest object.

    An address that contains a later one resumes after it. Persons without any overlap, nearly all, are passed through;
    for the others every stretch between two dates on which something starts or ends gets the registration that wins it.
    """
    same = registrations.same
    overlaps = np.append(False, same & (registrations.start[1:] < registrations.end[:-1]))
    if not overlaps.any():
        return registrations
    run = np.cumsum(np.append(True, ~same)[: len(overlaps)]) - 1
    crowded = np.zeros(run[-1] + 1, dtype=bool)
    crowded[run[overlaps]] = True
    simple, tangled = registrations.where(~crowded[run]), registrations.where(crowded[run])
    frame = pl.DataFrame(dict(zip(_KEY, tangled, strict=True)))
    return _between(simple, _columns(_untangle(frame)))


def _between(spells: _Spells, further: _Spells) -> _Spells:
    """Two tables of spells as one; both are sorted, so that it need not be sorted again."""
    place = np.searchsorted(pack(spells.person, spells.start), pack(further.person, further.start), side="right")
    is_further = np.zeros(len(spells.person) + len(place), dtype=bool)
    is_further[place + np.arange(len(place))] = True
    order = np.empty(len(is_further), dtype=np.int64)  # rows of both tables, one below the other
    order[~is_further] = np.arange(len(spells.person))
    order[is_further] = np.arange(len(spells.person), len(is_further))
    return _Spells(
        np.concatenate((spells.person, further.person))[order],
        np.concatenate((spells.start, further.start))[order],
        np.concatenate((spells.end, further.end))[order],
        np.concatenate((spells.object, further.object))[order],
    )


def _untangle(registrations: pl.DataFrame) -> pl.DataFrame:
    dates = pl.concat(
        [registrations.select("person", at="start_date"), registrations.select("person", at="end_date")]
    ).unique()
    stretches = dates.sort("person", "at").with_columns(
        until=pl.when(pl.col("person") == pl.col("person").shift(-1)).then(pl.col("at").shift(-1))
    )
    claims = stretches.drop_nulls("until").join(registrations, on="person")
    claims = claims.filter(pl.col("start_date") <= pl.col("at"), pl.col("at") < pl.col("end_date"))
    won = claims.sort(
        "person", "at", "start_date", "end_date", "object", descending=[False, False, True, True, False]
    ).unique(["person", "at"], keep="first", maintain_order=True)
    registration = pl.struct("start_date", "end_date", "object")
    resumes = (
        (pl.col("person") == pl.col("person").shift())
        & (registration == registration.shift())
        & (pl.col("at") == pl.col("until").shift())
    )
    spell = resumes.fill_null(False).not_().cum_sum()
    return (
        won.group_by(spell.alias("spell"), maintain_order=True)
        .agg(pl.col("person", "object").first(), start_date=pl.col("at").first(), end_date=pl.col("until").last())
        .select(_KEY)
    )


def _bridge_holes(spells: _Spells, slack_days: int) -> _Spells:
    """Holes of at most `slack_days` between two spells filled: the person still lives at the first address."""
    end, next_start = spells.end.copy(), spells.start[1:]
    hole = next_start - end[:-1]
    filled = np.flatnonzero(spells.same & (hole >= 1) & (hole <= slack_days))
    end[filled] = next_start[filled]
    return spells._replace(end=end)


def _merge_same_object(spells: _Spells) -> _Spells:
    """Adjoining spells at one object as one spell: the first row of each run, with the end of its last."""
    _, start, end, where = spells
    begins = np.append(True, ~(spells.same & (where[1:] == where[:-1]) & (start[1:] == end[:-1])))[: len(start)]
    ends = np.append(begins[1:], True)[: len(start)]
    return spells.where(begins)._replace(end=end[ends])


def _with_absence(spells: _Spells, after_death: Days, cut_off: int) -> pl.DataFrame:
    """Spells with an absence (object null) wherever a person is registered nowhere after the first registration.

    An absence lasts until the next registration, death, or, open, past the cut-off. A last spell that runs to the cut-off is
    followed by nothing.
    """
    until = after_death.copy()
    goes_on = np.flatnonzero(spells.same)
    until[goes_on] = spells.start[goes_on + 1]
    followed = (spells.end <= cut_off) & (until > spells.end)
    place = np.arange(len(followed)) + np.cumsum(followed) - followed
    is_absent = np.ones(len(followed) + int(followed.sum()), dtype=bool)
    is_absent[place] = False
    columns = []
    for own, of_absence in zip(spells, (spells.person, spells.end, until, spells.object), strict=True):
        column = np.empty(len(is_absent), dtype=own.dtype)
        column[place] = own
        column[is_absent] = of_absence[followed]
        columns.append(column)
    whole = pl.DataFrame(dict(zip(_KEY, columns, strict=True))).with_columns(
        pl.col("start_date", "end_date").cast(pl.Date)
    )
    open_end, absent = pl.Series(columns[2] == _FOREVER), pl.Series(is_absent)
    return whole.with_columns(end_date=pl.when(~open_end).then("end_date"), object=pl.when(~absent).then("object"))
