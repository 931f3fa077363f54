"""One pass over the persons for the account and the coverage: part of the step `flows`."""

from __future__ import annotations

import datetime as dt
import os
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl

from mobility.flows.account import ACCOUNT_KEYS, ADDITIVE, UNITS, Counted, Frame, count_account, roll_up_account
from mobility.flows.counts import MEASURES
from mobility.flows.events import MIGRATIONS, Lives
from mobility.income import class_in_year, income_classes
from mobility.panel.store import Panel, Shape
from mobility.quality import QUALITY_KEYS, count_coverage
from mobility.run.engine import work
from mobility.run.files import make_folder, write_parquet
from mobility.run.progress import Tell
from mobility.settings import Settings, Study
from mobility.steps.job import workspace
from mobility.steps.moves import stock_days
from mobility.stocks import Ints, take_stocks

_LEAST_GROUPS = 4  # of partitions whose counts are added up before they are put down


def count_population(settings: Settings, areas: pl.DataFrame, scratch: Path, tell: Tell) -> pl.DataFrame:
    """Write the aggregates `account` and `quality`; gives the account.

    Args:
        settings: of the study.
        areas: of `places.zone_areas`.
        scratch: folder for the counts of groups of partitions.
        tell: progress.
    """
    space, study = workspace(settings), settings.study
    panel = Panel(space.panel)
    shape = panel.shape()
    years = study.period.years
    frame = Frame(years, areas.height)
    groups = min(shape.partitions, max(_LEAST_GROUPS, settings.engine.workers or os.cpu_count() or 1))
    task = partial(_count_group, groups=groups, panel=panel, shape=shape, study=study, frame=frame, scratch=scratch)
    coverage = pl.concat(work(task, groups, settings.engine, "account", tell))
    quality = coverage.group_by(QUALITY_KEYS).agg(pl.col(MEASURES).sum()).sort(QUALITY_KEYS)
    write_parquet(quality, space.aggregate("quality"))
    keys = sorted(product(UNITS, ADDITIVE))
    counted = _read_back(scratch, 0, keys)
    for group in range(1, groups):
        counted = counted.plus(_read_back(scratch, group, keys))
    account = roll_up_account(counted, frame, areas, study.flows.levels).sort(ACCOUNT_KEYS)
    write_parquet(account, space.aggregate("account"))
    return account


def _count_group(
    group: int, groups: int, panel: Panel, shape: Shape, study: Study, frame: Frame, scratch: Path
) -> pl.DataFrame:
    """Count every partition of a group; the account is put down, the coverage given."""
    area, days = panel.objects("area")["area"], stock_days(study, shape.cut_off)
    counted, coverage = None, []
    for partition in range(group, shape.partitions, groups):
        lives = read_lives(panel, partition, shape)
        stocks = take_stocks(lives.residence, lives.persons, lives.households, days)
        classes = classes_after(panel, partition, lives.persons.height, shape, study, days)
        part = count_account(lives, area, stocks, classes, frame, shape.first_day, study.residence.slack_days)
        counted = counted.plus(part) if counted else part
        coverage.append(count_coverage(stocks, stocks.area(area), classes, lives.persons, frame.years))
    assert counted is not None  # noqa: S101 - there are no more groups than partitions
    make_folder(scratch)
    dense = np.stack([counted.additive[key] for key in sorted(counted.additive)])
    np.save(scratch / f"account-{group}.npy", dense.astype(np.int32))
    write_parquet(counted.steps, scratch / f"account-{group}.parquet")
    return pl.concat(coverage)


def read_lives(panel: Panel, partition: int, shape: Shape) -> Lives:
    """The lives of one partition."""
    migrations = panel.read("gbamigratiebus", partition) if shape.has_migrations else pl.DataFrame(schema=MIGRATIONS)
    residence, persons, households = (panel.read(name, partition) for name in ("residence", "persons", "households"))
    return Lives(residence, persons, households, migrations)


def classes_after(panel: Panel, partition: int, persons: int, shape: Shape, study: Study, days: list[dt.date]) -> Ints:
    """Class of every person (row) in the year of the day after each stock day (column), as a place in `income.CLASSES`."""
    classes = income_classes(panel.income(partition))
    place = pl.Series(np.arange(persons, dtype=np.uint32))

    def in_year(year: int) -> Ints:
        asked = pl.Series([year - study.income.lag_years]).new_from_index(0, persons)
        return class_in_year(classes, place, asked, shape.income_years).to_numpy().astype(np.int64)

    return np.asfortranarray(np.stack([in_year((day + dt.timedelta(days=1)).year) for day in days], axis=1))


def _read_back(scratch: Path, group: int, keys: list[tuple[str, str]]) -> Counted:
    dense = np.load(scratch / f"account-{group}.npy").astype(np.int64)
    return Counted(dict(zip(keys, dense, strict=True)), pl.read_parquet(scratch / f"account-{group}.parquet"))
