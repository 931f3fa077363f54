"""The persons of a partition, and what is counted of them by area: part of the step `moves`, added up by `flows`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mobility.errors import DataError
from mobility.flows.account import (
    NO_STEPS,
    Counted,
    Frame,
    add_steps,
    count_account,
    count_steps,
    no_account,
    with_year_ends,
)
from mobility.flows.counts import MEASURES
from mobility.flows.events import MIGRATIONS, Lives
from mobility.income import ClassTable, class_table, person_year_rows
from mobility.moves import add_household, find_moves, find_transitions, first_of_year
from mobility.panel.lookup import rows_of
from mobility.panel.store import Panel, Shape
from mobility.quality import QUALITY_KEYS, count_coverage
from mobility.residence import reside
from mobility.run.files import make_folder, write_parquet
from mobility.settings import Study
from mobility.stocks import take_stocks

if TYPE_CHECKING:
    from mobility.at_once import AtOnce


@dataclass(frozen=True)
class Followed:
    """What is known of the persons of one partition, once they are followed through the years.

    Attributes:
        residence: contract `tables.Residence`.
        steps: of `residence.Resided`.
        moves: events and transitions, one row per move, in the order of persons and dates: the columns of `moves.find_moves` and
            of `moves.add_household`, `income_class` in the year of the move, and `is_first_of_year`.
    """

    residence: pl.DataFrame
    steps: dict[str, int]
    moves: dict[str, pl.DataFrame]


class Population:
    """The residence and moves of partition after partition, and the account and coverage of all of them.

    Args:
        panel: of the study.
        shape: of the panel.
        study: whose years, classes and holes count.
        area: area of every object.
        compiled: follow persons by `mobility.kernel`, in one compiled pass; the same numbers.
    """

    def __init__(self, panel: Panel, shape: Shape, study: Study, area: pl.Series, *, compiled: bool) -> None:
        self._panel, self._shape, self._study, self._area = panel, shape, study, area
        self._frame = Frame(study.period.years, panel.areas().height)
        self._days = stock_days(study, shape.cut_off)
        self._at_once: AtOnce | None = None
        if compiled:
            from mobility.at_once import AtOnce

            self._at_once = AtOnce(area, self._days, self._frame, shape.first_day, study.residence.slack_days)
        self._block = no_account(self._frame).block if self._at_once is None else self._at_once.block
        self._steps: list[pl.DataFrame] = []
        self._coverage: list[pl.DataFrame] = []

    def follow(self, partition: int) -> Followed:
        """The persons of one partition; account and coverage are kept."""
        persons = self._panel.read("persons", partition)
        registrations = self._panel.read("registrations", partition)
        resided = reside(registrations, persons, self._study.residence.slack_days, self._shape.cut_off)
        lives = read_lives(self._panel, partition, self._shape, resided.spells, persons)
        classes = classes_of(self._panel, partition, self._shape, self._study, persons)
        if self._at_once is None:
            moves = self._with_arrays(lives, classes)
        else:
            moves, steps = self._at_once.follow(lives, classes)
            self._add(count_steps([steps]))
        return Followed(resided.spells, resided.steps, moves)

    def _with_arrays(self, lives: Lives, classes: ClassTable) -> dict[str, pl.DataFrame]:
        persons, frame, days = lives.persons, self._frame, self._days
        first_day, slack_days = self._shape.first_day, self._study.residence.slack_days
        stocks = take_stocks(lives.residence, persons, lives.households, days)
        moves = {}
        for count, found in (
            ("events", find_moves(lives.residence)),
            ("transitions", find_transitions(stocks, persons)),
        ):
            place = rows_of(persons["person"], found["person"])
            of_move = classes.of(place, found["move_date"].dt.year().cast(pl.Int64).to_numpy())
            moves[count] = add_household(found, lives.household_on, persons).with_columns(
                pl.Series("income_class", of_move), first_of_year(found)
            )
        after = classes.in_years([(day + dt.timedelta(days=1)).year for day in days])
        onto = Counted(self._block, NO_STEPS)
        self._add(count_account(lives, self._area, stocks, after, frame, first_day, slack_days, onto).steps)
        self._coverage.append(count_coverage(stocks, stocks.area(self._area), after, persons, frame.years))
        return moves

    def _add(self, steps: pl.DataFrame) -> None:
        """Keep steps between areas; added up when there are as many as were added up before, so that no row is often."""
        self._steps.append(steps)
        if sum(part.height for part in self._steps[1:]) > self._steps[0].height:
            self._steps = [add_steps(self._steps)]

    def write(self, folder: Path, group: int) -> None:
        """Put down what was counted."""
        make_folder(folder)
        # The compiled pass keeps it in another order, in which it would be written number by number.
        np.save(folder / f"account-{group}.npy", with_year_ends(np.ascontiguousarray(self._block)))
        write_parquet(add_steps(self._steps), folder / f"steps-{group}.parquet")
        coverage = self._coverage if self._at_once is None else [self._at_once.coverage]
        write_parquet(add_coverage(coverage), folder / f"coverage-{group}.parquet")


_NO_WEALTH = -1


def read_account(folder: Path) -> Counted:
    """The account of everybody, by area."""
    paths = sorted(folder.glob("account-*.npy"))
    block = np.load(paths[0])
    for path in paths[1:]:
        block += np.load(path)
    steps = pl.concat([pl.read_parquet(path) for path in sorted(folder.glob("steps-*.parquet"))])
    return Counted(block, add_steps([steps]))


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
