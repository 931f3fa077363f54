"""The cohort of every programme area (method 6.1) and the residence of its members, from the true life histories."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from mobility.settings import Synthetic
from mobility.synthetic.atlas import load_map
from mobility.synthetic.country import Country
from mobility.synthetic.days import FOREVER, add_months, day_date, day_number
from mobility.synthetic.geography import Wijk, gemeenten, programme_areas, wijken
from mobility.synthetic.income import EARLY_INCOME_SINCE

LEAD_MONTHS = 24
ADULT_YEARS = 23
SETTLED_MONTHS = 12
INSTITUTION_PLACE = 10


@dataclass(frozen=True)
class Stay:
    """One stay of a person: [start, end), end None when it goes on; `state` is a state of method 6.2."""

    start: date
    end: date | None
    state: str


@dataclass(frozen=True)
class Member:
    """One member of a cohort.

    Attributes:
        person: position of the person in the country.
        area: code of the programme area with its prefix.
        start: start of the programme (t0).
        cohort_date: c.
        income_class: q1 to q5.
        stays: from the stay that covers c on, with gaps where the person was away.
        death: day of death, None while alive.
    """

    person: int
    area: str
    start: date
    cohort_date: date
    income_class: str
    stays: tuple[Stay, ...]
    death: date | None


def cohort_members(country: Country, settings: Synthetic) -> list[Member]:
    """All members of all cohorts; one person may be in two."""
    spells = country.addresses
    first_row = np.searchsorted(spells.person, np.arange(len(country.persons.birth) + 1))
    wijk_of = load_map().wijk_of[country.objects.buurt]
    last_day = day_number(date(settings.last_year, 12, 31))
    members: list[Member] = []
    for area in programme_areas():
        if area.start is None:
            continue
        cohort_date = add_months(area.start, -LEAD_MONTHS)
        day = day_number(cohort_date)
        if not settings.first_year < cohort_date.year or day > last_day:
            continue
        index = next(number for number, wijk in enumerate(wijken()) if wijk.code == area.code)
        inside = (wijk_of[spells.dwelling] == index) & ~country.objects.is_unknown[spells.dwelling]
        rows = np.flatnonzero(inside & (spells.start <= day) & (spells.end > day))
        for row in rows:
            person = int(spells.person[row])
            income_class = _income_class(country, settings, person, cohort_date.year)
            if income_class is None or not _is_settled_adult(country, int(row), cohort_date):
                continue
            stays = tuple(_stay(country, area, later) for later in range(int(row), int(first_row[person + 1])))
            death = country.persons.death[person]
            members.append(
                Member(
                    person=person,
                    area=f"WK{area.code}",
                    start=area.start,
                    cohort_date=cohort_date,
                    income_class=income_class,
                    stays=stays,
                    death=day_date(death) if death < FOREVER else None,
                )
            )
    return members


def _is_settled_adult(country: Country, row: int, cohort_date: date) -> bool:
    """23 or over (counted from day 01 of the birth month), in a private household, at the address for a year."""
    spells = country.addresses
    born = day_date(country.persons.birth[spells.person[row]]).replace(day=1)
    is_adult = add_months(born, 12 * ADULT_YEARS) <= cohort_date
    is_settled = spells.start[row] <= day_number(add_months(cohort_date, -SETTLED_MONTHS))
    return bool(is_adult and is_settled and not country.objects.is_institution[spells.dwelling[row]])


def _income_class(country: Country, settings: Synthetic, person: int, year: int) -> str | None:
    """Class of the mean percentile of the three years before, at least two of them recorded; None if unknown."""
    years = [y for y in range(year - 3, year) if y >= max(EARLY_INCOME_SINCE, settings.first_year)]
    recorded = [int(country.persons.percentile[person, y - settings.first_year]) for y in years]
    observed = [percentile for percentile in recorded if percentile > 0]
    if len(observed) < 2:
        return None
    # Whole numbers, so that a mean of exactly 20 is q1 and nothing is lost in division.
    return f"q{math.ceil(sum(observed) / (20 * len(observed)))}"


def _stay(country: Country, area: Wijk, row: int) -> Stay:
    spells = country.addresses
    end = spells.end[row]
    return Stay(
        start=day_date(spells.start[row]),
        end=day_date(end) if end < FOREVER else None,
        state=_state(country, area, int(spells.dwelling[row])),
    )


def _state(country: Country, area: Wijk, dwelling: int) -> str:
    """State of living in this object, as seen from the area (method 6.2)."""
    objects = country.objects
    if objects.is_institution[dwelling]:
        return "institution"
    if objects.is_unknown[dwelling]:
        return "unplaceable"
    place = load_map()
    wijk = wijken()[place.wijk_of[objects.buurt[dwelling]]]
    if wijk.code == area.code:
        return "home"
    gemeente = gemeenten()[place.gemeente_of[objects.buurt[dwelling]]]
    if gemeente.code == area.code[:4]:
        return "same_city"
    if wijk.region != area.region:
        return "other_region"
    if wijk.role == "growth_core":
        return f"growth_core:GM{gemeente.code}"
    return str(wijk.role)
