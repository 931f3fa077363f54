"""From areas to the places of the tables: buurt, wijk, gemeente, role and region (method 2). Pure."""

from __future__ import annotations

import polars as pl

from mobility.areas import Zoning

LEVELS = ("buurt", "wijk", "gemeente", "role", "region")
ELSEWHERE = "elsewhere"
UNPLACEABLE = "unplaceable"


def zone_areas(areas: pl.DataFrame, zoning: Zoning) -> pl.DataFrame:
    """Areas with their place at every level.

    One row per area, in the order given: `buurt`, `wijk`, `gemeente`, `atom` (the code of the zoning line that decides:
    that of the buurt before the wijk before the gemeente; null where none names it), `role` (`<region>/<role>`), `region`.
    Anything unnamed is `elsewhere`; an area without gemeente is `unplaceable` at every level.
    """
    lines = pl.DataFrame(
        {
            "atom": [line.code for line in zoning.lines],
            "role": [f"{line.region}/{line.role}" for line in zoning.lines],
            "region": [line.region for line in zoning.lines],
        },
        schema={"atom": pl.String, "role": pl.String, "region": pl.String},
    )
    named = pl.lit(lines["atom"].implode())
    atom = pl.coalesce(
        pl.when(pl.col(level).is_in(named)).then(pl.col(level)) for level in ("buurt", "wijk", "gemeente")
    )
    zoned = areas.with_columns(atom=atom).join(lines, on="atom", how="left", maintain_order="left")
    nowhere = (pl.col("gemeente") == UNPLACEABLE) & pl.col("atom").is_null()
    return zoned.with_columns(
        pl.when(nowhere).then(pl.lit(UNPLACEABLE)).otherwise(pl.col(level).fill_null(ELSEWHERE)).alias(level)
        for level in ("role", "region")
    )


def unmatched_codes(areas: pl.DataFrame, codes: list[str]) -> list[str]:
    """Codes of a list that occur in no area, which usually means another division or a slip of the pen."""
    known = set(areas["buurt"]) | set(areas["wijk"]) | set(areas["gemeente"])
    return sorted(code for code in codes if code not in known)


def in_codes(codes: tuple[str, ...]) -> pl.Expr:
    """Whether an area is one of the codes or lies inside one."""
    return pl.any_horizontal(pl.col(level).is_in(list(codes)) for level in ("buurt", "wijk", "gemeente"))
