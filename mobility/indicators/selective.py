"""Family A, flows: who leaves and enters (A1, A2), through-flow (A3), where low incomes go (A4, A5), afwenteling (A6). Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.flows.indices import ALL, LOW, NOT_LOW, add_class_groups
from mobility.indicators.blocks import IN, OUT, WITHIN
from mobility.indicators.table import Behind, add_up, group_classes, indicator
from mobility.places import UNPLACEABLE

_PLACE = ("level", "place", "cut", "year")
_INTERVAL = 1.959963985  # 97.5 % point of the normal distribution


def rates(crossings: pl.DataFrame, stocks: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """A1: moves over the border of a place per 100 residents on 1 January of the same place, cut and class.

    Details `out` and `in`; the classes, `low`, `not_low` and `all`.

    Args:
        crossings: `blocks.count_crossings`, with the cut `total`.
        stocks: residents by place, cut, year, class and age.
        low: classes that are low.
    """
    keys = (*_PLACE, "income_class")
    moved = add_up([group_classes(crossings.drop("age"), low, each=True)], (*keys, "side"))
    there = add_up([group_classes(stocks.drop("age"), low, each=True)], keys)
    rows = []
    for side in (OUT, IN):
        ours = moved.filter(side=side).drop("side")
        table = there.join(ours, on=keys, how="full", coalesce=True, suffix="_moved").fill_null(0)
        rows.append(
            indicator(
                table.filter(pl.col("place") != UNPLACEABLE, pl.col("level") != "national"),
                "A1",
                detail=side,
                numerator="persons_moved",
                denominator="persons",
                scale=100,
                persons="persons_moved",
                households="households_moved",
            )
        )
    return pl.concat(rows)


def selectivity(crossings: pl.DataFrame, stocks: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """A2: rate of low over rate of not low, of outflow and of inflow, with its 95 % interval and standardised for age.

    Details `out`, `out_lower`, `out_upper`, `out_standardised`, and the same of `in`; in the rows of class `low`. The
    interval is that of a ratio of two Poisson rates: exp(ln r -+ 1.96 sqrt(1 / low moves + 1 / other moves)). Standardised
    rates have the
    ages of all low and not low residents of the place together (direct standardisation); ages in which one of the two has no
    resident are left out of both. Without moves of both there is no row.
    """
    ages = (*_PLACE, "age")
    moved = _wide(group_classes(crossings.with_columns(pl.col("age").cast(pl.UInt8)), low), (*ages, "side"))
    there = _wide(group_classes(stocks, low), ages)
    rows = []
    for side in (OUT, IN):
        table = there.join(moved.filter(side=side).drop("side"), on=ages, how="left", suffix="_moved").fill_null(0)
        table = table.filter(pl.col("place") != UNPLACEABLE, pl.col("level") != "national")
        both = (pl.col("low") > 0) & (pl.col("other") > 0)
        weight = pl.col("low") + pl.col("other")
        standard = [
            (pl.when(both).then(weight * pl.col(f"{who}_moved") / pl.col(who)).otherwise(0.0)).alias(f"{who}_standard")
            for who in ("low", "other")
        ]
        sorted_ages = table.with_columns(standard).sort(ages)
        measures = [name for name in table.columns if name not in ages]
        whole = add_up([table.select(*_PLACE, *measures)], _PLACE)
        whole = whole.with_columns(
            pl.Series(f"{who}_standard", _sums(sorted_ages, f"{who}_standard")) for who in ("low", "other")
        )
        whole = whole.filter(*(pl.col(name) > 0 for name in ("low", "other", "low_moved", "other_moved")))
        ratio, lower, upper = ratio_interval("low_moved", "other_moved", "low", "other")
        for detail, value in (
            (side, ratio),
            (f"{side}_lower", lower),
            (f"{side}_upper", upper),
            (f"{side}_standardised", pl.col("low_standard") / pl.col("other_standard")),
        ):
            rows.append(
                indicator(
                    whole,
                    "A2",
                    detail=detail,
                    value=value,
                    numerator="low_moved",
                    denominator="low",
                    # With the stocks known either can be told from the ratio: the smaller one decides.
                    persons=pl.min_horizontal("low_moved", "other_moved"),
                    households=pl.min_horizontal("low_households_moved", "other_households_moved"),
                    income_class=LOW,
                )
            )
    return pl.concat(rows)


def ratio_interval(events: str, others: str, at_risk: str, others_at_risk: str) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """The ratio of two Poisson rates and the ends of its 95 % interval, from columns of counts."""
    ratio = pl.col(events) * pl.col(others_at_risk) / (pl.col(others) * pl.col(at_risk))
    reach = (_INTERVAL * (1 / pl.col(events) + 1 / pl.col(others)).sqrt()).exp()
    return ratio, ratio / reach, ratio * reach


def _sums(table: pl.DataFrame, fraction: str) -> npt.NDArray[np.float64]:
    """Sums of fractions by place, in the order of the rows: sorted by place and age, so that they are the same every time."""
    place = table.select(pl.struct(_PLACE).rle_id()).to_series().to_numpy()
    total = np.zeros(int(place[-1]) + 1 if len(place) else 0)
    np.add.at(total, place, table[fraction].to_numpy())
    return total


def _wide(table: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Persons (and households) of low and of not low side by side."""
    names = {LOW: "low", NOT_LOW: "other"}
    parts = [
        table.filter(income_class=group).select(*keys, persons=pl.col("persons"), households=pl.col("households"))
        for group in names
    ]
    joined = parts[0].join(parts[1], on=keys, how="full", coalesce=True, suffix="_other").fill_null(0)
    return joined.rename(
        {
            "persons": "low",
            "persons_other": "other",
            "households": "low_households",
            "households_other": "other_households",
        }
    )


