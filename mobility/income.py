"""Income class of a person in a year (method 4). Pure."""

from __future__ import annotations

import numpy as np
import polars as pl

CLASSES = ("q1", "q2", "q3", "q4", "q5", "student", "institutional", "unknown")
UNKNOWN = CLASSES.index("unknown")
_STUDENT, _INSTITUTIONAL = CLASSES.index("student"), CLASSES.index("institutional")
_STUDENT_HOUSEHOLD = 2  # INHPOPIIV
_INSTITUTIONAL_HOUSEHOLDS = (3, 8)
_QUINTILE = 20


def quintile(percentile: pl.Expr) -> pl.Expr:
    """0 for q1 to 4 for q5, by rounding up percentile / 20; a mean of percentiles may be given."""
    return ((percentile / _QUINTILE).ceil() - 1).cast(pl.UInt8)


def income_classes(incomes: pl.DataFrame) -> pl.Series:
    """Class of every person-year, as a place in `CLASSES` (UInt8).

    Student and institutional households come first: they never count as low. No percentile of 1 to 100 is `unknown`.

    Args:
        incomes: contract `tables.PersonYear`.
    """
    population = pl.col("population")
    return incomes.select(
        income_class=pl.when(population == _STUDENT_HOUSEHOLD)
        .then(pl.lit(_STUDENT, pl.UInt8))
        .when(population.is_in(_INSTITUTIONAL_HOUSEHOLDS))
        .then(pl.lit(_INSTITUTIONAL, pl.UInt8))
        .when(pl.col("percentile").is_null())
        .then(pl.lit(UNKNOWN, pl.UInt8))
        .otherwise(quintile(pl.col("percentile")))
    ).to_series()


def person_year_rows(place: pl.Series, year: pl.Series, years: tuple[int, int] | None) -> pl.Series:
    """Rows of the dense person-year tables; null for a year outside them.

    Args:
        place: place of the person in the partition.
        year: income year.
        years: first and last income year of the tables; None: there are none.
    """
    if years is None:
        return pl.Series("row", [None] * len(place), dtype=pl.UInt32)
    span = years[1] - years[0] + 1
    row = place.cast(pl.Int64) * span + (year.cast(pl.Int64) - years[0])
    inside = year.is_between(years[0], years[1])
    return pl.select(pl.when(inside).then(row).cast(pl.UInt32).alias("row")).to_series()


def class_in_year(classes: pl.Series, place: pl.Series, year: pl.Series, years: tuple[int, int] | None) -> pl.Series:
    """Class of persons in an income year: a gather from the dense table; `unknown` outside it.

    Args:
        classes: of `income_classes`, for the whole partition.
        place: place of the person in the partition.
        year: income year; the caller subtracts the lag.
        years: first and last income year of the tables.
    """
    return classes.gather(person_year_rows(place, year, years)).fill_null(UNKNOWN).alias("income_class")


def mean_class(
    incomes: pl.DataFrame,
    place: pl.Series,
    last_year: pl.Series,
    years: tuple[int, int] | None,
    over: int,
    observed: int,
) -> pl.Series:
    """Class by the average percentile of the `over` years up to `last_year`; `unknown` with fewer than `observed` of them.

    A year in a student or institutional household is not an observation: such a percentile says nothing about the means of
    the person. Returns places in `CLASSES`.
    """
    band = mean_band(incomes, place, last_year, years, over, observed, _QUINTILE).cast(pl.UInt8, strict=False)
    return band.fill_null(UNKNOWN).alias("income_class")


def mean_band(
    incomes: pl.DataFrame,
    place: pl.Series,
    last_year: pl.Series,
    years: tuple[int, int] | None,
    over: int,
    observed: int,
    width: int,
) -> pl.Series:
    """As `mean_class`, in bands of `width` percentiles: 0 for the lowest; null with too few observations."""
    usable = incomes.select(
        pl.when(pl.col("population").is_in([_STUDENT_HOUSEHOLD, *_INSTITUTIONAL_HOUSEHOLDS]).not_()).then("percentile")
    ).to_series()
    total = np.zeros(len(place), dtype=np.int64)
    count = np.zeros(len(place), dtype=np.int64)
    for back in range(over):
        value = usable.gather(person_year_rows(place, last_year - back, years))
        total += value.fill_null(0).cast(pl.Int64).to_numpy()
        count += value.is_not_null().cast(pl.Int64).to_numpy()
    mean = pl.DataFrame({"total": total, "count": count})
    enough = pl.col("count") >= max(observed, 1)
    # Whole numbers throughout: ceil(total / count / width) without rounding errors.
    step = pl.col("count") * width
    band = (pl.col("total") + step - 1) // pl.when(enough).then(step).otherwise(1) - 1
    return mean.select(pl.when(enough).then(band).alias("band")).to_series()
