"""Family F, what the registers of every study tell: how far people move (F1). Pure."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl

from mobility.indicators.places import with_country
from mobility.indicators.residents import at_cohort_places
from mobility.indicators.table import Behind, add_up, group_classes, indicator

QUARTILES = (("q25", 1), ("median", 2), ("q75", 3))


def distance_moved(moved: pl.DataFrame, names: pl.Series, bin_m: int, low: Collection[str]) -> pl.DataFrame:
    """F1: quartiles of the straight-line distance of moves, in kilometres; the middle of the bin in which they fall.

    Details `q25`, `median`, `q75` of all moves, and `median:<kind>` of each kind (method 3).

    Args:
        moved: of `passing.count_distances_moved`.
        names: of the regions.
        bin_m: width of a bin.
        low: classes that are low.
    """
    keys = ["level", "place", "year", "income_class"]
    table = add_up([with_country(group_classes(moved, low), names)], [*keys, "kind", "bin"])
    whole = add_up([table.drop("kind")], [*keys, "bin"])
    tables: list[tuple[pl.DataFrame, pl.Expr | str]] = [
        (quantiles(whole, keys, quarter, bin_m), detail) for detail, quarter in QUARTILES
    ]
    tables.append((quantiles(table, [*keys, "kind"], 2, bin_m), pl.format("median:{}", "kind")))
    behind = Behind("quantile", below="below", above="above")
    return pl.concat(
        [indicator(found, "F1", detail=detail, value=pl.col("km"), behind=behind) for found, detail in tables]
    )


def distance_by_trajectory(gone: pl.DataFrame, bin_m: int, low: Collection[str]) -> pl.DataFrame:
    """F1, by the way original residents went: quartiles of the distance from their dwelling of the cohort date, five years later.

    Details `<trajectory>:q25`, `:median` and `:q75` (km); places and years are those of the cohorts. Who stayed in the dwelling
    is at 0, in the first bin.

    Args:
        gone: members by `place`, `region`, `year`, `income_class`, `trajectory` and `bin`: `persons`, `households`.
        bin_m: width of a bin.
        low: classes that are low.
    """
    keys = ["level", "place", "year", "income_class", "trajectory"]
    table = add_up([group_classes(at_cohort_places(gone), low)], [*keys, "bin"])
    behind = Behind("quantile", below="below", above="above")
    return pl.concat(
        [
            indicator(
                quantiles(table, keys, quarter, bin_m),
                "F1",
                detail=pl.format("{}:" + detail, "trajectory"),
                value=pl.col("km"),
                behind=behind,
            )
            for detail, quarter in QUARTILES
        ]
    )


def quantiles(table: pl.DataFrame, keys: list[str], quarter: int, bin_m: int) -> pl.DataFrame:
    """A quartile of every histogram: one row per `keys`, with `km`, `persons`, `households`; persons `below` and `above` its bin.

    Args:
        table: `keys`, `bin`, `persons`, `households`.
        keys: of a histogram.
        quarter: 1, 2 or 3.
        bin_m: width of a bin.
    """
    ordered = table.sort([*keys, "bin"])
    group = ordered.select(pl.struct(keys).rle_id()).to_series().to_numpy()
    persons = ordered["persons"].to_numpy()
    totals = np.bincount(group, weights=persons).astype(np.int64) if len(group) else np.zeros(0, dtype=np.int64)
    before = np.concatenate([[0], np.cumsum(totals)])[:-1]
    cumulated = np.cumsum(persons) - before[group]
    reached = ordered.with_columns(
        reached=pl.Series(4 * cumulated >= quarter * totals[group]),
        below=pl.Series(cumulated - persons, dtype=pl.Int64),
        above=pl.Series(totals[group] - cumulated, dtype=pl.Int64),
    )
    at = reached.filter("reached").group_by(keys).agg(pl.col("bin", "below", "above").sort_by("bin").first())
    sizes = add_up([ordered.drop("bin")], keys)
    return sizes.join(at, on=keys).with_columns(km=(pl.col("bin") + 0.5) * bin_m / 1000)
