"""Drawn countries for the indicators, so that a test shows who lives where and what an indicator says of it."""

import polars as pl

from mobility.income import CLASSES
from mobility.indicators.zones import Zones, zones_of
from tests.lib.tables import table

# The row of an area is its number. Gemeente A has two buurten, B one; A1 lies in a programme, A2 next to it.
AREAS = table("""
    buurt       | wijk        | gemeente    | role        | region
    unplaceable | unplaceable | unplaceable | unplaceable | unplaceable
    A1          | WA          | A           | R/city      | R
    A2          | WA          | A           | R/city      | R
    B1          | WB          | B           | R/core      | R
""")
AREA = {"unplaceable": 0, "A1": 1, "A2": 2, "B1": 3}


def drawn_zones() -> Zones:
    inside = pl.Series([False, True, False, False])
    near = pl.Series([False, False, True, False]).to_numpy()
    return zones_of(AREAS, [("Plan 1", inside)], near)


def coded(frame: pl.DataFrame) -> pl.DataFrame:
    """Names of areas and classes as the numbers that the counts use; measures as whole numbers."""
    areas = [name for name in frame.columns if name.endswith("area")]
    kinds = {"year": pl.Int32, "persons": pl.Int64, "households": pl.Int64, "age": pl.UInt8, "percentile": pl.UInt8}
    frame = frame.with_columns(pl.col(name).replace_strict(AREA, return_dtype=pl.UInt32) for name in areas)
    if "income_class" in frame.columns:
        places = {name: place for place, name in enumerate(CLASSES)}
        frame = frame.with_columns(pl.col("income_class").replace_strict(places, return_dtype=pl.UInt8))
    return frame.with_columns(pl.col(name).cast(kind) for name, kind in kinds.items() if name in frame.columns)


def drawn_moves(drawn: str) -> pl.DataFrame:
    """One row per move, everybody a household of one; `times` repeats a row."""
    moves = coded(table(drawn)).with_columns(is_carrier=pl.lit(True))
    if "times" in moves.columns:
        moves = moves.select(pl.exclude("times").repeat_by("times").explode())
    if "age" not in moves.columns:
        moves = moves.with_columns(age=pl.lit(0, pl.UInt8))
    return moves


def values(found: pl.DataFrame, **where: object) -> dict[tuple, float]:
    """Value by the keys not in `where`, of the rows in which the others are as asked."""
    keys = ["place", "level", "cut", "year", "income_class", "detail"]
    rows = found.filter(pl.col(name) == value for name, value in where.items())
    rest = [name for name in keys if name not in where]
    rows = rows.select(*rest, "value").rows()
    return {row[0] if len(rest) == 1 else row[:-1]: row[-1] for row in rows}
