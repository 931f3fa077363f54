"""The other way round (contract: `mirror`; method 6.4): not low from R to G, low from G to R, and who enters R. Pure."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from mobility.chains.cohort import Dwellings, People
from mobility.chains.itinerary import absorb_short, find_episodes
from mobility.chains.programmes import GROWTH_CORE, HOME, Followed
from mobility.days import months_after
from mobility.estimates.competing import aalen_johansen
from mobility.estimates.events import ARRIVAL, EVENTS, first_events, on_clock
from mobility.estimates.incidence import LOW, NOT_LOW
from mobility.settings import Chains, Estimates

MIRROR_KEYS = ("programme", "area", "region", "flow", "income_class", "year")
OUT, BACK, ENTRANTS = "R_to_G", "G_to_R", "entrants"
_SCHEMA = dict.fromkeys(MIRROR_KEYS, pl.String) | {
    "year": pl.Int64, "persons": pl.Int64, "households": pl.Int64, "at_risk": pl.Int64, "value": pl.Float64,
}  # fmt: skip


def count_back(
    residents: pl.DataFrame, people: People, dwellings: Dwellings, one: Followed, chains: Chains, rules: Estimates
) -> pl.DataFrame:
    """Low-income residents of the region's growth cores, by how they left the risk set of settling in the programme area.

    One row per `left` (month, at most the horizon) and `cause` (`arrival`: a stay in the programme area reached
    `settled_months`; -: censored): `persons`, and `households` (of whom the reference person is among them). Counts of partitions
    add up.

    Args:
        residents: of `comparison.low_residents` of the region on the cohort date.
        people: of one partition.
        dwellings: of everybody.
        one: the programme area.
        chains: the study's numbers.
        rules: the horizon.
    """
    in_core = one.states.str.starts_with(GROWTH_CORE).gather(residents["area"])
    lived = residents.filter(in_core).select("person", "reference_person")
    end = min(months_after(one.cohort_date, rules.horizon_months), one.last_day) + dt.timedelta(days=1)
    episodes = absorb_short(find_episodes(lived, people, dwellings, one), chains.min_episode_days)
    events = first_events(episodes, chains, target=HOME).join(lived, on="person", maintain_order="left")
    found = events.with_columns(on_clock("first", pl.lit(one.cohort_date), pl.lit(end)))
    cause = pl.col("first_cause").fill_null("-").alias("cause")
    households = pl.col("reference_person").fill_null(False).cast(pl.Int64).sum()
    counted = found.group_by(left="first_left", cause=cause).agg(persons=pl.len().cast(pl.Int64), households=households)
    return counted.sort("left", "cause")


def mirror_table(
    members: pl.DataFrame,
    back: dict[int, pl.DataFrame],
    entrants: pl.DataFrame,
    followed: list[Followed],
    rules: Estimates,
) -> pl.DataFrame:
    """Beside the chains: the same flow of the others, the reverse flow, and the class mix of who enters.

    One row per programme area, `flow`, class and `year`:

    * `R_to_G`: original residents, `not_low`, who settle in a growth core within the horizon: `at_risk`, `persons` (events),
      `households`, `value` (cumulative incidence); `year` 0;
    * `G_to_R`: low-income residents of the region's growth cores on the cohort date who settle in the programme area within
    the horizon;
      the same columns; `households`: of those whose reference person is among them;
    * `entrants`: moves into the programme area from outside it, by class of the mover and `year` (calendar year less that of
    the start):
      `persons`, `households` (household moves), `at_risk` (all persons of that year), `value` (share of them).

    Args:
        members: of all programme areas, with `number` (of the area), `income_class` (low, not_low), `first_left`,
            `first_cause`, `is_carrier`.
        back: of `count_back`, all partitions together, by number of the area.
        entrants: `number`, `year`, `income_class`, `persons`, `households`.
        followed: the programme areas.
        rules: the horizon.
    """
    rows: list[tuple[object, ...]] = []
    for number, one in enumerate(followed):
        keys = (one.programme, one.area, one.region)
        own = members.filter(pl.col("number") == number, pl.col("income_class") == NOT_LOW)
        arrived = (pl.col("first_cause") == ARRIVAL) & (pl.col("first_left") <= rules.horizon_months)
        counted = own.group_by(left="first_left", cause=pl.col("first_cause").fill_null("-")).agg(
            persons=pl.len().cast(pl.Int64)
        )
        households = int(own.filter(arrived)["is_carrier"].sum())
        rows.append((*keys, OUT, NOT_LOW, 0, *_at_horizon(counted, rules.horizon_months, households)))
        if number in back:
            homes = int(back[number].filter(cause=ARRIVAL)["households"].sum())
            rows.append((*keys, BACK, LOW, 0, *_at_horizon(back[number], rules.horizon_months, homes)))
        came = entrants.filter(pl.col("number") == number)
        for year, income_class, persons, moves, together in (
            came.with_columns(together=pl.col("persons").sum().over("year"))
            .select("year", "income_class", "persons", "households", "together")
            .iter_rows()
        ):
            share = round(persons / together, 12)
            rows.append((*keys, ENTRANTS, income_class, year - one.start.year, persons, moves, together, share))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort(MIRROR_KEYS)


def _at_horizon(counted: pl.DataFrame, horizon: int, households: int) -> tuple[object, ...]:
    """Events, households, persons at risk at first, and the incidence by the horizon."""
    size = int(counted["persons"].sum())
    late = pl.col("left") > horizon
    seen = counted.select(
        left=pl.when(late).then(horizon).otherwise("left"),
        cause=pl.when(late).then(pl.lit("-")).otherwise("cause"),
        persons="persons",
    )
    gone = np.zeros((horizon + 1, len(EVENTS) + 1), dtype=np.int64)
    place = seen["cause"].replace_strict({name: n for n, name in enumerate(("-", *EVENTS))}, return_dtype=pl.Int64)
    np.add.at(gone, (seen["left"].to_numpy(), place.to_numpy()), seen["persons"].to_numpy())
    at_risk = gone.sum(axis=1)[::-1].cumsum()[::-1]
    value = round(float(aalen_johansen(at_risk, gone[:, 1:]).incidence[-1, 0]), 12) if size else None
    return int(gone[:, 1].sum()), households, size, value


def count_entrants(moves: pl.DataFrame, followed: list[Followed]) -> pl.DataFrame:
    """Moves into each programme area from outside it, by calendar year and class of the mover.

    One row per `number` (of the area), `year` and `income_class`: `persons`, `households` (through carriers).

    Args:
        moves: with `move_date`, `origin_area`, `destination_area`, `income_class` (text), `is_carrier`; no administrative
            ones.
        followed: the programme areas.
    """
    found = []
    for number, one in enumerate(followed):
        home = one.inside
        entered = moves.filter(home.gather(moves["destination_area"]) & ~home.gather(moves["origin_area"]))
        found.append(
            entered.group_by(year=pl.col("move_date").dt.year().cast(pl.Int64), income_class="income_class")
            .agg(persons=pl.len().cast(pl.Int64), households=pl.col("is_carrier").cast(pl.Int64).sum())
            .with_columns(number=pl.lit(number, pl.Int64))
        )
    return pl.concat(found).sort("number", "year", "income_class")
