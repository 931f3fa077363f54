"""The pass of the monitor over the dwellings: spells of residence, exchanged by dwelling on disk, as tenancies and stocks."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.indicators.dwellings import (
    CHAINS,
    REOCCUPIED,
    SECTORS,
    SUCCESSIONS,
    TENANCIES,
    filled_vacancies,
    reoccupations,
    successions,
)
from mobility.indicators.housing_stock import (
    CROWDING,
    STOCK_FLOWS,
    household_kinds,
    lived_in,
    residents_on,
    stock_steps,
)
from mobility.indicators.occupancy import (
    NOBODY,
    ZERO,
    find_tenancies,
    follow_chains,
    freed_by,
    next_tenancy,
    occupying,
)
from mobility.indicators.passing import tenure_in
from mobility.indicators.zones import with_total, zoned
from mobility.panel.lookup import TENURES
from mobility.panel.partitions import Exchange, exchanged
from mobility.run.engine import work
from mobility.run.progress import Tell
from mobility.settings import Settings
from mobility.steps.monitor_ground import Ground
from mobility.stocks import Ints, Stocks

FirstUsed = npt.NDArray[np.int16]
# A spell that ended this long before the first year can still be the one whose end left a dwelling empty.
_BEFORE = 366


def put_people(partition: int, ground: Ground, persons: pl.DataFrame, stocks: Stocks, classes: Ints) -> None:
    """Put down what the dwellings are told by the persons of a partition: their spells, and the kinds of their households."""
    residence = ground.panel.read("residence", partition)
    place = persons["person"].search_sorted(residence["person"])
    years = ground.study.period.years
    spells = occupying(
        residence.with_columns(place.alias("place")),
        persons["birth_date"].gather(place),
        classes[:, : len(years)].astype(np.uint8),
        years.start,
    )
    first = _number(dt.date(years.start, 1, 1))
    ground.put("spells", partition, spells.filter(pl.col("end") >= first - _BEFORE))
    households = ground.panel.read("households", partition)
    dwelling, kinds = household_kinds(stocks, persons["person"], households, ground.panel.tenure(), years)
    area = ground.panel.objects("area")["area"].gather(dwelling)
    ground.put("kinds", partition, zoned(kinds, area, ground.zones, ground.levels, CROWDING))


def count_dwellings(ground: Ground, settings: Settings, first_used: FirstUsed, tell: Tell) -> None:
    """Put down tenancies, changes of tenure and residents of the dwellings, by ranges of dwellings.

    Args:
        ground: of the study.
        settings: for the engine.
        first_used: year in which each object was first lived in.
        tell: progress.
    """
    found = pl.scan_parquet(ground.scratch / "spells" / "*.parquet")
    rows = int(found.select(pl.len()).collect().item())
    partitions = ground.shape.partitions
    size = max(1, -(-len(first_used) // partitions))
    with exchanged([found], rows, pl.col("object") // size, ground.scratch) as exchange:
        task = partial(_dwellings, size=size, ground=ground, exchange=exchange, first_used=first_used)
        work(task, partitions, settings.engine, "dwellings", tell)


def _dwellings(partition: int, size: int, ground: Ground, exchange: Exchange, first_used: FirstUsed) -> None:
    panel, years = ground.panel, ground.study.period.years
    objects = range(min(partition * size, len(first_used)), min((partition + 1) * size, len(first_used)))
    spells = exchange.read(partition)
    ground.put("tenancies", partition, find_tenancies(spells))
    tenure = panel.tenure().slice(objects.start, len(objects))
    table = panel.objects("area", "demolished_date").slice(objects.start, len(objects))
    used = first_used[objects.start : objects.stop]
    for year in years:
        if str(year) not in tenure.columns:
            continue
        there = residents_on(spells, objects, _number(dt.date(year, 1, 1)) - 1)
        rows, living = lived_in(tenure, year, there)
        _put_zoned(f"crowding/{year}", partition, ground, living, table["area"].gather(rows), CROWDING)
        if str(year + 1) in tenure.columns and year in years[:-1]:
            rows, steps = stock_steps(tenure, year, table["demolished_date"], used, there)
            _put_zoned(f"stock_flows/{year}", partition, ground, steps, table["area"].gather(rows), STOCK_FLOWS)


def _put_zoned(
    block: str, partition: int, ground: Ground, rows: pl.DataFrame, area: pl.Series, keys: tuple[str, ...]
) -> None:
    ground.put(block, partition, zoned(rows, area, ground.zones, ground.levels, keys))


class History:
    """The tenancies of all dwellings, one after the other, with what precedes and follows each."""

    def __init__(self, ground: Ground, moves: Path, first_used: FirstUsed) -> None:
        self.ground, self.years = ground, ground.study.period.years
        parts = sorted((ground.scratch / "tenancies").glob("*.parquet"))
        found = pl.concat([pl.read_parquet(path) for path in parts])
        found = found.with_columns(year=_year(pl.col("start")), end_year=_year(pl.col("end")))
        self.following, self.freed = next_tenancy(found), freed_by(found)
        objects = ground.panel.objects("area", "demolished_date")
        self.area = objects["area"].gather(found["object"])
        self.demolished = objects["demolished_date"].gather(found["object"])
        tenure = ground.panel.tenure()
        after = tenure_in(tenure, found["object"], found["year"] + 1)
        self.tenure_begun = after.zip_with(after > 0, tenure_in(tenure, found["object"], found["year"]))
        self.tenure_ended = tenure_in(tenure, found["object"], found["end_year"])
        self.tenancies = found
        # An administrative relocation begins no tenancy and ends none: it is the same door with another number.
        scan = pl.scan_parquet(moves / "*.parquet").filter("is_administrative")
        pairs = scan.select("origin_object", "destination_object").unique().collect()
        pairs = pairs.select(pl.col("origin_object", "destination_object").cast(pl.Int64), known=pl.lit(value=True))
        here = pl.col("object").cast(pl.Int64)
        began = found.select(origin_object="from_object", destination_object=here)
        ended = found.select(origin_object=here, destination_object="to_object")
        on = ["origin_object", "destination_object"]
        self.is_begun, self.is_ended = (
            each.join(pairs, on=on, how="left", maintain_order="left")["known"].is_null() for each in (began, ended)
        )
        self.is_begun = self.is_begun & found["year"].is_between(self.years[0], self.years[-1])
        is_first = (found["object"] != found["object"].shift()).fill_null(value=True)
        built = pl.Series(first_used).gather(found["object"]).cast(pl.Int32) == found["year"]
        self.is_new = self.is_begun & is_first & built

    def _zoned(self, rows: pl.DataFrame, area: pl.Series, keys: tuple[str, ...]) -> pl.DataFrame:
        return with_total(zoned(rows, area, self.ground.zones, self.ground.levels, keys), keys)

    def begun_social(self) -> pl.DataFrame:
        """Tenancies of corporation dwellings that began (E7)."""
        social = self.is_begun & (self.tenure_begun == TENURES.index("social"))
        rows = self.tenancies.filter(social).select(
            "year", income_class="class_in", persons="persons_in", households=pl.lit(1, pl.Int64)
        )
        return self._zoned(rows, self.area.filter(social), TENANCIES)

    def chains(self) -> pl.DataFrame:
        """Chains of vacancies from new dwellings (E3)."""
        begun = np.flatnonzero(self.is_new.to_numpy())
        column = np.clip(self.tenancies["end_year"].to_numpy() - self.years.start, 0, len(self.years) - 1)
        reached = self.ground.heavy_areas()[self.area.to_numpy(), column] > 0
        length, is_open, reaches = follow_chains(begun, self.freed, self.following, reached)
        rows = self.tenancies[begun].select(
            "year",
            persons="persons_in",
            households=pl.lit(1, pl.Int64),
            freed=pl.Series(length),
            is_open=pl.Series(is_open.astype(np.int64)),
            reaches=pl.Series(reaches.astype(np.int64)),
        )
        return self._zoned(rows, self.area.gather(begun), CHAINS)

    def filled(self) -> dict[int, Ints]:
        """Vacancies that were filled, by sector and the sector freed for it (E3)."""
        place = {TENURES.index(name): number for number, name in enumerate(SECTORS)}
        sector = self.tenure_ended.cast(pl.Int64).replace_strict(place, return_dtype=pl.Int64).to_numpy()
        year = np.where(self.is_begun.to_numpy(), self.tenancies["year"].to_numpy(), NOBODY)
        return filled_vacancies(self.following, self.freed, sector, year, self.years)

    def vacated(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Dwellings left empty, by who came after, and by whether somebody came in time (E2)."""
        found, last = self.tenancies, _number(self.ground.shape.cut_off)
        over = (found["end"] <= last) & found["end_year"].is_between(self.years[0], self.years[-1]) & self.is_ended
        rows = np.flatnonzero(over.to_numpy())
        following = pl.Series(self.following[rows])
        successor = pl.select(pl.when(following != NOBODY).then(following)).to_series()
        gone = self.demolished.gather(rows)
        ended = found[rows].select(
            "end",
            "class_out",
            "persons_out",
            found["class_in"].gather(successor).alias("next_class"),
            found["start"].gather(successor).alias("next_start"),
            year="end_year",
            tenure=pl.Series(TENURES).gather(self.tenure_ended.gather(rows)),
            is_demolished=pl.Series(successor.is_null() & gone.is_not_null()),
        )
        area = self.area.gather(rows)
        again = reoccupations(ended.with_columns(area.alias("area")), last)
        return (
            self._zoned(successions(ended), area, SUCCESSIONS),
            self._zoned(again.drop("area"), again["area"], REOCCUPIED),
        )


def _number(day: dt.date) -> int:
    """The number of a day, as in `occupancy.occupying`."""
    return (day - dt.date(1970, 1, 1)).days + ZERO


def _year(number: pl.Expr) -> pl.Expr:
    """Calendar year of a numbered day."""
    return (number - ZERO).cast(pl.Int32).cast(pl.Date).dt.year().cast(pl.Int32)
