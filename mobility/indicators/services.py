"""How far services are: what movers change themselves, what changes around them (F3), and closures (F6). Pure.

Distances are by road, from the dwelling, on 1 January (NABIJHEID tables).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.indicators.places import with_country
from mobility.indicators.table import Behind, add_up, group_classes, indicator
from mobility.stocks import Ints, Stocks

# Service: register, and its column as `schemas/registers` names it.
SERVICES = {
    "general_practice": ("NABIJHEIDZORGTAB", "general_practice_m"),
    "hospital": ("NABIJHEIDZORGTAB", "hospital_m"),
    "primary_school": ("NABIJHEIDONDERWIJSTAB", "primary_school_m"),
    "supermarket": ("NABIJHEIDDETAILHTAB", "supermarket_m"),
}
SERVICE_MOVES = ("region", "year", "income_class", "service")
CLOSURES = ("region", "year", "income_class", "service")
UNKNOWN = -1
_MEASURES = ("persons", "households", "mover_m", "persons_place", "place_m")


def distances_by_year(table: pl.DataFrame, column: str, objects: int) -> dict[int, npt.NDArray[np.int32]]:
    """Metres to a service of every object, by year; `UNKNOWN` where the register does not tell.

    Args:
        table: further table of objects with `object`, `year` and the column.
        column: of the distance.
        objects: how many there are.
    """
    found = {}
    for year in table["year"].unique().sort().to_list():
        rows = table.filter(pl.col("year") == year).drop_nulls(column)
        metres = np.full(objects, UNKNOWN, dtype=np.int32)
        metres[rows["object"].to_numpy()] = rows[column].to_numpy()
        found[int(year)] = metres
    return found


def count_service_moves(
    moves: pl.DataFrame, distances: dict[str, dict[int, npt.NDArray[np.int32]]], region: pl.Series
) -> pl.DataFrame:
    """Sums of changes in distance over movers: one row per `SERVICE_MOVES`, with `_MEASURES`.

    With d the distance on 1 January: `mover_m` = d(entered, year of the move) - d(left, same year), over `persons`; `place_m` =
    d(entered, year after) - d(entered, year of the move), over `persons_place`, where the year after is known. A move counts
    where both its ends are known in its year.

    Args:
        moves: of `passing.dated_moves`.
        distances: by service and year, of `distances_by_year`.
        region: number of the region of every area.
    """
    tables = [_nothing(SERVICE_MOVES, _MEASURES)]
    for service, by_year in distances.items():
        for year, metres in by_year.items():
            rows = moves.filter(pl.col("year") == year)
            left, entered = (
                metres[rows[f"{end}_object"].to_numpy()].astype(np.int64) for end in ("origin", "destination")
            )
            later = by_year.get(year + 1, np.full(len(metres), UNKNOWN))[rows["destination_object"].to_numpy()]
            after = (later != UNKNOWN).astype(np.int64)
            table = rows.select(
                region=region.gather(rows["origin_area"]).cast(pl.Int32),
                year="year",
                income_class="income_class",
                service=pl.lit(service),
                persons=pl.lit(1, pl.Int64),
                households=pl.col("is_carrier").cast(pl.Int64),
                mover_m=pl.Series(entered - left),
                persons_place=pl.Series(after),
                place_m=pl.Series(np.where(after > 0, later - entered, 0).astype(np.int64)),
            )
            known = pl.Series((left != UNKNOWN) & (entered != UNKNOWN))
            tables.append(add_up([table.filter(known)], SERVICE_MOVES))
    return add_up(tables, SERVICE_MOVES)


def count_closures(
    stocks: Stocks, area: Ints, classes: Ints, distances: dict[str, dict[int, npt.NDArray[np.int32]]], region: Ints,
    years: range, far_m: int,
) -> pl.DataFrame:  # fmt: skip
    """Residents of dwellings whose distance is known on 1 January and a year before, and those who lost a service.

    One row per `CLOSURES` with `persons`, `households`, `lost` and `lost_households`.

    `lost` of the persons have the service further than `far_m` and had it within that at the same dwelling a year before,
    whoever lived there then: what closes, closes around the dwelling.

    Args:
        stocks: of the partition.
        area: of everybody in the stocks.
        classes: of everybody in the year after each stock.
        distances: by service and year.
        region: number of the region of every area.
        years: of the study.
        far_m: metres.
    """
    tables = [_nothing(CLOSURES, ("persons", "households", "lost", "lost_households"))]
    for service, by_year in distances.items():
        for column, year in enumerate(years):
            if year not in by_year or year - 1 not in by_year:
                continue
            there = np.flatnonzero(stocks.is_there[:, column])
            dwelling = stocks.object[there, column]
            before, now = by_year[year - 1][dwelling], by_year[year][dwelling]
            known = (before != UNKNOWN) & (now != UNKNOWN)
            rows = there[known]
            lost = ((before <= far_m) & (now > far_m))[known]
            table = pl.DataFrame(
                {
                    "region": pl.Series(region[area[rows, column]], dtype=pl.Int32),
                    "year": pl.Series([year], dtype=pl.Int32).new_from_index(0, len(rows)),
                    "income_class": pl.Series(classes[rows, column], dtype=pl.UInt8),
                    "service": pl.Series([service]).new_from_index(0, len(rows)),
                    "persons": np.ones(len(rows), dtype=np.int64),
                    "households": stocks.is_reference[rows, column].astype(np.int64),
                    "lost": lost.astype(np.int64),
                    "lost_households": (lost & stocks.is_reference[rows, column]).astype(np.int64),
                }
            )
            tables.append(add_up([table], CLOSURES))
    return add_up(tables, CLOSURES)


def service_changes(moved: pl.DataFrame, names: pl.Series, low: Collection[str]) -> pl.DataFrame:
    """F3: mean change of movers' distance to a service, in metres: by moving (`mover`) and around the new dwelling (`place`).

    Args:
        moved: of `count_service_moves`.
        names: of the regions.
        low: classes that are low.
    """
    keys = ["level", "place", "year", "income_class", "service"]
    table = add_up([with_country(group_classes(moved, low), names)], keys)
    return pl.concat(
        [
            indicator(
                table, "F3", detail=pl.col("service") + ":mover", numerator="mover_m", denominator="persons"
            ),
            indicator(
                table, "F3", detail=pl.col("service") + ":place", numerator="place_m", denominator="persons_place",
                persons="persons_place",
            ),
        ]
    )  # fmt: skip


def closures(counted: pl.DataFrame, names: pl.Series, low: Collection[str]) -> pl.DataFrame:
    """F6: per 1000 residents, those for whom a service came to lie too far within a year, at the same dwelling.

    Args:
        counted: of `count_closures`.
        names: of the regions.
        low: classes that are low.
    """
    keys = ["level", "place", "year", "income_class", "service"]
    table = add_up([with_country(group_classes(counted, low), names)], keys)
    return indicator(
        table,
        "F6",
        detail=pl.col("service"),
        numerator="lost",
        denominator="persons",
        scale=1000,
        persons="lost",
        households="lost_households",
        behind=Behind("share", pl.format("residents/{}", "service"), households="households"),
    )


def _nothing(keys: Sequence[str], measures: Sequence[str]) -> pl.DataFrame:
    kinds = {"service": pl.String, "income_class": pl.UInt8}
    schema = {name: kinds.get(name, pl.Int32) for name in keys}
    return pl.DataFrame(schema=schema | dict.fromkeys(measures, pl.Int64))
