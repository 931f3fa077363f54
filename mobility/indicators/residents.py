"""Family D: what became of the original residents of programme areas (D1 to D3), and who replaced them (D4). Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.chains.programmes import AWAY, DEAD, GROWTH_CORE, HOME, INSTITUTION, OTHER_REGION, SAME_CITY, Followed
from mobility.flows.indices import ALL
from mobility.indicators.blocks import IN
from mobility.indicators.table import Behind, add_up, group_classes, indicator
from mobility.indicators.zones import NATIONAL, PROGRAMME
from mobility.panel.lookup import on_day
from mobility.stocks import INSTITUTIONAL

HORIZONS = (1, 2, 5, 10)  # years after the cohort date
SAME_DWELLING, ADJACENT, OTHER_CITY = "same_dwelling", "adjacent", "other_city"
_CITY_ROLES = ("centre", "city", "periphery")
_MONTHS = (12, 24, 36, 60, 84, 120)  # at which cumulative incidences are told
_TOGETHER = 0  # year of cohorts of different years together


def states_on(
    day: dt.date, members: pl.DataFrame, persons: pl.DataFrame, residence: pl.DataFrame, households: pl.DataFrame,
    area: pl.Series, followed: Followed, adjacent: npt.NDArray[np.bool_],
) -> pl.Series:  # fmt: skip
    """State of every member of a cohort on a day: the first that holds.

    `dead`, `away`, `institution`; `same_dwelling` (the dwelling of the cohort date), `home_area`, `adjacent` (a neighbour of
    the programme area, whatever its city), `same_city`, `growth_core` (of the region), `other_city` (a city of the region
    with a
    role
    centre, city or periphery), `rest_of_region`, `elsewhere`, `unplaceable`.

    Args:
        day: at which.
        members: `person` and `object` (dwelling on the cohort date).
        persons: contract `tables.Person`.
        residence: contract `tables.Residence`.
        households: contract `tables.HouseholdSpell`.
        area: of every object.
        followed: the programme area.
        adjacent: whether each area is a neighbour of it.
    """
    days = pl.Series("day", [day], dtype=pl.Date).new_from_index(0, members.height)
    spell = on_day(residence, members["person"], days)
    household = on_day(households, members["person"], days)
    death = persons["death_date"].gather(persons["person"].search_sorted(members["person"]))
    dwelling = residence["object"].gather(spell)
    here = area.gather(dwelling)
    role = followed.states.gather(here)
    table = members.select(
        is_dead=(death < day).fill_null(False),
        in_institution=(households["household_type"].gather(household) == INSTITUTIONAL).fill_null(False),
        same=(dwelling == members["object"]).fill_null(False),
        near=pl.Series(adjacent).gather(here).fill_null(False),
        role=role,
    )
    named = (
        pl.when(pl.col("role").str.starts_with(GROWTH_CORE))
        .then(pl.lit("growth_core"))
        .when(pl.col("role").is_in(_CITY_ROLES))
        .then(pl.lit(OTHER_CITY))
        .when(pl.col("role") == "satellite")
        .then(pl.lit("rest_of_region"))
        .when(pl.col("role") == OTHER_REGION)
        .then(pl.lit("elsewhere"))
        .otherwise("role")
    )
    return table.select(
        state=pl.when("is_dead")
        .then(pl.lit(DEAD))
        .when(pl.col("role").is_null())
        .then(pl.lit(AWAY))
        .when("in_institution")
        .then(pl.lit(INSTITUTION))
        .when("same")
        .then(pl.lit(SAME_DWELLING))
        .when(pl.col("role") == HOME)
        .then(pl.lit("home_area"))
        .when("near")
        .then(pl.lit(ADJACENT))
        .when(pl.col("role") == SAME_CITY)
        .then(pl.lit(SAME_CITY))
        .otherwise(named)
    ).to_series()


def where_now(occupied: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """D1: of the original residents the % in every state so many years after the cohort date.

    Details `<years>y:<state>`; places are the areas of programmes (level `programme`), their regions and the country. The
    year is that in which the programme started.

    Args:
        occupied: members by `place`, `region`, `year`, `horizon`, `income_class` (place in `CLASSES`) and `state`: `persons`,
            `households`.
        low: classes that are low.
    """
    keys = ["level", "place", "year", "horizon", "income_class"]
    table = add_up([group_classes(at_cohort_places(occupied), low)], [*keys, "state"])
    whole = add_up([table.drop("state")], keys)
    return indicator(
        table.join(whole, on=keys, suffix="_all"),
        "D1",
        detail=pl.format("{}y:{}", "horizon", "state"),
        numerator="persons",
        denominator="persons_all",
        scale=100,
        behind=Behind("share", pl.format("{}y", "horizon"), households="households_all"),
    )


def at_cohort_places(table: pl.DataFrame) -> pl.DataFrame:
    """Rows of programme areas, of their regions and of the country."""
    rest = [name for name in table.columns if name not in ("place", "region")]
    ways = ((PROGRAMME, pl.col("place")), ("region", pl.col("region")), (NATIONAL, pl.lit(NATIONAL)))
    return pl.concat([table.select(pl.lit(level).alias("level"), place.alias("place"), *rest) for level, place in ways])


def came_back(incidence: pl.DataFrame) -> pl.DataFrame:
    """D2: cumulative incidence (%) of settled arrival and return and of what competes with them.

    Details `<event>:<months>`. From the aggregate `incidence`: cohorts, every exposure and destination together; pooled cohorts
    of different years stand in year 0.

    Args:
        incidence: aggregate of the step `chains`.
    """
    table = incidence.filter(
        pl.col("group") == "cohort",
        pl.col("exposure") == ALL,
        pl.col("destination").is_in([ALL, "-"]),
        pl.col("month").is_in(_MONTHS),
    )
    pooled = pl.col("area") == ALL
    everywhere = pooled & (pl.col("region") == ALL)
    level = pl.when(everywhere).then(pl.lit(NATIONAL)).when(pooled).then(pl.lit("region")).otherwise(pl.lit(PROGRAMME))
    place = pl.when(everywhere).then(pl.lit(NATIONAL)).when(pooled).then("region").otherwise("area")
    named = table.with_columns(level=level, place=place, year="cohort_year")
    return indicator(
        named.unique(["level", "place", "year", "income_class", "event", "month"], maintain_order=True),
        "D2",
        detail=pl.concat_str("event", pl.col("month").cast(pl.String), separator=":"),
        value=100 * pl.col("incidence"),
    )


def seeped_away(chains: pl.DataFrame) -> pl.DataFrame:
    """D3: of the original residents the % with each outcome (method 6.3), and of the chains the % direct and stepwise.

    Details `outcome:<outcome>` and `path:<path>`; the class is that of the cohort.

    Args:
        chains: aggregate of the step `chains`.
    """
    table = chains.select(
        *("region", "income_class", "outcome", "path", "persons", "households"), place="area", year="cohort_year"
    )
    placed = at_cohort_places(table)
    keys = ["level", "place", "year", "income_class"]
    outcomes = add_up([placed.drop("path")], [*keys, "outcome"])
    chained = placed.filter(outcome="chain")
    paths = add_up([chained.drop("outcome")], [*keys, "path"])
    rows = []
    for part, name in ((outcomes, "outcome"), (paths, "path")):
        whole = add_up([part.drop(name)], keys)
        rows.append(
            indicator(
                part.join(whole, on=keys, suffix="_all"),
                "D3",
                detail=pl.concat_str(pl.lit(f"{name}:"), name),
                numerator="persons",
                denominator="persons_all",
                scale=100,
            )
        )
    return pl.concat(rows)


def more_than_expected(excess: pl.DataFrame) -> pl.DataFrame:
    """D3, excess (method 6.4): settled arrivals above those of the comparison, in percentage points, of every programme area.

    Details `excess:<estimand>`, with `...:lower` and `...:upper` of its interval where there is one. All exposures and
    destinations together, in year 0; what could not be estimated has no row.

    Args:
        excess: aggregate of the step `chains`.
    """
    table = excess.filter(pl.col("exposure") == ALL, pl.col("destination") == ALL)
    pooled = pl.col("area") == ALL
    everywhere = pooled & (pl.col("region") == ALL)
    level = pl.when(everywhere).then(pl.lit(NATIONAL)).when(pooled).then(pl.lit("region")).otherwise(pl.lit(PROGRAMME))
    place = pl.when(everywhere).then(pl.lit(NATIONAL)).when(pooled).then("region").otherwise("area")
    named = table.with_columns(level=level, place=place, year=_TOGETHER)
    named = named.unique(["level", "place", "income_class", "estimand"], keep="first", maintain_order=True)
    return pl.concat(
        [
            indicator(
                named,
                "D3",
                detail=pl.format("excess:{}", "estimand") + end,
                value=100 * pl.col(column),
                households=pl.lit(None),
            )
            for column, end in (("difference", ""), ("lower", ":lower"), ("upper", ":upper"))
        ]
    )


def replaced_by(crossings: pl.DataFrame, starts: Mapping[str, int], low: Collection[str]) -> pl.DataFrame:
    """D4: classes of who moves into a programme area, by year since its start.

    Detail `since:<years>`, negative before the start; % of those who enter, of every class.

    Args:
        crossings: with the cut `total`.
        starts: year in which each programme area starts.
        low: classes that are low.
    """
    keys = ["level", "place", "year"]
    entered = crossings.filter(level=PROGRAMME, side=IN, cut="total").drop("cut", "side", "age")
    entered = entered.filter(pl.col("place").is_in(list(starts)))
    table = add_up([group_classes(entered, low, each=True)], [*keys, "income_class"])
    whole = table.filter(income_class=ALL).drop("income_class")
    start = pl.DataFrame(
        {"place": list(starts), "start": list(starts.values())}, schema={"place": pl.String, "start": pl.Int64}
    )
    since = pl.col("year").cast(pl.Int64) - pl.col("start")
    return indicator(
        table.join(whole, on=keys, suffix="_all").join(start, on="place").with_columns(since=since),
        "D4",
        detail=pl.format("since:{}", "since"),
        numerator="persons",
        denominator="persons_all",
        scale=100,
        behind=Behind("share", pl.format("since:{}", "since"), whole_class=ALL, households="households_all"),
    )
