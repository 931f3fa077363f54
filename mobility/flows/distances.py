"""Distances between places, from the addresses in them (method 2). Pure."""

from __future__ import annotations

import polars as pl

from mobility.flows.counts import Level
from mobility.places import UNPLACEABLE


def area_sums(objects: pl.DataFrame, areas: int) -> pl.DataFrame:
    """Addresses with coordinates of every area: one row per area, in order: `addresses`, `x_sum`, `y_sum` (metres).

    Args:
        objects: `area`, `x_m`, `y_m`.
        areas: how many there are.
    """
    placed = objects.drop_nulls(["x_m", "y_m"]).group_by("area")
    sums = placed.agg(addresses=pl.len().cast(pl.Int64), x_sum=pl.col("x_m").sum(), y_sum=pl.col("y_m").sum())
    every = pl.DataFrame({"area": pl.Series(range(areas), dtype=pl.UInt32)})
    return every.join(sums, on="area", how="left").sort("area").drop("area").fill_null(0)


def distances_between(sums: pl.DataFrame, level: Level) -> pl.DataFrame:
    """Kilometres between the address-weighted centroids of every two places that have one.

    One row per pair, in one direction: `level`, `origin`, `destination`, `distance`. Two places with the same centroid have no
    distance.

    Args:
        sums: of `area_sums`.
        level: the places.
    """
    centres = (
        sums.with_columns(place=level.places.gather(level.of_area))
        .filter(pl.col("place") != UNPLACEABLE)
        .group_by("place")
        .agg(pl.col("addresses", "x_sum", "y_sum").sum())
        .filter(pl.col("addresses") > 0)
        .select("place", x=pl.col("x_sum") / pl.col("addresses"), y=pl.col("y_sum") / pl.col("addresses"))
        .sort("place")
    )
    pairs = centres.join(centres, how="cross", suffix="_2").filter(pl.col("place") < pl.col("place_2"))
    square = (pl.col("x") - pl.col("x_2")) ** 2 + (pl.col("y") - pl.col("y_2")) ** 2
    return (
        pairs.select(
            level=pl.lit(level.name), origin="place", destination="place_2", distance=(square.sqrt() / 1000).round(6)
        )
        .filter(pl.col("distance") > 0)
        .sort("origin", "destination")
    )
