"""Where each member of a cohort lived after the cohort date, as episodes of constant state (method 6.2). Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import polars as pl

from mobility.chains.cohort import Dwellings, People
from mobility.chains.programmes import AWAY, DEAD, INSTITUTION, Followed
from mobility.stocks import INSTITUTIONAL

StateOf = Callable[
    [pl.Series, pl.Series], pl.Series
]  # the state of persons who live in areas; null where the area is null


def find_episodes(members: pl.DataFrame, people: People, dwellings: Dwellings, followed: Followed) -> pl.DataFrame:
    """`episodes_between` the cohort date and the end of following, as seen from a programme area."""
    return episodes_between(
        members, people, dwellings, (followed.cohort_date, followed.end), lambda _, area: followed.states.gather(area)
    )


def episodes_between(
    members: pl.DataFrame, people: People, dwellings: Dwellings, period: tuple[dt.date, dt.date], state_of: StateOf
) -> pl.DataFrame:
    """The itinerary of each member within a period, before short episodes are absorbed.

    One row per episode: `person`, `state`, `start_date`, `end_date`, `area` (where it starts; null while away or dead),
    sorted by person and start; the episodes of a person follow each other without hole, and neighbours differ in state.

    The state is looked up on every day on which something changes: a residence spell starts, a stay in an institutional
    household starts or ends, the day after death.

    Args:
        members: with `person`.
        people: of one partition.
        dwellings: of everybody.
        period: its first day, and the first day after it.
        state_of: the state of living somewhere.
    """
    changes = _days_of_change(members, people, period)
    death = people.persons["death_date"].gather(people.persons["person"].search_sorted(changes["person"]))
    spell = people.home_on(changes["person"], changes["start_date"])
    household = people.household_on(changes["person"], changes["start_date"])
    area = dwellings.area.gather(people.residence["object"].gather(spell))
    looked_up = changes.with_columns(
        area.alias("area"),
        state_of(changes["person"], area).alias("place_state"),
        (people.households["household_type"].gather(household) == INSTITUTIONAL)
        .fill_null(False)
        .alias("in_institution"),
        (changes["start_date"] > death).fill_null(False).alias("is_dead"),
    )
    states = looked_up.with_columns(
        state=pl.when("is_dead")
        .then(pl.lit(DEAD))
        .when(pl.col("place_state").is_null())
        .then(pl.lit(AWAY))
        .when("in_institution")
        .then(pl.lit(INSTITUTION))
        .otherwise("place_state")
    )
    follows = (pl.col("person") == pl.col("person").shift(-1)).fill_null(False)
    dated = states.with_columns(
        end_date=pl.when(follows).then(pl.col("start_date").shift(-1)).otherwise(pl.lit(period[1]))
    )
    return merge_equal(dated.select("person", "state", "start_date", "end_date", "area"))


def _days_of_change(members: pl.DataFrame, people: People, period: tuple[dt.date, dt.date]) -> pl.DataFrame:
    """`person`, `start_date`: the days within the period on which the state of a member may change."""
    who = members["person"]
    institutional = people.households_of(who).filter(pl.col("household_type") == INSTITUTIONAL)
    days = pl.concat(
        [
            members.select("person", start_date=pl.lit(period[0])),
            people.residence_of(who).select("person", "start_date"),
            institutional.select("person", "start_date"),
            institutional.select("person", start_date="end_date").drop_nulls(),
            people.persons_of(who).select("person", start_date=pl.col("death_date").dt.offset_by("1d")).drop_nulls(),
        ]
    )
    within = pl.col("start_date").is_between(*period, closed="left")
    return days.filter(within).unique().sort("person", "start_date")


def merge_equal(episodes: pl.DataFrame) -> pl.DataFrame:
    """Neighbouring episodes of one state as one episode; the area is that of the first."""
    first = (
        ((pl.col("person") == pl.col("person").shift()) & (pl.col("state") == pl.col("state").shift()))
        .fill_null(False)
        .not_()
    )
    last = first.shift(-1).fill_null(True)
    marked = episodes.with_columns(is_first=first, is_last=last)
    ends = marked.filter("is_last")["end_date"]
    return marked.filter("is_first").with_columns(end_date=ends).drop("is_first", "is_last")


def absorb_short(episodes: pl.DataFrame, min_episode_days: int) -> pl.DataFrame:
    """Episodes with short interruptions absorbed.

    From the earliest on, the first episode shorter than `min_episode_days` whose neighbours have the same state takes that
    state, equal neighbours merge, and the search starts again. The first, the running last episode and `dead` are never
    absorbed. All persons take one such step at a time, until none has any left.
    """
    while True:
        same_before = pl.col("person") == pl.col("person").shift()
        same_after = pl.col("person") == pl.col("person").shift(-1)
        neighbours_agree = pl.col("state").shift() == pl.col("state").shift(-1)
        is_short = (pl.col("end_date") - pl.col("start_date")).dt.total_days() < min_episode_days
        absorbable = (same_before & same_after & neighbours_agree & is_short & (pl.col("state") != DEAD)).fill_null(
            False
        )
        marked = episodes.with_columns(absorbable=absorbable, neighbour=pl.col("state").shift())
        if not marked["absorbable"].any():
            return episodes
        # The first of each person: a person's rows lie together, so "an earlier one" is a running count within the person.
        earlier = pl.col("absorbable").cast(pl.Int64).cum_sum().over("person") - pl.col("absorbable").cast(pl.Int64)
        now = pl.col("absorbable") & (earlier == 0)
        absorbed = marked.with_columns(state=pl.when(now).then("neighbour").otherwise("state"))
        episodes = merge_equal(absorbed.drop("absorbable", "neighbour"))
