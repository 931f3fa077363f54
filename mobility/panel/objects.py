"""Address objects with what is known of them: area, coordinates, end of life, tenure."""

from __future__ import annotations

import datetime as dt

import polars as pl

from mobility.places import UNPLACEABLE

OBJECT = ("object_type", "object_number")


def number_objects(*tables: pl.LazyFrame) -> pl.LazyFrame:
    """All objects that occur in any of the tables, numbered in the order of their type and number.

    One row per object: `object_type`, `object_number`, `object` (UInt32, dense from 0). The order makes the smallest id the
    smallest (type, number), which decides ties between registrations.
    """
    every = pl.concat([table.select(OBJECT) for table in tables]).unique().sort(OBJECT)
    return every.with_row_index("object").with_columns(pl.col("object").cast(pl.UInt32))


def mark_repeated(table: pl.LazyFrame, key: tuple[str, ...]) -> pl.LazyFrame:
    """The table, sorted, with `rule`: null for the row of each key that is kept, else why the row is left out.

    `exact_duplicate` for a copy of the row before, `key_repeated` for another row with the same key. Which of several
    different rows is kept depends on nothing but their values.
    """
    names = table.collect_schema().names()
    ordered = table.sort([*key, *(name for name in names if name not in key)], nulls_last=True)
    same_key = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in key)
    same_row = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in names)
    first = pl.int_range(pl.len()) == 0
    return ordered.with_columns(
        rule=pl.when(first)
        .then(None)
        .when(same_row)
        .then(pl.lit("exact_duplicate"))
        .when(same_key)
        .then(pl.lit("key_repeated"))
    )


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


def area_of(geography: pl.LazyFrame, areas: pl.DataFrame) -> pl.LazyFrame:
    """The area of each object: `object_type`, `object_number`, `area` (place in `areas`)."""
    keys = (
        areas.lazy()
        .with_row_index("area")
        .with_columns(
            gemeente=pl.col("gemeente").str.strip_prefix("GM"),
            wijk=pl.col("wijk").str.strip_prefix("WK"),
            buurt=pl.col("buurt").str.strip_prefix("BU"),
        )
    )
    filled = geography.with_columns(pl.col("gemeente", "wijk", "buurt").fill_null(UNPLACEABLE))
    return filled.join(keys, on=["gemeente", "wijk", "buurt"], how="left").select(
        *OBJECT, area=pl.col("area").fill_null(0).cast(pl.UInt32)
    )


def demolished_dates(life_cycle: pl.LazyFrame) -> pl.LazyFrame:
    """First day on which an object no longer exists: `object_type`, `object_number`, `demolished_date`.

    An object with a period that is still open exists. Periods overlap and repeat; only the last end counts.
    """
    ended = life_cycle.group_by(OBJECT).agg(
        is_open=pl.col("end_date").is_null().any(), demolished_date=pl.col("end_date").max()
    )
    return ended.filter(~pl.col("is_open")).select(*OBJECT, "demolished_date")


def first_day_known(life_cycle: pl.LazyFrame) -> dt.date | None:
    """The first day of the register; earlier demolitions are not in it."""
    day: dt.date | None = life_cycle.select(pl.col("start_date").min()).collect().item()
    return day


def link_objects(numbered: pl.LazyFrame, *attributes: pl.LazyFrame) -> pl.LazyFrame:
    """The object table: every numbered object with the attributes found for it, in the order of their number."""
    table = numbered
    for attribute in attributes:
        table = table.join(attribute, on=list(OBJECT), how="left", validate="1:1")
    return table.sort("object").drop("object")
