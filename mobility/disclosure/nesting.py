"""How gemeenten and roles overlap: the smallest areas that are whole in both divisions.

A role can be made of wijken, so a gemeente need not lie in one role nor a role in one gemeente. Their *blocks* are the
smallest areas that both divisions fill exactly, such as a central city with its centre and its periphery. A
reader who knows the zoning can set the gemeenten of a block beside its roles; flows between blocks are
therefore hidden cells of the audit, parents of both.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from mobility.disclosure.cells import KEY, SET

BLOCK = "block"
OUTSIDE = "elsewhere"
HIDDEN_SET = -1


def find_blocks(roles: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """The block of every gemeente and every role; a block is named after its first place.

    Args:
        roles: the roles in which each gemeente of the zoning has a part.
    """
    block: dict[str, str] = {OUTSIDE: OUTSIDE}
    for gemeente in sorted(roles):
        together = {block.get(place, place) for place in (gemeente, *roles[gemeente])}
        name = min(together)
        block.update((place, name) for place, old in block.items() if old in together)
        block.update((place, name) for place in (gemeente, *roles[gemeente]))
    return block


def place_columns(cells: tuple[str, ...]) -> list[str]:
    """The key columns that hold places of a level."""
    return [column for column in ("origin", "destination", "place") if column in cells and "level" in cells]


def block_of(column: str, level: str, blocks: Mapping[str, str]) -> pl.Expr:
    """The block of the places in a column; a gemeente outside the zoning is elsewhere."""
    place = pl.col(column)
    known = place.replace(list(blocks), list(blocks.values()))
    if level != "gemeente":
        return known.alias(column)
    outside = place.str.starts_with("GM") & ~place.is_in(list(blocks))
    return pl.when(outside).then(pl.lit(blocks.get(OUTSIDE, OUTSIDE))).otherwise(known).alias(column)


def add_hidden(
    frame: pl.DataFrame, cells: tuple[str, ...], measures: tuple[str, ...], blocks: Mapping[str, str]
) -> pl.DataFrame:
    """The cells of a table by place, or by pair of places, with, below them, the hidden cells of blocks.

    A frame that does not hold both gemeenten and roles comes back as it is.
    """
    columns = place_columns(cells)
    if not columns or not {"gemeente", "role"} <= set(frame["level"].unique()):
        return frame
    places = [block_of(place, "role", blocks) for place in columns]
    hidden = (
        frame.filter(pl.col("level") == "role")
        .with_columns(pl.lit(BLOCK).alias("level"), *places)
        .group_by(cells)
        .agg(pl.col(*measures, KEY).sum())
        .sort(cells)
        .with_columns(pl.lit(HIDDEN_SET, dtype=pl.Int64).alias(SET))
    )
    return pl.concat([frame, hidden], how="diagonal")
