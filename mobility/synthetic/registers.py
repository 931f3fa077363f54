"""The registers of the country: one table each, with the values as delivered.

Columns bear the program's own word where the register dictionary has one, else the name in the file; `writer` puts them
in the order and form of the dictionary. Days are texts `YYYYMMDD`, last days inclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import polars as pl

from mobility.registers.dictionary import load_register
from mobility.settings import Synthetic
from mobility.synthetic.block import OwnershipYear
from mobility.synthetic.careers import Careers, careers, category_spells, jobs, personal_incomes
from mobility.synthetic.country import BAG_START, Country
from mobility.synthetic.days import FOREVER, AnyInts, day_number, day_texts
from mobility.synthetic.flaws import RATES, delay_newborn, duplicate, flaw_addresses
from mobility.synthetic.income import INCOME_SINCE, IncomeYear
from mobility.synthetic.income_files import early_incomes, income_links, incomes
from mobility.synthetic.migrations import migrations
from mobility.synthetic.names import years_of
from mobility.synthetic.places import codes, coordinates, other_codes, squares
from mobility.synthetic.proximity import SERVICES, proximity
from mobility.synthetic.tenure import early_ownership, inhabited_dwellings, ownership, ownership_and_value
from mobility.synthetic.welfare import care_costs, education, parents, wealth

OPEN_SPELL = "20501231"
OPEN_LIFE_CYCLE = "88888888"
TWO_PERIODS_RATE = 0.01  # dwellings whose floor area changed: two periods in the life cycle register


def _cut_off(settings: Synthetic) -> int:
    return day_number(np.datetime64(f"{settings.last_year + 1}-01-01").astype(object))


def _last_days(ends: AnyInts, forever: str) -> pl.Series:
    return day_texts(np.where(ends < FOREVER, ends - 1, ends), forever)


def addresses(country: Country, settings: Synthetic) -> pl.DataFrame:
    """GBAADRESOBJECTBUS."""
    spells = country.addresses
    rows = pl.DataFrame(
        {"person": spells.person, "start": spells.start, "end": spells.end, "object": spells.dwelling}
    ).with_columns(person_type=pl.lit("R"))
    if settings.flaws == "quirks":
        rows = flaw_addresses(
            rows,
            country.persons.death,
            len(country.objects.buurt),
            _cut_off(settings),
            country.stream(settings, 2),
            country.planted,
        )
    return rows.select(
        "person_type",
        person=country.persons.text.gather(rows["person"]),
        start_date=day_texts(rows["start"].to_numpy(), OPEN_SPELL),
        end_date=_last_days(rows["end"].to_numpy(), OPEN_SPELL),
        object_type=country.objects.kind.gather(rows["object"]),
        object_number=country.objects.number.gather(rows["object"]),
    )


def persons(country: Country) -> pl.DataFrame:
    """GBAPERSOONTAB: everybody who ever was registered."""
    people = country.persons
    registered = np.unique(country.addresses.person)
    birth = pl.Series(people.birth[registered]).cast(pl.Date)
    return pl.DataFrame(
        {
            "person": people.text.gather(registered),
            "sex": pl.Series(people.sex[registered]).cast(pl.String),
            "birth_year": birth.dt.strftime("%Y"),
            "birth_month": birth.dt.strftime("%m"),
        }
    ).with_columns(person_type=pl.lit("R"), GBAGEBOORTEDAG=pl.lit("01"))


def deaths(country: Country) -> pl.DataFrame:
    """GBAOVERLIJDENTAB."""
    people = country.persons
    dead = np.flatnonzero(people.death < FOREVER)
    return pl.DataFrame(
        {"person": people.text.gather(dead), "death_date": day_texts(people.death[dead], OPEN_SPELL)}
    ).with_columns(person_type=pl.lit("R"))


def households(country: Country, settings: Synthetic) -> pl.DataFrame:
    """GBAHUISHOUDENSBUS."""
    rows = pl.DataFrame(vars(country.households))
    if settings.flaws == "quirks":
        before, rows = rows, delay_newborn(rows, country.persons.birth, country.stream(settings, 3))
        country.planted["late_newborn"] += int((rows["start"] != before["start"]).sum())
    return rows.select(
        person=country.persons.text.gather(rows["person"]),
        start_date=day_texts(rows["start"].to_numpy(), OPEN_SPELL),
        end_date=_last_days(rows["end"].to_numpy(), OPEN_SPELL),
        household_number=country.household_number.gather(rows["household"]),
        household_type=pl.col("kind").cast(pl.String),
        household_place=pl.col("place").cast(pl.String),
        reference_person=pl.col("is_reference").cast(pl.Int8).cast(pl.String),
        AANTALPERSHH="persons",
        AANTALKINDHH="children",
    ).with_columns(person_type=pl.lit("R"))


def life_cycles(country: Country, settings: Synthetic) -> pl.DataFrame:
    """LEVCYCLWOONNIETWOONBUS: the periods of BAG objects; the last ends with demolition."""
    rng = country.stream(settings, 6)
    objects = country.objects
    last_day = _cut_off(settings)
    known = np.flatnonzero(objects.is_bag & (objects.start < last_day))
    start = np.maximum(objects.start[known], BAG_START)
    end = np.where(objects.end[known] < last_day, objects.end[known], FOREVER)
    floor = objects.floor_m2[known]
    middle = start + ((np.minimum(end, last_day) - start) * rng.uniform(0.2, 0.8, len(known))).astype(np.int32)
    twice = (rng.random(len(known)) < TWO_PERIODS_RATE) & (middle > start) & (middle < end)
    built = objects.built_year[known]
    if settings.flaws == "quirks":
        built = np.where(rng.random(len(known)) < RATES["unknown_built_year"], 1005, built)
    rows = pl.DataFrame(
        {
            "object_number": objects.number.gather(np.concatenate([known, known[twice]])),
            "start_date": day_texts(np.concatenate([start, middle[twice]]), OPEN_LIFE_CYCLE),
            "end_date": _last_days(np.concatenate([np.where(twice, middle, end), end[twice]]), OPEN_LIFE_CYCLE),
            "VBOOPPERVLAKTE": np.concatenate([floor, floor[twice] + 12]),
            "BOUWJAAR": pl.Series(np.concatenate([built, built[twice]])).cast(pl.String),
        }
    ).with_columns(object_type=pl.lit("B"))
    if settings.flaws == "quirks":
        before, rows = rows.height, duplicate(rows, RATES["duplicate_object"], rng)
        country.planted["repeated_cycle"] += rows.height - before
    return rows.sort("object_number", "start_date")


def all_registers(country: Country, settings: Synthetic) -> Iterator[tuple[str, int, pl.DataFrame]]:
    """Name, year and rows of every file, one at a time."""
    last = settings.last_year
    quirks = settings.flaws == "quirks"
    yield "GBAADRESOBJECTBUS", last, addresses(country, settings)
    yield "GBAHUISHOUDENSBUS", last, households(country, settings)
    yield "GBAPERSOONTAB", last, persons(country)
    yield "GBAOVERLIJDENTAB", last, deaths(country)
    yield "VSLGWBTAB", last, codes(country, settings)
    yield "NIETVSLGWBTAB", last, other_codes(country, last)
    yield "VSLCOORDTAB", last, coordinates(country, settings)
    yield "VSLVIERKANTTAB", last, squares(country, country.stream(settings, 7), quirks)
    yield "GBAMIGRATIEBUS", last, migrations(country, last, country.stream(settings, 8))
    yield "KINDOUDERTAB", last, parents(country)
    yield "LEVCYCLWOONNIETWOONBUS", last, life_cycles(country, settings)
    for owned in country.ownership:
        yield from _of_dwellings(country, settings, owned)
    career = careers(country, country.stream(settings, 9))
    yield "SECMBUS", last, category_spells(country, career, _cut_off(settings))
    for income in country.incomes:
        if income.year < INCOME_SINCE:
            yield "IHI", income.year, early_incomes(country, income)
            yield "KOPPELTABEL_IPI_IHI_IVB", income.year, income_links(country, income)
        else:
            yield "INHATAB", income.year, incomes(country, income, country.stream(settings, 10), quirks)
            yield "KOPPELPERSOONHUISHOUDEN", income.year, income_links(country, income)
            yield from _of_persons(country, settings, career, income)


def _of_dwellings(
    country: Country, settings: Synthetic, owned: OwnershipYear
) -> Iterator[tuple[str, int, pl.DataFrame]]:
    """The registers of dwellings on 1 January of one year."""
    tables: dict[str, Callable[[], pl.DataFrame]] = {
        "EIGENDOMTAB": lambda: ownership(country, owned),
        "EIGENDOMWOZBAGTAB": lambda: ownership_and_value(country, owned),
        "EIGENDOMWOZTAB": lambda: early_ownership(country, owned),
        "OBJECTWONINGTAB": lambda: inhabited_dwellings(country, owned),
    }
    tables |= {name: partial(proximity, country, name, owned) for name in SERVICES}
    yield from _wished(tables, owned.year, settings)


def _of_persons(
    country: Country, settings: Synthetic, career: Careers, income: IncomeYear
) -> Iterator[tuple[str, int, pl.DataFrame]]:
    """The optional registers of persons and households of one year."""
    quirks = settings.flaws == "quirks"

    def stream(purpose: int) -> np.random.Generator:
        return np.random.default_rng([settings.seed, country.block, purpose, income.year])

    tables: dict[str, Callable[[], pl.DataFrame]] = {
        "INPATAB": lambda: personal_incomes(country, career, income, stream(11)),
        "SPOLISBUS": lambda: jobs(country, career, income, stream(12)),
        "HOOGSTEOPLTAB": lambda: education(country, income, stream(13)),
        "ZVWZORGKOSTENTAB": lambda: care_costs(country, income, stream(14), quirks),
        "VEHTAB": lambda: wealth(country, income, stream(15), quirks),
    }
    yield from _wished(tables, income.year, settings)


def _wished(
    tables: dict[str, Callable[[], pl.DataFrame]], year: int, settings: Synthetic
) -> Iterator[tuple[str, int, pl.DataFrame]]:
    for name, make in tables.items():
        if year in years_of(load_register(name), settings.first_year, settings.last_year):
            yield name, year, make()
