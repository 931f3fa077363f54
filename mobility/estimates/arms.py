"""Cumulative incidence of those who are compared, month by month (contract: `incidence`, groups beside the cohort). Pure."""

from __future__ import annotations

import numpy as np
import polars as pl

from mobility.chains.programmes import Followed
from mobility.estimates.comparison import BEFORE, CELL, COMPARISON, NOW, TREATED
from mobility.estimates.competing import aalen_johansen
from mobility.estimates.events import ARRIVAL, EVENTS
from mobility.estimates.excess import Asked
from mobility.estimates.incidence import ALL, LOW, NONE, STRATUM

# What the groups of `incidence` are called, by arm and period.
GROUPS = {
    (TREATED, NOW): "treated",
    (COMPARISON, NOW): "comparison",
    (TREATED, BEFORE): "before",
    (COMPARISON, BEFORE): "comparison_before",
}  # fmt: skip
_GROUP = ("period", "area", *CELL)


def arm_curves(counts: pl.DataFrame, asked: list[Asked], cohort_years: list[int], horizon: int) -> pl.DataFrame:
    """The curves behind the excess: as `incidence.incidence_table`, up to the horizon.

    Groups: `treated` and `before` (the low-income residents of the programme area now and one horizon before, home being the
    wijk of the baseline address), `comparison` and `comparison_before` (those they are compared with, reweighted: their
    `at_risk` and `events` are counts, their `incidence` is weighted, and they have no `variance`, since weights make it
    none; see `excess` for intervals). Only matched persons are in the curves.

    Args:
        counts: of `comparison.count_contrast`, all partitions together, sorted.
        asked: whose.
        cohort_years: of each programme area.
        horizon: months.
    """
    found = []
    for one in asked:
        weighted = _weighted(counts.filter(pl.col("area").is_in(one.numbers)))
        for (arm, period), group in GROUPS.items():
            own = weighted.filter(arm=arm, period=period)
            if own.height:
                year = cohort_years[one.numbers[0]] if one.area != ALL else 0
                fixed = (one.programme, one.area, one.region, year, ALL, group, LOW)
                keys = [pl.lit(value).alias(name) for name, value in zip(STRATUM, fixed, strict=True)]
                found.append(_curve(own, has_variance=arm == TREATED, horizon=horizon).select(*keys, pl.all()))
    return pl.concat(found).cast({"cohort_year": pl.Int64}) if found else pl.DataFrame()


def back_curves(back: pl.DataFrame, followed: list[Followed], horizon: int) -> pl.DataFrame:
    """The same for the way back: group `mirror`, low-income residents of the growth cores who settle in the programme area.

    Args:
        back: of `mirror.count_back`, with `number` (of the area), all partitions together, sorted.
        followed: the programme areas.
        horizon: months.
    """
    found = []
    for number in back["number"].unique().sort():
        one = followed[number]
        fixed = (one.programme, one.area, one.region, one.start.year, ALL, "mirror", LOW)
        keys = [pl.lit(value).alias(name) for name, value in zip(STRATUM, fixed, strict=True)]
        own = back.filter(number=number).with_columns(weight=pl.lit(1.0))
        found.append(_curve(own, has_variance=True, horizon=horizon).select(*keys, pl.all()))
    return pl.concat(found).cast({"cohort_year": pl.Int64})


def _weighted(counts: pl.DataFrame) -> pl.DataFrame:
    """Matched rows of both arms with the weight of one person."""
    sizes = counts.group_by(_GROUP).agg(
        pl.col("persons").filter(pl.col("arm") == arm).sum().alias(arm) for arm in (TREATED, COMPARISON)
    )
    matched = sizes.filter(pl.col(TREATED) > 0, pl.col(COMPARISON) > 0).sort(_GROUP)
    joined = counts.join(matched, on=list(_GROUP), how="inner", maintain_order="left")
    return joined.with_columns(
        weight=pl.when(pl.col("arm") == TREATED).then(1.0).otherwise(pl.col(TREATED) / pl.col(COMPARISON))
    )


def _curve(rows: pl.DataFrame, has_variance: bool, horizon: int) -> pl.DataFrame:
    place = rows["cause"].replace_strict({name: n for n, name in enumerate(("-", *EVENTS))}, return_dtype=pl.Int64)
    kind = (rows["left"] * (len(EVENTS) + 1) + place).to_numpy()
    bins = (horizon + 1) * (len(EVENTS) + 1)
    persons = rows["persons"].to_numpy()
    counted, weighted = (
        np.bincount(kind, weights, bins).reshape(horizon + 1, -1)
        for weights in (persons, persons * rows["weight"].to_numpy())
    )
    at_risk, heavy = (gone.sum(axis=1)[::-1].cumsum()[::-1] for gone in (counted, weighted))
    curves = aalen_johansen(heavy, weighted[:, 1:])
    months = np.arange(1, horizon + 1)
    return pl.concat(
        [
            pl.DataFrame(
                {
                    "event": pl.Series([event]).new_from_index(0, horizon),
                    "destination": pl.Series([ALL if event == ARRIVAL else NONE]).new_from_index(0, horizon),
                    "month": months,
                    "at_risk": at_risk[1:].astype(np.int64),
                    "events": counted[1:, number + 1].astype(np.int64),
                    "incidence": curves.incidence[1:, number].round(12),
                    "variance": pl.Series(
                        curves.variance[1:, number].round(15) if has_variance else [None] * horizon, dtype=pl.Float64
                    ),
                    "persons": pl.Series([int(persons.sum())]).new_from_index(0, horizon),
                    "households": pl.Series([None], dtype=pl.Int64).new_from_index(0, horizon),
                }
            )
            for number, event in enumerate(EVENTS)
        ]
    )
