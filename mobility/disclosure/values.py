"""Values beside the counts of a cell: each rule by its name, and what it asks of the aggregate. Pure.

| rule | asks | shown |
|---|---|---|
| `share` | `of`: a key column with a total, or several | published persons over those of the total, in coarse steps |
| `mean` | `total`, `largest`, `second`, `top` (see `dominance`) | total over persons, in as many digits as the count has |
| `index` | `value`, `areas`, `largest` (persons of the largest area) | the value, in as many digits as the count has |
| `estimate` | `value`, `degrees` | the same |
| `effect` | `value`, and the least of its arms: `areas`, `largest`, `persons`, `households`, `events` | in steps of a share |
| `quantile` | `value`, `below`, `above`, `width` (a number) | the lower end of the bin |
| `indicator` | the columns of `indicators.PARTS` | see there |
| `incidence` | a key column `month` (recode `steps`; 0: everybody) | cumulative share of published counts, in three decimals |

A value is shown only where its cell is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl
import polars.selectors as cs

from mobility.disclosure.curves import incidence
from mobility.disclosure.declaration import TOTAL, Declaration, Value
from mobility.disclosure.dominance import is_dominated
from mobility.disclosure.indicators import PARTS, indicator_values
from mobility.disclosure.ratios import (
    in_steps,
    limited,
    may_be_effect,
    may_be_estimate,
    may_be_index,
    may_be_share,
    quantile,
    share,
    supported_digits,
)
from mobility.settings import Disclosure

ARGUMENTS = {
    "share": ("of",),
    "mean": ("total", "largest", "second", "top"),
    "index": ("value", "areas", "largest"),
    "estimate": ("value", "degrees"),
    "effect": ("value", "areas", "largest", "persons", "households", "events"),
    "quantile": ("value", "below", "above", "width"),
    "indicator": (),
    "incidence": (),
}
_NO_COLUMN = {("share", "of"), ("quantile", "width")}
_PERSONS = pl.col("persons_published")
_SHARE_DECIMALS = 3  # of a share of two rounded counts
_DECIMALS = 9  # what floating point adds beyond them is no part of a value


def columns_needed(values: Iterable[Value]) -> list[str]:
    """The columns of the aggregate that the values of a table are made from, once each."""
    named = [str(column) for value in values for name, column in value.given if (value.rule, name) not in _NO_COLUMN]
    return list(dict.fromkeys([*named, *(PARTS if any(value.rule == "indicator" for value in values) else ())]))


def values_of(inside: pl.DataFrame, declaration: Declaration, profile: Disclosure) -> pl.DataFrame:
    """The values of a table, one row per cell of `inside`, in its order; null where a value may not be shown.

    Args:
        inside: every offered cell, sorted, with true counts and published numbers (null: withheld).
        declaration: the table.
        profile: the rules.
    """
    found = {value.name: _RULES[value.rule](inside, value, declaration, profile) for value in declaration.values}
    seen = inside["persons_published"].is_not_null()
    values = pl.DataFrame(found).with_columns(cs.float().round(_DECIMALS))
    return values.select(pl.when(pl.lit(seen)).then(pl.col(name)).alias(name) for name in found)


def _share(inside: pl.DataFrame, value: Value, declaration: Declaration, profile: Disclosure) -> pl.Series:
    of = value["of"].split(",")
    is_whole = pl.all_horizontal(pl.col(column) == TOTAL for column in of)
    shared = [column for column in declaration.cells if column not in of]
    numbers = ("persons", "households", "persons_published")
    wholes = inside.filter(is_whole).select(*shared, *(pl.col(name).alias(f"{name}_all") for name in numbers))
    if shared:
        both = inside.join(wholes, on=shared, how="left", maintain_order="left")
    else:
        both = inside.join(wholes, how="cross", maintain_order="left")
    may = [may_be_share(pl.col(unit), pl.col(f"{unit}_all"), profile) for unit in ("persons", "households")]
    told = share(_PERSONS, pl.col("persons_published_all"), profile)
    return both.select(pl.when(pl.all_horizontal(may), ~is_whole).then(told)).to_series()


def _mean(inside: pl.DataFrame, value: Value, declaration: Declaration, profile: Disclosure) -> pl.Series:  # noqa: ARG001
    total = pl.col(value["total"])
    largest = [pl.col(value[name]) for name in ("largest", "second", "top")]
    too_few = is_dominated(total, largest[0], largest[1], largest[2], profile)
    return _digits(inside, total / pl.col("persons"), ~too_few, profile)


def _index(inside: pl.DataFrame, value: Value, declaration: Declaration, profile: Disclosure) -> pl.Series:  # noqa: ARG001
    may = may_be_index(pl.col(value["areas"]), pl.col(value["largest"]), pl.col("persons"), profile)
    return _digits(inside, pl.col(value["value"]), may, profile)


def _estimate(inside: pl.DataFrame, value: Value, declaration: Declaration, profile: Disclosure) -> pl.Series:  # noqa: ARG001
    return _digits(inside, pl.col(value["value"]), may_be_estimate(pl.col(value["degrees"]), profile), profile)


def _effect(inside: pl.DataFrame, value: Value, declaration: Declaration, profile: Disclosure) -> pl.Series:  # noqa: ARG001
    areas, largest, persons, households, events = (
        pl.col(value[name]) for name in ("areas", "largest", "persons", "households", "events")
    )
    may = may_be_effect(areas, largest, persons, households, events, pl.col("persons"), profile)
    told = in_steps(pl.col(value["value"]), persons, profile)
    return inside.select(pl.when(may).then(told)).to_series()


def _quantile(inside: pl.DataFrame, value: Value, declaration: Declaration, profile: Disclosure) -> pl.Series:  # noqa: ARG001
    below, above = pl.col(value["below"]), pl.col(value["above"])
    return inside.select(quantile(pl.col(value["value"]), below, above, int(value["width"]), profile)).to_series()


def _incidence(inside: pl.DataFrame, value: Value, declaration: Declaration, profile: Disclosure) -> pl.Series:  # noqa: ARG001
    shares = incidence(inside, tuple(column for column in declaration.cells if column != "month"))
    return shares.round(_SHARE_DECIMALS)


def _indicator(inside: pl.DataFrame, value: Value, declaration: Declaration, profile: Disclosure) -> pl.Series:  # noqa: ARG001
    return indicator_values(inside, profile)[value.name]


def _digits(inside: pl.DataFrame, result: pl.Expr, may: pl.Expr, profile: Disclosure) -> pl.Series:
    """A result in as many digits as the published count of its cell supports."""
    return inside.select(pl.when(may).then(limited(result, supported_digits(_PERSONS, profile)))).to_series()


_RULES: dict[str, Callable[[pl.DataFrame, Value, Declaration, Disclosure], pl.Series]] = {
    "share": _share,
    "mean": _mean,
    "index": _index,
    "estimate": _estimate,
    "effect": _effect,
    "quantile": _quantile,
    "indicator": _indicator,
    "incidence": _incidence,
}
