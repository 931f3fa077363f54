"""Further registers of a study, linked by what one row of theirs is about (`unit` in the dictionary).

Each becomes a table of the panel under its own name in small letters: of persons by partition, of objects as one file.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from mobility.panel.build import Build
from mobility.panel.by_income_year import link_to_payers
from mobility.panel.people import Tidied
from mobility.panel.people import tidy_further as tidy
from mobility.registers.dictionary import Register

_OF_OBJECTS = ("object", "object_spell", "object_year")
_WITH_ONE_ROW = ("person", "person_year", "payer_year", "object", "object_year")


@dataclass(frozen=True)
class Further:
    """One register and how it is linked; it travels to workers."""

    register: Register

    @property
    def name(self) -> str:
        """Of the register."""
        return self.register.name

    @property
    def table(self) -> str:
        """Its name in the panel."""
        return self.name.lower()

    @property
    def is_of_objects(self) -> bool:
        """Whether a row is about an address object; else it is about a person, or the household of one."""
        return self.register.unit in _OF_OBJECTS

    @property
    def order(self) -> tuple[str, ...]:
        """What rows of one person or object are sorted by."""
        if self.register.unit.endswith("_year"):
            return ("year",)
        return tuple(str(column.canonical) for column in self.register.used_columns if column.type == "first_day")[:1]

    def scan(self, build: Build, registrations: list[pl.LazyFrame]) -> tuple[list[pl.LazyFrame], int]:
        """All rows, a query for every year, and how many; none when no file was read.

        Args:
            build: what the passes share.
            registrations: of persons, to whom the rows of income households are given.
        """
        sources = build.sources
        if self.register.unit == "payer_year":
            return link_to_payers(build, self.name, registrations)
        tables = []
        for year in sources.years(self.name):
            table = sources.scan(self.name, year)
            assert table is not None  # noqa: S101 - year is one of those that were read
            tables.append(table.with_columns(year=pl.lit(year, pl.Int16)) if "year" in self.order else table)
        return tables, build.rows(self.name)

    def tidy(self, rows: pl.DataFrame, key: str, cut_off: dt.date) -> Tidied:
        """Rows of one partition sorted by `key` and `order`, without those that are there twice or come after the cut-off.

        Args:
            rows: with `key`.
            key: `person` or `object`.
            cut_off: last day that counts.
        """
        return tidy(rows, (key, *self.order), cut_off, has_one_row=self.register.unit in _WITH_ONE_ROW)


def choose_further(registers: list[Register], core: tuple[str, ...]) -> tuple[Further, ...]:
    """Those of the registers that no other part of the panel is made of."""
    return tuple(Further(register) for register in registers if register.name not in core)
