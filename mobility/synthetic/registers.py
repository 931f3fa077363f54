"""The ten registers of the country: one table each, with the values as delivered.

Columns bear the program's own word where the register dictionary has one, else the name in the file; `writer` puts them
in the order and form of the dictionary. Days are texts `YYYYMMDD`, last days inclusive.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from mobility.settings import Synthetic
from mobility.synthetic.atlas import buurt_codes_in
from mobility.synthetic.block import OwnershipYear
from mobility.synthetic.country import BAG_START, Country
from mobility.synthetic.days import FOREVER, AnyInts, day_number, day_texts
from mobility.synthetic.flaws import RATES, delay_newborn, duplicate, flaw_addresses
from mobility.synthetic.income import IncomeYear
from mobility.synthetic.numbers import object_texts
from mobility.synthetic.world import OWNER

OPEN_SPELL = "20501231"
OPEN_LIFE_CYCLE = "88888888"
FIRST_CODE_YEAR = 1999
OTHER_OBJECT_SHARE = 0.03  # shops and the like, in which nobody lives
TWO_PERIODS_RATE = 0.01  # dwellings whose floor area changed: two periods in the life cycle register
_TENURE = np.array(["E", "W", "O"])


def _stream(settings: Synthetic, purpose: int) -> np.random.Generator:
    return np.random.default_rng([settings.seed, 0, purpose])


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
            rows, country.persons.death, len(country.objects.buurt), _cut_off(settings), _stream(settings, 2)
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
        rows = delay_newborn(rows, country.persons.birth, _stream(settings, 3))
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


def codes(country: Country, settings: Synthetic) -> pl.DataFrame:
    """VSLGWBTAB: gemeente, wijk and buurt of every object but those of type D, in the division of every year."""
    rng = _stream(settings, 4)
    objects = country.objects
    known = np.flatnonzero(~objects.is_unknown)
    others = rng.integers(0, len(objects.buurt), int(OTHER_OBJECT_SHARE * len(known)))
    buurt = np.concatenate([objects.buurt[known], objects.buurt[others]])
    extra = object_texts(np.arange(len(others)) + 2**31, settings.seed)
    rows = pl.DataFrame(
        {
            "object_type": pl.concat([objects.kind.gather(known), pl.Series(["B"] * len(others), dtype=pl.String)]),
            "object_number": pl.concat([objects.number.gather(known), extra]),
        }
    )
    quirks = settings.flaws == "quirks"
    # Without codes before some year; objects in which nobody lives may lack them in every year.
    codes_from = np.where(rng.random(len(buurt)) < RATES["no_code"], rng.integers(2001, 2012, len(buurt)), 0)
    codes_from[len(known) :] = np.where(rng.random(len(others)) < RATES["no_code"], 9999, codes_from[len(known) :])
    columns: list[pl.Series] = []
    for year in range(FIRST_CODE_YEAR, settings.last_year + 1):
        full = pl.Series(buurt_codes_in(year))
        missing = pl.Series(codes_from > year) if quirks else pl.Series(np.zeros(len(buurt), dtype=bool))
        for name, width in (("gem", 4), ("wc", 6), ("bc", 8)):
            texts = pl.concat([full.str.slice(0, width), pl.Series(["-" * width])])
            places = np.where(missing.to_numpy(), len(full), buurt)
            columns.append(texts.gather(places.astype(np.uint32)).alias(f"{name}{year}"))
    rows = rows.with_columns(columns)
    if quirks:
        rows = duplicate(rows, RATES["duplicate_object"], rng)
    return rows.sort("object_number", "object_type")


def coordinates(country: Country, settings: Synthetic) -> pl.DataFrame:
    """VSLCOORDTAB."""
    objects = country.objects
    has_coordinate = ~objects.is_unknown
    if settings.flaws == "quirks":
        has_coordinate &= _stream(settings, 5).random(len(has_coordinate)) >= RATES["no_coordinate"]
    known = np.flatnonzero(has_coordinate)
    rows = pl.DataFrame(
        {
            "object_type": objects.kind.gather(known),
            "object_number": objects.number.gather(known),
            "x_m": objects.east[known],
            "y_m": objects.north[known],
        }
    )
    return rows.sort("object_number", "object_type")


def ownership(country: Country, year: OwnershipYear) -> pl.DataFrame:
    """EIGENDOMTAB of one year: BAG dwellings that stand on 1 January."""
    objects = country.objects
    bag = objects.is_bag[year.dwelling]
    dwelling, tenure = year.dwelling[bag], year.tenure[bag]
    rows = pl.DataFrame(
        {
            "object_number": objects.number.gather(dwelling),
            "ownership": pl.Series(np.where(tenure == OWNER, "E", "H")),
            "tenure": pl.Series(_TENURE[tenure]),
            "AantalBewoners": year.residents[bag],
        }
    )
    return rows.with_columns(object_type=pl.lit("B")).sort("object_number")


def life_cycles(country: Country, settings: Synthetic) -> pl.DataFrame:
    """LEVCYCLWOONNIETWOONBUS: the periods of BAG objects; the last ends with demolition."""
    rng = _stream(settings, 6)
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
        rows = duplicate(rows, RATES["duplicate_object"], rng)
    return rows.sort("object_number", "start_date")


def incomes(country: Country, year: IncomeYear) -> pl.DataFrame:
    """INHATAB of one year."""
    rows = pl.DataFrame(
        {
            "payer": country.persons.text.gather(year.payer),
            "percentile": year.percentile,
            "INHP100HGESTES": year.percentile_without_students,
            "population": pl.Series(year.population).cast(pl.String),
            "INHBESTINKH": year.disposable_eur,
            "INHGESTINKH": year.standardised_eur,
            "INHARMLAG": year.poverty,
            "INHEHALGR": pl.Series(year.tenure_code).cast(pl.String),
            "INHBBIHJ": pl.Series(year.source).cast(pl.String),
            "INHAHL": year.size,
        }
    )
    return rows.with_columns(payer_type=pl.lit("R")).sort("payer")


def income_links(country: Country, year: IncomeYear) -> pl.DataFrame:
    """KOPPELPERSOONHUISHOUDEN of one year."""
    texts = country.persons.text
    rows = pl.DataFrame({"person": texts.gather(year.persons), "payer": texts.gather(year.payers)})
    return rows.with_columns(person_type=pl.lit("R"), payer_type=pl.lit("R")).sort("person")


def all_registers(country: Country, settings: Synthetic) -> Iterator[tuple[str, int, pl.DataFrame]]:
    """Name, year and rows of every file, one at a time."""
    last = settings.last_year
    yield "GBAADRESOBJECTBUS", last, addresses(country, settings)
    yield "GBAHUISHOUDENSBUS", last, households(country, settings)
    yield "GBAPERSOONTAB", last, persons(country)
    yield "GBAOVERLIJDENTAB", last, deaths(country)
    yield "VSLGWBTAB", last, codes(country, settings)
    yield "VSLCOORDTAB", last, coordinates(country, settings)
    yield "LEVCYCLWOONNIETWOONBUS", last, life_cycles(country, settings)
    for owned in country.ownership:
        yield "EIGENDOMTAB", owned.year, ownership(country, owned)
    for income in country.incomes:
        yield "INHATAB", income.year, incomes(country, income)
        yield "KOPPELPERSOONHUISHOUDEN", income.year, income_links(country, income)
