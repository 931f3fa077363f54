"""One pass over the moves of a partition, with what they lead from and to. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from mobility.flows.counts import KINDS, kind_of_move
from mobility.indicators.blocks import age_bands_on_new_year
from mobility.indicators.status import DECILES, NO_STATUS, Ladder
from mobility.indicators.table import add_up
from mobility.indicators.zones import CUTS, Zones
from mobility.panel.lookup import TENURES
from mobility.stocks import Ints

STATUS_MOVES = ("region", "year", "income_class", "left", "entered")
BAND_MOVES = ("region", "year", "income_class", "left", "entered")
DISTANCES_MOVED = ("region", "year", "income_class", "kind", "bin")
SOCIAL_MOVES = ("level", "place", "cut", "year", "income_class", "side", "how")
RANK_UNIT = 1_000_000  # ranks are added up as whole numbers
TENURE_MOVES = ("level", "place", "cut", "year", "income_class", "left", "entered")


def dated_moves(moves: pl.DataFrame, years: range) -> pl.DataFrame:
    """The moves of the years of a study, with `year` and `age` (band on 1 January); administrative relocations are none.

    Args:
        moves: linked moves.
        years: calendar years that count.
    """
    kept = moves.with_columns(year=pl.col("move_date").dt.year().cast(pl.Int32)).filter(
        pl.col("year").is_between(years.start, years.stop - 1), ~pl.col("is_administrative")
    )
    return kept.with_columns(age_bands_on_new_year(kept["birth_date"], kept["year"]).alias("age"))


def tenure_in(tenure: pl.DataFrame, objects: pl.Series, year: pl.Series) -> pl.Series:
    """Tenure of each object on 1 January of a year of its own, as a place in `TENURES`; 0 where it is not known.

    Args:
        tenure: of every object (row) by year (column).
        objects: asked for.
        year: one for each.
    """
    found = pl.Series("tenure", [0], dtype=pl.UInt8).new_from_index(0, len(objects))
    for name in tenure.columns:
        asked = year == int(name)
        if asked.any():
            found = tenure[name].gather(objects).zip_with(asked, found)
    return found.alias("tenure")


def tenures_of_moves(moves: pl.DataFrame, tenure: pl.DataFrame) -> pl.DataFrame:
    """Moves with `left` and `entered`, places in `TENURES`.

    The dwelling left has its tenure of 1 January of the year, the dwelling entered that of the year after, when its new
    residents are in it; where that is not known (the registers end), that of the year itself.
    """
    after = tenure_in(tenure, moves["destination_object"], moves["year"] + 1)
    same = tenure_in(tenure, moves["destination_object"], moves["year"])
    return moves.with_columns(
        tenure_in(tenure, moves["origin_object"], moves["year"]).alias("left"),
        after.zip_with(after > 0, same).alias("entered"),
    )


def count_tenure_moves(moves: pl.DataFrame, zones: Zones, levels: Sequence[str]) -> pl.DataFrame:
    """Moves by tenure left and entered: one row per `TENURE_MOVES` (without the cut `total`) with `persons`, `households`.

    Args:
        moves: of `tenures_of_moves`.
        zones: of the study; a move stands where it leaves.
        levels: names.
    """
    names = pl.Series(TENURES)
    tables = [
        moves.select(
            pl.lit(level).alias("level"),
            zones.levels[level].places.gather(zones.place(level, moves["origin_area"])).alias("place"),
            pl.Series("cut", CUTS).gather(zones.cut.gather(moves["origin_area"])),
            pl.col("year", "income_class"),
            names.gather(moves["left"]).alias("left"),
            names.gather(moves["entered"]).alias("entered"),
            persons=pl.lit(1, pl.Int64),
            households=pl.col("is_carrier").cast(pl.Int64),
        )
        for level in levels
    ]
    return pl.concat([add_up([table], TENURE_MOVES) for table in tables])


def count_status_moves(
    moves: pl.DataFrame, percentile: Ints, ladders: dict[int, Ladder], region: pl.Series
) -> pl.DataFrame:
    """Moves between deciles of status: one row per `STATUS_MOVES` with `persons`, `households` and `rank_change`.

    The status is that of the stock of 1 January of the year, before the move, with the mover's household left out of the
    buurt it lives in. `rank_change` is the sum of the changes of rank in units of `RANK_UNIT`. Moves from or to a buurt
    without a status
    are left out.

    Args:
        moves: of `dated_moves`.
        percentile: of every mover in the year before the move; 0: none.
        ladders: by year.
        region: number of the region of every area.
    """
    tables = []
    for year, ladder in ladders.items():
        rows = np.flatnonzero((moves["year"] == year).to_numpy())
        if not len(rows) or not len(ladder.area):
            continue
        now = moves[rows]
        own, household = percentile[rows], now["household_size"].fill_null(1).to_numpy().astype(np.int64)
        origin, destination = (now[f"{end}_area"].to_numpy().astype(np.int64) for end in ("origin", "destination"))
        left, from_rank = ladder.without(origin, own, household, DECILES)
        # Elsewhere the mover was not yet; within one buurt the household is left out at both ends.
        entered, to_rank = ladder.without(destination, np.where(origin == destination, own, 0), household, DECILES)
        both = (left != NO_STATUS) & (entered != NO_STATUS)
        change = np.round((to_rank[both] - from_rank[both]) * RANK_UNIT).astype(np.int64)
        table = now.filter(pl.Series(both)).select(
            region=region.gather(origin[both]),
            year="year",
            income_class="income_class",
            left=pl.Series(left[both]).cast(pl.UInt8),
            entered=pl.Series(entered[both]).cast(pl.UInt8),
            persons=pl.lit(1, pl.Int64),
            households=pl.col("is_carrier").cast(pl.Int64),
            rank_change=pl.Series(change),
        )
        tables.append(add_up([table], STATUS_MOVES))
    return add_up(tables, STATUS_MOVES) if tables else _nothing(STATUS_MOVES, "rank_change")


def count_band_moves(moves: pl.DataFrame, bands: dict[int, Ints], region: pl.Series) -> pl.DataFrame:
    """Moves between bands of corporation share: one row per `BAND_MOVES` with `persons` and `households`.

    Args:
        moves: of `dated_moves`.
        bands: by year, of every area; -1 where no tenure is known.
        region: number of the region of every area.
    """
    tables = [_nothing(BAND_MOVES)]
    for year, band in bands.items():
        now = moves.filter(pl.col("year") == year)
        ends = [band[now[f"{end}_area"].to_numpy()] for end in ("origin", "destination")]
        both = pl.Series((ends[0] >= 0) & (ends[1] >= 0))
        table = now.select(
            region=region.gather(now["origin_area"]),
            year="year",
            income_class="income_class",
            left=pl.Series(ends[0]).cast(pl.UInt8, strict=False),
            entered=pl.Series(ends[1]).cast(pl.UInt8, strict=False),
            persons=pl.lit(1, pl.Int64),
            households=pl.col("is_carrier").cast(pl.Int64),
        )
        tables.append(add_up([table.filter(both)], BAND_MOVES).cast(tables[0].schema))
    return add_up(tables, BAND_MOVES)


def count_distances_moved(
    moves: pl.DataFrame, objects: pl.DataFrame, areas: pl.DataFrame, region: pl.Series, bin_m: int
) -> pl.DataFrame:
    """Moves by straight-line distance: one row per `DISTANCES_MOVED` with `persons` and `households`.

    Args:
        moves: of `dated_moves`.
        objects: `x_m`, `y_m` of every object.
        areas: of `places.zone_areas`, for the kind of move.
        region: number of the region of every area.
        bin_m: width of a bin.
    """
    across, along = (
        (objects[name].gather(moves["destination_object"]) - objects[name].gather(moves["origin_object"])).cast(
            pl.Float64
        )
        for name in ("x_m", "y_m")
    )
    metres = (across**2 + along**2).sqrt()
    kinds = kind_of_move(moves["origin_area"], moves["destination_area"], areas)
    table = moves.select(
        region=region.gather(moves["origin_area"]),
        year="year",
        income_class="income_class",
        kind=pl.Series(KINDS).gather(kinds),
        bin=(metres // bin_m).cast(pl.Int32),
        persons=pl.lit(1, pl.Int64),
        households=pl.col("is_carrier").cast(pl.Int64),
    )
    return add_up([table.filter(pl.col("bin").is_not_null())], DISTANCES_MOVED)


def count_social_moves(moves: pl.DataFrame, zones: Zones, levels: Sequence[str]) -> pl.DataFrame:
    """Who enters and who leaves corporation dwellings: one row per `SOCIAL_MOVES` with `persons` and `households`.

    `side` is `entrants` (at the place entered) or `leavers` (at the place left). `how` is `household` when a whole household
    moves, `new_household` when somebody stays behind, so that who moves sets up a household or joins one. The entrants stand
    there once more with side `from` and the role they come from, and, where it is known, with side `source` and their main
    source of income.

    Args:
        moves: of `tenures_of_moves`; with `source` (null: not known) where a register tells.
        zones: of the study.
        levels: names.
    """
    social = TENURES.index("social")
    whole = pl.when("is_whole").then(pl.lit("household")).otherwise(pl.lit("new_household"))
    roles = zones.levels["role"].places.gather(zones.place("role", moves["origin_area"]))
    told = [("entrants", "entered", "destination", whole), ("leavers", "left", "origin", whole)]
    told.append(("from", "entered", "destination", pl.lit(roles)))
    if "source" in moves.columns:
        told.append(("source", "entered", "destination", pl.col("source")))
    tables = []
    for side, tenure, end, how in told:
        rows = moves.with_columns(how=how).filter(pl.col(tenure) == social, pl.col("how").is_not_null())
        for level in levels:
            table = rows.select(
                pl.lit(level).alias("level"),
                zones.levels[level].places.gather(zones.place(level, rows[f"{end}_area"])).alias("place"),
                pl.Series("cut", CUTS).gather(zones.cut.gather(rows[f"{end}_area"])),
                pl.col("year", "income_class"),
                pl.lit(side).alias("side"),
                "how",
                persons=pl.lit(1, pl.Int64),
                households=pl.col("is_carrier").cast(pl.Int64),
            )
            tables.append(add_up([table], SOCIAL_MOVES))
    return pl.concat(tables)


def _nothing(keys: Sequence[str], *measures: str) -> pl.DataFrame:
    kinds = {"year": pl.Int32, "region": pl.UInt32}
    schema = {name: kinds.get(name, pl.UInt8) for name in keys}
    return pl.DataFrame(schema=schema | dict.fromkeys(("persons", "households", *measures), pl.Int64))
