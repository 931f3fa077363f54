"""The estimates about original residents as cells that can be offered: the excess, the balance, other specifications. Pure.

Beside an estimate stand its persons and households; what the rules ask of the arms behind it stands in further columns of the
aggregates (`estimates.support`). These cells count no records of their own: their key is a hash of their counts, so the same
persons have the same number in every row.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from mobility.disclosure.cells import KEY
from mobility.estimates.balance import BALANCE_KEYS
from mobility.estimates.comparison import CELL, COMPARISON, TREATED
from mobility.estimates.excess import EXCESS_KEYS
from mobility.estimates.incidence import ALL
from mobility.estimates.sensitivity import CHAINS, SPECIFICATION
from mobility.records import record_hash
from mobility.settings import Study

Read = Callable[[str], pl.DataFrame]

STUDY, OTHER = "study", "other"
_SIZE = 1 << 24


def excess_cells(read: Read, study: Study) -> pl.DataFrame:  # noqa: ARG001 - same form for every aggregate
    """The excess: one row per `EXCESS_KEYS`, of areas that are pooled and can be estimated."""
    pooled = read("excess").filter(pl.col("area") == ALL, pl.col("persons") > 0)
    return _as_cells(pooled).sort(EXCESS_KEYS)


def balance_cells(read: Read, study: Study) -> pl.DataFrame:  # noqa: ARG001 - same form for every aggregate
    """Who is compared: one row per `arm` (treated, comparison) and the keys of `balance`, of areas that are pooled.

    `share_weighted` and `difference` stand with the comparison.
    """
    pooled = read("balance").filter(pl.col("area") == ALL)
    none = pl.lit(None, pl.Float64)
    treated = pooled.with_columns(
        arm=pl.lit(TREATED), persons="treated", households="treated_households", share_weighted=none, difference=none
    )
    compared = pooled.with_columns(
        arm=pl.lit(COMPARISON),
        persons="compared_with",
        households="compared_households",
        unit_persons="unit_compared",
        unit_households="unit_compared_households",
    )
    rows = [_as_cells(treated), _as_cells(compared)]
    columns = [*BALANCE_KEYS, "arm", *rows[0].columns]
    both = pl.concat([each.select(*dict.fromkeys(columns)) for each in rows])
    # Every covariate divides the same people, so their number stands there once.
    keys = [*BALANCE_KEYS[:4], "arm"]
    counts = ("persons", "households", "unit_persons", "unit_households")
    whole = both.filter(pl.col("covariate") == CELL[0]).group_by(keys).agg(pl.col(counts).sum())
    named = whole.with_columns(pl.lit(ALL).alias(name) for name in BALANCE_KEYS[4:])
    both = pl.concat([both.drop(KEY), named], how="diagonal")
    both = both.with_columns(_key(both))
    return both.sort(*BALANCE_KEYS, "arm")  # with the values that nobody in an arm has: a reader knows that they exist


def sensitivity_cells(read: Read, study: Study) -> pl.DataFrame:
    """The excess under every set of definitions that was run: one row per estimand and set.

    `specification` says which are those of the study.
    """
    chains, rules = study.chains, study.estimates
    numbers: dict[str, int | str] = {
        name: getattr(chains if hasattr(chains, name) else rules, name) for name in SPECIFICATION if name != "low"
    }
    numbers["low"] = "+".join(study.income.low)
    own = pl.all_horizontal(pl.col(name) == value for name, value in numbers.items())
    found = read("sensitivity").filter(pl.col("estimand") != CHAINS, pl.col("persons") > 0)
    named = found.with_columns(specification=pl.when(own).then(pl.lit(STUDY)).otherwise(pl.lit(OTHER)))
    return _as_cells(named).sort("programme", "estimand", *SPECIFICATION)


def _as_cells(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with the units behind them and a key; a person is in an arm of a programme once, unless the rows say otherwise."""
    known = {"unit_persons": "persons", "unit_households": "households"}
    rows = rows.with_columns(pl.col(name).alias(unit) for unit, name in known.items() if unit not in rows.columns)
    return rows.with_columns(_key(rows))


def _key(rows: pl.DataFrame) -> pl.Series:
    nothing = pl.Series([0]).new_from_index(0, rows.height)
    return record_hash(rows["persons"] * _SIZE + rows["households"], nothing).alias(KEY)
