"""The register dictionaries in `schemas/registers/`: what CBS delivers, as data a researcher can read and correct."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mobility.errors import RequestError
from mobility.folders import SCHEMAS
from mobility.registers.slips import ColumnType, DictionaryLoader, Editions, Unit, first_slip
from mobility.settings import did_you_mean


@dataclass(frozen=True)
class Column:
    """One column of a register file.

    Attributes:
        name: the name in the file; matched without regard to case. `{geography_year}` stands for the study's year.
        format: SPSS format, such as `A9` (text of nine bytes) or `F4` (number).
        canonical: the name inside the program (`as` in the file); None when the column is not read.
        on_request: the name inside the program of a column that is read only when a study asks for it by this name, since
            reading costs time; see `Register.with_columns`. Such a column has no `canonical` until then.
        type: how the text is read: `first_day` and `last_day` are YYYYMMDD (a last day becomes the first day after it, so
            that intervals are half-open), `person` is a person number, kept as an unsigned integer.
        missing: codes that stand for "no value".
        open: codes of a last day that stand for "still going on".
        codes: value labels.
        becomes: the program's word for a code.
        zero_fill: width to which lost leading zeros are restored.
        plus: what is added to a whole number, where another register counts the same from elsewhere.
        least: the least whole number that can be, as the file stores it; null: any.
        most: the largest.
        also: other names of the column, in other years.
        meaning: what the column holds, in a sentence.
        source: where that is publicly documented.
    """

    name: str
    format: str
    canonical: str | None
    type: ColumnType
    meaning: str
    source: str
    missing: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    becomes: tuple[tuple[str, str], ...] = ()
    zero_fill: int = 0
    plus: int = 0
    least: int | None = None
    most: int | None = None
    also: tuple[str, ...] = ()
    on_request: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether the file stores the column as text."""
        return self.format.startswith("A")

    @property
    def width(self) -> int:
        """Bytes of a text column, digits of a number."""
        return int(self.format[1:].split(".")[0])


@dataclass(frozen=True)
class Register:
    """One register: where its files lie, how they are named and what one row and each column mean.

    Attributes:
        name: the stem CBS uses, such as `GBAADRESOBJECTBUS`.
        title: one sentence.
        grain: what one row is, in words.
        unit: what one row is about, so that any register can be linked: a person (`person`), a period or an event of a person
            (`person_spell`, `person_event`), a person in a calendar year (`person_year`), an income household in a year, known
            by its payer (`payer_year`), the link from a person to that household (`link_year`), an address object (`object`),
            a period of one (`object_spell`) or an object in a year (`object_year`).
        folder: below the root of the source tree; `{year}` where every year has its own.
        files: accepted forms of the file name without its ending, with `{year}` and `{version}`.
        editions: `newest` (one file holds everything up to its year) or `yearly` (a file per year).
        required: true when no study can do without it.
        serves: what in the program depends on it, in short phrases; an indicator by its id, with a colon and a word where it
            needs the register for a part only ("F3: care"). What several registers serve needs all of them.
        since: first year of the register, where it has one.
        until: last year of the register, where it has one.
        columns: in the order of the file.
    """

    name: str
    title: str
    grain: str
    unit: Unit
    folder: str
    files: tuple[str, ...]
    editions: Editions
    required: bool
    serves: tuple[str, ...]
    columns: tuple[Column, ...]
    since: int | None = None
    until: int | None = None

    @property
    def used_columns(self) -> tuple[Column, ...]:
        """The columns that are read."""
        return tuple(column for column in self.columns if column.canonical is not None)

    def with_columns(self, names: Iterable[str]) -> Register:
        """The dictionary by which further columns are read, for a study that asks for them.

        Args:
            names: names inside the program (`as` or `on_request`); one that is read in any case may be named too.

        Raises:
            RequestError: the register has no column of that name.
        """
        asked = set(names)
        known = {name for column in self.columns for name in (column.canonical, column.on_request) if name}
        for name in sorted(asked - known):
            raise RequestError(
                f"{self.name} has no column {name}.{did_you_mean(name, known)} Columns: {', '.join(sorted(known))}. Others can "
                f"be named (on_request) in schemas/registers/{self.name.lower()}.yaml."
            )
        columns = (
            replace(column, canonical=column.on_request) if column.on_request in asked else column
            for column in self.columns
        )
        return replace(self, columns=tuple(columns))


def register_names() -> list[str]:
    """Names of all registers that have a dictionary."""
    return sorted(path.stem.upper() for path in (SCHEMAS / "registers").glob("*.yaml"))


@cache
def load_register(name: str) -> Register:
    """The dictionary of one register.

    Raises:
        RequestError: there is no dictionary of that name, or it is malformed.
    """
    path = SCHEMAS / "registers" / f"{name.lower()}.yaml"
    if not path.is_file():
        raise RequestError(
            f"{name}: no dictionary {path.name} in schemas/registers. There are: {', '.join(register_names())}."
        )
    return read_register(path)


def read_register(path: Path) -> Register:
    """Read one dictionary file; see `load_register`."""
    given = _given(path)
    return Register(
        name=given["register"],
        title=given["title"],
        grain=given["grain"],
        unit=given["unit"],
        folder=given["folder"],
        files=tuple(given["files"]),
        editions=given["editions"],
        required=given["required"],
        serves=tuple(given["serves"]),
        since=given.get("since"),
        until=given.get("until"),
        columns=tuple(_column(name, column) for name, column in given["columns"].items()),
    )


def _given(path: Path) -> dict[str, Any]:
    """What a dictionary file holds, once nothing in it is wrong."""
    where = f"schemas/registers/{path.name}"
    try:
        given = yaml.load(path.read_text(encoding="utf-8"), DictionaryLoader)  # noqa: S506 - a safe loader
        slip = first_slip(given, path.stem)
    except UnicodeDecodeError:
        slip = "it is not in UTF-8. Save it as UTF-8 (in Notepad: Save as, Encoding)"
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        where += f", line {mark.line + 1}" if mark else ""
        slip = "this is not readable YAML. Check indentation and quotes" if mark else str(fault)
    if slip is None:
        checked: dict[str, Any] = given
        return checked
    raise RequestError(f"{where}: {slip}. Compare it with another dictionary in that folder.")


def _column(name: str, given: dict[str, Any]) -> Column:
    return Column(
        name=name,
        format=given["format"],
        canonical=given["as"],
        on_request=given.get("on_request"),
        type=given["type"],
        meaning=given["meaning"],
        source=given["source"],
        missing=tuple(given.get("missing", ())),
        open=tuple(given.get("open", ())),
        codes=tuple(given.get("codes", {}).items()),
        becomes=tuple(given.get("becomes", {}).items()),
        zero_fill=given.get("zero_fill", 0),
        plus=given.get("plus", 0),
        least=given.get("least"),
        most=given.get("most"),
        also=tuple(given.get("also", ())),
    )
