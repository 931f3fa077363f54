"""Indices of the flows between places (method 5), each by its formula in docs/explanation/flows.md. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import polars as pl

from mobility.places import LEVELS, UNPLACEABLE

ALL = "all"  # every place of a level together; every class together; every nested level together
LOW, NOT_LOW = "low", "not_low"
NESTED_LEVELS = ("buurt", "wijk", "gemeente")  # one hierarchy, so that Courgeau's k can be drawn through them
INDEX_KEYS = ("level", "year", "income_class", "index", "place")
_GROUP = ("level", "year", "income_class")
_CELL = ("level", "year", "origin", "destination")
_PLACE = ("level", "year", "place")


def flow_indices(
    flows: pl.DataFrame, stocks: pl.DataFrame, low: Collection[str], not_low: Collection[str], count: str = "events"
) -> pl.DataFrame:
    """Indices of every level, year and class, for all places together, for each place and for each pair.

    One row per `INDEX_KEYS`, sorted, with `value` and `persons` (movers behind the value). `income_class` is a class, `low`,
    `not_low` or `all`. `place` is `all`, a place, or a pair `A>B` in order of code, of which the value is positive where more
    go from A to B than back. Moves within a place, and to or from `unplaceable`, are left out; `elsewhere` is a place like
    any other. Places are those with a resident or a mover of any class. An index whose denominator is zero has no row.
    Rates are per 100 (`balance` per 1000), effectiveness runs from -100 to 100, the other indices from 0 to 1, and a
    selectivity is a ratio.

    Args:
        flows: `level`, `count`, `year`, `origin`, `destination`, `income_class`, `persons`, `households`.
        stocks: of 1 January: `level`, `year`, `place`, `income_class`, `persons`, `households`; other levels are left out.
        low: classes that are low.
        not_low: classes with a percentile that are not low.
        count: which of the counts in `flows`.
    """
    between = flows.filter(
        pl.col("count") == count,
        pl.col("origin") != pl.col("destination"),
        ~pl.any_horizontal(pl.col("origin", "destination") == UNPLACEABLE),
        pl.col("persons") > 0,
    )
    placed = stocks.filter(pl.col("place") != UNPLACEABLE, pl.col("level").is_in(LEVELS))
    moves = add_class_groups(between, _CELL, low, not_low)
    places = _places(moves, add_class_groups(placed, _PLACE, low, not_low))
    systems = _systems(places)
    intensity = _row(systems, "crude_intensity", pl.lit(ALL), 100 * pl.col("out"), "stock", "out")
    tables = [
        intensity,
        _courgeau(intensity, systems),
        *_impact(systems, places),
        _effectiveness_of_pairs(moves),
        *_concentration(moves, systems),
        *_selectivity(places, systems),
        _row(places.filter(pl.col("income_class") == LOW), "balance", *_BALANCE),
    ]
    return pl.concat(tables).sort(INDEX_KEYS)


def add_class_groups(
    table: pl.DataFrame, keys: tuple[str, ...], low: Collection[str], not_low: Collection[str]
) -> pl.DataFrame:
    """A table by class with the sums over `low`, `not_low` and `all` classes below it.

    One row per `keys` and `income_class`, with `persons` and `households`; in no order.
    """
    measured = table.select(*keys, "income_class", pl.col("persons", "households").cast(pl.Int64))
    groups = ((LOW, list(low)), (NOT_LOW, list(not_low)), (ALL, measured["income_class"].unique().to_list()))
    wider = [
        measured.filter(pl.col("income_class").is_in(classes)).with_columns(income_class=pl.lit(name))
        for name, classes in groups
    ]
    return pl.concat([measured, *wider]).group_by(*keys, "income_class").agg(pl.col("persons", "households").sum())


def _places(moves: pl.DataFrame, stocks: pl.DataFrame) -> pl.DataFrame:
    """One row per level, year, class and place with what left it, what entered it and who lived there; 0 where none."""
    key = (*_GROUP, "place")
    measures = {
        "out": (moves, "origin", "persons"),
        "in": (moves, "destination", "persons"),
        "out_households": (moves, "origin", "households"),
        "in_households": (moves, "destination", "households"),
        "stock": (stocks, "place", "persons"),
        "stock_households": (stocks, "place", "households"),
    }
    parts = [
        table.select(*_GROUP, place=place, **{name: pl.lit(0, pl.Int64) for name in measures}).with_columns(
            table[measure].alias(name)
        )
        for name, (table, place, measure) in measures.items()
    ]
    return pl.concat(parts).group_by(key).agg(pl.col(*measures).sum())


def _systems(places: pl.DataFrame) -> pl.DataFrame:
    """One row per level, year and class: the sums over places, `n` (places with anybody of any class) and `cells`."""
    inhabited = places.filter(pl.col("income_class") == ALL, pl.any_horizontal(pl.col("out", "in", "stock") > 0))
    counted = inhabited.group_by("level", "year").agg(n=pl.len().cast(pl.Int64))
    return (
        places.group_by(_GROUP)
        .agg(pl.col("out", "in", "stock").sum(), unbalance=(pl.col("in") - pl.col("out")).abs().sum())
        .join(counted, on=["level", "year"])
        .with_columns(cells=pl.col("n") * (pl.col("n") - 1))
    )


def _row(
    table: pl.DataFrame,
    index: str,
    place: pl.Expr,
    numerator: pl.Expr,
    denominator: pl.Expr | str,
    persons: pl.Expr | str,
) -> pl.DataFrame:
    """Rows of one index. Numerators and denominators are whole numbers, so that there is one division and no order of sums."""
    below = pl.col(denominator) if isinstance(denominator, str) else denominator
    return table.filter(below > 0).select(
        *_GROUP,
        index=pl.lit(index),
        place=place,
        value=numerator.cast(pl.Float64) / below,
        persons=pl.col(persons) if isinstance(persons, str) else persons,
    )


_BALANCE = (
    pl.col("place"),
    1000 * (pl.col("out_households") - pl.col("in_households")),  # above zero: passes on more than it receives
    "stock_households",
    pl.col("in") + pl.col("out"),
)


def _impact(systems: pl.DataFrame, places: pl.DataFrame) -> Iterator[pl.DataFrame]:
    everywhere, place = pl.lit(ALL), pl.col("place")
    gain, turnover = pl.col("in") - pl.col("out"), pl.col("in") + pl.col("out")
    yield _row(systems, "effectiveness", everywhere, 100 * pl.col("unbalance"), turnover, "out")
    yield _row(systems, "anmr", everywhere, 50 * pl.col("unbalance"), "stock", "out")
    yield _row(places, "effectiveness", place, 100 * gain, turnover, turnover)
    yield _row(places, "net_rate", place, 100 * gain, "stock", turnover)


def _both_ways(moves: pl.DataFrame) -> pl.DataFrame:
    """One row per pair in order of code: `there`, `back`."""
    onward = pl.col("origin") < pl.col("destination")
    return (
        moves.select(
            *_GROUP,
            first=pl.when(onward).then("origin").otherwise("destination"),
            second=pl.when(onward).then("destination").otherwise("origin"),
            there=pl.when(onward).then("persons").otherwise(0),
            back=pl.when(onward).then(0).otherwise("persons"),
        )
        .group_by(*_GROUP, "first", "second")
        .agg(pl.col("there", "back").sum())
    )


def _effectiveness_of_pairs(moves: pl.DataFrame) -> pl.DataFrame:
    there, back = pl.col("there"), pl.col("back")
    pair = pl.concat_str("first", "second", separator=">")
    return _row(_both_ways(moves), "effectiveness", pair, 100 * (there - back), there + back, there + back)


def _courgeau(intensity: pl.DataFrame, systems: pl.DataFrame) -> pl.DataFrame:
    """Courgeau's k of every level, and at level `all` that of the line through the origin and the nested levels."""
    points = intensity.join(systems.select(*_GROUP, "n"), on=_GROUP).filter(pl.col("n") > 1)
    lines: dict[tuple[int, str], list[tuple[float, float, int]]] = {}
    rows = []
    for level, year, income_class, value, persons, n in points.select(*_GROUP, "value", "persons", "n").iter_rows():
        logarithm = 2 * math.log(n)  # ln(n^2), not ln(n)
        rows.append((level, year, income_class, value / logarithm, persons))
        if level in NESTED_LEVELS:
            lines.setdefault((year, income_class), []).append((logarithm, value, persons))
    for (year, income_class), line in lines.items():
        if len(line) > 1:
            # fsum is exact, so the order of the levels cannot show.
            slope = math.fsum(x * y for x, y, _ in line) / math.fsum(x * x for x, _, _ in line)
            rows.append((ALL, year, income_class, slope, max(persons for _, _, persons in line)))
    schema = {name: intensity.schema[name] for name in (*_GROUP, "value", "persons")}
    found = pl.DataFrame(rows, schema=schema, orient="row")
    return found.with_columns(index=pl.lit("courgeau_k"), place=pl.lit(ALL)).select(intensity.columns)


