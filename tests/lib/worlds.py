"""A fictitious country as the tables of a panel, without the road through register files: for campaigns over many

countries.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.areas import load_programme, load_zoning
from mobility.chains.cohort import Dwellings, People
from mobility.chains.programmes import Followed, follow
from mobility.places import zone_areas
from mobility.residence import reside
from mobility.settings import Chains, Synthetic
from mobility.synthetic.atlas import load_map
from mobility.synthetic.country import Country, live_through
from mobility.synthetic.days import FOREVER, as_dates

SLACK_DAYS = 31


@dataclass(frozen=True)
class World:
    """What the estimates read, and the country it was made from."""

    country: Country
    people: People
    dwellings: Dwellings
    areas: pl.DataFrame
    followed: list[Followed]
    addresses: pl.DataFrame
    cut_off: dt.date


def live_in_memory(settings: Synthetic, rules: Chains) -> World:
    """Simulate a country of one block and link it."""
    country = live_through(settings, 0)
    cut_off = dt.date(settings.last_year, 12, 31)
    areas = _areas()
    area = pl.Series((country.objects.buurt + 1).astype(np.uint32)).set(pl.Series(country.objects.is_unknown), 0)
    _, programme = load_programme("synthetic")
    return World(
        country=country,
        people=_people(country, settings, cut_off),
        dwellings=Dwellings(area, _demolished(country, cut_off), _tenure(country), dt.date(2000, 1, 1)),
        areas=areas,
        followed=[follow(each, areas, rules, cut_off) for each in programme],
        addresses=pl.DataFrame(
            {"wijk": areas["wijk"].gather(area), "x_m": country.objects.east, "y_m": country.objects.north}
        ).cast({"x_m": pl.Int64, "y_m": pl.Int64}),
        cut_off=cut_off,
    )


def _areas():
    codes = load_map().buurt_codes
    places = pl.DataFrame(
        {
            "gemeente": ["unplaceable", *(f"GM{code[:4]}" for code in codes)],
            "wijk": ["unplaceable", *(f"WK{code[:6]}" for code in codes)],
            "buurt": ["unplaceable", *(f"BU{code}" for code in codes)],
        }
    )
    return zone_areas(places, load_zoning("synthetic"))


def _days(numbers):
    return as_dates(np.where(numbers >= FOREVER, FOREVER, numbers))


def _people(country, settings, cut_off):
    born = country.persons
    persons = pl.DataFrame(
        {
            "person": np.arange(len(born.birth), dtype=np.uint32),
            "birth_date": as_dates(born.birth).dt.truncate("1mo"),
            "death_date": _days(born.death),
        }
    )
    lived = country.addresses
    registered = pl.DataFrame(
        {
            "person": lived.person.astype(np.uint32),
            "start_date": as_dates(lived.start),
            "end_date": _days(lived.end),
            "object": lived.dwelling.astype(np.uint32),
        }
    ).filter(pl.col("start_date") <= cut_off)
    residence = reside(registered, persons, SLACK_DAYS, cut_off).spells
    kept = country.households
    households = pl.DataFrame(
        {
            "person": kept.person.astype(np.uint32),
            "start_date": as_dates(kept.start),
            "end_date": _days(kept.end),
            "household": kept.household.astype(np.uint32),
            "household_type": kept.kind.astype(np.uint8),
            "is_child": kept.place == 1,
            "reference_person": kept.place != 1,
            "children": kept.children.astype(np.uint32),
        }
    ).sort("person", "start_date")
    percentile = pl.Series(born.percentile.reshape(-1).astype(np.uint8))
    incomes = pl.DataFrame({"percentile": percentile}).with_columns(
        percentile=pl.when(pl.col("percentile") > 0).then("percentile"), population=pl.lit(1, pl.UInt8)
    )
    return People(
        persons=persons,
        residence=residence.with_columns(since="start_date"),
        households=households,
        incomes=incomes,
        income_years=(settings.first_year, settings.last_year),
    )


def _demolished(country, cut_off):
    ends = _days(country.objects.end)
    return ends.set(ends > cut_off, None)


def _tenure(country):
    years = {}
    for each in country.ownership:
        tenure = np.zeros(len(country.objects.start), dtype=np.uint8)
        tenure[each.dwelling] = each.tenure + 1
        years[str(each.year)] = tenure
    return pl.DataFrame(years)
