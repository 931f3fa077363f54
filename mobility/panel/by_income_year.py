"""The pass by income year: every person with the income of the household that the link registers name (method 4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from mobility.panel.build import Build, Part, Sources
from mobility.panel.objects import known_code, once
from mobility.run.engine import work
from mobility.run.files import sink_parquet

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


def link_to_payers(build: Build, register: str) -> tuple[list[pl.LazyFrame], int]:
    """Rows of a register of income households given to their persons, by the link of the same year.

    Returns:
        `person`, `year` and the register's columns but its key, a query for each year that has both, and how many rows.
    """
    sources = build.sources
    links = {year: name for _, name in INCOMES for year in sources.years(name)}
    years = [year for year in sources.years(register) if year in links]
    paths, part = [], Part()
    for number, year in enumerate(years):
        build.tell(register, number, len(years))
        rows, link = sources.scan(register, year), sources.scan(links[year], year)
        assert rows is not None and link is not None  # noqa: S101, PT018 - the year has both
        by_payer = sources.keep(part, register, f"payers-{year}", once(rows.collect(), _PAYER)).lazy()
        linked = link.join(by_payer, on=list(_PAYER), how="inner").drop(_PAYER)
        paths.append(sources.scratch / register / f"{year}.parquet")
        sink_parquet(linked.with_columns(year=pl.lit(year, pl.Int16)), paths[-1])
    build.take([part])
    scans = [pl.scan_parquet(path) for path in paths]
    return scans, sum(int(scan.select(pl.len()).collect().item()) for scan in scans)


def _years(sources: Sources) -> tuple[IncomeYear, ...]:
    found: dict[int, IncomeYear] = {}
    for register, link_register in INCOMES:
        for year in sorted(set(sources.years(register)) & set(sources.years(link_register))):
            found.setdefault(year, IncomeYear(year, register, link_register))
    return tuple(found[year] for year in sorted(found))


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
    by_payer = income.select(
        *_PAYER,
        percentile=pl.col("percentile").cast(pl.UInt8),
        population=population.cast(pl.UInt8),
    ).collect()
    by_payer = sources.keep(part, of.register, f"income-{of.year}", once(by_payer, _PAYER))
    linked = link.join(by_payer.lazy(), on=list(_PAYER), how="left").select(
        "person", "percentile", year=pl.lit(of.year, pl.Int16), population=pl.col("population").fill_null(0)
    )
    path = _path(sources, of.year)
    sink_parquet(linked, path)
    part.size = int(pl.scan_parquet(path).select(pl.len()).collect().item())
    return part
