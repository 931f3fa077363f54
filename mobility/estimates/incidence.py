"""Cumulative incidence of settled arrival, its competing events, and return (contract: `incidence`; method 6.4 c). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.estimates.competing import Floats, Ints, aalen_johansen
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
    arrived = pl.col("first_cause") == ARRIVAL
    coded = members.with_columns(
        cause=pl.when(arrived).then(pl.lit(_ARRIVAL_AT) + pl.col("first_destination")).otherwise("first_cause")
    )
    cores = coded.filter(arrived)["cause"].unique().sort().to_list()
    causes, returns = [*cores, *EVENTS[1:]], [RETURN, *EVENTS[1:]]
    coded = coded.with_columns(_place("cause", causes), _place("return_cause", returns))
    found: list[_Curve] = []
    for stratum in coded.partition_by(STRATUM):
        keys = stratum.select(STRATUM).row(0)
        found += _arrivals(stratum, keys, causes)
        found += _returns(stratum.drop_nulls("return_left"), keys, returns)
    return _as_table(found).sort(INCIDENCE_KEYS)


_ARRIVAL_AT = f"{ARRIVAL}/"


def _place(column: str, causes: list[str]) -> pl.Expr:
    """Cause as a number: 0 for censored, 1 for the first."""
    numbers = {cause: number for number, cause in enumerate(causes, start=1)}
    return pl.col(column).replace_strict(numbers, default=0, return_dtype=pl.Int64)


@dataclass(frozen=True)
class _Curve:
    """One event in one stratum: arrays by month, from 1 on."""

    keys: tuple[object, ...]
    event: str
    destination: str
    at_risk: Ints
    events: Ints
    incidence: Floats
    variance: Floats
    persons: int
    households: int


def _arrivals(stratum: pl.DataFrame, keys: tuple[object, ...], causes: list[str]) -> list[_Curve]:
    at_risk, events = _counted(stratum, "first_left", "cause", len(causes))
    others = len(EVENTS) - 1
    cores = len(causes) - others
    arrived = events[:, :cores].sum(axis=1, keepdims=True)
    named = [(ARRIVAL, cause.removeprefix(_ARRIVAL_AT)) for cause in causes[:cores]] + [
        (each, NONE) for each in EVENTS[1:]
    ]
    seen = [place for place in range(len(causes)) if place >= cores or events[:, place].any()]
    together = np.concatenate([arrived, events[:, cores:]], axis=1)
    return [
        *_curves(stratum, keys, at_risk, events, {place: named[place] for place in seen}),
        *_curves(stratum, keys, at_risk, together, {0: (ARRIVAL, ALL)}),
    ]


def _returns(stratum: pl.DataFrame, keys: tuple[object, ...], causes: list[str]) -> list[_Curve]:
    at_risk, events = _counted(stratum, "return_left", "return_cause", len(causes))
    return _curves(stratum, keys, at_risk, events, {0: (RETURN, NONE)})


def _counted(stratum: pl.DataFrame, left: str, cause: str, causes: int) -> tuple[Ints, Ints]:
    """At risk at the beginning of each month, and how many have each event in it."""
    month = stratum[left].to_numpy()
    months = int(month.max(initial=0)) + 1
    gone = np.bincount(month * (causes + 1) + stratum[cause].to_numpy(), minlength=months * (causes + 1))
    gone = gone.reshape(months, causes + 1)
    return gone.sum(axis=1)[::-1].cumsum()[::-1], gone[:, 1:]


def _curves(
    stratum: pl.DataFrame, keys: tuple[object, ...], at_risk: Ints, events: Ints, named: dict[int, tuple[str, str]]
) -> list[_Curve]:
    """The curves of the events that have a name."""
    curves = aalen_johansen(at_risk, events)
    size, households = stratum.height, int(stratum["is_carrier"].sum())
    return [
        _Curve(
            keys,
            *name,
            at_risk[1:],
            events[1:, place],
            curves.incidence[1:, place],
            curves.variance[1:, place],
            size,
            households,
        )
        for place, name in named.items()
    ]


def _as_table(curves: list[_Curve]) -> pl.DataFrame:
    """One row per curve and month."""
    months = np.array([len(each.at_risk) for each in curves], dtype=np.int64)
    of = pl.Series(np.repeat(np.arange(len(curves)), months))
    fixed = pl.DataFrame(
        [(*each.keys, each.event, each.destination, each.persons, each.households) for each in curves],
        schema={name: kind for name, kind in _SCHEMA.items() if name in _FIXED},
        orient="row",
    )
    parts = {name: [getattr(each, name) for each in curves] for name in ("at_risk", "events", "incidence", "variance")}
    empty = [np.zeros(0)]
    varying = pl.DataFrame(
        {
            "month": np.concatenate([np.arange(1, many + 1) for many in months] or empty),
            **{name: np.concatenate(arrays or empty) for name, arrays in parts.items()},
        }
    ).with_columns(pl.col("incidence").round(12), pl.col("variance").round(15))
    return pl.concat([fixed[of], varying], how="horizontal").select(list(_SCHEMA)).cast(pl.Schema(_SCHEMA))


_FIXED = (*STRATUM, "event", "destination", "persons", "households")
