"""Contracts of the panel's tables: what one row is, types, and what always holds.

Sort order is part of a contract: it is checked here once, when a partition is written, and relied on afterwards.
Intervals are half-open, `[start_date, end_date)`; a null end means still so at the cut-off.
"""

from __future__ import annotations

import pandera.polars as pa
import polars as pl


def _after(columns: tuple[str, ...]) -> pl.Expr:
    """Row by row: greater than the previous row in lexicographic order (nulls last); true for the first row."""
    greater, equal = pl.lit(False), pl.lit(True)
    for column in columns:
        here, before = pl.col(column), pl.col(column).shift()
        later = (here > before).fill_null(False) | (here.is_null() & before.is_not_null())
        greater = greater | (equal & later)
        equal = equal & here.eq_missing(before)
    return greater | (pl.int_range(pl.len()) == 0)


class Person(pa.DataFrameModel):
    """One row per person with at least one registration; sorted by person."""

    person: pl.UInt32
    birth_date: pl.Date = pa.Field(nullable=True, description="Day 01 of the birth month")
    death_date: pl.Date = pa.Field(nullable=True, description="Last day of residence")

    class Config:
        strict = True

    @pa.dataframe_check
    @classmethod
    def sorted_and_unique(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Sorted by person, each once."""
        return data.lazyframe.select(_after(("person",)))


class Spell(pa.DataFrameModel):
    """A period of a person."""

    person: pl.UInt32
    start_date: pl.Date
    end_date: pl.Date = pa.Field(nullable=True)

    @pa.dataframe_check
    @classmethod
    def ends_after_it_starts(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """No empty and no reversed interval."""
        return data.lazyframe.select((pl.col("end_date") > pl.col("start_date")).fill_null(True))


class Registration(Spell):
    """One row per person per registered address; sorted by person, start, end, object. Registrations may overlap."""

    object: pl.UInt32 = pa.Field(description="Row in objects")

    class Config:
        strict = True

    @pa.dataframe_check
    @classmethod
    def sorted_and_unique(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Sorted by person, start, end and object, each once."""
        return data.lazyframe.select(_after(("person", "start_date", "end_date", "object")))


class Residence(Spell):
    """One row per person per spell of residence or absence; from the first registration on, without holes or overlap."""

    object: pl.UInt32 = pa.Field(nullable=True, description="Row in objects; null: away")

    class Config:
        strict = True

    @pa.dataframe_check
    @classmethod
    def follows_without_hole(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Each spell of a person starts on the day the one before it ends."""
        same = (pl.col("person") == pl.col("person").shift()).fill_null(False)
        return data.lazyframe.select(same.not_() | pl.col("start_date").eq_missing(pl.col("end_date").shift()))


class HouseholdSpell(Spell):
    """One row per person per period in one BRP household; sorted by person and start, without overlap."""

    household: pl.UInt32 = pa.Field(description="HUISHOUDNR with DATUMAANVANGHH, numbered")
    household_size: pl.UInt32 = pa.Field(ge=1, description="Persons with a spell in that household")
    household_type: pl.UInt8 = pa.Field(le=8, description="TYPHH; 8 institutional; 0 unknown")
    reference_person: pl.Boolean
    is_child: pl.Boolean = pa.Field(description="Lives with a parent: PLHH 1, of whatever age")
    children: pl.UInt32 = pa.Field(description="Persons with a spell in that household who live with a parent")

    class Config:
        strict = True

    @pa.dataframe_check
    @classmethod
    def sorted_and_unique(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Sorted by person and start, each once."""
        return data.lazyframe.select(_after(("person", "start_date")))


class PersonYear(pa.DataFrameModel):
    """Income of a person in a year; the row is `place of the person in the partition x years + year`, so there is no key."""

    percentile: pl.UInt8 = pa.Field(
        nullable=True, ge=1, le=100, description="National percentile, standardised disposable"
    )
    population: pl.UInt8 = pa.Field(le=9, description="INHPOPIIV; 0: no income household")
    percentile_without_students: pl.UInt16 | None = pa.Field(
        nullable=True,
        ge=1,
        le=100,
        description="The same percentile, student households left out; scheme excluding_students",
    )
    threshold_pct: pl.UInt16 | None = pa.Field(
        nullable=True, description="Income in per cent of the low-income line; scheme threshold"
    )

    class Config:
        strict = True


class Object(pa.DataFrameModel):
    """One row per address object, sorted by type and number; its place in the table is its id."""

    object_type: pl.String
    object_number: pl.String
    area: pl.UInt32 = pa.Field(description="Row in areas")
    x_m: pl.Int64 = pa.Field(nullable=True)
    y_m: pl.Int64 = pa.Field(nullable=True)
    demolished_date: pl.Date = pa.Field(nullable=True, description="First day after the end of its life cycle")

    class Config:
        strict = True

    @pa.dataframe_check
    @classmethod
    def sorted_and_unique(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Sorted by type and number, each once."""
        return data.lazyframe.select(_after(("object_type", "object_number")))


class FurtherOfPersons(pa.DataFrameModel):
    """Rows of a further register, sorted by person; its other columns are those of its dictionary."""

    person: pl.UInt32

    @pa.dataframe_check
    @classmethod
    def sorted_by_person(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """No person comes before the one before."""
        return data.lazyframe.select((pl.col("person") >= pl.col("person").shift()).fill_null(True))


class FurtherOfObjects(pa.DataFrameModel):
    """Rows of a further register, sorted by object; its other columns are those of its dictionary."""

    object: pl.UInt32 = pa.Field(description="Row in objects")

    @pa.dataframe_check
    @classmethod
    def sorted_by_object(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """No object comes before the one before."""
        return data.lazyframe.select((pl.col("object") >= pl.col("object").shift()).fill_null(True))
