"""Cumulative incidence of settled arrival, its competing events, and return (contract: `incidence`; method 6.4 c). Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from mobility.estimates.competing import aalen_johansen
from mobility.estimates.events import ARRIVAL, EVENTS, RETURN

INCIDENCE_KEYS = (
    "programme", "area", "region", "cohort_year", "exposure", "group", "income_class", "event", "destination", "month",
)  # fmt: skip
STRATUM = INCIDENCE_KEYS[:7]
ALL, NONE = "all", "-"
LOW, NOT_LOW = "low", "not_low"
_SCHEMA = dict.fromkeys(STRATUM, pl.String) | {
    "cohort_year": pl.Int64, "event": pl.String, "destination": pl.String, "month": pl.Int64, "at_risk": pl.Int64,
    "events": pl.Int64, "incidence": pl.Float64, "variance": pl.Float64, "persons": pl.Int64, "households": pl.Int64,
}  # fmt: skip
_RETURN_CAUSES = (RETURN, *EVENTS[1:])


def class_group(low: tuple[str, ...]) -> pl.Expr:
    """`low`, `not_low` (has a percentile and is not low), or the class itself where it is neither."""
    quintile = pl.col("income_class").str.contains("^q[1-5]$")
    return (
        pl.when(pl.col("income_class").is_in(list(low)))
        .then(pl.lit(LOW))
        .when(quintile)
        .then(pl.lit(NOT_LOW))
        .otherwise("income_class")
    )


def pooled_strata(members: pl.DataFrame, low: tuple[str, ...]) -> pl.DataFrame:
    """Members once for every stratum they belong to.

    By area: every exposure together, low and not low. By region and for all regions together: every exposure by itself and
    together; low, not low, and for all regions also every class. Areas inside a growth core (`r_in_g`) are in no pooled
    stratum: one destination less can be reached from there. `cohort_year` is 0 where cohorts of different years are together.

    Args:
        members: with the columns of `STRATUM` but `group`, and `r_in_g`.
        low: the classes that count as low.
    """
    grouped = members.with_columns(income_class=class_group(low))
    together = {"area": pl.lit(ALL), "cohort_year": pl.lit(0, pl.Int64)}
    pooled, by_class = (each.filter(~pl.col("r_in_g")).with_columns(**together) for each in (grouped, members))
    everywhere = pl.concat([pooled, by_class]).with_columns(region=pl.lit(ALL))
    sets = [pl.concat([pooled, everywhere])]
    sets.append(pl.concat([grouped, sets[0]]).with_columns(exposure=pl.lit(ALL)))
    return pl.concat(sets)


def incidence_table(members: pl.DataFrame) -> pl.DataFrame:
    """Cumulative incidence by stratum, event, destination and month.

    One row per stratum, event (`arrival`, `dead`, `away`, `institution` on the clock from the cohort date; `return` on the
    clock from the exit), destination (the growth core, and `all` of them together; - for other events) and month, from 1 to
    the last that anybody is seen through: `at_risk` (persons, at the beginning of the month), `events` in it, `incidence` by
    its end and `variance`; `persons` and `households` of the stratum (of who left, for `return`); sorted by all keys.

    Args:
        members: columns of `STRATUM`, `is_carrier`, `first_left`, `first_cause`, `first_destination`, and `return_left`,
            `return_cause` (null for who never left).
    """
    found = []
    for stratum in members.partition_by(STRATUM):
        keys = stratum.select(STRATUM).row(0)
        found += _arrivals(stratum, keys)
        found += _returns(stratum.drop_nulls("return_left"), keys)
    rows = pl.concat(found) if found else pl.DataFrame(schema=_SCHEMA)
    return rows.select(list(_SCHEMA)).cast(pl.Schema(_SCHEMA)).sort(INCIDENCE_KEYS)


def _arrivals(stratum: pl.DataFrame, keys: tuple[object, ...]) -> list[pl.DataFrame]:
    cores = stratum.filter(pl.col("first_cause") == ARRIVAL)["first_destination"].unique().sort().to_list()
    arrived = pl.col("first_cause") == ARRIVAL
    by_core = pl.when(arrived).then(pl.lit(f"{ARRIVAL}/") + pl.col("first_destination")).otherwise("first_cause")
    split = stratum.select(left="first_left", cause=by_core)
    causes = [*(f"{ARRIVAL}/{core}" for core in cores), *EVENTS[1:]]
    labels = [*((ARRIVAL, core) for core in cores), *((event, NONE) for event in EVENTS[1:])]
    together = stratum.select(left="first_left", cause="first_cause")
    rows = [
        *_curves(split, causes, labels, keys),
        *_curves(together, list(EVENTS), [(ARRIVAL, ALL), *([None] * (len(EVENTS) - 1))], keys),
    ]
    return _with_sizes(rows, stratum)


def _returns(stratum: pl.DataFrame, keys: tuple[object, ...]) -> list[pl.DataFrame]:
    if stratum.is_empty():
        return []
    clock = stratum.select(left="return_left", cause="return_cause")
    labels: list[tuple[str, str] | None] = [(RETURN, NONE), *([None] * (len(_RETURN_CAUSES) - 1))]
    return _with_sizes(_curves(clock, list(_RETURN_CAUSES), labels, keys), stratum)


def _with_sizes(rows: list[pl.DataFrame], stratum: pl.DataFrame) -> list[pl.DataFrame]:
    households = int(stratum["is_carrier"].sum())
    return [each.with_columns(persons=pl.lit(stratum.height), households=pl.lit(households)) for each in rows]


def _curves(
    clock: pl.DataFrame, causes: list[str], labels: Sequence[tuple[str, str] | None], keys: tuple[object, ...]
) -> list[pl.DataFrame]:
    """The curves of the causes that have a label."""
    months = int(clock["left"].max() or 0)  # type: ignore[arg-type]
    if not months:
        return []
    events = np.zeros((months + 1, len(causes)), dtype=np.int64)
    for place, cause in enumerate(causes):
        events[:, place] = np.bincount(clock.filter(pl.col("cause") == cause)["left"].to_numpy(), minlength=months + 1)
    left = np.bincount(clock["left"].to_numpy(), minlength=months + 1)
    at_risk = clock.height - np.cumsum(left) + left
    curves = aalen_johansen(at_risk, events)
    fixed = dict(zip(STRATUM, keys, strict=True))
    return [
        pl.DataFrame(
            {
                "month": np.arange(1, months + 1),
                "at_risk": at_risk[1:],
                "events": events[1:, place],
                "incidence": curves.incidence[1:, place].round(12),
                "variance": curves.variance[1:, place].round(15),
            }
        ).with_columns(
            pl.lit(value).alias(name) for name, value in (fixed | {"event": label[0], "destination": label[1]}).items()
        )
        for place, label in enumerate(labels)
        if label is not None
    ]