def through_flow(crossings: pl.DataFrame, tenures: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """A3: moves that stay within the place per 100 moves of its residents (`within`), and where each tenure moves to.

    Details `within`, and `<tenure left>><tenure entered>`: per 100 moves out of that tenure.

    Args:
        crossings: with the cut `total`.
        tenures: moves by `level`, `place`, `cut`, `year`, `income_class`, `left` and `entered`, with the cut `total`.
        low: classes that are low.
    """
    keys = (*_PLACE, "income_class")
    ours = group_classes(crossings.filter(pl.col("side") != IN).drop("age"), low)
    moved = ours.with_columns(
        pl.when(pl.col("side") == WITHIN).then(pl.col(name)).otherwise(0).alias(f"{name}_within")
        for name in ("persons", "households")
    )
    summed = add_up([moved.drop("side")], keys).filter(pl.col("level") != "national")
    within = indicator(
        summed,
        "A3",
        detail=WITHIN,
        numerator="persons_within",
        denominator="persons",
        scale=100,
        persons="persons_within",
        households="households_within",
    )
    chosen = add_up([group_classes(tenures, low)], (*keys, "left", "entered"))
    from_tenure = add_up([chosen.drop("entered")], (*keys, "left"))
    matrix = chosen.join(from_tenure, on=[*keys, "left"], suffix="_left")
    return pl.concat(
        [
            within,
            indicator(
                matrix,
                "A3",
                detail=pl.concat_str("left", "entered", separator=">"),
                numerator="persons",
                denominator="persons_left",
                scale=100,
                behind=Behind("share", pl.format("moves/{}", "left"), households="households_left"),
            ),
        ]
    )


def between_roles(flows: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """A4: where each role's movers go, by class and year, and what comes back.

    One row per origin role (`place`) and detail: `share>B` of the moves that leave it go to B (%), `net>B` = moves to B less
    moves back, `gross>B` both ways, `effectiveness>B` = 100 net / gross, and in the rows of `low` `against>B`: the share of low
    over the share of not low.

    Args:
        flows: aggregate `flows`, events of level `role`.
        low: classes that are low.
    """
    keys = ("year", "origin", "destination", "income_class")
    between = flows.filter(
        pl.col("origin") != pl.col("destination"),
        ~pl.any_horizontal(pl.col("origin", "destination") == UNPLACEABLE),
    )
    others = [name for name in ("q1", "q2", "q3", "q4", "q5") if name not in low]
    moves = add_class_groups(between, ("year", "origin", "destination"), low, others).sort(keys)
    moves = moves.filter(pl.col("income_class").is_in([LOW, NOT_LOW, ALL]))
    back = moves.rename(
        {"origin": "destination", "destination": "origin", "persons": "back", "households": "back_households"}
    )
    table = moves.join(back, on=keys, how="full", coalesce=True).with_columns(
        pl.col(pl.Int64).exclude("year").fill_null(0)
    )
    leaving = add_up([moves.drop("destination")], ("year", "origin", "income_class"))
    table = table.join(leaving, on=["year", "origin", "income_class"], how="left", suffix="_left").fill_null(0)
    table = table.rename({"origin": "place"})
    net, gross = pl.col("persons") - pl.col("back"), pl.col("persons") + pl.col("back")
    both = pl.col("households") + pl.col("back_households")
    to = pl.concat_str(pl.lit(">"), "destination")
    a4 = partial(indicator, table, "A4", level="role")
    both_ways = partial(a4, persons=gross, households=both)
    rows = [
        a4(detail=pl.lit("share") + to, numerator="persons", denominator="persons_left", scale=100),
        both_ways(detail=pl.lit("net") + to, value=net, numerator=net),
        both_ways(detail=pl.lit("gross") + to, value=gross, numerator=gross),
        both_ways(detail=pl.lit("effectiveness") + to, numerator=net, denominator=gross, scale=100),
    ]
    here = table.filter(income_class=LOW).join(
        table.filter(income_class=NOT_LOW), on=["year", "place", "destination"], suffix="_other"
    )
    rows.append(
        indicator(
            here,
            "A4",
            detail=pl.lit("against") + to,
            numerator=pl.col("persons") * pl.col("persons_left_other"),
            denominator=pl.col("persons_other") * pl.col("persons_left"),
            persons=pl.min_horizontal("persons", "persons_other"),
            households=pl.min_horizontal("households", "households_other"),
            level="role",
        )
    )
    return pl.concat(rows)


def overflow_pairs(
    flows: pl.DataFrame, expected: pl.DataFrame, pairs: Collection[str], low: Collection[str]
) -> pl.DataFrame:
    """A5: the moves between two named gemeenten, year by year.

    `place` is `A>B`. Details: `moves`; `share_of_outflow` of A and `share_of_inflow` of B (%); `reverse` (B to A); `excess`:
    household moves over those expected from sizes and distance (doubly constrained; where it was fitted).

    Args:
        flows: aggregate `flows`, events of level `gemeente`.
        expected: aggregate `expected` of level `gemeente`; may be empty.
        pairs: `A>B`, codes of gemeenten.
        low: classes that are low.
    """
    between = flows.filter(pl.col("origin") != pl.col("destination"))
    between = between.filter(~pl.any_horizontal(pl.col("origin", "destination") == UNPLACEABLE))
    others = [name for name in ("q1", "q2", "q3", "q4", "q5") if name not in low]
    moves = add_class_groups(between, ("year", "origin", "destination"), low, others)
    moves = moves.filter(pl.col("income_class").is_in([LOW, NOT_LOW, ALL]))
    named = moves.with_columns(place=pl.concat_str("origin", "destination", separator=">"))
    group = ["year", "income_class"]
    out = add_up([moves.drop("destination")], (*group, "origin"))
    into = add_up([moves.drop("origin")], (*group, "destination"))
    reverse = named.select(*group, "persons", "households", place=pl.concat_str("destination", "origin", separator=">"))
    chosen = named.filter(pl.col("place").is_in(list(pairs)))
    table = chosen.join(out, on=[*group, "origin"], suffix="_out").join(into, on=[*group, "destination"], suffix="_in")
    a5 = partial(indicator, level="gemeente")
    rows = [
        a5(table, "A5", detail="moves", value=pl.col("persons"), numerator="persons"),
        a5(table, "A5", detail="share_of_outflow", numerator="persons", denominator="persons_out", scale=100),
        a5(table, "A5", detail="share_of_inflow", numerator="persons", denominator="persons_in", scale=100),
        a5(
            reverse.filter(pl.col("place").is_in(list(pairs))),
            "A5",
            detail="reverse",
            value=pl.col("persons"),
            numerator="persons",
        ),
    ]
    if expected.height:
        fitted = expected.filter(model="doubly_constrained").select(
            *group, "expected", place=pl.concat_str("origin", "destination", separator=">")
        )
        compared = chosen.join(fitted, on=[*group, "place"]).filter(pl.col("expected") > 0)
        rows.append(
            a5(
                compared,
                "A5",
                detail="excess",
                value=pl.col("households") / pl.col("expected"),
                numerator="households",
            )
        )
    return pl.concat(rows)


def shifted_burden(flows: pl.DataFrame, account: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """A6: low-income households that move out less those that move in, per 1000 low-income households present.

    Above zero a gemeente passes on more than it receives (the sign is opposite to that of the index `balance`). Details `all`,
    and `with>B` for every gemeente B exchanged with; the latter add up to the former.

    Args:
        flows: aggregate `flows`, events of level `gemeente`.
        account: aggregate `account`.
        low: classes that are low.
    """
    chosen = flows.filter(
        pl.col("income_class").is_in(list(low)),
        pl.col("origin") != pl.col("destination"),
        ~pl.any_horizontal(pl.col("origin", "destination") == UNPLACEABLE),
    ).select("year", "origin", "destination", "persons", "households")
    out = chosen.select(
        "year", place="origin", other="destination", net="households", gross="households", persons="persons"
    )
    into = chosen.select(
        "year", place="destination", other="origin", net=-pl.col("households"), gross="households", persons="persons"
    )
    pairs = add_up([out, into.with_columns(pl.col("net").cast(pl.Int64))], ("year", "place", "other"))
    whole = add_up([pairs.drop("other")], ("year", "place")).with_columns(detail=pl.lit(ALL))
    named = pairs.with_columns(detail=pl.concat_str(pl.lit("with>"), "other")).drop("other")
    stock = add_up(
        [
            account.filter(
                pl.col("unit") == "households", pl.col("level") == "gemeente", pl.col("income_class").is_in(list(low))
            ).select("year", "place", "stock_start")
        ],
        ("year", "place"),
    )
    table = pl.concat([whole, named.select(whole.columns)]).join(stock, on=["year", "place"])
    return indicator(
        table,
        "A6",
        detail=pl.col("detail"),
        numerator="net",
        denominator="stock_start",
        scale=1000,
        persons="persons",
        households="gross",
        level="gemeente",
        income_class=LOW,
    )
