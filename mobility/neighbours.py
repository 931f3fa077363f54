"""Which areas are next to each other: addresses within some metres of each other (method 2). Pure."""

from __future__ import annotations

from itertools import product
from math import hypot

import polars as pl

_BIN_M = 50


def next_to(addresses: pl.DataFrame, wijken: list[str], within_m: int) -> pl.DataFrame:
    """The wijken next to some wijken.

    One row per pair, sorted: `wijk` (one of `wijken`) and `neighbour` (another, with an address at most `within_m` metres
    from one of its addresses). Wijken whose addresses have no coordinates have no neighbours.

    Args:
        addresses: `wijk` (its code, or the name of any other set of addresses), `x_m`, `y_m`; null where not known.
        wijken: whose neighbours are asked.
        within_m: the distance.
    """
    points = addresses.drop_nulls().unique()
    squares = points.with_columns(x=pl.col("x_m") // _BIN_M, y=pl.col("y_m") // _BIN_M)
    filled = squares.select("wijk", "x", "y").unique()
    own = filled.filter(pl.col("wijk").is_in(wijken))
    sure: list[pl.DataFrame] = []
    open_pairs: list[pl.DataFrame] = []
    # Squares in which the farthest points are near enough settle most pairs; only the others are measured point by point.
    reach = within_m // _BIN_M + 1
    for dx, dy in product(range(-reach, reach + 1), repeat=2):
        nearest = _BIN_M * hypot(max(abs(dx) - 1, 0), max(abs(dy) - 1, 0))
        if nearest > within_m:
            continue
        shifted = own.with_columns(x_2=pl.col("x") + dx, y_2=pl.col("y") + dy)
        pairs = shifted.join(filled, left_on=["x_2", "y_2"], right_on=["x", "y"], suffix="_2")
        pairs = pairs.filter(pl.col("wijk") != pl.col("wijk_2"))
        near = _BIN_M * hypot(abs(dx) + 1, abs(dy) + 1) <= within_m
        (sure if near else open_pairs).append(pairs)
    found = pl.concat([each.select("wijk", neighbour="wijk_2") for each in sure] or [_NO_PAIRS]).unique()
    asked = pl.concat(open_pairs).join(found, left_on=["wijk", "wijk_2"], right_on=["wijk", "neighbour"], how="anti")
    measured = asked.join(squares, on=["wijk", "x", "y"]).join(
        squares, left_on=["wijk_2", "x_2", "y_2"], right_on=["wijk", "x", "y"], suffix="_2"
    )
    squared = (pl.col("x_m") - pl.col("x_m_2")) ** 2 + (pl.col("y_m") - pl.col("y_m_2")) ** 2
    near_enough = measured.filter(squared <= within_m**2).select("wijk", neighbour="wijk_2")
    return pl.concat([found, near_enough]).unique().sort("wijk", "neighbour")


_NO_PAIRS = pl.DataFrame(schema={"wijk": pl.String, "neighbour": pl.String})
