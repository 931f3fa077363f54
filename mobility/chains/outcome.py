"""One outcome for each member of a cohort (method 6.3). Pure."""

from __future__ import annotations

import polars as pl

from mobility.chains.programmes import AWAY, DEAD, GROWTH_CORE, HOME, INSTITUTION, OTHER_REGION, Followed
from mobility.days import add_months, months_after
from mobility.places import UNPLACEABLE
from mobility.settings import Chains

OUTCOMES = (
    "dead", "away", "institution", "censored", "stayed", "chain", "interrupted", "reversed", "temporary", "returned", "late",
    "provisional", "left",
)  # fmt: skip
_ENDS_HOME = (DEAD, AWAY, INSTITUTION)
NO_EXIT = (HOME, *_ENDS_HOME, UNPLACEABLE)  # states that do not count as having left
_BREAKS_REGION = (AWAY, INSTITUTION, OTHER_REGION, UNPLACEABLE)
_STATE, _START, _END = pl.col("state"), pl.col("start_date"), pl.col("end_date")


def find_outcomes(episodes: pl.DataFrame, followed: Followed, rules: Chains) -> pl.DataFrame:
    """What became of each member.

    One row per person: `outcome`, `path` (direct, stepwise or -), `stops`, `stop_states` (joined with >), `destination` (code
    of the growth core of the settled or provisional arrival; the state at the end for `left`; else -), `exit_date`,
    `arrival_date` (start of the settled arrival); sorted by person.

    A stay lasts n months when its end (the first day elsewhere, or the first day no longer followed) is not before its start
    plus n months. A member of whom nothing but home and an unplaceable address is seen counts as never having left.

    Args:
        episodes: of `absorb_short`.
        followed: the programme area, for its dates.
        rules: the study's numbers.
    """
    marked = _mark(episodes, rules)
    seen = marked.group_by("person").agg(
        *_leaving(), *_arriving(followed, rules), *_between(rules), _STATE.sort_by(_START).last().alias("last_state")
    )
    return seen.select("person", *_results(followed, rules)).sort("person")


def _mark(episodes: pl.DataFrame, rules: Chains) -> pl.DataFrame:
    """Episodes with the exit and the settled arrival of their person."""
    exits = _STATE.is_in(NO_EXIT).not_()
    with_exit = episodes.with_columns(exit_date=_START.filter(exits).min().over("person"))
    settles = (
        _STATE.str.starts_with(GROWTH_CORE)
        & (pl.col("exit_date") <= _START)
        & (add_months(_START, rules.settled_months) <= _END)
    )
    return with_exit.with_columns(
        arrival_date=_START.filter(settles).min().over("person"),
        days=(_END - _START).dt.total_days(),
    )


def _states(where: pl.Expr) -> pl.Expr:
    """The states of some of the episodes, in order of time whatever the order of the rows."""
    return _STATE.filter(where).sort_by(_START.filter(where))


def _is_home(days: int) -> pl.Expr:
    return (_STATE == HOME) & (pl.col("days") >= days)


def _leaving() -> list[pl.Expr]:
    last_home = _START.filter(_STATE == HOME).max()
    ended_by = _states(_STATE.is_in(_ENDS_HOME) & (last_home < _START)).first()
    return [pl.col("exit_date").first(), ended_by.alias("ended_by")]


def _arriving(followed: Followed, rules: Chains) -> list[pl.Expr]:
    after = pl.col("arrival_date") < _START
    core = _STATE.filter(pl.col("arrival_date") == _START).first().str.strip_prefix(GROWTH_CORE)
    running_core = (
        _STATE.str.starts_with(GROWTH_CORE)
        & (pl.lit(followed.end) == _END)
        & (pl.col("days") >= rules.min_episode_days)
    )
    return [
        pl.col("arrival_date").first(),
        core.alias("core"),
        (after & _is_home(rules.return_days)).any().alias("home_after"),
        _states(running_core & (pl.col("exit_date") <= _START))
        .first()
        .str.strip_prefix(GROWTH_CORE)
        .alias("running_core"),
    ]


def _between(rules: Chains) -> list[pl.Expr]:
    """What lies between exit and arrival, or, without arrival, after the exit."""
    between = (pl.col("exit_date") <= _START) & (pl.col("arrival_date").is_null() | (pl.col("arrival_date") > _START))
    return [
        (between & (_STATE == HOME)).any().alias("home_between"),
        _START.filter(between & _is_home(rules.return_days)).min().alias("home_date"),
        between.sum().cast(pl.Int64).alias("stops"),
        _states(between).str.join(">").alias("stop_states"),
        (between & (add_months(_START, rules.max_stop_months) < _END)).any().alias("long_stop"),
        (between & _STATE.is_in(_BREAKS_REGION)).any().alias("leaves_region"),
    ]


def _results(followed: Followed, rules: Chains) -> list[pl.Expr]:
    followed_to_exit = followed.last_day >= months_after(followed.start, rules.exit_months)
    exit_date, arrival_date = pl.col("exit_date"), pl.col("arrival_date")
    in_time = (exit_date <= followed.exit_until) & (arrival_date <= add_months(exit_date, rules.arrival_months))
    unbroken = ~pl.col("home_between") & (pl.col("stops") <= rules.max_stops) & ~pl.col("long_stop")
    home_soon = pl.col("home_date") <= add_months(exit_date, rules.return_months)
    came_home = (
        pl.when(home_soon).then(pl.lit("temporary")).when(pl.col("home_date").is_not_null()).then(pl.lit("returned"))
    )
    no_exit = pl.coalesce("ended_by", pl.lit("stayed" if followed_to_exit else "censored"))
    arrived = (
        pl.when("home_after")
        .then(pl.lit("reversed"))
        .when(in_time & unbroken & ~pl.col("leaves_region"))
        .then(pl.lit("chain"))
        .when(in_time & unbroken)
        .then(pl.lit("interrupted"))
        .otherwise(pl.coalesce(came_home, pl.lit("late")))
    )
    gone = (
        pl.when(pl.col("running_core").is_not_null())
        .then(pl.lit("provisional"))
        .otherwise(pl.coalesce(came_home, pl.lit("left")))
    )
    outcome = pl.when(exit_date.is_null()).then(no_exit).when(arrival_date.is_not_null()).then(arrived).otherwise(gone)
    has_arrived = arrival_date.is_not_null()
    return [
        outcome.alias("outcome"),
        pl.when(~has_arrived)
        .then(pl.lit("-"))
        .when(pl.col("stops") == 0)
        .then(pl.lit("direct"))
        .otherwise(pl.lit("stepwise"))
        .alias("path"),
        pl.when(has_arrived).then("stops").otherwise(0).alias("stops"),
        pl.when(has_arrived & (pl.col("stops") > 0)).then("stop_states").otherwise(pl.lit("-")).alias("stop_states"),
        pl.when(has_arrived)
        .then("core")
        .when(outcome == "provisional")
        .then("running_core")
        .when(outcome == "left")
        .then("last_state")
        .otherwise(pl.lit("-"))
        .alias("destination"),
        exit_date,
        arrival_date,
    ]
