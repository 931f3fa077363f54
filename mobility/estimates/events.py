"""The events of an itinerary on the clocks of method 6.4 (c). Pure.

An event that needs a stay to last happens on the day the stay reaches that length, never on the day it begins: until then
nobody can know, and whoever dies or is censored before would otherwise have been immortal.
"""

from __future__ import annotations

import polars as pl

from mobility.chains.outcome import NO_EXIT
from mobility.chains.programmes import AWAY, DEAD, GROWTH_CORE, HOME, INSTITUTION
from mobility.days import add_months, months_until, whole_months
from mobility.settings import Chains

ARRIVAL, RETURN = "arrival", "return"
EVENTS = (ARRIVAL, DEAD, AWAY, INSTITUTION)  # on one day the first of these counts
_STATE, _START, _END = pl.col("state"), pl.col("start_date"), pl.col("end_date")


def first_events(episodes: pl.DataFrame, rules: Chains, target: str = GROWTH_CORE) -> pl.DataFrame:
    """The first event of each person on the clock from the cohort date.

    One row per person, sorted: `first_event` (of `EVENTS`; null: none seen), `first_date`, `first_destination` (what follows
    `target` in the state; - for other events), `exit_date`. A settled arrival is reached when a stay in a state that starts
    with `target`, begun on or after the exit, has lasted `settled_months`; away counts when it has lasted `away_months`;
    death and a stay in an institution at once. A stay that ends or is no longer seen before it reaches that length is no
    event.

    Args:
        episodes: of `absorb_short`.
        rules: the study's numbers.
        target: beginning of the states that are arrived in.
    """
    exits = pl.when(_STATE.is_in(NO_EXIT).not_()).then(_START)
    seen = episodes.with_columns(exit_date=exits.min().over("person"))
    arrives = _STATE.str.starts_with(target) & (pl.col("exit_date") <= _START).fill_null(False)
    dated = _dated(seen, arrives, ARRIVAL, add_months(_START, rules.settled_months), rules)
    first = _first(dated, ARRIVAL).with_columns(
        first_destination=pl.when(pl.col("event") == ARRIVAL)
        .then(pl.col("state").str.strip_prefix(target))
        .otherwise(pl.lit("-"))
    )
    everybody = seen.group_by("person").agg(pl.col("exit_date").first()).sort("person")
    return everybody.join(first.drop("state"), on="person", how="left", maintain_order="left").select(
        "person",
        "exit_date",
        first_event="event",
        first_date="event_date",
        first_destination=pl.col("first_destination").fill_null("-"),
    )


def first_returns(episodes: pl.DataFrame, rules: Chains) -> pl.DataFrame:
    """The first event of each person after the exit, on the clock from there.

    One row per person who left, sorted: `exit_date`, `return_event`, `return_date` (null: none seen).
    A return is reached when a stay at home has lasted `return_days`; death, away and institution compete with it.
    """
    exits = pl.when(_STATE.is_in(NO_EXIT).not_()).then(_START)
    after = episodes.with_columns(exit_date=exits.min().over("person")).filter(pl.col("exit_date") <= _START)
    reached = _START.dt.offset_by(f"{rules.return_days}d")
    first = _first(_dated(after, _STATE == HOME, RETURN, reached, rules), RETURN)
    everybody = after.group_by("person").agg(pl.col("exit_date").first()).sort("person")
    found = first.select("person", return_event="event", return_date="event_date")
    return everybody.join(found, on="person", how="left", maintain_order="left")


def _dated(episodes: pl.DataFrame, wanted: pl.Expr, name: str, reached: pl.Expr, rules: Chains) -> pl.DataFrame:
    """Episodes that hold an event, with its name and day."""
    gone = add_months(_START, rules.away_months)
    return episodes.with_columns(
        event=pl.when(wanted).then(pl.lit(name)).when(_STATE.is_in([DEAD, AWAY, INSTITUTION])).then(_STATE),
        event_date=pl.when(wanted).then(reached).when(_STATE == AWAY).then(gone).otherwise(_START),
    ).filter(pl.col("event").is_not_null(), (pl.col("event_date") <= _END) | _STATE.is_in([DEAD, INSTITUTION]))


def _first(dated: pl.DataFrame, name: str) -> pl.DataFrame:
    rank = pl.col("event").replace_strict([name, *EVENTS[1:]], range(len(EVENTS)), return_dtype=pl.Int8)
    ordered = dated.with_columns(rank=rank).sort("person", "event_date", "rank")
    return ordered.unique("person", keep="first", maintain_order=True).select("person", "event", "event_date", "state")


def on_clock(name: str, start: pl.Expr, end: pl.Expr) -> list[pl.Expr]:
    """The month in which each person leaves the risk set, and by which event (null: censored).

    Only whole months count: what happens in a month that is not seen to its end is not looked at, so that everybody who is
    censored was at risk through every month that is counted.

    Args:
        name: `<name>_event` and `<name>_date` are the event and its day; null where there is none.
        start: day on which the clock starts.
        end: first day that is not seen.

    Returns:
        Columns `<name>_left` (month) and `<name>_cause`; null without a start.
    """
    month, seen = months_until(start, pl.col(f"{name}_date")), whole_months(start, end)
    happens = (month <= seen).fill_null(False)
    return [
        pl.when(happens).then(month).otherwise(seen).alias(f"{name}_left"),
        pl.when(happens).then(f"{name}_event").alias(f"{name}_cause"),
    ]
