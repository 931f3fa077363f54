"""Which register files a study needs, and whether they can serve it: looked at before the long reading starts."""

from __future__ import annotations

import datetime as dt
import re

from mobility.areas import load_programme, load_zoning
from mobility.errors import RequestError
from mobility.panel.by_object import OWNERSHIP
from mobility.panel.link import ALWAYS, CORE
from mobility.registers.dictionary import Register, load_register, register_names
from mobility.registers.find import Found, find_files
from mobility.registers.read import column_names
from mobility.settings import Settings, did_you_mean


def needed_files(settings: Settings) -> list[tuple[Register, Found]]:
    """The files a study needs, register by register and year by year.

    Raises:
        RequestError: the source tree or a required register is not there; the message names all that is missing.
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
    needed: list[tuple[Register, Found]] = []
    missing = []
    for register in read_registers(settings):
        found = find_files(register, root, settings.register.files)
        if not found:
            if register.required:
                missing.append(f"{register.name} (below {register.folder})")
            continue
        years = [max(found)] if register.editions == "newest" else _years_looked_at(settings, sorted(found))
        # A predecessor is read only for the years of which its successor tells nothing.
        told = {file.year for other, file in needed if register.name in OWNERSHIP and other.name in OWNERSHIP}
        needed += [(register, found[year]) for year in years if year not in told]
    if missing:
        raise RequestError(
            f"register.root: no file of {', '.join(missing)} in {root}. Check the root, or the folder and file names in "
            "schemas/registers."
        )
    return needed


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


def check_division(settings: Settings, needed: list[tuple[Register, Found]]) -> None:
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


def find_cut_off(settings: Settings, needed: list[tuple[Register, Found]]) -> dt.date:
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
