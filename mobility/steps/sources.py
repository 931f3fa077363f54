"""Whether the register files that are there can serve a study: looked at before the long reading starts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from mobility.areas import load_zoning
from mobility.errors import MobilityError, RequestError
from mobility.panel.by_income_year import INCOMES
from mobility.panel.by_object import ADDRESSES, GEOGRAPHY, OWNERSHIP
from mobility.registers.dictionary import load_register, register_names
from mobility.registers.find import CONVERSIONS, Found
from mobility.registers.read import column_names
from mobility.registers.survey import Surveyed, survey, years_in_words
from mobility.settings import Settings
from mobility.steps.choice import Choice, Needed, chosen_files, last_day


def needed_files(settings: Settings, choices: list[Choice]) -> Needed:
    """The files a study reads, of those chosen, once it is clear that all it cannot do without can be opened.

    Raises:
        RequestError: a required register is not there, or cannot be opened; the message names all that is missing.
    """
    for check in (check_open, check_there):
        check(settings, choices)
    return chosen_files(choices)


def check_there(settings: Settings, choices: list[Choice]) -> None:
    """Refuse when a required register has no file.

    Raises:
        RequestError: with all that is missing.
    """
    last_year = last_day(settings, choices).year
    absent = [
        choice
        for choice in choices
        if choice.need.register.required and not choice.read and choice.need.years(last_year)
    ]
    # What is there and is worth nothing without another register, as incomes without links, is not what is missing.
    alone = [choice for choice in absent if not choice.left.keys().isdisjoint(choice.need.years(last_year))]
    missing = [
        f"{choice.name} (below {choice.need.register.folder}{_of_years(choice, last_year)})"
        for choice in absent
        if choice not in alone
    ]
    if alone and not missing:
        told = "; ".join(
            f"{choice.name} {years_in_words(years)} ({choice.left[years[0]]})"
            for choice in alone
            if (years := sorted(choice.left.keys() & set(choice.need.years(last_year))))
        )
        raise RequestError(
            f"register.root: no year of which there are both incomes and links of persons to them. There are {told}. Get files "
            "of the same years; jobs/ingest.py check=true shows what is there."
        )
    if missing:
        raise RequestError(
            f"register.root: no file of {', '.join(missing)} in {settings.register.root}. Check the root, or the folder and file "
            "names in schemas/registers; jobs/ingest.py check=true shows what is there."
        )


def _of_years(choice: Choice, last_year: int) -> str:
    """The years that are meant, of a register with a file a year; and those that are there instead."""
    if choice.need.register.editions == "newest":
        return ""
    there = f"; there: {years_in_words(choice.looked.best)}" if choice.looked.best else ""
    return f", of {years_in_words(choice.need.years(last_year))}{there}"


def check_open(settings: Settings, choices: list[Choice]) -> None:
    """Refuse when a folder of a register that is needed, or a file that would be read, cannot be opened.

    A folder of conversions matters only where there is no original, a folder of a year only if that year would be read.

    Raises:
        RequestError: with the folder or the file, and what to do.
    """
    last_year = last_day(settings, choices).year
    for choice in choices:
        if choice.need.register.required or choice.need.is_asked:
            for folder in choice.looked.closed:
                if _matters(folder.name, choice, last_year):
                    raise RequestError(
                        f"{choice.name}: the folder {folder} cannot be opened, and this study needs what is in it "
                        f"({choice.need.why}). Ask for access to it, or correct register.root."
                    )
        for found in choice.read.values():
            if not _opens(found):
                raise RequestError(
                    f"{choice.name}: the file {found.path} cannot be opened. Ask for access to it, or pin another version in "
                    "conf/register."
                )


def _matters(name: str, choice: Choice, last_year: int) -> bool:
    if name.lower() == CONVERSIONS:
        return not choice.read
    if not re.fullmatch(r"\d{4}", name):
        return True
    is_newest = choice.need.register.editions == "newest"
    return int(name) > max(choice.read, default=0) if is_newest else int(name) in choice.need.years(last_year)


def _opens(found: Found) -> bool:
    try:
        with found.path.open("rb"):
            return True
    except OSError:
        # A folder under the name of a file is a file that cannot be read, and told as such when it is.
        return found.path.is_dir()


def without_income(settings: Settings, choices: list[Choice]) -> list[str]:
    """Income years that the tables of a study look at and of which there are not both incomes and links, as sentences."""
    study, by_name = settings.study, {choice.name: choice for choice in choices}
    told = []
    for year in (year - study.income.lag_years for year in study.period.years):
        if any(year in by_name[income].read for income, _ in INCOMES):
            continue
        why = next((by_name[name].left[year] for pair in INCOMES for name in pair if year in by_name[name].left), "")
        told.append(
            f"no income of {year}: {why or 'no file of incomes and none of links'}; the class of {year + study.income.lag_years} "
            "is unknown"
        )
    return told


def without_tenure(settings: Settings, choices: list[Choice]) -> list[str]:
    """Years of which a study looks at the tenure of dwellings and no register tells it, as a sentence."""
    last_year = last_day(settings, choices).year
    of_tenure = [choice for choice in choices if choice.name in OWNERSHIP]
    wanted = {year for choice in of_tenure for year in choice.need.years(last_year)}
    absent = wanted - {year for choice in of_tenure for year in choice.read}
    return [f"no tenure of {years_in_words(absent)}: no file of {' or '.join(OWNERSHIP)}"] if absent else []


def early_ends(choices: list[Choice], cut_off: dt.date) -> list[str]:
    """Registers that are read and of which the newest file is older than what the study looks at, as sentences.

    Incomes are told year by year; see `years_without_income`.
    """
    told = []
    tenure = {year for choice in choices if choice.name in OWNERSHIP for year in choice.read}
    for choice in choices:
        if not choice.read or choice.name in (*INCOMES[0], *INCOMES[1]):
            continue
        newest = choice.read[max(choice.read)]
        if choice.need.register.editions == "newest":
            is_early = newest.last_day < cut_off
            tells = f"the newest file tells until {newest.last_day}, and the study looks until {cut_off}"
        else:
            last = choice.need.years(cut_off.year)[-1]
            is_early = max(tenure if choice.name in OWNERSHIP else choice.read) < last
            tells = f"the newest file is of {newest.year}, and the study looks at years until {last}"
        if is_early:
            told.append(f"{choice.name}: {tells}; what happened since is not in it (register_ends_early)")
    return told


def closed_folders(settings: Settings, choices: list[Choice]) -> list[str]:
    """Folders that cannot be opened of registers that a study would read if it could, as sentences."""
    last_year = last_day(settings, choices).year
    return [
        f"{choice.name}: the folder {folder} cannot be opened; what is in it is left out"
        for choice in choices
        for folder in choice.looked.closed
        if _matters(folder.name, choice, last_year)
    ]


def provisional_files(needed: Needed) -> list[str]:
    """The files that are read and are provisional (VRL), with the name of their register."""
    return [f"{register.name} {found.year} ({found.path.name})" for register, found in needed if found.provisional]


def survey_registers(settings: Settings, choices: list[Choice]) -> list[Surveyed]:
    """Every register that has a dictionary: what is there, what this study would read and why, what was passed over."""
    chosen = {choice.name: choice for choice in choices}
    every = [chosen[name].need.register if name in chosen else load_register(name) for name in register_names()]
    would_read = {name: list(choice.read) for name, choice in chosen.items()}
    last_year = last_day(settings, choices).year
    told = {year for name in OWNERSHIP if name in chosen for year in chosen[name].read}
    for name, choice in chosen.items():
        # Incomes to 2010 of a study from 2012 on, or a predecessor of whose years the successor tells, are not missed.
        looked_at = set(choice.need.years(last_year)) - (told if name in OWNERSHIP else set())
        if choice.need.register.editions == "yearly" and not choice.read and not looked_at:
            del would_read[name]
    why = {name: choice.need.why for name, choice in chosen.items()}
    left = {name: _left_in_words(choice) for name, choice in chosen.items()}
    return survey(every, settings.register.root, settings.register.files, would_read, why, left)


def _left_in_words(choice: Choice) -> tuple[str, ...]:
    by_reason: dict[str, list[int]] = {}
    for year, why in sorted(choice.left.items()):
        by_reason.setdefault(why, []).append(year)
    return tuple(f"not read: {years_in_words(years)} ({why})" for why, years in by_reason.items())


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
    found = next((found for register, found in needed if register.name == GEOGRAPHY), None)
    if found is None:
        return  # told by who looks what is there
    there = sorted(
        int(name[3:]) for name in map(str.lower, column_names(found.path)) if re.fullmatch(r"gem\d{4}", name)
    )
    if there and year not in there:
        raise RequestError(
            f"study.geography.year: {found.path.name} has no division of {year}; it has {there[0]} to {there[-1]}. Choose one of "
            "those, with a zoning in its codes."
        )


def find_cut_off(settings: Settings, needed: Needed) -> dt.date:
    """The last day that counts; see `last_day`.

    Raises:
        RequestError: the study's lies after the registers end, or its period does.
    """
    newest = next(found.year for register, found in needed if register.name == ADDRESSES)
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


def problems(settings: Settings, choices: list[Choice]) -> list[str]:
    """What would be refused, as sentences: all that can be known before a file is read."""
    needed = chosen_files(choices)
    checks: list[Callable[[], object]] = [
        lambda: check_open(settings, choices),
        lambda: check_there(settings, choices),
        lambda: check_division(settings, needed),
    ]
    if any(register.name == ADDRESSES for register, _ in needed):
        checks.append(lambda: find_cut_off(settings, needed))
    found = []
    for check in checks:
        try:
            check()
        except MobilityError as refused:
            found.append(str(refused))
    return found
