"""Tables of a researcher's own, through the same gate as all others."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import polars as pl

from mobility.disclosure.cells import KEY
from mobility.errors import RequestError
from mobility.records import record_hash
from mobility.release.declarations import declared_tables, read_declaration
from mobility.release.gate import Released, release
from mobility.run.files import make_folder, replacing, write_parquet
from mobility.run.workspace import Workspace
from mobility.settings import Settings

_PREFIX = "own_"


def count_records(rows: pl.DataFrame, by: list[str], apart: tuple[str, ...] = ()) -> pl.DataFrame:
    """An aggregate that the gate can take, of rows of one's own.

    One row per combination of `by`, sorted, with `persons` (rows), `households` (each counted once a year, with its member of the
    lowest number), `unit_persons` and `unit_households` (each counted once, in its first year, so at least so many
    different ones) and `cell_key`. All of them add up.

    Args:
        rows: one row per person and year (or move, or event): `person`, `household` and `year` as whole numbers of zero
        or more, and
            the columns of `by`.
        by: the key columns.
        apart: those of them over which nobody will sum, such as the month of a curve: everybody counts once in each of
        their values.

    Raises:
        RequestError: a column is missing or empty somewhere.
    """
    needed = ["person", "household", "year", *by]
    missing = sorted(set(needed) - set(rows.columns))
    if missing:
        raise RequestError(f"count_records: the rows have no column {missing[0]}. Needed: {', '.join(needed)}.")
    empty = [name for name in needed if rows[name].null_count()]
    if empty:
        raise RequestError(f"count_records: column {empty[0]} is empty in {rows[empty[0]].null_count()} rows.")
    ordered = rows.select(*dict.fromkeys(needed)).sort(["year", "person", *by])
    is_carrier = pl.struct("household", "year", *apart).is_first_distinct()
    ordered = ordered.with_columns(
        is_carrier=is_carrier,
        is_new=pl.struct("person", *apart).is_first_distinct(),
        record=record_hash(ordered["household"], ordered["year"]),
    ).with_columns(is_new_household=pl.struct("household", *apart).is_first_distinct())
    return (
        ordered.group_by(by)
        .agg(
            persons=pl.len().cast(pl.Int64),
            households=pl.col("is_carrier").cast(pl.Int64).sum(),
            unit_persons=pl.col("is_new").cast(pl.Int64).sum(),
            unit_households=pl.col("is_new_household").cast(pl.Int64).sum(),
            **{KEY: pl.col("record").sum()},
        )
        .sort(by)
    )


def protect(aggregate: pl.DataFrame, declaration: Path, settings: Settings) -> Released:
    """Put a table of one's own before the gate, and look what it would show; nothing leaves.

    The aggregate and its declaration are kept in the workspace, so that the table can be named in `study.release.tables`.

    Args:
        aggregate: true counts: the key columns, `persons`, `households`, `unit_persons`, `unit_households`, `cell_key` (see
            `count_records`), and the columns that its `values` need.
        declaration: a file as in `schemas/outputs/`, named after the table; its `from` is `own_<table>`.
        settings: of the study.

    Raises:
        RequestError: the declaration is not right, or has the name of another table.
        ReleaseError: the table cannot leave as it is.
    """
    declared = read_declaration(declaration)
    if declared.table in declared_tables():
        raise RequestError(
            f"{declaration.name}: there is a table {declared.table} in schemas/outputs. Choose another name."
        )
    if declared.source != _PREFIX + declared.table:
        raise RequestError(
            f"{declaration.name}, from: write {_PREFIX}{declared.table}, a name no aggregate of the program has."
        )
    workspace = Workspace(settings.place.root)
    write_parquet(aggregate, workspace.aggregate(declared.source))
    kept = make_folder(workspace.outputs) / declaration.name
    if not kept.exists() or not kept.samefile(declaration):
        with replacing(kept) as temporary:
            shutil.copyfile(declaration, temporary)
    only = dataclasses.replace(settings.study.release, tables=(declared.table,), modes={}, coarsen=(), name=None)
    study = dataclasses.replace(settings.study, release=only)
    return release(dataclasses.replace(settings, study=study, check=True))
