"""What people live on (SECMBUS), and the registers of persons that follow from it: INPATAB, SPOLISBUS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.synthetic.country import Country
from mobility.synthetic.days import FOREVER, AnyInts, Ints, day_number, day_texts
from mobility.synthetic.income import IncomeYear

SCHOOL_AGE, WORK_AGE, PENSION_AGE = 15, 18, 66  # children under 15 have no category of their own
UNEMPLOYED_SHARE = 0.2  # of those who work: once for some months
WORKER, UNEMPLOYED, PENSIONER, PUPIL, PUPIL_WITH_INCOME = 11, 21, 25, 31, 26
_WORK = np.array([22, 24, 11, 13, 12, 32])  # welfare, ill, employee, self-employed, director, no income
_WORK_LOW = np.array([0.20, 0.12, 0.46, 0.08, 0.0, 0.14])  # shares among the lower earning power
_WORK_HIGH = np.array([0.01, 0.02, 0.78, 0.13, 0.03, 0.03])
_OPEN = "88888888"
_YEAR = 365.25


@dataclass
class Careers:
    """One element per person: first day of each phase, and the category of the working years."""

    school: Ints
    work: Ints
    idle: Ints  # first day out of work; the pension day for who never is
    back: Ints
    pension: Ints
    pupil: AnyInts
    worker: AnyInts


def careers(country: Country, rng: np.random.Generator) -> Careers:
    """The working life of everybody, by age and earning power."""
    people = country.persons
    count = len(people.birth)
    school, work, pension = (
        (people.birth + np.int32(age * _YEAR)).astype(np.int32) for age in (SCHOOL_AGE, WORK_AGE, PENSION_AGE)
    )
    work = np.maximum(work, people.student_until)
    high = np.clip((people.ability + 1.5) / 3, 0, 1)
    shares = np.cumsum((1 - high)[:, None] * _WORK_LOW + high[:, None] * _WORK_HIGH, axis=1)
    worker = _WORK[np.minimum((rng.random(count)[:, None] > shares).sum(axis=1), len(_WORK) - 1)]
    idle = (work + rng.random(count) * (pension - work)).astype(np.int32)
    back = np.minimum(idle + rng.integers(90, 540, count), pension).astype(np.int32)
    never = (rng.random(count) >= UNEMPLOYED_SHARE) | (worker != WORKER)
    pupil = np.where(rng.random(count) < 0.6, PUPIL_WITH_INCOME, PUPIL)
    return Careers(
        school,
        work,
        np.where(never, pension, idle).astype(np.int32),
        np.where(never, pension, back),
        pension,
        pupil,
        worker,
    )


def category_on(career: Careers, persons: Ints, day: int) -> AnyInts:
    """Category of the persons on a day; children are pupils without income."""
    phases = [career.pension, career.back, career.idle, career.work, career.school]
    codes = [np.full(len(persons), PENSIONER), career.worker[persons], np.full(len(persons), UNEMPLOYED)]
    codes += [career.worker[persons], career.pupil[persons]]
    return np.select([phase[persons] <= day for phase in phases], codes, PUPIL)


def category_spells(country: Country, career: Careers, cut_off: int) -> pl.DataFrame:
    """SECMBUS: from the first to the last day at an address, periods abroad included; nothing after the cut-off is known."""
    spells = country.addresses
    present, first_row = np.unique(spells.person, return_index=True)
    last_row = np.append(first_row[1:], len(spells.person)) - 1
    first, last = spells.start[first_row], spells.end[last_row]
    phases = [career.school, career.work, career.idle, career.back, career.pension]
    codes = [career.pupil, career.worker, None, career.worker, None]
    fixed = {2: UNEMPLOYED, 4: PENSIONER}
    parts = []
    for number, (phase, code) in enumerate(zip(phases, codes, strict=True)):
        until = phases[number + 1][present] if number + 1 < len(phases) else np.full(len(present), FOREVER)
        start, end = np.maximum(phase[present], first), np.minimum(until, last)
        end = np.where(end > cut_off, FOREVER, end)
        some = (start < end) & (start < cut_off)
        values = np.full(int(some.sum()), fixed[number]) if code is None else code[present[some]]
        parts.append((present[some], start[some], end[some], values))
    person, start, end, code = (np.concatenate(part) for part in zip(*parts, strict=True))
    rows = pl.DataFrame(
        {
            "person": country.persons.text.gather(person),
            "start_date": day_texts(start, _OPEN),
            "end_date": day_texts(np.where(end < FOREVER, end - 1, end), _OPEN),
            "main_source": pl.Series(code).cast(pl.String),
        }
    ).with_columns(person_type=pl.lit("R"))
    return rows.sort("person", "start_date")


def personal_incomes(country: Country, career: Careers, year: IncomeYear, rng: np.random.Generator) -> pl.DataFrame:
    """INPATAB of one year: everybody who is in an income household."""
    people, persons = country.persons, year.persons
    code = category_on(career, persons, _january(year.year))
    level = np.exp(10.3 + 0.45 * people.ability[persons] + rng.normal(0, 0.15, len(persons)))
    works = np.isin(code, (11, 12, 13))
    flat = np.select(
        [code == UNEMPLOYED, code == PENSIONER, code == PUPIL_WITH_INCOME], [19_000, 21_000, 4_500], 13_500
    )
    gross = np.where(works, level, np.where(np.isin(code, (PUPIL, 32)), 0, flat)).astype(np.int64)
    at = np.searchsorted(year.payer, year.payers)
    is_payer = persons == year.payers
    grown = _january(year.year) - people.birth[persons] > 25 * _YEAR
    rent = np.where(is_payer & (year.tenure_code[at] == 3), 1_200 + persons % 2_400, 0)
    rows = pl.DataFrame(
        {
            "person": people.text.gather(persons),
            "payer": people.text.gather(year.payers),
            "INPPERSBRUT": gross,
            "INPPERSPRIM": np.where(works, gross, 0),
            "INPPOSHHK": np.where(is_payer, "1", np.where(grown, "2", "3")),
            "main_source": pl.Series(code).cast(pl.String),
            "INPT7340HRS": rent,
        }
    ).with_columns(person_type=pl.lit("R"), payer_type=pl.lit("R"))
    return rows.sort("person")


def jobs(country: Country, career: Careers, year: IncomeYear, rng: np.random.Generator) -> pl.DataFrame:
    """SPOLISBUS of one year, narrow: one row per job of an employee, most of them for the whole year."""
    january = _january(year.year)
    persons = year.persons[category_on(career, year.persons, january) == WORKER]
    last = np.where(rng.random(len(persons)) < 0.15, rng.integers(30, 364, len(persons)), 364)
    hours = np.where(rng.random(len(persons)) < 0.45, rng.integers(400, 1_500, len(persons)), 1_872) * (last + 1) // 365
    wage = hours * np.exp(2.95 + 0.4 * country.persons.ability[persons])
    number = country.persons.number[persons]
    rows = pl.DataFrame(
        {
            "person": country.persons.text.gather(persons),
            "IKVID": pl.Series(number * 7 % 10**12).cast(pl.String).str.zfill(12),
            "start_date": day_texts(np.full(len(persons), january), _OPEN),
            "end_date": day_texts(january + last, _OPEN),
            "SBEID": pl.Series(number % 9_973).cast(pl.String).str.zfill(8),
            "SBASISLOON": wage.astype(np.int64),
            "SBASISUREN": hours,
        }
    ).with_columns(person_type=pl.lit("R"))
    return rows.sort("person")


def _january(year: int) -> int:
    return day_number(np.datetime64(f"{year}-01-01").astype(object))
