"""What a reader is told about places: names, roles, and a square on a map. Public knowledge, and nothing about persons."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from mobility.areas import Line, Zoning
from mobility.panel.store import Panel
from mobility.release.tiles import tiles


@dataclass(frozen=True)
class Place:
    """One gemeente, wijk or buurt with a line in the zoning, or one gemeente with a square; what is not known is None."""

    code: str
    name: str | None = None
    region: str | None = None
    role: str | None = None
    column: int | None = None
    row: int | None = None


def known_places(panel: Panel, zoning: Zoning) -> tuple[Place, ...]:
    """The lines of the zoning, and a square for every gemeente with coordinates, sorted by code."""
    lines = {line.code: line for line in zoning.lines}
    squares = {code: (column, row) for code, column, row in tiles(_centres(panel)).iter_rows()}
    return tuple(_place(code, lines.get(code), squares.get(code)) for code in sorted(lines.keys() | squares.keys()))


def _place(code: str, line: Line | None, square: tuple[int, int] | None) -> Place:
    column, row = square or (None, None)
    return (
        Place(code, column=column, row=row)
        if line is None
        else Place(code, line.name or None, line.region, line.role, column, row)
    )


def _centres(panel: Panel) -> pl.DataFrame:
    """The mean place of the address objects of every gemeente."""
    if not panel.objects_path.is_file():
        return pl.DataFrame(schema={"gemeente": pl.String, "x_m": pl.Float64, "y_m": pl.Float64})
    areas = panel.areas().select("gemeente").with_row_index("area")
    return (
        panel.objects("area", "x_m", "y_m")
        .lazy()
        .group_by("area")
        .agg(pl.col("x_m", "y_m").sum(), objects=pl.col("x_m").count())
        .join(areas.lazy(), on="area")
        .filter(pl.col("gemeente").is_not_null())
        .group_by("gemeente")
        .agg(pl.col("x_m", "y_m", "objects").sum())
        .filter(pl.col("objects") > 0)
        .select("gemeente", pl.col("x_m", "y_m") / pl.col("objects"))
        .sort("gemeente")
        .collect()
    )
