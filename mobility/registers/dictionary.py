"""The register dictionaries in `schemas/registers/`: what CBS delivers, as data a researcher can read and correct."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from mobility.errors import RequestError
from mobility.folders import SCHEMAS

ColumnType = Literal["text", "integer", "first_day", "last_day", "person"]
Editions = Literal["newest", "yearly"]


@dataclass(frozen=True)
class Column:
    """One column of a register file.

    Attributes:
        name: the name in the file; matched without regard to case. `{geography_year}` stands for the study's year.
        format: SPSS format, such as `A9` (text of nine bytes) or `F4` (number).
        canonical: the name inside the program; None when no study uses the column.
        type: how the text is read: `first_day` and `last_day` are YYYYMMDD (a last day becomes the first day after it, so
            that intervals are half-open), `person` is a person number, kept as an unsigned integer.
        missing: codes that stand for "no value".
        open: codes of a last day that stand for "still going on".
        codes: value labels.
        becomes: the program's word for a code.
        zero_fill: width to which lost leading zeros are restored.
        plus: what is added to a whole number, where another register counts the same from elsewhere.
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
    also: tuple[str, ...] = ()

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
        grain: what one row is.
        folder: below the root of the source tree; `{year}` where every year has its own.
        files: accepted forms of the file name without its ending, with `{year}` and `{version}`.
        editions: `newest` (one file holds everything up to its year) or `yearly` (a file per year).
        required: whether a study can do without it.
        since: first year of the register, where it has one.
        until: last year of the register, where it has one.
        columns: in the order of the file.
    """

    name: str
    title: str
    grain: str
    folder: str
    files: tuple[str, ...]
    editions: Editions
    required: bool
    columns: tuple[Column, ...]
    since: int | None = None
    until: int | None = None

    @property
    def used_columns(self) -> tuple[Column, ...]:
        """The columns that studies use."""
        return tuple(column for column in self.columns if column.canonical is not None)


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
    try:
        given: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as slip:
        mark = getattr(slip, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise RequestError(
            f"schemas/registers/{path.name}{line}: this is not readable YAML. Check indentation and quotes."
        ) from None
    try:
        return Register(
            name=given["register"],
            title=given["title"],
            grain=given["grain"],
            folder=given["folder"],
            files=tuple(given["files"]),
            editions=given["editions"],
            required=given["required"],
            since=given.get("since"),
            until=given.get("until"),
            columns=tuple(_column(name, column) for name, column in given["columns"].items()),
        )
    except (KeyError, AttributeError, TypeError, ValueError) as fault:
        problem = f"schemas/registers/{path.name}: an entry is missing or malformed ({type(fault).__name__}: {fault})."
    raise RequestError(f"{problem} Compare it with another dictionary in that folder.")


def _column(name: str, given: dict[str, Any]) -> Column:
    if given["type"] not in get_args(ColumnType):
        raise ValueError(f"{name}.type is none of {', '.join(get_args(ColumnType))}")
    return Column(
        name=name,
        format=given["format"],
        canonical=given["as"],
        type=given["type"],
        meaning=given["meaning"],
        source=given["source"],
        missing=tuple(given.get("missing", ())),
        open=tuple(given.get("open", ())),
        codes=tuple(given.get("codes", {}).items()),
        becomes=tuple(given.get("becomes", {}).items()),
        zero_fill=given.get("zero_fill", 0),
        plus=given.get("plus", 0),
        also=tuple(given.get("also", ())),
    )
