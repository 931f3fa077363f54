"""What a way to spoil a register file is, and the list of them.

A mutation writes the spoiled file in place of the sound one, the same whenever chance is seeded the same. Where every row is
still there to be read, it returns how many there are: a program that ends well must then have counted them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tests.faults.country import FORMS, used_columns, write_table

SPSS = ("sav", "sav plain", "zsav")
ALL_FORMS = (*SPSS, "dta", "csv", "parquet")


@dataclass
class Target:
    """The file to spoil.

    Attributes:
        register: its register.
        table: what it holds.
        formats: SPSS formats of its columns.
        form: in which form it is to be written.
        path: the sound file; it goes, and the spoiled one comes beside it.
        stranger: a file of another register.
    """

    register: str
    table: pl.DataFrame
    formats: dict[str, str]
    form: str
    path: Path
    stranger: Path

    @property
    def place(self):
        return self.path.with_suffix(FORMS[self.form])

    def write(self, table=None):
        self.path.unlink(missing_ok=True)
        write_table(self.table if table is None else table, self.place, self.form, self.formats)
        return self.place

    def change(self, change):
        """Write it whole, then change its bytes."""
        place = self.write()
        place.write_bytes(change(place.read_bytes()))

    def used(self, kind=None):
        """Columns a study uses, of one type if asked."""
        names = used_columns(self.register, self.table)
        return [name for name in names if kind is None or self.table.schema[name] == kind]


@dataclass(frozen=True)
class Kind:
    """One way to spoil a file: its name, the forms and registers it fits, what it does given the file and a source of chance."""

    name: str
    forms: tuple[str, ...]
    fits: Callable
    spoil: Callable


KINDS: dict[str, Kind] = {}


def kind(*forms, fits=lambda _register: True):
    def known(spoil):
        KINDS[spoil.__name__] = Kind(spoil.__name__, forms, fits, spoil)
        return spoil

    return known


def has_numbers(register):
    return any(not column.is_text for column in register.used_columns)


def has_days(register):
    return any(column.type in ("first_day", "last_day") for column in register.used_columns)


def some(table, share, chance):
    """A column that is true for a share of the rows, at least one."""
    picked = set(chance.sample(range(table.height), max(1, round(share * table.height))))
    return pl.Series("some", [row in picked for row in range(table.height)], dtype=pl.Boolean)
