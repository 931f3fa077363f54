"""Address objects with what is known of them: area, coordinates, end of life, tenure. Pure."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from mobility.panel.people import Tidied
from mobility.places import UNPLACEABLE

OBJECT = ("object_type", "object_number")


def number_objects(*tables: pl.DataFrame) -> pl.DataFrame:
    """All objects that occur in any of the tables, numbered in the order of their type and number.

    One row per object: `object` (UInt32, dense from 0), `object_type`, `object_number`. The order makes the smallest id the
    smallest (type, number), which decides ties between registrations.
    """
    every = pl.concat([table.select(OBJECT) for table in tables]).unique().sort(OBJECT)
    return every.with_row_index("object").with_columns(pl.col("object").cast(pl.UInt32))


def with_number(rows: pl.DataFrame, numbered: pl.DataFrame) -> Tidied:
    """Rows with the number of their object, `object`, instead of its type and number.

    Left out: rows of an object where nobody ever lived and that is in no geographic register (`object_without_registration`).
    """
    joined = rows.join(numbered, on=list(OBJECT), how="left", validate="m:1")
    is_known = joined["object"].is_not_null()
    strangers = joined.filter(~is_known).drop("object").with_columns(rule=pl.lit("object_without_registration"))
    return Tidied((joined if is_known.all() else joined.filter(is_known)).drop(OBJECT), strangers, {})


def once(table: pl.DataFrame, key: tuple[str, ...]) -> Tidied:
    """The table with one row per key.

    Left out: copies of a row (`exact_duplicate`) and other rows with the same key (`key_repeated`). Which of several different
    rows stays depends on nothing but their values.
    """
    repeated = table.select(key).is_duplicated()
    if not repeated.any():
        return Tidied(table, table.clear().with_columns(rule=pl.lit(None, pl.String)), {})
    ordered = table.filter(repeated)
    ordered = ordered.sort([*key, *(name for name in table.columns if name not in key)], nulls_last=True)
    same_key = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in key)
    same_row = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in table.columns)
    first = pl.int_range(pl.len()) == 0
    marked = ordered.with_columns(
        rule=pl.when(first)
        .then(None)
        .when(same_row)
        .then(pl.lit("exact_duplicate"))
        .when(same_key)
        .then(pl.lit("key_repeated"))
    )
    stays = marked.filter(pl.col("rule").is_null()).drop("rule")
    return Tidied(pl.concat([table.filter(~repeated), stays]), marked.filter(pl.col("rule").is_not_null()), {})


def known_code(column: str, most: int) -> pl.Expr:
    """A code of one digit as a number; 0 where there is none, or one that the program does not know (rule `code_unknown`)."""
    code = pl.col(column).cast(pl.UInt8, strict=False)
    return pl.when(code <= most).then(code).otherwise(0).cast(pl.UInt8)


def number_areas(geography: pl.DataFrame) -> pl.DataFrame:
    """All areas that occur: one row per distinct gemeente, wijk and buurt, as `GM0637`, `WK063701`, `BU06370101`.

    The place of a row is the id of the area. The first row is `unplaceable` throughout; a code that is unknown at one level
    only is `unplaceable` at that level.
    """
    coded = geography.select(
        gemeente=pl.lit("GM") + pl.col("gemeente"),
        wijk=pl.lit("WK") + pl.col("wijk"),
        buurt=pl.lit("BU") + pl.col("buurt"),
    ).with_columns(pl.all().fill_null(UNPLACEABLE))
    nowhere = pl.DataFrame({name: [UNPLACEABLE] for name in coded.columns})
    return pl.concat([nowhere, coded.unique().filter(pl.any_horizontal(pl.all() != UNPLACEABLE)).sort(coded.columns)])


def area_of(geography: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """The area of each object: `object_type`, `object_number`, `area` (place in `areas`)."""
    keys = areas.with_row_index("area").with_columns(
        gemeente=pl.col("gemeente").str.strip_prefix("GM"),
        wijk=pl.col("wijk").str.strip_prefix("WK"),
        buurt=pl.col("buurt").str.strip_prefix("BU"),
    )
    filled = geography.with_columns(pl.col("gemeente", "wijk", "buurt").fill_null(UNPLACEABLE))
    return filled.join(keys, on=["gemeente", "wijk", "buurt"], how="left").select(
        *OBJECT, area=pl.col("area").fill_null(0).cast(pl.UInt32)
    )


def demolished_dates(life_cycle: pl.DataFrame, cut_off: dt.date) -> pl.DataFrame:
    """First day on which an object no longer exists: `object`, `demolished_date`.

    An object with a period that is still open exists. Periods overlap and repeat; only the last end counts, and one after the
    cut-off has not happened yet.
    """
    ended = life_cycle.group_by("object").agg(
        is_open=pl.col("end_date").is_null().any(), demolished_date=pl.col("end_date").max()
    )
    known = pl.col("demolished_date") <= cut_off + dt.timedelta(days=1)
    return ended.filter(~pl.col("is_open"), known).select("object", "demolished_date")


def dense_tenure(objects: int, ownership: pl.DataFrame, years: tuple[int, ...]) -> pl.DataFrame:
    """Tenure of every object (row) on 1 January of every year (column), as a place in `lookup.TENURES`; 0 is unknown.

    Args:
        objects: how many there are.
        ownership: `object`, `year`, `tenure` (a place in `TENURES`), once per object and year.
        years: in order.
    """
    dense = np.zeros((len(years), objects), dtype=np.uint8)
    column = np.searchsorted(np.array(years), ownership["year"].to_numpy())
    dense[column, ownership["object"].to_numpy()] = ownership["tenure"].to_numpy()
    return pl.DataFrame({str(year): dense[number] for number, year in enumerate(years)})
