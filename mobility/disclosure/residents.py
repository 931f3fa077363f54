"""How many people live where: what anybody knows from public statistics, as a fixed part of a reader's knowledge. Pure.

The population of every place on 1 January is published, exactly and long since. So the sum of all who moved out of a place
between two such days leaves a number that stayed, died or left the country, and the classes of the residents add up to a number
that is known. Households are taken to be unknown: those of public statistics are defined in another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.disclosure.cells import SET, all_of
from mobility.disclosure.declaration import TOTAL, Residents
from mobility.disclosure.nesting import HIDDEN_SET
from mobility.disclosure.relations import CELL, Table

Whole = npt.NDArray[np.int64]

PERSONS = "residents"
UNKNOWN = -1
_CODED = ("buurt", "wijk", "gemeente")


@dataclass(frozen=True)
class PublicTotals:
    """What public totals say of the cells of a release.

    Attributes:
        cells: cells that are such a total.
        persons: how many persons each of them counts.
        added: totals of which cells are parts, as cells that no table shows, numbered after those of the tables.
        pairs: of these, one row per parent and child, as `relations` makes them.
    """

    cells: Whole
    persons: Whole
    added: Whole
    pairs: pl.DataFrame

    def known(self, cells: int) -> Whole:
        """The persons of every cell, those of the tables before those added; `UNKNOWN` where no total says."""
        found = np.full(cells + len(self.added), UNKNOWN, np.int64)
        found[self.cells] = self.persons
        found[cells:] = self.added
        return found


def public_totals(tables: Mapping[str, Table], residents: pl.DataFrame | None, cells: int) -> PublicTotals:
    """The public totals that the cells of a release are, or are parts of.

    A total that its cells exceed says nothing: these count something else, such as one person several times.

    Args:
        tables: the tables by name.
        residents: one row per `at`, `level`, `place` and `year`: `residents`, in persons; None: not known.
        cells: how many cells the tables have.
    """
    exact = [pl.DataFrame(schema={CELL: pl.Int64, PERSONS: pl.Int64})]
    pairs = [
        pl.DataFrame(
            schema={"parent": pl.Int64, "child": pl.Int64, "open": pl.Boolean, "domain": pl.Int64, "at": pl.String}
        )
    ]
    added = [pl.Series([], dtype=pl.Int64)]
    start = cells
    for table in tables.values():
        for said in table.declaration.residents:
            if residents is None or not table.frame.schema[said.year].is_integer():
                continue  # a period of several years has no one population
            found = _with_totals(table, said, residents)
            if said.whole:
                exact.append(found.filter(pl.col("persons") == pl.col(PERSONS)).select(CELL, PERSONS))
                continue
            keys = [name for name in ("level", said.place, said.year) if name in table.declaration.cells]
            sums = found.group_by(keys).agg(pl.col("persons").sum(), pl.col(PERSONS).first())
            sums = sums.filter(pl.col("persons") <= pl.col(PERSONS)).sort(keys).drop("persons")
            sums = sums.with_columns(pl.int_range(start, start + pl.len(), dtype=pl.Int64).alias("parent"))
            start += sums.height
            added.append(sums[PERSONS])
            of = found.select(*keys, child=CELL).join(sums, on=keys)
            more = pl.lit(value=True).alias("open"), pl.lit(of.height + 1, dtype=pl.Int64).alias("domain")
            at = pl.lit(f"{table.declaration.table} and the public number of residents, {said.at}").alias("at")
            pairs.append(of.select("parent", "child", *more, at).sort("parent", "child"))
    whole = pl.concat(exact).unique(CELL).sort(CELL)
    return PublicTotals(
        whole[CELL].to_numpy(), whole[PERSONS].to_numpy(), pl.concat(added).to_numpy(), pl.concat(pairs)
    )


def _with_totals(table: Table, said: Residents, residents: pl.DataFrame) -> pl.DataFrame:
    """The cells that a declaration speaks of, each with the total of its place."""
    names = table.declaration.cells
    split = {*names} - {"level", said.place, said.year} - {column for column, _ in said.where}
    kept = table.frame.filter(
        pl.col(SET) != HIDDEN_SET,
        all_of(said.where),
        *(pl.col(column) != TOTAL for column in sorted(split) if table.frame.schema[column] == pl.String),
    )
    totals = residents.filter(pl.col("at") == said.at).drop("at")
    if "level" not in names:
        totals = totals.filter(pl.col("level").is_in(_CODED)).drop("level")
    keys = [name for name in ("level", said.place, said.year) if name in names]
    return kept.join(totals.rename({"place": said.place, "year": said.year}), on=keys)
