"""Which registers a study needs, what for, and of which years: nothing else is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mobility.areas import load_derivation, load_programme
from mobility.errors import RequestError
from mobility.panel.by_household import HOUSEHOLDS
from mobility.panel.by_income_year import INCOMES
from mobility.panel.by_object import ADDRESSES, COORDINATES, GEOGRAPHY, LIFE, OTHER_GEOGRAPHY, OWNERSHIP
from mobility.panel.by_person import DEATHS, PERSONS
from mobility.panel.demands import check_demands
from mobility.panel.link import ALWAYS, CORE
from mobility.registers.dictionary import Register, load_register, register_names
from mobility.settings import Settings, Study, did_you_mean


@dataclass(frozen=True)
class Need:
    """A register that a study reads.

    Attributes:
        register: its dictionary, with the columns the study asks for.
        why: what for, in a few words.
        first: first year looked at, of a register with a file a year.
        last: last such year; None: that of the cut-off.
        is_asked: the study names it in `further_registers`.
    """

    register: Register
    why: str
    first: int
    last: int | None
    is_asked: bool = False

    def years(self, cut_off_year: int) -> range:
        """The years looked at; never one after the cut-off, which has not happened yet."""
        last = cut_off_year if self.last is None else min(self.last, cut_off_year)
        since, until = self.register.since or self.first, self.register.until or last
        return range(max(self.first, since), min(last, until) + 1)


def needs(settings: Settings) -> list[Need]:
    """The registers a study needs, in the order in which they are told.

    Raises:
        RequestError: a dictionary lacks what the program needs, or the study asks for a register or column that has none.
    """
    study, known = settings.study, set(register_names())
    asked = _asked(study, known)
    found = []
    for name, why, first, last in _core(study):
        if name in known:
            register = load_register(name).with_columns(asked.pop(name, ()))
            check_demands(register)
            found.append(Need(register, why, first, last))
    before = max(study.chains.income_years, study.income.years) + study.income.lag_years
    first = min([study.period.first_year - before, *_cohort_years(study)])
    of_scheme = {entry.partition(".")[0] for entry in study.income.needs}
    for name, columns in sorted(asked.items()):
        register = load_register(name).with_columns(columns)
        why = "income class (study.income.scheme)" if name in of_scheme else "asked for (study.further_registers)"
        found.append(Need(register, why, first, None, is_asked=True))
    return found


def _core(study: Study) -> Iterator[tuple[str, str, int, int | None]]:
    """Name, reason, first and last year of the registers that have a place of their own in the panel."""
    first, last = study.period.first_year, study.period.last_year
    cohorts = _cohort_years(study)
    followed = ", cohorts and chains" if study.programmes else ""
    # A file that holds everything up to its year has no years to choose from.
    yield ADDRESSES, f"moves, stocks and account{followed}", first, None
    yield PERSONS, f"age, and who carries a household move{followed}", first, None
    yield DEATHS, "end of residence, deaths in the account", first, None
    yield HOUSEHOLDS, "household moves, private households and institutions", first, None
    yield GEOGRAPHY, "areas of origin and destination", first, None
    yield OTHER_GEOGRAPHY, "areas of objects outside the BAG", first, None
    yield COORDINATES, "administrative relocations, distances", first, None
    exposure = ", exposure of dwellings" if study.programmes else ""
    yield LIFE, f"administrative relocations (not by demolition){exposure}", first, None
    # The class of a year is that of an income year before it; the last stock counts in the year after.
    incomes = (
        min([first - study.income.lag_years - study.income.years + 1, *cohorts]),
        last + 1 - study.income.lag_years,
    )
    for pair in reversed(INCOMES):
        for name in pair:
            yield name, f"income class of movers and stocks{followed}", incomes[0], None if cohorts else incomes[1]
    if study.programmes or "tenure" in study.flows.by:
        tenure = [what for what, is_asked in _uses_of_tenure(study) if is_asked]
        for name in OWNERSHIP:
            yield name, ", ".join(tenure), min([first, *cohorts]), None if cohorts else last
    for name in ALWAYS:
        yield name, "account: emigration told from administrative removal", first, None


def _uses_of_tenure(study: Study) -> tuple[tuple[str, bool], ...]:
    return (
        ("flows by tenure of the dwelling left", "tenure" in study.flows.by),
        ("exposure by sale, tenure on arrival", bool(study.programmes)),
    )


def _cohort_years(study: Study) -> list[int]:
    """First year that each cohort looks at: its class is that of some years before the cohort date."""
    lead_years = (study.chains.lead_months + study.estimates.horizon_months) // 12 + 1  # back to the cohort before
    before = study.chains.income_years + study.income.lag_years
    starts = [area.start.year for name in study.programmes for area in load_programme(name)[1]]
    starts += [rule.first_year for rule in map(load_derivation, study.programmes) if rule]
    return [start - lead_years - before for start in starts]


def _asked(study: Study, known: set[str]) -> dict[str, set[str]]:
    """The registers a study asks for by name, each with the columns it asks for."""
    asked: dict[str, set[str]] = {}
    for entry in study.income.needs:
        name, _, column = entry.partition(".")
        asked.setdefault(name, set()).add(column)
    for entry in study.further_registers:
        name, _, column = entry.partition(".")
        if name.upper() not in known:
            raise RequestError(f"study.further_registers: {name} has no dictionary.{did_you_mean(name.upper(), known)}")
        if name.upper() in CORE:
            raise RequestError(
                f"study.further_registers: {name} has a place of its own in the panel. Take it off the list."
            )
        asked.setdefault(name.upper(), set()).update({column} - {""})
    return asked
