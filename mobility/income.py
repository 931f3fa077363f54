"""Income class of a person in a year (method 4). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.settings.schemes import QUINTILES, Scheme

CLASSES = (
    *(*QUINTILES, "student", "institutional", "unknown"),
    *("below_line", "above_line"),  # scheme threshold
    *("q1_no_wealth", "q1_wealth"),  # scheme q1_no_wealth, instead of q1
)
UNKNOWN = CLASSES.index("unknown")
MEASURES = ("percentile_without_students", "threshold_pct")  # of these, in the income table
_THRESHOLD_PCT = 100  # INHARMLAG at most: below the low-income line
_MEDIAN = 50  # percentile of wealth at most: below the median
_STUDENT, _INSTITUTIONAL = CLASSES.index("student"), CLASSES.index("institutional")
_STUDENT_HOUSEHOLD = 2  # INHPOPIIV
_INSTITUTIONAL_HOUSEHOLDS = (3, 8)
_QUINTILE = 20
_MEAN_OVER, _MEAN_OBSERVED = 3, 2  # years of scheme mean3


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


@dataclass(frozen=True)
class MeanPercentile:
    """The average percentile of persons over some years: `total` of the observed percentiles, `count` of them; arrays.

    `observed` is the least number of them.
    """

    total: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]
    observed: int

    @classmethod
    def of(
        cls,
        incomes: pl.DataFrame,
        place: pl.Series,
        last_year: pl.Series,
        years: tuple[int, int] | None,
        over: int,
        observed: int,
    ) -> MeanPercentile:
        """Over the `over` years up to `last_year`.

        A year in a student or institutional household is not an observation: such a percentile says nothing about the means of
        the person.
        """
        total = np.zeros(len(place), dtype=np.int64)
        count = np.zeros(len(place), dtype=np.int64)
        for back in range(over):
            # Few of a country are asked for: nothing is done to whole tables.
            rows = person_year_rows(place, last_year - back, years)
            population = incomes["population"].gather(rows).to_numpy()
            percentile = incomes["percentile"].gather(rows).fill_null(0).to_numpy()
            is_usable = (percentile > 0) & ~np.isin(population, [_STUDENT_HOUSEHOLD, *_INSTITUTIONAL_HOUSEHOLDS])
            total += np.where(is_usable, percentile, 0)
            count += is_usable
        return cls(total, count, max(observed, 1))

    def income_class(self) -> pl.Series:
        """Places in `CLASSES`; `unknown` with too few observations."""
        band = self.band(_QUINTILE).cast(pl.UInt8, strict=False)
        return band.fill_null(UNKNOWN).alias("income_class")

    def band(self, width: int) -> pl.Series:
        """Bands of `width` percentiles: 0 for the lowest; null with too few observations."""
        is_enough = self.count >= self.observed
        # Whole numbers throughout: ceil(total / count / width) without rounding errors.
        step = np.where(is_enough, self.count * width, 1)
        band = pl.Series("band", (self.total + step - 1) // step - 1)
        return band.set(pl.Series(~is_enough), None)


_REVISED = 2011  # first income year of INHATAB


def break_year(years: range, lag_years: int) -> int | None:
    """The first of some years whose class comes from the revised income statistics, when those before it do not; else None.

    IHI, until 2010, holds households of 31 December; INHATAB, from 2011, those of 1 January, by another definition of income:
    classes before and after do not compare.

    Args:
        years: of a table.
        lag_years: from the income year to the year of the class.
    """
    revised = _REVISED + lag_years
    return revised if revised in years and revised - 1 in years else None


@dataclass(frozen=True)
class ClassTable:
    """The class of everybody of a partition by calendar year.

    Attributes:
        first_year: of the columns.
        classes: of every person (row) in every year (column), as a place in `CLASSES`.
    """

    first_year: int
    classes: npt.NDArray[np.uint8]

    def of(self, place: npt.NDArray[np.int64], year: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Class of persons, by their place in the partition, each in a year of their own; `unknown` outside the table."""
        column = year - self.first_year
        inside = (column >= 0) & (column < self.classes.shape[1])
        found = np.full(len(place), UNKNOWN, dtype=np.uint8)
        found[inside] = self.classes[place[inside], column[inside]]
        return found

    def in_years(self, years: list[int]) -> npt.NDArray[np.uint8]:
        """Class of everybody (row) in some years (column)."""
        table = np.full((len(self.classes), len(years)), UNKNOWN, dtype=np.uint8, order="F")
        for column, year in enumerate(years):
            if 0 <= year - self.first_year < self.classes.shape[1]:
                table[:, column] = self.classes[:, year - self.first_year]
        return table


