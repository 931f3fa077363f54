"""Programme areas found in the registers: where corporation dwellings are demolished or sold (method 6, programmes). Pure."""

from __future__ import annotations

import datetime as dt

import polars as pl

from mobility.areas import Derivation, ProgrammeArea
from mobility.panel.lookup import TENURES
from mobility.places import ELSEWHERE, UNPLACEABLE

_SOCIAL = TENURES.index("social")
_SOLD = [TENURES.index("owner"), TENURES.index("private")]


def derive_areas(
    rule: Derivation, areas: pl.DataFrame, area: pl.Series, demolished_date: pl.Series, tenure: pl.DataFrame
) -> tuple[ProgrammeArea, ...]:
    """The areas of a region in which enough corporation dwellings disappear within some years, and when that begins.

    Of the dwellings that are a corporation's on 1 January of a year, those count that are demolished within `window_years`, or
    owned by a resident or another landlord on a later 1 January up to the end of the window. The programme starts on 1 January
    of the first year of the period of which the share is at least `least_share`. Places with fewer than `least_dwellings` of
    them that day, outside every region, or without a code are left out. Corporations sell what falls vacant, so that leaving
    causes selling: see the exposures for what that means.

    Args:
        rule: of the programme.
        areas: of `places.zone_areas`.
        area: of every object.
        demolished_date: of every object; null: stands.
        tenure: of every object (row) by year (column), as a place in `TENURES`.
    """
    code = areas[rule.level].gather(area)
    region = areas["region"].gather(area)
    placed = region.is_in([ELSEWHERE, UNPLACEABLE]).not_() & (code != UNPLACEABLE)
    starts: dict[str, dt.date] = {}
    for year in range(rule.first_year, rule.last_year + 1):
        if str(year) not in tenure.columns:
            continue
        social = (tenure[str(year)] == _SOCIAL) & placed
        first, last = dt.date(year, 1, 1), dt.date(year + rule.window_years, 1, 1)
        gone = demolished_date.is_between(first, last, closed="left").fill_null(False)
        for later in range(year + 1, year + rule.window_years + 1):
            if str(later) in tenure.columns:
                gone = gone | tenure[str(later)].is_in(_SOLD)
        counted = (
            pl.DataFrame({"code": code, "gone": gone})
            .filter(social)
            .group_by("code")
            .agg(gone=pl.col("gone").cast(pl.Int64).sum(), dwellings=pl.len().cast(pl.Int64))
        )
        # Whole numbers on both sides, so that a share of exactly the least is enough.
        parts = round(rule.least_share * _PARTS)
        enough = (pl.col("dwellings") >= rule.least_dwellings) & (
            pl.col("gone") * _PARTS >= pl.col("dwellings") * parts
        )
        for found in counted.filter(enough)["code"].sort():
            starts.setdefault(found, first)
    return tuple(ProgrammeArea(rule.programme, found, (found,), starts[found]) for found in sorted(starts))


_PARTS = 1_000_000
