"""The state of people with homes of their own: home is the wijk of the baseline address (method 6.4 e). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from mobility.chains.programmes import GROWTH_CORE, HOME, OTHER_REGION, SAME_CITY
from mobility.places import UNPLACEABLE


@dataclass(frozen=True)
class Homes:
    """What decides the state of living somewhere for people with homes of their own: one row per area, for one region.

    Attributes:
        inside: of each area, whether it lies in the region.
        areas: `wijk`, `gemeente` (numbers), `core` (number of the growth core, null elsewhere), `state` (of whoever has no
            home near).
        exit_scope: `area`, or `city`: the same city is home.
    """

    inside: pl.Series
    areas: pl.DataFrame
    exit_scope: str = "area"

    @classmethod
    def of_region(cls, areas: pl.DataFrame, region: str, exit_scope: str = "area") -> Homes:
        """The states of one region; see `programmes.Followed.states`."""
        role = pl.col("role").str.split("/").list.last()
        is_core = (pl.col("region") == region) & (role == "growth_core")
        return cls(
            areas["region"] == region,
            areas.select(
                wijk=pl.col("wijk").rank("dense"),
                gemeente=pl.col("gemeente").rank("dense"),
                core=pl.when(role == "growth_core").then(pl.col("atom").rank("dense")),
                state=pl.when(pl.col("region") == UNPLACEABLE)
                .then(pl.lit(UNPLACEABLE))
                .when(is_core)
                .then(pl.lit(GROWTH_CORE) + pl.col("atom"))
                .when(pl.col("region") == region)
                .then(role)
                .otherwise(pl.lit(OTHER_REGION)),
            ),
            exit_scope,
        )

    def state(self, home: pl.Series, area: pl.Series) -> pl.Series:
        """State of people with a home in the areas `home` who live in the areas `area`.

        Home is the wijk; what else is in the gemeente, or in the growth core that holds the home, is the same city.
        """
        there, own = self.areas[area.fill_null(0)], self.areas[home]
        core = there["core"].eq(own["core"]).fill_null(False)
        placed = (there["state"] != UNPLACEABLE) & area.is_not_null()
        same_city = placed & ((there["gemeente"] == own["gemeente"]) | core)
        near = HOME if self.exit_scope == "city" else SAME_CITY
        state = there["state"].zip_with(~same_city, pl.Series([near]).new_from_index(0, len(area)))
        state = state.zip_with(
            ~(placed & (there["wijk"] == own["wijk"])), pl.Series([HOME]).new_from_index(0, len(area))
        )
        return state.set(area.is_null(), None)
