"""Programme areas written in the division of another year (method 2: one geography year per study). Pure."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from mobility.areas import ProgrammeArea
from mobility.errors import RequestError
from mobility.places import UNPLACEABLE, in_codes

OBJECT = ("object_type", "object_number")


def translate(
    given: tuple[ProgrammeArea, ...], year: int, written: pl.DataFrame, objects: pl.DataFrame, areas: pl.DataFrame
) -> list[ProgrammeArea]:
    """Programme areas in buurten of the study: those of which at least half of the address objects lay in the area's codes.

    Objects without a code in that year do not count.

    Args:
        given: areas in codes of `year`.
        year: the division they are written in.
        written: `object_type`, `object_number`, `gemeente`, `wijk`, `buurt`: codes of every object in that year, without prefix,
            null where there is none.
        objects: `object_type`, `object_number`, `area` of the panel.
        areas: of the panel, in the division of the study.

    Raises:
        RequestError: of an area no buurt is found.
    """
    coded = written.select(
        *OBJECT,
        gemeente=pl.lit("GM") + pl.col("gemeente"),
        wijk=pl.lit("WK") + pl.col("wijk"),
        buurt=pl.lit("BU") + pl.col("buurt"),
    ).drop_nulls("gemeente")
    placed = objects.select(*OBJECT, now=areas["buurt"].gather(objects["area"])).filter(pl.col("now") != UNPLACEABLE)
    both = placed.join(coded, on=list(OBJECT), how="inner")
    found = []
    for one in given:
        shares = both.group_by("now").agg(
            inside=in_codes(one.codes).fill_null(False).cast(pl.Int64).sum(), objects=pl.len().cast(pl.Int64)
        )
        codes = shares.filter(pl.col("inside") * 2 >= pl.col("objects"))["now"].sort()
        if codes.is_empty():
            raise RequestError(
                f"Programme {one.programme}, area {one.area}: in the division of {year} no buurt of the study lies in its codes. "
                "Correct the codes or geography_year in schemas/areas/programmes."
            )
        found.append(replace(one, codes=tuple(codes)))
    return found
