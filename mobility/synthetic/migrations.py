"""GBAMIGRATIEBUS: who came to the country and who left it, from the true life histories."""

from __future__ import annotations

import numpy as np
import polars as pl

from mobility.synthetic.country import Country
from mobility.synthetic.days import FOREVER, REGISTER_START, AnyInts, day_texts, year_of

NEWBORN_DAYS = 31  # a first address so soon after birth is a birth, not an arrival
REMOVED_SHARE = 0.25  # of departures: the municipality finds out that nobody lives there
LATE_RATE = 0.04  # events that are reported after the year is counted
_IMMIGRATION, _EMIGRATION, _REMOVAL, _RE_ENTRY = "1", "2", "3", "4"
_COUNTRIES = ("5010", "6029", "6039", "7028", "6043", "5022", "5007", "0000")


def migrations(country: Country, last_year: int, rng: np.random.Generator) -> pl.DataFrame:
    """One row per event that was reported in time; who was removed comes back by re-entry, not by immigration."""
    spells, people = country.addresses, country.persons
    same = spells.person[1:] == spells.person[:-1]
    begins, ends = np.append(True, ~same), np.append(~same, True)
    hole = same & (spells.end[:-1] < spells.start[1:])
    arrival = begins & (spells.start - people.birth[spells.person] >= NEWBORN_DAYS) & (spells.start > REGISTER_START)
    cut_off = np.datetime64(f"{last_year + 1}-01-01").astype("datetime64[D]").astype(np.int32)
    dead = people.death[spells.person] < FOREVER
    gone = ends & ~dead & (spells.end < cut_off)
    # Who lived in the country when the simulation starts has no arrival on record.
    arrival &= spells.start >= country.first_day
    away, back = np.append(hole, False), np.append(False, hole)
    removed = (gone | away) & (rng.random(len(spells.person)) < REMOVED_SHARE)
    re_entered = np.append(False, removed[:-1]) & back
    rows = [
        (arrival | (back & ~re_entered), spells.start, _IMMIGRATION),
        (re_entered, spells.start, _RE_ENTRY),
        ((gone | away) & ~removed, spells.end, _EMIGRATION),
        (removed, spells.end, _REMOVAL),
    ]
    person: AnyInts = np.concatenate([spells.person[chosen] for chosen, _, _ in rows])
    day = np.concatenate([days[chosen] for chosen, days, _ in rows])
    kind = np.repeat([code for *_, code in rows], [int(chosen.sum()) for chosen, _, _ in rows])
    published = year_of(day) + (rng.random(len(day)) < LATE_RATE)
    place = np.array(_COUNTRIES)[rng.integers(0, len(_COUNTRIES), len(day))]
    place = np.where((kind == _REMOVAL) | (kind == _RE_ENTRY), "----", place)
    table = pl.DataFrame(
        {
            "person": people.text.gather(person),
            "migration_kind": kind,
            "migration_date": day_texts(day, "--------"),
            "GBALANDMIGRATIE": place,
            "GBAPUBLICATIEJAAR": pl.Series(published).cast(pl.String),
        }
    ).with_columns(person_type=pl.lit("R"))
    return table.filter(pl.Series(published <= last_year)).sort("person", "migration_date", "migration_kind")
