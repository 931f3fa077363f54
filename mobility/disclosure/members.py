"""Who is behind the cells: records, so that it can be told by how many of them two editions of a cell differ. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from mobility.disclosure.cells import all_of, recode, totalled
from mobility.disclosure.declaration import TOTAL, Declaration

IDENTITY = "identity"
RECORD = "record"
ATOM = "atom"


@dataclass(frozen=True)
class Members:
    """The records behind an aggregate; this stays inside.

    Attributes:
        places: one row per `atom`, a number, with the place it lies in at every level; without rows where the records name
            their places themselves.
        years: the years there are.
        read: the records of a year. One row per record and inner cell: the key columns of the aggregate (`origin` and
            `destination` as atoms, and no `level`, where there are `places`), `record`, its hash, `persons` and `households`.
        different: who is behind several years. One row per person and inner cell: the same key columns, `person`, `carrier` and
            `is_carrier`; None where that is not known.
    """

    places: pl.DataFrame
    years: tuple[int, ...]
    read: Callable[[int], pl.DataFrame]
    different: Callable[[range], pl.DataFrame] | None = None

    def named(self, year: int) -> pl.DataFrame:
        """The records of a year in the key columns of the aggregate, once for every level."""
        return self.place(self.read(year))

    def place(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows with the names of their places instead of atoms, once for every level."""
        if self.places.is_empty():
            return rows
        found = []
        for level in self.places.columns:
            if level == ATOM:
                continue
            name = self.places.select(ATOM, level)
            placed = rows
            for end in ("origin", "destination"):
                placed = (
                    placed.join(name, left_on=end, right_on=ATOM).drop(end).rename({level: end})
                )  # atoms are numbers of rows: each has one name
            found.append(placed.with_columns(level=pl.lit(level)))
        return pl.concat(found)


def identity(declaration: Declaration) -> pl.Expr:
    """What a cell is, in words that are the same in whatever table it stands.

    The aggregate, and every key column with its value; columns that are summed over are left out. So the row of `flows` summed
    over the classes is the row of `flows_total`.
    """
    parts: dict[str, pl.Expr] = {
        column: pl.when(pl.col(column).cast(pl.String) != TOTAL).then(
            pl.lit(f"{column}=") + pl.col(column).cast(pl.String)
        )
        for column in declaration.cells
    }
    for column, values in declaration.where:
        if column not in declaration.cells:
            parts[column] = pl.lit(f"{column}={','.join(sorted(map(str, values)))}")
    ordered = [parts[column] for column in sorted(parts)]
    return pl.concat_str(pl.lit(declaration.source), *ordered, separator="|", ignore_nulls=True).alias(IDENTITY)


def records_of(declaration: Declaration, rows: pl.DataFrame, low: tuple[str, ...]) -> pl.LazyFrame:
    """The records behind every cell of a table: `identity`, `record`, `persons`, `households`; one row per cell and record.

    Args:
        declaration: the table.
        rows: of `Members.named`.
        low: the income classes that counted as low when the rows were made.
    """
    wanted = rows.lazy().filter(all_of(declaration.where))
    for column, how in declaration.recode:
        wanted = wanted.with_columns(recode(column, how, low))
    sets = [totalled(wanted.filter(all_of(each.where)), each) for each in declaration.rows]
    return (
        pl.concat([each.select(identity(declaration), RECORD, "persons", "households") for each in sets])
        .group_by(IDENTITY, RECORD)
        .agg(pl.col("persons", "households").cast(pl.Int64).sum())
    )
