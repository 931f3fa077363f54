"""The pass by income year: every person with the income of the household that the link registers name (method 4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from mobility.income import MEASURES
from mobility.panel.build import Build, Part, Sources
from mobility.panel.objects import known_code, once
from mobility.panel.people import Known, Tidied
from mobility.run.engine import work
from mobility.run.files import sink_parquet, write_parquet

# Income by household and the link from persons to it, before and after the revision of 2011.
INCOMES = (("IHI", "KOPPELTABEL_IPI_IHI_IVB"), ("INHATAB", "KOPPELPERSOONHUISHOUDEN"))
_PAYER = ("payer_type", "payer")
_MOST_POPULATION = 9  # INHPOPIIV
_STUDENT_FINANCE = "26"  # main source of income


@dataclass(frozen=True)
class IncomeYear:
    """A year of which there are an income file and a file of links."""

    year: int
    register: str
    link_register: str


@dataclass(frozen=True)
class Incomes:
    """Income by person and year, as linked.

    Attributes:
        queries: one for each year: `person`, `year`, `percentile`, `population`.
        count: how many rows.
        years: with income, in order.
    """

    queries: list[pl.LazyFrame]
    count: int
    years: tuple[IncomeYear, ...]

    @property
    def span(self) -> tuple[int, int]:
        """First and last year."""
        return self.years[0].year, self.years[-1].year


def link_incomes(build: Build) -> Incomes | None:
    """Income of every linked person by year; None when no year has both an income file and a file of links."""
    sources, years = build.sources, _years(build.sources)
    if not years:
        return None
    task = partial(_link_year, sources=sources, years=years)
    parts = work(task, len(years), build.engine, "income by year", build.tell)
    build.take(parts)
    queries = [pl.scan_parquet(_path(sources, each.year)) for each in years]
    return Incomes(queries, sum(part.size for part in parts), years)


def link_to_payers(build: Build, register: str, registrations: list[pl.LazyFrame]) -> tuple[list[pl.LazyFrame], int]:
    """Rows of a register of income households given to their registered persons, by the link of the same year.

    Left out: households to which nobody who is registered is linked (`payer_without_link`). Of the link register, in years in
    which no income is linked by it: who was never registered, and further rows of a person.

    Args:
        build: what the passes share.
        register: of a unit `payer_year`; of every year that was read there is a link.
        registrations: `person` and `start_date`.

    Returns:
        `person`, `year` and the register's columns but its key, a query for each year, and how many rows.
    """
    sources = build.sources
    links = {year: name for _, name in INCOMES for year in sources.years(name)}
    with_income = {each.year for each in _years(sources)}
    registered = pl.concat(registrations).group_by("person").agg(pl.col("start_date").min()).collect()
    is_later = pl.col("start_date") > build.cut_off
    known = Known(*(registered.filter(when)["person"].sort() for when in (~is_later, is_later)))
    paths, part, years = [], Part(), sources.years(register)
    for number, year in enumerate(years):
        build.tell(register, number, len(years))
        rows, link = sources.scan(register, year), sources.scan(links[year], year)
        assert rows is not None and link is not None  # noqa: S101, PT018 - the year has both
        linked = known.only(link.collect()).then(partial(once, key=("person",)))
        if year not in with_income:
            sources.keep(part, links[year], f"payers-{year}", linked)
        tidied = once(rows.collect(), _PAYER).then(partial(_with_link, link=linked.kept))
        by_payer = sources.keep(part, register, f"payers-{year}", tidied)
        given = linked.kept.join(by_payer, on=list(_PAYER), how="inner", validate="m:1").drop(_PAYER)
        paths.append(sources.scratch / register / f"{year}.parquet")
        write_parquet(given.with_columns(year=pl.lit(year, pl.Int16)), paths[-1])
    build.tell(register, len(years), len(years))
    build.take([part])
    scans = [pl.scan_parquet(path) for path in paths]
    return scans, sum(int(scan.select(pl.len()).collect().item()) for scan in scans)


def _with_link(by_payer: pl.DataFrame, link: pl.DataFrame) -> Tidied:
    """The income households to which somebody is linked; the others are left out (`payer_without_link`)."""
    without = by_payer.join(link, on=list(_PAYER), how="anti")
    refused = without.with_columns(rule=pl.lit("payer_without_link"))
    return Tidied(by_payer.join(link, on=list(_PAYER), how="semi") if without.height else by_payer, refused, {})


def _years(sources: Sources) -> tuple[IncomeYear, ...]:
    found: dict[int, IncomeYear] = {}
    for register, link_register in INCOMES:
        for year in sorted(set(sources.years(register)) & set(sources.years(link_register))):
            found.setdefault(year, IncomeYear(year, register, link_register))
    return tuple(found[year] for year in sorted(found))


def _measures(sources: Sources) -> list[str]:
    """Columns of `income.MEASURES` that the study had read: the same ones for every year."""
    tables = [sources.scan(name, year) for name, _ in INCOMES for year in sources.years(name)]
    there = {name for table in tables if table is not None for name in table.collect_schema()}
    return [name for name in MEASURES if name in there]


def _path(sources: Sources, year: int) -> Path:
    return sources.scratch / "income" / f"{year}.parquet"


def _link_year(number: int, sources: Sources, years: tuple[IncomeYear, ...]) -> Part:
    of, part = years[number], Part()
    income, link = sources.scan(of.register, of.year), sources.scan(of.link_register, of.year)
    assert income is not None and link is not None  # noqa: S101, PT018 - the year has both
    if "population" in income.collect_schema():
        population = known_code("population", _MOST_POPULATION)
    else:  # before 2011 only the main source tells a student household from another
        is_student = pl.col("main_source") == _STUDENT_FINANCE
        population = pl.when(is_student).then(2).when(pl.col("percentile").is_not_null()).then(1).otherwise(0)
    there = income.collect_schema()
    further = [
        (pl.col(name) if name in there else pl.lit(None)).cast(pl.UInt16).alias(name) for name in _measures(sources)
    ]
    by_payer = income.select(
        *_PAYER,
        *further,
        percentile=pl.col("percentile").cast(pl.UInt8),
        population=population.cast(pl.UInt8),
    ).collect()
    linked_payers = link.select(_PAYER).unique().collect()
    tidied = once(by_payer, _PAYER).then(partial(_with_link, link=linked_payers))
    by_payer = sources.keep(part, of.register, f"income-{of.year}", tidied)
    linked = link.join(by_payer.lazy(), on=list(_PAYER), how="left").select(
        "person",
        "percentile",
        *_measures(sources),
        year=pl.lit(of.year, pl.Int16),
        population=pl.col("population").fill_null(0),
    )
    path = _path(sources, of.year)
    sink_parquet(linked, path)
    part.size = int(pl.scan_parquet(path).select(pl.len()).collect().item())
    return part
