"""Which register files a study needs, and whether they can serve it: looked at before the long reading starts."""

from __future__ import annotations

import datetime as dt
import re

from mobility.areas import load_programme, load_zoning
from mobility.errors import RequestError
from mobility.panel.by_income_year import INCOMES
from mobility.panel.by_object import OWNERSHIP
from mobility.panel.link import ALWAYS, CORE
from mobility.registers.dictionary import Register, load_register, register_names
from mobility.registers.find import Found, find_files
from mobility.registers.read import column_names
from mobility.registers.survey import Surveyed, survey
from mobility.settings import Settings, did_you_mean

Needed = list[tuple[Register, Found]]


def needed_files(settings: Settings) -> Needed:
    """The files a study needs, register by register and year by year.

    Raises:
        RequestError: the source tree or a required register is not there; the message names all that is missing.
    """
    needed = find_needed(settings)
    there = {register.name for register, _ in needed}
    missing = [
        f"{register.name} (below {register.folder})"
        for register in read_registers(settings)
        if register.required and register.name not in there
    ]
    if missing:
        raise RequestError(
            f"register.root: no file of {', '.join(missing)} in {settings.register.root}. Check the root, or the folder and file "
            "names in schemas/registers; jobs/ingest.py check=true shows what is there."
        )
    return needed


def find_needed(settings: Settings) -> Needed:
    """The files a study would read of what is there.

    Raises:
        RequestError: there is no source tree, or a pinned file is not in it.
    """
    root = settings.register.root
    if not root.is_dir():
        raise RequestError(
            f"register.root: there is no folder {root}. With register=synthetic run jobs/synthesise.py first (jobs/pipeline.py "
            "does); with register=cbs correct the root in conf/register/cbs.yaml."
        )
    known = set(register_names())
    for key in settings.register.files:
        if key.partition("/")[0].upper() not in known:
            raise RequestError(f"register.files: {key} is no register.{did_you_mean(key, known)}")
    needed: Needed = []
    for register in read_registers(settings):
        found = find_files(register, root, settings.register.files)
        if found:
            years = [max(found)] if register.editions == "newest" else _years_looked_at(settings, sorted(found))
            # A predecessor is read only for the years of which its successor tells nothing.
            told = {file.year for other, file in needed if register.name in OWNERSHIP and other.name in OWNERSHIP}
            needed += [(register, found[year]) for year in years if year not in told]
    return _with_partners(needed)


def years_without_income(settings: Settings) -> list[int]:
    """Income years that the tables of a study look at and of which there are not both a file of incomes and one of links."""
    study = settings.study
    there = {found.year for register, found in find_needed(settings) if register.name in dict(INCOMES)}
    wanted = (year - study.income.lag_years for year in study.period.years)
    return [year for year in wanted if year not in there]


def survey_registers(settings: Settings) -> list[Surveyed]:
    """Every register that has a dictionary: what is there, what this study would read, what was passed over."""
    asked = {register.name: register for register in read_registers(settings)}
    would_read: dict[str, list[int]] = {name: [] for name in asked}
    for register, found in find_needed(settings):
        would_read[register.name].append(found.year)
    told = {year for name in OWNERSHIP for year in would_read[name]}
    for name in OWNERSHIP:
        register = asked[name]
        years = range(register.since or 0, (register.until or 0) + 1)
        if not set(_years_looked_at(settings, list(years))) - told and not would_read[name] and register.until:
            del would_read[name]  # a predecessor of whose years the successor tells, or none is looked at
    every = [asked.get(name) or load_register(name) for name in register_names()]
    return survey(every, settings.register.root, settings.register.files, would_read)


def _with_partners(needed: Needed) -> Needed:
    """Without files of income households of a year without a link of persons to them, and links of years without such a file."""
    links = {name: {found.year for register, found in needed if register.name == name} for _, name in INCOMES}
    partner = dict(INCOMES)

    def has_link(register: Register, year: int) -> bool:
        """An income register has a link register of its own; wealth goes by whichever link there is of the year."""
        own = [partner[register.name]] if register.name in partner else list(links)
        return any(year in links[name] for name in own)

    linked = [(one, found) for one, found in needed if one.unit != "payer_year" or has_link(one, found.year)]
    of_payers = {found.year for register, found in linked if register.unit == "payer_year"}
    return [(one, found) for one, found in linked if one.name not in links or found.year in of_payers]


def read_registers(settings: Settings) -> list[Register]:
    """Dictionaries of the registers a study reads, with the columns it asks for.

    Raises:
        RequestError: it asks for a register or a column that has no dictionary.
    """
    asked: dict[str, set[str]] = {}
    known = set(register_names())
    for entry in settings.study.further_registers:
        name, _, column = entry.partition(".")
        if name.upper() not in known:
            raise RequestError(f"study.further_registers: {name} has no dictionary.{did_you_mean(name.upper(), known)}")
        if name.upper() in CORE:
            raise RequestError(
                f"study.further_registers: {name} has a place of its own in the panel. Take it off the list."
            )
        asked.setdefault(name.upper(), set()).update({column} - {""})
    names = [name for name in (*CORE, *ALWAYS) if name in known]
    names += sorted(asked.keys() - set(names))
    return [load_register(name).with_columns(asked.get(name, ())) for name in names]


def _years_looked_at(settings: Settings, there: list[int]) -> list[int]:
    """Years of a yearly register that a study looks at: those of its tables and of its cohorts, and some before for classes."""
    study = settings.study
    starts = [area.start.year for name in study.programmes for area in load_programme(name)[1]]
    lead_years = study.chains.lead_months // 12 + 1
    first = min([study.period.first_year, *(year - lead_years for year in starts)])
    before = study.chains.income_years + study.income.lag_years
    return [year for year in there if year >= first - before]


def check_division(settings: Settings, needed: Needed) -> None:
    """Refuse a geography year the geography file does not have, before the long reading starts.

    Raises:
        RequestError: with the years there are.
    """
    year = settings.study.geography.year
    zoning = load_zoning(settings.study.geography.zoning)
    if zoning.geography_year != year:
        raise RequestError(
            f"study.geography.year: zoning {zoning.name} is written in the division of {zoning.geography_year}, the study in "
            f"that of {year}. Choose the same year, or write the zoning in codes of {year}."
        )
    found = next(found for register, found in needed if register.name == "VSLGWBTAB")
    there = sorted(
        int(name[3:]) for name in map(str.lower, column_names(found.path)) if re.fullmatch(r"gem\d{4}", name)
    )
    if there and year not in there:
        raise RequestError(
            f"study.geography.year: {found.path.name} has no division of {year}; it has {there[0]} to {there[-1]}. Choose one of "
            "those, with a zoning in its codes."
        )


def find_cut_off(settings: Settings, needed: Needed) -> dt.date:
    """The last day that counts: the study's, or the last day of the newest address file's year.

    Raises:
        RequestError: the study's lies after that, or its period does.
    """
    newest = next(found.year for register, found in needed if register.name == "GBAADRESOBJECTBUS")
    end, asked = dt.date(newest, 12, 31), settings.study.period.cut_off
    if asked and asked > end:
        raise RequestError(
            f"study.period.cut_off lies after the registers end, on {end}. Choose an earlier day, or null."
        )
    cut_off = asked or end
    if settings.study.period.last_year > cut_off.year:
        raise RequestError(
            f"study.period.last_year is {settings.study.period.last_year}, and the registers tell until {cut_off}. Choose "
            f"{cut_off.year} or earlier."
        )
    return cut_off
