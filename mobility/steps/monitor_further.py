"""What the monitor takes from further registers: distances to services, parents, and yearly outcomes of persons."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.indicators.family import count_near, relatives
from mobility.indicators.outcomes import NO_OUTCOME
from mobility.indicators.services import SERVICES, distances_by_year
from mobility.indicators.table import add_up
from mobility.panel.lookup import on_day
from mobility.panel.store import Panel
from mobility.run.files import make_folder
from mobility.run.progress import Tell
from mobility.steps.monitor_ground import Ground
from mobility.stocks import ABSENT, Ints, Stocks

INCOME, CARE = "income_percentile", "care_costs"
_CARE_TABLE, _CARE_COLUMN = "zvwzorgkostentab", "care_costs_eur"
_SQUARES_TABLE = "vslvierkanttab"
_SOURCES_TABLE = "secmbus"
# Socio-economic category (SECM) in words.
_SOURCES = {
    **dict.fromkeys(("11", "12", "13", "14", "15"), "work"),
    "21": "unemployment",
    "22": "assistance",
    "23": "assistance",
    "24": "disability",
    "25": "pension",
    **dict.fromkeys(("26", "31"), "study"),
    "32": "none",
}
Distances = dict[str, dict[int, npt.NDArray[np.int32]]]


def put_distances(ground: Ground) -> None:
    """Put down the distance of every dwelling to every service that the panel tells of, a file for each year."""
    objects = ground.panel.objects("area").height
    folder = make_folder(ground.scratch / "services")
    for service, (register, column) in SERVICES.items():
        path = ground.panel.objects_table(register.lower())
        if not path.is_file() or column not in pl.read_parquet_schema(path):
            continue
        table = ground.panel.read_objects(register.lower(), "object", "year", column)
        for year, metres in distances_by_year(table, column, objects).items():
            np.save(folder / f"{service}-{year}.npy", metres)


def distances(ground: Ground) -> Distances:
    """The distances put down, read where they are asked for only: those of a country do not fit in memory."""
    found: Distances = {}
    for path in sorted((ground.scratch / "services").glob("*.npy")):
        service, _, year = path.stem.rpartition("-")
        found.setdefault(service, {})[int(year)] = np.load(path, mmap_mode="r")
    return found


def outcomes_at(panel: Panel, partition: int, name: str, persons: pl.Series, years: range) -> Ints:
    """A yearly outcome of every person (row) in every year (column); `NO_OUTCOME` where there is none.

    Args:
        panel: with the register of the outcome.
        partition: of persons.
        name: `INCOME` (percentile of the income year) or `CARE` (costs of the calendar year, in euro).
        persons: all of the partition.
        years: calendar years.
    """
    found = np.full((len(persons), len(years)), NO_OUTCOME, dtype=np.int64, order="F")
    if name == CARE:
        if panel.path(_CARE_TABLE, partition).is_file():
            rows = panel.read(_CARE_TABLE, partition).drop_nulls(_CARE_COLUMN)
            rows = rows.filter(pl.col("year").is_between(years.start, years.stop - 1))
            cell = (persons.search_sorted(rows["person"]).to_numpy(), rows["year"].to_numpy() - years.start)
            found[cell] = rows[_CARE_COLUMN].to_numpy()
        return found
    known = panel.shape().income_years
    if known is not None:
        dense = (
            panel.income(partition)["percentile"].fill_null(0).to_numpy().reshape(len(persons), known[1] - known[0] + 1)
        )
        for column, year in enumerate(years):
            if known[0] <= year <= known[1]:
                percentile = dense[:, year - known[0]].astype(np.int64)
                found[:, column] = np.where(percentile > 0, percentile, NO_OUTCOME)
    return found


def squares_of(panel: Panel) -> dict[str, Ints]:
    """Square of every object, by size, as the number its name is; `ABSENT` where it has none. Empty without VSLVIERKANTTAB."""
    if not panel.objects_table(_SQUARES_TABLE).is_file():
        return {}
    table = panel.read_objects(_SQUARES_TABLE)
    found = {}
    for column in sorted(set(table.columns) & {"square_100m", "square_500m"}):
        rows = table.with_columns(pl.col(column).cast(pl.Int64, strict=False)).drop_nulls(column)
        found[column] = np.full(panel.objects("area").height, ABSENT, dtype=np.int64)
        found[column][rows["object"].to_numpy()] = rows[column].to_numpy()
    return found


def with_source(panel: Panel, partition: int, moves: pl.DataFrame) -> pl.DataFrame:
    """Moves with the main source of income of the mover on the day before (`source`); as given where SECMBUS is not linked."""
    if not panel.path(_SOURCES_TABLE, partition).is_file():
        return moves
    spells = panel.read(_SOURCES_TABLE, partition)
    row = on_day(spells, moves["person"], moves["move_date"].dt.offset_by("-1d"))
    code = spells["main_source"].gather(row)
    return moves.with_columns(code.replace_strict(_SOURCES, default=None, return_dtype=pl.String).alias("source"))


def put_whereabouts(
    partition: int, ground: Ground, persons: pl.Series, stocks: Stocks, area: Ints, classes: Ints
) -> None:
    """Put down where everybody lives on every 1 January, and who lives elsewhere a year later, for the family (F2)."""
    region = ground.zones.levels["region"].of_area.to_numpy().astype(np.int32)
    for column, day in enumerate(stocks.days):
        there = np.flatnonzero(stocks.is_there[:, column])
        where = pl.DataFrame(
            {"person": persons.gather(there), "object": stocks.object[there, column].astype(np.uint32)}
        )
        ground.put(f"where/{day.year + 1}", partition, where)
    for column, year in enumerate(ground.frame.years[: len(stocks.days) - 1]):
        both = (stocks.object[:, column] != ABSENT) & (stocks.object[:, column + 1] != ABSENT)
        rows = np.flatnonzero(both & (stocks.object[:, column] != stocks.object[:, column + 1]))
        movers = pl.DataFrame(
            {
                "person": persons.gather(rows),
                "region": region[area[rows, column]],
                "year": pl.Series([year], dtype=pl.Int32).new_from_index(0, len(rows)),
                "income_class": classes[rows, column].astype(np.uint8),
                "is_reference": stocks.is_reference[rows, column],
            }
        )
        ground.put(f"movers/{year}", partition, movers)


def count_family(ground: Ground, tell: Tell) -> pl.DataFrame:
    """Movers with family near before and after, year by year over all partitions: relatives live in others."""
    parts = range(ground.shape.partitions)
    parents = pl.concat([ground.panel.read("kindoudertab", part) for part in parts]).select(
        "person", "father", "mother"
    )
    places, years = ground.panel.objects("x_m", "y_m"), list(ground.frame.years)
    tables = []
    for number, year in enumerate(years):
        tell("family", number, len(years))
        movers, before, after = (
            pl.read_parquet(sorted((ground.scratch / name).glob("*.parquet")))
            for name in (f"movers/{year}", f"where/{year}", f"where/{year + 1}")
        )
        kin = relatives(movers["person"], parents)
        tables.append(count_near(movers, kin, before, after, places, ground.study.monitor.near_km))
    tell("family", len(years), len(years))
    return add_up(tables, ("region", "year", "income_class", "relation", "when"))