def class_table(
    incomes: pl.DataFrame,
    persons: int,
    years: tuple[int, int] | None,
    scheme: Scheme,
    lag_years: int,
    wealth: pl.Series | None = None,
) -> ClassTable:
    """Class of everybody in every calendar year, by the scheme of a study; constant within a year.

    Student and institutional households of the income year `lag_years` before come first, whatever the scheme.

    Args:
        incomes: contract `tables.PersonYear`, with the column of `schemes.NEEDS` where the scheme needs one.
        persons: how many there are in the partition.
        years: first and last income year; None: there are none.
        scheme: `quintiles`: by percentile. `mean3`: by the mean percentile of the income year and the two before it, of which two
            are observed. `excluding_students`: by the percentile among other than student households. `threshold`: income at
            most, or above, the low-income line. `q1_no_wealth`: quintiles, q1 divided by wealth below the median or not.
        lag_years: from the income year to the year of the class.
        wealth: for `q1_no_wealth`: percentile of wealth, in the rows of `incomes`.
    """
    if years is None:
        return ClassTable(0, np.zeros((persons, 0), dtype=np.uint8))
    span = years[1] - years[0] + 1
    if scheme == "mean3":
        return ClassTable(years[0] + lag_years, _mean_classes(incomes, persons, years))
    if scheme == "excluding_students":
        incomes = incomes.with_columns(percentile=pl.col("percentile_without_students").cast(pl.UInt8))
    found = income_classes(incomes)
    if scheme == "threshold":
        share = incomes["threshold_pct"]
        line = pl.when(share <= _THRESHOLD_PCT).then(CLASSES.index("below_line")).otherwise(CLASSES.index("above_line"))
        by_line = pl.when(share.is_not_null()).then(line).otherwise(UNKNOWN)
        found = pl.select(pl.when(found.is_in([_STUDENT, _INSTITUTIONAL])).then(found).otherwise(by_line)).to_series()
    elif scheme == "q1_no_wealth":
        assert wealth is not None  # noqa: S101 - of the caller
        owned = pl.when(wealth <= _MEDIAN).then(CLASSES.index("q1_no_wealth")).otherwise(CLASSES.index("q1_wealth"))
        divided = pl.when(wealth.is_not_null()).then(owned).otherwise(UNKNOWN)
        found = pl.select(pl.when(found == 0).then(divided).otherwise(found)).to_series()
    return ClassTable(years[0] + lag_years, found.cast(pl.UInt8).to_numpy().reshape(persons, span))


def _mean_classes(incomes: pl.DataFrame, persons: int, years: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """By income year, and one more: with two observations of three, the year after the last has a mean too."""
    place, span = pl.Series(np.arange(persons, dtype=np.uint32)), years[1] - years[0] + 1
    now = income_classes(incomes).to_numpy().reshape(persons, span)
    columns = []
    for year in range(years[0], years[1] + 2):
        last = pl.Series([year]).new_from_index(0, persons)
        known = MeanPercentile.of(incomes, place, last, years, _MEAN_OVER, _MEAN_OBSERVED)
        mean = known.income_class().to_numpy()
        kind = now[:, year - years[0]] if year <= years[1] else mean
        columns.append(np.where((kind == _STUDENT) | (kind == _INSTITUTIONAL), kind, mean))
    return np.stack(columns, axis=1)
