"""Corporation dwellings by buurt (B7) and who enters and leaves them (E1). Pure."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl

from mobility.flows.indices import ALL
from mobility.indicators.places import with_country
from mobility.indicators.segregation import Numbers
from mobility.indicators.table import Behind, add_up, group_classes, indicator
from mobility.panel.lookup import TENURES
from mobility.stocks import Ints

BANDS = ("0-20", "20-40", "40-60", "60-80", "80-100")
_SOCIAL = TENURES.index("social")


def corporation_dwellings(tenure: pl.Series, area: pl.Series, areas: int) -> tuple[Ints, Ints]:
    """Corporation dwellings, and all dwellings of known tenure, of every area in one year.

    Args:
        tenure: of every object, as a place in `TENURES`.
        area: of every object.
        areas: how many there are.
    """
    of = area.to_numpy()
    kinds = tenure.to_numpy()
    return np.bincount(of[kinds == _SOCIAL], minlength=areas), np.bincount(of[kinds > 0], minlength=areas)


def bands_of(social: Ints, known: Ints) -> Ints:
    """Band of corporation share of every area, as a place in `BANDS`; -1 where no tenure is known. 20 % is in 20-40."""
    return np.where(known > 0, np.minimum(len(BANDS) * social // np.maximum(known, 1), len(BANDS) - 1), -1)


def heavy(social: Ints, known: Ints, share: float) -> Numbers:
    """1 where at least that share of the dwellings are corporation dwellings, else 0."""
    return (social >= share * known).astype(np.float64) * (known > 0)


def concentration(
    dwellings: dict[int, tuple[Ints, Ints]], residents: pl.DataFrame, band_moves: pl.DataFrame, region: pl.Series,
    names: pl.Series, low: Collection[str],
) -> pl.DataFrame:  # fmt: skip
    """B7: how much of the social rent stands in buurten with how many corporation dwellings, and movers' change of band.

    Details `stock:<band>`: of the corporation dwellings of a region (or of the country) the % in buurten of that band;
    `moves:<band
    left>><band entered>`: of the movers out of a band the % into another; `moves_up` and `moves_down`: of all movers the % to a
    higher and to a lower band.

    Args:
        dwellings: by year, of `corporation_dwellings`.
        residents: by year, area, tenure and class.
        band_moves: of `passing.count_band_moves`.
        region: number of the region of every area.
        names: of the regions, by number.
        low: classes that are low.
    """
    stock = []
    living = add_up([residents.filter(pl.col("tenure") == _SOCIAL).drop("tenure", "income_class")], ("year", "area"))
    for year, (social, known) in dwellings.items():
        table = pl.DataFrame(
            {
                "area": pl.Series(np.arange(len(social)), dtype=pl.UInt32),
                "year": pl.Series([year], dtype=pl.Int32).new_from_index(0, len(social)),
                "region": region,
                "band": bands_of(social, known),
                "dwellings": social.astype(np.int64),
            }
        )
        joined = table.filter(pl.col("band") >= 0).join(living, on=["year", "area"], how="left").fill_null(0)
        stock.append(add_up([joined.drop("area")], ("year", "region", "band")))
    counted = with_country(pl.concat(stock), names)
    keys = ["level", "place", "year"]
    counted = add_up([counted], [*keys, "band"])
    whole = counted.group_by(keys).agg(whole=pl.col("dwellings").sum())
    rows = indicator(
        counted.join(whole, on=keys),
        "B7",
        detail=pl.lit("stock:") + _band("band"),
        numerator="dwellings",
        denominator="whole",
        scale=100,
        income_class=ALL,
        behind=Behind("dwellings", "stock"),
    )
    moved = with_country(group_classes(band_moves, low), names)
    keys = [*keys, "income_class"]
    moved = add_up([moved], [*keys, "left", "entered"])
    leaving = add_up([moved.drop("entered")], [*keys, "left"])
    every = add_up([moved.drop("entered", "left")], keys)
    up = pl.when(pl.col("entered") > pl.col("left")).then(pl.lit("moves_up"))
    changed = moved.with_columns(way=up.when(pl.col("entered") < pl.col("left")).then(pl.lit("moves_down")))
    changed = add_up([changed.drop_nulls("way").drop("left", "entered")], [*keys, "way"])
    return pl.concat(
        [
            rows,
            indicator(
                moved.join(leaving, on=[*keys, "left"], suffix="_left"),
                "B7",
                detail=pl.concat_str(pl.lit("moves:"), _band("left"), pl.lit(">"), _band("entered")),
                numerator="persons",
                denominator="persons_left",
                scale=100,
                behind=Behind(
                    "share",
                    pl.format("moves/{}", _band("left")),
                    households="households_left",
                    part_of=up.when(pl.col("entered") < pl.col("left")).then(pl.lit("moves_down")),
                ),
            ),
            indicator(
                changed.join(every, on=keys, suffix="_every"),
                "B7",
                detail=pl.col("way"),
                numerator="persons",
                denominator="persons_every",
                scale=100,
                behind=Behind("share", "moves", households="households_every"),
            ),
        ]
    )


def _band(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Int64).replace_strict(dict(enumerate(BANDS)), return_dtype=pl.String)


def entrants(social_moves: pl.DataFrame, sitting: pl.DataFrame, low: Collection[str]) -> pl.DataFrame:
    """E1: the classes of who enters corporation dwellings, beside those of who leaves and of who lives there.

    Details `entrants`, `leavers`, `sitting`: % of each that are of the class (residents on 1 January for `sitting`);
    `entrants:household` and `entrants:new_household`: of the entrants of the class the % that came as a whole household, or
    left others behind; `from:<role>` and `source:<main source of income>`: of the entrants of the class (whose source is
    known) the % from there, or with it.

    Args:
        social_moves: of `passing.count_social_moves`, with the cut `total`.
        sitting: residents of corporation dwellings by place, cut, year and class.
        low: classes that are low.
    """
    keys = ["level", "place", "cut", "year"]
    here = sitting.with_columns(side=pl.lit("sitting"), how=pl.lit(""))
    sides = pl.concat([social_moves, here.select(social_moves.columns)])
    grouped = add_up([group_classes(sides, low, each=True)], [*keys, "income_class", "side", "how"])
    by_side = add_up([grouped.drop("how")], [*keys, "income_class", "side"])
    stands = pl.col("side").is_in(["entrants", "leavers", "sitting"])
    whole = by_side.filter(income_class=ALL).drop("income_class")
    came = grouped.filter(pl.col("side").is_in(["entrants", "from", "source"])).join(
        by_side, on=[*keys, "income_class", "side"], suffix="_side"
    )
    return pl.concat(
        [
            indicator(
                by_side.filter(stands).join(whole, on=[*keys, "side"], suffix="_all"),
                "E1",
                detail=pl.col("side"),
                numerator="persons",
                denominator="persons_all",
                scale=100,
                behind=Behind("share", pl.col("side"), whole_class=ALL, households="households_all"),
            ),
            indicator(
                came,
                "E1",
                detail=pl.concat_str("side", "how", separator=":"),
                numerator="persons",
                denominator="persons_side",
                scale=100,
                behind=Behind("share", pl.col("side"), households="households_side"),
            ),
        ]
    )
