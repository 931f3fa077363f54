"""From one 1 January to the next: through the status of buurten (A8, A9) and out of corporation areas (E4). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mobility.indicators.segregation import Numbers
from mobility.indicators.status import FIFTHS, NO_STATUS
from mobility.indicators.table import add_up
from mobility.panel.lookup import on_day
from mobility.stocks import ABSENT, Ints, Stocks

TRANSITIONS = ("region", "year", "income_class", "left", "entered")
TIMES = ("region", "income_class", "state")
EXPOSURES = ("region", "income_class", "areas")
STAYS = ("region", "year", "income_class", "duration")
CLIMBS = ("region", "year", "climber", "exit")
BOTTOM = 0  # the lowest fifth
LONGEST = 10  # years of stay are told apart up to here
OTHER = FIFTHS  # a buurt without status, or no address in the country
STATES = ("fifth1", "fifth2", "fifth3", "fifth4", "fifth5", "other")
ENTROPY_UNIT = 1_000_000  # entropies are added up as whole numbers
_FEWEST_YEARS = 2
_LEAVING = ("left", "shifted")


@dataclass(frozen=True)
class Years:
    """Residents of one partition on every stock day.

    Attributes:
        stocks: of the partition.
        area: of everybody in the stocks; `ABSENT` otherwise.
        classes: in the year after each stock.
        fifths: of every area (row) by stock (column); `NO_STATUS` where it has none.
        region: number of the region of every area.
        years: calendar years; there is one stock more.
    """

    stocks: Stocks
    area: Ints
    classes: Ints
    fifths: Ints
    region: Ints
    years: range

    def state(self, column: int) -> Ints:
        """Fifth of the buurt of everybody on a stock day; `OTHER` where it has none."""
        found = np.full(len(self.area), OTHER, dtype=np.int64)
        there = self.area[:, column] != ABSENT
        fifth = self.fifths[self.area[there, column], column]
        found[there] = np.where(fifth == NO_STATUS, OTHER, fifth)
        return found


def count_transitions(lived: Years) -> pl.DataFrame:
    """Residents of a 1 January by fifth then and a year later: one row per `TRANSITIONS` with `persons` and `households`.

    The region, class and household are those of the first of the two days.
    """
    tables = []
    for column, year in enumerate(lived.years):
        there = np.flatnonzero(lived.area[:, column] != ABSENT)
        tables.append(
            _counted(
                lived,
                there,
                column,
                TRANSITIONS,
                year=np.full(len(there), year),
                left=lived.state(column)[there],
                entered=lived.state(column + 1)[there],
            )
        )
    return add_up(tables, TRANSITIONS)


def count_times(lived: Years) -> pl.DataFrame:
    """Time in each fifth of those who are in the country on every stock day: one row per `TIMES`.

    `persons` and `households` are how many of them there are (the same for every state), `years` the stock days they spent in
    the state, and `entropy` the sum, in units of `ENTROPY_UNIT`, of the entropies of their distributions over states; region
    and class are those of the first day.
    """
    always = np.flatnonzero((lived.area != ABSENT).all(axis=1))
    spent = np.zeros((len(always), len(STATES)), dtype=np.int64)
    for column in range(lived.area.shape[1]):
        np.add.at(spent, (np.arange(len(always)), lived.state(column)[always]), 1)
    share = spent / max(1, lived.area.shape[1])
    logs = np.log(np.where(share > 0, share, 1.0))
    entropy = np.round(-(share * logs).sum(axis=1) * ENTROPY_UNIT).astype(np.int64)
    tables = []
    for state in range(len(STATES)):
        rows = _rows(lived, always, 0, state=np.full(len(always), state)).with_columns(
            years=pl.Series(spent[:, state]), entropy=pl.Series(entropy)
        )
        tables.append(add_up([rows.select(*TIMES, "persons", "households", "years", "entropy")], TIMES))
    return add_up(tables, TIMES)


def count_exposures(lived: Years, residence: pl.DataFrame, persons: pl.Series, programme: pl.Series) -> pl.DataFrame:
    """Programme areas that the residents of the first stock day lived in from then on: one row per `EXPOSURES`.

    Args:
        lived: for who is a resident, the region and the class of the first day.
        residence: spells with `person`, `start_date`, `end_date`, `object`.
        persons: of the partition.
        programme: number of the programme area of every object; null: none.
    """
    first, last = lived.stocks.days[0], lived.stocks.days[-1]
    seen = residence.filter(
        pl.col("object").is_not_null(),
        pl.col("start_date") <= last,
        pl.col("end_date").is_null() | (pl.col("end_date") > first),
    )
    seen = seen.select("person", programme=programme.gather(seen["object"])).drop_nulls().unique()
    counts = np.bincount(persons.search_sorted(seen["person"]).to_numpy(), minlength=len(persons))
    there = np.flatnonzero(lived.area[:, 0] != ABSENT)
    return _counted(lived, there, 0, EXPOSURES, areas=np.minimum(counts[there], 3))


def stay_lengths(residence: pl.DataFrame, area: pl.Series, persons: pl.Series, stocks: Stocks) -> Ints:
    """Completed years that everybody (row) has lived in the same area on each stock day (column); -1: not in the country.

    Moves within the area go on with the stay; an absence ends it.

    Args:
        residence: contract `tables.Residence`.
        area: of every object.
        persons: of the partition.
        stocks: for the days.
    """
    placed = residence.with_columns(area.gather(residence["object"]).alias("area"))
    goes_on = (
        (pl.col("person") == pl.col("person").shift())
        & (pl.col("area") == pl.col("area").shift())
        & (pl.col("start_date") == pl.col("end_date").shift())
    ).fill_null(False)
    began = placed.select(pl.when(~goes_on).then("start_date").forward_fill()).to_series()
    found = np.full((len(persons), len(stocks.days)), -1, dtype=np.int64, order="F")
    for column, day in enumerate(stocks.days):
        days = pl.Series("day", [day], dtype=pl.Date).new_from_index(0, len(persons))
        start = began.gather(on_day(residence, persons, days))
        later = start.dt.month().cast(pl.Int32) * 100 + start.dt.day() > day.month * 100 + day.day
        length = (day.year - start.dt.year() - later.cast(pl.Int32)).fill_null(-1).to_numpy()
        there = stocks.object[:, column] != ABSENT
        found[there, column] = length[there]
    return found


def count_stays(lived: Years, lengths: Ints) -> pl.DataFrame:
    """Residents of the bottom fifth at risk of leaving it in a year, by years of stay: one row per `STAYS`.

    `persons` and `households` are at risk: they live in a buurt of the bottom fifth on 1 January and are in the country a year
    later (death and departure censor). `left` of the persons then live in a buurt that was not of the bottom fifth at the
    start, `shifted` in another one of the bottom fifth; `left_households` and `shifted_households` likewise. Stays
    began before they are seen: a person enters the risk at the length of stay reached by then (delayed entry).

    Args:
        lived: the residents.
        lengths: of `stay_lengths`.
    """
    tables = []
    for column, year in enumerate(lived.years):
        here, there = lived.area[:, column], lived.area[:, column + 1]
        risk = np.flatnonzero((lived.state(column) == BOTTOM) & (there != ABSENT))
        moved = here[risk] != there[risk]
        # By the same ladder, so that a buurt that rises carries nobody out.
        bottom = lived.fifths[there[risk], column] == BOTTOM
        rows = _rows(
            lived, risk, column, year=np.full(len(risk), year), duration=np.minimum(lengths[risk, column], LONGEST)
        ).with_columns(
            left=pl.Series((moved & ~bottom).astype(np.int64)), shifted=pl.Series((moved & bottom).astype(np.int64))
        )
        rows = rows.with_columns((pl.col(name) * pl.col("households")).alias(f"{name}_households") for name in _LEAVING)
        measures = ("persons", "households", *_LEAVING, *(f"{name}_households" for name in _LEAVING))
        tables.append(add_up([rows.select(*STAYS, *measures)], STAYS))
    return add_up(tables, STAYS)


def count_climbs(
    lived: Years,
    percentiles: Ints,
    is_heavy: Numbers,
    first_used: npt.NDArray[np.int16],
    rise: int,
    held_years: int,
    new_years: int,
) -> pl.DataFrame:
    """Residents of corporation-heavy buurten and how they left within a year: one row per `CLIMBS`.

    `climber` is 1 who, with a percentile in every year asked for, has held for `held_years` years at least `rise` points more
    than in the year before those; `exit` is `stays` (the same buurt or another heavy one), `new` (to a dwelling first lived
    in at most `new_years` years before) or `existing`. Death and departure censor.

    Args:
        lived: the residents.
        percentiles: of everybody, for the year of each stock.
        is_heavy: 1 for heavy areas (rows) by stock (columns).
        first_used: year in which each object was first lived in.
        rise: percentile points.
        held_years: years.
        new_years: years.
    """
    tables = [_no_climbs()]
    for column, year in enumerate(lived.years):
        if column < held_years:
            continue
        here, there = lived.area[:, column], lived.area[:, column + 1]
        heavy = np.zeros(len(here), dtype=bool)
        is_there = here != ABSENT
        heavy[is_there] = is_heavy[here[is_there], column] > 0
        window = percentiles[:, column - held_years : column + 1]
        known = (window > 0).all(axis=1)
        risk = np.flatnonzero(heavy & (there != ABSENT) & known)
        rose = window[risk, 1:] >= window[risk, :1] + rise
        climber = np.min(rose, axis=1, initial=True).astype(np.int64)
        gone = (here[risk] != there[risk]) & (is_heavy[there[risk], column] == 0)
        dwelling = lived.stocks.object[risk, column + 1]
        new = first_used[dwelling] >= year - new_years
        how = np.where(~gone, 0, np.where(new, 1, 2))
        tables.append(_counted(lived, risk, column, CLIMBS, year=np.full(len(risk), year), climber=climber, exit=how))
    return add_up(tables, CLIMBS)


def _no_climbs() -> pl.DataFrame:
    schema = dict.fromkeys(CLIMBS, pl.Int32) | {"persons": pl.Int64, "households": pl.Int64}
    return pl.DataFrame(schema=schema)


def _rows(lived: Years, rows: Ints, column: int, **keys: Ints) -> pl.DataFrame:
    """One row per person: region and class of a stock day, further keys, and 1 in `persons`."""
    return pl.DataFrame(
        {
            "region": pl.Series(lived.region[lived.area[rows, column]], dtype=pl.Int32),
            "income_class": pl.Series(lived.classes[rows, column], dtype=pl.UInt8),
            **{name: pl.Series(values, dtype=pl.Int32) for name, values in keys.items()},
            "persons": pl.Series(np.ones(len(rows), dtype=np.int64)),
            "households": pl.Series(lived.stocks.is_reference[rows, column].astype(np.int64)),
        }
    )


def _counted(lived: Years, rows: Ints, column: int, by: tuple[str, ...], **keys: Ints) -> pl.DataFrame:
    return add_up([_rows(lived, rows, column, **keys).select(*by, "persons", "households")], by)
