"""The form of every indicator: one row per place, cut, year, class and detail (contract: `indicators`). Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from mobility.flows.indices import ALL, LOW, NOT_LOW
from mobility.income import CLASSES

INDICATOR_KEYS = ("indicator", "place", "level", "cut", "year", "income_class", "detail")
MEASURES = ("value", "numerator", "denominator", "persons", "households")
TOTAL = "total"  # every cut together
_DIGITS = 9  # a fraction is rounded once, here, so that no order of adding can show
_QUINTILES = ("q1", "q2", "q3", "q4", "q5")


def not_low(low: Collection[str]) -> tuple[str, ...]:
    """The classes with a percentile that are not low (method 4)."""
    return tuple(name for name in _QUINTILES if name not in low)


def add_up(parts: Sequence[pl.DataFrame], keys: Sequence[str]) -> pl.DataFrame:
    """Counts of several partitions as one: measures summed by `keys`, sorted by them.

    Args:
        parts: tables of the same columns, all measures whole numbers.
        keys: the columns that are no measure.
    """
    table = pl.concat(parts)
    measures = [name for name in table.columns if name not in keys]
    return table.group_by(keys).agg(pl.col(measures).cast(pl.Int64).sum()).sort(keys)


def group_classes(table: pl.DataFrame, low: Collection[str], *, each: bool = False) -> pl.DataFrame:
    """Counts by class, where the class is a place in `CLASSES`, as counts of `low`, `not_low` and `all`.

    Args:
        table: with `income_class`; all other columns of type Int64 are measures, the rest are keys.
        low: the classes that are low.
        each: keep every single class beside the groups.
    """
    others = not_low(low)
    pairs = [(place, ALL) for place in range(len(CLASSES))]
    pairs += [(CLASSES.index(name), LOW) for name in low] + [(CLASSES.index(name), NOT_LOW) for name in others]
    if each:
        pairs += list(enumerate(CLASSES))
    groups = pl.DataFrame(pairs, schema={"income_class": pl.UInt8, "group": pl.String}, orient="row")
    wide = table.with_columns(pl.col("income_class").cast(pl.UInt8)).join(groups, on="income_class")
    wide = wide.drop("income_class").rename({"group": "income_class"})
    keys = [name for name in table.columns if table.schema[name] != pl.Int64 or name == "income_class"]
    return add_up([wide.select(table.columns)], keys)


def indicator(
    table: pl.DataFrame,
    name: str,
    *,
    detail: pl.Expr | str = "",
    value: pl.Expr | None = None,
    numerator: pl.Expr | str | None = None,
    denominator: pl.Expr | str | None = None,
    persons: pl.Expr | str = "persons",
    households: pl.Expr | str = "households",
    scale: int = 1,
    level: str | None = None,
    income_class: str | None = None,
) -> pl.DataFrame:
    """Rows of one indicator.

    Without `value` it is `scale` times numerator over denominator, both whole numbers. With nothing to divide by the value is
    empty; such a row stays when its numerator is not 0, so that counts add up, and is left out otherwise.

    Args:
        table: with the key columns that are not given here; `cut` is `total` where the table has none.
        name: id in the catalogue.
        detail: what of the indicator a row tells, text or an expression.
        value: where it is no ratio of counts.
        numerator: a count; null where the value is no ratio of counts.
        denominator: a count, likewise.
        persons: persons behind the value: those of the numerator, or of its smaller side.
        households: households, likewise.
        scale: 100 for per cent, 1000 for per mille.
        level: of all rows.
        income_class: of all rows.
    """
    above, below = _count(numerator), _count(denominator)
    given = value if value is not None else pl.when(below > 0).then(scale * above.cast(pl.Float64) / below)
    rows = table.select(
        indicator=pl.lit(name),
        place=pl.col("place"),
        level=pl.lit(level) if level else pl.col("level"),
        cut=pl.col("cut") if "cut" in table.columns else pl.lit(TOTAL),
        year=pl.col("year").cast(pl.Int64),
        income_class=pl.lit(income_class) if income_class else pl.col("income_class"),
        detail=pl.lit(detail) if isinstance(detail, str) else detail,
        value=given.cast(pl.Float64).round(_DIGITS),
        numerator=above,
        denominator=below,
        persons=_count(persons),
        households=_count(households),
    )
    # 0.0 and -0.0 are different bytes of the same number.
    known = rows.with_columns(value=pl.when(pl.col("value").is_finite()).then(pl.col("value") + 0.0))
    return known.filter(pl.col("value").is_not_null() | (pl.col("numerator").fill_null(0) != 0))


def _count(given: pl.Expr | str | None) -> pl.Expr:
    expression = pl.lit(None) if given is None else pl.col(given) if isinstance(given, str) else given
    return expression.cast(pl.Int64)


def collected(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """All indicators as one table, sorted by `INDICATOR_KEYS`."""
    return pl.concat(parts).sort(INDICATOR_KEYS)


def empty() -> pl.DataFrame:
    """The table without rows."""
    text = dict.fromkeys(INDICATOR_KEYS, pl.String) | {"year": pl.Int64}
    return pl.DataFrame(schema=text | dict.fromkeys(MEASURES, pl.Int64) | {"value": pl.Float64}).select(
        *INDICATOR_KEYS, *MEASURES
    )
