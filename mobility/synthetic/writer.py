"""Register files as CBS delivers them: column order, SPSS formats and labels, from the dictionaries in `schemas/registers`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pyreadstat

from mobility.registers.dictionary import Column, Register
from mobility.synthetic.deliveries import Delivery
from mobility.synthetic.places import FIRST_CODE_YEAR

# The time of writing stands in the header of an SPSS file; a fixed one makes equal seeds give equal bytes.
_HEADER_TIME_AT = 92
_HEADER_TIME = b"01 Jan 2400:00:00"
_LABEL_BYTES = 250
_PERSON_DIGITS = 9
_REMARK = "geïmputeerd"  # a word that is written in another way in Latin-1 than in UTF-8


def columns_of(register: Register, year: int) -> list[Column]:
    """Columns of the file of a year: those of the dictionary, the yearly ones once for every year up to the file's."""
    fixed = [column for column in register.columns if "{" not in column.name]
    yearly = [column for column in register.columns if "{" in column.name]
    repeated = [
        replace(column, name=name, canonical=name)
        for each in range(FIRST_CODE_YEAR, year + 1)
        for column in yearly
        for name in (column.name.format(geography_year=each),)
    ]
    return fixed + repeated


def columns_in(delivery: Delivery, columns: list[Column]) -> list[Column]:
    """The same columns as one file has them."""
    if delivery.number_keys:
        columns = [
            replace(column, format=f"F{_PERSON_DIGITS}") if column.type == "person" else column for column in columns
        ]
    if delivery.lower_names:
        columns = [replace(column, name=column.name.lower()) for column in columns]
    return columns


def table_in(delivery: Delivery, rows: pl.DataFrame, columns: list[Column]) -> pl.DataFrame:
    """Rows of a register, in its program's words, as one file has them; `columns` are those of `columns_of`."""
    there = zip(columns, columns_in(delivery, columns), strict=True)
    table = rows.select(_as_delivered(column, delivery).alias(name.name) for column, name in there)
    if delivery.latin_1:
        rare = pl.int_range(pl.len()) % 97 == 0
        table = table.with_columns(TOELICHTING=pl.when(rare).then(pl.lit(_REMARK)).otherwise(pl.lit("")))
    return table.head(round(delivery.keep * table.height))


def _as_delivered(column: Column, delivery: Delivery) -> pl.Expr:
    """Numbers as they are, texts padded with blanks on the left where codes are shorter than the field."""
    values = pl.col(column.canonical if column.canonical and "{" not in column.canonical else column.name)
    if column.type == "person" and delivery.number_keys:
        return values.cast(pl.Int64)
    if column.type == "person" and delivery.drops_zeros:
        return values.cast(pl.Int64).cast(pl.String)
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
