"""One partition of persons: registrations, household spells and yearly income, sorted and free of duplicates. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from mobility.income import MEASURES

_NO_MEASURE = np.iinfo(np.uint16).max


@dataclass(frozen=True)
class Tidied:
    """A table as its contract wants it, and what became of the other rows.

    Attributes:
        kept: the table.
        refused: rows left out, with the rule that says why in `rule`; kept and refused add up to the rows given.
        repaired: kind of repair to the number of kept rows it changed.
    """

    kept: pl.DataFrame
    refused: pl.DataFrame
    repaired: dict[str, int]

    def then(self, tidy: Callable[[pl.DataFrame], Tidied]) -> Tidied:
        """What `tidy` makes of the rows kept so far; those left out before stay left out."""
        after = tidy(self.kept)
        refused = pl.concat([self.refused, after.refused], how="diagonal")
        return Tidied(after.kept, refused, self.repaired | after.repaired)


@dataclass(frozen=True)
class Known:
    """Whom the panel knows, in one partition.

    Attributes:
        persons: with a registration, sorted.
        later: who is registered after the cut-off only.
    """

    persons: pl.Series
    later: pl.Series

    def only(self, rows: pl.DataFrame) -> Tidied:
        """The rows of persons of the panel.

        Left out: rows of somebody who was never registered at an address (`person_without_registration`), and of somebody who
        is registered only after the cut-off (`after_cut_off`).
        """
        is_known = rows["person"].is_in(self.persons.implode())
        if is_known.all():
            return Tidied(rows, rows.clear().with_columns(rule=pl.lit(None, pl.String)), {})
        rule = pl.when(pl.col("person").is_in(self.later.implode())).then(pl.lit("after_cut_off"))
        strangers = rows.filter(~is_known).with_columns(rule=rule.otherwise(pl.lit("person_without_registration")))
        return Tidied(rows.filter(is_known), strangers, {})


def tidy_registrations(rows: pl.DataFrame, cut_off: dt.date) -> Tidied:
    """Registrations as contract `Registration` wants them.

    Left out: further exact copies (`exact_duplicate`) and spells that start after the cut-off (`after_cut_off`). An end after
    the cut-off becomes open (`end_after_cut_off`).
    """
    key = ["person", "start_date", "end_date", "object"]
    marked = _until_cut_off(rows.select(key), cut_off).sort(key, nulls_last=True)
    marked = marked.with_columns(rule=_rule(_repeats(*key), "exact_duplicate", cut_off))
    return _tidied(marked, {})


def tidy_households(rows: pl.DataFrame, cut_off: dt.date) -> Tidied:
    """Household spells as contract `HouseholdSpell` wants them.

    Left out: exact copies, spells after the cut-off, and, of spells of a person that start on one day, all but the longest
    (`key_repeated`). A spell that runs into the next one ends where that starts (`households_overlap`): the register promises
    that they do not overlap.
    """
    key = ["person", "start_date", "end_date", "household"]
    columns = [*key, "household_size", "household_type", "reference_person", "is_child", "children"]
    marked = _until_cut_off(rows.select(columns), cut_off)
    # By all columns, so that what is kept of two rows depends on nothing but their values; the longest first.
    marked = marked.sort(columns, descending=[False, False, True, *[False] * 6], nulls_last=False)
    rule = pl.coalesce(
        _rule(_repeats(*columns), "exact_duplicate", cut_off),
        _rule(_repeats("person", "start_date"), "key_repeated", cut_off),
    )
    tidied = _tidied(marked.with_columns(rule=rule), {})
    next_start = pl.when(pl.col("person") == pl.col("person").shift(-1)).then(pl.col("start_date").shift(-1))
    overlaps = next_start.is_not_null() & (pl.col("end_date").is_null() | (next_start < pl.col("end_date")))
    kept = tidied.kept.with_columns(
        overlaps=overlaps, end_date=pl.when(overlaps).then(next_start).otherwise("end_date")
    )
    clipped = {"households_overlap": int(kept["overlaps"].sum())}
    return Tidied(kept.select(columns), tidied.refused, tidied.repaired | clipped)


def dense_income(rows: pl.DataFrame, persons: pl.Series, years: tuple[int, int]) -> Tidied:
    """Income per person-year as contract `PersonYear` wants it.

    Left out: further rows of a person in a year (`exact_duplicate`, `key_repeated`).

    Args:
        rows: `person`, `year`, `percentile` (null: none), `population`; of persons of the partition.
        persons: the persons of the partition, sorted.
        years: first and last income year.
    """
    span = years[1] - years[0] + 1
    known, cell = _without_repeats(rows.with_columns(rule=pl.lit(None, pl.String)), persons, years)
    percentile = np.zeros(len(persons) * span, dtype=np.uint8)
    population = np.zeros(len(persons) * span, dtype=np.uint8)
    stays = known["rule"].is_null()
    cell = cell[stays.to_numpy()]
    percentile[cell] = known["percentile"].filter(stays).fill_null(0).to_numpy()
    population[cell] = known["population"].filter(stays).to_numpy()
    table = pl.DataFrame({"percentile": percentile, "population": population})
    table = table.with_columns(percentile=pl.when(pl.col("percentile") > 0).then("percentile"))
    for name in (name for name in MEASURES if name in rows.columns):
        measure = np.full(len(persons) * span, _NO_MEASURE, dtype=np.uint16)
        measure[cell] = known[name].filter(stays).fill_null(_NO_MEASURE).to_numpy()
        table = table.with_columns(pl.Series(name, measure).replace(_NO_MEASURE, None))
    return Tidied(table, known.filter(~stays), {})


def _without_repeats(
    rows: pl.DataFrame, persons: pl.Series, years: tuple[int, int]
) -> tuple[pl.DataFrame, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """The rows with `key_repeated` where another one stands for the person and year, and the cell of each row.

    Rows are sorted only where some cell has several: that is rare, and the tables are the largest there are.
    """

    def cells(of: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        place = persons.search_sorted(of["person"], side="left").cast(pl.Int64)
        return (place * (years[1] - years[0] + 1) + (of["year"].cast(pl.Int64) - years[0])).to_numpy()

    cell = cells(rows)
    if len(cell) and np.bincount(cell).max() > 1:
        key = ["person", "year"]
        rows = rows.sort(*key, "population", "percentile", nulls_last=True)
        rows = rows.with_columns(rule=_further_row([*key, "population", "percentile"], key))
        cell = cells(rows)
    return rows, cell


def once_per_person(rows: pl.DataFrame) -> Tidied:
    """The rows with one per person: the first in the order of all columns; others are `exact_duplicate` or `key_repeated`."""
    marked = rows.sort(["person", *(name for name in rows.columns if name != "person")], nulls_last=True)
    return _tidied(marked.with_columns(rule=_further_row(rows.columns, ["person"])), {})


def died_by(deaths: pl.DataFrame, cut_off: dt.date) -> Tidied:
    """Deaths once per person; one after the cut-off has not happened yet (`after_cut_off`)."""
    later = deaths["death_date"] > cut_off
    once = once_per_person(deaths.filter(~later))
    refused = pl.concat([once.refused, deaths.filter(later).with_columns(rule=pl.lit("after_cut_off"))])
    return Tidied(once.kept, refused, once.repaired)


def tidy_further(rows: pl.DataFrame, order: tuple[str, ...], cut_off: dt.date, *, has_one_row: bool) -> Tidied:
    """Rows of a further register as its contract wants them: sorted by all columns, those of `order` first.

    Left out: what happens or begins after the cut-off (`after_cut_off`), exact copies, and, where there is one row for each, the
    others (`key_repeated`). An end after the cut-off becomes open (`end_after_cut_off`).

    Args:
        rows: with the columns of `order`.
        order: the key, `person` or `object`, and what its rows are sorted by: a year, a day, or nothing more.
        cut_off: last day that counts.
        has_one_row: whether there is one row for each value of `order`.
    """
    columns = [*order, *(name for name in rows.columns if name not in order)]
    if "end_date" in columns:
        rows = _until_cut_off(rows, cut_off)
    marked = rows.select(*columns, *({"reopened"} & set(rows.columns))).sort(columns, nulls_last=True)
    days = [name for name in order if marked.schema[name] == pl.Date]
    rule = pl.coalesce(
        *(pl.when(pl.col(day) > cut_off).then(pl.lit("after_cut_off")) for day in days),
        _further_row(columns, list(order) if has_one_row else columns),
    )
    return _tidied(marked.with_columns(rule=rule), {})


def _until_cut_off(rows: pl.DataFrame, cut_off: dt.date) -> pl.DataFrame:
    """Ends after the cut-off opened; `reopened` says where."""
    later = (pl.col("end_date") > cut_off + dt.timedelta(days=1)).fill_null(False)
    return rows.with_columns(reopened=later, end_date=pl.when(later).then(None).otherwise("end_date"))


def _rule(repeated: pl.Expr, name: str, cut_off: dt.date) -> pl.Expr:
    return pl.when(pl.col("start_date") > cut_off).then(pl.lit("after_cut_off")).when(repeated).then(pl.lit(name))


def _repeats(*columns: str) -> pl.Expr:
    """In sorted rows: the same as the row before in these columns."""
    same = pl.all_horizontal(pl.col(column).eq_missing(pl.col(column).shift()) for column in columns)
    return same & (pl.int_range(pl.len()) > 0)


def _further_row(columns: list[str], key: list[str]) -> pl.Expr:
    """In rows sorted by key first: why a row that is not the first of its key is left out."""
    return pl.coalesce(
        pl.when(_repeats(*columns)).then(pl.lit("exact_duplicate")),
        pl.when(_repeats(*key)).then(pl.lit("key_repeated")),
    )


def _tidied(marked: pl.DataFrame, repaired: dict[str, int]) -> Tidied:
    kept = marked.filter(pl.col("rule").is_null())
    if "reopened" in marked.columns:
        repaired = {"end_after_cut_off": int(kept["reopened"].sum())} | repaired
    spare = ["rule", "reopened"]
    return Tidied(
        kept.drop(spare, strict=False),
        marked.filter(pl.col("rule").is_not_null()).drop("reopened", strict=False),
        repaired,
    )
