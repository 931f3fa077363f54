"""A programme area with the dates and places that follow from it. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from mobility.areas import ProgrammeArea
from mobility.days import months_after
from mobility.errors import RequestError
from mobility.places import ELSEWHERE, UNPLACEABLE, in_codes
from mobility.settings import Chains

HOME, SAME_CITY, OTHER_REGION = "home", "same_city", "other_region"
INSTITUTION, AWAY, DEAD = "institution", "away", "dead"  # and `places.UNPLACEABLE`
GROWTH_CORE = "growth_core:"


@dataclass(frozen=True)
class Followed:
    """One programme area as it is followed.

    Attributes:
        programme, area: names.
        region: of the zoning.
        start: t0.
        cohort_date: c, `lead_months` before t0.
        exit_until: t0 + `exit_months`: exposure is looked at, and an exit counts for a chain, until this day.
        last_day: F, the last day of following.
        states: state of somebody who lives in each area of the panel, seen from here; one per row of the area table.
        is_complete: followed for all of `follow_up_months`.
        r_in_g: a growth core contains some of it, and is no destination from here.
        inside: of each area of the panel, whether it is in the programme area; home is that, or its city (`exit_scope`).
    """

    programme: str
    area: str
    region: str
    start: dt.date
    cohort_date: dt.date
    exit_until: dt.date
    last_day: dt.date
    states: pl.Series
    r_in_g: bool
    is_complete: bool
    inside: pl.Series

    @property
    def is_seen(self) -> bool:
        """Followed until exits no longer count."""
        return self.last_day >= self.exit_until

    @property
    def end(self) -> dt.date:
        """The first day that is not followed."""
        return self.last_day + dt.timedelta(days=1)


def follow(given: ProgrammeArea, areas: pl.DataFrame, rules: Chains, cut_off: dt.date) -> Followed:
    """The dates and states of a programme area.

    Args:
        given: the area.
        areas: of `places.zone_areas`.
        rules: lead and follow-up.
        cut_off: last day that counts.

    Raises:
        RequestError: its codes lie in no region of the zoning, or in more than one.
    """
    inside = areas.filter(in_codes(given.codes))
    regions = inside["region"].unique().sort().to_list()
    if len(regions) != 1 or regions[0] in (ELSEWHERE, UNPLACEABLE):
        found = ", ".join(regions) or "nothing"
        raise RequestError(
            f"Programme {given.programme}, area {given.area}: its codes must lie in one region of the zoning; found: {found}. "
            "Correct the codes in schemas/areas/programmes, or the zoning."
        )
    return Followed(
        programme=given.programme,
        area=given.area,
        region=regions[0],
        start=given.start,
        cohort_date=months_after(given.start, -rules.lead_months),
        exit_until=months_after(given.start, rules.exit_months),
        last_day=min(cut_off, months_after(given.start, rules.follow_up_months)),
        states=_states(given.codes, inside, areas, regions[0], rules.exit_scope),
        is_complete=cut_off >= months_after(given.start, rules.follow_up_months),
        inside=areas.select(in_codes(given.codes).fill_null(False).alias("inside")).to_series(),
        r_in_g=inside["role"].str.ends_with("/growth_core").any(),
    )


def _states(
    codes: tuple[str, ...], inside: pl.DataFrame, areas: pl.DataFrame, region: str, exit_scope: str
) -> pl.Series:
    """State of living in each area: home, same_city, a growth core or another role of the region, other_region, unplaceable.

    A growth core that contains any of the programme area is never a destination: living there is `same_city`. With exit scope
    `city` the city is home.
    """
    role = pl.col("role").str.split("/").list.last()
    own_core = inside.filter(pl.col("role").str.ends_with("/growth_core"))["atom"]
    in_city = pl.col("gemeente").is_in(inside["gemeente"].implode()) | pl.col("atom").is_in(own_core.implode())
    return areas.select(
        state=pl.when(in_codes(codes))
        .then(pl.lit(HOME))
        .when(pl.col("region") == UNPLACEABLE)
        .then(pl.lit(UNPLACEABLE))
        .when(in_city.fill_null(False))
        .then(pl.lit(HOME if exit_scope == "city" else SAME_CITY))
        .when((pl.col("region") == region) & (role == "growth_core"))
        .then(pl.lit(GROWTH_CORE) + pl.col("atom"))
        .when(pl.col("region") == region)
        .then(role)
        .otherwise(pl.lit(OTHER_REGION))
    ).to_series()
