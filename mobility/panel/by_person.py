"""The pass by person, where everything comes together: registrations, persons, households and income, sorted and checked."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import pandera.polars as pa
import polars as pl

from mobility.contracts import require
from mobility.panel import people, tables
from mobility.panel.build import Build, Part, Sources
from mobility.panel.by_household import HOUSEHOLDS
from mobility.panel.by_income_year import Incomes
from mobility.panel.by_object import ADDRESSES
from mobility.panel.further import Further
from mobility.panel.lookup import on_day
from mobility.panel.partitions import Exchange, by_number
from mobility.run.engine import work
from mobility.run.files import write_parquet

PERSONS, DEATHS = "GBAPERSOONTAB", "GBAOVERLIJDENTAB"


@dataclass(frozen=True)
class _Task:
    """What a worker needs for one partition of persons."""

    sources: Sources
    exchanges: dict[str, Exchange]
    incomes: Incomes | None
    further: tuple[Further, ...]
    cut_off: dt.date
    first_days: tuple[dt.date, ...]


Counted = tuple[list[pl.LazyFrame], int]  # queries, and how many rows they give


def link_persons(
    build: Build, registrations: Counted, households: Counted, incomes: Incomes | None, further: tuple[Further, ...]
) -> None:
    """Write `registrations`, `persons`, `households`, `income` and further tables of the panel, by partition of the person."""
    sources = build.sources
    born = sources.need(PERSONS).select(
        "person", birth_date=_first_of_month(pl.col("birth_year"), pl.col("birth_month"))
    )
    tables_of = {
        ADDRESSES: registrations,
        PERSONS: ([born], build.rows(PERSONS)),
        DEATHS: ([sources.need(DEATHS).select("person", "death_date")], build.rows(DEATHS)),
        HOUSEHOLDS: households,
    }
    if incomes:
        tables_of[_INCOME] = (incomes.queries, incomes.count)
    scanned = {each.name: each.scan(build, registrations[0]) for each in further if not each.is_of_objects}
    tables_of |= {name: (queries, count) for name, (queries, count) in scanned.items() if queries}
    with ExitStack() as stack:
        exchanges = {}
        for number, (name, (queries, count)) in enumerate(tables_of.items()):
            build.tell("exchange by person", number, len(tables_of))
            bucket = by_number("person", build.partitions)
            exchanges[name] = stack.enter_context(build.exchanged(queries, count, bucket))
        build.tell("exchange by person", len(tables_of), len(tables_of))
        there = tuple(each for each in further if each.name in exchanges)
        task = _Task(sources, exchanges, incomes, there, build.cut_off, build.first_days)
        parts = work(partial(_link_partition, task=task), build.partitions, build.engine, "persons", build.tell)
    build.take(parts)


_INCOME = "income"


def _first_of_month(year: pl.Expr, month: pl.Expr) -> pl.Expr:
    """Day 01 of the month; January where the month is not known; null where the year is not."""
    return pl.date(year, month.fill_null(1), 1)


def _link_partition(partition: int, task: _Task) -> Part:
    part, read = Part(), task.exchanges
    name = f"persons-{partition:03d}"
    keep = partial(task.sources.keep, part)
    given = read[ADDRESSES].read(partition)
    registered = keep(ADDRESSES, name, people.tidy_registrations(given, task.cut_off))
    _write(part, task, tables.Registration, "registrations", partition, registered)
    persons = registered["person"].unique().sort()
    later = given.filter(pl.col("start_date") > task.cut_off)["person"].unique()
    known = people.Known(persons, later.filter(~later.is_in(persons.implode())))

    def tidied(register: str, tidy: Callable[[pl.DataFrame], people.Tidied]) -> pl.DataFrame:
        return keep(register, name, known.only(read[register].read(partition)).then(tidy))

    born = tidied(PERSONS, people.once_per_person)
    died = tidied(DEATHS, partial(people.died_by, cut_off=task.cut_off))
    part.cover("persons_in_register", born.height, persons.len())
    table = persons.to_frame().join(born, on="person", how="left").join(died, on="person", how="left").sort("person")
    _write(part, task, tables.Person, "persons", partition, table)
    lived = tidied(HOUSEHOLDS, partial(people.tidy_households, cut_off=task.cut_off))
    _write(part, task, tables.HouseholdSpell, "households", partition, lived)
    _cover_households(part, registered, lived, task.first_days)
    if task.incomes:
        _link_income(part, task, partition, known, registered)
    for each in task.further:
        rows = tidied(each.name, partial(each.tidy, key="person", cut_off=task.cut_off))
        _write(part, task, tables.FurtherOfPersons, each.table, partition, rows)
    return part


def _link_income(part: Part, task: _Task, partition: int, known: people.Known, registered: pl.DataFrame) -> None:
    assert task.incomes is not None  # noqa: S101 - the caller asks only then
    persons = known.persons
    dense = partial(people.dense_income, persons=persons, years=task.incomes.span)
    tidied = known.only(task.exchanges[_INCOME].read(partition)).then(dense)
    for each in {each.link_register for each in task.incomes.years}:
        years = [year.year for year in task.incomes.years if year.link_register == each]
        refused = tidied.refused.filter(pl.col("year").is_in(years))
        part.of(each).add(task.sources.set_apart(each, f"persons-{partition:03d}", refused))
    _write(part, task, tables.PersonYear, "income", partition, tidied.kept)
    years = [each.year for each in task.incomes.years if dt.date(each.year, 1, 1) <= task.cut_off]
    _cover_income(part, tidied.kept["population"], persons, registered, task.incomes.span, years)


def _there_on(registered: pl.DataFrame, day: dt.date) -> pl.Series:
    """Who is registered somewhere on a day, each once."""
    covers = (pl.col("start_date") <= day) & (pl.col("end_date").is_null() | (pl.col("end_date") > day))
    return registered.filter(covers)["person"].unique()


def _cover_households(
    part: Part, registered: pl.DataFrame, lived: pl.DataFrame, first_days: tuple[dt.date, ...]
) -> None:
    """Of those registered on 1 January of a year of the study, how many are in a household that day."""
    for day in first_days:
        there = _there_on(registered, day)
        in_household = on_day(lived, there, pl.Series([day]).new_from_index(0, there.len()))
        part.cover("persons_in_household", there.len() - in_household.null_count(), there.len())


def _cover_income(
    part: Part,
    population: pl.Series,
    persons: pl.Series,
    registered: pl.DataFrame,
    span: tuple[int, int],
    years: list[int],
) -> None:
    """Of those registered on 1 January of an income year, how many are in an income household."""
    for year in years:
        place = persons.search_sorted(_there_on(registered, dt.date(year, 1, 1))).cast(pl.UInt32)
        found = population.gather(place * (span[1] - span[0] + 1) + (year - span[0]))
        part.cover("persons_with_income", int((found > 0).sum()), place.len())


def _write(
    part: Part, task: _Task, contract: type[pa.DataFrameModel], name: str, partition: int, table: pl.DataFrame
) -> None:
    """Write one partition of a table of the panel, once it meets its contract."""
    started = time.perf_counter()
    require(contract, table, f"panel/{name}, partition {partition}")
    part.checking += time.perf_counter() - started
    write_parquet(table, task.sources.panel.path(name, partition))
