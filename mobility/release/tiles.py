"""A map without boundaries: every gemeente a square, near where it lies. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

import polars as pl

_ROOM = 1.6  # squares per gemeente: enough to keep the shape of the country, few enough to read


def tiles(centres: pl.DataFrame) -> pl.DataFrame:
    """A square for every gemeente.

    The squares form a grid of about 1.6 squares a gemeente over the extent of the country. Each gemeente, those in the densest
    surroundings first, takes the free square nearest to where it lies; ties go to the square in the north and west.

    Args:
        centres: one row per gemeente: `gemeente`, `x_m`, `y_m` (RD metres).

    Returns:
        `gemeente`, `column` (from the west), `row` (from the north), sorted by gemeente.
    """
    known = centres.drop_nulls(["x_m", "y_m"]).sort("gemeente")
    if known.is_empty():
        return pl.DataFrame(schema={"gemeente": pl.String, "column": pl.Int64, "row": pl.Int64})
    x, y = known["x_m"].to_list(), known["y_m"].to_list()
    wide, high = max(max(x) - min(x), 1), max(max(y) - min(y), 1)
    side = math.sqrt(wide * high / (_ROOM * len(x)))
    columns, rows = max(1, math.ceil(wide / side)), max(1, math.ceil(high / side))
    at = [
        ((one - min(x)) / wide * (columns - 1), (max(y) - other) / high * (rows - 1))
        for one, other in zip(x, y, strict=True)
    ]
    free = {(column, row) for column in range(columns) for row in range(rows)}
    while len(free) < len(at):  # one line of gemeenten
        free |= {(column, rows) for column in range(columns)}
        rows += 1
    taken: dict[int, tuple[int, int]] = {}
    for place in sorted(range(len(at)), key=lambda one: (_crowding(at[one], at), one)):
        best = min(free, key=lambda square: (_apart(square, at[place]), square[1], square[0]))
        taken[place] = best
        free.remove(best)
    return pl.DataFrame(
        {
            "gemeente": known["gemeente"],
            "column": [taken[place][0] for place in range(len(at))],
            "row": [taken[place][1] for place in range(len(at))],
        },
        schema={"gemeente": pl.String, "column": pl.Int64, "row": pl.Int64},
    )


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    return (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2


def _crowding(here: tuple[float, float], everywhere: Iterable[tuple[float, float]]) -> float:
    """Negative in dense surroundings."""
    return -sum(1 / (1 + _apart(here, there)) for there in everywhere)
