"""The cohort and its outcomes as counted tables (contract: `cohort`, `chains`). Pure."""

from __future__ import annotations

import polars as pl

from mobility.chains.programmes import Followed
from mobility.income import CLASSES
from mobility.panel.lookup import TENURES
from mobility.records import record_hash

COHORT_KEYS = ("programme", "area", "region", "cohort_year", "exposure", "income_class")
CHAIN_KEYS = (
    *COHORT_KEYS, "outcome", "path", "stops", "stop_states", "destination", "arrival_tenure", "arrival_class", "repeat_exposure",
)  # fmt: skip
# Weights are added up as whole numbers, so that no order of adding changes a digit and parts add up to their total: 1/2 to 1/16
# are whole in this unit.
_WEIGHT_UNIT = 720_720_000


def add_baseline_households(members: pl.DataFrame) -> pl.DataFrame:
    """Members with their baseline household's carrier and weight.

    The rows of `members`, with `carrier` (the oldest member of the household in the cohort; ties: the smallest person),
    `is_carrier` and `weight` (1 / members in it, in whole units of `_WEIGHT_UNIT`).

    Args:
        members: the cohort of one programme area, all partitions together, with `person`, `birth_date` and `household`.
    """
    ordered = members.sort("household", "birth_date", "person")
    is_carrier = pl.col("household").ne_missing(pl.col("household").shift())
    return (
        ordered.with_columns(is_carrier=is_carrier)
        .with_columns(
            carrier=pl.when("is_carrier").then("person").forward_fill(),
            weight=_WEIGHT_UNIT // pl.len().over("household").cast(pl.Int64),
        )
        .sort("person")
    )


def label(members: pl.DataFrame, followed: Followed) -> pl.DataFrame:
    """Members with the key columns of the tables: programme, area, region, cohort year, and the class as text."""
    return members.with_columns(
        programme=pl.lit(followed.programme),
        area=pl.lit(followed.area),
        region=pl.lit(followed.region),
        cohort_year=pl.lit(followed.start.year, pl.Int64),
        cohort_date=pl.lit(followed.cohort_date),
        income_class=class_names(members["income_class"]),
        cell_key=record_hash(members["carrier"], pl.Series([followed.start.year]).new_from_index(0, members.height)),
    )


def class_names(classes: pl.Series) -> pl.Series:
    """Places in `CLASSES` as text; null stays null."""
    return pl.Series(CLASSES).gather(classes)


def tenure_names(tenures: pl.Series) -> pl.Series:
    """Places in `TENURES` as text; null stays null."""
    return pl.Series(TENURES).gather(tenures)


def count_members(members: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """Members counted by some of their columns.

    One row per combination of `keys`: `persons`, `households` (through their carriers), `household_weight` (the sum of 1 /
    cohort members in the baseline household), `unit_persons` and `unit_households` (of whom this is the first cohort, so at
    least so many different persons and carriers) and `cell_key`; sorted by all keys.
    """
    return (
        members.group_by(keys)
        .agg(
            persons=pl.len().cast(pl.Int64),
            households=pl.col("is_carrier").cast(pl.Int64).sum(),
            unit_persons=pl.col("is_first_cohort").cast(pl.Int64).sum(),
            unit_households=(pl.col("is_carrier") & pl.col("is_first_cohort")).cast(pl.Int64).sum(),
            household_weight=(pl.col("weight").sum() / _WEIGHT_UNIT).round(9),
            cell_key=pl.col("cell_key").sum(),
        )
        .sort(keys)
    )


def mark_first_cohort(members: pl.DataFrame) -> pl.DataFrame:
    """Members with `is_first_cohort`: the cohort of each person that comes first by date, programme and area.

    Args:
        members: of all programme areas, with `person`, `cohort_date`, `programme` and `area`.
    """
    ordered = members.sort("person", "cohort_date", "programme", "area")
    again = (pl.col("person") == pl.col("person").shift()).fill_null(False)
    return ordered.with_columns(is_first_cohort=again.not_())
