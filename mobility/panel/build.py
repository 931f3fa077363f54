"""From the registers as read to the panel: numbered objects and households, hash partitions, sorted and checked."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandera.polars as pa
import polars as pl

from mobility.contracts import require
from mobility.errors import DataError
from mobility.panel import objects, people, tables
from mobility.panel.lookup import TENURES
from mobility.panel.partitions import exchanged, partitions_for
from mobility.panel.store import Panel, Shape
from mobility.registers.ingest import Counts
from mobility.run.files import sink_parquet, write_parquet
from mobility.run.progress import Tell

# The registers the panel is made from; others that have a dictionary are found and named, and not read.
REGISTERS = (
    "GBAADRESOBJECTBUS",
    "GBAPERSOONTAB",
    "GBAOVERLIJDENTAB",
    "GBAHUISHOUDENSBUS",
    "VSLGWBTAB",
    "NIETVSLGWBTAB",
    "VSLCOORDTAB",
    "LEVCYCLWOONNIETWOONBUS",
    "EIGENDOMTAB",
    "INHATAB",
    "KOPPELPERSOONHUISHOUDEN",
    "IHI",
    "KOPPELTABEL_IPI_IHI_IVB",
)
# Income by household and the link from persons to it, before and after the revision of 2011 (method 4).
INCOMES = (("IHI", "KOPPELTABEL_IPI_IHI_IVB"), ("INHATAB", "KOPPELPERSOONHUISHOUDEN"))
_STUDENT_FINANCE = "26"  # main source of income


@dataclass
class Build:
    """What the steps of building share.

    Attributes:
        registers: folder of the registers as read, `<REGISTER>/<year>/*.parquet`.
        quarantine: folder of refused rows.
        panel: where the panel goes.
        counts: per register, to be completed.
        tell: progress: what, how many done, of how many.
    """

    registers: Path
    quarantine: Path
    panel: Panel
    counts: dict[str, Counts]
    tell: Tell

    @property
    def scratch(self) -> Path:
        """Files that are needed while the panel is built."""
        return self.panel.folder / "build.tmp"

    def years(self, register: str) -> list[int]:
        """Years of which a file was read."""
        folder = self.registers / register
        return sorted(int(path.name) for path in folder.iterdir()) if folder.is_dir() else []

    def scan(self, register: str, year: int | None = None) -> pl.LazyFrame | None:
        """A register as read; the newest year unless one is named; None when it was not there."""
        there = self.years(register)
        if not there:
            return None
        return pl.scan_parquet(self.registers / register / str(year or there[-1]) / "*.parquet")

    def need(self, register: str) -> pl.LazyFrame:
        """A register that a study cannot do without."""
        table = self.scan(register)
        if table is None:
            raise DataError(
                f"{register}: no rows to work with. Run jobs/ingest.py check=true to see which files there are."
            )
        return table


def build_panel(build: Build, cut_off: dt.date, geography_year: int, partitions: int | None) -> Shape:
    """Build every table of the panel; `panel.json`, written last, says that it is whole."""
    addresses = build.need("GBAADRESOBJECTBUS")
    numbered = _build_objects(build, addresses)
    number = partitions or partitions_for(build.counts["GBAADRESOBJECTBUS"].kept)
    persons = _build_registrations(build, addresses, numbered, cut_off, number)
    _build_persons(build, persons, number)
    _build_households(build, cut_off, number)
    years = _build_income(build, persons, number)
    tenure_years = _build_tenure(build, numbered)
    life = build.scan("LEVCYCLWOONNIETWOONBUS")
    shape = Shape(
        partitions=number,
        cut_off=cut_off,
        geography_year=geography_year,
        income_years=years,
        tenure_years=tenure_years,
        has_coordinates=build.scan("VSLCOORDTAB") is not None,
        has_demolition=None if life is None else objects.first_day_known(life),
    )
    shutil.rmtree(build.scratch)
    build.panel.write_shape(shape)
    return shape


def _build_objects(build: Build, addresses: pl.LazyFrame) -> pl.LazyFrame:
    build.tell("objects", 0, 1)
    geography = _geography(build)
    numbered_path = build.scratch / "numbered.parquet"
    sink_parquet(objects.number_objects(addresses, geography), numbered_path)
    numbered = pl.scan_parquet(numbered_path)
    areas = objects.number_areas(geography.select("gemeente", "wijk", "buurt").unique().collect())
    write_parquet(areas, build.panel.areas_path)
    attributes = [objects.area_of(geography, areas)]
    coordinates, life = build.scan("VSLCOORDTAB"), build.scan("LEVCYCLWOONNIETWOONBUS")
    if coordinates is not None:
        attributes.append(_once(build, "VSLCOORDTAB", coordinates))
    if life is not None:
        attributes.append(objects.demolished_dates(life))
    table = objects.link_objects(numbered, *attributes).collect()
    absent = int(table["area"].is_null().sum())
    build.counts["GBAADRESOBJECTBUS"].repaired["object_without_geography (objects)"] = absent
    empty = {"x_m": pl.Int64, "y_m": pl.Int64, "demolished_date": pl.Date}
    table = table.with_columns(pl.col("area").fill_null(0)).with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in empty.items() if name not in table.columns
    )
    table = table.select("object_type", "object_number", "area", *empty)
    write_parquet(require(tables.Object, table, "panel/objects"), build.panel.objects_path)
    build.tell("objects", 1, 1)
    return numbered


def _geography(build: Build) -> pl.LazyFrame:
    """Gemeente, wijk and buurt of every object; those outside VSLGWBTAB are looked up in NIETVSLGWBTAB (method 2)."""
    known = _once(build, "VSLGWBTAB", build.need("VSLGWBTAB"))
    other = build.scan("NIETVSLGWBTAB")
    if other is None:
        return known
    columns = [*objects.OBJECT, "gemeente", "wijk", "buurt"]
    further = _once(build, "NIETVSLGWBTAB", other).join(known, on=list(objects.OBJECT), how="anti")
    return pl.concat([known.select(columns), further.select(columns)])


def _once(
    build: Build, register: str, table: pl.LazyFrame, key: tuple[str, ...] = objects.OBJECT, name: str = "once"
) -> pl.LazyFrame:
    """The register with one row per key; what was left out goes to the quarantine.

    The sorting this takes is done once: the rows that stay are put down in the scratch folder.
    """
    marked = build.scratch / f"{register}-{name}.parquet"
    sink_parquet(objects.mark_repeated(table, key), marked)
    rows = pl.scan_parquet(marked)
    refused = rows.filter(pl.col("rule").is_not_null()).collect()
    _set_apart(build, register, name, refused)
    return rows.filter(pl.col("rule").is_null()).drop("rule")


def _build_registrations(
    build: Build, addresses: pl.LazyFrame, numbered: pl.LazyFrame, cut_off: dt.date, partitions: int
) -> list[pl.Series]:
    """Registrations by partition; returns the persons of each partition, sorted."""
    linked = addresses.join(numbered, on=list(objects.OBJECT), how="inner").select(
        "person", "start_date", "end_date", "object"
    )
    counts, persons = build.counts["GBAADRESOBJECTBUS"], []
    with exchanged(linked, counts.kept, "person", partitions, build.scratch) as read:
        for partition in range(partitions):
            build.tell("registrations", partition, partitions)
            table = _keep(build, "GBAADRESOBJECTBUS", partition, people.tidy_registrations(read(partition), cut_off))
            _write(build, tables.Registration, "registrations", partition, table)
            persons.append(table["person"].unique().sort())
    build.tell("registrations", partitions, partitions)
    return persons


def _first_of_month(year: pl.Expr, month: pl.Expr) -> pl.Expr:
    """Day 01 of the month; January where the month is not one of twelve; null where the year is no year."""
    known = pl.when(month.is_between(1, 12)).then(month).otherwise(1)
    sane = pl.when(year.is_between(1850, 2200)).then(year)
    return pl.date(sane, known, 1)


def _build_persons(build: Build, persons: list[pl.Series], partitions: int) -> None:
    given = build.need("GBAPERSOONTAB").select(
        "person", birth_date=_first_of_month(pl.col("birth_year"), pl.col("birth_month"))
    )
    deaths = build.need("GBAOVERLIJDENTAB").select("person", "death_date")
    counts, strangers = build.counts["GBAPERSOONTAB"], 0
    with (
        exchanged(given, counts.kept, "person", partitions, build.scratch) as read,
        exchanged(deaths, build.counts["GBAOVERLIJDENTAB"].kept, "person", partitions, build.scratch) as read_deaths,
    ):
        for partition in range(partitions):
            build.tell("persons", partition, partitions)
            births = _keep(build, "GBAPERSOONTAB", partition, people.once_per_person(read(partition)))
            died = _keep(build, "GBAOVERLIJDENTAB", partition, people.once_per_person(read_deaths(partition)))
            table = (
                persons[partition].to_frame().join(births, on="person", how="left").join(died, on="person", how="left")
            ).sort("person")
            strangers += int(persons[partition].is_in(births["person"].implode()).not_().sum())
            _write(build, tables.Person, "persons", partition, table)
    if strangers:
        build.counts["GBAADRESOBJECTBUS"].warned["spell_without_person (persons)"] = int(strangers)
    build.tell("persons", partitions, partitions)


def _build_households(build: Build, cut_off: dt.date, partitions: int) -> None:
    given = build.need("GBAHUISHOUDENSBUS")
    key = ["household_number", "start_date"]
    numbered_path = build.scratch / "households.parquet"
    numbered = given.group_by(key).agg(household_size=pl.col("person").n_unique().cast(pl.UInt32)).sort(key)
    sink_parquet(numbered.with_row_index("household").with_columns(pl.col("household").cast(pl.UInt32)), numbered_path)
    linked = given.join(pl.scan_parquet(numbered_path), on=key, how="inner").select(
        "person",
        "start_date",
        "end_date",
        "household",
        "household_size",
        household_type=pl.col("household_type").cast(pl.UInt8, strict=False).fill_null(0),
        reference_person=(pl.col("reference_person") == "1").fill_null(False),
    )
    counts = build.counts["GBAHUISHOUDENSBUS"]
    with exchanged(linked, counts.kept, "person", partitions, build.scratch) as read:
        for partition in range(partitions):
            build.tell("households", partition, partitions)
            table = _keep(build, "GBAHUISHOUDENSBUS", partition, people.tidy_households(read(partition), cut_off))
            _write(build, tables.HouseholdSpell, "households", partition, table)
    build.tell("households", partitions, partitions)


def _income_of(build: Build, register: str, link_register: str, year: int) -> pl.LazyFrame:
    """Persons with the income of their household in one year: `person`, `year`, `percentile`, `population`."""
    income, link = build.scan(register, year), build.scan(link_register, year)
    assert income is not None and link is not None  # noqa: S101, PT018 - the caller asks for years with both
    once = _once(build, register, income, ("payer_type", "payer"), f"once-{year}")
    if "population" in once.collect_schema():
        population = pl.col("population").cast(pl.UInt8, strict=False).fill_null(0)
    else:  # before 2011 only the main source tells a student household from another
        is_student = pl.col("main_source") == _STUDENT_FINANCE
        population = pl.when(is_student).then(2).when(pl.col("percentile").is_not_null()).then(1).otherwise(0)
    return link.join(once, on=["payer_type", "payer"], how="left").select(
        "person",
        year=pl.lit(year, pl.Int16),
        percentile=pl.when(pl.col("percentile").is_between(1, 100)).then(pl.col("percentile")).cast(pl.UInt8),
        population=population.cast(pl.UInt8),
    )


def _set_aside_years(build: Build, register: str, years: set[int]) -> None:
    """Links to an income of which there is no file: kept where they are, and counted as left out."""
    for year in sorted(years):
        rows = build.scan(register, year)
        assert rows is not None  # noqa: S101 - year is one of those that were read
        build.counts[register].refuse("no_income_file_of_the_year", int(rows.select(pl.len()).collect().item()))


def _build_income(build: Build, persons: list[pl.Series], partitions: int) -> tuple[int, int] | None:
    every: list[int] = []
    linked: dict[str, list[Path]] = {}
    for register, link_register in INCOMES:
        years = sorted(set(build.years(register)) & set(build.years(link_register)) - set(every))
        for year in years:
            path = build.scratch / f"income-{year}.parquet"
            sink_parquet(_income_of(build, register, link_register, year), path)
            linked.setdefault(link_register, []).append(path)
        every += years
        _set_aside_years(build, link_register, set(build.years(link_register)) - set(years))
    if not every:
        return None
    span = (min(every), max(every))
    rows = pl.scan_parquet([path for paths in linked.values() for path in paths])
    count = int(rows.select(pl.len()).collect().item())
    with exchanged(rows, count, "person", partitions, build.scratch) as read:
        for partition in range(partitions):
            build.tell("income", partition, partitions)
            tidied = people.dense_income(read(partition), persons[partition], span)
            for register, link_register in INCOMES:
                of_register = pl.col("year").is_in(build.years(register))
                _set_apart(build, link_register, _name(partition), tidied.refused.filter(of_register))
            _write(build, tables.PersonYear, "income", partition, tidied.kept)
    build.tell("income", partitions, partitions)
    return span


def _build_tenure(build: Build, numbered: pl.LazyFrame) -> tuple[int, ...]:
    years = build.years("EIGENDOMTAB")
    table = numbered.sort("object").select("object", *objects.OBJECT).collect()
    codes = dict(zip(TENURES, range(len(TENURES)), strict=True))
    columns = {}
    for number, year in enumerate(years):
        build.tell("tenure", number, len(years))
        given = build.scan("EIGENDOMTAB", year)
        assert given is not None  # noqa: S101 - year comes from the list of what is there
        kept = _once(build, "EIGENDOMTAB", given, name=f"once-{year}").select(
            *objects.OBJECT, tenure=pl.col("tenure").replace_strict(codes, default=0, return_dtype=pl.UInt8)
        )
        joined = table.lazy().join(kept, on=list(objects.OBJECT), how="left", validate="1:1").sort("object").collect()
        columns[str(year)] = joined["tenure"].fill_null(0)
    write_parquet(pl.DataFrame(columns), build.panel.tenure_path)
    build.tell("tenure", len(years), len(years))
    return tuple(years)


def _keep(build: Build, register: str, partition: int, tidied: people.Tidied) -> pl.DataFrame:
    """The tidied table; the rows left out are counted and set apart."""
    _set_apart(build, register, _name(partition), tidied.refused)
    counts = build.counts[register]
    for repair, rows in tidied.repaired.items():
        counts.repaired[repair] = counts.repaired.get(repair, 0) + rows
    return tidied.kept


def _set_apart(build: Build, register: str, name: str, refused: pl.DataFrame) -> None:
    """Rows left out, counted by rule and put down in the quarantine as `name`."""
    for rule, rows in refused["rule"].value_counts().sort("rule").iter_rows():
        build.counts[register].refuse(rule, rows)
    if refused.height:
        write_parquet(refused, build.quarantine / register / f"{name}.parquet")


def _name(partition: int) -> str:
    return f"panel-{partition:03d}"


def _write(build: Build, contract: type[pa.DataFrameModel], name: str, partition: int, table: pl.DataFrame) -> None:
    """Write one partition of a table of the panel, once it meets its contract."""
    write_parquet(require(contract, table, f"panel/{name}, partition {partition}"), build.panel.path(name, partition))
