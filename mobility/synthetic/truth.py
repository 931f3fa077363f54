"""The planted truth: persons, moves and chains, written from the life histories before any flaw of the files.

Plain and slow on purpose, and independent of the pipeline: a second reading of the same definitions.
Only the incomes are as recorded, since a class is what the register knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from mobility.settings import Synthetic
from mobility.synthetic.atlas import load_map
from mobility.synthetic.cohort import Member, cohort_members
from mobility.synthetic.country import Country
from mobility.synthetic.days import as_dates, day_number
from mobility.synthetic.geography import gemeenten
from mobility.synthetic.outcomes import Outcome, judge
from mobility.synthetic.world import NOBODY


def truth_tables(country: Country, settings: Synthetic) -> Iterator[tuple[str, pl.DataFrame]]:
    """Name and rows of each table of the truth, sorted within the block."""
    yield "persons", true_persons(country)
    yield "moves", true_moves(country, settings)
    yield "chains", true_chains(country, settings)
    yield "renumbered", true_renumbered(country)


def true_persons(country: Country) -> pl.DataFrame:
    """One row per person: true day of birth and of death, and whether the effect redirected the person."""
    people = country.persons
    return pl.DataFrame(
        {
            "person": people.number.astype(np.int64),
            "birth_date": as_dates(people.birth),
            "death_date": as_dates(people.death),
            "sex": people.sex.astype(np.int64),
            "planted": people.planted,
        }
    ).sort("person")


def true_moves(country: Country, settings: Synthetic) -> pl.DataFrame:
    """One row per move: a person's next address that begins the day the previous ends, and is no new number of the same.

    The gemeente is that of the geography year; null for an object of type D, which no register places.
    """
    spells, objects = country.addresses, country.objects
    cut_off = day_number(date(settings.last_year + 1, 1, 1))
    later = np.flatnonzero(
        (spells.person[1:] == spells.person[:-1])
        & (spells.start[1:] == spells.end[:-1])
        & (spells.dwelling[1:] != spells.dwelling[:-1])
        & (objects.former[spells.dwelling[1:]] != spells.dwelling[:-1])
        & (spells.start[1:] < cut_off)
    )
    codes = np.array([gemeente.code for gemeente in gemeenten()])[load_map().gemeente_of[objects.buurt]]
    places = pl.Series(np.char.add("GM", codes)).set(pl.Series(objects.is_unknown), None)
    origin, destination = spells.dwelling[later], spells.dwelling[later + 1]
    return pl.DataFrame(
        {
            "person": country.persons.number[spells.person[later]].astype(np.int64),
            "move_date": as_dates(spells.start[later + 1]),
            "origin_type": objects.kind.gather(origin),
            "origin_number": objects.number.gather(origin),
            "destination_type": objects.kind.gather(destination),
            "destination_number": objects.number.gather(destination),
            "origin_gemeente": places.gather(origin),
            "destination_gemeente": places.gather(destination),
        }
    ).sort("person", "move_date")


def true_renumbered(country: Country) -> pl.DataFrame:
    """One row per dwelling that got another object number while its residents stayed: no move."""
    objects = country.objects
    new = np.flatnonzero(objects.former != NOBODY)
    old = objects.former[new]
    buurten = np.array(load_map().buurt_codes)[objects.buurt[new]]
    return pl.DataFrame(
        {
            "day": as_dates(objects.start[new]),
            "buurt": pl.Series(np.char.add("BU", buurten), dtype=pl.String),
            "former_type": objects.kind.gather(old),
            "former_number": objects.number.gather(old),
            "object_type": objects.kind.gather(new),
            "object_number": objects.number.gather(new),
        }
    ).sort("day", "former_number")


def true_chains(country: Country, settings: Synthetic) -> pl.DataFrame:
    """One row per member of the cohort of every programme area, with the outcome at the end of follow-up."""
    cut_off = date(settings.last_year, 12, 31)
    members = cohort_members(country, settings)
    return pl.DataFrame(
        [_row(country, member, judge(member, cut_off)) for member in members],
        schema={
            "person": pl.Int64,
            "area": pl.String,
            "income_class": pl.String,
            "outcome": pl.String,
            "path": pl.String,
            "destination": pl.String,
            "exit_date": pl.Date,
            "arrival_date": pl.Date,
            "planted": pl.Boolean,
        },
        orient="row",
    ).sort("area", "person")


def _row(country: Country, member: Member, outcome: Outcome) -> tuple[object, ...]:
    people = country.persons
    return (
        int(people.number[member.person]),
        member.area,
        member.income_class,
        outcome.outcome,
        outcome.path,
        outcome.destination,
        outcome.exit_date,
        outcome.arrival_date,
        bool(people.planted[member.person]),
    )
