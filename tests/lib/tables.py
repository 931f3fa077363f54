"""Tables drawn as text, so that a test shows its numbers."""

from __future__ import annotations

import datetime as dt
import re

import polars as pl
from polars.testing import assert_frame_equal

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def table(drawn: str, **dtypes: pl.DataType | type[pl.DataType]) -> pl.DataFrame:
    """A drawn table as a frame: first line names, then one row per line, cells between |; an empty cell is null.

    Types are guessed (date, whole number, true/false, text) unless given.
    """
    lines = [line for line in drawn.strip().splitlines() if line.strip() and not re.fullmatch(r"[\s|+-]+", line)]
    names = [name.strip() for name in lines[0].split("|")]
    rows = [[_cell(cell.strip()) for cell in line.split("|")] for line in lines[1:]]
    frame = pl.DataFrame(
        {name: pl.Series(name, [row[place] for row in rows], strict=False) for place, name in enumerate(names)}
    )
    return frame.with_columns(pl.col(name).cast(dtype) for name, dtype in dtypes.items())


def _cell(text: str) -> object:
    if text == "":
        return None
    if _DATE.fullmatch(text):
        return dt.date.fromisoformat(text)
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"-?\d+", text) else text


def assert_table(found: pl.DataFrame, drawn: str) -> None:
    """The columns of a drawn table, in whatever order the rows, equal those of the frame found; types aside."""
    expected = table(drawn)
    assert_frame_equal(
        found.select(expected.columns), expected, check_dtypes=False, check_row_order=False, categorical_as_str=True
    )


SPELL = {"person": pl.UInt32, "start_date": pl.Date, "end_date": pl.Date, "object": pl.UInt32}
PERSON = {"person": pl.UInt32, "birth_date": pl.Date, "death_date": pl.Date}
HOUSEHOLD = {
    "person": pl.UInt32,
    "start_date": pl.Date,
    "end_date": pl.Date,
    "household": pl.UInt32,
    "household_size": pl.UInt32,
    "household_type": pl.UInt8,
    "reference_person": pl.Boolean,
    "is_child": pl.Boolean,
    "children": pl.UInt32,
}


def spells(drawn: str) -> pl.DataFrame:
    """Drawn registrations or residence, typed and sorted."""
    return table(drawn, **SPELL).sort("person", "start_date", "end_date", "object", nulls_last=True)


def persons(drawn: str) -> pl.DataFrame:
    """Drawn persons; columns that are left out are null."""
    frame = table(drawn)
    missing = {name: pl.lit(None, kind).alias(name) for name, kind in PERSON.items() if name not in frame.columns}
    return frame.with_columns(*missing.values()).select(*PERSON).cast(PERSON).sort("person")


def households(drawn: str) -> pl.DataFrame:
    """Drawn household spells; the size is the number of persons drawn in a household, the type 1 and nobody a child unless

    drawn.
    """
    frame = table(drawn)
    left_out = {"household_type": pl.lit(1), "is_child": pl.lit(False)}
    frame = frame.with_columns(value.alias(name) for name, value in left_out.items() if name not in frame.columns)
    frame = frame.with_columns(
        household_size=pl.col("person").n_unique().over("household"),
        children=pl.col("is_child").sum().over("household"),
        reference_person=pl.lit(True),
    )
    return frame.select(*HOUSEHOLD).cast(HOUSEHOLD).sort("person", "start_date")