def _spread(moves: pl.DataFrame, systems: pl.DataFrame, by: tuple[str, ...], cells: pl.Expr) -> pl.DataFrame:
    """Half the sum of |x - y| over all ordered pairs of cells of each group, and the sum of the cells.

    With the cells in order of size, it is the sum of (2 rank - cells - 1) x: empty cells come first and need not be there.
    """
    rank = pl.col("persons").rank("ordinal").over(by).cast(pl.Int64)
    empty = cells - pl.len().over(by).cast(pl.Int64)
    return (
        moves.join(systems.select(*_GROUP, "n", "cells"), on=_GROUP)
        .with_columns(spread=(2 * (empty + rank) - cells - 1) * pl.col("persons"))
        .group_by(by)
        .agg(pl.col("spread", "persons").sum(), pl.col("n", "cells").first())
    )


def _concentration(moves: pl.DataFrame, systems: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Connectivity; Gini by Bell and others (2002); `_pm` by Plane and Mulligan (1997), whose denominator is larger."""
    everywhere, movers = pl.lit(ALL), pl.col("persons")
    filled = moves.group_by(_GROUP).agg(filled=pl.len().cast(pl.Int64))
    connected = systems.join(filled, on=_GROUP, how="left").with_columns(pl.col("filled").fill_null(0))
    yield _row(connected, "connectivity", everywhere, pl.col("filled"), "cells", "out")
    total = _spread(moves, systems, _GROUP, pl.col("cells"))
    yield _row(total, "gini_total", everywhere, pl.col("spread"), (pl.col("cells") - 1) * movers, movers)
    yield _row(total, "gini_total_pm", everywhere, pl.col("spread"), pl.col("cells") * movers, movers)
    for index, place, part in (("gini_out", "origin", "gini_rows_pm"), ("gini_in", "destination", "gini_columns_pm")):
        fields = _spread(moves, systems, (*_GROUP, place), pl.col("n") - 1)
        weighted = fields.group_by(_GROUP).agg(pl.col("spread", "persons").sum(), pl.col("n", "cells").first())
        yield _row(fields, index, pl.col(place), pl.col("spread"), (pl.col("n") - 2) * movers, movers)
        yield _row(weighted, index, everywhere, pl.col("spread"), (pl.col("n") - 2) * movers, movers)
        yield _row(weighted, part, everywhere, pl.col("spread"), pl.col("cells") * movers, movers)
    unlike = (pl.col("there") - pl.col("back")).abs().sum()
    exchange = _both_ways(moves).group_by(_GROUP).agg(unlike=unlike, persons=(pl.col("there") + pl.col("back")).sum())
    exchange = exchange.join(systems.select(*_GROUP, "cells"), on=_GROUP)
    yield _row(exchange, "gini_exchange_pm", everywhere, pl.col("unlike"), pl.col("cells") * movers, movers)


def _selectivity(places: pl.DataFrame, systems: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Rate of low over rate of not low, of each place and of all; in the rows of class `low`."""
    together = systems.select(*_GROUP, pl.lit(ALL).alias("place"), "out", "in", "stock")
    every = pl.concat([places.select(together.columns), together])
    is_low, is_not_low = pl.col("income_class") == LOW, pl.col("income_class") == NOT_LOW
    pairs = every.filter(is_low).join(every.filter(is_not_low), on=["level", "year", "place"], suffix="_other")
    pairs = pairs.filter(pl.col("stock_other") > 0)
    for way in ("out", "in"):
        ours, other = pl.col(way), pl.col(f"{way}_other")
        # The smaller group decides whether the ratio may be shown: with the stocks known, either can be told from it.
        behind = pl.min_horizontal(ours, other)
        yield _row(
            pairs,
            f"selectivity_{way}",
            pl.col("place"),
            ours * pl.col("stock_other"),
            other * pl.col("stock"),
            behind,
        )
