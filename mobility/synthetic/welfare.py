"""Parents, education, costs of care and wealth: KINDOUDERTAB, HOOGSTEOPLTAB, ZVWZORGKOSTENTAB and VEHTAB."""

from __future__ import annotations

import numpy as np
import polars as pl

from mobility.synthetic.country import Country
from mobility.synthetic.days import Floats, Ints, day_number
from mobility.synthetic.dwellings import rank_in
from mobility.synthetic.income import IncomeYear

EDUCATION_KNOWN = 0.67
NO_CARE_RATE = 0.015
CORRECTION_RATE = 0.001  # costs below zero: corrections of the year before
UNKNOWN_WEALTH_RATE = 0.004
UNKNOWN_WEALTH = 99_999_999_999  # eleven nines
_LEVELS = (("1111", "1112", "1211", "1213"), ("2111", "2112", "2121", "2132"), ("3111", "3112", "3211", "3212"))


def parents(country: Country) -> pl.DataFrame:
    """KINDOUDERTAB: everybody of whom a parent is known."""
    people = country.persons
    registered = np.unique(country.addresses.person)
    child = registered[(people.mother[registered] >= 0) | (people.father[registered] >= 0)]
    text = pl.concat([people.text, pl.Series(["-" * 9])])
    kind = pl.Series(["R"] * len(people.text) + ["-"])
    nobody = len(people.text)
    mother, father = (np.where(of[child] >= 0, of[child], nobody) for of in (people.mother, people.father))
    linked = (mother < nobody).astype(np.int8) + (father < nobody)
    return pl.DataFrame(
        {
            "person": people.text.gather(child),
            "RINPERSOONSpa": kind.gather(father),
            "father": text.gather(father),
            "RINPERSOONSMa": kind.gather(mother),
            "mother": text.gather(mother),
            "XKOPPELNUMMER": pl.Series(linked).cast(pl.String),
        }
    ).with_columns(person_type=pl.lit("R"))


def education(country: Country, year: IncomeYear, rng: np.random.Generator) -> pl.DataFrame:
    """HOOGSTEOPLTAB: two thirds of the persons from 15 on; the more earning power, the higher."""
    people = country.persons
    age = _ages(country, year)
    persons = year.persons[(age >= 15) & (rng.random(len(age)) < EDUCATION_KNOWN)]
    score = people.ability[persons] + rng.normal(0, 0.7, len(persons))
    young = _ages(country, year, persons) < 18
    level = np.where(young, 0, np.digitize(score, [-0.6, 0.5]))
    code = np.array(_LEVELS)[level, rng.integers(0, 4, len(persons))]
    rows = pl.DataFrame(
        {
            "person": people.text.gather(persons),
            "education": code,
            "GEWICHTHOOGSTEOPL": np.ones(len(persons), dtype=np.int64) + (rng.random(len(persons)) < 0.5),
        }
    ).with_columns(person_type=pl.lit("R"))
    return rows.sort("person")


def care_costs(country: Country, year: IncomeYear, rng: np.random.Generator, quirks: bool) -> pl.DataFrame:
    """ZVWZORGKOSTENTAB of one year: costs rise with age."""
    age = _ages(country, year)
    total = np.exp(5.6 + 0.033 * age + rng.normal(0, 1.1, len(age))).astype(np.int64)
    total[rng.random(len(age)) < NO_CARE_RATE] = 0
    if quirks:
        corrected = rng.random(len(age)) < CORRECTION_RATE
        total[corrected] = -(total[corrected] // 4) - 1
    rows = pl.DataFrame(
        {
            "person": country.persons.text.gather(year.persons),
            "care_costs_eur": total,
            "ZVWKFARMACIE": total * 12 // 100,
            "ZVWKZIEKENHUIS": total * 55 // 100,
        }
    ).with_columns(person_type=pl.lit("R"))
    return rows.sort("person")


def wealth(country: Country, year: IncomeYear, rng: np.random.Generator, quirks: bool) -> pl.DataFrame:
    """VEHTAB of one year: owners, the better-off and older households have more; the poorest have debts."""
    age = _ages(country, year, year.payer)
    owner = year.tenure_code == 1
    place = rank_in(np.maximum(year.percentile, 1) / 100 + 0.9 * owner + age / 60 + rng.normal(0, 0.35, len(age)))
    percentile = np.clip(np.ceil(place * 100), 1, 100).astype(np.int64)
    euros = ((np.exp(7 * place) - 2) * 1_500 + rng.normal(0, 500, len(age))).astype(np.int64)
    unknown = (rng.random(len(age)) < UNKNOWN_WEALTH_RATE) & quirks
    rows = pl.DataFrame(
        {
            "payer": country.persons.text.gather(year.payer),
            "wealth_percentile": np.where(unknown, -1, percentile),
            "VEHW1000VERH": np.where(unknown, UNKNOWN_WEALTH, euros),
        }
    ).with_columns(payer_type=pl.lit("R"))
    return rows.sort("payer")


def _ages(country: Country, year: IncomeYear, persons: Ints | None = None) -> Floats:
    there = year.persons if persons is None else persons
    january = day_number(np.datetime64(f"{year.year}-01-01").astype(object))
    return np.asarray((january - country.persons.birth[there]) / 365.25)
