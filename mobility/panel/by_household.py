"""The pass by household number: households numbered, with how many persons have a spell in each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from mobility.panel.build import Build, Part, Sources
from mobility.panel.objects import known_code
from mobility.panel.partitions import Exchange, by_text, numbered_on, range_bounds
from mobility.run.engine import work
from mobility.run.files import write_parquet

HOUSEHOLDS = "GBAHUISHOUDENSBUS"
_MOST_TYPE = 8  # TYPHH
_CHILD = "1"  # PLHH
_KEY = ("household_number", "start_date")  # the number alone comes back in other households


@dataclass(frozen=True)
class _Task:
    sources: Sources
    exchange: Exchange

    def path(self, number: int) -> Path:
        return self.sources.scratch / "households" / f"part-{number:03d}.parquet"


def link_households(build: Build) -> tuple[list[pl.LazyFrame], int]:
    """Household spells with the number of their household.

    Returns:
        `person`, `start_date`, `end_date`, `household`, `household_size`, `household_type`, `reference_person`,
        `is_child`, `children`; and how many.
    """
    given, rows = build.sources.need(HOUSEHOLDS), build.rows(HOUSEHOLDS)
    bounds = range_bounds(build.sources.files(HOUSEHOLDS), rows, _KEY[:1], build.partitions)
    ranges = bounds.len() + 1
    with build.exchanged([given], rows, by_text(_KEY[:1], bounds)) as exchange:
        task = _Task(build.sources, exchange)
        parts = work(partial(_link_range, task=task), ranges, build.engine, "household numbers", build.tell)
    files = [task.path(number) for number in range(ranges)]
    return [numbered_on(files, "household", [part.size for part in parts])], rows


def _link_range(number: int, task: _Task) -> Part:
    is_child = (pl.col("household_place").str.strip_chars() == _CHILD).fill_null(False)
    rows = task.exchange.read(number).with_columns(is_child=is_child)
    sized = rows.group_by(_KEY).agg(
        household_size=pl.col("person").n_unique().cast(pl.UInt32),
        children=pl.col("person").filter("is_child").n_unique().cast(pl.UInt32),
    )
    sized = sized.sort(_KEY)
    numbered = sized.with_row_index("household").with_columns(pl.col("household").cast(pl.UInt32))
    linked = rows.join(numbered, on=list(_KEY), how="inner", validate="m:1").select(
        "person",
        "start_date",
        "end_date",
        "household",
        "household_size",
        household_type=known_code("household_type", _MOST_TYPE),
        reference_person=(pl.col("reference_person") == "1").fill_null(False),
        is_child="is_child",
        children="children",
    )
    write_parquet(linked, task.path(number))
    return Part(size=numbered.height)
