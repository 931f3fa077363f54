"""What a released indicator shows beside its counts: value, numerator and denominator, from published counts. Pure.

The table holds a cell for every numerator and one for every denominator (rule `whole`); a row names its denominator. A share is
made of the two published numbers, and a row whose denominator may not be shown has none. Indices, quantiles and estimates are
shown in as many digits as the count behind them supports, and only where their rule is met.
"""

from __future__ import annotations

import polars as pl

from mobility.disclosure.ratios import (
    limited,
    may_be_estimate,
    may_be_index,
    may_be_share,
    share,
    supported_digits,
)
from mobility.settings import Disclosure

WHOLE, TOTAL_ROW = "whole", "all"
SHARES = ("share", "dwellings")
HIDDEN = "is_hidden"
PARTS = (
    "value",
    "rule",
    "whole",
    "whole_class",
    "part_of",
    "scale",
    "areas",
    "largest",
    "below",
    "above",
    "degrees",
    HIDDEN,
)
"""Columns of the aggregate that say what a row is; they stay inside."""
SHOWN = ("value", "numerator", "denominator")
_PLACE = ["indicator", "place", "level", "cut", "year"]
_COUNTS = ("persons", "households", "persons_published", "households_published")


def indicator_values(inside: pl.DataFrame, profile: Disclosure) -> pl.DataFrame:
    """`SHOWN` of every cell, in its order; null where there is nothing to show.

    Args:
        inside: every offered cell with `PARTS`, true counts and published numbers (null: withheld).
        profile: the rules.
    """
    wholes = inside.select(
        *_PLACE, whole_class="income_class", whole="detail", **{f"{name}_whole": name for name in _COUNTS}
    )
    table = inside.join(wholes, on=[*_PLACE, "whole_class", "whole"], how="left", maintain_order="left")
    rule, persons = pl.col("rule"), pl.col("persons_published")
    by_dwelling = rule == "dwellings"
    part = pl.when(by_dwelling).then("households_published").otherwise("persons_published")
    whole = pl.when(by_dwelling).then("households_published_whole").otherwise("persons_published_whole")
    true = [may_be_share(pl.col(name), pl.col(f"{name}_whole"), profile) for name in ("persons", "households")]
    is_share = rule.is_in(SHARES) & pl.all_horizontal(true)
    digits = supported_digits(persons, profile)
    may = (
        pl.when(rule == "index")
        .then(may_be_index(pl.col("areas"), pl.col("largest"), pl.col("persons"), profile))
        .when(rule == "estimate")
        .then(may_be_estimate(pl.col("degrees"), profile))
        .when(rule == "quantile")
        .then(pl.min_horizontal("below", "above") >= profile.quantile_units)
    )
    value = (
        pl.when(is_share)
        .then(pl.col("scale") * share(part, whole, profile))
        .when(rule == "count")
        .then(pl.col("households_published").cast(pl.Float64))
        .when(rule == "ratio")
        .then(limited(persons / pl.col("households_published"), digits))
        .when(may)
        .then(limited(pl.col("value"), digits))
    )
    seen = persons.is_not_null()
    return table.select(
        value=pl.when(seen).then(value.round(9)),
        numerator=pl.when(seen & is_share & whole.is_not_null()).then(part),
        denominator=pl.when(seen & is_share).then(whole),
    )
