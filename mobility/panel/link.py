"""Linking the registers: the passes in their order."""

from __future__ import annotations

from mobility.panel import objects
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
from mobility.panel.store import Shape

# The registers the panel is made from; others that have a dictionary are found and named, and not read.
REGISTERS = (
    *(ADDRESSES, PERSONS, DEATHS, HOUSEHOLDS, GEOGRAPHY, OTHER_GEOGRAPHY, COORDINATES, LIFE),
    *OWNERSHIP,
    *(register for pair in reversed(INCOMES) for register in pair),
)


def build_panel(build: Build, geography_year: int) -> Shape:
    """Build every table of the panel; `panel.json`, written last, says that it is whole."""
    sources = build.sources
    with scratch_folder(sources):
        registrations, count, tenure_years = link_objects(build)
        households = link_households(build)
        incomes = link_incomes(build)
        link_persons(build, (registrations, count), households, incomes)
    life = sources.scan(LIFE)
    return Shape(
        partitions=build.partitions,
        cut_off=build.cut_off,
        geography_year=geography_year,
        income_years=incomes.span if incomes else None,
        tenure_years=tenure_years,
        has_coordinates=sources.scan(COORDINATES) is not None,
        has_demolition=None if life is None else objects.first_day_known(life),
    )
