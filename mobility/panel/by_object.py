"""The pass by object: numbers, areas, coordinates, end of life and tenure; registrations with the number of their object."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from mobility.contracts import require
from mobility.panel import objects, tables
from mobility.panel.build import Build, Part, Sources
from mobility.panel.further import Further
from mobility.panel.lookup import TENURES
from mobility.panel.objects import OBJECT
from mobility.panel.partitions import Exchange, by_text, numbered_on, range_bounds
from mobility.panel.people import Tidied
from mobility.registers.ingest import Counts
from mobility.run.engine import work
from mobility.run.files import sink_parquet, write_parquet

ADDRESSES, GEOGRAPHY, OTHER_GEOGRAPHY = "GBAADRESOBJECTBUS", "VSLGWBTAB", "NIETVSLGWBTAB"
COORDINATES, LIFE = "VSLCOORDTAB", "LEVCYCLWOONNIETWOONBUS"
# Registers of tenure, the best first: where two tell of one year, the first counts.
OWNERSHIP = ("EIGENDOMTAB", "EIGENDOMWOZBAGTAB", "EIGENDOMWOZTAB", "OBJECTWONINGTAB")
_OWNED_OR_RENTED = {"E": "owner", "H": "rented"}  # all that tenure registers tell where the landlord is not known


@dataclass(frozen=True)
class _Task:
    """What a worker needs for one range of objects."""

    sources: Sources
    exchanges: dict[str, Exchange]
    areas: pl.DataFrame
    years: tuple[int, ...]
    further: tuple[Further, ...]
    cut_off: dt.date


def link_objects(build: Build, further: tuple[Further, ...]) -> tuple[list[pl.LazyFrame], int, tuple[int, ...]]:
    """Number the objects and write `objects`, `areas`, `tenure` and further tables of the panel.

    Returns:
        The registrations (`person`, `start_date`, `end_date`, `object`), how many, and the years with a tenure.
    """
    sources = build.sources
    given = {name: sources.scan(name) for name in (ADDRESSES, GEOGRAPHY, OTHER_GEOGRAPHY, COORDINATES, LIFE)}
    given |= {ADDRESSES: sources.need(ADDRESSES), GEOGRAPHY: sources.need(GEOGRAPHY)}
    there = {name: table for name, table in given.items() if table is not None}
    owned = {name: _ownership(sources, name) for name in OWNERSHIP if sources.years(name)}
    years = tuple(sorted({year for name in owned for year in sources.years(name)}))
    areas = objects.number_areas(
        pl.concat([there[name].select("gemeente", "wijk", "buurt") for name in (GEOGRAPHY, OTHER_GEOGRAPHY) if name in there])
        .unique()
        .collect()
    )  # fmt: skip
    write_parquet(areas, sources.panel.areas_path)
    named = [*sources.files(ADDRESSES), *sources.files(GEOGRAPHY)]
    bounds = range_bounds(named, build.rows(ADDRESSES) + build.rows(GEOGRAPHY), OBJECT, build.partitions)
    ranges = bounds.len() + 1
    with ExitStack() as stack:
        asked = tuple(each for each in further if each.is_of_objects and sources.years(each.name))
        tables_of = {name: [table] for name, table in there.items()} | owned
        tables_of |= {each.name: each.scan(build, [])[0] for each in asked}
        exchanges = {
            name: stack.enter_context(build.exchanged(table, build.rows(name), by_text(OBJECT, bounds)))
            for name, table in tables_of.items()
        }
        task = partial(_link_range, task=_Task(sources, exchanges, areas, years, asked, build.cut_off))
        parts = work(task, ranges, build.engine, "objects", build.tell)
    build.take(parts)
    _join_up(sources, "objects", ranges, sources.panel.objects_path)
    _join_up(sources, "tenure", ranges, sources.panel.tenure_path)
    sizes = [part.size for part in parts]

    def numbered(name: str) -> pl.LazyFrame:
        return numbered_on([_path(sources, name, number) for number in range(ranges)], "object", sizes)

    for each in asked:
        sink_parquet(numbered(each.table), sources.panel.objects_table(each.table))
    return [numbered("addresses")], build.rows(ADDRESSES), years


def _path(sources: Sources, name: str, number: int) -> Path:
    return sources.scratch / name / f"part-{number:03d}.parquet"


def _join_up(sources: Sources, name: str, ranges: int, target: Path) -> None:
    """The parts of a table, one after the other, as one file of the panel."""
    parts = [_path(sources, name, number) for number in range(ranges)]
    if pl.read_parquet_schema(parts[0]):
        sink_parquet(pl.scan_parquet(parts), target)
    else:  # no register of tenure: a table without columns
        write_parquet(pl.DataFrame(), target)


def _ownership(sources: Sources, register: str) -> list[pl.LazyFrame]:
    """Tenure by object and year, one query a year: `object_type`, `object_number`, `year`, `tenure` (place in `TENURES`)."""
    every = []
    for year in sources.years(register):
        table = sources.scan(register, year)
        assert table is not None  # noqa: S101 - year is one of those that were read
        names = table.collect_schema().names()
        tenure = pl.lit(None, pl.String) if "tenure" not in names else pl.col("tenure")
        if "ownership" in names:
            roughly = pl.col("ownership").replace_strict(_OWNED_OR_RENTED, default=None, return_dtype=pl.String)
            tenure = pl.coalesce(tenure, roughly)
        codes = dict(zip(TENURES, range(len(TENURES)), strict=True))
        every.append(
            table.select(
                *OBJECT,
                year=pl.lit(year, pl.Int16),
                tenure=tenure.replace_strict(codes, default=0, return_dtype=pl.UInt8),
            )
        )
    return every


def _link_range(number: int, task: _Task) -> Part:
    """Objects of one range, numbered from 0, with what is known of them; their registrations."""
    part, sources, exchanges = Part(), task.sources, task.exchanges
    name = f"objects-{number:03d}"
    addresses = exchanges[ADDRESSES].read(number)
    geography = _geography(part, task, number, name)
    numbered = objects.number_objects(addresses, geography)

    def known(register: str, tidy: Callable[[pl.DataFrame], Tidied] | None = None) -> pl.DataFrame:
        given = objects.with_number(exchanges[register].read(number), numbered)
        return sources.keep(part, register, name, given.then(tidy) if tidy else given)

    table = numbered.join(objects.area_of(geography, task.areas), on=list(OBJECT), how="left", validate="1:1")
    if COORDINATES in exchanges:
        located = known(COORDINATES, partial(objects.once, key=("object",)))
        table = table.join(located, on="object", how="left", validate="1:1")
    if LIFE in exchanges:
        ended = objects.demolished_dates(known(LIFE), task.cut_off)
        table = table.join(ended, on="object", how="left", validate="1:1")
    empty = {"x_m": pl.Int64, "y_m": pl.Int64, "demolished_date": pl.Date}
    table = table.sort("object").with_columns(
        pl.lit(None, dtype).alias(column) for column, dtype in empty.items() if column not in table.columns
    )
    linked = addresses.join(numbered, on=list(OBJECT), how="inner", validate="m:1")
    lived_in = table["object"].is_in(linked["object"].unique().implode())
    placed = table["area"].fill_null(0) > 0  # 0 is unplaceable: in the register, with no code for this division
    part.cover("objects_with_geography", int((lived_in & placed).sum()), int(lived_in.sum()))
    write_parquet(linked.select("person", "start_date", "end_date", "object"), _path(sources, "addresses", number))
    table = table.with_columns(pl.col("area").fill_null(0)).select(*OBJECT, "area", *empty)
    started = time.perf_counter()
    require(tables.Object, table, f"panel/objects, range {number}")
    part.checking += time.perf_counter() - started
    write_parquet(table, _path(sources, "objects", number))
    tenure = objects.dense_tenure(numbered.height, _best(known, exchanges), task.years)
    write_parquet(tenure, _path(sources, "tenure", number))
    for each in task.further:
        rows = known(each.name, partial(each.tidy, key="object", cut_off=task.cut_off))
        write_parquet(require(tables.FurtherOfObjects, rows, f"panel/{each.table}"), _path(sources, each.table, number))
    part.size = numbered.height
    return part


def _geography(part: Part, task: _Task, number: int, name: str) -> pl.DataFrame:
    """Gemeente, wijk and buurt, once per object; the second register is asked only for objects that are not in the first."""
    columns = [*OBJECT, "gemeente", "wijk", "buurt"]

    def told_by(register: str) -> Tidied:
        return objects.once(task.exchanges[register].read(number), OBJECT)

    geography = task.sources.keep(part, GEOGRAPHY, name, told_by(GEOGRAPHY)).select(columns)
    if OTHER_GEOGRAPHY not in task.exchanges:
        return geography
    other = task.sources.keep(part, OTHER_GEOGRAPHY, name, told_by(OTHER_GEOGRAPHY)).select(columns)
    further = other.join(geography, on=list(OBJECT), how="anti")
    part.of(OTHER_GEOGRAPHY).add(Counts(repaired={"placed_by_vslgwbtab": other.height - further.height}))
    return pl.concat([geography, further])


def _best(known: Callable[..., pl.DataFrame], exchanges: dict[str, Exchange]) -> pl.DataFrame:
    """Tenure by object and year from the best register that tells it."""
    key = ("object", "year")
    best = pl.DataFrame(schema={"object": pl.UInt32, "year": pl.Int16, "tenure": pl.UInt8})
    for register in OWNERSHIP:
        if register in exchanges:
            rows = known(register, partial(objects.once, key=key)).select(best.columns)
            further = rows.filter(pl.col("tenure") > 0).join(best, on=list(key), how="anti")
            best = pl.concat([best, further])
    return best
