"""Residence: from overlapping registrations to one address on every day (method 1). Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.panel.lookup import packed, rows_of

_KEY = ("person", "start_date", "end_date", "object")
_FOREVER = dt.date(9999, 12, 31)  # stands for an open end while dates are compared; never leaves this module


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


def reside(registrations: pl.DataFrame, persons: pl.DataFrame, slack_days: int, cut_off: dt.date) -> Resided:
    """Where each person lived on every day from the first registration on.

    Args:
        registrations: contract `tables.Registration`.
        persons: contract `tables.Person`.
        slack_days: an unregistered hole of at most so many days is bridged.
        cut_off: last day that counts.
    """
    steps: dict[str, int] = {"registrations": registrations.height}
    disjoint = resolve_overlaps(registrations.with_columns(pl.col("end_date").fill_null(_FOREVER)))
    steps["after_overlaps"] = disjoint.height
    bridged = bridge_holes(disjoint, slack_days)
    merged = merge_same_object(bridged)
    steps["after_merging"] = merged.height
    alive = clip_at_death(merged, persons)
    steps["after_death"] = alive.height
    whole = add_absence(alive, persons, cut_off)
    steps["absences"] = whole.height - alive.height
    opened = whole.with_columns(end_date=pl.when(pl.col("end_date") < _FOREVER).then("end_date"))
    return Resided(opened, steps)


def resolve_overlaps(registrations: pl.DataFrame) -> pl.DataFrame:
    """One registration at a time: the one that started last; ties: ends last; then the smallest object.

    An address that contains a later one resumes after it. Persons without any overlap, nearly all, are passed through;
    for the others every stretch between two dates on which something starts or ends gets the registration that wins it.

    Args:
        registrations: sorted by person, start, end, object; no null end.

    Returns:
        Disjoint spells sorted by person and start; neighbouring stretches of one registration are one spell.
    """
    overlaps = _same_person() & (pl.col("start_date") < pl.col("end_date").shift())
    crowded = registrations.filter(overlaps.fill_null(False))["person"].unique().sort()
    if crowded.is_empty():
        return registrations
    is_crowded = pl.Series(rows_of(crowded, registrations["person"]) >= 0)
    return _between(registrations.filter(~is_crowded), _untangle(registrations.filter(is_crowded)))


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
    resumes = _same_person() & (registration == registration.shift()) & (pl.col("at") == pl.col("until").shift())
    spell = resumes.fill_null(False).not_().cum_sum()
    return (
        won.group_by(spell.alias("spell"), maintain_order=True)
        .agg(pl.col("person", "object").first(), start_date=pl.col("at").first(), end_date=pl.col("until").last())
        .select(_KEY)
    )


def bridge_holes(spells: pl.DataFrame, slack_days: int) -> pl.DataFrame:
    """Holes of at most `slack_days` between two spells filled: the person still lives at the first address."""
    next_start = pl.when(pl.col("person") == pl.col("person").shift(-1)).then(pl.col("start_date").shift(-1))
    hole = (next_start - pl.col("end_date")).dt.total_days()
    return spells.with_columns(
        end_date=pl.when(hole.is_between(1, slack_days)).then(next_start).otherwise(pl.col("end_date"))
    )


def merge_same_object(spells: pl.DataFrame) -> pl.DataFrame:
    """Adjoining spells at one object as one spell."""
    continues = (
        _same_person()
        & pl.col("object").eq_missing(pl.col("object").shift())
        & (pl.col("start_date") == pl.col("end_date").shift())
    ).fill_null(False)
    last = continues.shift(-1).fill_null(False).not_()  # the next row does not continue this one
    # Of each run keep its first row, and give it the end of its last row: both in the same order, one of each per run.
    marked = spells.with_columns(is_first=~continues, is_last=last)
    ends = marked.filter("is_last")["end_date"]
    return marked.filter("is_first").with_columns(end_date=ends).select(_KEY)


def clip_at_death(spells: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """The day of death is the last day of residence; nothing after it."""
    day_after = pl.col("death_date").dt.offset_by("1d")
    return (
        _with_death(spells, persons)
        .filter(pl.col("death_date").is_null() | (pl.col("start_date") <= pl.col("death_date")))
        .with_columns(end_date=pl.min_horizontal("end_date", day_after))
        .select(_KEY)
    )


def add_absence(spells: pl.DataFrame, persons: pl.DataFrame, cut_off: dt.date) -> pl.DataFrame:
    """Spells of absence (object null) wherever a person is registered nowhere after the first registration.

    An absence lasts until the next registration, death, or, open, past the cut-off. A last spell that runs to the cut-off is
    followed by nothing.
    """
    dying = _with_death(spells, persons)
    next_start = pl.when(pl.col("person") == pl.col("person").shift(-1)).then(pl.col("start_date").shift(-1))
    after_death = pl.col("death_date").dt.offset_by("1d")
    marked = dying.with_columns(until=pl.coalesce(next_start, after_death, pl.lit(_FOREVER)))
    absent = marked.filter(pl.col("end_date") <= cut_off, pl.col("until") > pl.col("end_date")).select(
        "person", start_date="end_date", end_date="until", object=pl.lit(None, pl.UInt32)
    )
    return _between(spells, absent)


def _with_death(spells: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """Spells with the `death_date` of their person; empty for who is not in `persons`."""
    row = rows_of(persons["person"], spells["person"])
    known = pl.Series(np.where(row >= 0, row, len(persons)), dtype=pl.UInt32)
    return spells.with_columns(persons["death_date"].append(pl.Series([None], dtype=pl.Date)).gather(known))


def _between(spells: pl.DataFrame, further: pl.DataFrame) -> pl.DataFrame:
    """Two tables sorted by person and start as one: sorting all again would cost more than everything else here."""
    if further.is_empty():
        return spells
    key, place = packed(spells["person"], spells["start_date"]), packed(further["person"], further["start_date"])
    target = np.searchsorted(key, place, side="right") + np.arange(len(place))
    source = np.empty(len(key) + len(place), dtype=np.uint32)
    is_further = np.zeros(len(source), dtype=bool)
    is_further[target] = True
    source[target] = np.arange(len(key), len(source), dtype=np.uint32)
    source[~is_further] = np.arange(len(key), dtype=np.uint32)
    return pl.concat([spells, further], rechunk=True).select(pl.all().gather(pl.Series(source)))


def _same_person() -> pl.Expr:
    return pl.col("person") == pl.col("person").shift()
