"""Register files as CBS delivers them: folders, names with versions, column order, SPSS formats and labels.

All of that comes from the register dictionaries in `schemas/registers`, except the version numbers, which are facts of
a delivery.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyreadstat

from mobility.registers.dictionary import Column, Register, load_register
from mobility.settings import Format
from mobility.synthetic.registers import FIRST_CODE_YEAR

CONVERTED = "geconverteerde data"  # where CBS puts copies of a .sav file in other formats

# First year of each version number, newest first; "" is a name without a version.
_VERSIONS: dict[str, tuple[tuple[int, str], ...]] = {
    "EIGENDOMTAB": ((2023, "1"), (2021, "2"), (2018, "3"), (2017, "5"), (0, "6")),
    "INHATAB": ((2022, "1"), (2016, "2"), (2014, "1"), (0, "2")),
    "KOPPELPERSOONHUISHOUDEN": ((2022, "1"), (2019, "2"), (0, "")),
    "LEVCYCLWOONNIETWOONBUS": ((0, "122"),),
}
# The time of writing stands in the header of an SPSS file; a fixed one makes equal seeds give equal bytes.
_HEADER_TIME_AT = 92
_HEADER_TIME = b"01 Jan 2400:00:00"
_LABEL_BYTES = 250


def file_stem(register: Register, year: int) -> str:
    """Path below the root of the source tree, without ending."""
    versions = _VERSIONS.get(register.name, ((0, "1"),))
    version = next(version for since, version in versions if year >= since)
    fits = [form for form in register.files if ("{version}" in form) == bool(version)]
    return f"{register.folder}/{fits[0]}".format(year=year, version=version)


def write_register(root: Path, name: str, year: int, rows: pl.DataFrame, formats: tuple[Format, ...]) -> str:
    """Write one register file in every wished format; returns the name of the first."""
    register = load_register(name)
    columns = columns_of(register, year)
    table = rows.select(_as_delivered(column).alias(column.name) for column in columns)
    stem = file_stem(register, year)
    for number, form in enumerate(formats):
        path = root / f"{stem}.{form}"
        if number:
            path = path.parent / CONVERTED / path.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if form == "sav":
            write_sav(path, table, columns)
        elif form == "csv":
            table.write_csv(path)
        else:
            table.write_parquet(path, compression="zstd")
    return f"{Path(stem).name}.{formats[0]}"


def columns_of(register: Register, year: int) -> list[Column]:
    """Columns of the file of a year: those of the dictionary, the yearly ones once for every year up to the file's."""
    fixed = [column for column in register.columns if "{" not in column.name]
    yearly = [column for column in register.columns if "{" in column.name]
    repeated = [
        Column(
            **{
                **vars(column),
                "name": column.name.format(geography_year=each),
                "canonical": column.name.format(geography_year=each),
            }
        )
        for each in range(FIRST_CODE_YEAR, year + 1)
        for column in yearly
    ]
    return fixed + repeated


def _as_delivered(column: Column) -> pl.Expr:
    """Numbers as they are, texts padded with blanks on the left where codes are shorter than the field."""
    values = pl.col(column.canonical or column.name)
    if not column.is_text:
        return values
    return values.str.pad_start(column.width) if column.codes and column.width > 1 else values


def write_sav(path: Path, table: pl.DataFrame, columns: list[Column]) -> None:
    """Write an SPSS file with the formats and labels of the columns."""
    labels = {column.name: dict(_labels(column)) for column in columns if column.codes}
    pyreadstat.write_sav(
        table,
        str(path),
        column_labels={column.name: column.meaning for column in columns},
        variable_value_labels=labels,
        variable_format={column.name: column.format for column in columns},
        row_compress=True,
    )
    with path.open("r+b") as file:
        file.seek(_HEADER_TIME_AT)
        file.write(_HEADER_TIME)


def _labels(column: Column) -> list[tuple[str, str]]:
    return [(code.rjust(column.width), label[:_LABEL_BYTES]) for code, label in column.codes]
