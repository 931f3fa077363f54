"""The cells a declaration offers: an aggregate, filtered, made coarser and summed."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from mobility.disclosure.curves import coarse_steps
from mobility.disclosure.declaration import TOTAL, Declaration, Rows, Where
from mobility.disclosure.values import columns_needed
from mobility.errors import ReleaseError, RequestError
from mobility.settings import Disclosure

KEY = "cell_key"
SET = "row_set"
STEPS = "steps"
STATE = "state"
"""What earlier releases mean for a cell; see `earlier`."""
UNITS = ("unit_persons", "unit_households")
"""So many different persons and households are behind a cell, at least: who is counted twice in a year counts here once."""


@dataclass(frozen=True)
class Joined:
    """How an earlier edition of cells hangs together with that of now; see `editions`.

    Attributes:
        beside: the tables of now.
        links: which records came or went: one row per cell and atom: `identity`, `edition` (`now` or `then`), `atom`.
        atoms: records that are in the same changed cells: `atom`, `persons`, `households`.
    """

    beside: tuple[str, ...]
    links: pl.DataFrame
    atoms: pl.DataFrame


@dataclass(frozen=True)
class Offer:
    """What a declaration offers, with true counts; it stays inside.

    Attributes:
        declaration: the table.
        frame: one row per cell: the key columns, the measures, the units behind them, `cell_key`, `row_set`, the index of
            the set of rows, and `state`, null unless `earlier.states` knows better.
        base: the aggregate, filtered and recoded, before sets of rows are made of it.
        joined: of a table as an earlier release had it: what lies between then and now.
        sums: further sums that a reader knows of, beside those that the declaration tells: one row per parent and child, both by
            their `members.identity`, in a `family` in which a parent has one set of children, with `domain`, how many children
            can exist; None: there are none.
        beside: tables whose cells are among those parents.
    """

    declaration: Declaration
    frame: pl.DataFrame
    base: pl.DataFrame
    joined: Joined | None = None
    sums: pl.DataFrame | None = None
    beside: tuple[str, ...] = ()


def offer(
    declaration: Declaration, aggregate: pl.DataFrame, *, low: tuple[str, ...], profile: Disclosure | None = None
) -> Offer:
    """The offered cells of one table, sorted by their key columns.

    Args:
        declaration: the table.
        aggregate: true counts with the columns of the declaration, `unit_persons`, `unit_households` and `cell_key`.
        low: the income classes that count as low.
        profile: the rules; only the steps of curves need them.

    Raises:
        ReleaseError: the aggregate lacks a column, or a count is missing or negative.
        RequestError: the declaration sums over a column of numbers, or offers a cell twice.
    """
    _require_columns(declaration, aggregate)
    wanted = aggregate.lazy().filter(all_of(declaration.where))
    for column, how in declaration.recode:
        wanted = wanted.with_columns(_step(declaration, wanted, profile) if how == STEPS else recode(column, how, low))
    base = _sum(wanted, declaration.cells, declaration.measures).collect()
    _require_text(declaration, base)
    if declaration.rows == (
        Rows(),
    ):  # nothing to sum: the cells are those of the base, which are sorted, and each there once
        frame = base.with_columns(pl.lit(0, dtype=pl.Int64).alias(SET), pl.lit(None, pl.String).alias(STATE))
        return Offer(declaration, _with_values(declaration, frame, wanted), base)
    sets = [
        _sum(totalled(base.lazy().filter(all_of(rows.where)), rows), declaration.cells, declaration.measures)
        .with_columns(pl.lit(index, dtype=pl.Int64).alias(SET))
        for index, rows in enumerate(declaration.rows)
    ]  # fmt: skip
    frame = pl.concat(sets).sort(declaration.cells).with_columns(pl.lit(None, pl.String).alias(STATE)).collect()
    if frame.select(declaration.cells).is_duplicated().any():
        raise RequestError(f"schemas/outputs/{declaration.table}.yaml: two sets under `rows` offer the same cell.")
    return Offer(declaration, _with_values(declaration, frame, wanted), base)


def _with_values(declaration: Declaration, frame: pl.DataFrame, wanted: pl.LazyFrame) -> pl.DataFrame:
    """The cells with the columns that `values` need; they are not added up, so cells that are sums have none."""
    needed = columns_needed(declaration.values)
    if not needed:
        return frame
    values = wanted.select(*declaration.cells, *needed).collect()
    if values.select(declaration.cells).is_duplicated().any():
        raise RequestError(
            f"{declaration.table}: the aggregate {declaration.source} has several rows for one cell, and values such as means "
            "cannot be added up. Make the aggregate by the very columns under `cells`."
        )
    return frame.join(values, on=declaration.cells, how="left", maintain_order="left")


def _step(declaration: Declaration, wanted: pl.LazyFrame, profile: Disclosure | None) -> pl.Expr:
    """The months of curves as the ends of their steps; month 0 stays, and a month that is in no step has none (null)."""
    if profile is None:
        raise TypeError("the steps of curves depend on the profile")
    curve = tuple(column for column in declaration.cells if column != "month")
    rows = wanted.select(*curve, "month", "persons", "households").collect()
    steps = coarse_steps(rows.filter(pl.col("month") > 0), curve, profile).select(*curve, "month", end="month")
    ends = (
        rows.select(*curve, "month")
        .with_row_index("row")
        .sort("month")
        .join_asof(steps.sort("month"), on="month", by=list(curve), strategy="forward", check_sortedness=False)
        .sort("row")["end"]
    )
    return pl.when(pl.col("month") == 0).then(0).otherwise(pl.lit(ends)).cast(pl.Int64).alias("month")


def totalled(frame: pl.LazyFrame, rows: Rows) -> pl.LazyFrame:
    """The frame with the mark of a total in the columns that are summed over."""
    return frame.with_columns(pl.lit(TOTAL).alias(column) for column in rows.total)


def all_of(where: Where) -> pl.Expr:
    """Rows with these values."""
    return pl.all_horizontal(pl.lit(True), *(pl.col(column).is_in(list(values)) for column, values in where))


def _sum(frame: pl.LazyFrame, cells: tuple[str, ...], measures: tuple[str, ...]) -> pl.LazyFrame:
    return frame.drop_nulls(cells).group_by(cells).agg(pl.col(*measures, *UNITS, KEY).cast(pl.Int64).sum()).sort(cells)


def recode(column: str, how: str, low: tuple[str, ...]) -> pl.Expr:
    """A column made coarser: `low` makes the quintiles into low and not_low, `2012+3` years into periods of 3 from 2012 on."""
    if re.fullmatch(r"\d+\+\d+", how):
        first, length = map(int, how.split("+"))
        start = (pl.col(column) - first) // length * length + first
        return pl.concat_str(start, start + length - 1, separator="-").alias(column)
    if how != "low":
        raise RequestError(f"recode: {how} is not a way to make {column} coarser; there is: low.")
    value = pl.col(column)
    ranked = value.str.contains(r"^q\d+$")
    return (
        pl.when(value.is_in(low))
        .then(pl.lit("low"))
        .when(ranked)
        .then(pl.lit("not_low"))
        .otherwise(value)
        .alias(column)
    )


def _require_columns(declaration: Declaration, aggregate: pl.DataFrame) -> None:
    shown = (*declaration.cells, *declaration.measures, *columns_needed(declaration.values))
    needed = {*shown, *(column for column, _ in declaration.where), *UNITS, KEY}
    for column in sorted(needed):
        if column not in aggregate.columns:
            raise ReleaseError(
                f"{declaration.table}: the aggregate {declaration.source} has no column {column}. "
                "Run the job that makes it again."
            )
    counts = aggregate.select(*declaration.measures, *UNITS)
    if any(kind != pl.Int64 for kind in counts.dtypes):
        raise ReleaseError(
            f"{declaration.table}: a measure of the aggregate {declaration.source} is not a whole number."
        )
    if sum(counts.null_count().row(0)) or any((counts[name] < 0).any() for name in counts.columns):
        raise ReleaseError(
            f"{declaration.table}: a count in the aggregate {declaration.source} is missing or negative."
        )
    if any((aggregate[unit] > aggregate[unit.removeprefix("unit_")]).any() for unit in UNITS):
        raise ReleaseError(
            f"{declaration.table}: the aggregate {declaration.source} counts more units than there are persons or households."
        )


def _require_text(declaration: Declaration, base: pl.DataFrame) -> None:
    for rows in declaration.rows:
        for column in rows.total:
            if base.schema[column] != pl.String:
                raise RequestError(
                    f"schemas/outputs/{declaration.table}.yaml: {column} holds numbers, so no total can be "
                    f"marked in it."
                )
