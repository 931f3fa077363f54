"""The persons of a partition, and what is counted of them by area: part of the step `moves`, added up by `flows`."""

from __future__ import annotations

import datetime as dt
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl

from mobility.errors import DataError
from mobility.flows.account import (
    ADDITIVE,
    UNITS,
    Classes,
    Counted,
    Frame,
    count_account,
)
from mobility.flows.counts import MEASURES
from mobility.flows.events import MIGRATIONS, Lives
from mobility.income import ClassTable, class_table, person_year_rows
from mobility.panel.lookup import rows_of
from mobility.panel.store import Panel, Shape
from mobility.quality import QUALITY_KEYS, count_coverage
from mobility.run.files import make_folder, write_parquet
from mobility.settings import Study
from mobility.stocks import Stocks


class Population:
    """The account and the coverage of a group of partitions, partition after partition.

    Args:
        panel: of the study.
        shape: of the panel.
        study: whose years, classes and holes count.
        area: area of every object.
    """

    def __init__(self, panel: Panel, shape: Shape, study: Study, area: pl.Series) -> None:
        self._shape, self._study, self._area = shape, study, area
        self._frame = Frame(study.period.years, panel.areas().height)
        self._counted: Counted | None = None
        self._coverage: list[pl.DataFrame] = []

    def add(self, lives: Lives, stocks: Stocks, classes: Classes) -> None:
        """Count one partition.

        Args:
            lives: of the partition.
            stocks: of the partition.
            classes: of everybody in the year after each stock.
        """
        area, frame, slack_days = self._area, self._frame, self._study.residence.slack_days
        self._counted = count_account(
            lives, area, stocks, classes, frame, self._shape.first_day, slack_days, self._counted
        )
        self._coverage.append(count_coverage(stocks, stocks.area(area), classes, lives.persons, frame.years))

    def write(self, folder: Path, group: int) -> None:
        """Put down what was counted."""
        assert self._counted is not None  # noqa: S101 - there are no more groups than partitions
        make_folder(folder)
        counts = self._counted.additive
        np.save(folder / f"account-{group}.npy", np.stack([counts[key] for key in _KEYS]))
        write_parquet(self._counted.steps, folder / f"steps-{group}.parquet")
        write_parquet(add_coverage(self._coverage), folder / f"coverage-{group}.parquet")


_NO_WEALTH = -1
_KEYS = sorted(product(UNITS, ADDITIVE))


def read_account(folder: Path) -> Counted:
    """The account of everybody, by area."""
    paths = sorted(folder.glob("account-*.npy"))
    dense = np.load(paths[0])
    for path in paths[1:]:
        dense += np.load(path)
    steps = pl.concat([pl.read_parquet(path) for path in sorted(folder.glob("steps-*.parquet"))])
    return Counted(dict(zip(_KEYS, dense, strict=True)), steps.group_by("cell").agg(pl.col("count").sum()))


def read_coverage(folder: Path) -> pl.DataFrame:
    """The coverage of everybody: contract `quality`."""
    return add_coverage([pl.read_parquet(path) for path in sorted(folder.glob("coverage-*.parquet"))])


def add_coverage(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Coverage of several partitions as one; sorted by its keys."""
    return pl.concat(parts).group_by(QUALITY_KEYS).agg(pl.col(MEASURES).sum()).sort(QUALITY_KEYS)


def read_lives(panel: Panel, partition: int, shape: Shape, residence: pl.DataFrame, persons: pl.DataFrame) -> Lives:
    """The lives of the persons of one partition, whose residence is known."""
    migrations = panel.read("gbamigratiebus", partition) if shape.has_migrations else pl.DataFrame(schema=MIGRATIONS)
    return Lives(residence, persons, panel.read("households", partition), migrations)


def stock_days(study: Study, cut_off: dt.date) -> list[dt.date]:
    """The days of the stocks of a study's years: 31 December before the first and of every year; the last is at the cut-off."""
    days = [dt.date(year, 12, 31) for year in range(study.period.first_year - 1, study.period.last_year + 1)]
    inside = [day for day in days if day < cut_off]
    return [*inside, cut_off] if days[-1] >= cut_off else inside


def classes_of(panel: Panel, partition: int, shape: Shape, study: Study, persons: pl.DataFrame) -> ClassTable:
    """Class of everybody of one partition by calendar year, by the scheme of the study."""
    incomes, years = panel.income(partition), shape.income_years
    absent = [
        need
        for need in study.income.needs
        if need.partition(".")[2] not in incomes.columns and not panel.path("vehtab", partition).is_file()
    ]
    if absent and years is not None:
        raise DataError(
            f"study.income.scheme={study.income.scheme} needs {', '.join(absent)}, which these registers do not have. Deliver "
            "it, or choose another scheme."
        )
    wealth = None
    if study.income.scheme == "q1_no_wealth" and years is not None:
        owned = panel.read("vehtab", partition).filter(pl.col("year").is_between(*years))
        place = pl.Series(rows_of(persons["person"], owned["person"]))
        row = person_year_rows(place, owned["year"], years)
        by_row = np.full(incomes.height, _NO_WEALTH, dtype=np.int64)
        by_row[row.to_numpy()] = owned["wealth_percentile"].fill_null(_NO_WEALTH).to_numpy()
        wealth = pl.Series(by_row).replace(_NO_WEALTH, None)
    return class_table(incomes, persons.height, years, study.income.scheme, study.income.lag_years, wealth)
