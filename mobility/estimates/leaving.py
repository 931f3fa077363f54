"""Who leaves, and where to (method 6.4 a and b), chains per thousand (d), and members by age and household. Pure."""

from __future__ import annotations

import polars as pl

from mobility.chains.outcome import NO_EXIT
from mobility.chains.programmes import Followed
from mobility.chains.tables import COHORT_KEYS
from mobility.flows.dimensions import value_of, words_of
from mobility.settings import Dimension

EXIT_KEYS = (*COHORT_KEYS, "exit", "first_state", "later_state")
BY_KEYS = (*COHORT_KEYS[:4], "income_class", "dimension", "value", "outcome")
RATE_KEYS = (*COHORT_KEYS, "rate")
CENSORED, NONE = "censored", "-"
_STATE, _START, _END = pl.col("state"), pl.col("start_date"), pl.col("end_date")
_MOST_CHILDREN = 3


def find_leaving(episodes: pl.DataFrame, followed: Followed) -> pl.DataFrame:
    """Whether each person left by start + `exit_months`, and where to.

    One row per person, sorted: `exit` (yes, no; censored: not followed so long), `first_state` (state of the first episode
    after home; - without an exit in time), `later_state` (state on the day start + `exit_months` of who left in time: more
    exits to the same mix of places and other places for the same exits are two findings).

    Args:
        episodes: of `absorb_short`.
        followed: the programme area.
    """
    until = pl.lit(followed.exit_until)
    left = _STATE.is_in(NO_EXIT).not_()
    seen = episodes.group_by("person").agg(
        exit_date=_START.filter(left).min(),
        first_state=_STATE.filter(left).sort_by(_START.filter(left)).first(),
        later_state=_STATE.filter(until.is_between(_START, _END, closed="left")).first(),
    )
    in_time = (pl.col("exit_date") <= until).fill_null(False)
    if followed.last_day < followed.exit_until:
        exit_ = pl.when(in_time).then(pl.lit("yes")).otherwise(pl.lit(CENSORED))
    else:
        exit_ = pl.when(in_time).then(pl.lit("yes")).otherwise(pl.lit("no"))
    return seen.select(
        "person",
        exit=exit_,
        first_state=pl.when(in_time).then("first_state").otherwise(pl.lit(NONE)),
        later_state=pl.when(in_time).then(pl.col("later_state").fill_null(CENSORED)).otherwise(pl.lit(NONE)),
    ).sort("person")


def chain_rates(strata: pl.DataFrame) -> pl.DataFrame:
    """Share that leaves in time and chains per thousand original residents.

    One row per stratum and `rate` (`exit`: per 100, of areas followed for start + `exit_months`; `chain`: per 1000):
    `value`, `persons` and `households` (who left, or made a chain), `at_risk` and `households_at_risk`, and `complete`
    (every area of the stratum was followed to the end; if not, more chains may come); sorted by keys.

    Args:
        strata: members of `incidence.pooled_strata`, with `exit`, `outcome`, `is_carrier`, and of their area `is_seen`
            (followed so long that everybody who leaves in time is known) and `is_complete` (followed to the end).
    """
    household = pl.col("is_carrier").cast(pl.Int64)

    def rate(name: str, at_risk: pl.Expr, counted: pl.Expr, per: int) -> pl.DataFrame:
        there = strata.filter(at_risk).group_by(COHORT_KEYS)
        return there.agg(
            rate=pl.lit(name),
            value=(per * counted.sum() / pl.len()).round(9),
            persons=counted.cast(pl.Int64).sum(),
            households=household.filter(counted).sum(),
            at_risk=pl.len().cast(pl.Int64),
            households_at_risk=household.sum(),
            complete=pl.col("is_complete").all(),
        )

    seen = pl.col("is_seen")
    rates = [
        rate("exit", seen, pl.col("exit") == "yes", 100),
        rate("chain", pl.lit(True), pl.col("outcome") == "chain", 1000),
    ]
    return pl.concat(rates).sort(RATE_KEYS)


def by_household(members: pl.DataFrame, age_bands: tuple[int, ...]) -> pl.DataFrame:
    """Members once for every dimension, with its value on the cohort date.

    `dimension` is `age_band`, `household_type`, `children` (living in the household, of whatever age: `children_0` to
    `children_3+`) or `position` (`at_parents`: a child of the household, whose leaving is leaving the parental home; `own`:
    anybody else).

    Args:
        members: with `cohort_date`, `birth_date`, `household_type`, `children`, `is_child`.
        age_bands: first age of every band but the youngest.
    """
    dated = members.with_columns(move_date="cohort_date")
    nothing = pl.DataFrame()

    def word(dimension: Dimension) -> pl.Series:
        return words_of(dimension, age_bands).gather(value_of(dated, dimension, age_bands, nothing, nothing))

    many = pl.when(pl.col("children") < _MOST_CHILDREN).then(pl.col("children").cast(pl.String))
    children = pl.lit("children_") + many.otherwise(pl.lit(f"{_MOST_CHILDREN}+"))
    values = {
        "age_band": pl.lit(word("age_band")),
        "household_type": pl.lit(word("household_type")),
        "children": children,
        "position": pl.when("is_child").then(pl.lit("at_parents")).otherwise(pl.lit("own")),
    }
    return pl.concat([members.with_columns(dimension=pl.lit(name), value=value) for name, value in values.items()])
