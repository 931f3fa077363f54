"""Counts by number of region as counts of named places. Pure."""

from __future__ import annotations

import polars as pl


def with_country(table: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    """Counts by number of region as counts by `level` and `place`: every region, and the country.

    Args:
        table: with `region`.
        names: of the regions, by number.
    """
    named = table.with_columns(level=pl.lit("region"), place=names.gather(table["region"])).drop("region")
    return pl.concat([named, named.with_columns(level=pl.lit("national"), place=pl.lit("national"))])
