"""Linking the registers: the passes in their order."""

from __future__ import annotations

import datetime as dt

from mobility.panel.build import Build, scratch_folder
from mobility.panel.by_household import HOUSEHOLDS, link_households
from mobility.panel.by_income_year import INCOMES, link_incomes
from mobility.panel.by_object import (
    ADDRESSES,
    COORDINATES,
    GEOGRAPHY,
    LIFE,
    OTHER_GEOGRAPHY,
    OWNERSHIP,
    link_objects,
)
from mobility.panel.by_person import DEATHS, PERSONS, link_persons
from mobility.panel.further import choose_further
from mobility.panel.store import Shape
from mobility.registers.dictionary import Register

# The registers that have a place of their own in the panel.
CORE = (
    *(ADDRESSES, PERSONS, DEATHS, HOUSEHOLDS, GEOGRAPHY, OTHER_GEOGRAPHY, COORDINATES, LIFE),
    *OWNERSHIP,
    *(register for pair in reversed(INCOMES) for register in pair),
)
# Read beside them wherever they are: the account tells emigration from administrative removal by it.
ALWAYS = ("GBAMIGRATIEBUS",)


def build_panel(build: Build, registers: list[Register], geography_year: int) -> tuple[Shape, list[str]]:
    """Build every table of the panel; `panel.json`, which the caller writes last, says that it is whole.

    Args:
        build: what the passes share.
        registers: that were read.
        geography_year: for the shape.

    Returns:
        The shape, and the files and folders of further tables, by name.
    """
    sources, further = build.sources, choose_further(registers, CORE)
    with scratch_folder(sources):
        registrations, count, tenure_years = link_objects(build, further)
        households = link_households(build)
        incomes = link_incomes(build)
        link_persons(build, (registrations, count), households, incomes, further)
    shape = Shape(
        partitions=build.partitions,
        first_day=_first_day(registers, ADDRESSES),
        cut_off=build.cut_off,
        geography_year=geography_year,
        income_years=incomes.span if incomes else None,
        tenure_years=tenure_years,
        has_coordinates=sources.scan(COORDINATES) is not None,
        has_demolition=_first_day(registers, LIFE) if sources.years(LIFE) else None,
        has_migrations=bool(sources.years(ALWAYS[0])),
    )
    made = (each.table + (".parquet" if each.is_of_objects else "") for each in further)
    return shape, [name for name in made if (sources.panel.folder / name).exists()]


def _first_day(registers: list[Register], name: str) -> dt.date:
    """From when a register tells, by its dictionary: the smallest day in the file would be whatever somebody mistyped."""
    since = next(register.since for register in registers if register.name == name)
    assert since is not None  # noqa: S101 - its dictionary is refused without it
    return dt.date(since, 1, 1)
