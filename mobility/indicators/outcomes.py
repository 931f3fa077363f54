"""Family G: what became of people by the way they went (G1), and whether areas change by moving or by staying (G2). Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import polars as pl

from mobility.indicators.table import Behind, add_up, group_classes, indicator
from mobility.indicators.zones import OUTSIDE, Zones
from mobility.stocks import ABSENT, Ints, Stocks

TRAJECTORIES = {
    "stayed": "stayer",
    "temporary": "returner",
    "returned": "returner",
    "reversed": "returner",
}
PATHS = ("direct", "stepwise")
BY_TRAJECTORY = ("place", "region", "year", "income_class", "outcome", "trajectory", "since")
GAPS = ("level", "place", "year", "outcome", "part")
PERCENTILE = "income_percentile"
STAYED, LEFT, CAME = "stayed", "left", "came"
NO_OUTCOME = np.iinfo(np.int64).min


def trajectory() -> pl.Expr:
    """The way a member of a cohort went: `stayer`, `direct`, `stepwise` (chains), `returner`, or `other` (method 6.3)."""
    chained = (pl.col("outcome") == "chain") & pl.col("path").is_in(PATHS)
    named = pl.col("outcome").replace_strict(TRAJECTORIES, default="other", return_dtype=pl.String)
    return pl.when(chained).then("path").otherwise(named).alias("trajectory")


def by_trajectory(counted: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """G1: mean outcome of the original residents by the way they went, by years since the cohort date (0: that year).

    Details `<outcome>:<trajectory>:<years>`; the years up to 0 are the level before. Places are programme areas, regions and
    the country; the year is that of the outcome.

    Args:
        counted: one row per `BY_TRAJECTORY` with `persons`, `households` and `total` (sum of the outcome).
        low: classes that are low.
    """
    rest = [name for name in counted.columns if name not in ("place", "region")]
    ways = (("programme", pl.col("place")), ("region", pl.col("region")), ("national", pl.lit("national")))
    placed = pl.concat(
        [counted.select(pl.lit(level).alias("level"), place.alias("place"), *rest) for level, place in ways]
    )
    keys = ["level", "place", "year", "income_class", "outcome", "trajectory", "since"]
    table = add_up([group_classes(placed, low)], keys)
    return indicator(
        table,
        "G1",
        detail=pl.format("{}:{}:{}", "outcome", "trajectory", "since"),
        numerator="total",
        denominator="persons",
        behind=Behind(bounded("outcome"), degrees=pl.col("households") - 1),
    )


def bounded(outcome: str) -> pl.Expr:
    """The rule of a release for a mean: nobody dominates one of percentiles; of costs that is not known, so there is none."""
    return pl.when(pl.col(outcome) == PERCENTILE).then(pl.lit("estimate"))


def count_gaps(
    stocks: Stocks, area: Ints, outcome: Ints, name: str, zones: Zones, levels: Sequence[str], years: range
) -> pl.DataFrame:
    """Residents with an outcome who stay in a place from one 1 January to the next, leave it and come: one row per `GAPS`.

    `before` and `after` are the sums of their outcomes at the two ends (0 where they do not belong). Who has an outcome at one
    end only, or dies or is born, is among those who leave or come.

    Args:
        stocks: of the partition.
        area: of everybody in the stocks.
        outcome: of everybody for each stock; `NO_OUTCOME`: none.
        name: of the outcome.
        zones: of the study.
        levels: names.
        years: that begin at the stocks but the last.
    """
    tables = []
    for column, year in enumerate(years):
        ends = []
        for end in (column, column + 1):
            known = (area[:, end] != ABSENT) & (outcome[:, end] != NO_OUTCOME)
            ends.append((known, np.where(known, outcome[:, end], 0)))
        (is_before, value_before), (is_after, value_after) = ends
        for level in levels:
            of_area = np.append(zones.levels[level].of_area.to_numpy().astype(np.int64), ABSENT)
            first = np.where(is_before, of_area[area[:, column]], ABSENT)
            last = np.where(is_after, of_area[area[:, column + 1]], ABSENT)
            stays = (first == last) & (first != ABSENT)
            for part, rows, place, end in (
                (STAYED, stays, first, column),
                (LEFT, (first != ABSENT) & ~stays, first, column),
                (CAME, (last != ABSENT) & ~stays, last, column + 1),
            ):
                chosen = np.flatnonzero(rows)
                table = pl.DataFrame(
                    {
                        "level": pl.Series([level]).new_from_index(0, len(chosen)),
                        "place": zones.levels[level].places.gather(place[chosen]),
                        "year": pl.Series([year], dtype=pl.Int32).new_from_index(0, len(chosen)),
                        "outcome": pl.Series([name]).new_from_index(0, len(chosen)),
                        "part": pl.Series([part]).new_from_index(0, len(chosen)),
                        "persons": np.ones(len(chosen), dtype=np.int64),
                        "households": stocks.is_reference[chosen, end].astype(np.int64),
                        "before": value_before[chosen] * (part != CAME),
                        "after": value_after[chosen] * (part != LEFT),
                    }
                )
                tables.append(add_up([table], GAPS))
    return add_up(tables, GAPS)


def area_gap(counted: pl.DataFrame) -> pl.DataFrame:
    """G2: the change of the mean outcome of a place within a year, split; the parts add up to it exactly.

    Details `<outcome>:change`, and of it `stayers` (mean change of those who stay), `leavers` (mean at the start of those
    who stay less that of all: what the place gains by who leaves) and `entrants` (mean at the end of all less that of those
    who stay).

    Args:
        counted: of `count_gaps`.
    """
    keys = ["level", "place", "year", "outcome"]
    wide = counted.filter(pl.col("place") != OUTSIDE).select(*GAPS, "persons", "households", "before", "after")
    parts = {part: wide.filter(part=part).drop("part") for part in (STAYED, LEFT, CAME)}
    table = parts[STAYED]
    for part in (LEFT, CAME):
        table = table.join(parts[part], on=keys, how="left", suffix=f"_{part}")
    table = table.fill_null(0).filter(pl.col("persons") > 0)
    n, first, last = pl.col("persons"), pl.col("before"), pl.col("after")
    start = (first + pl.col("before_left")) / (n + pl.col("persons_left"))
    end = (last + pl.col("after_came")) / (n + pl.col("persons_came"))
    values = {
        "change": end - start,
        "stayers": last / n - first / n,
        "leavers": first / n - start,
        "entrants": end - last / n,
    }
    behind = {"change": "persons", "stayers": "persons", "leavers": "persons_left", "entrants": "persons_came"}
    homes = {"leavers": "households_left", "entrants": "households_came"}
    return pl.concat(
        [
            indicator(
                table,
                "G2",
                detail=pl.concat_str(pl.col("outcome"), pl.lit(f":{name}")),
                value=value,
                persons=behind[name],
                households=homes.get(name, "households"),
                income_class="all",
                behind=Behind(bounded("outcome"), degrees=pl.col(homes.get(name, "households")) - 1),
            )
            for name, value in values.items()
        ]
    )
