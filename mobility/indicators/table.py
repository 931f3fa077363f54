"""The form of every indicator: one row per place, cut, year, class and detail (contract: `indicators`). Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from mobility.flows.indices import ALL, LOW, NOT_LOW
from mobility.income import CLASSES

INDICATOR_KEYS = ("indicator", "place", "level", "cut", "year", "income_class", "detail")
MEASURES = ("value", "numerator", "denominator", "persons", "households")
BEHIND = (
    "rule",
    "whole",
    "whole_class",
    "whole_persons",
    "whole_households",
    "part_of",
    "areas",
    "largest",
    "below",
    "above",
    "degrees",
)
"""Columns of `Behind`: what a release must know of a row beside its counts; they stay inside."""
TOTAL = "total"  # every cut together
_DIGITS = 9  # a fraction is rounded once, here, so that no order of adding can show
_QUINTILES = ("q1", "q2", "q3", "q4", "q5")


Rule = Literal["share", "count", "dwellings", "ratio", "index", "quantile", "estimate"]
Amount = pl.Expr | str | int | None


@dataclass(frozen=True)
class Behind:
    """What a release must know of rows beside their counts; a row without one is never released.

    Attributes:
        rule: one for all rows, or by row, null where a row is never released: `share` (the numerator is a part of the
            denominator), `dwellings` (a share of dwellings or households), `count`, `ratio` (of the persons to the households
            of the row), `index`, `quantile`, `estimate`.
        whole: name of the denominator: the detail of another row that is it, or a name by itself; `whole/part` is a part of
            `whole`. Rows of one place, cut, year, class and whole are parts of the same denominator.
        whole_class: class of the denominator, where it is not that of the row.
        persons: persons behind the denominator, where it counts dwellings; without them such a cell is counted in dwellings only.
        households: households behind the denominator.
        part_of: detail of another row that holds everybody in this one.
        areas, largest: of an index, how many areas (or bins) have somebody, and the most persons in one.
        below, above: of a quantile, persons on either side of its bin.
        degrees: of an estimate, degrees of freedom.
    """

    rule: Rule | pl.Expr
    whole: pl.Expr | str | None = None
    whole_class: str | None = None
    persons: Amount = None
    households: Amount = None
    part_of: pl.Expr | str | None = None
    areas: Amount = None
    largest: Amount = None
    below: Amount = None
    above: Amount = None
    degrees: Amount = None

    def columns(self) -> dict[str, pl.Expr]:
        """Expressions for `BEHIND`; text names a value in `whole` and `part_of`, and a column elsewhere."""
        texts = {"rule": self.rule, "whole": self.whole, "whole_class": self.whole_class, "part_of": self.part_of}
        given = {
            name: (each if isinstance(each, pl.Expr) else pl.lit(each, pl.String)).cast(pl.String)
            for name, each in texts.items()
        }
        amounts = {
            "whole_persons": self.persons,
            "whole_households": self.households,
            "areas": self.areas,
            "largest": self.largest,
        }
        amounts |= {"below": self.below, "above": self.above, "degrees": self.degrees}
        given |= {name: _count(pl.lit(each) if isinstance(each, int) else each) for name, each in amounts.items()}
        return {name: given[name] for name in BEHIND}


_NOTHING: dict[str, pl.Expr] = {
    name: pl.lit(None, pl.String if name in ("rule", "whole", "whole_class", "part_of") else pl.Int64)
    for name in BEHIND
}


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
    behind: Behind | None = None,
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
        behind: what a release must know of the rows; None: they are never released.
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
        **(_NOTHING if behind is None else behind.columns()),
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


def told_and_behind(table: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The indicators as the contract has them, and `BEHIND` of the rows that a release can take."""
    behind = table.filter(pl.col("rule").is_not_null()).select(*INDICATOR_KEYS, *BEHIND)
    return table.select(*INDICATOR_KEYS, *MEASURES), behind


def empty() -> pl.DataFrame:
    """The table without rows."""
    text = dict.fromkeys(INDICATOR_KEYS, pl.String) | {"year": pl.Int64}
    table = pl.DataFrame(schema=text | dict.fromkeys(MEASURES, pl.Int64) | {"value": pl.Float64})
    return table.with_columns(**_NOTHING)
