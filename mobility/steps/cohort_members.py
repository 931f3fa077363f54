"""The members of the cohorts from all partitions, and what is known of each: part of the step `chains`."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from mobility.chains.programmes import Followed
from mobility.chains.tables import CHAIN_KEYS, add_baseline_households, label
from mobility.estimates.events import first_events, first_returns, on_clock
from mobility.estimates.itineraries import yearly_states
from mobility.estimates.leaving import find_leaving
from mobility.run.steps import files_below
from mobility.settings import Chains

_CLOCKS = (
    "first_left", "first_cause", "first_destination", "return_left", "return_cause", "exit", "first_state", "later_state",
)  # fmt: skip
_AT_COHORT_DATE = ("birth_date", "household_type", "children", "is_child")


def read_labelled(folder: Path, number: int, followed: Followed) -> pl.DataFrame:
    """All members of one cohort, from all partitions, with their household and the keys of the tables."""
    members = pl.concat([pl.read_parquet(path) for path in files_below(folder / f"{number:03d}")])
    return label(add_baseline_households(members), followed)


def read_members(folder: Path, number: int, followed: Followed) -> pl.DataFrame:
    """What the tables of the step need of all members of one cohort."""
    return (
        read_labelled(folder, number, followed)
        .select(
            "person",
            *CHAIN_KEYS,
            *_CLOCKS,
            *_AT_COHORT_DATE,
            "cohort_date",
            "is_carrier",
            "weight",
            "cell_key",
            "^state_.*$",
        )
        .with_columns(
            r_in_g=pl.lit(followed.r_in_g),
            is_seen=pl.lit(followed.is_seen),
            is_complete=pl.lit(followed.is_complete),
            number=pl.lit(number, pl.Int64),
        )
    )


def nobody() -> pl.DataFrame:
    """The members of no cohort."""
    kinds: dict[type[pl.DataType], tuple[str, ...]] = {
        pl.String: (*CHAIN_KEYS, *_CLOCKS),
        pl.Int64: (
            "cohort_year",
            "stops",
            "repeat_exposure",
            "first_left",
            "return_left",
            "weight",
            "cell_key",
            "number",
        ),
        pl.Boolean: ("is_child", "is_first_cohort", "is_carrier", "r_in_g", "is_seen", "is_complete"),
        pl.Date: ("birth_date", "cohort_date"),
        pl.UInt32: ("person", "household_type", "children"),
    }
    return pl.DataFrame(schema={name: kind for kind, names in kinds.items() for name in names})


def on_clocks(members: pl.DataFrame, episodes: pl.DataFrame, followed: Followed, rules: Chains) -> pl.DataFrame:
    """Members with the month and cause of their first event from the cohort date and from the exit."""
    for events in (first_events(episodes, rules), first_returns(episodes, rules), find_leaving(episodes, followed)):
        events = events.drop("exit_date", strict=False)
        members = members.join(events, on="person", how="left", maintain_order="left", validate="1:1")
    end = pl.lit(followed.end)
    return members.with_columns(
        *yearly_states(episodes, members["person"], followed, rules),
        *on_clock("first", pl.lit(followed.cohort_date), end),
        *on_clock("return", pl.col("exit_date"), end),
    )
