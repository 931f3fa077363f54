"""Family C: the account of low incomes (C1), and which of its components changed their share (C2). Pure."""

from __future__ import annotations

import math
from collections.abc import Collection
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.flows.account import COMPONENTS
from mobility.flows.indices import LOW
from mobility.indicators.table import add_up, indicator, not_low

Numbers = npt.NDArray[np.float64]
# What adds to and takes from a stock in a year, as net components that add up to its change.
NET = {
    "moves": ("moves_in", "moves_out"),
    "births_deaths": ("births", "deaths"),
    "migration": ("immigration", "emigration"),
    "class": ("class_in", "class_out"),
    "coverage": ("coverage_in", "coverage_out"),
}


def low_account(account: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """C1: the account of the low class, in persons and in households; one row per component, and the residual, which is 0.

    Details `persons:<component>` and `households:<component>`. With more than one low class, `class_in` and `class_out` hold
    the steps between them too.

    Args:
        account: aggregate `account`.
        low: classes that are low.
    """
    keys = ("unit", "level", "year", "place")
    chosen = account.filter(pl.col("income_class").is_in(list(low))).select(*keys, *COMPONENTS)
    long = add_up([chosen], keys).unpivot(COMPONENTS, index=keys, variable_name="component", value_name="count")
    size = pl.col("count").abs()
    return indicator(
        long,
        "C1",
        detail=pl.concat_str("unit", "component", separator=":"),
        value=pl.col("count"),
        numerator="count",
        persons=pl.when(pl.col("unit") == "persons").then(size),
        households=pl.when(pl.col("unit") == "households").then(size),
        income_class=LOW,
    )


def share_change(account: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """C2: the change of the low share within a year, split over the components of the account.

    The low share is low residents over residents with a percentile (low and not low). Details: `start`, `end` and `change`
    of the share; `<component>:low` for what a component did through the number of low residents, `<component>:all` through
    the
    number of
    all. The parts add up to the change exactly (Shapley: the mean over every order in which the components could have come).

    Args:
        account: aggregate `account`.
        low: classes that are low.
    """
    keys = ("level", "year", "place")
    persons = account.filter(unit="persons")
    columns = ["stock_start", "stock_end", *(name for pair in NET.values() for name in pair)]
    ours = add_up([persons.filter(pl.col("income_class").is_in(list(low))).select(*keys, *columns)], keys)
    others = persons.filter(pl.col("income_class").is_in(list(not_low(low)))).select(*keys, *columns)
    table = ours.join(add_up([others], keys), on=keys, how="full", coalesce=True, suffix="_other").fill_null(0)
    ends = ("stock_start", "stock_end")
    table = table.with_columns((pl.col(name) + pl.col(f"{name}_other")).alias(f"{name}_all") for name in ends)
    table = table.filter(*(pl.col(f"{name}_all") > 0 for name in ends)).sort(keys)
    numerators = _net(table, "")
    denominators = numerators + _net(table, "_other")
    start = [table[name].to_numpy().astype(np.float64) for name in ("stock_start", "stock_start_all")]
    upper, lower = ratio_shapley(start[0], start[1], numerators, denominators)
    parts = {f"{name}:low": upper[:, place] for place, name in enumerate(NET)}
    parts |= {f"{name}:all": lower[:, place] for place, name in enumerate(NET)}
    shares = {
        name: table.select(pl.col(f"stock_{name}") / pl.col(f"stock_{name}_all")).to_series().to_numpy()
        for name in ("start", "end")
    }
    rows = shares | {"change": shares["end"] - shares["start"]} | parts
    return pl.concat(
        [
            indicator(
                table.with_columns(part=pl.Series(values)),
                "C2",
                detail=name,
                value=100 * pl.col("part"),
                persons=pl.min_horizontal("stock_start", "stock_end"),
                households=pl.lit(None),
                income_class=LOW,
            )
            for name, values in rows.items()
        ]
    )


def _net(table: pl.DataFrame, suffix: str) -> Numbers:
    return np.stack(
        [
            (table[f"{gain}{suffix}"] - table[f"{loss}{suffix}"]).to_numpy().astype(np.float64)
            for gain, loss in NET.values()
        ],
        axis=1,
    )


def ratio_shapley(above: Numbers, below: Numbers, added: Numbers, widened: Numbers) -> tuple[Numbers, Numbers]:
    """The change of a ratio split over what was added to its numerator and to its denominator.

    Every addition is a player of its own. Additions to the numerator are linear, so that the mean over all orders needs only
    the subsets of the additions to the denominator: with the moment at which a player comes uniform on (0, 1), the others
    have
    come with that probability, and the integrals are Beta functions.

    Args:
        above: numerators at the start, one per row.
        below: denominators at the start.
        added: additions to the numerator, rows by players.
        widened: additions to the denominator, rows by players.

    Returns:
        The parts of `added` and those of `widened`; a row of both adds up to the change of the ratio.
    """
    players = widened.shape[1]
    of_added, of_widened = np.zeros_like(added), np.zeros_like(widened)
    gain = added.sum(axis=1)
    for size in range(players + 1):
        for chosen in combinations(range(players), size):
            denominator = below + widened[:, list(chosen)].sum(axis=1)
            inverse = np.divide(1.0, denominator, out=np.zeros_like(denominator), where=denominator > 0)
            of_added += added * (inverse * _beta(size + 1, players - size + 1))[:, None]
            for player in range(players):
                if player in chosen:
                    came, sign = size - 1, 1.0
                else:
                    came, sign = size, -1.0
                weight = above * _beta(came + 1, players - came) + gain * _beta(came + 2, players - came)
                of_widened[:, player] += sign * inverse * weight
    return of_added, of_widened


def _beta(a: int, b: int) -> float:
    return math.factorial(a - 1) * math.factorial(b - 1) / math.factorial(a + b - 1)
